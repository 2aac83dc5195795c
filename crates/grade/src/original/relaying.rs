//! Passing on: to whom, how often, and in which order.

use kusari_chain::Block;

use crate::expected_blocks::{hear_exactly, hear_through};
use crate::mining::{line, lines};
use crate::needs::Need;
use crate::report::{Evidence, Step, Verdict, broken};
use crate::target::{TargetUnderTest, is_block};
use crate::{CONDUCT, Case};

pub(super) const CASES: &[Case] = &[
    Case::original(CONDUCT, "passes a new block on to every connection that spoke", |target| {
        let mut listeners = [target.listener()?, target.listener()?];
        let block = target.bring_one()?;
        listeners.iter_mut().try_fold(Evidence::default(), |_, listener| {
            hear_exactly(listener, std::slice::from_ref(&block), &line(&block))
        })
    }),
    Case::original(
        CONDUCT,
        "passes a new block on to one who began with an unknown verb",
        |target| {
            let mut listener = target.listener_after("FOO\n")?;
            let block = target.bring_one()?;
            let sent = line(&block);
            hear_exactly(&mut listener, &[block], &sent)
        },
    )
    .needing(&[Need::PassesOn]),
    Case::original(CONDUCT, "does not send a block back to where it came from", |target| {
        let blocks = target.mine(1);
        none_comes_back(target, &blocks, &lines(&blocks))
    })
    .needing(&[Need::PassesOn]),
    Case::classic(CONDUCT, "does not send a block back that waited for its parent", |target| {
        let blocks = target.mine(2);
        let sent = lines(blocks.iter().rev());
        none_comes_back(target, &blocks, &sent)
    })
    .needing(&[Need::PassesOn, Need::KeepsOrphans]),
    Case::classic(CONDUCT, "passes a block on once that comes three times", |target| {
        let mut listener = target.listener()?;
        let blocks = target.mine(2);
        let sent = lines([&blocks[0], &blocks[0], &blocks[0], &blocks[1]]);
        target.offer(&sent, &blocks).or_untried("it does not take a block that comes again")?;
        hear_exactly(&mut listener, &blocks, &sent)
    })
    .needing(&[Need::PassesOn]),
    Case::classic(CONDUCT, "passes a block on once that those it was sent to send on", |target| {
        let (mut one, mut other) = (target.listener()?, target.listener()?);
        let block = target.bring_one()?;
        let sent = line(&block);
        hear_through(&mut other, &block, &sent).or_untried("it passes no new block on")?;
        // As originals do, one sends it on although it has it from here.
        let next = target.mine_one();
        other.send(lines([&block, &next]));
        let shown = hear_exactly(&mut one, &[block, next.clone()], &sent)?;
        target.joined(&sent, &[next])?;
        Ok(shown)
    })
    .needing(&[Need::PassesOn]),
    Case::classic(
        CONDUCT,
        "passes blocks on parents first, though an orphan came first",
        |target| {
            let mut listener = target.listener()?;
            let blocks = target.mine(3);
            let sent = lines(blocks.iter().rev());
            target.offer(&sent, &blocks).or_untried("it does not take orphans")?;
            hear_exactly(&mut listener, &blocks, &sent)
        },
    )
    .needing(&[Need::PassesOn, Need::KeepsOrphans]),
    Case::classic(
        CONDUCT,
        "tells an original the whole new branch after a reorganisation",
        |target| {
            let fork = target.tip();
            let loses = target.mine_on(&fork, 1);
            target.bring(&loses)?;
            let mut listener = target.listener()?;
            let wins = target.mine_on(&fork, 3);
            let sent = lines(&wins);
            target.offer(&sent, &wins).or_untried("it does not reorganise")?;
            // On equal work the new branch may have been ahead already with its first block.
            hear_exactly(&mut listener, &wins, &sent)
        },
    )
    .needing(&[Need::PassesOn, Need::Reorganises]),
];

/// Sends lines that bring these blocks, and looks whether one of them is passed on to their sender.
fn none_comes_back(target: &mut TargetUnderTest, blocks: &[Block], sent: &str) -> Verdict {
    let mut sender = target.listener()?;
    sender.send(sent);
    target.joined(sent, blocks).or_untried("it does not take valid blocks")?;
    // Whatever comes before the answer was passed on.
    sender.send("GET_CHAIN\n");
    let answer = target.collect(&mut sender);
    for block in blocks {
        let mut heard = answer.lines.iter().filter(|line| is_block(line, &block.hash));
        match (heard.next(), heard.next()) {
            (Some(_), None) => {}
            (None, _) => {
                return broken(sent, answer.last()).or_untried("it does not answer GET_CHAIN");
            }
            (Some(line), Some(_)) => return broken(sent, line),
        }
    }
    Ok(Evidence::new(sent, "it came in the answer to GET_CHAIN only"))
}
