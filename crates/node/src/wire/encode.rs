//! From a message to its line, in the one canonical form.

use kusari_chain::Block;
use kusari_chain::ledger::{BodyEntry, Commitment, LedgerPart, Payload, SignedTransaction, Txid};

use super::message::{AsBlock, BlockForm, GetBlocks, Message};
use crate::prelude::*;

/// What `HELP` answers: each verb that a person may type, and what comes back.
#[derive(Serialize)]
#[serde(rename_all = "UPPERCASE")]
struct Help {
    get_chain: &'static str,
    block: &'static str,
    status: &'static str,
    get_peers: &'static str,
    get_blocks: &'static str,
    tx: &'static str,
    get_mempool: &'static str,
    hello: &'static str,
    ping: &'static str,
    help: &'static str,
}

const HELP: Help = Help {
    get_chain: "sends the best chain, a BLOCK line for each block, oldest first",
    block: "BLOCK:{...} offers a block, in the form that GET_CHAIN shows",
    status: "says what this node has",
    get_peers: "lists addresses of other nodes",
    get_blocks: "GET_BLOCKS:{\"locator\":[],\"limit\":256} or {\"hashes\":[...]} sends some blocks, then END",
    tx: "TX:{...} offers a signed transaction to a ledger, answered by ACCEPTED or ERROR",
    get_mempool: "sends the transactions that wait on a ledger, a TX line for each",
    hello: "HELLO:{...} introduces a kusari node; its first line",
    ping: "PING:1 is answered by PONG:1, after HELLO",
    help: "says this",
};

#[derive(Serialize)]
struct End<'a> {
    count: u32,
    missing: &'a [kusari_chain::BlockHash],
}

/// What a `TX` line carries, in the form of a body's entry.
#[derive(Serialize)]
struct TransactionLine<'a> {
    transaction: &'a SignedTransaction,
    payload: Option<&'a Payload>,
}

#[derive(Serialize)]
struct Places<'a> {
    hash: &'a kusari_chain::BlockHash,
    places: &'a [u32],
}

#[derive(Serialize)]
struct Entries<'a> {
    hash: &'a kusari_chain::BlockHash,
    entries: &'a [BodyEntry],
}

#[derive(Serialize)]
struct Accepted {
    txid: Txid,
}

#[derive(Serialize)]
struct After<'a> {
    locator: &'a [kusari_chain::BlockHash],
    limit: u32,
}

#[derive(Serialize)]
struct ByHash<'a> {
    hashes: &'a [kusari_chain::BlockHash],
}

/// Writes a message as a line, with its newline.
#[must_use]
pub fn encode<B: AsBlock>(message: &Message<B>) -> Vec<u8> {
    match message {
        Message::Block(block) => {
            let (seven_keys, ledger, mut line) = (block.as_block(), block.as_ledger(), Vec::new());
            match block.form() {
                BlockForm::Whole => encode_whole_block(seven_keys, ledger, &mut line),
                BlockForm::SevenKeys => encode_block(seven_keys, &mut line),
                BlockForm::Compact => {
                    let body = ledger.map_or(&[][..], |part| &part.body);
                    let txids = body.iter().map(|entry| entry.transaction.txid()).collect();
                    let commitment = ledger.map(|part| &part.commitment);
                    return compact_line(seven_keys, commitment, txids);
                }
            }
            line
        }
        Message::Transaction(checked) => {
            let (transaction, payload) = (checked.transaction(), checked.payload());
            line("TX", &TransactionLine { transaction, payload })
        }
        Message::Accepted { txid } => line("ACCEPTED", &Accepted { txid: *txid }),
        Message::GetMempool => bare("GET_MEMPOOL"),
        Message::Witness(statement) => line("WITNESS", statement),
        Message::Compact(compact) => {
            let header = compact.header.header();
            compact_line(&header.block, Some(&header.commitment), compact.txids.clone())
        }
        Message::GetTransactions { hash, places } => {
            line("GET_TRANSACTIONS", &Places { hash, places })
        }
        Message::Transactions { hash, entries } => line("TRANSACTIONS", &Entries { hash, entries }),
        Message::GetChain => bare("GET_CHAIN"),
        Message::Hello(hello) => line("HELLO", hello),
        Message::GetBlocks(GetBlocks::After { locator, limit }) => {
            line("GET_BLOCKS", &After { locator, limit: *limit })
        }
        Message::GetBlocks(GetBlocks::ByHash(hashes)) => line("GET_BLOCKS", &ByHash { hashes }),
        Message::GetHeaders { locator, limit } => {
            line("GET_HEADERS", &After { locator, limit: *limit })
        }
        Message::Headers(headers) => line("HEADERS", headers),
        Message::End { count, missing } => line("END", &End { count: *count, missing }),
        Message::Have(have) => line("HAVE", have),
        Message::GetPeers => bare("GET_PEERS"),
        Message::Peers(addresses) => {
            let texts: Vec<String> = addresses.iter().map(|a| alloc::format!("{a}")).collect();
            line("PEERS", &texts)
        }
        Message::Ping(number) => line("PING", number),
        Message::Pong(number) => line("PONG", number),
        Message::GetStatus => bare("STATUS"),
        Message::Status(report) => line("STATUS", report),
        Message::GetHelp => bare("HELP"),
        Message::Help => line("HELP", &HELP),
        Message::Error(report) => line("ERROR", report),
    }
}

