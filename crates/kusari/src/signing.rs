//! From what a person wants recorded or paid to a transaction that a node has taken.
//!
//! Owns how a transaction is made and signed, and that it gets the sequence that is its turn: where
//! somebody else took it meanwhile, it is made anew. What the node's pool makes of it is up to the
//! node. Secrets stay in the wallet.

use kusari_chain::ledger::{Address, ChainId, Payload, PublicKey, Salt, Txid, UnsignedTransaction};
use kusari_chain::mempool::{CheckedTransaction, PoolRefusal};
use kusari_chain::rules::TransactionViolation;
use kusari_node::seam::{Command, Reply, SubmitRefusal, WrittenTransaction};

use crate::api::client::{Client, ClientError};
use crate::api::problem;
use crate::runtime::{NodeHandle, Stopped};
use crate::wallet::UnlockedWallet;

/// How often a transaction is made anew where another one took its sequence.
const ATTEMPTS: usize = 8;

/// What is to be signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Draft {
    /// A text is recorded.
    Record(String),
    /// Somebody is paid.
    Transfer { to: Address, amount: u64, note: Option<String> },
}

/// Why a node did not take a transaction.
pub(crate) enum NotTaken {
    /// Its sequence is not the sender's next.
    Sequence(String),
    /// Anything else, in words.
    Refused(String),
}

/// Why a draft became no transaction that waits.
#[derive(Debug)]
pub(crate) enum Unsent<E> {
    /// The node says no, or it cannot be made; in words.
    Refused(String),
    /// The node was not reached, or did not say what became of it.
    Node(E),
}

/// A node of a ledger, as far as one needs it to send something.
pub(crate) trait LedgerNode {
    type Error;

    /// The sequence that the next transaction of this key needs.
    fn next_sequence(&self, key: &PublicKey) -> Result<u64, Unsent<Self::Error>>;

    /// Has a transaction mined. It is durable when this returns its id.
    fn submit(&self, checked: CheckedTransaction) -> Result<Result<Txid, NotTaken>, Self::Error>;
}

/// Signs a draft and has the node take it.
pub(crate) fn send<N: LedgerNode>(
    node: &N,
    chain: &ChainId,
    wallet: &UnlockedWallet,
    draft: &Draft,
    fee: u64,
) -> Result<Txid, Unsent<N::Error>> {
    let key = wallet.address().0;
    let mut refusal = String::new();
    for _ in 0..ATTEMPTS {
        let sequence = node.next_sequence(&key)?;
        let (unsigned, payload) = compose(draft, key, sequence, fee).map_err(Unsent::Refused)?;
        let signed = wallet.sign(&unsigned, chain);
        let signed = signed.map_err(|error| Unsent::Refused(error.to_string()))?;
        let checked = CheckedTransaction::check(signed, payload, chain)
            .map_err(|violation| Unsent::Refused(violation.to_string()))?;
        match node.submit(checked).map_err(Unsent::Node)? {
            Ok(txid) => return Ok(txid),
            Err(NotTaken::Sequence(why)) => refusal = why,
            Err(NotTaken::Refused(why)) => return Err(Unsent::Refused(why)),
        }
    }
    Err(Unsent::Refused(format!(
        "others send from this account at the same time ({refusal}); try again, or use a wallet of \
         your own"
    )))
}

fn compose(
    draft: &Draft,
    author: PublicKey,
    sequence: u64,
    fee: u64,
) -> Result<(UnsignedTransaction, Option<Payload>), String> {
    Ok(match draft {
        Draft::Record(text) => {
            let payload = payload(text)?;
            let unsigned = UnsignedTransaction::record(author, sequence, fee, &payload);
            (unsigned, Some(payload))
        }
        Draft::Transfer { to, amount, note } => {
            let note = note.as_deref().map(payload).transpose()?;
            let keys = (author, to.0);
            let unsigned =
                UnsignedTransaction::transfer(keys, *amount, sequence, fee, note.as_ref());
            (unsigned, note)
        }
    })
}

fn payload(text: &str) -> Result<Payload, String> {
    let mut salt = [0; 16];
    getrandom::fill(&mut salt)
        .map_err(|error| format!("the operating system gave no random numbers ({error})"))?;
    Ok(Payload { salt: Salt(salt), data: text.to_owned() })
}

impl LedgerNode for NodeHandle {
    type Error = Stopped;

    fn next_sequence(&self, key: &PublicKey) -> Result<u64, Unsent<Stopped>> {
        match self.command(Command::GetAccount(*key)).map_err(Unsent::Node)? {
            Reply::Account { next_sequence, .. } => Ok(next_sequence),
            _ => Err(Unsent::Refused(String::from("this chain is no ledger"))),
        }
    }

    fn submit(&self, checked: CheckedTransaction) -> Result<Result<Txid, NotTaken>, Stopped> {
        let reply = self.command(Command::Submit(Box::new(WrittenTransaction(checked))))?;
        Ok(match reply {
            Reply::Submitted(txid) => Ok(txid),
            Reply::NotSubmitted(SubmitRefusal::Pool(refusal)) => Err(match &refusal {
                PoolRefusal::Transaction(
                    TransactionViolation::SequenceUsed { .. }
                    | TransactionViolation::SequenceGap { .. },
                )
                | PoolRefusal::Underbid { .. } => NotTaken::Sequence(refusal.to_string()),
                _ => NotTaken::Refused(refusal.to_string()),
            }),
            Reply::NotSubmitted(full) => Err(NotTaken::Refused(full.to_string())),
            _ => Err(NotTaken::Refused(String::from("this chain is no ledger"))),
        })
    }
}

impl LedgerNode for Client {
    type Error = ClientError;

    fn next_sequence(&self, key: &PublicKey) -> Result<u64, Unsent<ClientError>> {
        match self.account(&Address(*key)) {
            Ok(account) => Ok(account.next_sequence),
            Err(ClientError::Problem(problem)) => Err(Unsent::Refused(problem.detail)),
            Err(error) => Err(Unsent::Node(error)),
        }
    }

    fn submit(&self, checked: CheckedTransaction) -> Result<Result<Txid, NotTaken>, ClientError> {
        match self.send_transaction(&checked) {
            Ok(receipt) => Ok(Ok(receipt.txid)),
            Err(ClientError::Problem(problem)) => {
                let is_sequence = problem.kind == problem::SEQUENCE.kind();
                let wrap = if is_sequence { NotTaken::Sequence } else { NotTaken::Refused };
                Ok(Err(wrap(problem.detail)))
            }
            Err(error) => Err(error),
        }
    }
}
