//! Who is who: `HELLO`, signs of life, and what ends a connection.

use crate::connection::{Connection, Heard};
use crate::expected_blocks::wait_for_end;
use crate::introduced::hello::{self, Claim};
use crate::needs::Need;
use crate::report::{Evidence, Failure, Step, broken, verdict};
use crate::target::TargetUnderTest;
use crate::transcript::Kept;
use crate::{CONDUCT, Case};

pub(super) const CASES: &[Case] = &[
    Case::kusari("3", "answers HELLO with a HELLO that tells the truth", |target| {
        let claim = Claim::of(&target.tip());
        let (sent, line) = answer_to_hello(target)?;
        match hello::untruth(&line, &claim) {
            None => Ok(Evidence::new(sent, line)),
            Some(why) => broken(sent, format!("({why}) {line}")),
        }
    }),
    Case::kusari("3", "answers HELLO in canonical form", |target| {
        let (sent, line) = answer_to_hello(target)?;
        match hello::fault_of_form(&line) {
            None => Ok(Evidence::new(sent, line)),
            Some(why) => broken(sent, format!("({why}) {line}")),
        }
    }),
    Case::kusari("3", "answers PING with the PONG of its number", |target| {
        let mut connection = target.introduce_as_equal()?;
        for number in [0, 7, u64::MAX] {
            connection.send(format!("PING:{number}\n"));
            let pong = format!("PONG:{number}");
            connection.want(format!("PING:{number}"), |line| line == pong)?;
        }
        Ok(Evidence::new(format!("PING:{}", u64::MAX), format!("PONG:{}", u64::MAX)))
    }),
    Case::kusari("3", "answers PING after HELLO only", |target| {
        let answer = target.exchange("PING:7\nGET_CHAIN\n")?;
        match answer.lines.iter().find(|line| line.starts_with("PONG")) {
            Some(line) => broken("PING:7", line),
            None => Ok(Evidence::new("PING:7", "no PONG")),
        }
    })
    .needing(&[Need::AnswersPing]),
    Case::kusari("3", "refuses another chain with an ERROR and closes", |target| {
        let claim = Claim::of(&target.tip());
        let sent = hello::line_on(&"ab".repeat(32), &claim, target.node_id());
        let mut connection = target.say(&sent)?;
        let error = connection.want(&sent, |line| line.starts_with("ERROR:"))?;
        wait_for_end(&mut connection, &sent)?;
        Ok(Evidence::new(sent, format!("{error}, then the end of the connection")))
    }),
    Case::kusari("3", "closes a connection to itself", |target| {
        // Its own words come back to it, as they would if it dialled itself.
        let sent = answer_to_hello(target)?.1 + "\n";
        let mut connection = target.say(&sent)?;
        wait_for_end(&mut connection, &sent)
    }),
    Case::kusari("3", "ends no connection because another claims its id", |target| {
        // An id is only what a peer says: ending one of the two would let a stranger isolate a node.
        let claim = Claim::of(&target.tip());
        let sent = hello::line(&claim, target.node_id());
        let mut connections = [target.connect()?, target.connect()?];
        for connection in &mut connections {
            connection.send(&sent);
            let answer = connection.wait_for(|line| line.starts_with("HELLO:"));
            // That the second one is not even answered is what the check is about.
            if let Err(heard @ (Heard::Line(_) | Heard::Silence(_))) = answer {
                return broken(sent, heard).or_untried("it does not answer HELLO");
            }
        }
        let alive = connections
            .iter_mut()
            .filter_map(|connection| {
                connection.send("PING:7\n");
                connection.wait_for(|line| line == "PONG:7").ok()
            })
            .count();
        let got = format!("{alive} of 2 connections with this id stay");
        verdict(alive == 2, sent, got)
    })
    .needing(&[Need::AnswersPing]),
    Case::kusari("3", "never answers an ERROR", |target| {
        let mut connection = target.introduce_as_equal()?;
        let sent =
            "ERROR:{\"code\":\"bad-hash\",\"message\":\"nonsense\"}\nERROR:{}\nERROR:7\nERROR\n";
        match heard_before_pong(target, &mut connection, sent)?.first() {
            None => Ok(Evidence::new(sent, "nothing")),
            Some(line) => broken(sent, line),
        }
    })
    .needing(&[Need::AnswersPing]),
    Case::kusari(CONDUCT, "names what is wrong with a line in an ERROR", |target| {
        let mut connection = target.introduce_as_equal()?;
        let lines = ["BLOCK:{}\n", "GET_BLOCKS:{}\n", "HAVE:[]\n"];
        lines.into_iter().try_fold(Evidence::default(), |_, sent| {
            let heard = heard_before_pong(target, &mut connection, sent)?;
            let error = heard.iter().find(|line| is_error(line));
            verdict(error.is_some(), sent, error.unwrap_or(&heard.concat()))
        })
    })
    .needing(&[Need::AnswersPing]),
    Case::kusari(CONDUCT, "takes verbs that it does not know without blame", |target| {
        let mut connection = target.introduce_as_equal()?;
        let sent = "FROM_A_LATER_VERSION:{\"a\":1}\n".repeat(40);
        heard_before_pong(target, &mut connection, &sent)?;
        Ok(Evidence::new("FROM_A_LATER_VERSION:{\"a\":1}, 40 times", "a PONG after it"))
    })
    .needing(&[Need::AnswersPing]),
];

/// Says `HELLO` as one that has what the target has: what was sent, and the line that came back.
fn answer_to_hello(target: &mut TargetUnderTest) -> Result<(String, String), Failure> {
    let claim = Claim::of(&target.tip());
    let sent = hello::line(&claim, target.node_id());
    match target.say(&sent)?.hear() {
        Heard::Line(line) => Ok((sent, line)),
        heard => broken(sent, heard),
    }
}

/// Sends lines and a `PING` behind them, and gives what comes up to its `PONG`.
pub(super) fn heard_before_pong(
    target: &mut TargetUnderTest,
    connection: &mut Connection,
    sent: &str,
) -> Result<Kept, Evidence> {
    let number = target.number();
    connection.send(format!("{sent}PING:{number}\n"));
    let pong = format!("PONG:{number}");
    let mut heard = Kept::default();
    loop {
        let other = match connection.hear() {
            Heard::Line(line) if line == pong => return Ok(heard),
            Heard::Line(line) => match heard.push(line) {
                Ok(()) => continue,
                Err(line) => Heard::Line(line),
            },
            other => other,
        };
        return Err(Evidence::new(format!("{sent}PING:{number}"), other));
    }
}

/// Whether a line is an `ERROR` by the protocol: a code, and a sentence.
pub(super) fn is_error(line: &str) -> bool {
    let json = line.strip_prefix("ERROR:").map(serde_json::from_str::<serde_json::Value>);
    let Some(Ok(said)) = json else { return false };
    let filled = |key: &str| said[key].as_str().is_some_and(|text| !text.is_empty());
    filled("code") && filled("message") && line.starts_with("ERROR:{\"code\":\"")
}
