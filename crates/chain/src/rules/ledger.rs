//! The rules of a ledger block, beside the classic ones that it keeps as well.
//!
//! Owns one function and one [`RuleViolation`] for each; mutates nothing. They come in three stages:
//! what the block shows by itself, what its ancestors decide, and what the accounts decide. Source:
//! protocol, sections 4 to 4.2.

use super::RuleViolation;
use super::refuse_if;
use super::transaction::{
    TransactionViolation, check_cost, check_fee, check_key, check_payload, check_payload_bound,
    check_payload_length, check_signature,
};
use crate::block::Block;
use crate::ledger::commitment::MerkleRoot;
use crate::ledger::keys::SignatureBatch;
use crate::ledger::{BodyEntry, ChainId, ChainSpec, Commitment, LedgerPart};
use crate::params::{MAX_BODY_BYTES, MAX_DATA_BYTES, STATE_ROOT_INTERVAL};
use crate::pow::CompactTarget;

type Verdict = Result<(), RuleViolation>;

/// The block belongs to this chain.
pub(crate) fn check_chain(commitment: &Commitment, chain: &ChainId) -> Verdict {
    if commitment.chain_id != *chain {
        let (found, expected) = (commitment.chain_id, *chain);
        return Err(RuleViolation::WrongChain { found, expected });
    }
    Ok(())
}

/// A ledger block carries no unsigned transfers.
pub(crate) fn check_no_transfers(block: &Block) -> Verdict {
    refuse_if(
        !block.transactions.is_empty(),
        RuleViolation::UnsignedTransfers { count: block.transactions.len() },
    )
}

/// The data is the string of the commitment.
pub(crate) fn check_data(block: &Block, commitment: &Commitment) -> Verdict {
    let expected = commitment.data();
    refuse_if(block.data != expected, RuleViolation::BadCommitment { expected })
}

/// The target is one that a chain can have, and the hash meets it.
pub(crate) fn check_claimed_target(block: &Block, claimed: CompactTarget) -> Verdict {
    let limit = CompactTarget::LIMIT.target();
    let Some(target) =
        claimed.target().filter(|target| limit.is_some_and(|limit| *target <= limit))
    else {
        return Err(RuleViolation::NoTarget { target: claimed });
    };
    refuse_if(
        !target.is_met_by(&block.hash),
        RuleViolation::AboveTarget { hash: block.hash, target: claimed },
    )
}

/// The body has as many transactions as the commitment says.
pub(crate) fn check_body_count(part: &LedgerPart) -> Verdict {
    let (claimed, counted) = (part.commitment.body_count, part.body.len());
    refuse_if(claimed as usize != counted, RuleViolation::BadBodyCount { claimed, counted })
}

/// The body is the one that the commitment names.
pub(crate) fn check_body_root(part: &LedgerPart) -> Verdict {
    let (claimed, computed) = (part.commitment.body_root, part.body_root());
    refuse_if(claimed != computed, RuleViolation::BadBodyRoot { claimed, computed })
}

/// The body is not larger than any chain allows.
pub(crate) fn check_any_body_bound(part: &LedgerPart) -> Verdict {
    check_weight(part, MAX_BODY_BYTES)
}

fn check_weight(part: &LedgerPart, limit: u32) -> Verdict {
    let bytes = part.weight();
    refuse_if(bytes > u64::from(limit), RuleViolation::BodyTooLarge { bytes, limit })
}

/// Each transaction keeps the rules that need nothing but itself, its signature left out.
pub(crate) fn check_transactions(part: &LedgerPart) -> Verdict {
    each(part, |entry| {
        let BodyEntry { transaction, payload } = entry;
        check_key(transaction)?;
        check_payload_length(transaction)?;
        if transaction.payload_len > MAX_DATA_BYTES {
            let (bytes, limit) = (transaction.payload_len, MAX_DATA_BYTES);
            return Err(TransactionViolation::PayloadTooLong { bytes, limit });
        }
        check_cost(transaction)?;
        payload.as_ref().map_or(Ok(()), |payload| check_payload(transaction, payload))
    })
}

/// Every transaction is signed by its sender, for this chain: of those whose places `needs_check`.
pub(crate) fn check_signatures(part: &LedgerPart, needs_check: impl Fn(usize) -> bool) -> Verdict {
    let chain = &part.commitment.chain_id;
    let checked = part.body.iter().enumerate().filter(|(place, _)| needs_check(*place));
    let mut batch = SignatureBatch::new();
    for (_, BodyEntry { transaction, .. }) in checked.clone() {
        let message = transaction.unsigned().signing_bytes(chain);
        batch.add(&transaction.sender, &message, &transaction.signature);
    }
    if batch.verify() {
        return Ok(());
    }
    for (place, BodyEntry { transaction, .. }) in checked {
        check_signature(transaction, chain).map_err(|fault| at(place, fault))?;
    }
    Ok(())
}

/// The body keeps to the chain's bounds, and each transaction pays the chain's least fee.
pub(crate) fn check_chain_bounds(part: &LedgerPart, spec: &ChainSpec) -> Verdict {
    check_weight(part, spec.max_body_bytes)?;
    each(part, |entry| {
        check_payload_bound(&entry.transaction, spec)?;
        check_fee(&entry.transaction, spec)
    })
}

/// The target is the one that the ancestors' times give.
pub(crate) fn check_target(commitment: &Commitment, expected: CompactTarget) -> Verdict {
    let claimed = commitment.target;
    refuse_if(claimed != expected, RuleViolation::BadTarget { claimed, expected })
}

/// The timestamp is above the middle of the last ancestors'.
pub(crate) fn check_median(block: &Block, median: u64) -> Verdict {
    refuse_if(
        block.timestamp <= median,
        RuleViolation::TooEarly { timestamp: block.timestamp, median },
    )
}

/// The history root is that of all blocks before this one.
pub(crate) fn check_history_root(commitment: &Commitment, computed: MerkleRoot) -> Verdict {
    let claimed = commitment.history_root;
    refuse_if(claimed != computed, RuleViolation::BadHistoryRoot { claimed, computed })
}

/// Whether a block of this height carries a state root.
#[must_use]
pub fn has_state_root(height: u32) -> bool {
    height.is_multiple_of(STATE_ROOT_INTERVAL)
}

/// The state root is zero, unless this height carries one.
pub(crate) fn check_no_state_root(block: &Block, commitment: &Commitment) -> Verdict {
    match has_state_root(block.index) {
        true => Ok(()),
        false => check_state_root(commitment, MerkleRoot::ZERO),
    }
}

/// The state root is that of the accounts before this block.
pub(crate) fn check_state_root(commitment: &Commitment, computed: MerkleRoot) -> Verdict {
    let claimed = commitment.state_root;
    refuse_if(claimed != computed, RuleViolation::BadStateRoot { claimed, computed })
}

fn each(
    part: &LedgerPart,
    mut check: impl FnMut(&BodyEntry) -> Result<(), TransactionViolation>,
) -> Verdict {
    for (place, entry) in part.body.iter().enumerate() {
        check(entry).map_err(|fault| at(place, fault))?;
    }
    Ok(())
}

/// The fault of one transaction as a fault of its block.
pub(crate) fn at(place: usize, fault: TransactionViolation) -> RuleViolation {
    RuleViolation::Transaction { place, fault }
}
