//! Who is connected: introductions, limits, signs of life, misbehaviour.
//!
//! Owns the table of connections and the addresses to dial. Knows nothing of blocks.

mod bans;
mod dials;
mod duplicate_links;
mod eviction;
mod limits;
mod networks;
mod slots;
mod stage;
mod strangers;

use core::net::SocketAddr;

pub(crate) use self::bans::Bans;
pub(crate) use self::dials::{DialEnd, Dials};
pub(crate) use self::limits::network;
pub(crate) use self::networks::admits;
pub(crate) use self::slots::Places;
pub use self::stage::PeerStage;
pub(crate) use self::strangers::LeftOut;
use self::strangers::Strangers;
use crate::address::PeerAddress;
use crate::interface::{Direction, DisconnectReason, PeerId};
use crate::limits::{
    ANSWER_PATIENCE, BAN_SCORE, HELLO_TIMEOUT, PING_AFTER, PONG_TIMEOUT, REPORT_BURST,
    REPORT_REFILL, SCORE_DECAY, SILENT_TIMEOUT,
};
use crate::prelude::*;
use crate::token_bucket::TokenBucket;
use crate::wire::{Hello, InstanceId};

#[derive(Serialize, Deserialize)]
pub(crate) struct Peer {
    pub(crate) direction: Direction,
    pub(crate) address: SocketAddr,
    pub(crate) stage: PeerStage,
    pub(crate) agent: Option<String>,
    pub(crate) instance_id: Option<InstanceId>,
    pub(crate) listen: Option<u16>,
    /// Its first line was `GET_CHAIN`, as an original node's is.
    pub(crate) began_with_get_chain: bool,
    /// It sent a block that breaks no rule.
    pub(crate) sent_block: bool,
    /// It sent a line.
    spoke: bool,
    /// We dialled it, and it said nothing for so long that it is shown as silent.
    overdue: bool,
    /// What its clock said, in Unix seconds, and when we heard it.
    pub(crate) clock: Option<(u64, Duration)>,
    /// The person was told of it, and is told of its end.
    pub(crate) shown: bool,
    /// It sends nothing more.
    pub(crate) finished: bool,
    /// We decided to close it, for this reason; nothing more is done for it.
    pub(crate) closing: Option<DisconnectReason>,
    connected_at: Duration,
    heard_at: Duration,
    pinged_at: Option<Duration>,
    /// The number of the `PING` that was not answered yet.
    pub(crate) pinged: Option<u64>,
    /// How long the last answer took that was waited for: to our `HELLO`, then to each `PING`.
    #[serde(default)]
    pub(crate) latency: Option<Duration>,
    /// The least of them.
    lowest_latency: Option<Duration>,
    /// When it last brought a block of the best chain before anybody else.
    pub(crate) block_at: Option<Duration>,
    /// The same for a transaction that was taken into the pool.
    pub(crate) transaction_at: Option<Duration>,
    /// What is missing in it is its score.
    patience: TokenBucket,
    /// What it does that may be shown to the person.
    reports: TokenBucket,
}

impl Peer {
    fn measured(&mut self, latency: Duration) {
        self.latency = Some(latency);
        self.lowest_latency = Some(self.lowest_latency.map_or(latency, |least| least.min(latency)));
    }
}

/// What time demands for a peer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Due {
    /// It did not say `HELLO`: it may be an original, and is asked for its chain.
    NoHello(PeerId),
    /// Nor did it say anything else.
    IsSilent(PeerId),
    Ping(PeerId),
    Close(PeerId, DisconnectReason),
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Peers {
    table: BTreeMap<PeerId, Peer>,
    places: Places,
    /// Decides whose groups are safe. Nobody else knows it.
    secret: u64,
    /// What of them is shown to the person.
    strangers: Strangers,
}

impl Default for Peers {
    fn default() -> Self {
        Self::new(Places::default(), 0)
    }
}

impl Peers {
    pub(crate) fn new(places: Places, secret: u64) -> Self {
        Self { table: BTreeMap::new(), places, secret, strangers: Strangers::default() }
    }

