//! Questions, and lines in every shape.

use kusari_chain::params::MAX_LINE_BYTES;

use crate::connection::Heard;
use crate::mining::{line, lines};
use crate::report::{Evidence, verdict};
use crate::target::start_of;
use crate::{CONDUCT, Case};

/// Connections that ask at once.
const SEVERAL: usize = 8;

pub(super) const CASES: &[Case] = &[
    Case::original(CONDUCT, "says nothing until it is spoken to", |target| {
        let mut silent = target.connect()?;
        let blocks = target.mine(2);
        // Whether they are taken is another check's question.
        let _ = target.bring(&blocks);
        silent.send("GET_CHAIN\n");
        let answer = target.collect(&mut silent);
        let foreign = answer.lines.iter().find(|line| !line.starts_with("BLOCK:"));
        let doubled = answer.lines.len() > target.chain().len();
        match (foreign, doubled) {
            (None, false) => Ok(Evidence::new("nothing", "nothing before the answer to GET_CHAIN")),
            (Some(line), _) => Err(Evidence::new("nothing", line)),
            (None, true) => Err(Evidence::new("nothing", answer.lines.concat())),
        }
    }),
    Case::original(
        "3",
        "answers GET_CHAIN with the best chain in canonical form, oldest first",
        |target| {
            let answer = target.ask_chain()?;
            answer.verdict()
        },
    ),
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
            if answer.blocks().is_empty() || answer.blocks().len() != target.chain().len() {
                return Err(Evidence::new(question, answer.last()));
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
        target.bring(&blocks)
    }),
    Case::original("3", "reads one line that comes a byte at a time", |target| {
        let blocks = target.mine(1);
        let sent = lines(&blocks) + "GET_CHAIN\n";
        let mut connection = target.connect()?;
        for byte in sent.bytes() {
            connection.send([byte]);
        }
        target.collect(&mut connection);
        target.offer("", &blocks).map_err(|broken| Evidence::new(&sent, broken.got))?;
        Ok(Evidence::new(sent, "the block at the end of the chain"))
    }),
    Case::original("3", "goes on after verbs that it does not know", |target| {
        let sent = "FOO\nFOO:{\"a\":1}\nget_chain\nblock:{}\nGET\n\u{1f517}\n";
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
            if answer.blocks().is_empty() || answer.blocks().len() != target.chain().len() {
                return Err(Evidence::new("GET_CHAIN on 8 connections", answer.last()));
            }
        }
        Ok(Evidence::new("GET_CHAIN on 8 connections", "the chain, 8 times"))
    }),
    Case::original(
        CONDUCT,
        "sends one who began plainly only BLOCK and GET_CHAIN lines of at most 4,096 bytes",
        |target| {
            // An original relays whatever it gets, so what is wrong or old comes from it too.
            let mut original = target.listener()?;
            let own = target.mine_one();
            let mut wrong = own.clone();
            wrong.data.push('!');
            original.send(lines([&own, &own, &wrong]));
            target.offer("", &[own])?;
            target.bring_one()?;
            original.send("GET_CHAIN\n");
            let answer = target.collect(&mut original);
            let spared = |line: &str| {
                (line.starts_with("BLOCK:") || line == "GET_CHAIN") && line.len() < MAX_LINE_BYTES
            };
            match answer.lines.iter().find(|line| !spared(line)) {
                None => Ok(Evidence::new(line(&wrong), "blocks only")),
                Some(got) => Err(Evidence::new(line(&wrong), got)),
            }
        },
    ),
];
