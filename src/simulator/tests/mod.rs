//! Tests through real HTTP on loopback.