/// The header, with the ids behind it.
fn compact_line(block: &Block, commitment: Option<&Commitment>, txids: Vec<Txid>) -> Vec<u8> {
    let mut line = b"COMPACT:".to_vec();
    match commitment {
        Some(commitment) => {
            kusari_chain::whole_block::write_header_json(block, commitment, &mut line);
        }
        None => block.write_canonical_json(&mut line),
    }
    line.pop();
    line.extend_from_slice(b",\"txids\":");
    line.extend_from_slice(&serde_json::to_vec(&txids).unwrap_or_default());
    line.extend_from_slice(b"}\n");
    line
}

/// Appends the `BLOCK` line of a block with what a ledger adds to it, for whoever writes many.
pub fn encode_whole_block(block: &Block, ledger: Option<&LedgerPart>, lines: &mut Vec<u8>) {
    lines.extend_from_slice(b"BLOCK:");
    kusari_chain::whole_block::write_json(block, ledger, lines);
    lines.push(b'\n');
}

/// Appends the `BLOCK` line of the seven keys of a block, for whoever writes many.
pub fn encode_block(block: &Block, lines: &mut Vec<u8>) {
    lines.extend_from_slice(b"BLOCK:");
    block.write_canonical_json(lines);
    lines.push(b'\n');
}

fn bare(verb: &str) -> Vec<u8> {
    [verb.as_bytes(), b"\n"].concat()
}

fn line<T: Serialize + ?Sized>(verb: &str, value: &T) -> Vec<u8> {
    // Serialising these plain structs into memory has no way to fail.
    let json = serde_json::to_vec(value).unwrap_or_default();
    [verb.as_bytes(), b":", &json, b"\n"].concat()
}

/// A `HEADERS` line that is written header by header, for whoever reads them from a store.
pub struct HeadersLine {
    line: Vec<u8>,
    count: u32,
}

impl Default for HeadersLine {
    fn default() -> Self {
        Self { line: b"HEADERS:[".to_vec(), count: 0 }
    }
}

impl HeadersLine {
    /// Adds a header, unless there are as many as a line may have. Returns whether it was added.
    pub fn push(&mut self, block: &Block, commitment: &Commitment) -> bool {
        if self.count == super::MAX_HEADERS {
            return false;
        }
        let before = self.line.len();
        if self.count > 0 {
            self.line.push(b',');
        }
        kusari_chain::whole_block::write_header_json(block, commitment, &mut self.line);
        // Room for the bracket and the newline.
        if self.line.len() + 2 > super::MAX_LINE {
            self.line.truncate(before);
            return false;
        }
        self.count += 1;
        true
    }

    /// Headers in it.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.count
    }

    /// The line, with its newline.
    #[must_use]
    pub fn finish(mut self) -> Vec<u8> {
        self.line.extend_from_slice(b"]\n");
        self.line
    }
}
