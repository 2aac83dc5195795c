//! What the local API says of transactions.

use kusari_chain::BlockHash;
use kusari_chain::ledger::{Payload, SignedTransaction, Txid};
use kusari_node::event::BlockName;
use serde::{Deserialize, Serialize};

use crate::{HindranceReport, ToSchema};

/// `POST /v1/transactions`: have a signed transaction mined.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SubmitRequest {
    /// The transaction.
    pub transaction: SignedTransaction,
    /// Its payload; null where it has none. The key must be there.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schema(required)]
    pub payload: Option<Payload>,
}

/// The answer to `POST /v1/transactions`, with status 202, once the transaction is durable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TransactionReceipt {
    /// Its id.
    pub txid: Txid,
}

/// `GET /v1/transactions/{txid}`: one transaction and where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TransactionReport {
    /// Its id.
    pub txid: Txid,
    /// The transaction itself.
    pub transaction: SignedTransaction,
    /// Its payload, unless it has none or it was erased here.
    pub payload: Option<Payload>,
    /// Whether it waits to be mined.
    pub waits: bool,
    /// The transaction of the same account that took its place, so that it can't be mined while that
    /// one stands; known of what was submitted to this node.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub displaced_by: Option<Txid>,
    /// The id under which its text was signed before, where another transaction took the place of
    /// that one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub former_txid: Option<Txid>,
    /// Its number among the records of this node; absent where it was not submitted to this node.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub record: Option<u64>,
    /// The block that it stands in, of the best chain if it does there; absent while it waits.
    pub block: Option<TransactionPlace>,
    /// A block beside the best chain that holds it as well, the last that was stored: where it stood
    /// before a reorganisation, if it ever did.
    pub beside: Option<BlockName>,
    /// What may keep it from being mined, while it waits.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hindrances: Vec<HindranceReport>,
}

/// Where a transaction stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TransactionPlace {
    /// Height of the block.
    pub height: u32,
    /// Its hash.
    pub hash: BlockHash,
    /// The block's timestamp, in Unix seconds.
    pub timestamp: u64,
    /// Place in its body, from 0.
    pub place: u32,
    /// Blocks of the best chain from it to the tip, itself included; 0 beside the best chain.
    pub confirmations: u32,
}

/// `GET /v1/transactions`: transactions of the best chain, the youngest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TransactionList {
    /// The transactions.
    pub transactions: Vec<TransactionReport>,
    /// What `after` takes for the next page; null where there is none.
    pub next: Option<String>,
}
