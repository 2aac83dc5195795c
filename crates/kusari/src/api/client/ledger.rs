//! What a ledger adds to the client: accounts and transactions.

use kusari_chain::ledger::{Address, BodyEntry, Txid};
use kusari_chain::mempool::CheckedTransaction;

use super::{Client, ClientError};
use crate::api::model::{
    AccountReport, EraseRequest, LedgerReport, MineOnRequest, StatementList, TransactionList,
    TransactionReceipt, TransactionReport, WitnessList,
};

impl Client {
    /// The ledger chain that the node keeps.
    ///
    /// # Errors
    /// [`ClientError`]; [`ClientError::Problem`] where it keeps the classic chain.
    pub fn ledger(&self) -> Result<LedgerReport, ClientError> {
        self.get("/v1/ledger")
    }

    /// What an account owns.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn account(&self, address: &Address) -> Result<AccountReport, ClientError> {
        self.get(&format!("/v1/accounts/{address}"))
    }

    /// Has a transaction mined; it is durable when this returns.
    ///
    /// # Errors
    /// [`ClientError`]; after [`ClientError::Unanswered`] it may wait or not.
    pub fn send_transaction(
        &self,
        checked: &CheckedTransaction,
    ) -> Result<TransactionReceipt, ClientError> {
        let (transaction, payload) = (*checked.transaction(), checked.payload().cloned());
        let answer = self.post("/v1/transactions", &BodyEntry { transaction, payload }, 0)?;
        self.understood(answer)
    }

    /// One transaction and where it stands, if the node knows it.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn transaction(&self, txid: &Txid) -> Result<Option<TransactionReport>, ClientError> {
        self.get_if_there(&format!("/v1/transactions/{txid}"))
    }

    /// Transactions by a query of `content=` or `by=`, one page.
    ///
    /// # Errors
    /// [`ClientError`].
    pub(crate) fn search(
        &self,
        query: String,
        after: Option<&str>,
        limit: usize,
    ) -> Result<TransactionList, ClientError> {
        let after = after.map_or_else(String::new, |after| format!("&after={after}"));
        self.get(&format!("/v1/transactions?{query}{after}&limit={limit}"))
    }

    /// Who says what it saw.
    ///
    /// # Errors
    /// [`ClientError`]; [`ClientError::Problem`] where the node keeps the classic chain.
    pub fn witnesses(&self) -> Result<WitnessList, ClientError> {
        self.get("/v1/witnesses")
    }

    /// Statements of witnesses about blocks of the best chain from a height on: the oldest and the
    /// newest of each key.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn statements_from(&self, height: u32) -> Result<StatementList, ClientError> {
        self.get(&format!("/v1/witnesses?from={height}"))
    }

    /// Has the node mine on for a while, although nothing waits.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn mine_on(&self, seconds: u32) -> Result<(), ClientError> {
        let answer = self.post("/v1/mining", &MineOnRequest { seconds }, 0)?;
        self.understood::<MineOnRequest>(answer).map(drop)
    }

    /// Has the node drop the payload of a transaction for good.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn erase(&self, txid: &Txid) -> Result<(), ClientError> {
        let answer = self.post("/v1/erasures", &EraseRequest { txid: *txid }, 0)?;
        self.understood::<EraseRequest>(answer).map(drop)
    }
}
