//! Passing on: to whom, how often, and in which order.

use kusari_chain::Block;

use crate::Case;
use crate::bench::{Bench, is_block};
use crate::hearing::{hear_exactly, hear_through};
use crate::mining::{line, lines};
use crate::report::{Evidence, Verdict};

pub(super) const CASES: &[Case] = &[
    Case::original(
        "3, rules of conduct",
        "passes a new block on to every connection that spoke",
        passes_on_to_all_who_spoke,
    ),
    Case::original(
        "3, rules of conduct",
        "does not send a block back to where it came from",
        does_not_send_back,
    ),
    Case::original(
        "3, rules of conduct",
        "does not send a block back that waited for its parent",
        does_not_send_back_what_waited,
    ),
    Case::original("3, rules of conduct", "passes each block on once", passes_on_once),
    Case::original(
        "3, rules of conduct",
        "passes blocks on parents first, though an orphan came first",
        passes_on_parents_first,
    ),
    Case::original(
        "3, rules of conduct",
        "tells an original the whole new branch after a reorganisation",
        tells_the_new_branch,
    ),
];

fn passes_on_to_all_who_spoke(bench: &mut Bench) -> Verdict {
    let mut listeners = [bench.listener()?, bench.listener_after("FOO\n")?];
    let block = bench.bring_one()?;
    let mut shown = Evidence::new("", "");
    for listener in &mut listeners {
        shown = hear_exactly(listener, std::slice::from_ref(&block), &line(&block))?;
    }
    Ok(shown)
}

fn does_not_send_back(bench: &mut Bench) -> Verdict {
    let blocks = bench.mine(1);
    none_comes_back(bench, &blocks, &lines(&blocks))
}

fn does_not_send_back_what_waited(bench: &mut Bench) -> Verdict {
    let blocks = bench.mine(2);
    let sent = lines(blocks.iter().rev());
    none_comes_back(bench, &blocks, &sent)
}

/// Sends lines that bring these blocks, and looks whether one of them is passed on to their sender.
fn none_comes_back(bench: &mut Bench, blocks: &[Block], sent: &str) -> Verdict {
    let mut sender = bench.listener()?;
    sender.send(sent);
    bench.offer("", blocks)?;
    // Whatever comes before the answer was passed on.
    sender.send("GET_CHAIN\n");
    let answer = bench.collect(&mut sender);
    for block in blocks {
        let mut heard = answer.lines.iter().filter(|line| is_block(line, &block.hash));
        match (heard.next(), heard.next()) {
            (Some(_), None) => {}
            (None, _) => return Err(Evidence::new(sent, answer.last())),
            (Some(line), Some(_)) => return Err(Evidence::new(sent, line)),
        }
    }
    Ok(Evidence::new(sent, "it came in the answer to GET_CHAIN only"))
}

fn passes_on_once(bench: &mut Bench) -> Verdict {
    let (mut one, mut other) = (bench.listener()?, bench.listener()?);
    let block = bench.mine_one();
    let sent = lines([&block, &block, &block]);
    bench.offer(&sent, std::slice::from_ref(&block))?;
    // As originals do, one sends it on although it has it from here.
    hear_through(&mut other, &block, &sent)?;
    let next = bench.mine_one();
    other.send(lines([&block, &next]));
    let shown = hear_exactly(&mut one, &[block, next.clone()], &sent)?;
    bench.offer("", &[next])?;
    Ok(shown)
}

fn passes_on_parents_first(bench: &mut Bench) -> Verdict {
    let mut listener = bench.listener()?;
    let blocks = bench.mine(3);
    let sent = lines(blocks.iter().rev());
    bench.offer(&sent, &blocks)?;
    hear_exactly(&mut listener, &blocks, &sent)
}

fn tells_the_new_branch(bench: &mut Bench) -> Verdict {
    let fork = bench.tip();
    let loses = bench.mine_on(&fork, 1);
    bench.bring(&loses)?;
    let mut listener = bench.listener()?;
    let wins = bench.mine_on(&fork, 3);
    let sent = lines(&wins);
    bench.offer(&sent, &wins)?;
    // On equal work the new branch may have been ahead already with its first block.
    hear_exactly(&mut listener, &wins, &sent)
}
