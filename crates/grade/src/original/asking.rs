//! Questions, and lines in every shape.

use kusari_chain::params::MAX_LINE_BYTES;

use crate::connection::Heard;
use crate::mining::{line, lines};
use crate::report::{Evidence, broken, verdict};
use crate::target::start_of;
use crate::{CONDUCT, Case};

/// Connections that ask at once.
const SEVERAL: usize = 8;

pub(super) const CASES: &[Case] = &[
    Case::original("3", "has an answer to GET_CHAIN", |target| {
        // An empty answer could not be told from silence where connections stay open after it.
        let _ = target.bring_one();
        let answer = target.ask_chain()?;
        let answered = !answer.lines.is_empty() || answer.end == Heard::End;
        verdict(answered, "GET_CHAIN", answer.last())
    })
    .of_any_target(),
    Case::classic(CONDUCT, "says nothing until it is spoken to", |target| {
        let mut silent = target.connect()?;
        let blocks = target.mine(2);
        target.bring(&blocks)?;
        silent.send("GET_CHAIN\n");
        let answer = target.collect(&mut silent);
        let foreign = answer.lines.iter().find(|line| !line.starts_with("BLOCK:"));
        let doubled = answer.lines.len() > target.chain().len();
        match (foreign, doubled) {
            (None, false) => Ok(Evidence::new("nothing", "nothing before the answer to GET_CHAIN")),
            (Some(line), _) => broken("nothing", line),
            (None, true) => broken("nothing", answer.lines.concat()),
        }
    }),
    Case::original("3", "gives the blocks of its chain oldest first", |target| {
        let blocks = target.mine(3);
        target.bring(&blocks)?;
        let answer = target.ask_chain()?;
        let given = answer.blocks_as_they_came();
        verdict(given.ends_with(&blocks), "GET_CHAIN", answer.last())
    }),
    Case::original("3", "gives a block in canonical form", |target| {
        let block = target.bring_one()?;
        let answer = target.ask_chain()?;
        verdict(answer.count(&block) > 0, line(&block), answer.last())
    }),
    Case::classic(
        "3",
        "gives a chain in which each block follows on the one before it",
        |target| target.ask_chain()?.is_a_chain(),
    ),
    Case::classic("3", "gives all of its chain in canonical form", |target| {
        target.ask_chain()?.is_canonical()
    }),
    Case::original(
        CONDUCT,
        "answers what is pending after the other side ended, and then ends too",
        |target| {
            let answer = target.ask_chain()?;
            let got = format!("{}, then {}", start_of(&answer.last()), answer.end);
            let sent = "GET_CHAIN, and the end of what is sent";
            verdict(answer.end == Heard::End && !answer.lines.is_empty(), sent, got)
        },
    ),
    Case::original("3", "takes any line that starts with GET_CHAIN for the question", |target| {
        for question in
            ["GET_CHAINxyz", "GET_CHAIN please", "GET_CHAIN:{\"from\":7}", "GET_CHAIN\0"]
        {
            let answer = target.exchange(format!("{question}\n"))?;
            if answer.blocks().len() != target.chain().len() {
                return broken(question, answer.last());
            }
        }
        Ok(Evidence::new("GET_CHAINxyz", "the same answer as to GET_CHAIN"))
    }),
    Case::original("3", "ignores a carriage return before the newline", |target| {
        let blocks = target.mine(1);
        let sent = lines(&blocks).replace('\n', "\r\n");
        target.offer(&sent, &blocks)?;
        let answer = target.exchange("GET_CHAIN\r\n")?;
        verdict(answer.blocks().len() == target.chain().len(), "GET_CHAIN\\r", answer.last())
    }),
    Case::original("3", "reads two lines that come in one piece", |target| {
        let blocks = target.mine(2);
        target.offer(lines(&blocks), &blocks)
    }),
    Case::original("3", "reads one line that comes a byte at a time", |target| {
        let blocks = target.mine(1);
        let sent = lines(&blocks) + "GET_CHAIN\n";
        let mut connection = target.connect()?;
        for byte in sent.bytes() {
            connection.send([byte]);
        }
        target.collect(&mut connection);
        target.joined(&sent, &blocks)
    }),
    Case::original("3", "goes on after verbs that it does not know", |target| {
        let sent = "FOO\nFOO:{\"a\":1}\nget_chain\nblock:{}\nGET\n\u{1f517}\n";
        let blocks = target.mine(1);
        target.offer(format!("{sent}{}", lines(&blocks)), &blocks)
    }),
    Case::original("3", "goes on after a BLOCK line that carries no JSON", |target| {
        let sent = "BLOCK:hi\nBLOCK:\nBLOCK:{\"index\":1\n";
        let blocks = target.mine(1);
        target.offer(format!("{sent}{}", lines(&blocks)), &blocks)
    }),
    Case::original("3", "answers several connections at once", |target| {
        let mut connections = Vec::new();
        for _ in 0..SEVERAL {
            connections.push(target.connect()?);
        }
        for connection in &mut connections {
            connection.send("GET_CHAIN\n");
        }
        // The last one first: no connection waits for another to be done.
        for connection in connections.iter_mut().rev() {
            let answer = target.collect(connection);
            if answer.blocks().len() != target.chain().len() {
                return broken("GET_CHAIN on 8 connections", answer.last());
            }
        }
        Ok(Evidence::new("GET_CHAIN on 8 connections", "the chain, 8 times"))
    }),
    Case::original(CONDUCT, "tells one who began plainly of blocks, in lines that fit", |target| {
        let mut original = target.listener()?;
        let block = target.bring_one()?;
        original.send("GET_CHAIN\n");
        let answer = target.collect(&mut original);
        match answer.lines.iter().find(|line| !fits_an_original(line)) {
            None => Ok(Evidence::new(line(&block), "BLOCK and GET_CHAIN lines only")),
            Some(got) => broken(line(&block), got),
        }
    }),
    Case::classic(
        CONDUCT,
        "says nothing of it to one who began plainly and passes on what is wrong or old",
        |target| {
            // An original relays whatever it gets, so what is wrong or old comes from it too.
            let mut original = target.listener()?;
            let own = target.mine_one();
            let mut wrong = own.clone();
            wrong.data.push('!');
            original.send(lines([&own, &own, &wrong]) + "GET_CHAIN\n");
            let answer = target.collect(&mut original);
            match answer.lines.iter().find(|line| !fits_an_original(line)) {
                None => Ok(Evidence::new(line(&wrong), "BLOCK and GET_CHAIN lines only")),
                Some(got) => broken(line(&wrong), got),
            }
        },
    ),
];

fn fits_an_original(line: &str) -> bool {
    (line.starts_with("BLOCK:") || line == "GET_CHAIN") && line.len() < MAX_LINE_BYTES
}
