//! `kusari record --lines -`: a record for each line of stdin.
//!
//! Owns who signs them: the node's own wallet in the node, which takes many at a time as drafts, or
//! another one here, in the order of their sequences.

use std::io::{self, BufReader};

use kusari_node::drafts::DraftContent;

use super::follow::Follow;
use super::{Signing, ledger_node};
use crate::cli::batches::{Batches, Numbered, Taken, Taker, is_done, taken_by_node};
use crate::cli::drafts;
use crate::cli::failure::Failure;
use crate::cli::lines::{Fit, Lines};
use crate::cli::progress::Progress;
use crate::cli::signing::{self, Unsent};
use crate::cli::stdout::Stdout;
use kusari_api_types::{LedgerReport, RecordReport};
use kusari_client::Client;
use kusari_wallet::passphrase::Source;
use kusari_wallet::{UnlockedWallet, Wallet, WalletName, path_of};

impl Signing {
    /// Has each line of stdin signed and recorded. With --confirmations it waits, at the end of the
    /// input, until each is so deep.
    pub(super) fn record_lines(&self) -> Result<(), Failure> {
        let (client, ledger) = ledger_node(&self.node)?;
        let wallet = Wallet::open(&path_of(&self.node.directory_of_wallets()?, &self.wallet))?;
        let is_of_node = self.wallet == WalletName::default() && wallet.address() == ledger.miner;
        let signer = match is_of_node {
            true => Signer::Node { wallet, is_asked: false },
            false => {
                let unlocked = wallet.unlock_from(&Source::new(self.passphrase_file.as_deref()))?;
                self.wait_until_synced(&client)?;
                Signer::Here(unlocked)
            }
        };
        let lines =
            Lines::fitting(BufReader::new(io::stdin()), Fit::record(ledger.spec.max_data_bytes));
        let mut recorder = Recorder {
            signing: self,
            client,
            ledger,
            signer,
            output: Stdout::new(),
            recorded: Vec::new(),
        };
        Batches::new(&mut recorder).run(lines)?;
        recorder.confirm()
    }
}

enum Signer {
    Node {
        wallet: Wallet,
        /// Whether the person was asked for the passphrase.
        is_asked: bool,
    },
    Here(UnlockedWallet),
}

struct Recorder<'a> {
    signing: &'a Signing,
    client: Client,
    ledger: LedgerReport,
    signer: Signer,
    output: Stdout,
    /// Records whose confirmations are waited for.
    recorded: Vec<u64>,
}

impl Recorder<'_> {
    /// Signs one line here, and has the node take it.
    fn sign(&self, wallet: &UnlockedWallet, (number, text): &Numbered) -> Result<Taken, Failure> {
        let fee = self.signing.fee.unwrap_or(self.ledger.spec.min_fee);
        let content = DraftContent::Record(text.clone());
        match signing::send(&self.client, &self.ledger.chain_id, wallet, content, fee) {
            Ok(txid) => {
                let known = self.client.transaction(&txid)?.and_then(|report| report.record);
                let id = known.ok_or_else(|| {
                    Failure::failed(format!(
                        "the node took line {number} as transaction {txid} and does not know it any \
                         more; `kusari tx {txid}` tells how it goes on"
                    ))
                })?;
                let report = RecordReport::waiting(id, text.clone());
                Ok(Taken::Saved(Box::new(RecordReport { txid: Some(txid), ..report })))
            }
            Err(Unsent::Full(why)) => Ok(Taken::Full(why)),
            Err(Unsent::Refused(why)) => Ok(Taken::Refused(why)),
            Err(Unsent::Node(error)) => {
                Err(Failure::failed(format!("{error} (line {number} of the input)")))
            }
        }
    }

    /// Waits until each record is as deep as the person wants.
    fn confirm(&mut self) -> Result<(), Failure> {
        let Some(wanted) = self.signing.confirmations else { return Ok(()) };
        for id in std::mem::take(&mut self.recorded) {
            let timeout = self.signing.timeout();
            let report = Follow { client: &self.client, id, wanted, timeout }.wait()?;
            if self.signing.json {
                self.output.json(&report)?;
            }
        }
        self.output.flush()
    }
}

impl Taker for Recorder<'_> {
    fn take(&mut self, lines: &[Numbered]) -> Result<Vec<Taken>, Failure> {
        match (&self.signer, lines.first()) {
            (Signer::Node { .. }, _) => taken_by_node(&self.client, self.signing.fee, lines),
            (Signer::Here(wallet), Some(line)) => Ok(vec![self.sign(wallet, line)?]),
            (Signer::Here(_), None) => Ok(Vec::new()),
        }
    }

    fn is_done(&mut self, id: u64) -> Result<bool, Failure> {
        is_done(&self.client, id)
    }

    fn saved(&mut self, report: &RecordReport, progress: &Progress) -> Result<(), Failure> {
        let receipt = drafts::receipt(report.id, report.txid.as_ref(), report.waits_for);
        match (self.signing.json, self.signing.confirmations) {
            (false, _) => progress.beside(|| self.output.line(&receipt))?,
            (true, None) => progress.beside(|| self.output.json(report))?,
            (true, Some(_)) => {}
        }
        progress.beside(|| self.output.flush())?;
        if self.signing.confirmations.is_some() {
            self.recorded.push(report.id);
        }
        if let Signer::Node { wallet, is_asked } = &mut self.signer
            && !std::mem::replace(is_asked, true)
        {
            // The draft is durable whether or not the wallet is unlocked now.
            progress.beside(|| self.signing.unlock_for(&self.client, wallet, report))?;
        }
        Ok(())
    }
}
