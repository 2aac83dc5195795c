//! Passing on: what each peer has seen of our best chain, and what it is to be sent next.
//!
//! For each peer we keep a position, the last block that it is known to have or was told of. When
//! the best chain moves, the peer is sent what lies between its position and the tip, parents
//! first: nothing twice, nothing left out, and after a reorganisation the whole new branch.
//!
//! A block is pushed at once to the peers for which our last push was news. It is announced to the
//! others, a little later and unless they have shown meanwhile that they have it. A push was no news
//! to a peer that sends or announces the same block to us; whoever asks us for blocks is pushed to
//! again. So blocks come to run along a tree, and every other connection carries an announcement,
//! by which the tree mends itself.
//!
//! A peer of the original kind is pushed every block and shows nothing of what it has but what it
//! passes on. Where there are several, they may be connected to each other. So one of them is pushed
//! a block at once, and each of the others a little later, unless it has passed the block on to us by
//! then; one that did not is apart from the others, and pushed to at once from then on. The first
//! push that was no news to such a peer ends that: all are taken to be connected again.
//!
//! Knows nothing of who a peer is beyond how it wants to be told, and asks for nothing.

use kusari_chain::params::MAX_ORPHANS;
use kusari_chain::{BestPoint, BlockHash, Chain, StoreResult};

use crate::interface::PeerId;
use crate::limits::{
    ANNOUNCE_AFTER, ANNOUNCE_SPREAD, ANNOUNCED_AHEAD, ANNOUNCED_TIMEOUT, DIRECT_BLOCKS,
    GOSSIP_BURST, GOSSIP_REFILL, MAX_RELAY_TURNS, RELAY_AFTER, RELAY_SPREAD,
};
use crate::prelude::*;
use crate::random::Random;
use crate::token_bucket::TokenBucket;

/// How a peer is told of blocks that are not pushed to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Manner {
    /// It is sent every block.
    Blocks,
    /// It is told the tip, and asks for what it lacks.
    Announcement,
    /// It is sent every block, passes on all that it gets, and holds twice what it gets twice: of
    /// several such peers one is sent a block, and the others where they do not get it from that one.
    Relay,
}

/// What to do for one peer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Send the blocks of these heights.
    Blocks { from: u32, through: u32 },
    /// Stream what follows this block.
    Stream { after: BestPoint },
    /// Say which tip we have.
    Announce(BestPoint),
}

#[derive(Serialize, Deserialize)]
struct Listener {
    manner: Manner,
    position: BestPoint,
    /// The block of most work that it sent, announced or was sent.
    #[serde(default)]
    had: Option<BestPoint>,
    /// What it was told of last, and when; it has that unless it asks for it.
    #[serde(default)]
    announced: Option<(BestPoint, Duration)>,
    /// The last block that it sent or announced of a branch with more work than our best chain.
    #[serde(default)]
    ahead: Option<BestPoint>,
    allowance: TokenBucket,
    /// Whether new blocks are pushed to it.
    is_pushed_to: bool,
    /// The last block that was pushed to it, until it shows that it had it anyway.
    pushed: Option<BlockHash>,
    /// When it is to be told of what it is not known to have.
    announce_at: Option<Duration>,
    /// Of [`Manner::Relay`]: it gets no blocks from others of its kind.
    #[serde(default)]
    is_apart: bool,
    /// Of the same: it is sent what it lacks without waiting for others.
    #[serde(default)]
    is_mended: bool,
    /// Of the same: what it lacks is streamed to it.
    #[serde(default)]
    is_streamed: bool,
}

impl Listener {
    fn raise(&mut self, point: BestPoint) {
        if self.had.is_none_or(|had| point.work > had.work) {
            self.had = Some(point);
        }
    }

    /// Whether it lacks blocks between one that it has and another that it sent. One of
    /// [`Manner::Relay`] takes a block without its parent, and passes on all that it takes.
    fn lacks_before(&self, before: &BestPoint, sent: &BestPoint) -> bool {
        self.manner == Manner::Relay && sent.height > before.height.saturating_add(1)
    }
}

