//! One thing that the protocol demands, and how to find out.

use super::needs::Need;
use super::report::{Level, Verdict};
use super::target::TargetUnderTest;

pub(super) struct Case {
    /// A sentence about the target's behaviour.
    pub(super) name: &'static str,
    /// Where the protocol demands it.
    pub(super) section: &'static str,
    pub(super) level: Level,
    /// Whether it is made on a chain with a block that the target took a moment ago.
    takes_blocks: bool,
    needs: &'static [Need],
    run: fn(&mut TargetUnderTest) -> Verdict,
}

impl Case {
    /// What every node must do, an original too.
    pub(super) const fn original(
        section: &'static str,
        name: &'static str,
        run: fn(&mut TargetUnderTest) -> Verdict,
    ) -> Self {
        Self { name, section, level: Level::Original, takes_blocks: true, needs: &[], run }
    }

    /// What a node must do that keeps the rules of the chain.
    pub(super) const fn classic(
        section: &'static str,
        name: &'static str,
        run: fn(&mut TargetUnderTest) -> Verdict,
    ) -> Self {
        Self { level: Level::Classic, ..Self::original(section, name, run) }
    }

    /// What a node must do that answers `HELLO`.
    pub(super) const fn kusari(
        section: &'static str,
        name: &'static str,
        run: fn(&mut TargetUnderTest) -> Verdict,
    ) -> Self {
        Self { level: Level::Kusari, ..Self::original(section, name, run) }
    }

    /// The same of a target that needs to show nothing but that it lives.
    pub(super) const fn of_any_target(self) -> Self {
        Self { takes_blocks: false, ..self }
    }

    /// The same of a target that has shown this first.
    pub(super) const fn needing(self, needs: &'static [Need]) -> Self {
        Self { needs, ..self }
    }

    /// Makes the check of a target that does what it needs.
    pub(super) fn try_on(&self, target: &mut TargetUnderTest) -> Verdict {
        target.wait_until_alive()?;
        if self.takes_blocks {
            target.bring_one()?;
        }
        for need in self.needs {
            need.shown_by(target)?;
        }
        let shown = (self.run)(target)?;
        target.still_takes_connections(shown)
    }
}
