//! Whether a stored block is the one that its hash names, and which blocks are not.
//!
//! Owns what is checked of a block's content when it is read, and the blocks that were found altered
//! since the store was opened. The checksums of rows find what a medium alters; a person who alters a
//! row computes its checksum as well, and is found here. A block that is found here is neither shown nor
//! sent to a peer.

use core::fmt;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use kusari_chain::rules::transaction::check_payload;
use kusari_chain::{BlockHash, StoredBlock};

use super::fault::Fault;
use super::record::Head;

/// Altered blocks that are kept by name; where there are more, they are refused all the same.
const MAX_NAMED: usize = 64;
/// Orders of bodies that are remembered as checked, a bit each: 1 MiB. Those beyond are checked with
/// each read.
const MAX_REMEMBERED: u64 = 8 << 20;

/// A block that is not as it was stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlteredBlock {
    /// Its order, which names it in the store.
    pub order: u64,
    /// Its height, where that can be told.
    pub height: Option<u32>,
    /// Its hash, where that can be told.
    pub hash: Option<BlockHash>,
    /// What is wrong with it.
    pub reason: String,
}

/// As in "… is not as it was stored".
impl fmt::Display for AlteredBlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.height, self.hash) {
            (Some(height), Some(hash)) => write!(f, "block {height} ({hash})"),
            (Some(height), None) => write!(f, "block {height}"),
            (None, Some(hash)) => write!(f, "the block {hash}"),
            (None, None) => write!(f, "the block number {}", self.order),
        }
    }
}

/// What reads have found out about the content of blocks.
#[derive(Debug, Default)]
pub(super) struct Content(Mutex<Known>);

/// What is called when a block is found altered.
type Listener = Box<dyn Fn() + Send + Sync>;

#[derive(Default)]
struct Known {
    listener: Option<Listener>,
    altered: BTreeMap<u64, AlteredBlock>,
    /// A bit for each order whose body was found right.
    checked: Vec<u64>,
    /// Nothing is checked: for blocks that tests and benches make up.
    trusting: bool,
}

impl fmt::Debug for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Known").field("altered", &self.altered).finish_non_exhaustive()
    }
}

impl Content {
    /// Calls `listener` for each altered block that is found from now on.
    pub(super) fn on_altered(&self, listener: Listener) {
        self.known().listener = Some(listener);
    }

    /// Takes any hash for the block's own from now on.
    pub(super) fn trust(&self) {
        self.known().trusting = true;
    }

    /// The blocks that were found altered, by order.
    pub(super) fn altered(&self) -> Vec<AlteredBlock> {
        self.known().altered.values().cloned().collect()
    }

    /// Notes a block that is not as it was stored, and makes a fault of it.
    pub(super) fn refuse(&self, altered: AlteredBlock) -> Fault {
        let mut known = self.known();
        let is_news = !known.altered.contains_key(&altered.order);
        if is_news && known.altered.len() < MAX_NAMED {
            tracing::warn!("{altered} is not as it was stored ({})", altered.reason);
            known.altered.insert(altered.order, altered.clone());
            if let Some(tell) = &known.listener {
                tell();
            }
        }
        Fault::AlteredBlock(Box::new(altered))
    }

    /// Whether the seven keys fit the hash, and the commitment the seven keys.
    pub(super) fn check_head(&self, head: &Head) -> Result<(), String> {
        if self.known().trusting {
            return Ok(());
        }
        let computed = head.block.compute_hash();
        if computed != head.block.hash {
            return Err(format!("its content hashes to {computed}"));
        }
        match &head.ledger {
            Some(ledger) if ledger.commitment.data() != head.block.data => {
                Err(String::from("its commitment is another one"))
            }
            _ => Ok(()),
        }
    }

    /// Whether the body is the one that the commitment names. What was found right is not looked at
    /// again until the store is opened again: it costs more than reading it.
    pub(super) fn check_body(&self, stored: &StoredBlock) -> Result<(), String> {
        let Some(part) = stored.part() else { return Ok(()) };
        if self.known().is_checked(stored.order) {
            return Ok(());
        }
        let commitment = &part.commitment;
        if commitment.body_count as usize != part.body.len()
            || commitment.body_root != part.body_root()
        {
            return Err(String::from("its transactions are not those of its commitment"));
        }
        for entry in &part.body {
            let payload = entry.payload.as_ref();
            if payload.is_some_and(|payload| check_payload(&entry.transaction, payload).is_err()) {
                let txid = entry.transaction.txid();
                return Err(format!("the payload of transaction {txid} is another one"));
            }
        }
        self.known().remember(stored.order);
        Ok(())
    }

    /// Nothing panics while it holds the lock, so what is behind a poisoned one is whole.
    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn is_checked(&self, order: u64) -> bool {
        let bits = usize::try_from(order / 64).ok().and_then(|at| self.checked.get(at));
        self.trusting || bits.is_some_and(|bits| bits & (1 << (order % 64)) != 0)
    }

    fn remember(&mut self, order: u64) {
        let Ok(at) = usize::try_from(order / 64) else { return };
        if order >= MAX_REMEMBERED {
            return;
        }
        if self.checked.len() <= at {
            self.checked.resize(at + 1, 0);
        }
        if let Some(bits) = self.checked.get_mut(at) {
            *bits |= 1 << (order % 64);
        }
    }
}

/// The value, unless it is of a block that is not as it was stored.
pub(super) fn sound<T>(read: Result<T, Fault>) -> Result<Option<T>, Fault> {
    match read {
        Ok(value) => Ok(Some(value)),
        Err(Fault::AlteredBlock(_)) => Ok(None),
        Err(fault) => Err(fault),
    }
}
