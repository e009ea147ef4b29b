//! Attackers and bad input (RELIABILITY.md section 5), met by the real server: docs/threats.md
//! names the test of each threat.

mod admin;
mod canary;
mod misdeployed;
mod process;
mod rotation;
mod router;
mod smuggling;