#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Gossip {
    listeners: BTreeMap<PeerId, Listener>,
    /// Who sent which of the blocks that wait for their parents, or of which only the seven keys came,
    /// oldest first, so that they are not sent back when they join. At most [`MAX_ORPHANS`], as many as are kept.
    orphans: VecDeque<(PeerId, BlockHash)>,
}

impl Gossip {
    /// From now on the peer is told what joins the best chain after `position`.
    pub(crate) fn begin(
        &mut self,
        peer: PeerId,
        manner: Manner,
        position: BestPoint,
        now: Duration,
    ) {
        let allowance = TokenBucket::new(GOSSIP_BURST, GOSSIP_REFILL, now);
        // Whether a push is news shows with the first one.
        let listener = Listener {
            manner,
            position,
            had: None,
            announced: None,
            ahead: None,
            allowance,
            is_pushed_to: true,
            pushed: None,
            announce_at: None,
            is_apart: false,
            is_mended: false,
            is_streamed: false,
        };
        self.listeners.insert(peer, listener);
    }

    /// The peer introduced itself: from now on it is told in another manner.
    pub(crate) fn set_manner(&mut self, peer: PeerId, manner: Manner) {
        if let Some(listener) = self.listeners.get_mut(&peer) {
            listener.manner = manner;
        }
    }

    pub(crate) fn remove(&mut self, peer: PeerId) {
        self.listeners.remove(&peer);
        self.orphans.retain(|(sender, _)| *sender != peer);
    }

    /// The peer was sent the best chain up to this block. Meanwhile it may have sent more itself.
    pub(crate) fn sent_through(&mut self, peer: PeerId, point: BestPoint) {
        if let Some(listener) = self.listeners.get_mut(&peer) {
            listener.is_streamed = false;
            if point.work >= listener.position.work {
                listener.position = point;
            }
        }
    }

    /// The peer asked for this block, and was sent it.
    pub(crate) fn was_sent(&mut self, peer: PeerId, point: BestPoint) {
        if let Some(listener) = self.listeners.get_mut(&peer) {
            listener.raise(point);
        }
    }

    /// The block of most work that the peer has, as far as it showed or was sent.
    pub(crate) fn had_by(&self, peer: PeerId, now: Duration) -> Option<BestPoint> {
        let listener = self.listeners.get(&peer)?;
        let told = listener.announced.filter(|(_, at)| now >= *at + ANNOUNCED_TIMEOUT);
        listener.had.into_iter().chain(told.map(|(tip, _)| tip)).max_by_key(|point| point.work)
    }

    /// What the peer was sent beyond this block is of no use to it.
    pub(crate) fn has_only(&mut self, peer: PeerId, point: BestPoint) {
        if let Some(listener) = self.listeners.get_mut(&peer) {
            (listener.position, listener.pushed) = (point, None);
        }
    }

    /// The peer holds the best chain up to this block, and is to be sent what follows.
    pub(crate) fn lacks_after(&mut self, peer: PeerId, point: BestPoint) {
        self.has_only(peer, point);
        if let Some(listener) = self.listeners.get_mut(&peer) {
            listener.is_mended = true;
        }
    }

    /// The peer is asked for all it has, and will send what was pushed to it.
    pub(crate) fn asked_for_all(&mut self, peer: PeerId) {
        if let Some(listener) = self.listeners.get_mut(&peer) {
            listener.pushed = None;
        }
    }

