//! What the node looks like from outside, at one moment.
//!
//! Owns plain values that a driver may publish to other threads.

use core::net::SocketAddr;

use kusari_chain::ledger::{ChainId, PublicKey};
use kusari_chain::{BestPoint, HeldBranch};

use crate::config::MiningPolicy;
use crate::drafts::{DraftWait, SigningAccount};
use crate::hindrance::Hindrance;
use crate::peers::PeerStage;
use crate::prelude::*;
use crate::witnesses::WitnessStop;

/// A picture of the node.
///
/// The default is a node that has not looked at its store yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// The last block of the best chain.
    pub tip: BestPoint,
    /// The same without blocks of this node's own that are not durable yet: what others are told of.
    pub announced_tip: BestPoint,
    /// Connected peers, silent ones too, oldest connection first.
    pub peers: Arc<[PeerSummary]>,
    /// Those of them that behave as the original node does, whoever dialled.
    pub originals: usize,
    /// Typed lines that wait to be mined.
    pub waiting_entries: u64,
    /// What a ledger adds; `None` on the classic chain.
    pub ledger: Option<LedgerSummary>,
    /// Bytes of canonical lines that side branches take.
    pub side_bytes: u64,
    /// Their bound.
    pub side_limit: u64,
    /// Held branches that have more work than the best chain, the one with the most first.
    pub held: Vec<HeldBranch>,
    /// Blocks that wait for their parents.
    pub orphans: usize,
    /// Whether blocks that we asked for are coming in.
    pub catching_up: bool,
    /// What keeps the node from doing all that it is for, what makes it unready first.
    pub hindrances: Vec<Hindrance>,
}

/// More work than this node has, which peers claim and did not show so far. A claim costs nothing, so
/// it says who is asked, and never what is true.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Behind {
    /// The claim of most work.
    pub claimed: BestPoint,
    /// The last block of our best chain.
    pub ours: BestPoint,
    /// Since when some peer has claimed more work, by the monotonic clock of [`crate::Now`].
    pub since: Duration,
    /// Peers that claim more work.
    pub peers: usize,
    /// Those of them that this node dialled.
    pub chosen: usize,
}

impl Snapshot {
    /// How many peers have spoken that this node dialled, and how many that dialled it.
    #[must_use]
    pub fn peer_counts(&self) -> (usize, usize) {
        let spoken = |peer: &&PeerSummary| peer.stage.has_spoken();
        let count =
            |inbound| self.peers.iter().filter(spoken).filter(|p| p.inbound == inbound).count();
        (count(false), count(true))
    }

    /// Outbox entries that wait to be mined, on either kind of chain.
    #[must_use]
    pub fn outbox_entries(&self) -> u64 {
        self.waiting_entries + self.ledger.as_ref().map_or(0, |ledger| ledger.local_transactions)
    }

    /// What a person who records this text on the classic chain should know. The text is recorded all
    /// the same.
    #[must_use]
    pub fn warning_about(&self, text: &str) -> Option<TextWarning> {
        let character = text.chars().find(|&character| is_escaped(character))?;
        (self.originals > 0)
            .then_some(TextWarning::CutsOriginals { character, originals: self.originals })
    }
}

/// Whether a character must be escaped in JSON, which an original reads and does not write.
fn is_escaped(character: char) -> bool {
    matches!(character, '"' | '\\' | '\0'..='\u{1f}')
}

/// What is wrong with a text that is recorded all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextWarning {
    /// Original nodes pass its block on as JSON that is broken.
    #[error(
        "the text holds {character:?}, which an original node passes on as broken JSON, and {} \
         connected here: nodes behind {} do not get its block, nor any after it; leave the \
         character out where they should",
        if *originals == 1 { "one is" } else { "some are" },
        if *originals == 1 { "it" } else { "them" }
    )]
    CutsOriginals {
        /// The first such character.
        character: char,
        /// Originals that are connected to this node.
        originals: usize,
    },
}

/// A ledger at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerSummary {
    /// The chain's id.
    pub chain_id: ChainId,
    /// The chain's name, for people.
    pub name: String,
    /// Who gets the reward of blocks that are mined here.
    pub miner: PublicKey,
    /// When blocks are mined here.
    pub mining: MiningPolicy,
    /// Transactions that wait to be mined.
    pub pooled: usize,
    /// What they count for, in bytes.
    pub pooled_bytes: u64,
    /// Outbox entries that wait to be mined, signed or not.
    pub local_transactions: u64,
    /// Outbox entries that other transactions displaced.
    pub displaced_entries: u64,
    /// Drafts in memory that are not signed yet.
    pub drafts: usize,
    /// What the oldest draft waits for, unless it is signed next.
    pub drafts_wait: Option<DraftWait>,
    /// The account that this node signs for.
    pub wallet: Option<SigningAccount>,
    /// Whether this node knows what a peer knows, or has no peer to know it from: only then a
    /// transaction gets a sequence that nobody used.
    pub may_sign: bool,
    /// Who says what it saw.
    pub witnesses: WitnessSummary,
}

/// Witnesses at one moment; what they said is in the store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WitnessSummary {
    /// The key of this node's own statements, if it has one.
    pub own: Option<PublicKey>,
    /// Whether it makes statements; it stops for good when its key is seen to equivocate.
    pub witnessing: bool,
    /// Why it makes none, where it has a key.
    pub stopped: Option<WitnessStop>,
    /// Keys whose word counts here.
    pub listed: Vec<PublicKey>,
    /// Those of them whose newest statement names the tip, or a block of the best chain at most
    /// [`crate::limits::NEAR_TIP_BLOCKS`] below it.
    pub near_tip: usize,
    /// Keys of which something is kept, listed or not.
    pub known: usize,
    /// Those of them that equivocated.
    pub equivocated: usize,
}

/// One connected peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerSummary {
    /// Its address.
    pub address: SocketAddr,
    /// Whether it connected to us.
    pub inbound: bool,
    /// The socket on which it takes connections, as it says, where it connected to us.
    pub listen: Option<SocketAddr>,
    /// How far it introduced itself.
    pub stage: PeerStage,
    /// Program and version, as it says.
    pub agent: Option<String>,
    /// Height of its best chain, as far as it said, showed or was sent.
    pub height: Option<u32>,
    /// How long the last answer took that was waited for: to our `HELLO`, or to a `PING`.
    pub latency: Option<Duration>,
}
