//! Proofs that need no node: what comes of a file, of a trusted block and of a recorded file.

use kusari_chain::BlockHash;
use kusari_chain::ledger::FileRecord;
use kusari_chain::proof::{ProofFault, ProofFile, work_shown};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::bytes::Bytes;
use super::suites::{InputError, form};
use kusari_chain::hex;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Question {
    proof: Bytes,
    /// A block that is trusted.
    trust: Option<BlockHash>,
    /// The content of a file that is to be the recorded one.
    recorded: Option<Bytes>,
}

/// What follows from a proof that holds.
struct Proven {
    /// The block and the later ones.
    blocks: Vec<BlockHash>,
    /// The text, where there is one.
    text: Option<String>,
}

pub(super) fn answer(input: &Value) -> Result<Value, InputError> {
    let Question { proof, trust, recorded } = form(input)?;
    let proven = match check(&proof.expand()?) {
        Ok(proven) => proven,
        Err(fault) => return Ok(json!({"verdict": fault.code()})),
    };
    if trust.is_some_and(|trusted| !proven.blocks.contains(&trusted)) {
        return Ok(json!({"verdict": "not-trusted"}));
    }
    if let Some(recorded) = recorded
        && !is_record_of(proven.text.as_deref(), &recorded.expand()?)
    {
        return Ok(json!({"verdict": "other-file"}));
    }
    let work = work_shown(proven.blocks.iter().copied()).to_string();
    Ok(json!({"block": proven.blocks.first(), "work": work, "verdict": "ok"}))
}

fn check(bytes: &[u8]) -> Result<Proven, ProofFault> {
    Ok(match ProofFile::read_bytes(bytes)? {
        ProofFile::Transaction(proof) => {
            let blocks = proof.check()?.blocks.into_iter().map(|(_, hash)| hash).collect();
            Proven { blocks, text: proof.payload.map(|payload| payload.data) }
        }
        ProofFile::Consistency(proof) => {
            proof.check()?;
            Proven { blocks: vec![proof.later.hash], text: None }
        }
    })
}

fn is_record_of(text: Option<&str>, file: &[u8]) -> bool {
    let sha256 = hex::encode(&Sha256::digest(file));
    text.and_then(FileRecord::of_text)
        .is_some_and(|record| record.sha256 == sha256 && record.size == file.len() as u64)
}
