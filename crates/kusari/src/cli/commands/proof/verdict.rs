//! What somebody asked to be trusted, and whether it holds for a proof.

use std::collections::BTreeSet;

use kusari_chain::BlockHash;
use kusari_chain::ledger::{Address, FileRecord, PublicKey, WitnessStatement};
use kusari_chain::proof::{CheckedProof, ConsistencyProof, TransactionProof};
use kusari_store::event_log::Prefix;
use serde::Serialize;

/// One thing that was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Verdict {
    pub(super) holds: bool,
    /// In one sentence.
    pub(super) because: String,
}

impl Verdict {
    fn new(holds: bool, because: impl Into<String>) -> Self {
        Self { holds, because: because.into() }
    }
}

/// The hash of a trusted block. A few digits of one are not enough: others find a block whose hash begins so.
pub(super) fn parse_trusted(text: &str) -> Result<BlockHash, String> {
    let digits = kusari_input::digits(text);
    digits.parse().map_err(|error| match Prefix::read(&digits) {
        Some(_) => format!(
            "a block is trusted by all 64 digits of its hash, since others can make one that begins so; \
             `kusari block {digits}` shows them"
        ),
        None => format!("{error}"),
    })
}

/// A key of a witness, as its digits or as an address.
pub(super) fn parse_key(text: &str) -> Result<PublicKey, String> {
    let word = kusari_input::word(text);
    word.parse::<Address>().map(|address| address.0).or_else(|_| {
        word.parse()
            .map_err(|_| String::from("a key is 64 hexadecimal digits, or an address (ks1…)"))
    })
}

/// Whether trust in this block is trust in the transaction: it is one of the proof, or proven to descend
/// from one.
pub(super) fn of_trust(
    trusted: BlockHash,
    checked: &CheckedProof,
    links: &[ConsistencyProof],
) -> Verdict {
    let mut reached = BTreeSet::from([trusted]);
    // Each pass can add one, and there are no more than links.
    for _ in links {
        for link in links {
            if reached.contains(&link.later.hash) {
                reached.insert(link.earlier.hash);
            }
        }
    }
    match checked.blocks.iter().find(|(_, hash)| reached.contains(hash)) {
        Some((height, hash)) if *hash == trusted => Verdict::new(
            true,
            format!("the trusted block {trusted} is that of height {height} here"),
        ),
        Some((height, _)) => Verdict::new(
            true,
            format!("the trusted block {trusted} extends the one of height {height} here"),
        ),
        None => Verdict::new(
            false,
            format!(
                "nothing leads from the trusted block {trusted} to this proof; `kusari consistency` on a \
                 node that has both makes the file that would"
            ),
        ),
    }
}

/// Whether enough of these witnesses saw it.
pub(super) fn of_witnesses(
    listed: &BTreeSet<PublicKey>,
    threshold: usize,
    checked: &CheckedProof,
) -> Verdict {
    let said: Vec<&WitnessStatement> = checked.before.iter().chain(&checked.seen).collect();
    let lies = |key: &PublicKey| {
        let own = said.iter().filter(|statement| statement.key == *key);
        own.clone().any(|one| own.clone().any(|other| one.equivocates(other)))
    };
    let seen: BTreeSet<PublicKey> = checked.seen.iter().map(|statement| statement.key).collect();
    let counted = listed.iter().filter(|key| seen.contains(key) && !lies(key)).count();
    let because = match listed.len() {
        1 if counted == 1 => String::from("the witness you named saw it"),
        1 => String::from("the witness you named did not see it, as far as this proof shows"),
        all => {
            format!("{counted} of the {all} witnesses you named saw it; you asked for {threshold}")
        }
    };
    Verdict::new(counted >= threshold, because)
}

/// Whether the record is about a file.
pub(super) fn of_file(proof: &TransactionProof, file: &FileRecord) -> Verdict {
    let Some(payload) = &proof.payload else {
        return Verdict::new(
            false,
            "the record's text was erased, so no file can be compared with it",
        );
    };
    match FileRecord::of_text(&payload.data) {
        Some(recorded) if recorded.sha256 == file.sha256 && recorded.size == file.size => {
            Verdict::new(true, "the file is the one that was recorded")
        }
        Some(_) => Verdict::new(false, "the file is not the one that was recorded"),
        None => Verdict::new(false, "what was recorded is no file"),
    }
}
