//! The only door into the system.
