//! What a target must be able to do before a check can say anything, each shown by an honest peer.
//!
//! A check that finds nothing wrong with a target that does nothing would say that all is well, and one that needs more than
//! it is about would condemn a target twice for one fault.

use super::expected_blocks::hear_exactly;
use super::introduced::hello::{self, Claim};
use super::introduced::source::serve;
use super::mining::{line, lines};
use super::report::{Evidence, Failure, Step, Verdict};
use super::target::TargetUnderTest;

/// Something that a check is made of and not about.
#[derive(Clone, Copy)]
pub(super) enum Need {
    /// It passes a new block on.
    PassesOn,
    /// It adds an orphan once its parent has come.
    KeepsOrphans,
    /// It follows a branch with more work.
    Reorganises,
    /// It answers `PING`.
    AnswersPing,
    /// It answers `GET_BLOCKS`.
    GivesBlocks,
    /// It asks a peer that claims more work, and takes the answer.
    CatchesUp,
}

impl Need {
    /// Has the target show it. The chain is longer afterwards.
    pub(super) fn shown_by(self, target: &mut TargetUnderTest) -> Result<(), Failure> {
        let shown = match self {
            Self::PassesOn => passes_on(target),
            Self::KeepsOrphans => keeps_orphans(target),
            Self::Reorganises => reorganises(target),
            Self::AnswersPing => answers_ping(target),
            Self::GivesBlocks => gives_blocks(target),
            Self::CatchesUp => catches_up(target),
        };
        shown.or_untried(self.why_not()).map(|_| ())
    }

    fn why_not(self) -> &'static str {
        match self {
            Self::PassesOn => "it passes no new block on",
            Self::KeepsOrphans => "it does not add an orphan once its parent has come",
            Self::Reorganises => "it does not follow a branch with more work",
            Self::AnswersPing => "it does not answer PING",
            Self::GivesBlocks => "it does not answer GET_BLOCKS",
            Self::CatchesUp => "it does not catch up from a peer that claims more work",
        }
    }
}

fn passes_on(target: &mut TargetUnderTest) -> Verdict {
    let mut listener = target.listener()?;
    let block = target.bring_one()?;
    let sent = line(&block);
    hear_exactly(&mut listener, &[block], &sent)
}

fn keeps_orphans(target: &mut TargetUnderTest) -> Verdict {
    let blocks = target.mine(2);
    target.offer(lines(blocks.iter().rev()), &blocks)
}

fn reorganises(target: &mut TargetUnderTest) -> Verdict {
    let (first, second) = (target.mine(1), target.mine(2));
    target.bring(&first)?;
    target.offer(lines(&second), &second)
}

fn answers_ping(target: &mut TargetUnderTest) -> Verdict {
    let mut connection = target.introduce_as_equal()?;
    let number = target.number();
    connection.send(format!("PING:{number}\n"));
    let pong = format!("PONG:{number}");
    let got = connection.want(format!("PING:{number}"), |line| line == pong)?;
    Ok(Evidence::new(format!("PING:{number}"), got))
}

fn gives_blocks(target: &mut TargetUnderTest) -> Verdict {
    let mut connection = target.introduce_as_equal()?;
    let question = "GET_BLOCKS:{\"locator\":[],\"limit\":1}\n";
    connection.send(question);
    let got = connection.want(question, |line| line.starts_with("END:"))?;
    Ok(Evidence::new(question, got))
}

fn catches_up(target: &mut TargetUnderTest) -> Verdict {
    let blocks = target.mine(2);
    let chain = [target.chain(), &blocks].concat();
    let claim = Claim::of(&blocks[1]);
    let sent = hello::line(&claim, 0);
    let mut connection = target.introduce(&claim)?;
    serve(target, &mut connection, &chain, &sent, 2)
}
