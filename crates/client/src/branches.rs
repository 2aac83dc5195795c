//! What the client asks about branches.

use kusari_chain::BlockHash;

use super::{Client, ClientError};
use kusari_api_types::branches::{AcceptReceipt, AcceptRequest, BranchList};

impl Client {
    /// The best chain's last block, and the branches beside it.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn branches(&self) -> Result<BranchList, ClientError> {
        self.get("/v1/branches")
    }

    /// Has the node follow the branch of a block, however much that reverts.
    ///
    /// # Errors
    /// [`ClientError`]; after [`ClientError::Unanswered`] it may be followed or not.
    pub fn accept_branch(&self, hash: &BlockHash) -> Result<AcceptReceipt, ClientError> {
        self.write("/v1/branches/accept", &AcceptRequest { hash: *hash })
    }
}
