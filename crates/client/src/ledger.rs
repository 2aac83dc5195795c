//! What a ledger adds to the client: accounts and transactions.

use kusari_chain::ledger::{Address, Txid};
use kusari_chain::mempool::CheckedTransaction;

use super::{Client, ClientError};
use kusari_api_types::{
    AccountReport, EraseRequest, LedgerRecordRequest, LedgerReport, MineOnRequest, RecordList,
    RecordReport, StatementList, SubmitRequest, TransactionList, TransactionReceipt,
    TransactionReport, TransferRequest, UnlockRequest, WalletReport, WitnessList,
};
use zeroize::Zeroizing;

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
        self.write("/v1/transactions", &SubmitRequest { transaction, payload })
    }

    /// Has the node's own wallet sign a text; the draft is durable when this returns.
    ///
    /// # Errors
    /// [`ClientError`]; after [`ClientError::Unanswered`] it may be there or not.
    pub fn record_on_ledger(
        &self,
        request: &LedgerRecordRequest,
    ) -> Result<RecordReport, ClientError> {
        self.write("/v1/ledger/records", request)
    }

    /// Has the node's own wallet pay an account; the draft is durable when this returns.
    ///
    /// # Errors
    /// [`ClientError`]; after [`ClientError::Unanswered`] it may be there or not.
    pub fn transfer(&self, request: &TransferRequest) -> Result<RecordReport, ClientError> {
        self.write("/v1/ledger/transfers", request)
    }

    /// Unlocks the node's own wallet, until the node stops.
    ///
    /// # Errors
    /// [`ClientError`]; [`ClientError::Problem`] where the passphrase is wrong.
    pub fn unlock_wallet(
        &self,
        passphrase: Zeroizing<String>,
    ) -> Result<WalletReport, ClientError> {
        self.write("/v1/wallet/unlock", &UnlockRequest { passphrase })
    }

    /// What waits or was displaced of what people submitted to the node, the newest first.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn outbox(&self, before: Option<u64>, limit: usize) -> Result<RecordList, ClientError> {
        let before = before.map_or_else(String::new, |before| format!("&before={before}"));
        self.get(&format!("/v1/records?open=true&limit={limit}{before}"))
    }

    /// One transaction and where it stands, if the node knows it.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn transaction(&self, txid: &Txid) -> Result<Option<TransactionReport>, ClientError> {
        self.get_if_there(&format!("/v1/transactions/{txid}"))
    }

    /// Transactions by a query of `content=HASH` or `by=ADDRESS`, one page.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn search(
        &self,
        query: &str,
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
        self.write::<MineOnRequest>("/v1/mining", &MineOnRequest { seconds }).map(drop)
    }

    /// Has the node drop the payload of a transaction for good.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn erase(&self, txid: &Txid) -> Result<(), ClientError> {
        self.write::<EraseRequest>("/v1/erasures", &EraseRequest { txid: *txid }).map(drop)
    }
}
