//! Catching up on a ledger: headers, then bodies.
//!
//! Owns how the answers of [`crate::sync`]'s questions become questions for bodies.

use alloc::string::ToString;
use core::time::Duration;

use kusari_chain::accept::CheckedHeader;
use kusari_chain::{BlockHash, StoreError};

use super::Node;
use crate::headers::{HeadersError, Step};
use crate::limits::{INVALID_BLOCK_SCORE, REST_TIME};
use crate::seam::{Now, PeerId, StreamForm};
use crate::sync::Arrival;
use crate::wire::{MAX_HEADERS, Message};

impl Node {
    pub(super) fn get_headers_after(
        &mut self,
        now: Now,
        peer: PeerId,
        locator: &[BlockHash],
        limit: u32,
    ) -> Result<(), StoreError> {
        if self.transactions.is_none() {
            return self.refuse_verb(now, peer, "GET_HEADERS");
        }
        let after = self.first_on_best_chain(locator)?;
        let through = after.height.saturating_add(limit);
        self.answer(peer, after, Some(through), StreamForm::Headers);
        Ok(())
    }

    pub(super) fn headers_received(
        &mut self,
        now: Now,
        peer: PeerId,
        headers: &[CheckedHeader],
    ) -> Result<(), StoreError> {
        // Nobody is believed who was not asked.
        if !self.sync.is_asked(peer) || self.headers.source() == Some(peer) {
            return Ok(());
        }
        let step = match self.headers.received(peer, headers, &mut self.chain, now.wall) {
            Ok(step) => step,
            Err(HeadersError::Store(error)) => return Err(error),
            Err(HeadersError::Rule(violation)) => {
                self.sync.answer_ended(peer, now.monotonic);
                self.note_line_refused(peer, violation.code(), &violation.to_string());
                self.report_refusal(now, peer, violation.code(), violation.to_string());
                self.send_error(peer, violation.code(), &violation.to_string());
                self.punish(now, peer, INVALID_BLOCK_SCORE);
                return Ok(());
            }
        };
        match step {
            Step::Nothing => {
                self.sync.answer_ended(peer, now.monotonic);
            }
            Step::More(after) | Step::Again(after) => {
                self.sync.answer_moved(peer, now.monotonic);
                let mut locator = self.chain.locator(None)?;
                locator.truncate(crate::wire::MAX_LOCATOR - 1);
                locator.insert(0, after);
                self.send(peer, Message::GetHeaders { locator, limit: MAX_HEADERS });
            }
            Step::Ahead(due) => {
                let wait = Duration::from_secs(due.saturating_sub(now.wall).max(1));
                self.sync.answer_waits(peer, now.monotonic + wait.min(REST_TIME));
            }
            Step::Bodies => self.sync.answer_moved(peer, now.monotonic),
        }
        Ok(())
    }

    /// Asks for the bodies of headers that are worth it, and ends a batch that is complete.
    pub(super) fn request_bodies(&mut self, now: Now) {
        let sync = &self.sync;
        self.headers.give_up(|peer| sync.is_asked(peer));
        if let Some((peer, tip)) = self.headers.ended() {
            // Bodies come out of order; the answer ends where the headers did, if that is known now.
            if let Ok(Some(point)) = self.chain.point(&tip.hash) {
                self.sync.block_came(peer, Arrival::Known(point), now.monotonic);
            }
            self.sync.answer_ended(peer, now.monotonic);
        }
        let (sync, announced, lacking) = (&self.sync, &self.announced, &self.lacking);
        let introduced = self.peers.iter().filter(|(_, peer)| peer.is_introduced());
        let questions =
            self.headers.due(now.monotonic, introduced.map(|(id, _)| id), |peer, tip| {
                !sync.is_asked(peer)
                    && !announced.is_owed_by(peer)
                    && !lacking.is_owed_by(peer, now.monotonic)
                    && sync.claim_of(peer).is_some_and(|claim| claim.work >= tip.work)
            });
        for (peer, question) in questions {
            self.send(peer, Message::GetBlocks(question));
        }
    }
}
