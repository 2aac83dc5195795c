//! Which transactions each peer is still to be sent, and who waits for an answer to its own.
//!
//! Owns the pace. Knows ids alone: what no longer waits when its turn comes takes no line.

use kusari_chain::block::escaped_bytes;
use kusari_chain::ledger::{SignedTransaction, Txid};
use kusari_chain::mempool::{CheckedTransaction, Mempool, PooledTransaction};

use crate::interface::{CommitId, PeerId};
use crate::limits::{
    MAX_PENDING_TRANSACTIONS, MEMPOOL_INTERVAL, TRANSACTION_BURST, TRANSACTION_REFILL,
};
use crate::prelude::*;
use crate::token_bucket::TokenBucket;

/// What a peer is still to be sent.
#[derive(Serialize, Deserialize)]
struct Listener {
    /// Oldest first; at most [`MAX_PENDING_TRANSACTIONS`].
    pending: VecDeque<Txid>,
    /// Kibibytes of lines.
    allowance: TokenBucket,
    /// Whether it is sent what comes, beside what it asked for.
    follows: bool,
    /// When it asked for all that waits.
    asked_at: Option<Duration>,
}

#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Listeners {
    peers: BTreeMap<PeerId, Listener>,
    /// Peers whose own transactions are acknowledged once this commit is durable.
    accepting: BTreeMap<PeerId, CommitId>,
}

impl Listeners {
    /// From now on the peer is sent what comes.
    pub(crate) fn add(&mut self, peer: PeerId, now: Duration) {
        self.listener(peer, now).follows = true;
    }

    pub(crate) fn remove(&mut self, peer: PeerId) {
        self.peers.remove(&peer);
        self.accepting.remove(&peer);
    }

    fn listener(&mut self, peer: PeerId, now: Duration) -> &mut Listener {
        self.peers.entry(peer).or_insert_with(|| Listener {
            pending: VecDeque::new(),
            allowance: TokenBucket::new(TRANSACTION_BURST, TRANSACTION_REFILL, now),
            follows: false,
            asked_at: None,
        })
    }

    /// The peer is answered once this commit is durable.
    pub(crate) fn accepts_with(&mut self, peer: PeerId, commit: CommitId) {
        self.accepting.insert(peer, commit);
    }

    /// Every commit up to `through` is durable, and what waited for it is said.
    pub(crate) fn committed(&mut self, through: CommitId) {
        self.accepting.retain(|_, commit| *commit > through);
    }

    /// Whether the peer is still to be answered, or to be sent something that it asked for.
    pub(crate) fn is_busy(&self, peer: PeerId) -> bool {
        self.accepting.contains_key(&peer)
            || self.peers.get(&peer).is_some_and(|listener| !listener.pending.is_empty())
    }

    /// Every listener but the sender is to be sent the transaction.
    pub(super) fn pass_on(&mut self, txid: Txid, sender: Option<PeerId>) {
        for (peer, listener) in &mut self.peers {
            if listener.follows && Some(*peer) != sender {
                listener.want(txid);
            }
        }
    }

    /// The peer has the transaction, since it sent it.
    pub(crate) fn has(&mut self, peer: PeerId, txid: &Txid) {
        if let Some(listener) = self.peers.get_mut(&peer) {
            listener.pending.retain(|pending| pending != txid);
        }
    }

    /// The peer asks for all that waits: it is sent the best of it but what is not announced yet, at
    /// its pace.
    pub(crate) fn wants_all(
        &mut self,
        peer: PeerId,
        pool: &Mempool,
        unannounced: &BTreeSet<Txid>,
        bytes: u64,
        now: Duration,
    ) {
        let listener = self.listener(peer, now);
        // Looking through the pool costs more than asking.
        if listener.asked_at.is_some_and(|asked| now < asked + MEMPOOL_INTERVAL) {
            return;
        }
        listener.asked_at = Some(now);
        let pending: BTreeSet<Txid> = listener.pending.iter().copied().collect();
        let best = pool.select(bytes).into_iter().map(PooledTransaction::txid);
        best.filter(|txid| !pending.contains(txid) && !unannounced.contains(txid))
            .for_each(|txid| listener.want(txid));
    }

    /// What to send now, to whom.
    pub(crate) fn due(
        &mut self,
        pool: &Mempool,
        now: Duration,
    ) -> Vec<(PeerId, CheckedTransaction)> {
        let mut due = Vec::new();
        for (peer, listener) in &mut self.peers {
            while let Some(txid) = listener.pending.front() {
                // One that was mined or replaced meanwhile takes no line.
                let Some(pooled) = pool.get(txid) else {
                    listener.pending.pop_front();
                    continue;
                };
                if !listener.allowance.take(kibibytes(pooled), now) {
                    break;
                }
                listener.pending.pop_front();
                due.push((*peer, pooled.clone().into_checked()));
            }
        }
        due
    }

    /// When [`Listeners::due`] has something next.
    pub(crate) fn deadline(&self, pool: &Mempool) -> Option<Duration> {
        let next = self.peers.values().filter_map(|listener| {
            let pooled = pool.get(listener.pending.front()?)?;
            Some(listener.allowance.ready_at(kibibytes(pooled)))
        });
        next.min()
    }

    /// Whether no more waits than may: it may come from a stranger's file.
    pub(crate) fn is_within_bounds(&self) -> bool {
        self.peers.values().all(|peer| peer.pending.len() <= MAX_PENDING_TRANSACTIONS)
    }
}

impl Listener {
    fn want(&mut self, txid: Txid) {
        // A peer that is this far behind learns the rest from blocks.
        if self.pending.len() < MAX_PENDING_TRANSACTIONS {
            self.pending.push_back(txid);
        }
    }
}

/// What the line of a transaction takes about, in kibibytes rounded up; never more than a burst.
fn kibibytes(pooled: &PooledTransaction) -> u32 {
    // Digits of hexadecimal numbers, and names.
    let fixed = 3 * SignedTransaction::BYTES;
    let text = pooled.payload().map_or(0, |payload| escaped_bytes(&payload.data));
    let kibibytes = (fixed + text).div_ceil(1_024);
    u32::try_from(kibibytes).unwrap_or(u32::MAX).min(TRANSACTION_BURST)
}
