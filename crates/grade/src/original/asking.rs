//! Questions, and lines in every shape.

use kusari_chain::params::MAX_LINE_BYTES;

use crate::Case;
use crate::bench::{Bench, start_of};
use crate::connection::Heard;
use crate::mining::{line, lines};
use crate::report::{Evidence, Verdict};

/// Connections that ask at once.
const SEVERAL: usize = 8;

pub(super) const CASES: &[Case] = &[
    Case::original(
        "3, rules of conduct",
        "says nothing until it is spoken to",
        says_nothing_until_it_is_spoken_to,
    ),
    Case::original(
        "3",
        "answers GET_CHAIN with the best chain in canonical form, oldest first",
        answers_with_the_best_chain,
    ),
    Case::original(
        "3, rules of conduct",
        "answers what is pending after the other side ended, and then ends too",
        ends_when_it_is_half_closed,
    ),
    Case::original(
        "3",
        "takes any line that starts with GET_CHAIN for the question",
        takes_any_form_of_get_chain,
    ),
    Case::original("3", "ignores a carriage return before the newline", ignores_carriage_returns),
    Case::original("3", "reads two lines that come in one piece", reads_two_lines_in_one_piece),
    Case::original("3", "reads one line that comes a byte at a time", reads_a_line_byte_by_byte),
    Case::original("3", "goes on after verbs that it does not know", goes_on_after_unknown_verbs),
    Case::original("3", "answers several connections at once", answers_several_connections),
    Case::original(
        "3, rules of conduct",
        "sends one who began plainly only BLOCK and GET_CHAIN lines of at most 4,096 bytes",
        spares_one_who_began_plainly,
    ),
];

fn says_nothing_until_it_is_spoken_to(bench: &mut Bench) -> Verdict {
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
}

fn answers_with_the_best_chain(bench: &mut Bench) -> Verdict {
    let answer = bench.exchange("GET_CHAIN\n")?;
    if answer.lines.is_empty() {
        return Err(Evidence::new("GET_CHAIN", answer.end.to_string()));
    }
    match answer.fault() {
        Some(fault) => Err(Evidence::new("GET_CHAIN", fault)),
        None => Ok(Evidence::new("GET_CHAIN", answer.last())),
    }
}

fn ends_when_it_is_half_closed(bench: &mut Bench) -> Verdict {
    let answer = bench.exchange("GET_CHAIN\n")?;
    let got = format!("{}, then {}", start_of(&answer.last()), answer.end);
    let sent = "GET_CHAIN, and the end of what is sent";
    if answer.end == Heard::End && !answer.lines.is_empty() {
        Ok(Evidence::new(sent, got))
    } else {
        Err(Evidence::new(sent, got))
    }
}

fn takes_any_form_of_get_chain(bench: &mut Bench) -> Verdict {
    for question in ["GET_CHAINxyz", "GET_CHAIN please", "GET_CHAIN:{\"from\":7}", "GET_CHAIN\0"] {
        let answer = bench.exchange(format!("{question}\n"))?;
        if answer.blocks().is_empty() || answer.blocks().len() != bench.chain().len() {
            return Err(Evidence::new(question, answer.last()));
        }
    }
    Ok(Evidence::new("GET_CHAINxyz", "the same answer as to GET_CHAIN"))
}

fn ignores_carriage_returns(bench: &mut Bench) -> Verdict {
    let blocks = bench.mine(1);
    let sent = lines(&blocks).replace('\n', "\r\n");
    bench.offer(&sent, &blocks)?;
    let answer = bench.exchange("GET_CHAIN\r\n")?;
    if answer.blocks().len() == bench.chain().len() {
        Ok(Evidence::new("GET_CHAIN\\r", answer.last()))
    } else {
        Err(Evidence::new("GET_CHAIN\\r", answer.last()))
    }
}

fn reads_two_lines_in_one_piece(bench: &mut Bench) -> Verdict {
    let blocks = bench.mine(2);
    bench.bring(&blocks)
}

fn reads_a_line_byte_by_byte(bench: &mut Bench) -> Verdict {
    let blocks = bench.mine(1);
    let sent = lines(&blocks) + "GET_CHAIN\n";
    let mut connection = bench.connect()?;
    for byte in sent.bytes() {
        connection.send([byte]);
    }
    bench.collect(&mut connection);
    bench.offer("", &blocks).map_err(|broken| Evidence::new(&sent, broken.got))?;
    Ok(Evidence::new(sent, "the block at the end of the chain"))
}

fn goes_on_after_unknown_verbs(bench: &mut Bench) -> Verdict {
    let sent = "FOO\nFOO:{\"a\":1}\nget_chain\nblock:{}\nGET\n\u{1f517}\n";
    let blocks = bench.mine(1);
    bench.offer(format!("{sent}{}", lines(&blocks)), &blocks)
}

fn answers_several_connections(bench: &mut Bench) -> Verdict {
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
}

/// An original relays whatever it gets, so what is wrong or old comes from it too.
fn spares_one_who_began_plainly(bench: &mut Bench) -> Verdict {
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
}
