//! Where proofs come from: the node that runs, or the store of one that does not.

use kusari_api::views;
use kusari_chain::BlockHash;
use kusari_chain::ledger::{Address, ContentHash, Txid};
use kusari_chain::proof::ProofFile;

use crate::cli::access::Access;
use crate::cli::choice::NodeChoice;
use crate::cli::failure::Failure;
use kusari_api_types::TransactionList;
use kusari_client::Client;
use kusari_store::{SearchPosition, Store};

/// Transactions that are asked for at once.
const PAGE: usize = 100;

/// What is searched for.
pub(super) enum Wanted {
    Content(ContentHash),
    Owner(Address),
}

pub(super) enum Source {
    Node(Client),
    Store(Store),
}

impl Source {
    pub(super) fn open(choice: &NodeChoice) -> Result<Self, Failure> {
        match choice.open()? {
            Access::Running(client) => Ok(Self::Node(client)),
            Access::Stored { store, .. } if store.spec().is_some() => Ok(Self::Store(store)),
            Access::Stored { .. } => Err(Failure::failed(
                "this is a classic chain, which has no proofs: its blocks commit to no history; \
                 `--port` or `--data-dir` chooses a ledger",
            )),
        }
    }

    /// The text of a proof of a transaction, with its newline.
    pub(super) fn prove(&self, txid: &Txid) -> Result<String, Failure> {
        match self {
            Self::Node(client) => Ok(client.proof(txid)?),
            Self::Store(store) => {
                let proof = store.prove(txid, &[])?.ok_or_else(|| {
                    Failure::failed(format!(
                        "the best chain has no transaction {txid}; `kusari tx {txid}` tells where it \
                         stands, and `kusari find` searches by file, text or address"
                    ))
                })?;
                Ok(ProofFile::Transaction(Box::new(proof)).to_text() + "\n")
            }
        }
    }

    /// The text of a proof that one block is an ancestor of another, with its newline.
    pub(super) fn consistency(
        &self,
        earlier: &BlockHash,
        later: &BlockHash,
    ) -> Result<String, Failure> {
        match self {
            Self::Node(client) => Ok(client.consistency(earlier, later)?),
            Self::Store(store) => {
                let proof = store.prove_consistency(earlier, later)?.ok_or_else(|| {
                    Failure::failed(format!(
                        "block {earlier} is not an ancestor of block {later} in the best chain that is \
                         stored here"
                    ))
                })?;
                Ok(ProofFile::Consistency(Box::new(proof)).to_text() + "\n")
            }
        }
    }

    /// The hash of the best chain's block at a height, if there is one.
    pub(super) fn hash_at(&self, height: u32) -> Result<Option<BlockHash>, Failure> {
        Ok(match self {
            Self::Node(client) => {
                client.block(&height.to_string())?.map(|block| block.block.block.hash)
            }
            Self::Store(store) => store.placed_at(height)?.map(|placed| placed.block.block.hash),
        })
    }

    /// One page of what was found, the youngest first.
    pub(super) fn search(
        &self,
        wanted: &Wanted,
        after: Option<&str>,
        limit: usize,
    ) -> Result<TransactionList, Failure> {
        let limit = limit.min(PAGE);
        match self {
            Self::Node(client) => Ok(client.search(&wanted.query(), after, limit)?),
            Self::Store(store) => {
                let after: Option<SearchPosition> = after.and_then(|after| after.parse().ok());
                Ok(views::transactions(match wanted {
                    Wanted::Content(content) => store.transactions_with(content, after, limit),
                    Wanted::Owner(address) => store.transactions_of(&address.0, after, limit),
                }?))
            }
        }
    }
}

impl Wanted {
    fn query(&self) -> String {
        match self {
            Self::Content(content) => format!("content={content}"),
            Self::Owner(address) => format!("by={address}"),
        }
    }
}
