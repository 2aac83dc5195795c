//! Catching up on a ledger: headers, then bodies.
//!
//! Owns how the answers of [`crate::downloads::sync`]'s questions become questions for bodies.

use kusari_chain::checked::CheckedHeader;
use kusari_chain::{BestPoint, BlockHash, StoreResult};

use super::Node;
use crate::downloads::headers::{HeadersError, Standing, Step};
use crate::downloads::sync::Arrival;
use crate::downloads::{Answer, Purpose};
use crate::interface::{PeerId, StreamForm};
use crate::limits::{INVALID_BLOCK_SCORE, LATER, REST_TIME};
use crate::prelude::*;
use crate::wire::{MAX_HEADERS, Message};

impl Node {
    pub(super) fn get_headers_after(
        &mut self,
        peer: PeerId,
        locator: &[BlockHash],
        limit: u32,
    ) -> StoreResult {
        if self.transactions.is_none() {
            return self.refuse_verb(peer, "GET_HEADERS");
        }
        let after = self.first_on_best_chain(peer, locator)?;
        let through = after.height.saturating_add(limit);
        self.answer(peer, after, Some(through), StreamForm::Headers);
        Ok(())
    }

    pub(super) fn headers_received(
        &mut self,
        peer: PeerId,
        headers: &[CheckedHeader],
    ) -> StoreResult {
        // Nobody is believed who was not asked, and nothing that comes too late.
        let Some(download) = self.downloads.headers_came(peer, self.now) else {
            return Ok(());
        };
        if !matches!(download.live_purpose(), Some(Purpose::Sync(_))) {
            return Ok(());
        }
        self.downloads.go_on(peer, download, Answer::Done, self.now);
        let (downloads, chain) = (&mut self.downloads, &mut self.chain);
        let step = match self.headers.received(downloads, peer, headers, chain, self.now, self.wall)
        {
            Ok(step) => step,
            Err(HeadersError::Store(error)) => return Err(error),
            Err(HeadersError::Rule(violation)) => {
                self.sync.answer_ended(downloads, peer, self.now);
                self.line_refused(peer, violation.code(), &violation.to_string());
                self.send_error(peer, violation.code(), &violation.to_string());
                self.punish(peer, INVALID_BLOCK_SCORE);
                return Ok(());
            }
        };
        match step {
            Step::Nothing => self.sync.answer_ended(downloads, peer, self.now),
            Step::More(after) | Step::Again(after) => {
                downloads.ask_on(peer, Answer::Headers);
                let mut locator = self.chain.locator(None)?;
                locator.truncate(crate::wire::MAX_LOCATOR - 1);
                locator.insert(0, after);
                self.send(peer, Message::GetHeaders { locator, limit: MAX_HEADERS });
            }
            Step::Ahead(due) => {
                let wait = Duration::from_secs(due.saturating_sub(self.wall).max(1));
                self.sync.answer_waits(downloads, peer, self.now + wait.min(REST_TIME));
            }
            Step::Later => self.sync.answer_waits(downloads, peer, self.now + LATER),
            Step::Bodies => {}
        }
        Ok(())
    }

    /// Asks for the bodies of headers that are worth it, and ends a batch that is complete.
    pub(super) fn request_bodies(&mut self) {
        self.headers.give_up(&mut self.downloads);
        if let Some((peer, tip)) = self.headers.batch_ended(&self.downloads) {
            // Bodies come out of order; the answer ends where the headers did, if that is known now.
            if let Ok(Some(point)) = self.chain.point(&tip.hash) {
                let arrival = Arrival::Known(point);
                self.sync.block_came(&mut self.downloads, peer, arrival, self.now);
            }
            self.sync.answer_ended(&mut self.downloads, peer, self.now);
        }
        let sync = &self.sync;
        let standing = |peer, tip: &BestPoint| {
            let claims = sync.claim_of(peer).is_some_and(|claim| claim.work >= tip.work);
            match claims && !sync.is_resting(peer, self.now) {
                true if sync.is_proven(peer) => Standing::Proven,
                true => Standing::Unproven,
                false => Standing::Unfit,
            }
        };
        let introduced = self.peers.iter().filter(|(_, peer)| peer.is_introduced());
        let peers = introduced.map(|(id, _)| id);
        let questions = self.headers.due(&mut self.downloads, self.now, peers, standing);
        for (peer, question) in questions {
            self.send(peer, Message::GetBlocks(question));
        }
    }
}
