//! The block that a miner searches a nonce for, on a ledger chain.
//!
//! Owns what stands in it: only what the accounts allow, in the order in which it is offered.

use super::Chain;
use crate::block::Block;
use crate::ledger::commitment::{MerkleRoot, body_root};
use crate::ledger::{BodyEntry, Commitment, LedgerPart, PublicKey};
use crate::params::{MAX_AHEAD_SECONDS, STATE_ROOT_INTERVAL};
use crate::pow::Target;
use crate::prelude::*;
use crate::rules::transaction::{check_fee, check_payload_bound};
use crate::store::StoreError;

/// What a search for a nonce would complete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerTemplate {
    /// The seven keys, with nonce and hash zero.
    pub block: Block,
    /// The commitment and the body.
    pub part: LedgerPart,
    /// What the hash must meet.
    pub target: Target,
}

/// Why nothing can be mined just now.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoTemplate {
    /// The chain is ahead of our clock.
    #[error("the chain's time is ahead of this clock: nothing is mined before {until}")]
    TooEarly {
        /// From when on it can be, in Unix seconds.
        until: u64,
    },
    /// It is not a ledger, or as high as a chain can be.
    #[error("nothing can follow on this chain")]
    NoLedger,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Chain {
    /// The next block for `miner`. Of the transactions offered, each of which keeps the rules by
    /// itself, it takes in order those that apply and keep to the chain's bounds, and leaves out the
    /// rest.
    ///
    /// # Errors
    /// [`NoTemplate`] says why there is none.
    pub fn template(
        &mut self,
        miner: PublicKey,
        offered: impl IntoIterator<Item = BodyEntry>,
        now: u64,
    ) -> Result<LedgerTemplate, NoTemplate> {
        let tip = self.tip();
        let parent = self.tree.find(&tip.hash)?.ok_or(NoTemplate::NoLedger)?;
        let following = self.following(&parent)?.ok_or(NoTemplate::NoLedger)?;
        let index = tip.height.checked_add(1).ok_or(NoTemplate::NoLedger)?;
        let timestamp = now.max(following.median.saturating_add(1));
        if timestamp > now.saturating_add(MAX_AHEAD_SECONDS) {
            let until = timestamp.saturating_sub(MAX_AHEAD_SECONDS);
            return Err(NoTemplate::TooEarly { until });
        }
        let (Some(spec), Some(chain_id)) = (self.spec().cloned(), self.chain_id()) else {
            return Err(NoTemplate::NoLedger);
        };
        let state_root = match index.is_multiple_of(STATE_ROOT_INTERVAL) {
            true => self.state_root()?,
            false => MerkleRoot::ZERO,
        };
        let mut view = self.account_view().ok_or(NoTemplate::NoLedger)?;
        let mut room = u64::from(spec.max_body_bytes);
        let mut body = Vec::new();
        for entry in offered {
            let transaction = &entry.transaction;
            let weight = transaction.weight();
            let suits = check_payload_bound(transaction, &spec).is_ok()
                && check_fee(transaction, &spec).is_ok();
            if suits && weight <= room && view.apply_transaction(transaction)?.is_ok() {
                room -= weight;
                body.push(entry);
            }
        }
        let commitment = Commitment {
            chain_id,
            body_root: body_root(body.iter().map(|entry| &entry.transaction)),
            // Each takes more than a hundred bytes of at most 1 MiB.
            body_count: u32::try_from(body.len()).unwrap_or(u32::MAX),
            history_root: MerkleRoot(following.history.root()),
            state_root,
            target: following.target,
            miner,
        };
        let block = Block::template(index, timestamp, commitment.data(), tip.hash);
        let target = following.target.target().ok_or_else(|| {
            NoTemplate::Store(StoreError(String::from("the difficulty rule gave no target")))
        })?;
        Ok(LedgerTemplate { block, part: LedgerPart { commitment, body }, target })
    }
}
