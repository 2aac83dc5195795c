//! Values that another program computed from the protocol's text: `reference.py` beside this file
//! wrote them, with nothing of this program in it.

use kusari_chain::Target;
use kusari_chain::ledger::{
    ChainSpec, Commitment, Payload, PublicKey, Signature, SignedTransaction, UnsignedTransaction,
};
use kusari_chain::merkle::MerkleBuilder;
use kusari_chain::pow::asert::next_target;
use kusari_chain::pow::{ChainTime, CompactTarget};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::ledger::definition;

fn vectors(part: &str) -> Vec<Value> {
    let all: Value = serde_json::from_str(include_str!("../../vectors/ledger.json")).unwrap();
    let part = all.pointer(part).unwrap().as_array().unwrap();
    assert!(part.len() >= 3);
    part.clone()
}

fn read<T: DeserializeOwned>(value: &Value) -> T {
    serde_json::from_value(value.clone()).unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// A number that stands there as a string, or as itself.
fn number<T: TryFrom<u64>>(value: &Value) -> T {
    let number = value.as_u64().unwrap_or_else(|| text(value).parse().unwrap());
    T::try_from(number).ok().unwrap()
}

fn numbers(value: &Value) -> Vec<u64> {
    value.as_array().unwrap().iter().map(number).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn target(value: &Value) -> Target {
    let hash: kusari_chain::BlockHash = text(value).parse().unwrap();
    Target::from_be_bytes(hash.0)
}

/// The built-in parameters, with the times of a vector.
fn timed(vector: &Value) -> ChainSpec {
    let block_time_s = number(&vector["block_time_s"]);
    let half_life_s = vector.get("half_life_s").map_or(600, number);
    ChainSpec { block_time_s, half_life_s, ..ChainSpec::ledger() }
}

#[test]
fn chain_ids_follow_from_the_parameters() {
    let all = vectors("/specs");
    for vector in &all {
        let spec = ChainSpec {
            name: text(&vector["name"]).to_owned(),
            salt: read(&vector["salt"]),
            block_time_s: number(&vector["block_time_s"]),
            half_life_s: number(&vector["half_life_s"]),
            reward: number(&vector["reward"]),
            max_body_bytes: number(&vector["max_body_bytes"]),
            max_data_bytes: number(&vector["max_data_bytes"]),
            min_fee: number(&vector["min_fee"]),
        };
        assert_eq!(spec.chain_id().to_string(), text(&vector["chain_id"]));
    }
    assert_eq!(ChainSpec::ledger().chain_id().to_string(), text(&all[0]["chain_id"]));
}

#[test]
fn data_follows_from_the_commitment() {
    for vector in vectors("/commitments") {
        let commitment: Commitment = read(&vector["commitment"]);
        assert_eq!(commitment.data(), text(&vector["data"]));
    }
}

#[test]
fn payload_hashes_follow_from_salt_and_text() {
    for vector in vectors("/payloads") {
        let (salt, data) = (read(&vector["salt"]), text(&vector["data"]).to_owned());
        let payload = Payload { salt, data };
        let author = PublicKey([1; 32]);
        let record = UnsignedTransaction::record(author, 0, 0, &payload);
        assert_eq!(payload.hash().to_string(), text(&vector["payload"]));
        assert_eq!(record.payload, payload.hash());
        assert_eq!(u64::from(record.payload_len), number::<u64>(&vector["payload_len"]));
    }
}

#[test]
fn bytes_that_are_signed_and_ids_follow_from_the_transaction() {
    for vector in vectors("/transactions") {
        let given = &vector["transaction"];
        let unsigned = UnsignedTransaction {
            sender: read(&given["sender"]),
            receiver: read(&given["receiver"]),
            amount: number(&given["amount"]),
            fee: number(&given["fee"]),
            sequence: number(&given["sequence"]),
            payload: read(&given["payload"]),
            payload_len: number(&given["payload_len"]),
        };
        let message = unsigned.signing_bytes(&read(&vector["chain_id"]));
        assert_eq!(hex(&message), text(&vector["signing_bytes"]));
        let signed: SignedTransaction = unsigned.signed(read::<Signature>(&vector["signature"]));
        assert_eq!(signed.txid().to_string(), text(&vector["txid"]));
        assert_eq!(borsh::to_vec(&signed).unwrap().len(), SignedTransaction::BYTES);
    }
}

#[test]
fn merkle_roots_follow_from_the_leaves() {
    for vector in vectors("/merkle") {
        let leaves = vector["leaves"].as_array().unwrap();
        let leaves: Vec<_> = leaves.iter().map(|leaf| text(leaf).as_bytes().to_vec()).collect();
        let mut builder = MerkleBuilder::default();
        leaves.iter().for_each(|leaf| builder.push_leaf(leaf));
        assert_eq!(hex(&builder.root()), text(&vector["root"]));
        assert_eq!(hex(&definition::merkle(&leaves)), text(&vector["root"]));
    }
}

#[test]
fn compact_targets_and_their_work_follow_from_the_number() {
    for vector in vectors("/compact/valid") {
        let compact = CompactTarget(number(&vector["bits"]));
        let expected = target(&vector["target"]);
        assert_eq!(compact.target(), Some(expected), "{compact}");
        assert_eq!(CompactTarget::of(expected), compact);
        assert_eq!(expected.work().to_string(), text(&vector["work"]));
    }
    for vector in vectors("/compact/of_targets") {
        let bits = CompactTarget(number(&vector["bits"]));
        assert_eq!(CompactTarget::of(target(&vector["target"])), bits);
    }
    for vector in vectors("/compact/no_targets") {
        assert_eq!(CompactTarget(number(&vector)).target(), None, "{vector}");
    }
}

#[test]
fn next_targets_follow_from_height_and_active_time() {
    for vector in vectors("/asert") {
        let spec = timed(&vector);
        let (parent, active) = (number(&vector["parent"]), number(&vector["active_s"]));
        let expected = CompactTarget(number(&vector["bits"]));
        assert_eq!(next_target(parent, active, spec.asert()), expected, "{vector}");
        let defined = definition::asert(parent, active, spec.block_time_s, spec.half_life_s);
        assert_eq!(CompactTarget(defined), expected, "{vector}");
    }
}

#[test]
fn active_time_follows_from_the_timestamps() {
    for vector in vectors("/active") {
        let spec = timed(&vector);
        let timestamps = numbers(&vector["timestamps"]);
        let mut time = ChainTime::default();
        let active: Vec<_> = (1..)
            .zip(&timestamps)
            .map(|(height, timestamp)| {
                time = time.after(height, *timestamp, spec.asert());
                time.active_s
            })
            .collect();
        assert_eq!(active, numbers(&vector["active_s"]));
        let block_time = u64::from(spec.block_time_s);
        assert_eq!(active, definition::active_times(&timestamps, block_time));
    }
}