    pub(crate) fn get(&self, peer: PeerId) -> Option<&Peer> {
        self.table.get(&peer).filter(|peer| peer.closing.is_none())
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (PeerId, &Peer)> {
        self.table.iter().filter(|(_, peer)| peer.closing.is_none()).map(|(&id, peer)| (id, peer))
    }

    pub(crate) fn insert(
        &mut self,
        id: PeerId,
        direction: Direction,
        address: SocketAddr,
        now: Duration,
    ) {
        let stage = match direction {
            Direction::Inbound => PeerStage::Silent,
            Direction::Outbound(_) => PeerStage::Greeted,
        };
        let peer = Peer {
            direction,
            address,
            stage,
            agent: None,
            instance_id: None,
            listen: None,
            began_with_get_chain: false,
            sent_block: false,
            spoke: false,
            overdue: false,
            clock: None,
            shown: true,
            finished: false,
            closing: None,
            connected_at: now,
            heard_at: now,
            pinged_at: None,
            pinged: None,
            latency: None,
            lowest_latency: None,
            block_at: None,
            transaction_at: None,
            patience: TokenBucket::new(BAN_SCORE, SCORE_DECAY, now),
            reports: TokenBucket::new(REPORT_BURST, REPORT_REFILL, now),
        };
        self.table.insert(id, peer);
    }

    /// Closed by the driver: gone for good.
    pub(crate) fn remove(&mut self, id: PeerId) -> Option<Peer> {
        self.table.remove(&id)
    }

    /// To be closed: from now on the peer is not seen any more.
    pub(crate) fn close(&mut self, id: PeerId, reason: DisconnectReason) -> Option<&Peer> {
        let peer = self.table.get_mut(&id).filter(|peer| peer.closing.is_none())?;
        peer.closing = Some(reason);
        Some(peer)
    }

    /// Notes something about a peer, if it is there.
    pub(crate) fn note(&mut self, id: PeerId, what: impl FnOnce(&mut Peer)) {
        if let Some(peer) = self.table.get_mut(&id) {
            what(peer);
        }
    }

    /// A `PONG` came, before it is noted as a line that was heard. One that was sent before its number
    /// could be known says nothing of how fast the peer is.
    pub(crate) fn ponged(&mut self, id: PeerId, number: u64, now: Duration) {
        if let Some(peer) = self.table.get_mut(&id)
            && let Some(pinged_at) = peer.pinged_at
            && peer.pinged.take_if(|pinged| *pinged == number).is_some()
        {
            peer.measured(now.saturating_sub(pinged_at));
        }
    }

    /// A line came. Returns whether it was the first of a listener's connection.
    pub(crate) fn heard(&mut self, id: PeerId, is_get_chain: bool, now: Duration) -> bool {
        let Some(peer) = self.table.get_mut(&id) else { return false };
        (peer.heard_at, peer.pinged_at, peer.spoke) = (now, None, true);
        if peer.is_mute() {
            peer.stage = PeerStage::Original;
        }
        if peer.stage != PeerStage::Silent {
            return false;
        }
        (peer.stage, peer.began_with_get_chain) = (PeerStage::Plain, is_get_chain);
        true
    }

    /// A peer that we dialled did not say `HELLO` in time. Returns whether it said something else.
    pub(crate) fn no_hello(&mut self, id: PeerId) -> Option<bool> {
        let peer = self.table.get_mut(&id).filter(|peer| peer.closing.is_none())?;
        peer.stage = if peer.spoke { PeerStage::Original } else { PeerStage::Silent };
        Some(peer.spoke)
    }

    /// Peers that were dialled under the same name as this one, and have not spoken.
    pub(crate) fn unheard_beside(&self, id: PeerId) -> Vec<PeerId> {
        let Some(peer) = self.get(id).filter(|peer| peer.direction != Direction::Inbound) else {
            return Vec::new();
        };
        let others = self
            .iter()
            .filter(|(other, p)| *other != id && p.direction == peer.direction && p.is_unheard());
        others.map(|(other, _)| other).collect()
    }

    /// The sockets to which the address was dialled, and that are connected.
    pub(crate) fn dialled_as(&self, target: &PeerAddress) -> Vec<SocketAddr> {
        let to_it =
            |peer: &&Peer| matches!(&peer.direction, Direction::Outbound(to) if to == target);
        self.iter().map(|(_, peer)| peer).filter(to_it).map(|peer| peer.address).collect()
    }

    /// The peer said `HELLO`. `Err` says why it is to be closed.
    pub(crate) fn introduce(
        &mut self,
        id: PeerId,
        hello: &Hello,
        our_id: InstanceId,
        now: Duration,
    ) -> Result<(), DisconnectReason> {
        if hello.id == our_id {
            return Err(DisconnectReason::Ourselves);
        }
        if let Some(peer) = self.table.get_mut(&id) {
            // We spoke first to those whom we dialled, so this answers our own `HELLO`.
            if peer.stage == PeerStage::Greeted {
                peer.measured(now.saturating_sub(peer.connected_at));
            }
            peer.stage = PeerStage::Introduced;
            peer.agent = Some(hello.agent.clone());
            peer.instance_id = Some(hello.id);
            peer.listen = hello.listen;
            peer.clock = hello.time.map(|time| (time, now));
        }
        Ok(())
    }

    /// Scores a fault of an introduced peer. Returns its score by now; at [`BAN_SCORE`] it is to be
    /// closed.
    pub(crate) fn punish(&mut self, id: PeerId, score: u32, now: Duration) -> Option<u32> {
        let peer = self.table.get_mut(&id)?;
        if peer.stage != PeerStage::Introduced || peer.closing.is_some() {
            return None;
        }
        peer.patience.spend(score, now);
        Some(peer.patience.missing(now))
    }

    /// Whether one more act of this peer may be shown: strangers must not flood the screen.
    pub(crate) fn may_report(&mut self, id: PeerId, now: Duration) -> bool {
        let Some(peer) = self.table.get_mut(&id) else { return false };
        if !peer.reports.take(1, now) {
            self.strangers.leave_out_act(now);
            return false;
        }
        peer.direction != Direction::Inbound || self.strangers.show_act(now)
    }

    /// Whether one more inbound connection may be shown, with how it ends.
    pub(crate) fn may_report_connection(&mut self, now: Duration) -> bool {
        self.strangers.show_connection(now)
    }

    /// What was not shown, once in a while.
    pub(crate) fn left_out(&mut self, now: Duration) -> Option<LeftOut> {
        self.strangers.summary(now)
    }

    /// It is alive, though it says nothing: it takes what we write.
    pub(crate) fn note_alive(&mut self, id: PeerId, now: Duration) {
        self.note(id, |peer| (peer.heard_at, peer.pinged_at) = (now, None));
    }

    /// What time demands now, in order of connection.
    pub(crate) fn due(&mut self, now: Duration) -> alloc::vec::Vec<Due> {
        let mut due = alloc::vec::Vec::new();
        for (&id, peer) in self.table.iter_mut().filter(|(_, peer)| peer.closing.is_none()) {
            if Self::deadline_of(peer).is_none_or(|deadline| deadline > now) {
                continue;
            }
            due.push(match peer.stage {
                PeerStage::Greeted => Due::NoHello(id),
                PeerStage::Silent if peer.is_mute() => {
                    peer.overdue = true;
                    Due::IsSilent(id)
                }
                PeerStage::Silent => Due::Close(id, DisconnectReason::Silent),
                _ if peer.pinged_at.is_some() => Due::Close(id, DisconnectReason::TimedOut),
                _ => {
                    peer.pinged_at = Some(now);
                    Due::Ping(id)
                }
            });
        }
        due
    }

    fn deadline_of(peer: &Peer) -> Option<Duration> {
        match peer.stage {
            PeerStage::Greeted => Some(peer.connected_at + HELLO_TIMEOUT),
            PeerStage::Silent if peer.is_mute() => {
                (!peer.overdue).then(|| peer.connected_at + HELLO_TIMEOUT + ANSWER_PATIENCE)
            }
            PeerStage::Silent => Some(peer.connected_at + SILENT_TIMEOUT),
            PeerStage::Plain | PeerStage::Original => None,
            PeerStage::Introduced => Some(match peer.pinged_at {
                Some(pinged_at) => pinged_at + PONG_TIMEOUT,
                None => peer.heard_at + PING_AFTER,
            }),
        }
    }

    /// When [`Peers::due`] has something next.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        let peers = self.iter().filter_map(|(_, peer)| Self::deadline_of(peer));
        peers.chain(self.strangers.deadline()).min()
    }
}
