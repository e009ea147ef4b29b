//! Reading a delivery: both payload forms, tolerant of everything but the bytes we need.
