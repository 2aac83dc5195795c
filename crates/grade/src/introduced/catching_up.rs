//! Whoever has less asks: claims that are true, and what the target makes of them.

use kusari_chain::Block;

use crate::bench::Bench;
use crate::introduced::hello::{self, Claim};
use crate::introduced::introduction::heard_before_pong;
use crate::introduced::source::{self, serve};
use crate::mining::{self, line, lines};
use crate::report::Evidence;
use crate::{CONDUCT, Case};

pub(super) const CASES: &[Case] = &[
    Case::kusari(CONDUCT, "asks a peer whose HELLO claims more work, and catches up", |bench| {
        let blocks = bench.mine(3);
        let claim = Claim::of(&blocks[2]);
        let sent = hello::line(&claim, 0);
        let mut connection = bench.introduce(&claim)?;
        let chain = with(bench, &blocks);
        serve(bench, &mut connection, &chain, &sent, 2)
    }),
    Case::kusari(
        CONDUCT,
        "asks a peer that announces more work by HAVE, and catches up",
        |bench| {
            let blocks = bench.mine(3);
            let mut connection = bench.introduce_as_equal()?;
            let sent = Claim::of(&blocks[2]).have();
            connection.send(&sent);
            let chain = with(bench, &blocks);
            serve(bench, &mut connection, &chain, &sent, 2)
        },
    ),
    Case::kusari(CONDUCT, "asks a peer that has as much work and another tip", |bench| {
        let mut tips = [bench.mine(1), bench.mine(1)].concat();
        tips.sort_by_key(|tip| tip.hash);
        let before = bench.chain().to_vec();
        bench.bring(&tips[1..])?;
        let smaller = &tips[..1];
        let mut connection = bench.introduce_as_equal()?;
        let sent = Claim::of(&smaller[0]).have();
        connection.send(&sent);
        let chain = [&before, smaller].concat();
        serve(bench, &mut connection, &chain, &sent, 2)
    }),
    Case::kusari("2", "follows a heavier branch that forks four blocks below its tip", |bench| {
        let before = bench.chain().to_vec();
        let (first, second) = (bench.mine(4), bench.mine(6));
        bench.bring(&first)?;
        let chain = [before, second].concat();
        let claim = Claim::of(&chain[chain.len() - 1]);
        let sent = hello::line(&claim, 0);
        let mut connection = bench.introduce(&claim)?;
        serve(bench, &mut connection, &chain, &sent, 2)
    }),
    Case::kusari("2", "asks a kusari peer for the ancestors of an orphan", |bench| {
        let blocks = bench.mine(4);
        let mut connection = bench.introduce_as_equal()?;
        let sent = line(&blocks[3]);
        connection.send(&sent);
        let chain = with(bench, &blocks);
        serve(bench, &mut connection, &chain, &sent, 2)
    }),
    Case::kusari(
        CONDUCT,
        "asks an original once for its chain after an orphan, and takes the answer",
        |bench| {
            let mut original = bench.listener()?;
            let blocks = bench.mine(6);
            // A valid block first, as from any original.
            let sent = lines([&blocks[0], &blocks[2]]);
            original.send(&sent);
            original.want(&sent, |line| line.starts_with("GET_CHAIN"))?;
            original.send(lines(&blocks[..4]));
            bench.offer("", &blocks[..4])?;
            // Another orphan within the minute: nothing more is asked.
            original.send(lines([&blocks[5]]) + "GET_CHAIN\n");
            let answer = bench.collect(&mut original);
            match answer.lines.iter().find(|line| line.starts_with("GET_CHAIN")) {
                None => Ok(Evidence::new(sent, "GET_CHAIN, once")),
                Some(line) => Err(Evidence::new(lines([&blocks[5]]), line)),
            }
        },
    ),
    Case::kusari(CONDUCT, "asks another peer when the first does not deliver", |bench| {
        let blocks = bench.mine(3);
        // Its tip is real; it just never answers.
        let mut silent = bench.introduce(&Claim::of(&mining::template(&blocks[2], "")))?;
        source::wait_for_question(&mut silent, "HELLO")?;
        let claim = Claim::of(&blocks[2]);
        let sent = hello::line(&claim, 0);
        let mut honest = bench.introduce(&claim)?;
        let chain = with(bench, &blocks);
        let shown = serve(bench, &mut honest, &chain, &sent, 6)?;
        heard_before_pong(bench, &mut honest, "")?;
        Ok(shown)
    }),
];

/// The chain up to `tip` and these blocks on it.
fn with(bench: &Bench, blocks: &[Block]) -> Vec<Block> {
    [bench.chain(), blocks].concat()
}
