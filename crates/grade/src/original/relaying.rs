//! Passing on: to whom, how often, and in which order.

use kusari_chain::Block;

use crate::bench::{Bench, is_block};
use crate::hearing::{hear_exactly, hear_through};
use crate::mining::{line, lines};
use crate::report::{Evidence, Verdict};
use crate::{CONDUCT, Case};

pub(super) const CASES: &[Case] = &[
    Case::original(CONDUCT, "passes a new block on to every connection that spoke", |bench| {
        let mut listeners = [bench.listener()?, bench.listener_after("FOO\n")?];
        let block = bench.bring_one()?;
        listeners.iter_mut().try_fold(Evidence::default(), |_, listener| {
            hear_exactly(listener, std::slice::from_ref(&block), &line(&block))
        })
    }),
    Case::original(CONDUCT, "does not send a block back to where it came from", |bench| {
        let blocks = bench.mine(1);
        none_comes_back(bench, &blocks, &lines(&blocks))
    }),
    Case::original(CONDUCT, "does not send a block back that waited for its parent", |bench| {
        let blocks = bench.mine(2);
        let sent = lines(blocks.iter().rev());
        none_comes_back(bench, &blocks, &sent)
    }),
    Case::original(CONDUCT, "passes each block on once", |bench| {
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
    }),
    Case::original(
        CONDUCT,
        "passes blocks on parents first, though an orphan came first",
        |bench| {
            let mut listener = bench.listener()?;
            let blocks = bench.mine(3);
            let sent = lines(blocks.iter().rev());
            bench.offer(&sent, &blocks)?;
            hear_exactly(&mut listener, &blocks, &sent)
        },
    ),
    Case::original(
        CONDUCT,
        "tells an original the whole new branch after a reorganisation",
        |bench| {
            let fork = bench.tip();
            let loses = bench.mine_on(&fork, 1);
            bench.bring(&loses)?;
            let mut listener = bench.listener()?;
            let wins = bench.mine_on(&fork, 3);
            let sent = lines(&wins);
            bench.offer(&sent, &wins)?;
            // On equal work the new branch may have been ahead already with its first block.
            hear_exactly(&mut listener, &wins, &sent)
        },
    ),
];

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
