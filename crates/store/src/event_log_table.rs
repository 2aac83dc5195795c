//! The event log on disk: numbered entries, and an index of their subjects.
//!
//! Owns the tables `trail`, `trail_subjects` and `trail_sizes`, and their bounds: of each kind the
//! oldest entries go first, with their rows of the index. The tables come with the first entry, so a
//! store that was made before there were any needs no change. What an entry means is up to
//! [`crate::event_log`].

mod read;
#[cfg(test)]
mod tests;
mod write;

use kusari_node::event::EventKind;
use std::net::IpAddr;

pub use self::read::{Reorganisation, Resolved, Story};
pub(super) use self::write::write;
use crate::event_log::Name;

/// Most entries and most bytes of them, by kind. An entry takes some 250 bytes, and a row of the index
/// some 30, of which a reorganisation has one for each block that it names.
pub(crate) const LIMITS: [(EventKind, u64, u64); 4] = [
    (EventKind::Chain, 32_768, 8 << 20),
    (EventKind::Peers, 16_384, 4 << 20),
    (EventKind::Transactions, 8_192, 2 << 20),
    (EventKind::Own, 8_192, 2 << 20),
];

/// The first part of an entry's key.
pub(super) fn ring(kind: EventKind) -> u8 {
    match kind {
        EventKind::Chain => 0,
        EventKind::Peers => 1,
        EventKind::Transactions => 2,
        EventKind::Own => 3,
    }
}

/// A subject in the index: what it is, and eight bytes of its name, which may be those of another one
/// too. A reader compares the whole name.
pub(super) type SubjectKey = (u8, u64);

const BLOCK: u8 = 1;
const TRANSACTION: u8 = 2;
const PEER: u8 = 3;
const RUN: u8 = 4;
const REORGANISATION: u8 = 5;
const MISSED: u8 = 6;

pub(super) fn key_of(name: &Name) -> SubjectKey {
    match name {
        Name::Block(hash) => (BLOCK, first_eight(&hash.0)),
        Name::Transaction(txid) => (TRANSACTION, first_eight(&txid.0)),
        Name::Peer(address) => (PEER, key_of_host(address.ip())),
        Name::Run(height) => (RUN, u64::from(*height)),
        Name::Reorganisation => (REORGANISATION, 0),
        Name::Missed(kind) => (MISSED, u64::from(ring(*kind))),
    }
}

fn first_eight(bytes: &[u8; 32]) -> u64 {
    bytes.first_chunk().map_or(0, |first| u64::from_be_bytes(*first))
}

/// Both halves of a host's address, as IPv6 has it.
fn key_of_host(host: IpAddr) -> u64 {
    let [a, b, c, d, e, f, g, h, rest @ ..] = match host.to_canonical() {
        IpAddr::V4(host) => host.to_ipv6_mapped().octets(),
        IpAddr::V6(host) => host.octets(),
    };
    u64::from_be_bytes([a, b, c, d, e, f, g, h]) ^ u64::from_be_bytes(rest)
}
