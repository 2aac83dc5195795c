//! What follows from bytes alone: ids, roots, targets, times and addresses.

use borsh::BorshSerialize;
use kusari_chain::Target;
use kusari_chain::ledger::address::AddressError;
use kusari_chain::ledger::{
    Address, ChainId, ChainSpec, Commitment, Payload, PublicKey, SignedTransaction,
    WitnessStatement,
};
use kusari_chain::merkle::MerkleBuilder;
use kusari_chain::pow::asert::next_target;
use kusari_chain::pow::{ChainTime, CompactTarget};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use kusari_chain::hex;

use crate::bytes::Bytes;
use crate::suites::{InputError, form};

/// Most leaves of a tree, and most blocks of a row of timestamps.
const MAX_ITEMS: usize = 10_000;

#[derive(Deserialize)]
#[serde(
    untagged,
    deny_unknown_fields,
    expecting = "it is one of the questions that README.md lists for `ledger-bytes`"
)]
enum Question {
    /// How does the active time grow with blocks of these timestamps, from block 1 on?
    Times { spec: ChainSpec, timestamps: Vec<u64> },
    /// Which target does the block have that follows one of this height?
    Due { spec: ChainSpec, parent_height: u32, active_s: u64 },
    /// What is the id of this chain, and may a chain have these parameters?
    Spec { spec: ChainSpec },
    /// Which data has a block with this commitment?
    Commitment { commitment: Commitment },
    /// What is the Merkle root over these leaves?
    Leaves { leaves: Vec<Bytes> },
    /// Which target is this, if any?
    Compact { compact: CompactTarget },
    /// What is the compact form of this target?
    Target { target: Target },
    /// What is signed, and what names this transaction?
    Transaction { chain_id: ChainId, transaction: SignedTransaction },
    /// What is signed, and what names this statement of a witness?
    Statement { chain_id: ChainId, statement: WitnessStatement },
    /// What does a transaction with this payload commit to?
    Payload { payload: Payload },
    /// Whose address is this?
    Address { address: String },
    /// What is the address of this key?
    Key { key: PublicKey },
}

pub(crate) fn answer(input: &Value) -> Result<Value, InputError> {
    Ok(match form(input)? {
        Question::Times { spec, timestamps } => times(&spec, &timestamps)?,
        Question::Due { spec, parent_height, active_s } => {
            json!({"compact": next_target(parent_height, active_s, spec.asert())})
        }
        Question::Spec { spec } => {
            let verdict = if spec.check().is_ok() { "valid" } else { "invalid" };
            json!({"bytes": written(&spec), "chain_id": spec.chain_id(), "verdict": verdict})
        }
        Question::Commitment { commitment } => {
            let bytes = borsh::to_vec(&commitment).unwrap_or_default();
            json!({
                "bytes": hex::encode(&bytes),
                "hash": hex::encode(&Sha256::digest(&bytes)),
                "data": commitment.data(),
            })
        }
        Question::Leaves { leaves } => root(&leaves)?,
        Question::Compact { compact } => {
            let target = compact.target();
            json!({"target": target, "work": target.map(|target| target.work())})
        }
        Question::Target { target } => json!({"compact": CompactTarget::of(target)}),
        Question::Transaction { chain_id, transaction } => json!({
            "signed_bytes": hex::encode(&transaction.unsigned().signing_bytes(&chain_id)),
            "signature_holds": kusari_chain::rules::transaction::check_signature(
                &transaction, &chain_id,
            ).is_ok(),
            "bytes": written(&transaction),
            "txid": transaction.txid(),
            "weight": transaction.weight(),
        }),
        Question::Statement { chain_id, statement } => json!({
            "signed_bytes": hex::encode(&statement.unsigned().signing_bytes(&chain_id)),
            "signature_holds": statement.is_signed(&chain_id),
            "bytes": written(&statement),
            "statement_hash": statement.statement_hash(),
        }),
        Question::Payload { payload } => {
            json!({"bytes": written(&payload), "hash": payload.hash()})
        }
        Question::Address { address } => match address.parse::<Address>() {
            Ok(address) => json!({"key": address.0, "address": address}),
            Err(error) => json!({"error": fault(&error)}),
        },
        Question::Key { key } => json!({"address": Address(key)}),
    })
}

/// The Borsh form, in hexadecimal.
fn written(value: &impl BorshSerialize) -> String {
    // Writing into memory has no way to fail.
    hex::encode(&borsh::to_vec(value).unwrap_or_default())
}

fn root(leaves: &[Bytes]) -> Result<Value, InputError> {
    check_count(leaves.len())?;
    let mut builder = MerkleBuilder::default();
    for leaf in leaves {
        builder.push_leaf(&leaf.expand()?);
    }
    Ok(json!({"root": hex::encode(&builder.root())}))
}

fn times(spec: &ChainSpec, timestamps: &[u64]) -> Result<Value, InputError> {
    check_count(timestamps.len())?;
    let mut time = ChainTime::default();
    let mut after = Vec::new();
    for (height, timestamp) in (1_u32..).zip(timestamps) {
        time = time.after(height, *timestamp, spec.asert());
        let next = next_target(height, time.active_s, spec.asert());
        after.push(json!({"active_s": time.active_s, "next_compact": next}));
    }
    Ok(json!({"after": after}))
}

fn check_count(count: usize) -> Result<(), InputError> {
    if count > MAX_ITEMS {
        return Err(InputError(format!("at most {MAX_ITEMS} are taken together")));
    }
    Ok(())
}

/// The fault of an address in a word.
fn fault(error: &AddressError) -> &'static str {
    match error {
        AddressError::Damaged { .. } => "damaged",
        AddressError::OtherPrefix { .. } => "other-prefix",
        AddressError::WrongLength { .. } => "wrong-length",
        AddressError::UnusableKey => "unusable-key",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_input_cannot_ask_for_work_without_end() {
        let leaves = |count: usize| answer(&json!({"leaves": vec![""; count]}));
        assert!(leaves(MAX_ITEMS).is_ok());
        assert!(leaves(MAX_ITEMS + 1).is_err());
    }

    #[test]
    fn the_built_in_chain_may_be() {
        let found = answer(&json!({"spec": ChainSpec::ledger()})).unwrap();
        assert_eq!(found["verdict"], "valid");
        assert_eq!(found["chain_id"], json!(ChainSpec::ledger().chain_id()));
    }
}
