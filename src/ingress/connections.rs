//! Connections by peer: one address that holds too many is cut off before it is heard, so that it
//! cannot take every place there is.

use std::any::Any;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use actix_web::dev::Extensions;
use actix_web::rt::net::TcpStream;
use rustix::net::{Shutdown, shutdown};
use tracing::warn;

use super::Counters;

/// How many connections each peer has. Keyed by what strangers choose, so with a seeded hash.
type Open = HashMap<IpAddr, usize>;

/// See the module. Clones share the count.
#[derive(Clone, Debug)]
pub(super) struct Peers {
    most: usize,
    open: Arc<Mutex<Open>>,
}

/// One open connection of a peer, given back when it is dropped.
#[derive(Debug)]
struct Place {
    peer: IpAddr,
    open: Arc<Mutex<Open>>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.peer) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.peer);
            }
        }
    }
}

impl Peers {
    /// At most so many connections of one peer.
    pub(super) fn new(most: usize) -> Self {
        Self { most, open: Arc::default() }
    }

    /// Counts a new connection for as long as it is open, or cuts it off.
    pub(super) fn meet(&self, connection: &dyn Any, about: &mut Extensions, counters: &Counters) {
        let Some(stream) = connection.downcast_ref::<TcpStream>() else { return };
        let Ok(address) = stream.peer_addr() else { return };
        if let Some(place) = self.place(address.ip()) {
            about.insert(place);
            return;
        }
        let count = counters.refuse("too-many-connections");
        if count.is_power_of_two() {
            warn!(count, "a peer holds [server] connections_per_peer already; cut off");
        }
        // It may be closed already, which is as good.
        shutdown(stream, Shutdown::Both).ok();
    }

    fn place(&self, peer: IpAddr) -> Option<Place> {
        // A proxy or a load balancer brings everybody's connections.
        let most = if is_near(peer) { usize::MAX } else { self.most };
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(peer).or_default();
        if most <= *count {
            return None;
        }
        *count += 1;
        Some(Place { peer, open: Arc::clone(&self.open) })
    }
}

/// Loopback and private networks, where no stranger is.
fn is_near(peer: IpAddr) -> bool {
    match peer.to_canonical() {
        IpAddr::V4(address) => {
            address.is_loopback() || address.is_private() || address.is_link_local()
        }
        IpAddr::V6(address) => {
            address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many of five connections of a peer stay open where two may.
    #[track_caller]
    fn check(peer: &str, expected: usize) {
        let peers = Peers::new(2);
        let peer: IpAddr = peer.parse().expect("an address");
        let places: Vec<Place> = (0..5).filter_map(|_| peers.place(peer)).collect();
        assert_eq!(places.len(), expected, "{peer}");
        drop(places);
        assert!(peers.place(peer).is_some(), "{peer}: closed ones count no more");
    }

    #[test]
    fn a_stranger_has_so_many_places_and_a_proxy_all_of_them() {
        check("203.0.113.9", 2);
        check("::ffff:203.0.113.9", 2);
        check("2001:db8::9", 2);
        check("127.0.0.1", 5);
        check("10.1.2.3", 5);
        check("192.168.1.1", 5);
        check("::1", 5);
        check("fd00::1", 5);
    }

    #[test]
    fn peers_do_not_share_their_places() {
        let peers = Peers::new(1);
        let first = peers.place("203.0.113.9".parse().expect("an address"));
        let second = peers.place("203.0.113.10".parse().expect("an address"));
        assert!(first.is_some() && second.is_some());
    }
}
