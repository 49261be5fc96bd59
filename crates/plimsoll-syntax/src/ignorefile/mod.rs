//! Ignore files (`.dockerignore`), as moby matches them.
