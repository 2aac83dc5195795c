//! Our own statements: when one is due, which sequence it has, and when it may be sent.
//!
//! A key that signs two statements under one sequence is worth nothing ever after, so whatever is
//! in doubt ends in no statement.

use core::time::Duration;

use kusari_chain::BestPoint;
use kusari_chain::ledger::{
    ChainId, Equivocation, PublicKey, StatementHash, UnsignedStatement, WitnessStatement,
};
use serde::{Deserialize, Serialize};

use crate::limits::STATEMENT_INTERVAL;
use crate::seam::{CommitId, Now};

/// Why a node makes no statements any more, until it is started again at the least.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WitnessStop {
    /// Somebody has two statements of this key under one sequence.
    #[error(
        "two statements of this node's own witness key bear the sequence {sequence}: another node \
         uses a copy of the key, or this one went on from an old backup; move `witness.key` away, so \
         that the next start makes a new key, and tell those who list the old one"
    )]
    Equivocated {
        /// The sequence.
        sequence: u64,
    },
    /// The driver signed something else, or with another key.
    #[error("a statement was signed wrongly, which is a bug in kusari; please report it")]
    WrongSignature,
    /// There is no sequence after the last one.
    #[error("this node's witness key has used its last sequence; move `witness.key` away")]
    NoSequence,
}

/// The statements of this node's key that are under way.
#[derive(Serialize, Deserialize)]
pub(crate) struct Own {
    key: PublicKey,
    /// What the driver was asked to sign.
    asked: Option<UnsignedStatement>,
    /// When the next one may be made; unknown until the first input. Until then peers may tell of
    /// statements that the store has lost.
    next_at: Option<Duration>,
    /// A statement in a commit that is not durable yet.
    unsent: Option<(CommitId, u64)>,
    stopped: Option<WitnessStop>,
}

impl Own {
    pub(super) fn new(key: PublicKey) -> Self {
        Self { key, asked: None, next_at: None, unsent: None, stopped: None }
    }

    pub(crate) fn key(&self) -> PublicKey {
        self.key
    }

    pub(super) fn is_witnessing(&self) -> bool {
        self.stopped.is_none()
    }

    /// Ends for good. Returns whether it had not ended before.
    pub(crate) fn stop(&mut self, why: WitnessStop) -> bool {
        self.asked = None;
        let is_first = self.stopped.is_none();
        self.stopped.get_or_insert(why);
        is_first
    }

    /// The store holds evidence against our key.
    pub(super) fn convict_if(&mut self, evidence: Option<&Equivocation>) {
        if let Some(evidence) = evidence {
            self.stop(WitnessStop::Equivocated { sequence: evidence.first.sequence });
        }
    }

    /// A later statement came from elsewhere, so what is being signed may bear a sequence that is
    /// used: it is not taken any more.
    pub(super) fn go_on_after_others(&mut self) {
        self.asked = None;
    }

    /// The statement to be signed now, if one is due. `last` is our newest one.
    pub(super) fn due(
        &mut self,
        now: Now,
        tip: &BestPoint,
        last: Option<&WitnessStatement>,
    ) -> Result<Option<UnsignedStatement>, WitnessStop> {
        let next_at = *self.next_at.get_or_insert(now.monotonic + STATEMENT_INTERVAL);
        if now.monotonic < next_at || !self.wants(tip, last) {
            return Ok(None);
        }
        let (sequence, previous) = match last {
            None => (0, StatementHash::ZERO),
            Some(last) => {
                let next = last.sequence.checked_add(1).ok_or(WitnessStop::NoSequence)?;
                (next, last.statement_hash())
            }
        };
        let BestPoint { height, hash, .. } = *tip;
        let statement = UnsignedStatement { sequence, previous, height, hash, time: now.wall };
        self.next_at = Some(now.monotonic + STATEMENT_INTERVAL);
        self.asked = Some(statement);
        Ok(Some(statement))
    }

    /// Whether there is something to say, now or when it is time. Everybody knows the genesis block.
    fn wants(&self, tip: &BestPoint, last: Option<&WitnessStatement>) -> bool {
        self.stopped.is_none()
            && self.asked.is_none()
            && tip.height > 0
            && last.is_none_or(|last| last.hash != tip.hash)
    }

    /// When [`Own::due`] has something next.
    pub(super) fn deadline(
        &self,
        tip: &BestPoint,
        last: Option<&WitnessStatement>,
    ) -> Option<Duration> {
        self.next_at.filter(|_| self.wants(tip, last))
    }

    /// The driver signed a statement. `Ok(false)` where it is no longer wanted.
    pub(crate) fn signed(
        &mut self,
        statement: &WitnessStatement,
        chain: &ChainId,
    ) -> Result<bool, WitnessStop> {
        match self.asked.take() {
            None => Ok(false),
            Some(asked)
                if asked == statement.unsigned()
                    && statement.key == self.key
                    && statement.is_signed(chain) =>
            {
                Ok(true)
            }
            Some(_) => Err(WitnessStop::WrongSignature),
        }
    }

    /// It is part of this commit, and not to be sent before.
    pub(crate) fn commits_with(&mut self, commit: CommitId, sequence: u64) {
        self.unsent = Some((commit, sequence));
    }

    /// The statement that is not durable yet.
    pub(super) fn unsent(&self) -> Option<u64> {
        self.unsent.map(|(_, sequence)| sequence)
    }

    /// Every commit up to `through` is durable. Returns the statement that may be sent since.
    pub(super) fn committed(&mut self, through: CommitId) -> Option<u64> {
        self.unsent.take_if(|(commit, _)| *commit <= through).map(|(_, sequence)| sequence)
    }
}
