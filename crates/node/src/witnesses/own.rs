//! Our own statements: when one is due, which sequence it has, and when it may be sent.
//!
//! A key that signs two statements under one sequence is worth nothing ever after, so whatever is
//! in doubt ends in no statement.

use kusari_chain::BestPoint;
use kusari_chain::ledger::{
    ChainId, Equivocation, PublicKey, StatementHash, UnsignedStatement, WitnessStatement,
};

use super::memory::{LastStatement, WitnessMemory};
use crate::interface::CommitId;
use crate::limits::STATEMENT_INTERVAL;
use crate::prelude::*;

/// Why a node makes no statements any more, until it is started again at the least.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WitnessStop {
    /// Somebody has two statements of this key under one sequence.
    #[error(
        "two statements of this node's own witness key bear the sequence {sequence}: another node \
         uses a copy of the key, or this one went on from an old copy of its data directory; stop it, \
         make a new key with `kusari witness-key new`, and tell those who list the old one"
    )]
    Equivocated {
        /// The sequence.
        sequence: u64,
    },
    /// The driver signed something else, or with another key.
    #[error("a statement was signed wrongly, which is a bug in kusari; please report it")]
    WrongSignature,
    /// There is no sequence after the last one.
    #[error(
        "this node's witness key has used its last sequence; stop the node and make a new key with \
         `kusari witness-key new`"
    )]
    NoSequence,
    /// What the key said is not known, so any statement of it may contradict an earlier one.
    #[error(
        "what this node's witness key said before is not known, because `witness.state` is missing, \
         damaged or of another key; put back the file that belongs to the key, or stop the node, make \
         a new key with `kusari witness-key new`, and tell those who list the old one"
    )]
    NoMemory,
    /// What the key says could not be remembered, so it is not said.
    #[error(
        "`witness.state` cannot be written; make room on the disk, or see to the permissions of the \
         data directory, and start the node again"
    )]
    NotRemembered,
}

/// What the driver was asked for and has not answered.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Asked {
    /// To sign this.
    Statement(UnsignedStatement),
    /// To remember this.
    Memory(WitnessMemory),
}

/// The statements of this node's key that are under way.
#[derive(Serialize, Deserialize)]
pub(crate) struct Own {
    key: PublicKey,
    /// What the driver remembers durably.
    memory: WitnessMemory,
    /// The newest statement of the key that is known of, from wherever.
    said: Option<LastStatement>,
    asked: Option<Asked>,
    /// When the next one may be made; unknown until the first input. Until then peers may tell of
    /// statements that were forgotten here.
    next_at: Option<Duration>,
    /// A statement in a commit that is not durable yet.
    unsent: Option<(CommitId, u64)>,
    stopped: Option<WitnessStop>,
    /// Whether the person is still to be told of it.
    untold: bool,
}

impl Own {
    pub(super) fn new(key: PublicKey, memory: WitnessMemory) -> Self {
        Self {
            key,
            memory,
            said: memory.last(),
            asked: None,
            next_at: None,
            unsent: None,
            stopped: (memory == WitnessMemory::Lost).then_some(WitnessStop::NoMemory),
            untold: memory == WitnessMemory::Lost,
        }
    }

    pub(crate) fn key(&self) -> PublicKey {
        self.key
    }

    pub(crate) fn stopped(&self) -> Option<WitnessStop> {
        self.stopped
    }

    /// Ends for good, of which the person is to be told once.
    pub(crate) fn stop(&mut self, why: WitnessStop) {
        self.asked = None;
        if self.stopped.is_none() {
            self.stopped = Some(why);
            self.untold = true;
        }
    }

    /// Why it ended, the first time that this is asked.
    pub(super) fn stop_to_tell(&mut self) -> Option<WitnessStop> {
        self.stopped.filter(|_| core::mem::take(&mut self.untold))
    }

    /// What the store holds of our key.
    pub(super) fn load(
        &mut self,
        newest: Option<&WitnessStatement>,
        evidence: Option<&Equivocation>,
    ) {
        if let Some(newest) = newest {
            self.raise(newest.into());
        }
        if let Some(evidence) = evidence {
            self.stop(WitnessStop::Equivocated { sequence: evidence.first.sequence });
        }
    }

