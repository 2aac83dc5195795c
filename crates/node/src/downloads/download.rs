//! One request: what ends its answer, what it is for, and how far it came.

use kusari_chain::{BestPoint, BlockHash, Work};

use crate::limits::{ANNOUNCED_TIMEOUT, ANSWER_TIMEOUT, REQUEST_TIMEOUT};
use crate::originals::LastBlock;
use crate::prelude::*;
use crate::wire::{MAX_BLOCKS, MAX_HASHES};

/// What a peer sends in answer, as far as its end is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Answer {
    /// At most so many blocks that follow one another, and `END`.
    Stream(u32),
    /// Those of so many blocks that it has, and `END`.
    Hashes(u32),
    /// One `HEADERS` line.
    Headers,
    /// The whole chain of an original, which has no end but silence.
    Chain,
    /// Nothing more: its headers are here, and their bodies are being asked for.
    Done,
}

impl Answer {
    pub(super) fn has_end(self) -> bool {
        matches!(self, Self::Stream(_) | Self::Hashes(_))
    }

    /// Whether an `END` of this form ends it.
    pub(super) fn fits(self, count: u32, missing: usize) -> bool {
        match self {
            Self::Stream(limit) => missing == 0 && count <= limit,
            Self::Hashes(asked) => u64::from(count) + missing as u64 == u64::from(asked),
            Self::Headers | Self::Chain | Self::Done => false,
        }
    }
}

/// What a request is for.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Purpose {
    /// To catch up with the peer.
    Sync(Progress),
    /// A block that it announced.
    Announced(BlockHash),
    /// Bodies of headers.
    Bodies {
        /// Those that did not come yet.
        bodies: Vec<Body>,
        /// How many it delivered.
        delivered: u32,
        /// Others are asked for the same: it has delivered nothing so far, or stands still.
        is_shared: bool,
    },
    /// Payloads of a block that is here without.
    Payloads(BlockHash),
    /// The chain of an original.
    Chain {
        /// The last block that came.
        last: LastBlock,
        /// The orphan that made us ask, if one did.
        orphan: Option<BlockHash>,
    },
}

/// How far an answer has come that is to catch up.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Progress {
    /// Our work when it was asked for.
    pub(super) work_before: Work,
    /// The block after which the peer was asked to go on.
    pub(super) cursor: Option<BestPoint>,
    /// The last block that came and has a place in the tree.
    pub(super) last: Option<BestPoint>,
    /// The orphan that made us ask, if one did.
    pub(super) orphan: Option<BlockHash>,
    /// A block came that was not here.
    pub(super) is_fresh: bool,
    /// Blocks of it that raised our best work.
    pub(super) gained: u32,
    /// It keeps no other peer from being asked.
    pub(super) is_slow: bool,
}

/// A body that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Body {
    pub(super) hash: BlockHash,
    pub(super) parent: BlockHash,
}

/// One request.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Download {
    answer: Answer,
    purpose: Purpose,
    pub(super) sent_at: Duration,
    /// When the last new block of the answer came, or the request was sent. What we have already does
    /// not count: anybody can repeat it for ever.
    pub(super) moved_at: Duration,
    /// It was given up; what comes of it is taken, and is progress of nothing.
    pub(super) is_abandoned: bool,
}

impl Download {
    pub(super) fn new(answer: Answer, purpose: Purpose, now: Duration) -> Self {
        Self { answer, purpose, sent_at: now, moved_at: now, is_abandoned: false }
    }

    pub(super) fn answer(&self) -> &Answer {
        &self.answer
    }

    pub(super) fn purpose(&self) -> &Purpose {
        &self.purpose
    }

    pub(super) fn purpose_mut(&mut self) -> &mut Purpose {
        &mut self.purpose
    }

    /// What it is for, if it was not given up.
    pub(crate) fn live_purpose(&self) -> Option<&Purpose> {
        (!self.is_abandoned).then_some(&self.purpose)
    }

    /// How long it has been under way.
    pub(crate) fn time_taken(&self, now: Duration) -> Duration {
        now.saturating_sub(self.sent_at)
    }

    /// What it was for, if it was not given up.
    pub(super) fn into_purpose(self) -> Option<Purpose> {
        (!self.is_abandoned).then_some(self.purpose)
    }

    /// Whether the peer has still to send the end of its answer, where that has one.
    pub(super) fn is_owed(&self) -> bool {
        !matches!(self.answer, Answer::Chain | Answer::Done)
    }

    /// Whether it is to catch up, and was not given up.
    pub(super) fn is_sync(&self) -> bool {
        matches!(self.purpose, Purpose::Sync(_)) && !self.is_abandoned
    }

    pub(super) fn is_chain(&self) -> bool {
        matches!(self.purpose, Purpose::Chain { .. })
    }

    pub(super) fn go_on(&mut self, answer: Answer, now: Duration) {
        (self.answer, self.moved_at) = (answer, now);
    }

    /// When it is given up, if nothing happens until then. The chain of an original ends otherwise.
    pub(super) fn deadline(&self) -> Option<Duration> {
        Some(match &self.purpose {
            Purpose::Chain { .. } => return None,
            // Bodies are many answers.
            Purpose::Sync(_) if self.answer == Answer::Done => self.moved_at + REQUEST_TIMEOUT,
            Purpose::Sync(_) => {
                (self.moved_at + REQUEST_TIMEOUT).min(self.sent_at + ANSWER_TIMEOUT)
            }
            Purpose::Announced(_) => self.sent_at + ANNOUNCED_TIMEOUT,
            Purpose::Bodies { .. } => self.moved_at + REQUEST_TIMEOUT,
            Purpose::Payloads(_) => self.sent_at + REQUEST_TIMEOUT,
        })
    }

    /// Gives it up, and returns it as it was.
    pub(super) fn abandon(&mut self) -> Self {
        let before = self.clone();
        self.is_abandoned = true;
        if let Purpose::Bodies { bodies, .. } = &mut self.purpose {
            *bodies = Vec::new();
        }
        before
    }

    /// Takes it up again: its answer came after all. It keeps no other peer from being asked.
    pub(super) fn revive(&mut self, now: Duration) {
        let sent_at = self.sent_at.max(now.saturating_sub(REQUEST_TIMEOUT));
        (self.is_abandoned, self.sent_at, self.moved_at) = (false, sent_at, now);
        if let Purpose::Sync(progress) = &mut self.purpose {
            progress.is_slow = true;
        }
    }

    pub(super) fn is_within_bounds(&self) -> bool {
        let answer = match self.answer {
            Answer::Stream(limit) => limit <= MAX_BLOCKS,
            Answer::Hashes(asked) => u64::from(asked) <= MAX_HASHES as u64,
            Answer::Headers | Answer::Chain | Answer::Done => true,
        };
        let bodies = match &self.purpose {
            Purpose::Bodies { bodies, .. } => bodies.len() <= MAX_HASHES,
            _ => true,
        };
        answer && bodies
    }
}
