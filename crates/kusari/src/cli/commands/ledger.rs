//! `kusari record`, `send`, `balance`, `tx`, `erase`, `witnesses` and `witness-key`: what one does on a
//! ledger.
//!
//! Owns what they share: which wallet signs, and the wait for confirmations. They sign here and
//! speak the local API; no secret leaves this process.

pub(crate) mod balance;
pub(crate) mod erase;
pub(crate) mod record;
pub(crate) mod send;
pub(crate) mod tx;
pub(crate) mod witness_key;
pub(crate) mod witnesses;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use kusari_chain::ledger::{Address, Txid};

use super::Failure;
use crate::api::client::{Client, ClientError};
use crate::api::model::{LedgerReport, TransactionReport};
use crate::api::problem;
use crate::cli::access::Access;
use crate::cli::choice::NodeChoice;
use crate::cli::progress::Progress;
use crate::cli::stdout::Stdout;
use crate::signing::{self, Draft, Unsent};
use crate::wallet::passphrase::Source;
use crate::wallet::{AddressBook, Wallet, WalletName, path_of};

/// How often the node is asked how deep a transaction stands.
const ASK_AGAIN: Duration = Duration::from_millis(100);
/// For how long the node is asked to mine on at a time, in seconds; asked again at half of it.
const MINE_ON_SECONDS: u32 = 4;
/// How long `--confirmations` waits, in seconds.
const DEFAULT_TIMEOUT: u64 = 600;

/// Who signs, and what is waited for.
#[derive(Debug, clap::Args)]
pub(crate) struct Signing {
    /// The wallet that signs
    #[arg(long, value_name = "NAME", default_value = "default")]
    pub(crate) wallet: WalletName,

    /// File with its passphrase in its only line; KUSARI_PASSPHRASE may hold it as well [default:
    /// ask at the terminal]
    #[arg(long, value_name = "FILE")]
    pub(crate) passphrase_file: Option<PathBuf>,

    /// What the miner is paid, in whole units [default: the least that the chain takes]
    #[arg(long, value_name = "N")]
    pub(crate) fee: Option<u64>,

    /// Wait until it stands so deep in the best chain, its own block included; the node mines on
    /// meanwhile
    #[arg(long, value_name = "N")]
    pub(crate) confirmations: Option<u32>,

    /// Longest wait with --confirmations [default: 600]
    #[arg(long, value_name = "SECONDS", requires = "confirmations")]
    pub(crate) timeout: Option<u64>,

    #[command(flatten)]
    pub(crate) node: NodeChoice,

    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

impl Signing {
    /// Signs, sends, and shows the receipt; waits where that was asked for.
    pub(crate) fn send(&self, draft: &Draft) -> Result<(), Failure> {
        let (client, ledger) = ledger_node(&self.node)?;
        let wallet = Wallet::open(&path_of(&self.node.directory_of_wallets()?, &self.wallet))?;
        let unlocked = wallet.unlock_from(&Source::new(self.passphrase_file.as_deref()))?;
        let fee = self.fee.unwrap_or(ledger.spec.min_fee);
        let sent = signing::send(&client, &ledger.chain_id, &unlocked, draft, fee);
        let txid = sent.map_err(|unsent| match unsent {
            Unsent::Refused(why) => Failure::failed(why),
            Unsent::Node(error) => error.into(),
        })?;
        let mut output = Stdout::new();
        if !self.json {
            output.line(&format!("Saved as transaction {txid}; it will be mined into a block"))?;
            output.flush()?;
        }
        let report = match self.confirmations {
            Some(wanted) => self.wait(&client, &txid, wanted)?,
            None => known(&client, &txid)?,
        };
        match (self.json, &report.block) {
            (true, _) => output.json(&report)?,
            (false, Some(block)) if self.confirmations.is_some() => output.line(&format!(
                "It stands in block {} at height {}, {} deep",
                block.hash, block.height, block.confirmations
            ))?,
            _ => {}
        }
        output.flush()
    }

    /// Waits until a transaction is deep enough. While it waits, the node mines on.
    fn wait(
        &self,
        client: &Client,
        txid: &Txid,
        wanted: u32,
    ) -> Result<TransactionReport, Failure> {
        let timeout = Duration::from_secs(self.timeout.unwrap_or(DEFAULT_TIMEOUT));
        let progress = Progress::of_blocks("Confirming", wanted);
        let start = now();
        let mut asked: Option<Instant> = None;
        loop {
            let report = known(client, txid)?;
            let depth = report.block.as_ref().map_or(0, |block| block.confirmations);
            progress.set(depth.min(wanted).into());
            if depth >= wanted {
                progress.finish();
                return Ok(report);
            }
            if start.elapsed() >= timeout {
                progress.finish();
                return Err(Failure::failed(format!(
                    "transaction {txid} is {depth} of {wanted} deep after {} s; it stays entrusted \
                     to the node, so do not send it again: `kusari tx {txid}` tells how it goes on",
                    timeout.as_secs()
                )));
            }
            let half = Duration::from_secs(u64::from(MINE_ON_SECONDS) / 2);
            if asked.is_none_or(|asked| asked.elapsed() >= half) {
                mine_on(client)?;
                asked = Some(now());
            }
            std::thread::park_timeout(ASK_AGAIN);
        }
    }
}

/// What the node says of a transaction that it has taken.
fn known(client: &Client, txid: &Txid) -> Result<TransactionReport, Failure> {
    let report = client.transaction(txid)?;
    report.filter(|report| report.waits || report.block.is_some()).ok_or_else(|| {
        Failure::failed(format!(
            "transaction {txid} cannot be mined any more: another one of the same account took its \
             place"
        ))
    })
}

/// Has the node mine on. One that mines nothing waits for others.
fn mine_on(client: &Client) -> Result<(), Failure> {
    match client.mine_on(MINE_ON_SECONDS) {
        Err(ClientError::Problem(problem)) if problem.kind == problem::MINING_OFF.kind() => Ok(()),
        other => Ok(other?),
    }
}

/// The node that runs, and the ledger that it keeps.
pub(crate) fn ledger_node(choice: &NodeChoice) -> Result<(Client, LedgerReport), Failure> {
    let client = match choice.open()? {
        Access::Running(client) => client,
        Access::Stored { .. } => {
            return Err(Failure::failed(
                "no node runs that would take this; start one, as in `kusari --listen 8080 --chain \
                 ledger`",
            ));
        }
    };
    let ledger = client.ledger().map_err(|error| match error {
        ClientError::Problem(problem) => Failure::failed(problem.detail),
        other => other.into(),
    })?;
    Ok((client, ledger))
}

/// An address, or the label of one in the address book of this data directory.
pub(crate) fn resolve(choice: &NodeChoice, text: &str) -> Result<Address, Failure> {
    Ok(AddressBook::open(&choice.directory_of_wallets()?)?.resolve(text)?)
}

#[expect(clippy::disallowed_methods, reason = "a person's deadline, for a node elsewhere")]
fn now() -> Instant {
    Instant::now()
}
