//! Pressure: slow and hostile clients, stops under load, HubSpot in trouble.

mod circuits;
mod hostile;
mod slow;
mod stops;