    /// The peer has this block, since it sent or announced it.
    pub(crate) fn has(&mut self, peer: PeerId, point: BestPoint) {
        let Some(listener) = self.listeners.get_mut(&peer) else { return };
        listener.raise(point);
        let relays = listener.manner == Manner::Relay;
        if point.work >= listener.position.work
            && !listener.lacks_before(&listener.position, &point)
        {
            if relays && point.hash != listener.position.hash {
                // What follows is on its way to it as well.
                listener.announce_at = None;
            }
            listener.position = point;
        }
        if listener.pushed.take_if(|pushed| *pushed == point.hash).is_some() {
            listener.is_pushed_to = false;
            if relays {
                self.listeners.values_mut().for_each(|listener| listener.is_apart = false);
            }
        }
    }

    /// The peer has this block, which has more work than our best chain and is not followed so far.
    pub(crate) fn has_ahead(&mut self, peer: PeerId, point: BestPoint) {
        if let Some(listener) = self.listeners.get_mut(&peer) {
            let before = listener.ahead.unwrap_or(listener.position);
            if !listener.lacks_before(&before, &point) {
                listener.ahead = Some(point);
            }
        }
    }

    /// The best chain has moved to another branch: takes what peers had of such branches before.
    pub(crate) fn take_ahead(&mut self) -> Vec<(PeerId, BestPoint)> {
        let ahead = self.listeners.iter_mut().map(|(&peer, l)| Some((peer, l.ahead.take()?)));
        ahead.flatten().collect()
    }

    /// How many turns later than at once a peer is sent the tip, since others may send it meanwhile;
    /// and whether there are others that have it.
    fn turns_to_wait(&self, peer: PeerId, tip: &BestPoint) -> (u32, bool) {
        let waits = |listener: &&Listener| listener.manner == Manner::Relay && !listener.is_mended;
        let Some(listener) = self.listeners.get(&peer).filter(waits) else {
            return (0, false);
        };
        let is_near = |(id, other): &(&PeerId, &Listener)| {
            **id != peer && other.manner == Manner::Relay && !other.is_apart
        };
        let near = || self.listeners.iter().filter(is_near).map(|(_, other)| other);
        let is_sent = |other: &Listener| other.position.hash == tip.hash || other.is_streamed;
        let is_elsewhere = near().any(is_sent);
        if listener.is_pushed_to && (listener.is_apart || !is_elsewhere) {
            return (0, is_elsewhere);
        }
        let waiting = near().filter(|other| other.announce_at.is_some()).count();
        let turns = u32::try_from(waiting).unwrap_or(u32::MAX).saturating_add(1);
        (turns.min(MAX_RELAY_TURNS), is_elsewhere)
    }

    /// The peer asked for blocks: what was announced to it was news.
    pub(crate) fn asked(&mut self, peer: PeerId) {
        if let Some(listener) = self.listeners.get_mut(&peer) {
            (listener.is_pushed_to, listener.announced) = (true, None);
        }
    }

    /// Whether it holds no more than it would by itself: it may come from a stranger's file.
    pub(crate) fn is_within_bounds(&self) -> bool {
        self.orphans.len() <= MAX_ORPHANS
    }

    /// The peer sent this block, whose parent is not known yet.
    pub(crate) fn sent_orphan(&mut self, peer: PeerId, hash: BlockHash) {
        if self.orphans.len() == MAX_ORPHANS {
            self.orphans.pop_front();
        }
        self.orphans.push_back((peer, hash));
    }

    /// The peer sent the seven keys of a block that has more. Of one peer the last few are remembered.
    pub(crate) fn sent_hint(&mut self, peer: PeerId, hash: BlockHash) {
        let mut earlier = self.orphans.iter().filter(|(sender, _)| *sender == peer);
        let most = ANNOUNCED_AHEAD as usize;
        if earlier.clone().any(|(_, known)| *known == hash) {
            return;
        }
        if earlier.clone().count() >= most
            && let Some(oldest) = earlier.next().copied()
        {
            self.orphans.retain(|entry| *entry != oldest);
        }
        self.sent_orphan(peer, hash);
    }

