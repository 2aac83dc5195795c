//! A node with less work asks: claims that are true, and what the target makes of them.

use kusari_chain::Block;

use crate::connection::Connection;
use crate::introduced::hello::{self, Claim};
use crate::introduced::source::{self, serve};
use crate::mining::{self, line, lines};
use crate::needs::Need;
use crate::report::{Evidence, Failure, Step, broken};
use crate::target::TargetUnderTest;
use crate::{CONDUCT, Case};

pub(super) const CASES: &[Case] = &[
    Case::kusari(CONDUCT, "asks a peer whose HELLO claims more work, and catches up", |target| {
        let blocks = target.mine(3);
        let claim = Claim::of(&blocks[2]);
        let sent = hello::line(&claim, 0);
        let mut connection = target.introduce(&claim)?;
        let chain = with(target, &blocks);
        serve(target, &mut connection, &chain, &sent, 2)
    }),
    Case::kusari(
        CONDUCT,
        "asks a peer that announces more work by HAVE, and catches up",
        |target| {
            let blocks = target.mine(3);
            let mut connection = target.introduce_as_equal()?;
            let sent = Claim::of(&blocks[2]).have();
            connection.send(&sent);
            let chain = with(target, &blocks);
            serve(target, &mut connection, &chain, &sent, 2)
        },
    ),
    Case::kusari(CONDUCT, "asks a peer that has as much work and another tip", |target| {
        let mut tips = [target.mine(1), target.mine(1)].concat();
        tips.sort_by_key(|tip| tip.hash);
        let before = target.chain().to_vec();
        target.bring(&tips[1..])?;
        let smaller = &tips[..1];
        let mut connection = target.introduce_as_equal()?;
        let sent = Claim::of(&smaller[0]).have();
        connection.send(&sent);
        let chain = [&before, smaller].concat();
        serve(target, &mut connection, &chain, &sent, 2)
    }),
    Case::kusari("2", "follows a heavier branch that forks four blocks below its tip", |target| {
        let before = target.chain().to_vec();
        let (first, second) = (target.mine(4), target.mine(6));
        target.bring(&first)?;
        let chain = [before, second].concat();
        let claim = Claim::of(&chain[chain.len() - 1]);
        let sent = hello::line(&claim, 0);
        let mut connection = target.introduce(&claim)?;
        serve(target, &mut connection, &chain, &sent, 2)
    })
    .needing(&[Need::Reorganises]),
    Case::kusari("2", "asks a kusari peer for the ancestors of an orphan", |target| {
        let blocks = target.mine(4);
        let mut connection = target.introduce_as_equal()?;
        let sent = line(&blocks[3]);
        connection.send(&sent);
        let chain = with(target, &blocks);
        serve(target, &mut connection, &chain, &sent, 2)
    }),
    Case::kusari(
        CONDUCT,
        "asks an original for its chain after an orphan, and takes the answer",
        |target| {
            let blocks = target.mine(4);
            let (mut original, sent) = make_it_ask(target, &blocks)?;
            original.send(lines(&blocks));
            target.joined(&sent, &blocks)
        },
    ),
    Case::kusari(CONDUCT, "asks an original only once within a minute", |target| {
        let blocks = target.mine(6);
        let (mut original, _) = make_it_ask(target, &blocks)?;
        original.send(lines(&blocks[..4]));
        let sent = lines([&blocks[5]]);
        target.joined(&sent, &blocks[..4]).or_untried("it does not take the answer")?;
        original.send(sent.clone() + "GET_CHAIN\n");
        let answer = target.collect(&mut original);
        match answer.lines.iter().find(|line| line.starts_with("GET_CHAIN")) {
            None => Ok(Evidence::new(sent, "GET_CHAIN, once")),
            Some(line) => broken(sent, line),
        }
    }),
    Case::kusari(CONDUCT, "asks another peer when the first does not deliver", |target| {
        let blocks = target.mine(3);
        // Its tip is real; it just never answers.
        let mut silent = target.introduce(&Claim::of(&mining::template(&blocks[2], "")))?;
        source::wait_for_question(&mut silent, "HELLO")?;
        let claim = Claim::of(&blocks[2]);
        let sent = hello::line(&claim, 0);
        let mut honest = target.introduce(&claim)?;
        let chain = with(target, &blocks);
        serve(target, &mut honest, &chain, &sent, 6)
    })
    .needing(&[Need::CatchesUp]),
];

/// An original that passes on a valid block, as any does, and then an orphan, until it is asked for its chain: the
/// connection, and what was sent.
fn make_it_ask(
    target: &mut TargetUnderTest,
    blocks: &[Block],
) -> Result<(Connection, String), Failure> {
    let mut original = target.listener()?;
    let sent = lines([&blocks[0], &blocks[2]]);
    original.send(&sent);
    original.want(&sent, |line| line.starts_with("GET_CHAIN"))?;
    Ok((original, sent))
}

/// The chain up to `tip` and these blocks on it.
fn with(target: &TargetUnderTest, blocks: &[Block]) -> Vec<Block> {
    [target.chain(), blocks].concat()
}
