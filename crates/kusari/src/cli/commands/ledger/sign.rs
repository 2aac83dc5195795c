//! From the words of `kusari record` and `kusari send` to a receipt.
//!
//! Owns who signs. The node's own wallet signs in the node, which holds a draft until it may; a command
//! with another wallet signs by itself, and waits until the node knows what its peers know. No secret of
//! a wallet leaves this process but the passphrase of the node's own, which goes to that node alone.

use std::time::Duration;

use kusari_chain::ledger::{Address, Txid};
use kusari_node::drafts::{DraftContent, DraftWait};

use super::Signing;
use crate::cli::drafts;
use crate::cli::prelude::*;
use crate::cli::signing::{self, Unsent};
use crate::cli::wait::poll;
use kusari_api_types::{LedgerRecordRequest, LedgerReport, RecordReport, TransferRequest};
use kusari_client::Client;
use kusari_wallet::passphrase::{self, PassphraseError, Purpose, Source};
use kusari_wallet::{UnlockedWallet, Wallet, WalletError, WalletName, path_of};

/// How often the node is asked whether it may sign.
const ASK_AGAIN: Duration = Duration::from_millis(100);
/// How long a draft whose wallet was just unlocked may take to be signed.
const SIGNED_DEADLINE: Duration = Duration::from_secs(10);
/// How long a command waits, unless told otherwise, in seconds.
const DEFAULT_TIMEOUT: u64 = 600;

/// The node, and the wallet that signs for it.
pub(super) struct Session<'a> {
    pub(super) signing: &'a Signing,
    pub(super) client: Client,
    pub(super) ledger: LedgerReport,
    /// `None` where there is no file: the node in memory has its wallet there too.
    pub(super) wallet: Option<Wallet>,
    pub(super) output: Stdout,
}

impl Signing {
    /// Has what is said signed and sent, and shows the receipt; waits where that was asked for.
    pub(super) fn send(&self, content: DraftContent) -> Result {
        let mut session = self.open()?;
        let mut report = match session.is_of_node() {
            true => session.draft(content)?,
            false => session.sign_here(content)?,
        };
        if let Some(wanted) = self.confirmations {
            report = session.follow(report.id, wanted)?;
        }
        let output = &mut session.output;
        match (self.query.json, &report.block) {
            (true, _) => output.json(&report)?,
            (false, Some(block)) if self.confirmations.is_some() => output.line(&format!(
                "It stands in block {} at height {}, {} deep",
                block.hash, block.height, block.confirmations
            ))?,
            _ => {}
        }
        output.flush()
    }

    pub(super) fn open(&self) -> Result<Session<'_>> {
        let client = self.query.node.ledger()?;
        let ledger = client.ledger()?;
        let path = path_of(&self.query.node.directory_of_wallets()?, &self.wallet);
        let wallet = match Wallet::open(&path) {
            Err(WalletError::Missing { .. }) if self.wallet == WalletName::default() => None,
            found => Some(found?),
        };
        Ok(Session { signing: self, client, ledger, wallet, output: Stdout::new() })
    }

    fn source(&self) -> Source {
        Source::new(self.passphrase_file.as_deref())
    }

    pub(super) fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout.unwrap_or(DEFAULT_TIMEOUT))
    }
}

