//! From the words of `kusari record` and `kusari send` to a receipt.
//!
//! Owns who signs. The node's own wallet signs in the node, which holds a draft until it may; a command
//! with another wallet signs by itself, and waits until the node knows what its peers know. No secret of
//! a wallet leaves this process but the passphrase of the node's own, which goes to that node alone.

use std::time::{Duration, Instant};

use kusari_chain::ledger::Address;
use kusari_node::drafts::{DraftContent, DraftWait};

use super::follow::{Follow, known, now};
use super::{Signing, ledger_node};
use crate::cli::drafts;
use crate::cli::failure::Failure;
use crate::cli::say_beside;
use crate::cli::signing::{self, Unsent};
use crate::cli::stdout::Stdout;
use kusari_api_types::{LedgerRecordRequest, LedgerReport, RecordReport, TransferRequest};
use kusari_client::Client;
use kusari_wallet::passphrase::{self, PassphraseError, Purpose, Source};
use kusari_wallet::{Wallet, WalletName, path_of};

/// How often the node is asked whether it may sign.
const ASK_AGAIN: Duration = Duration::from_millis(100);
/// How long a draft whose wallet was just unlocked may take to be signed.
const SIGNED_DEADLINE: Duration = Duration::from_secs(10);
/// How long a command waits, unless told otherwise, in seconds.
pub(super) const DEFAULT_TIMEOUT: u64 = 600;

impl Signing {
    /// Has what is said signed and sent, and shows the receipt; waits where that was asked for.
    pub(crate) fn send(&self, content: DraftContent) -> Result<(), Failure> {
        let (client, ledger) = ledger_node(&self.node)?;
        let wallet = Wallet::open(&path_of(&self.node.directory_of_wallets()?, &self.wallet))?;
        let is_of_node = self.wallet == WalletName::default() && wallet.address() == ledger.miner;
        let mut output = Stdout::new();
        let report = match is_of_node {
            true => self.draft(&client, &wallet, content, &mut output)?,
            false => self.sign_here(&client, &ledger, &wallet, content, &mut output)?,
        };
        let report = match self.confirmations {
            Some(wanted) => {
                let timeout = self.timeout();
                Follow { client: &client, id: report.id, wanted, timeout }.wait()?
            }
            None => report,
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

    pub(super) fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout.unwrap_or(DEFAULT_TIMEOUT))
    }

    fn receipt(&self, output: &mut Stdout, text: &str) -> Result<(), Failure> {
        if !self.json {
            output.line(text)?;
            output.flush()?;
        }
        Ok(())
    }

    /// Has the node sign with its own wallet, which is unlocked where that is what the draft waits for.
    fn draft(
        &self,
        client: &Client,
        wallet: &Wallet,
        content: DraftContent,
        output: &mut Stdout,
    ) -> Result<RecordReport, Failure> {
        let fee = self.fee;
        let report = match content {
            DraftContent::Record(text) => {
                client.record_on_ledger(&LedgerRecordRequest { text, fee })?
            }
            DraftContent::Transfer { to, amount, note } => {
                client.transfer(&TransferRequest { to: Address(to), amount, note, fee })?
            }
        };
        let saved = drafts::receipt(report.id, report.txid.as_ref(), report.waits_for);
        self.receipt(output, &saved)?;
        if !self.unlock_for(client, wallet, &report)? {
            return Ok(report);
        }
        let report = signed(client, report.id)?;
        if let Some(txid) = &report.txid {
            self.receipt(output, &format!("Signed as transaction {txid}"))?;
        }
        Ok(report)
    }

    /// Unlocks the node's own wallet where that is what a draft waits for. Returns whether it did.
    pub(super) fn unlock_for(
        &self,
        client: &Client,
        wallet: &Wallet,
        report: &RecordReport,
    ) -> Result<bool, Failure> {
        if report.txid.is_some() || !wallet.is_protected() {
            return Ok(false);
        }
        let source = Source::new(self.passphrase_file.as_deref());
        if report.waits_for != Some(DraftWait::Unlock) && !source.is_given() {
            return Ok(false);
        }
        match passphrase::obtain(&source, Purpose::Open, "the node's wallet") {
            // The draft is durable, and the receipt says what it waits for.
            Err(PassphraseError::Nowhere) => Ok(false),
            given => {
                client.unlock_wallet(given?.into_text())?;
                Ok(true)
            }
        }
    }

    /// Signs with a wallet that is not the node's. Nothing is written before the node knows which
    /// sequences are used.
    fn sign_here(
        &self,
        client: &Client,
        ledger: &LedgerReport,
        wallet: &Wallet,
        content: DraftContent,
        output: &mut Stdout,
    ) -> Result<RecordReport, Failure> {
        let unlocked = wallet.unlock_from(&Source::new(self.passphrase_file.as_deref()))?;
        self.wait_until_synced(client)?;
        let fee = self.fee.unwrap_or(ledger.spec.min_fee);
        let sent = signing::send(client, &ledger.chain_id, &unlocked, content, fee);
        let txid = sent.map_err(|unsent| match unsent {
            Unsent::Refused(why) | Unsent::Full(why) => Failure::failed(why),
            Unsent::Node(error) => error.into(),
        })?;
        self.receipt(output, &drafts::receipt(0, Some(&txid), None))?;
        let record = client.transaction(&txid)?.and_then(|report| report.record);
        let id = record.ok_or_else(|| {
            Failure::failed(format!(
                "the node took transaction {txid} and does not know it any more; `kusari tx {txid}` \
                 tells how it goes on"
            ))
        })?;
        known(client, id)
    }

    pub(super) fn wait_until_synced(&self, client: &Client) -> Result<(), Failure> {
        let (start, timeout) = (now(), self.timeout());
        let mut said = false;
        while client.status()?.may_sign == Some(false) {
            if !said {
                say_beside(
                    "Waiting until the node has caught up with a peer; a node that was started with \
                     --offline waits for none",
                );
                said = true;
            }
            if start.elapsed() >= timeout {
                return Err(Failure::failed(format!(
                    "the node has caught up with no peer in {} s, so nothing was sent; see to its \
                     peers, or start it with --offline where nobody else uses this wallet",
                    timeout.as_secs()
                )));
            }
            std::thread::park_timeout(ASK_AGAIN);
        }
        Ok(())
    }
}

/// The record once it is signed, or as it is when that does not happen soon.
fn signed(client: &Client, id: u64) -> Result<RecordReport, Failure> {
    let start: Instant = now();
    loop {
        let report = known(client, id)?;
        let waits = report.waits_for.is_some_and(|wait| wait != DraftWait::Unlock);
        if report.txid.is_some() || waits || start.elapsed() >= SIGNED_DEADLINE {
            return Ok(report);
        }
        std::thread::park_timeout(ASK_AGAIN);
    }
}
