//! Shell text: enough structure to find commands and their flags.