    /// A block that waited for its parent has its place now. Returns who sent it.
    pub(crate) fn orphan_joined(&mut self, point: &BestPoint) -> Vec<PeerId> {
        let mut senders = Vec::new();
        self.orphans.retain(|&(peer, hash)| {
            let is_it = hash == point.hash;
            if is_it {
                senders.push(peer);
            }
            !is_it
        });
        senders
    }

    /// What the peer is to be sent now, while no answer is being streamed to it, if `tip` is what we
    /// may speak of. `claim` is the tip that an introduced peer says it has.
    pub(crate) fn step(
        &mut self,
        peer: PeerId,
        tip: BestPoint,
        claim: Option<BestPoint>,
        chain: &Chain,
        now: Duration,
        random: &mut Random,
    ) -> StoreResult<Option<Step>> {
        let (turns, is_elsewhere) = self.turns_to_wait(peer, &tip);
        let Some(listener) = self.listeners.get_mut(&peer) else { return Ok(None) };
        if listener.position.hash == tip.hash {
            (listener.announce_at, listener.is_mended) = (None, false);
            return Ok(None);
        }
        // A peer that has more already is asked, not told.
        if claim.is_some_and(|claim| claim.work > tip.work || claim.hash == tip.hash) {
            listener.position = tip;
            return Ok(None);
        }
        let fork = match chain.fork_point(&listener.position.hash)? {
            Some(fork) if fork.height <= tip.height => fork,
            Some(_) => {
                // It has our own newest block already, which others may not be told of yet.
                return Ok(None);
            }
            None => BestPoint::genesis(),
        };
        let gap = tip.height - fork.height;
        if gap == 0 {
            return Ok(None);
        }
        if turns > 0 {
            let later = || now + RELAY_AFTER * turns + random.up_to(RELAY_SPREAD);
            if now < *listener.announce_at.get_or_insert_with(later) {
                return Ok(None);
            }
            // Who has it did not bring it.
            (listener.is_apart, listener.is_pushed_to) = (is_elsewhere, true);
        }
        listener.is_mended = false;
        let is_pushed_to = listener.is_pushed_to || listener.manner != Manner::Announcement;
        if !is_pushed_to && gap <= DIRECT_BLOCKS {
            let later = || now + ANNOUNCE_AFTER + random.up_to(ANNOUNCE_SPREAD);
            if now < *listener.announce_at.get_or_insert_with(later) {
                return Ok(None);
            }
        }
        let is_pushed = is_pushed_to && gap <= DIRECT_BLOCKS;
        let step = if is_pushed && listener.allowance.take(gap, now) {
            listener.pushed = Some(tip.hash);
            listener.raise(tip);
            Step::Blocks { from: fork.height + 1, through: tip.height }
        } else if listener.manner != Manner::Announcement {
            (listener.announce_at, listener.is_streamed) = (None, true);
            return Ok(Some(Step::Stream { after: fork }));
        } else if listener.allowance.take(1, now) {
            listener.announced = Some((tip, now));
            Step::Announce(tip)
        } else {
            return Ok(None);
        };
        listener.position = tip;
        listener.announce_at = None;
        Ok(Some(step))
    }

    /// When a peer that waits for its allowance, or for its announcement, can be told again. Peers
    /// that are `busy` with an answer are looked at when that ends.
    pub(crate) fn deadline(
        &self,
        tip: BestPoint,
        now: Duration,
        busy: impl Fn(PeerId) -> bool,
    ) -> Option<Duration> {
        let waits =
            |peer: PeerId, listener: &Listener| listener.position.hash != tip.hash && !busy(peer);
        let waiting = self.listeners.iter().filter(|(peer, listener)| waits(**peer, listener));
        let times = waiting.flat_map(|(_, listener)| {
            [Some(listener.allowance.ready_at(1)), listener.announce_at].into_iter().flatten()
        });
        times.filter(|time| *time > now).min()
    }

    /// Peers that are told of new blocks.
    pub(crate) fn listeners(&self) -> alloc::vec::Vec<PeerId> {
        self.listeners.keys().copied().collect()
    }
}
