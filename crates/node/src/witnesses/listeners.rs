//! Which statements each peer is still to be sent, and how many of its own are looked at.
//!
//! Owns the pace, both ways. Knows no statements, only which they are: what was dropped when its turn
//! comes takes no line.

use kusari_chain::ledger::{PublicKey, WitnessStatement};

use crate::interface::PeerId;
use crate::limits::{
    MAX_PENDING_STATEMENTS, STATEMENT_BURST, STATEMENT_REFILL, TAKEN_STATEMENT_BURST,
    TAKEN_STATEMENT_REFILL,
};
use crate::prelude::*;
use crate::token_bucket::TokenBucket;

/// What a peer is to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Pending {
    /// The statement of a key under a sequence.
    Statement(PublicKey, u64),
    /// The two statements that prove an equivocation of a key.
    Evidence(PublicKey),
}

#[derive(Serialize, Deserialize)]
struct Listener {
    /// Oldest first; at most [`MAX_PENDING_STATEMENTS`].
    pending: VecDeque<Pending>,
    /// Lines to it.
    sends: TokenBucket,
    /// Lines from it.
    takes: TokenBucket,
    /// The last of these that was looked at, kept or not: evidence comes as two lines in a row.
    #[serde(default)]
    last: Option<WitnessStatement>,
}

/// Peers that introduced themselves.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Listeners(BTreeMap<PeerId, Listener>);

impl Listeners {
    /// From now on the peer is sent what comes, and this at first.
    pub(crate) fn add(&mut self, peer: PeerId, now: Duration, first: Vec<Pending>) {
        let mut listener = Listener {
            pending: VecDeque::new(),
            sends: TokenBucket::new(STATEMENT_BURST, STATEMENT_REFILL, now),
            takes: TokenBucket::new(TAKEN_STATEMENT_BURST, TAKEN_STATEMENT_REFILL, now),
            last: None,
        };
        first.into_iter().for_each(|pending| listener.want(pending));
        self.0.insert(peer, listener);
    }

    pub(crate) fn remove(&mut self, peer: PeerId) {
        self.0.remove(&peer);
    }

    /// Whether a statement of this peer is looked at. `None` where it did not introduce itself.
    pub(crate) fn may_take(&mut self, peer: PeerId, now: Duration) -> Option<bool> {
        self.0.get_mut(&peer).map(|listener| listener.takes.take(1, now))
    }

    /// Every listener but the sender is to be sent this.
    pub(crate) fn pass_on(&mut self, pending: Pending, sender: Option<PeerId>) {
        for (peer, listener) in &mut self.0 {
            if Some(*peer) != sender {
                listener.want(pending);
            }
        }
    }

    /// The peer has the statement, since it sent it. Returns the one that it sent before.
    pub(crate) fn has(
        &mut self,
        peer: PeerId,
        statement: &WitnessStatement,
    ) -> Option<WitnessStatement> {
        let known = Pending::Statement(statement.key, statement.sequence);
        let listener = self.0.get_mut(&peer)?;
        listener.pending.retain(|pending| *pending != known);
        listener.last.replace(*statement)
    }

    /// What to send now, to whom; `read` gives the one or two lines of what is pending.
    pub(super) fn due(
        &mut self,
        now: Duration,
        read: impl Fn(&Pending) -> Option<(WitnessStatement, Option<WitnessStatement>)>,
    ) -> Vec<(PeerId, WitnessStatement)> {
        let mut due = Vec::new();
        for (peer, listener) in &mut self.0 {
            while let Some(pending) = listener.pending.front() {
                // One that was dropped meanwhile takes no line.
                let Some((first, second)) = read(pending) else {
                    listener.pending.pop_front();
                    continue;
                };
                if !listener.sends.take(pending.lines(), now) {
                    break;
                }
                listener.pending.pop_front();
                due.extend([Some(first), second].into_iter().flatten().map(|line| (*peer, line)));
            }
        }
        due
    }

    /// When [`Listeners::due`] has something next.
    pub(super) fn deadline(&self) -> Option<Duration> {
        let next = self.0.values().filter_map(|listener| {
            Some(listener.sends.ready_at(listener.pending.front()?.lines()))
        });
        next.min()
    }

    /// Whether no more waits than may: it may come from a stranger's file.
    pub(super) fn is_within_bounds(&self) -> bool {
        self.0.values().all(|listener| listener.pending.len() <= MAX_PENDING_STATEMENTS)
    }
}

impl Pending {
    fn lines(self) -> u32 {
        match self {
            Self::Statement(..) => 1,
            Self::Evidence(_) => 2,
        }
    }
}

impl Listener {
    fn want(&mut self, pending: Pending) {
        // A peer that is this far behind learns the newest when it connects again.
        if self.pending.len() < MAX_PENDING_STATEMENTS {
            self.pending.push_back(pending);
        }
    }
}
