//! `kusari verify`: needs no node, no store and no network.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use kusari_chain::BlockHash;
use kusari_chain::ledger::{Address, ChainId, FileRecord, PublicKey, WitnessStatement};
use kusari_chain::proof::file::MAX_PROOF_BYTES;
use kusari_chain::proof::{
    CheckedProof, ConsistencyProof, ProofFault, ProofFile, TransactionProof,
};
use kusari_miner::measure::this_machine;
use serde::Serialize;

use super::verdict::{self, Verdict, parse_key, parse_trusted};
use crate::cli::cost::Roughly;
use crate::cli::file_record::hashed;
use crate::cli::prelude::*;
use crate::cli::transaction::file_in_words;
use crate::cli::utc_time::UtcTime;
use kusari_api_types::REFERENCE_GPU_RATE;

/// Most bytes of a file: UTF-16 takes two for each, and there are a mark and a newline.
const MAX_FILE_BYTES: usize = 2 * (MAX_PROOF_BYTES + 3);

/// Check a proof, without a node and without a network
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A proof, and files of `kusari consistency` that lead from what you trust to it
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,

    /// The whole hash of a block that you trust, from wherever you have it; may be given many times
    #[arg(long, value_name = "HASH", value_parser = parse_trusted)]
    trust: Vec<BlockHash>,

    /// The key of a witness that you trust; may be given many times
    #[arg(long, value_name = "KEY", value_parser = parse_key)]
    witness: Vec<PublicKey>,

    /// How many of them must have seen it [default: all]
    #[arg(long, value_name = "N", requires = "witness")]
    threshold: Option<usize>,

    /// The file that the record must be about
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args) -> Result {
    let mut proof: Option<TransactionProof> = None;
    let mut links = Vec::new();
    for file in &args.files {
        match read(file)? {
            ProofFile::Transaction(read) if proof.is_none() => proof = Some(*read),
            ProofFile::Transaction(_) => {
                return Err(wrong(
                    "two proofs of transactions are given",
                    "check one at a time, with as many consistency files as needed",
                )
                .into());
            }
            ProofFile::Consistency(link) => links.push(*link),
        }
    }
    let Some(proof) = proof else { return of_links(args, &links) };
    let refused = |fault: &dyn std::fmt::Display| failed!("NOT PROVEN: {fault}");
    let checked = proof.check().map_err(|fault| refused(&fault))?;
    check_links(&links, Some(proof.chain_id))?;
    let verdicts = verdicts(args, &proof, &checked, &links)?;
    let mut output = Stdout::new();
    match args.json {
        true => output.json(&Report::new(&proof, &checked, &verdicts))?,
        false => {
            let is_trusted = !args.trust.is_empty() || !args.witness.is_empty();
            output.line(&in_words(&proof, &checked, &verdicts, is_trusted))?;
        }
    }
    output.flush()?;
    if verdicts.iter().all(|verdict| verdict.holds) { Ok(()) } else { Err(Failure::Shown) }
}

fn read(file: &Path) -> Result<ProofFile> {
    let unreadable = |error: std::io::Error| {
        failed!("{} cannot be read ({error}); name a proof file", file.display())
    };
    let bytes = kusari_files::read(file, MAX_FILE_BYTES).map_err(unreadable)?;
    let unproven =
        |fault: &dyn std::fmt::Display| failed!("NOT PROVEN: {}: {fault}", file.display());
    if bytes.len() > MAX_FILE_BYTES {
        return Err(unproven(&ProofFault::TooLarge));
    }
    let text = kusari_input::decode(&bytes).map_err(|fault| unproven(&fault))?;
    ProofFile::read(kusari_input::without_last_newline(&text)).map_err(|fault| unproven(&fault))
}

/// Every consistency file holds, and all are of one chain.
fn check_links(links: &[ConsistencyProof], chain: Option<ChainId>) -> Result {
    let mut chain = chain;
    for link in links {
        link.check().map_err(|fault| failed!("NOT PROVEN: {fault}"))?;
        if *chain.get_or_insert(link.chain_id) != link.chain_id {
            return Err(failed!("NOT PROVEN: the files are of different chains"));
        }
    }
    Ok(())
}

fn verdicts(
    args: &Args,
    proof: &TransactionProof,
    checked: &CheckedProof,
    links: &[ConsistencyProof],
) -> Result<Vec<Verdict>> {
    let mut verdicts: Vec<Verdict> =
        args.trust.iter().map(|trusted| verdict::of_trust(*trusted, checked, links)).collect();
    let listed: BTreeSet<PublicKey> = args.witness.iter().copied().collect();
    if !listed.is_empty() {
        let threshold = args.threshold.unwrap_or(listed.len());
        if threshold == 0 || threshold > listed.len() {
            return Err(wrong(
                format!("--threshold {threshold} of {} witnesses", listed.len()),
                "it must be 1 to as many as --witness names",
            )
            .into());
        }
        verdicts.push(verdict::of_witnesses(&listed, threshold, checked));
    }
    if let Some(file) = &args.file {
        verdicts.push(verdict::of_file(proof, &hashed(file)?));
    }
    Ok(verdicts)
}

