//! YAML with spans, bounded against hostile input.
