//! The bounds that a person can set, and what they are otherwise.

use std::net::IpAddr;
use std::num::NonZeroUsize;

use super::failure::{UsageError, wrong};
use bytesize::ByteSize;
use kusari_chain::params::LEDGER_MAX_REORG_DEPTH;
use kusari_node::IpNet;
use kusari_node::limits::{MAX_PER_ADDRESS, MAX_PER_GROUP};

/// Peers connected at once, unless told otherwise.
const DEFAULT_MAX_PEERS: usize = 64;

/// Most peers that can be asked for: each takes a socket and its buffers.
const MAX_MAX_PEERS: usize = 4_096;

/// Most threads that can be asked for; more than any machine has cores.
const MAX_MINER_THREADS: usize = 1_024;

/// What the store may take, unless told otherwise.
const DEFAULT_MAX_STORE: ByteSize = ByteSize::gib(10);

/// Peers connected at once.
pub(super) fn max_peers(count: Option<u64>) -> Result<usize, UsageError> {
    peers("max-peers", count, DEFAULT_MAX_PEERS)
}

/// Those that connect from one address.
pub(super) fn max_per_address(count: Option<u64>) -> Result<usize, UsageError> {
    peers("max-per-address", count, MAX_PER_ADDRESS)
}

/// Those that connect from one group of addresses.
pub(super) fn max_per_group(count: Option<u64>) -> Result<usize, UsageError> {
    peers("max-per-group", count, MAX_PER_GROUP)
}

fn peers(name: &str, count: Option<u64>, default: usize) -> Result<usize, UsageError> {
    count.map_or(Ok(default), |count| Ok(number(name, count, MAX_MAX_PEERS)?.get()))
}

/// Networks, or single hosts.
pub(super) fn networks(option: &str, texts: &[String]) -> Result<Vec<IpNet>, UsageError> {
    let network = |text: &String| {
        let host = || text.parse::<IpAddr>().map(IpNet::from);
        text.parse::<IpNet>().or_else(|_| host()).map_err(|_| {
            wrong(
                format!("`{text}` is no network"),
                format!(
                    "write an address, or one and the length of its prefix, as in `--{option} 192.168.0.0/16` \
                     or 2001:db8::/32"
                ),
            )
        })
    };
    texts.iter().map(network).collect()
}

/// Threads that mine, on a machine with so many cores.
pub(super) fn miner_threads(
    count: Option<u64>,
    cores: NonZeroUsize,
) -> Result<NonZeroUsize, UsageError> {
    count.map_or(Ok(cores), |count| number("miner-threads", count, MAX_MINER_THREADS))
}

fn number(name: &str, count: u64, limit: usize) -> Result<NonZeroUsize, UsageError> {
    let count = usize::try_from(count).ok().and_then(NonZeroUsize::new);
    count.filter(|count| count.get() <= limit).ok_or_else(|| {
        wrong(format!("{name} is out of range"), format!("choose a number from 1 to {limit}"))
    })
}

/// Blocks that another branch may take back; `None` for any number.
pub(super) fn max_reorg_depth(
    text: Option<&str>,
    is_ledger: bool,
) -> Result<Option<u32>, UsageError> {
    match text {
        None => Ok(is_ledger.then_some(LEDGER_MAX_REORG_DEPTH)),
        Some("none") => Ok(None),
        Some(text) => text.parse().map(Some).map_err(|_| {
            wrong(
                format!("`{text}` is no depth of a reorganisation"),
                "write a number of blocks, as in `--max-reorg-depth 288`, or none",
            )
        }),
    }
}

/// Bytes that the store may take.
pub(super) fn max_store(text: Option<&str>) -> Result<Option<u64>, UsageError> {
    match text {
        None => Ok(Some(DEFAULT_MAX_STORE.as_u64())),
        Some("none") => Ok(None),
        Some(text) => text.parse().map(|size: ByteSize| Some(size.as_u64())).map_err(|_| {
            wrong(
                format!("`{text}` is no size of a store"),
                "write a number and a unit, as in `--max-store 500MiB` or 2GiB, or none",
            )
        }),
    }
}
