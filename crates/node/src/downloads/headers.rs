//! Headers first: whether a claimed chain is worth its bodies, and from whom each body is asked.
//!
//! Owns, for a ledger, what follows a `HEADERS` answer. Headers are counted, one chain for each peer,
//! and nothing of them is kept but the sum, until they claim more work than our best chain has. Then
//! the bodies are asked for by hash, of several peers at once, a batch of headers at a time. What a
//! peer does not deliver is asked of another: beside it as soon as it stands still, or is slow while
//! another has nothing to do, and in place of it where it is late. A peer that has delivered nothing so far is asked for a few that others are asked
//! for as well, so that nothing waits for it.
//!
//! Whom to ask for headers is up to [`super::sync`]; what is being asked stands in [`Downloads`]. Reads
//! no body.

mod batch;

use kusari_chain::accept::{HeaderChain, Pushed};
use kusari_chain::checked::CheckedHeader;
use kusari_chain::{BestPoint, Block, BlockHash, Chain, RuleViolation, StoreError};

use self::batch::Batch;
use super::{Body, Download, Downloads, Purpose};
use crate::interface::PeerId;
use crate::limits::{HEDGE_AFTER, PACE_BLOCKS};
use crate::prelude::*;
use crate::wire::{GetBlocks, MAX_HEADERS};

/// What to do after an answer.
#[derive(Debug)]
pub(crate) enum Step {
    /// It ends here, and led to nothing.
    Nothing,
    /// They may go on to more work than ours: ask for those after this block.
    More(BlockHash),
    /// They claim more work than ours, but only this far back is known what: ask for those after
    /// this block again, for their bodies.
    Again(BlockHash),
    /// Bodies are being asked for.
    Bodies,
    /// What is not counted yet is ahead of the clock: ask again then, in Unix seconds.
    Ahead(u64),
    /// They are of no use while the bodies of others come in.
    Later,
}

/// Why an answer is refused.
pub(crate) enum HeadersError {
    /// A header breaks a rule.
    Rule(RuleViolation),
    /// The store failed.
    Store(StoreError),
}

impl From<StoreError> for HeadersError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// How a peer may be asked for bodies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Not at all.
    Unfit,
    /// For a few that others are asked for as well, since it has delivered nothing so far.
    Unproven,
    /// For many.
    Proven,
}

#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Headers {
    /// What each peer's headers have proved so far.
    counted: BTreeMap<PeerId, HeaderChain>,
    /// The work that each peer's headers have proved, where it is more than ours was.
    proved: BTreeMap<PeerId, BestPoint>,
    batch: Option<Batch>,
}

impl Headers {
    /// Takes an answer of headers.
    pub(crate) fn received(
        &mut self,
        downloads: &mut Downloads,
        peer: PeerId,
        headers: &[CheckedHeader],
        chain: &mut Chain,
        now: Duration,
        wall: u64,
    ) -> Result<Step, HeadersError> {
        let Some(first) = headers.first().map(|checked| &checked.header().block) else {
            self.counted.remove(&peer);
            self.proved.remove(&peer);
            return Ok(Step::Nothing);
        };
        let before = self.counted.remove(&peer);
        let was_to_go_on = before.is_some();
        let counted = before.filter(|counted| counted.tip().hash == first.prev_hash);
        let goes_on = counted.is_some();
        let mut counted = match counted {
            Some(counted) => counted,
            None => match chain.header_chain(&first.prev_hash)? {
                Some(counted) => counted,
                None => return Ok(Step::Nothing),
            },
        };
        let Some(spec) = chain.spec() else { return Ok(Step::Nothing) };
        let mut ahead = None;
        let mut in_time = 0;
        for checked in headers {
            match counted.push(checked, spec, wall) {
                Ok(Pushed::Added) => in_time += 1,
                Ok(Pushed::Ahead { due }) => {
                    ahead = Some(due);
                    break;
                }
                Err(violation) => {
                    self.proved.remove(&peer);
                    return Err(HeadersError::Rule(violation));
                }
            }
        }
        let headers = headers.get(..in_time).unwrap_or_default();
        let (ours, claimed) = (chain.tip(), counted.tip());
        let proved = self.proved.get(&peer).is_some_and(|proved| proved.beats(&ours));
        if let Some(due) = ahead.filter(|_| headers.is_empty() || !(proved || claimed.beats(&ours)))
        {
            self.proved.remove(&peer);
            return Ok(Step::Ahead(due));
        }
        if !proved && !claimed.beats(&ours) {
            // It was asked for what follows, and would send the same for ever.
            if was_to_go_on && !goes_on {
                return Ok(Step::Nothing);
            }
            let last = claimed.hash;
            self.counted.insert(peer, counted);
            return Ok(Step::More(last));
        }
        if goes_on && !proved {
            self.proved.insert(peer, claimed);
            return Ok(Step::Again(counted.base().hash));
        }
        // Bodies that come in are not given up for those of another chain.
        let moves = |batch: &Batch| now < batch.moved_at + HEDGE_AFTER;
        if self.batch.as_ref().is_some_and(moves) {
            return Ok(Step::Later);
        }
        let mut wanted = VecDeque::new();
        for checked in headers {
            let Block { hash, prev_hash: parent, .. } = checked.header().block;
            if chain.point(&hash)?.is_none() {
                wanted.push_back(Body { hash, parent });
            }
        }
        downloads.abandon_bodies();
        let (useless, moved_at) = (BTreeSet::new(), now);
        self.batch = Some(Batch { from: peer, tip: claimed, wanted, useless, moved_at });
        Ok(Step::Bodies)
    }

