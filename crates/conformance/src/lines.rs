//! Lines: what one means, and where a stream of bytes is cut into lines or given up.
//!
//! Answers the suites `wire`, `ledger-lines` and `limits`.

use kusari_chain::ledger::ChainId;
use kusari_chain::params::MAX_TEXT_BYTES;
use kusari_node::wire::{
    CompactBlock, Dialect, GetBlocks, LineFramer, LineTooLong, Message, Received, Refusal,
    WireError, encode, receive,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::bytes::Bytes;
use super::dialogue::typed;
use super::suites::{InputError, form};

/// Bytes that are pushed at once: the stream arrives in pieces, and none must matter.
const PIECE: usize = 16 * 1024;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    line: Bytes,
}

/// A line on the ledger chain with this id.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LedgerLine {
    chain: ChainId,
    line: Bytes,
}

/// What one line of the classic chain means, and how it is written in the canonical form.
pub(super) fn read_one(input: &Value) -> Result<Value, InputError> {
    let Line { line } = form(input)?;
    read_in(Dialect::Classic, &line)
}

/// The same on a ledger chain.
pub(super) fn read_one_of_ledger(input: &Value) -> Result<Value, InputError> {
    let LedgerLine { chain, line } = form(input)?;
    read_in(Dialect::Ledger(chain), &line)
}

fn read_in(dialect: Dialect, line: &Bytes) -> Result<Value, InputError> {
    let line = line.expand()?;
    if line.contains(&b'\n') {
        return Err(InputError::new("a line holds no newline"));
    }
    let message = match dialect.receive(&line) {
        Ok(message) => message,
        Err(refusal) => return Ok(json!({"error": refusal.code()})),
    };
    let (verb, fields) = parts(&message);
    let mut answer = json!({"verb": verb});
    answer["fields"] = fields;
    // What an answer to HELP says is up to each node.
    if !matches!(message, Message::Help) {
        answer["line"] = json!(without_newline(&encode(&message)));
    }
    Ok(answer)
}

/// A line as text, without the newline at its end.
pub(super) fn without_newline(line: &[u8]) -> String {
    String::from_utf8_lossy(line).trim_end_matches('\n').to_owned()
}

/// The verb of a message, and what it carries; null where that is nothing.
fn parts(message: &Received) -> (&'static str, Value) {
    match message {
        Message::Block(block) => ("BLOCK", json!(block)),
        Message::Compact(compact) => ("COMPACT", compact_fields(compact)),
        Message::GetTransactions { hash, places } => {
            ("GET_TRANSACTIONS", json!({"hash": hash, "places": places}))
        }
        Message::Transactions { hash, entries } => {
            ("TRANSACTIONS", json!({"hash": hash, "entries": entries}))
        }
        Message::GetHeaders { locator, limit } => {
            ("GET_HEADERS", json!({"locator": locator, "limit": limit}))
        }
        Message::Headers(headers) => ("HEADERS", json!(headers)),
        Message::Transaction(checked) => {
            let (transaction, payload) = (checked.transaction(), checked.payload());
            ("TX", json!({"transaction": transaction, "payload": payload}))
        }
        Message::Accepted { txid } => ("ACCEPTED", json!({"txid": txid})),
        Message::GetMempool => ("GET_MEMPOOL", Value::Null),
        Message::Witness(statement) => ("WITNESS", json!(statement)),
        Message::GetChain => ("GET_CHAIN", Value::Null),
        Message::Hello(hello) => ("HELLO", json!(hello)),
        Message::GetBlocks(GetBlocks::After { locator, limit }) => {
            ("GET_BLOCKS", json!({"locator": locator, "limit": limit}))
        }
        Message::GetBlocks(GetBlocks::ByHash(hashes)) => ("GET_BLOCKS", json!({"hashes": hashes})),
        Message::End { count, missing } => ("END", json!({"count": count, "missing": missing})),
        Message::Have(have) => ("HAVE", json!(have)),
        Message::GetPeers => ("GET_PEERS", Value::Null),
        Message::Peers(addresses) => {
            let texts: Vec<String> = addresses.iter().map(ToString::to_string).collect();
            ("PEERS", json!(texts))
        }
        Message::Ping(number) => ("PING", json!(number)),
        Message::Pong(number) => ("PONG", json!(number)),
        Message::GetStatus => ("STATUS", Value::Null),
        Message::Status(report) => ("STATUS", json!(report)),
        Message::GetHelp => ("HELP", Value::Null),
        Message::Help => ("HELP", json!({})),
        Message::Error(report) => ("ERROR", json!(report)),
    }
}

/// The keys of a header, and the ids behind them.
fn compact_fields(compact: &CompactBlock) -> Value {
    let mut fields = json!(compact.header);
    fields["txids"] = json!(compact.txids);
    fields
}

#[derive(Deserialize)]
#[serde(untagged, deny_unknown_fields, expecting = "it is {\"bytes\"} or {\"typed\"}")]
enum Question {
    /// What does a node make of this stream, which a peer sends from the beginning?
    Bytes { bytes: Bytes },
    /// Does a node take this line from a person?
    Typed { typed: Bytes },
}

/// Where the limits of lines, lists and typed text hold.
pub(super) fn within_limits(input: &Value) -> Result<Value, InputError> {
    match form(input)? {
        Question::Bytes { bytes } => Ok(cut(&bytes.expand()?)),
        Question::Typed { typed: text } => {
            let text = text.expand_text()?;
            let escaped = kusari_chain::block::escaped_bytes(&text);
            let result = typed(&text)?;
            Ok(json!({"escaped_bytes": escaped, "limit": MAX_TEXT_BYTES, "result": result}))
        }
    }
}

/// Reads a stream as a connection does: after `HELLO` its lines may be longer.
fn cut(bytes: &[u8]) -> Value {
    let mut reader = StreamReader::default();
    let mut lines = Vec::new();
    for piece in bytes.chunks(PIECE) {
        let went_on = reader.read(piece, &mut |length, received| {
            let result = match received {
                Ok(message) => parts(&message).0,
                Err(refusal) => refusal.code(),
            };
            lines.push(json!({"length": length, "result": result}));
            true
        });
        if !went_on {
            return json!({"lines": lines, "closes": true});
        }
    }
    json!({"lines": lines, "closes": false, "unfinished_bytes": reader.unfinished()})
}

/// The receiving side of a connection: bytes in, messages and refusals out.
#[derive(Default)]
pub(super) struct StreamReader(LineFramer);

impl StreamReader {
    /// Takes bytes and gives out what they complete: the length of each line with its newline, and
    /// what it is. Stops where `take` says so, and behind a line that is too long. Returns whether
    /// more may be read.
    pub(super) fn read(
        &mut self,
        bytes: &[u8],
        take: &mut dyn FnMut(usize, Result<Received, Refusal>) -> bool,
    ) -> bool {
        self.0.push(bytes);
        loop {
            let (length, received) = match self.0.next_line() {
                Ok(Some(line)) => (line.len() + 1, receive(line)),
                Ok(None) => return true,
                Err(too_long @ LineTooLong { limit }) => {
                    take(limit, Err(Refusal::Malformed(WireError::TooLong(too_long))));
                    return false;
                }
            };
            if matches!(received, Ok(Message::Hello(_))) {
                self.0.set_introduced();
            }
            if !take(length, received) {
                return false;
            }
        }
    }

    /// Bytes of a line whose end has not come.
    pub(super) fn unfinished(&self) -> usize {
        self.0.buffered()
    }
}
