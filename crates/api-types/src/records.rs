//! What the local API says of what people submitted to this node.

use kusari_chain::BlockHash;
use kusari_chain::ledger::{Address, Txid};
use kusari_node::TextWarning;
use kusari_node::drafts::DraftWait;
use serde::{Deserialize, Serialize};

use crate::ToSchema;

use super::Problem;
use zeroize::Zeroizing;

/// `POST /v1/records`: record a line of text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordRequest {
    /// The line.
    #[schema(min_length = 1)]
    pub text: String,
}

/// Most texts of one batch.
pub const MAX_BATCH: usize = 256;

/// `POST /v1/records/batch`: record many texts, in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchRequest {
    /// The texts, from 1 to 256.
    #[schema(min_items = 1, max_items = 256)]
    pub texts: Vec<String>,
    /// What the miner gets for each, on a ledger, in whole units; the least that the chain takes where
    /// it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fee: Option<u64>,
}

/// The answer to [`BatchRequest`], with status 202.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BatchReport {
    /// What became of each text, in order.
    pub results: Vec<BatchItem>,
}

/// What became of one text of a batch: a record or a problem.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BatchItem {
    /// The record, which is on disk.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub record: Option<RecordReport>,
    /// Why it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub problem: Option<Problem>,
}

/// `POST /v1/ledger/records`: have the node's wallet sign a text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LedgerRecordRequest {
    /// The text.
    #[schema(min_length = 1)]
    pub text: String,
    /// What the miner gets, in whole units; the least that the chain takes where it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fee: Option<u64>,
}

/// `POST /v1/ledger/transfers`: have the node's wallet pay an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TransferRequest {
    /// Who is paid.
    pub to: Address,
    /// How much, in whole units.
    pub amount: u64,
    /// A text that goes with it, for everybody to read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// What the miner gets, in whole units; the least that the chain takes where it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fee: Option<u64>,
}

/// `POST /v1/wallet/unlock`: let the node sign with its wallet, until it stops.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UnlockRequest {
    /// The wallet's passphrase. It stays in memory while it is tried, and is written nowhere.
    #[schema(value_type = String)]
    pub passphrase: Zeroizing<String>,
}

/// The passphrase turns up in no log.
impl std::fmt::Debug for UnlockRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UnlockRequest").finish_non_exhaustive()
    }
}

/// The answer to [`UnlockRequest`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WalletReport {
    /// The address of the node's wallet.
    pub address: Address,
    /// Whether the node can sign with it.
    pub unlocked: bool,
}

/// Where a record is on its way into the best chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RecordState {
    /// The wallet of the node is still to sign it, or to sign it again.
    Draft,
    /// It waits to be mined.
    Waiting,
    /// It stands in the best chain.
    Mined,
    /// Another transaction of the same account took its place: it can't be mined while that one stands.
    Displaced,
}

/// `GET /v1/records/{id}`, and the answer to what records a text or pays an account, with status 202,
/// once it is durable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RecordReport {
    /// Its number on this node, from 1.
    pub id: u64,
    /// The text; empty for a payment without a note, and where it was erased.
    pub text: String,
    /// What it pays, if it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub payment: Option<PaymentReport>,
    /// Where it is on its way.
    pub state: RecordState,
    /// The transaction that it is, as it was signed last; absent on the classic chain and before it is
    /// signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub txid: Option<Txid>,
    /// The transaction that it was before it was signed again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub former_txid: Option<Txid>,
    /// The transaction of the same account that took its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub displaced_by: Option<Txid>,
    /// What a draft waits for; absent where it is signed next, and where no node runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub waits_for: Option<DraftWait>,
    /// The block of the best chain that it stands in; absent while it stands in none.
    pub block: Option<RecordPlace>,
    /// What is wrong with a line, which is recorded all the same; in the answer to [`RecordRequest`]
    /// alone, and seldom there.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub warning: Option<String>,
}

impl RecordReport {
    /// One that was just submitted to the node.
    #[must_use]
    pub fn waiting(id: u64, text: String) -> Self {
        Self {
            id,
            text,
            payment: None,
            state: RecordState::Waiting,
            txid: None,
            former_txid: None,
            displaced_by: None,
            waits_for: None,
            block: None,
            warning: None,
        }
    }

    /// With what is wrong with its text.
    #[must_use]
    pub fn with_warning(self, warning: Option<TextWarning>) -> Self {
        Self { warning: warning.map(|warning| warning.to_string()), ..self }
    }
}

/// What a record pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PaymentReport {
    /// Who is paid.
    pub to: Address,
    /// How much, in whole units.
    pub amount: u64,
}

/// A block where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RecordPlace {
    /// Height of the block.
    pub height: u32,
    /// Its hash.
    pub hash: BlockHash,
    /// Blocks of the best chain from it to the tip, itself included; 0 beside the best chain.
    pub confirmations: u32,
}