    fn raise(&mut self, last: LastStatement) -> bool {
        let is_newer = self.said.is_none_or(|said| said.sequence < last.sequence);
        if is_newer {
            self.said = Some(last);
        }
        is_newer
    }

    /// A statement came from elsewhere. Where nothing as new was known here, what is being signed may
    /// bear a sequence that is used, and is not taken any more. Returns whether this node goes on after
    /// it.
    pub(crate) fn returned(&mut self, statement: &WitnessStatement) -> bool {
        let is_newer = self.raise(statement.into());
        if is_newer && matches!(self.asked, Some(Asked::Statement(_))) {
            self.asked = None;
        }
        is_newer && self.stopped.is_none()
    }

    /// What the driver is to remember before anything else is said, if there is something.
    pub(super) fn memory_due(&mut self) -> Option<WitnessMemory> {
        if self.asked.is_some() {
            return None;
        }
        if self.memory == WitnessMemory::Unkept && self.said.is_none() {
            // Whoever asks again later may find what a peer brought back, and not the newest.
            self.memory = WitnessMemory::Lost;
            self.stop(WitnessStop::NoMemory);
            return Some(WitnessMemory::Lost);
        }
        let wanted = WitnessMemory::Last(self.said?);
        if self.stopped.is_some() || self.memory.raised(wanted) == self.memory {
            return None;
        }
        self.asked = Some(Asked::Memory(wanted));
        Some(wanted)
    }

    /// The driver remembers this.
    pub(crate) fn remembered(&mut self, memory: WitnessMemory) {
        self.memory = self.memory.raised(memory);
        self.asked.take_if(|asked| *asked == Asked::Memory(memory));
    }

    /// The statement to be signed now, if one is due. `newest` is our newest one that is kept.
    pub(super) fn due(
        &mut self,
        now: Duration,
        wall: u64,
        tip: &BestPoint,
        newest: Option<&WitnessStatement>,
    ) -> Result<Option<UnsignedStatement>, WitnessStop> {
        let next_at = *self.next_at.get_or_insert(now + STATEMENT_INTERVAL);
        if now < next_at || !self.wants(tip, newest) {
            return Ok(None);
        }
        let (sequence, previous) = match self.said {
            None => (0, StatementHash::ZERO),
            Some(said) => {
                let next = said.sequence.checked_add(1).ok_or(WitnessStop::NoSequence)?;
                (next, said.hash)
            }
        };
        let BestPoint { height, hash, .. } = *tip;
        let statement = UnsignedStatement { sequence, previous, height, hash, time: wall };
        self.next_at = Some(now + STATEMENT_INTERVAL);
        self.asked = Some(Asked::Statement(statement));
        Ok(Some(statement))
    }

    /// Whether there is something to say, now or when it is time. Everybody knows the genesis block.
    fn wants(&self, tip: &BestPoint, newest: Option<&WitnessStatement>) -> bool {
        self.stopped.is_none()
            && self.asked.is_none()
            && self.unsent.is_none()
            && tip.height > 0
            && newest.is_none_or(|newest| newest.hash != tip.hash)
    }

    /// When [`Own::due`] has something next.
    pub(super) fn deadline(
        &self,
        tip: &BestPoint,
        newest: Option<&WitnessStatement>,
    ) -> Option<Duration> {
        self.next_at.filter(|_| self.wants(tip, newest))
    }

    /// The driver signed a statement, and remembers it. `Ok(false)` where it is no longer wanted.
    pub(crate) fn signed(
        &mut self,
        statement: &WitnessStatement,
        chain: &ChainId,
    ) -> Result<bool, WitnessStop> {
        if statement.key == self.key {
            // Its sequence is used, whatever becomes of it.
            self.raise(statement.into());
            self.memory = self.memory.raised(WitnessMemory::Last(statement.into()));
        }
        let Some(Asked::Statement(asked)) = self.asked else { return Ok(false) };
        self.asked = None;
        match asked == statement.unsigned()
            && statement.key == self.key
            && statement.is_signed(chain)
        {
            true => Ok(true),
            false => Err(WitnessStop::WrongSignature),
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