/// Consistency files alone: each is told, and trust in a later block is trust in the earlier one.
fn of_links(args: &Args, links: &[ConsistencyProof]) -> Result {
    if !args.witness.is_empty() || args.file.is_some() {
        return Err(wrong(
            "no proof of a transaction is given, to which --witness and --file belong",
            "`kusari prove` makes one",
        )
        .into());
    }
    check_links(links, None)?;
    if let Some(trusted) =
        args.trust.iter().find(|trusted| !links.iter().any(|link| link.later.hash == **trusted))
    {
        return Err(failed!(
            "NOT PROVEN: none of these files is about the trusted block {trusted}"
        ));
    }
    let mut output = Stdout::new();
    for link in links {
        let (earlier, later) = (&link.earlier, &link.later);
        match args.json {
            true => output.json(link)?,
            false => output.line(&format!(
                "Proven: block {} (height {}) extends block {} (height {})",
                later.hash, later.index, earlier.hash, earlier.height
            ))?,
        }
    }
    output.flush()
}

/// What holds, for programs. Numbers of 64 bits and more are text.
#[derive(Serialize)]
struct Report<'a> {
    /// Whether all of it holds that was asked for.
    proven: bool,
    txid: String,
    chain_id: ChainId,
    sender: Address,
    receiver: Address,
    amount: String,
    text: Option<&'a str>,
    height: u32,
    block: BlockHash,
    timestamp: String,
    newest: BlockHash,
    newest_height: u32,
    work: String,
    seen: &'a [WitnessStatement],
    before: &'a [WitnessStatement],
    verdicts: &'a [Verdict],
}

impl<'a> Report<'a> {
    fn new(
        proof: &'a TransactionProof,
        checked: &'a CheckedProof,
        verdicts: &'a [Verdict],
    ) -> Self {
        let (transaction, block) = (&proof.transaction, &proof.block);
        let (newest_height, newest) =
            checked.blocks.last().copied().unwrap_or((block.index, block.hash));
        Self {
            proven: verdicts.iter().all(|verdict| verdict.holds),
            txid: checked.txid.to_string(),
            chain_id: proof.chain_id,
            sender: Address(transaction.sender),
            receiver: Address(transaction.receiver),
            amount: transaction.amount.to_string(),
            text: proof.payload.as_ref().map(|payload| payload.data.as_str()),
            height: block.index,
            block: block.hash,
            timestamp: block.timestamp.to_string(),
            newest,
            newest_height,
            work: checked.work.to_string(),
            seen: &checked.seen,
            before: &checked.before,
            verdicts,
        }
    }
}

/// What was recorded, which is text of a stranger.
fn recorded(text: &str) -> String {
    match FileRecord::of_text(text) {
        Some(file) => format!("the file {}", file_in_words(&file)),
        None => Plain(text).to_string(),
    }
}

/// What holds, for people.
fn in_words(
    proof: &TransactionProof,
    checked: &CheckedProof,
    verdicts: &[Verdict],
    is_trusted: bool,
) -> String {
    let (transaction, block) = (&proof.transaction, &proof.block);
    let mut text = match verdicts.iter().find(|verdict| !verdict.holds) {
        None => format!("Proven: transaction {}\n", checked.txid),
        Some(failed) => format!("NOT PROVEN: {}\n", failed.because),
    };
    let mut line = |name: &str, said: &str| {
        // Writing to a string has no way to fail.
        let _ = writeln!(text, "- {name:9}: {said}");
    };
    if verdicts.iter().any(|verdict| !verdict.holds) {
        line("Proof", &format!("of transaction {}, and sound by itself", checked.txid));
    }
    for verdict in verdicts {
        let mark = if verdict.holds { "Holds" } else { "FAILS" };
        line(mark, &verdict.because);
    }
    if !is_trusted {
        line(
            "Trusted",
            "nothing yet: name a block (--trust) or witnesses (--witness) that you trust",
        );
    }
    match &proof.payload {
        Some(payload) => line("Recorded", &recorded(&payload.data)),
        None if transaction.has_payload() => {
            let bytes = counted(u64::from(transaction.payload_len), "byte");
            line(
                "Recorded",
                &format!("{bytes} of text that was erased; this is proven all the same"),
            );
        }
        None => {}
    }
    line("By", &Address(transaction.sender).to_string());
    if !transaction.is_record() {
        let amount = grouped(transaction.amount);
        line("Paid", &format!("{amount} to {}", Address(transaction.receiver)));
    }
    line("Block", &format!("{} at height {}", block.hash, grouped(block.index)));
    line("Chain", &proof.chain_id.to_string());
    line("Mined", &format!("{}, by its miner's clock", UtcTime(block.timestamp)));
    for said in &checked.before {
        let height = grouped(said.height);
        line(
            "Not yet",
            &format!("{}, when witness {} had block {height}", UtcTime(said.time), said.key),
        );
    }
    for said in &checked.seen {
        let height = grouped(said.height);
        line(
            "Seen",
            &format!("{}, by witness {} with block {height}", UtcTime(said.time), said.key),
        );
    }
    if let Some((height, hash)) = checked.blocks.last() {
        line("Newest", &format!("block {hash} at height {}", grouped(height)));
    }
    let (here, gpu) =
        (Roughly::of(checked.work, this_machine()), Roughly::of(checked.work, REFERENCE_GPU_RATE));
    line(
        "Work",
        &format!("about {} tries on average in the blocks from it on", grouped(checked.work)),
    );
    line("To forge", &format!("{here} on this machine, {gpu} on an NVIDIA H100"));
    if !checked.seen.is_empty() {
        line("Clocks", "a witness's time is its own claim, as a miner's is");
    }
    text.pop();
    text
}
