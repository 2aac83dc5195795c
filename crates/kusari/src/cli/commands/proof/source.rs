//! Where proofs come from: the node that runs, or the store of one that does not.

use kusari_api::views;
use kusari_chain::BlockHash;
use kusari_chain::ledger::{Address, ContentHash, Txid};
use kusari_chain::proof::ProofFile;

use crate::cli::node_api::NodeApi;
use crate::cli::prelude::*;
use kusari_api_types::{TransactionList, TransactionReport};
use kusari_store::SearchPosition;

/// Transactions that are asked for at once.
const PAGE: usize = 100;

/// What is searched for.
pub(super) enum Wanted {
    Content(ContentHash),
    Owner(Address),
}

pub(super) struct ProofSource(Access);

impl ProofSource {
    pub(super) fn open(choice: &NodeChoice) -> Result<Self> {
        match choice.open()? {
            Access::Stored(node) if node.store.spec().is_none() => Err(failed!(
                "this is a classic chain, which has no proofs: its blocks commit to no history; \
                 `--port` or `--data-dir` chooses a ledger"
            )),
            access => Ok(Self(access)),
        }
    }

    /// The text of a proof of a transaction, with its newline.
    pub(super) fn prove(&self, txid: &Txid) -> Result<String> {
        match &self.0 {
            Access::Running(client) => Ok(client.proof(txid)?),
            Access::Stored(node) => {
                let proof = node.store.prove(txid, &[])?.ok_or_else(|| {
                    failed!(
                        "the best chain has no transaction {txid}; `kusari tx {txid}` tells where it \
                         stands, and `kusari find` searches by file, text or address"
                    )
                })?;
                Ok(ProofFile::Transaction(Box::new(proof)).to_text() + "\n")
            }
        }
    }

    /// The text of a proof that one block is an ancestor of another, with its newline.
    pub(super) fn consistency(&self, earlier: &BlockHash, later: &BlockHash) -> Result<String> {
        match &self.0 {
            Access::Running(client) => Ok(client.consistency(earlier, later)?),
            Access::Stored(node) => {
                let proof = node.store.prove_consistency(earlier, later)?.ok_or_else(|| {
                    failed!(
                        "block {earlier} is not an ancestor of block {later} in the best chain that is \
                         stored here"
                    )
                })?;
                Ok(ProofFile::Consistency(Box::new(proof)).to_text() + "\n")
            }
        }
    }

    /// The node, or what stands in its place.
    pub(super) fn api(&self) -> &dyn NodeApi {
        self.0.api()
    }

    /// Gives what is found to `show`, the youngest first and at most `limit`, until it has enough. Says
    /// whether there is more.
    pub(super) fn search(
        &self,
        wanted: &Wanted,
        limit: usize,
        show: &mut dyn FnMut(TransactionReport) -> Result<bool>,
    ) -> Result<bool> {
        let (mut left, mut after) = (limit, None);
        while left > 0 {
            let page = self.page(wanted, after.as_deref(), left.min(PAGE))?;
            for report in page.transactions {
                left -= 1;
                if !show(report)? {
                    return Ok(true);
                }
            }
            after = page.next;
            if after.is_none() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn page(&self, wanted: &Wanted, after: Option<&str>, limit: usize) -> Result<TransactionList> {
        match &self.0 {
            Access::Running(client) => {
                let query = match wanted {
                    Wanted::Content(content) => format!("content={content}"),
                    Wanted::Owner(address) => format!("by={address}"),
                };
                Ok(client.search(&query, after, limit)?)
            }
            Access::Stored(node) => {
                let after: Option<SearchPosition> = after.and_then(|after| after.parse().ok());
                Ok(views::transactions(match wanted {
                    Wanted::Content(content) => node.store.transactions_with(content, after, limit),
                    Wanted::Owner(address) => node.store.transactions_of(&address.0, after, limit),
                }?))
            }
        }
    }
}
