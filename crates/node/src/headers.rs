//! Headers first: whether a claimed chain is worth its bodies, and from whom each body is asked.
//!
//! Owns, for a ledger, what follows a `HEADERS` answer. Headers are counted, one chain for each peer,
//! and nothing of them is kept but the sum, until they claim more work than our best chain has. Then
//! the bodies are asked for by hash, of several peers at once, a batch of headers at a time. What a
//! peer does not deliver is asked of another.
//!
//! Whom to ask for headers, and when to give up on a peer, is up to [`crate::sync`]. Reads no body.

use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::vec::Vec;
use core::time::Duration;

use kusari_chain::accept::{CheckedHeader, HeaderChain, Pushed};
use kusari_chain::{BestPoint, Block, BlockHash, Chain, RuleViolation, StoreError};
use serde::{Deserialize, Serialize};

use crate::limits::{MAX_BODIES_ASKED, REQUEST_TIMEOUT};
use crate::seam::PeerId;
use crate::wire::{GetBlocks, MAX_BLOCKS, MAX_HASHES};

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

/// The bodies of a batch of headers.
#[derive(Serialize, Deserialize)]
struct Download {
    /// Whose headers they are.
    from: PeerId,
    tip: BestPoint,
    /// Not asked for, parents first.
    wanted: VecDeque<Body>,
    asked: BTreeMap<PeerId, Asked>,
    /// They were asked and delivered nothing.
    useless: BTreeSet<PeerId>,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
struct Body {
    hash: BlockHash,
    parent: BlockHash,
}

#[derive(Serialize, Deserialize)]
struct Asked {
    bodies: Vec<Body>,
    moved_at: Duration,
    delivered: bool,
}

#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Headers {
    /// What each peer's headers have proved so far.
    counted: BTreeMap<PeerId, HeaderChain>,
    /// The work that each peer's headers have proved, where it is more than ours was.
    proved: BTreeMap<PeerId, BestPoint>,
    download: Option<Download>,
}

impl Headers {
    /// Takes an answer of headers.
    pub(crate) fn received(
        &mut self,
        peer: PeerId,
        headers: &[CheckedHeader],
        chain: &mut Chain,
        now: u64,
    ) -> Result<Step, HeadersError> {
        let Some(first) = headers.first().map(|checked| &checked.header().block) else {
            self.counted.remove(&peer);
            self.proved.remove(&peer);
            return Ok(Step::Nothing);
        };
        let counted = self.counted.remove(&peer);
        let counted = counted.filter(|counted| counted.tip().hash == first.prev_hash);
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
            match counted.push(checked, spec, now) {
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
            let last = claimed.hash;
            self.counted.insert(peer, counted);
            return Ok(Step::More(last));
        }
        if goes_on && !proved {
            self.proved.insert(peer, claimed);
            return Ok(Step::Again(counted.base().hash));
        }
        // A second peer is asked only while the bodies of the first one's headers stand still: then
        // they are given up for these.
        let mut wanted = VecDeque::new();
        for checked in headers {
            let Block { hash, prev_hash: parent, .. } = checked.header().block;
            if chain.point(&hash)?.is_none() {
                wanted.push_back(Body { hash, parent });
            }
        }
        let (asked, useless) = (BTreeMap::new(), BTreeSet::new());
        self.download = Some(Download { from: peer, tip: claimed, wanted, asked, useless });
        Ok(Step::Bodies)
    }

    pub(crate) fn remove(&mut self, peer: PeerId) {
        self.counted.remove(&peer);
        self.proved.remove(&peer);
        self.download.take_if(|download| download.from == peer);
        if let Some(download) = &mut self.download {
            download.give_back(peer);
            download.useless.remove(&peer);
        }
    }

    /// Whether the peer is being asked for bodies.
    pub(crate) fn is_asked(&self, peer: PeerId) -> bool {
        self.download.as_ref().is_some_and(|download| download.asked.contains_key(&peer))
    }

    /// Whose headers the bodies belong to that are being asked for.
    pub(crate) fn source(&self) -> Option<PeerId> {
        self.download.as_ref().map(|download| download.from)
    }

    /// A body came. Returns whose headers it belongs to, if it was asked for.
    pub(crate) fn arrived(
        &mut self,
        peer: PeerId,
        hash: &BlockHash,
        now: Duration,
    ) -> Option<PeerId> {
        let download = self.download.as_mut()?;
        let mut expected = false;
        for (of, asked) in &mut download.asked {
            let before = asked.bodies.len();
            asked.bodies.retain(|asked| asked.hash != *hash);
            if asked.bodies.len() < before {
                expected = true;
                if *of == peer {
                    asked.moved_at = now;
                    asked.delivered = true;
                }
            }
        }
        expected.then_some(download.from)
    }

