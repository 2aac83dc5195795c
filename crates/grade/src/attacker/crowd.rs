//! Many connections: slow ones, idle ones, and ones that come and go.

use crate::bench::{Bench, is_block};
use crate::connection::{Connection, now};
use crate::mining::line;
use crate::report::{Evidence, Verdict};
use crate::{CONDUCT, Case};

use super::still_serves;

/// Connections with half a line each.
const SLOW: usize = 32;
/// Connections at once: more than a node takes by default.
const CROWD: usize = 120;
/// Connections one after another.
const CHURN: usize = 300;

pub(super) const CASES: &[Case] = &[
    Case::original(CONDUCT, "serves others while 32 peers do not finish their lines", |bench| {
        let text = line(&bench.mine_one());
        let half = &text[..text.len() / 2];
        let mut slow = Vec::new();
        for _ in 0..SLOW {
            let mut connection = bench.connect()?;
            connection.send(half);
            slow.push(connection);
        }
        let shown = still_serves(bench, &format!("on 32 connections: {half}"))?;
        for connection in &mut slow {
            connection.send("x");
        }
        still_serves(bench, &shown.sent)
    }),
    Case::original(CONDUCT, "serves those who were there while 120 more connect", |bench| {
        let mut early = bench.listener()?;
        let crowd = crowd(bench);
        let block = bench.mine_one();
        let sent = format!("{} more connections", crowd.len());
        early.send(line(&block) + "GET_CHAIN\n");
        let got = early.want(&sent, |line| is_block(line, &block.hash))?;
        drop(crowd);
        // The connection that was there keeps its answer; the chain is read again once there is room.
        wait_until_served(bench, &sent)?;
        Ok(Evidence::new(sent, format!("on an earlier one: {got}")))
    }),
    Case::original(CONDUCT, "takes new peers once a crowd has gone", |bench| {
        let crowd = crowd(bench);
        let done = format!("{} connections, all of them closed again", crowd.len());
        drop(crowd);
        wait_until_served(bench, &done)?;
        still_serves(bench, &done)
    }),
    Case::original(CONDUCT, "serves others after 300 connections that came and went", |bench| {
        for number in 0..CHURN {
            // Where there is no room any more, what follows tells whether there is again.
            let Ok(mut connection) = bench.connect() else { break };
            match number % 3 {
                0 => {}
                1 => {
                    connection.send("BLOCK:{\"ind");
                }
                // Closed while its answer is under way.
                _ => {
                    connection.send("GET_CHAIN\nGET_CHAIN\n");
                }
            }
        }
        let done = "300 connections that came and went";
        wait_until_served(bench, done)?;
        still_serves(bench, done)
    }),
];

/// As many connections as the target's system takes. The target may refuse those that are too many.
fn crowd(bench: &Bench) -> Vec<Connection> {
    (0..CROWD).map_while(|_| bench.connect().ok()).collect()
}

/// Asks for the chain until it is given: the target has to notice first that others have gone.
fn wait_until_served(bench: &mut Bench, sent: &str) -> Verdict {
    let deadline = now() + bench.patience.current();
    loop {
        let got = match bench.exchange("GET_CHAIN\n") {
            Ok(answer) if answer.blocks().len() >= bench.chain().len() => {
                bench.look_again();
                return Ok(Evidence::new(sent, answer.last()));
            }
            Ok(answer) => answer.last(),
            Err(broken) => broken.got,
        };
        if now() >= deadline {
            return Err(Evidence::new(sent, got));
        }
    }
}
