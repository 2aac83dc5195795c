//! `kusari record --lines -`: a record for each line of stdin.
//!
//! Owns who signs them: the node's own wallet in the node, which takes many at a time as drafts, or
//! another one here, in the order of their sequences.

use std::io::{self, BufReader};

use kusari_node::drafts::DraftContent;

use super::Signing;
use super::sign::Session;
use crate::cli::batches::{Batches, Numbered, Taken, Taker, is_done, taken_by_node};
use crate::cli::bounded_lines::{Fit, Lines};
use crate::cli::drafts;
use crate::cli::prelude::*;
use crate::cli::signing::Unsent;
use kusari_api_types::RecordReport;
use kusari_wallet::UnlockedWallet;

impl Signing {
    /// Has each line of stdin signed and recorded. With --confirmations it waits, at the end of the
    /// input, until each is so deep.
    pub(super) fn record_lines(&self) -> Result {
        let session = self.open()?;
        let wallet = match session.is_of_node() {
            true => None,
            false => Some(session.unlocked()?),
        };
        let fit = Fit::record(session.ledger.spec.max_data_bytes);
        let lines = Lines::fitting(BufReader::new(io::stdin()), fit);
        let mut recorder = Recorder { session, wallet, is_asked: false, recorded: Vec::new() };
        Batches::new(&mut recorder).run(lines)?;
        recorder.confirm()
    }
}

struct Recorder<'a> {
    session: Session<'a>,
    /// The wallet that signs here; `None` where the node signs.
    wallet: Option<UnlockedWallet>,
    /// Whether the person was asked for the passphrase of the node's wallet.
    is_asked: bool,
    /// Records whose confirmations are waited for.
    recorded: Vec<u64>,
}

impl Recorder<'_> {
    /// Signs one line here, and has the node take it.
    fn sign(&self, wallet: &UnlockedWallet, (number, text): &Numbered) -> Result<Taken> {
        match self.session.sign(wallet, DraftContent::Record(text.clone())) {
            Ok(txid) => {
                let id = self.session.record_of(&txid, &format!("line {number} as "))?;
                let report = RecordReport::waiting(id, text.clone());
                Ok(Taken::Saved(Box::new(RecordReport { txid: Some(txid), ..report })))
            }
            Err(Unsent::Full(why)) => Ok(Taken::Full(why)),
            Err(Unsent::Refused(why)) => Ok(Taken::Refused(why)),
            Err(Unsent::Node(error)) => Err(failed!("{error} (line {number} of the input)")),
        }
    }

    /// Waits until each record is as deep as the person wants.
    fn confirm(&mut self) -> Result {
        let Some(wanted) = self.session.signing.confirmations else { return Ok(()) };
        for id in std::mem::take(&mut self.recorded) {
            let report = self.session.follow(id, wanted)?;
            if self.session.signing.query.json {
                self.session.output.json(&report)?;
            }
        }
        self.session.output.flush()
    }
}

impl Taker for Recorder<'_> {
    fn take(&mut self, lines: &[Numbered]) -> Result<Vec<Taken>> {
        match (&self.wallet, lines.first()) {
            (None, _) => taken_by_node(&self.session.client, self.session.signing.fee, lines),
            (Some(wallet), Some(line)) => Ok(vec![self.sign(wallet, line)?]),
            (Some(_), None) => Ok(Vec::new()),
        }
    }

    fn is_done(&mut self, id: u64) -> Result<bool> {
        is_done(&self.session.client, id)
    }

    fn saved(&mut self, report: &RecordReport, progress: &Progress) -> Result {
        let receipt = drafts::receipt(report.id, report.txid.as_ref(), report.waits_for);
        let Session { signing, output, .. } = &mut self.session;
        progress.beside(|| {
            match (signing.query.json, signing.confirmations) {
                (false, _) => output.line(&receipt)?,
                (true, None) => output.json(report)?,
                (true, Some(_)) => {}
            }
            output.flush()
        })?;
        if signing.confirmations.is_some() {
            self.recorded.push(report.id);
        }
        if self.wallet.is_none() && !std::mem::replace(&mut self.is_asked, true) {
            // The draft is durable whether or not the wallet is unlocked now.
            progress.beside(|| self.session.unlock_for(report))?;
        }
        Ok(())
    }
}
