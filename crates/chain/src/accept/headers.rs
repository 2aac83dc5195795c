//! Headers before bodies: what a chain of headers proves, counted and not stored.
//!
//! Owns the rules that need other headers: link, time, history and work. A peer that
//! claims a better chain shows its headers first, and only where they carry more work than ours is a
//! body asked for.

use super::Chain;
use crate::checked::{CheckedHeader, Header};
use crate::hash::BlockHash;
use crate::ledger::ChainSpec;
use crate::ledger::commitment::MerkleRoot;
use crate::merkle::MerkleBuilder;
use crate::params::{MAX_AHEAD_SECONDS, MEDIAN_BLOCKS};
use crate::pow::asert::next_target;
use crate::pow::{ChainTime, Work};
use crate::prelude::*;
use crate::rules::{RuleViolation, classic, ledger as rules};
use crate::store::StoreResult;
use crate::tree::BestPoint;

/// What became of a header that breaks no rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pushed {
    /// It counts.
    Added,
    /// It is too far ahead of the clock, and nothing was added.
    Ahead {
        /// From when on it counts, in Unix seconds.
        due: u64,
    },
}

/// Headers that follow on a known block, each checked against those before it. Holds as much after
/// a million of them as after one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeaderChain {
    base: BestPoint,
    tip: BestPoint,
    time: ChainTime,
    /// Of the last blocks, youngest last.
    timestamps: VecDeque<u64>,
    history: MerkleBuilder,
}

impl HeaderChain {
    /// The known block that they follow on.
    #[must_use]
    pub fn base(&self) -> BestPoint {
        self.base
    }

    /// The last header, with the work that it proves.
    #[must_use]
    pub fn tip(&self) -> BestPoint {
        self.tip
    }

    /// Adds the next header, unless it is ahead of the clock. `now` is Unix time in seconds.
    ///
    /// # Errors
    /// The first rule that it breaks; nothing is added.
    pub fn push(
        &mut self,
        checked: &CheckedHeader,
        spec: &ChainSpec,
        now: u64,
    ) -> Result<Pushed, RuleViolation> {
        let Header { block, commitment } = checked.header();
        classic::check_link(block, &self.tip.hash)?;
        classic::check_index(block, self.tip.height)?;
        let expected = next_target(self.tip.height, self.time.active_s, spec.asert());
        rules::check_target(commitment, expected)?;
        let mut sorted: Vec<u64> = self.timestamps.iter().copied().collect();
        sorted.sort_unstable();
        let median = sorted.get(sorted.len() / 2).copied().unwrap_or_default();
        rules::check_median(block, median)?;
        rules::check_history_root(commitment, MerkleRoot(self.history.root()))?;
        rules::check_no_state_root(block, commitment)?;
        // A clock may be wrong, so no peer is blamed, and nothing is remembered of it.
        let due = block.timestamp.saturating_sub(MAX_AHEAD_SECONDS);
        if now < due {
            return Ok(Pushed::Ahead { due });
        }
        let work = expected.target().map_or(Work::ZERO, |target| target.work());
        self.tip =
            BestPoint { height: block.index, hash: block.hash, work: self.tip.work.plus(work) };
        self.time = self.time.after(block.index, block.timestamp, spec.asert());
        if self.timestamps.len() == MEDIAN_BLOCKS {
            self.timestamps.pop_front();
        }
        self.timestamps.push_back(block.timestamp);
        self.history.push_leaf(&block.hash.0);
        Ok(Pushed::Added)
    }
}

impl Chain {
    /// What headers can follow on: a known block, in any branch. `None` where it is not known, or
    /// this is not a ledger.
    ///
    /// # Errors
    /// [`crate::StoreError`] where the store cannot be read.
    pub fn header_chain(&mut self, base: &BlockHash) -> StoreResult<Option<HeaderChain>> {
        let Some(known) = self.tree.find(base)? else { return Ok(None) };
        let mut timestamps = self.tree.timestamps(base, MEDIAN_BLOCKS)?;
        timestamps.reverse();
        let Some(ledger) = &mut self.ledger else { return Ok(None) };
        let history = ledger.histories.through(&known.point, &self.tree)?;
        Ok(Some(HeaderChain {
            base: known.point,
            tip: known.point,
            time: known.time,
            timestamps: timestamps.into(),
            history,
        }))
    }
}
