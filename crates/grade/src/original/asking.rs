//! Questions, and lines in every shape.

use kusari_chain::params::MAX_LINE_BYTES;

use crate::bench::start_of;
use crate::connection::Heard;
use crate::mining::{line, lines};
use crate::report::{Evidence, verdict};
use crate::{CONDUCT, Case};

/// Connections that ask at once.
const SEVERAL: usize = 8;

pub(super) const CASES: &[Case] = &[
    Case::original(CONDUCT, "says nothing until it is spoken to", |bench| {
        let mut silent = bench.connect()?;
        let blocks = bench.mine(2);
        // Whether they are taken is another check's question.
        let _ = bench.bring(&blocks);
        silent.send("GET_CHAIN\n");
        let answer = bench.collect(&mut silent);
        let foreign = answer.lines.iter().find(|line| !line.starts_with("BLOCK:"));
        let doubled = answer.lines.len() > bench.chain().len();
        match (foreign, doubled) {
            (None, false) => Ok(Evidence::new("nothing", "nothing before the answer to GET_CHAIN")),
            (Some(line), _) => Err(Evidence::new("nothing", line)),
            (None, true) => Err(Evidence::new("nothing", answer.lines.concat())),
        }
    }),
    Case::original(
        "3",
        "answers GET_CHAIN with the best chain in canonical form, oldest first",
        |bench| {
            let answer = bench.exchange("GET_CHAIN\n")?;
            answer.verdict()
        },
    ),
    Case::original(
        CONDUCT,
        "answers what is pending after the other side ended, and then ends too",
        |bench| {
            let answer = bench.exchange("GET_CHAIN\n")?;
            let got = format!("{}, then {}", start_of(&answer.last()), answer.end);
            let sent = "GET_CHAIN, and the end of what is sent";
            verdict(answer.end == Heard::End && !answer.lines.is_empty(), sent, got)
        },
    ),
    Case::original("3", "takes any line that starts with GET_CHAIN for the question", |bench| {
        for question in
            ["GET_CHAINxyz", "GET_CHAIN please", "GET_CHAIN:{\"from\":7}", "GET_CHAIN\0"]
        {
            let answer = bench.exchange(format!("{question}\n"))?;
            if answer.blocks().is_empty() || answer.blocks().len() != bench.chain().len() {
                return Err(Evidence::new(question, answer.last()));
            }
        }
        Ok(Evidence::new("GET_CHAINxyz", "the same answer as to GET_CHAIN"))
    }),
    Case::original("3", "ignores a carriage return before the newline", |bench| {
        let blocks = bench.mine(1);
        let sent = lines(&blocks).replace('\n', "\r\n");
        bench.offer(&sent, &blocks)?;
        let answer = bench.exchange("GET_CHAIN\r\n")?;
        verdict(answer.blocks().len() == bench.chain().len(), "GET_CHAIN\\r", answer.last())
    }),
    Case::original("3", "reads two lines that come in one piece", |bench| {
        let blocks = bench.mine(2);
        bench.bring(&blocks)
    }),
    Case::original("3", "reads one line that comes a byte at a time", |bench| {
        let blocks = bench.mine(1);
        let sent = lines(&blocks) + "GET_CHAIN\n";
        let mut connection = bench.connect()?;
        for byte in sent.bytes() {
            connection.send([byte]);
        }
        bench.collect(&mut connection);
        bench.offer("", &blocks).map_err(|broken| Evidence::new(&sent, broken.got))?;
        Ok(Evidence::new(sent, "the block at the end of the chain"))
    }),
    Case::original("3", "goes on after verbs that it does not know", |bench| {
        let sent = "FOO\nFOO:{\"a\":1}\nget_chain\nblock:{}\nGET\n\u{1f517}\n";
        let blocks = bench.mine(1);
        bench.offer(format!("{sent}{}", lines(&blocks)), &blocks)
    }),
    Case::original("3", "answers several connections at once", |bench| {
        let mut connections = Vec::new();
        for _ in 0..SEVERAL {
            connections.push(bench.connect()?);
        }
        for connection in &mut connections {
            connection.send("GET_CHAIN\n");
        }
        // The last one first: nobody waits for another to be done.
        for connection in connections.iter_mut().rev() {
            let answer = bench.collect(connection);
            if answer.blocks().is_empty() || answer.blocks().len() != bench.chain().len() {
                return Err(Evidence::new("GET_CHAIN on 8 connections", answer.last()));
            }
        }
        Ok(Evidence::new("GET_CHAIN on 8 connections", "the chain, 8 times"))
    }),
    Case::original(
        CONDUCT,
        "sends one who began plainly only BLOCK and GET_CHAIN lines of at most 4,096 bytes",
        |bench| {
            // An original relays whatever it gets, so what is wrong or old comes from it too.
            let mut original = bench.listener()?;
            let own = bench.mine_one();
            let mut wrong = own.clone();
            wrong.data.push('!');
            original.send(lines([&own, &own, &wrong]));
            bench.offer("", &[own])?;
            bench.bring_one()?;
            original.send("GET_CHAIN\n");
            let answer = bench.collect(&mut original);
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
