//! From what a person wants recorded or paid to a transaction that a node has taken, for a wallet that
//! is not the node's own.
//!
//! Owns that the transaction gets the sequence that is its turn: where another one took it meanwhile,
//! the transaction is made anew. What the node's pool makes of it is up to the node. Secrets stay in
//! the wallet.

use kusari_chain::ledger::{Address, ChainId, Txid};
use kusari_chain::mempool::CheckedTransaction;
use kusari_node::drafts::{Draft, DraftContent};

use kusari_api_types::problem;
use kusari_client::{Client, ClientError};
use kusari_wallet::{UnlockedWallet, payload_of};

/// How often a transaction is made anew where another one took its sequence.
const ATTEMPTS: usize = 8;

/// Why a draft became no transaction that waits.
#[derive(Debug)]
pub(crate) enum Unsent {
    /// The node says no, or it cannot be made; in words.
    Refused(String),
    /// The node has no room for it now; in words.
    Full(String),
    /// The node was not reached, or did not say what became of it.
    Node(ClientError),
}

impl Unsent {
    fn refused(error: impl ToString) -> Self {
        Self::Refused(error.to_string())
    }
}

impl From<ClientError> for Unsent {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::Problem(problem)
                if [problem::POOL_FULL.kind(), problem::OUTBOX_FULL.kind()]
                    .contains(&problem.kind) =>
            {
                Self::Full(problem.detail)
            }
            ClientError::Problem(problem) => Self::Refused(problem.detail),
            error => Self::Node(error),
        }
    }
}

/// Signs a draft and has the node take it. The transaction is durable when this returns its id.
pub(crate) fn send(
    client: &Client,
    chain: &ChainId,
    wallet: &UnlockedWallet,
    content: DraftContent,
    fee: u64,
) -> Result<Txid, Unsent> {
    let draft = Draft { account: wallet.address().0, fee, content };
    let mut refusal = String::new();
    for _ in 0..ATTEMPTS {
        let sequence = client.account(&Address(draft.account))?.next_sequence;
        let payload = draft.text().map(payload_of).transpose().map_err(|error| {
            Unsent::Refused(format!("the operating system gave no random numbers ({error})"))
        })?;
        let unsigned = draft.unsigned(sequence, payload.as_ref());
        let signed = wallet.sign(&unsigned, chain).map_err(Unsent::refused)?;
        let checked = CheckedTransaction::check(signed, payload, chain).map_err(Unsent::refused)?;
        match client.send_transaction(&checked) {
            Ok(receipt) => return Ok(receipt.txid),
            Err(ClientError::Problem(problem)) if problem.kind == problem::SEQUENCE.kind() => {
                refusal = problem.detail;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Err(Unsent::Refused(format!(
        "others send from this account at the same time ({refusal}); try again, or use a wallet of \
         your own"
    )))
}