impl Session<'_> {
    /// Whether the wallet is the node's own, which signs in the node.
    pub(super) fn is_of_node(&self) -> bool {
        let is_own = |wallet: &Wallet| wallet.address() == self.ledger.miner;
        self.signing.wallet == WalletName::default() && self.wallet.as_ref().is_none_or(is_own)
    }

    fn receipt(&mut self, text: &str) -> Result {
        if !self.signing.query.json {
            self.output.line(text)?;
            self.output.flush()?;
        }
        Ok(())
    }

    /// Has the node sign with its own wallet, which is unlocked where that is what the draft waits for.
    fn draft(&mut self, content: DraftContent) -> Result<RecordReport> {
        let fee = self.signing.fee;
        let report = match content {
            DraftContent::Record(text) => {
                self.client.record_on_ledger(&LedgerRecordRequest { text, fee })?
            }
            DraftContent::Transfer { to, amount, note } => {
                self.client.transfer(&TransferRequest { to: Address(to), amount, note, fee })?
            }
        };
        self.receipt(&drafts::receipt(report.id, report.txid.as_ref(), report.waits_for))?;
        if !self.unlock_for(&report)? {
            return Ok(report);
        }
        let report = self.signed(report.id)?;
        if let Some(txid) = &report.txid {
            self.receipt(&format!("Signed as transaction {txid}"))?;
        }
        Ok(report)
    }

    /// Unlocks the node's own wallet where that is what a draft waits for. Returns whether it did.
    pub(super) fn unlock_for(&self, report: &RecordReport) -> Result<bool> {
        let is_protected = self.wallet.as_ref().is_some_and(Wallet::is_protected);
        if report.txid.is_some() || !is_protected {
            return Ok(false);
        }
        let source = self.signing.source();
        if report.waits_for != Some(DraftWait::Unlock) && !source.is_given() {
            return Ok(false);
        }
        match passphrase::obtain(&source, Purpose::Open, "the node's wallet") {
            // The draft is durable, and the receipt says what it waits for.
            Err(PassphraseError::Nowhere) => Ok(false),
            given => {
                self.client.unlock_wallet(given?.into_text())?;
                Ok(true)
            }
        }
    }

    /// Signs with a wallet that is not the node's.
    fn sign_here(&mut self, content: DraftContent) -> Result<RecordReport> {
        let unlocked = self.unlocked()?;
        let txid = self.sign(&unlocked, content).map_err(|unsent| match unsent {
            Unsent::Refused(why) | Unsent::Full(why) => why.into(),
            Unsent::Node(error) => Failure::from(error),
        })?;
        self.receipt(&drafts::receipt(0, Some(&txid), None))?;
        let id = self.record_of(&txid, "")?;
        self.known(id)
    }

    /// The wallet, ready to sign. Nothing is written before the node knows which sequences are used.
    pub(super) fn unlocked(&self) -> Result<UnlockedWallet> {
        let none =
            || failed!("there is no wallet here to sign with; `kusari wallet new` makes one");
        let wallet = self.wallet.as_ref().ok_or_else(none)?;
        let unlocked = wallet.unlock_from(&self.signing.source())?;
        self.wait_until_synced()?;
        Ok(unlocked)
    }

    pub(super) fn sign(
        &self,
        wallet: &UnlockedWallet,
        content: DraftContent,
    ) -> Result<Txid, Unsent> {
        let fee = self.signing.fee.unwrap_or(self.ledger.spec.min_fee);
        signing::send(&self.client, &self.ledger.chain_id, wallet, content, fee)
    }

    /// The record of a transaction that the node has just taken. `origin` says what it is made of.
    pub(super) fn record_of(&self, txid: &Txid, origin: &str) -> Result<u64> {
        let record = self.client.transaction(txid)?.and_then(|report| report.record);
        record.ok_or_else(|| {
            failed!(
                "the node took {origin}transaction {txid} and does not know it any more; `kusari tx \
                 {txid}` tells how it goes on"
            )
        })
    }

    /// What the node says of a record that it has taken.
    pub(super) fn known(&self, id: u64) -> Result<RecordReport> {
        self.client.record_state(id)?.ok_or_else(|| {
            failed!(
                "the node does not know record {id} any more; see whether another node runs there now"
            )
        })
    }

    fn wait_until_synced(&self) -> Result {
        let mut is_told = false;
        let timeout = self.signing.timeout();
        let synced = poll(ASK_AGAIN, timeout, || {
            if self.client.status()?.may_sign != Some(false) {
                return Ok(Some(()));
            }
            if !std::mem::replace(&mut is_told, true) {
                say_beside(
                    "Waiting until the node has caught up with a peer; a node that was started with \
                     --offline waits for none",
                );
            }
            Ok(None)
        })?;
        synced.ok_or_else(|| {
            failed!(
                "the node has caught up with no peer in {} s, so nothing was sent; see to its peers, or \
                 start it with --offline where nobody else uses this wallet",
                timeout.as_secs()
            )
        })
    }

    /// The record once it is signed, or as it is when that does not happen soon.
    fn signed(&self, id: u64) -> Result<RecordReport> {
        let signed = poll(ASK_AGAIN, SIGNED_DEADLINE, || {
            let report = self.known(id)?;
            let waits = report.waits_for.is_some_and(|wait| wait != DraftWait::Unlock);
            Ok((report.txid.is_some() || waits).then_some(report))
        })?;
        signed.map_or_else(|| self.known(id), Ok)
    }
}
