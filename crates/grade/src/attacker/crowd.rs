//! Many connections: slow ones, idle ones, and ones that come and go.

use crate::connection::{Connection, now};
use crate::mining::line;
use crate::report::{Evidence, Verdict, broken};
use crate::target::{TargetUnderTest, is_block};
use crate::{CONDUCT, Case};

use super::still_serves;

/// Connections with half a line each.
const SLOW: usize = 32;
/// Connections at once: more than a node takes by default.
const CROWD: usize = 120;
/// Connections one after another.
const CHURN: usize = 300;

pub(super) const CASES: &[Case] = &[
    Case::classic(CONDUCT, "serves others while 32 peers do not finish their lines", |target| {
        let text = line(&target.mine_one());
        let half = &text[..text.len() / 2];
        let mut slow = Vec::new();
        for _ in 0..SLOW {
            slow.push(target.say(half)?);
        }
        let shown = still_serves(target, &format!("on 32 connections: {half}"))?;
        for connection in &mut slow {
            connection.send("x");
        }
        still_serves(target, &shown.sent)
    }),
    Case::classic(CONDUCT, "serves those who were there while 120 more connect", |target| {
        let mut early = target.listener()?;
        let crowd = crowd(target);
        let block = target.mine_one();
        let sent = format!("{} more connections", crowd.len());
        early.send(line(&block) + "GET_CHAIN\n");
        let got = early.want(&sent, |line| is_block(line, &block.hash))?;
        drop(crowd);
        // The connection that was there keeps its answer; the chain is read again once there is room.
        wait_until_served(target, &sent)?;
        Ok(Evidence::new(sent, format!("on an earlier one: {got}")))
    }),
    Case::classic(CONDUCT, "takes new peers once a crowd has gone", |target| {
        let crowd = crowd(target);
        let done = format!("{} connections, all of them closed again", crowd.len());
        drop(crowd);
        wait_until_served(target, &done)?;
        still_serves(target, &done)
    }),
    Case::classic(CONDUCT, "serves others after 300 connections that came and went", |target| {
        for number in 0..CHURN {
            // Where there is no room any more, what follows tells whether there is again.
            let Ok(mut connection) = target.connect() else { break };
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
        wait_until_served(target, done)?;
        still_serves(target, done)
    }),
];

/// As many connections as the target's system takes. The target may refuse those that are too many.
fn crowd(target: &TargetUnderTest) -> Vec<Connection> {
    (0..CROWD).map_while(|_| target.connect().ok()).collect()
}

/// Asks for the chain until it is given: the target has to notice first that others have gone.
fn wait_until_served(target: &mut TargetUnderTest, sent: &str) -> Verdict {
    let deadline = now() + target.patience.current();
    loop {
        let got = match target.ask_chain() {
            Ok(answer) if answer.blocks().len() >= target.chain().len() => {
                target.look_again();
                return Ok(Evidence::new(sent, answer.last()));
            }
            Ok(answer) => answer.last(),
            Err(shown) => shown.got,
        };
        if now() >= deadline {
            return broken(sent, got);
        }
    }
}
