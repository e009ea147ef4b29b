//! The client against scripted answers on loopback.