    /// A peer's answer is complete. Returns whether it was one of bodies.
    pub(crate) fn answer_ended(&mut self, peer: PeerId) -> bool {
        let Some(download) = &mut self.download else { return false };
        if !download.asked.contains_key(&peer) {
            return false;
        }
        download.give_back(peer);
        true
    }

    /// Ends a batch that is complete, or that nobody can complete. Returns whose headers it was, and
    /// the last of them.
    pub(crate) fn ended(&mut self) -> Option<(PeerId, BestPoint)> {
        let ended = |download: &mut Download| {
            download.asked.is_empty()
                && (download.wanted.is_empty() || download.useless.contains(&download.from))
        };
        self.download.take_if(ended).map(|download| (download.from, download.tip))
    }

    /// Forgets a batch whose headers' peer is no longer asked.
    pub(crate) fn give_up(&mut self, is_asked: impl Fn(PeerId) -> bool) {
        self.download.take_if(|download| !is_asked(download.from));
    }

    /// Whom to ask for which bodies now. `may_ask` tells who can be, given the tip of the headers.
    pub(crate) fn due(
        &mut self,
        now: Duration,
        peers: impl Iterator<Item = PeerId>,
        may_ask: impl Fn(PeerId, &BestPoint) -> bool,
    ) -> Vec<(PeerId, GetBlocks)> {
        let Some(download) = &mut self.download else { return Vec::new() };
        let late = |asked: &Asked| now >= asked.moved_at + REQUEST_TIMEOUT;
        let late: Vec<PeerId> =
            download.asked.iter().filter(|(_, asked)| late(asked)).map(|(peer, _)| *peer).collect();
        for peer in late {
            download.give_back(peer);
            download.useless.insert(peer);
        }
        let mut questions = Vec::new();
        let mut running: usize = download.asked.values().map(|asked| asked.bodies.len()).sum();
        for peer in peers {
            let room = MAX_BODIES_ASKED.saturating_sub(running).min(MAX_HASHES);
            if room == 0 || download.wanted.is_empty() {
                break;
            }
            let is_source = peer == download.from;
            if download.asked.contains_key(&peer)
                || download.useless.contains(&peer)
                || !(is_source || may_ask(peer, &download.tip))
            {
                continue;
            }
            let (bodies, question) = download.question(room, is_source);
            running += bodies.len();
            download.asked.insert(peer, Asked { bodies, moved_at: now, delivered: false });
            questions.push((peer, question));
        }
        questions
    }

    /// When [`Headers::due`] has something by itself.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        let asked = self.download.iter().flat_map(|download| download.asked.values());
        asked.map(|asked| asked.moved_at + REQUEST_TIMEOUT).min()
    }
}

impl Download {
    /// What to ask for next, and how. Whoever sent the headers has these blocks in its best chain, and
    /// streams those that follow one another however large they are; of blocks by their hashes nobody
    /// sends more than a little at once.
    fn question(&mut self, most: usize, of_source: bool) -> (Vec<Body>, GetBlocks) {
        let mut count = most.min(self.wanted.len());
        let Some(first) = self.wanted.front().copied().filter(|_| of_source) else {
            let bodies: Vec<Body> = self.wanted.drain(..count).collect();
            let hashes = bodies.iter().map(|body| body.hash).collect();
            return (bodies, GetBlocks::ByHash(hashes));
        };
        let pairs = self.wanted.iter().zip(self.wanted.iter().skip(1));
        let row = 1 + pairs.take_while(|(before, after)| before.hash == after.parent).count();
        count = count.min(row);
        let bodies: Vec<Body> = self.wanted.drain(..count).collect();
        // There are at most as many as may be asked for.
        let limit = u32::try_from(bodies.len()).unwrap_or(MAX_BLOCKS);
        (bodies, GetBlocks::After { locator: Vec::from([first.parent]), limit })
    }

    /// What a peer was asked for and did not deliver is to be asked of somebody.
    fn give_back(&mut self, peer: PeerId) {
        let Some(asked) = self.asked.remove(&peer) else { return };
        if !asked.delivered && !asked.bodies.is_empty() {
            self.useless.insert(peer);
        }
        for body in asked.bodies.into_iter().rev() {
            self.wanted.push_front(body);
        }
    }
}
