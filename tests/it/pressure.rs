//! Pressure: slow and hostile clients, stops under load, HubSpot in trouble.

mod circuits;
mod hostile;
mod rig;
mod share;
mod slow;
mod stops;