    /// The peer is gone; `asked` is what it was asked for.
    pub(crate) fn remove(&mut self, downloads: &mut Downloads, peer: PeerId) {
        self.counted.remove(&peer);
        self.proved.remove(&peer);
        if self.batch.take_if(|batch| batch.from == peer).is_some() {
            downloads.abandon_bodies();
        }
        while let Some(download) =
            downloads.take(peer, |download| matches!(download.purpose(), Purpose::Bodies { .. }))
        {
            self.ended(peer, download);
        }
        if let Some(batch) = &mut self.batch {
            batch.useless.remove(&peer);
        }
    }

    /// A body came. Returns whose headers it belongs to, if it was asked for.
    pub(crate) fn arrived(
        &mut self,
        downloads: &mut Downloads,
        peer: PeerId,
        hash: &BlockHash,
        now: Duration,
    ) -> Option<PeerId> {
        let batch = self.batch.as_mut()?;
        let (mut is_expected, mut is_wanted) = (false, false);
        for (of, download) in downloads.bodies_mut() {
            let Purpose::Bodies { bodies, delivered, is_shared } = download.purpose_mut() else {
                continue;
            };
            let before = bodies.len();
            bodies.retain(|body| body.hash != *hash);
            if bodies.len() == before {
                continue;
            }
            (is_expected, is_wanted) = (true, is_wanted || *is_shared);
            if of == peer {
                *delivered += 1;
                download.moved_at = now;
            }
        }
        if is_expected {
            batch.moved_at = now;
        }
        if is_wanted {
            batch.wanted.retain(|body| body.hash != *hash);
        }
        is_expected.then_some(batch.from)
    }

    /// A request for bodies came to its end: what did not come is to be asked of another peer. Returns
    /// how many came, where that says something of the peer.
    pub(crate) fn ended(&mut self, peer: PeerId, download: Download) -> Option<u32> {
        let Some(Purpose::Bodies { bodies, delivered, is_shared }) = download.into_purpose() else {
            return None;
        };
        let batch = self.batch.as_mut()?;
        if delivered == 0 && !bodies.is_empty() {
            batch.useless.insert(peer);
        }
        if !is_shared {
            batch.give_back(&bodies);
        }
        // Where others brought it all, nothing is known of the peer.
        (delivered > 0 || !bodies.is_empty()).then_some(delivered)
    }

    /// The same where it did not end in time, or was refused: the peer is not asked for more of the
    /// batch.
    pub(crate) fn late(&mut self, peer: PeerId, download: Download) -> Option<u32> {
        let delivered = match download.purpose() {
            Purpose::Bodies { delivered, .. } => *delivered,
            _ => return None,
        };
        self.ended(peer, download);
        if let Some(batch) = &mut self.batch {
            batch.useless.insert(peer);
        }
        Some(delivered)
    }

    /// Ends a batch that is complete, or that nobody can complete. Returns whose headers it was, and
    /// the last of them.
    pub(crate) fn batch_ended(&mut self, downloads: &Downloads) -> Option<(PeerId, BestPoint)> {
        let is_over = |batch: &mut Batch| {
            !downloads.is_any_body_asked()
                && (batch.wanted.is_empty() || batch.useless.contains(&batch.from))
        };
        self.batch.take_if(is_over).map(|batch| (batch.from, batch.tip))
    }

    /// Forgets a batch whose headers' peer is no longer asked.
    pub(crate) fn give_up(&mut self, downloads: &mut Downloads) {
        if self.batch.take_if(|batch| !downloads.is_syncing(batch.from)).is_some() {
            downloads.abandon_bodies();
        }
    }

    /// Whom to ask for which bodies now, and notes it. `standing` tells how a peer may be asked, given
    /// the tip of the headers.
    pub(crate) fn due(
        &mut self,
        downloads: &mut Downloads,
        now: Duration,
        peers: impl Iterator<Item = PeerId>,
        standing: impl Fn(PeerId, &BestPoint) -> Standing,
    ) -> Vec<(PeerId, GetBlocks)> {
        let Some(batch) = &mut self.batch else { return Vec::new() };
        let peers: Vec<(PeerId, Standing)> = peers
            .map(|peer| match peer == batch.from {
                true => (peer, Standing::Proven),
                false => (peer, standing(peer, &batch.tip)),
            })
            .collect();
        batch.share(downloads, |download, _| now >= download.moved_at + HEDGE_AFTER);
        let mut questions = batch.ask(downloads, now, &peers);
        // Where one that has delivered could, and is left with nothing to do, the slow are not waited for.
        let mut proven = peers.iter().filter(|(_, standing)| *standing == Standing::Proven);
        if proven.any(|(peer, _)| batch.is_free(downloads, *peer)) {
            batch.share(downloads, |download, delivered| {
                let time = download.time_taken(now);
                time >= HEDGE_AFTER && HEDGE_AFTER * delivered < time * PACE_BLOCKS
            });
            questions.extend(batch.ask(downloads, now, &peers));
        }
        questions
    }

    /// When [`Headers::due`] has something by itself.
    pub(crate) fn deadline(&self, downloads: &Downloads, now: Duration) -> Option<Duration> {
        downloads.slow_bodies_at().filter(|at| *at > now && self.batch.is_some())
    }

    /// Whether it holds no more than it would by itself, and only of peers that `exist`: it may come
    /// from a stranger's file.
    pub(crate) fn is_within_bounds(&self, exists: impl Fn(PeerId) -> bool) -> bool {
        let batch = self.batch.as_ref().is_none_or(|batch| {
            batch.wanted.len() <= MAX_HEADERS as usize
                && exists(batch.from)
                && batch.useless.iter().all(|peer| exists(*peer))
        });
        batch && self.counted.keys().chain(self.proved.keys()).all(|peer| exists(*peer))
    }
}
