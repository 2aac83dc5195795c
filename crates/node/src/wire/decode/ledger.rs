//! Lines that only a ledger chain has: transactions, headers, and blocks in parts.

use kusari_chain::checked::{CheckedHeader, Header};
use kusari_chain::ledger::{BodyEntry, Txid, WitnessStatement};
use kusari_chain::mempool::CheckedTransaction;
use kusari_chain::{BlockHash, RuleViolation};

use super::super::message::{CompactBlock, Message};
use super::super::refusal::Refusal;
use super::super::{MAX_HEADERS, MAX_LOCATOR, MAX_PLACES};
use super::{Dialect, Received, at_most, object, parse, text};
use crate::prelude::*;

impl Dialect {
    /// Reads a line whose verb only a ledger chain has. `None` where the verb is another one.
    pub(super) fn ledger_verb(self, verb: &str, json: &str) -> Result<Option<Received>, Refusal> {
        Ok(Some(match verb {
            "TX" => Message::Transaction(Box::new(self.transaction(json)?)),
            "ACCEPTED" => {
                let Accepted { txid } = object("ACCEPTED", json)?;
                Message::Accepted { txid }
            }
            "GET_MEMPOOL" => Message::GetMempool,
            "GET_HEADERS" => {
                let GetHeadersFields { locator, limit } = object("GET_HEADERS", json)?;
                let locator = at_most("GET_HEADERS", locator, MAX_LOCATOR)?;
                let limit = limit.unwrap_or(MAX_HEADERS).min(MAX_HEADERS);
                Message::GetHeaders { locator, limit }
            }
            "COMPACT" => Message::Compact(Box::new(self.compact(json)?)),
            "GET_TRANSACTIONS" => {
                let Places { hash, places } = object("GET_TRANSACTIONS", json)?;
                let places = at_most("GET_TRANSACTIONS", places, MAX_PLACES)?;
                Message::GetTransactions { hash, places }
            }
            "TRANSACTIONS" => {
                let Entries { hash, entries } = object("TRANSACTIONS", json)?;
                let entries = at_most("TRANSACTIONS", entries, MAX_PLACES)?;
                Message::Transactions { hash, entries }
            }
            "HEADERS" => Message::Headers(self.headers(json)?),
            "WITNESS" => Message::Witness(Box::new(self.statement(json)?)),
            _ => return Ok(None),
        }))
    }

    fn header(self, header: Header) -> Result<CheckedHeader, RuleViolation> {
        let chain = match self {
            Self::Ledger(chain) => chain,
            _ => header.commitment.chain_id,
        };
        CheckedHeader::check(header, &chain)
    }

    fn compact(self, json: &str) -> Result<CompactBlock, Refusal> {
        // Unknown keys are ignored, so the header and the ids are read one after the other.
        let header: Header = object("COMPACT", json)?;
        let Txids { txids } = object("COMPACT", json)?;
        let header = self.header(header)?;
        let claimed = header.header().commitment.body_count;
        if claimed as usize != txids.len() {
            let counted = txids.len();
            return Err(RuleViolation::BadBodyCount { claimed, counted }.into());
        }
        Ok(CompactBlock { header, txids })
    }

    fn headers(self, json: &str) -> Result<Vec<CheckedHeader>, Refusal> {
        let headers: Vec<Header> = parse("HEADERS", json)?;
        let headers = at_most("HEADERS", headers, MAX_HEADERS as usize)?;
        headers.into_iter().map(|header| Ok(self.header(header)?)).collect()
    }

    fn statement(self, json: &str) -> Result<WitnessStatement, Refusal> {
        let statement: WitnessStatement = object("WITNESS", json)?;
        match self {
            Self::Ledger(chain) if !statement.is_signed(&chain) => Err(Refusal::StatementSignature),
            _ => Ok(statement),
        }
    }

    /// Reads a `TX` line up to its JSON, and checks nothing of it. `None` where the verb is another one.
    pub(in crate::wire) fn transaction_line(
        self,
        line: &[u8],
    ) -> Option<Result<BodyEntry, Refusal>> {
        if !line.starts_with(b"TX:") {
            return None;
        }
        Some(text(line).and_then(|text| Ok(object("TX", text.get(3..).unwrap_or_default())?)))
    }

    fn transaction(self, json: &str) -> Result<CheckedTransaction, Refusal> {
        let BodyEntry { transaction, payload } = object("TX", json)?;
        Ok(match self {
            Self::Ledger(chain) => CheckedTransaction::check(transaction, payload, &chain)?,
            _ => CheckedTransaction::check_unsigned(transaction, payload)?,
        })
    }
}

#[derive(Deserialize)]
struct Accepted {
    txid: Txid,
}

#[derive(Deserialize)]
struct Txids {
    txids: Vec<Txid>,
}

#[derive(Deserialize)]
struct Places {
    hash: BlockHash,
    places: Vec<u32>,
}

#[derive(Deserialize)]
struct Entries {
    hash: BlockHash,
    entries: Vec<BodyEntry>,
}

#[derive(Deserialize)]
struct GetHeadersFields {
    locator: Vec<BlockHash>,
    limit: Option<u32>,
}
