//! Proofs, byte for byte as their files have them.

use kusari_chain::BlockHash;
use kusari_chain::ledger::Txid;

use super::{Client, ClientError};

impl Client {
    /// The proof of a transaction, byte for byte as its file has it.
    ///
    /// # Errors
    /// [`ClientError`]; [`ClientError::Problem`] where nothing is there to prove.
    pub fn proof(&self, txid: &Txid) -> Result<String, ClientError> {
        self.text(&format!("/v1/proofs/{txid}"))
    }

    /// The proof that one chain goes on from another, by the blocks where they end, byte for byte as its
    /// file has it.
    ///
    /// # Errors
    /// [`ClientError`]; [`ClientError::Problem`] where there is no such block.
    pub fn consistency(
        &self,
        earlier: &BlockHash,
        later: &BlockHash,
    ) -> Result<String, ClientError> {
        self.text(&format!("/v1/consistency?earlier={earlier}&later={later}"))
    }
}
