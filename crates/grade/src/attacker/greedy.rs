//! Peers that take and give nothing back, or give more than a node can hold.

use std::time::Duration;

use crate::connection::Connection;
use crate::introduced::hello::{self, Claim};
use crate::report::Evidence;
use crate::target::TargetUnderTest;
use crate::{CONDUCT, Case};

use super::still_serves;

/// Peers that are greedy at once.
const GREEDY: usize = 4;
/// How long one of them tries to write more: a target that reads no more is as good as one that
/// closes.
const PUSH: Duration = Duration::from_millis(200);
/// Connections that fill the receive budget of 32 MiB, and what each of them sends of a line.
const FILLERS: usize = 6;
const FILLING: usize = 7 * 1024 * 1024;

pub(super) const CASES: &[Case] = &[
    Case::classic(
        CONDUCT,
        "serves others while peers ask for the chain 20,000 times and never read",
        |target| {
            let mut greedy = Vec::new();
            for _ in 0..GREEDY {
                let mut connection = narrow(target)?;
                connection.push("GET_CHAIN\n".repeat(20_000).as_bytes(), PUSH);
                greedy.push(connection);
            }
            still_serves(target, "GET_CHAIN, 20,000 times on 4 connections that are not read")
        },
    ),
    Case::kusari(
        CONDUCT,
        "serves others while peers ask for blocks by hash and never read",
        |target| {
            // The same block over and over: a small question with a large answer.
            let hash = format!("\"{}\"", target.tip().hash);
            let question = format!("GET_BLOCKS:{{\"hashes\":[{}]}}\n", vec![hash; 128].join(","));
            let claim = Claim::of(&target.tip());
            let mut greedy = Vec::new();
            for _ in 0..GREEDY {
                let mut connection = narrow(target)?;
                connection.push(hello::line(&claim, target.node_id()).as_bytes(), PUSH);
                connection.push(question.repeat(400).as_bytes(), PUSH);
                greedy.push(connection);
            }
            still_serves(
                target,
                &format!("400 times on 4 connections that are not read: {question}"),
            )
        },
    ),
    Case::kusari(CONDUCT, "serves others while unfinished lines fill 32 MiB", |target| {
        let mut fillers = Vec::new();
        for _ in 0..FILLERS {
            fillers.push(target.introduce_as_equal()?);
        }
        let piece = vec![b' '; FILLING / 7];
        for filler in &mut fillers {
            // Where the budget is spent nothing more is read, and the rest is not taken.
            let _ = filler.push(b"BLOCK:", PUSH) && (0..7).all(|_| filler.push(&piece, PUSH));
        }
        still_serves(target, "7 MiB of a BLOCK line without an end on 6 connections")
    }),
];

fn narrow(target: &TargetUnderTest) -> Result<Connection, Evidence> {
    Connection::open_narrowly(target.address, &target.patience)
        .map_err(|error| Evidence::new("a connection", error))
}
