//! What these tests share.

pub(crate) mod blocks;
pub(crate) mod command;
mod events;
mod http;
mod node;
mod original;
mod output;
mod peer;
mod proxy;
mod terminal;

use std::time::{Duration, Instant};

pub(crate) use events::EventStream;
pub(crate) use http::{HttpAnswer, http};
pub(crate) use node::{Node, Setup, get_chain};
pub(crate) use original::Original;
pub(crate) use output::Output;
pub(crate) use peer::{RawPeer, hello, hello_with};
pub(crate) use proxy::Proxy;
pub(crate) use terminal::Terminal;

use blocks::Chain;

/// How long anything may take before a test fails. Far more than it takes on a busy machine.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);

/// How often a state that no line announces is looked at.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

#[expect(clippy::disallowed_methods, reason = "a deadline is measured in real time")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Looks again whenever a node's chain moves, until `look` finds something.
#[track_caller]
pub(crate) fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let start = now();
    loop {
        let seen = output::moves();
        if let Some(found) = look() {
            return found;
        }
        assert!(start.elapsed() < DEADLINE, "it never came to be that {what}");
        output::wait_for_move(seen, LOOK_AGAIN);
    }
}

/// Waits until all nodes give out one chain that holds each of `lines` exactly once and nothing
/// else, and returns it.
#[track_caller]
pub(crate) fn one_chain_of(nodes: &[&Node], lines: &[String]) -> Chain {
    let mut expected = lines.to_vec();
    expected.sort();
    let mut last = Vec::new();
    let start = now();
    loop {
        let seen = output::moves();
        let chains: Vec<Vec<u8>> = nodes.iter().map(|node| node.get_chain()).collect();
        let chain = Chain::read(&chains[0]);
        let mut data = chain.data();
        data.sort();
        if chains.iter().all(|other| *other == chains[0]) && data == expected {
            return chain;
        }
        if start.elapsed() > DEADLINE {
            let heights: Vec<usize> = chains.iter().map(|c| Chain::read(c).data().len()).collect();
            panic!("no one chain of {expected:?}; heights {heights:?}, the first has {last:?}");
        }
        last = data;
        output::wait_for_move(seen, LOOK_AGAIN);
    }
}
