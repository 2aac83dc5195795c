//! How far a peer has introduced itself, and what that makes of it.

use core::net::SocketAddr;

use super::Peer;
use crate::interface::Direction;
use crate::prelude::*;

/// How far a peer has introduced itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Stage)]
pub enum PeerStage {
    /// We dialled it and wait for its answer to our `HELLO`, or to `GET_CHAIN` after it.
    Greeted,
    /// It has said nothing: it connected, or we dialled it and it answered neither `HELLO` nor `GET_CHAIN` in
    /// time. It may be a new original node, or no node.
    Silent,
    /// It connected and speaks without `HELLO`: a person, or an original node.
    Plain,
    /// We dialled it and it speaks without `HELLO`: an original node.
    Original,
    /// It said `HELLO`.
    Introduced,
}

impl PeerStage {
    /// Whether the peer sent anything: only then it counts as a peer.
    #[must_use]
    pub fn has_spoken(self) -> bool {
        !matches!(self, Self::Silent | Self::Greeted)
    }
}

impl Peer {
    /// Whether it behaves as an original node does: it asked for the chain first and passed valid
    /// blocks on. Such a node also passes on what is wrong, and knows no `ERROR`.
    pub(crate) fn relays_like_an_original(&self) -> bool {
        self.stage == PeerStage::Plain && self.began_with_get_chain && self.sent_block
    }

    /// Whether it is an original node, as far as its behaviour tells. A new one is silent.
    pub(crate) fn is_original(&self) -> bool {
        self.stage == PeerStage::Original || self.is_mute() || self.relays_like_an_original()
    }

    /// Whether we dialled it, and it has answered nothing so far though it was asked for its chain.
    pub(crate) fn is_mute(&self) -> bool {
        self.stage == PeerStage::Silent && self.direction != Direction::Inbound
    }

    /// Whether we dialled it and it has not spoken.
    pub(crate) fn is_unheard(&self) -> bool {
        self.is_mute() || self.stage == PeerStage::Greeted
    }

    /// Whether it is a node, as far as it said.
    pub(crate) fn is_node(&self) -> bool {
        self.stage.has_spoken() && (self.is_introduced() || self.is_original())
    }

    /// How far it introduced itself, for people.
    pub(crate) fn shown_stage(&self) -> PeerStage {
        match self.is_mute() && !self.overdue {
            true => PeerStage::Greeted,
            false => self.stage,
        }
    }

    /// The socket on which it takes connections, as it says, where it dialled us.
    pub(crate) fn listening(&self) -> Option<SocketAddr> {
        let port = self.listen.filter(|_| self.direction == Direction::Inbound)?;
        Some(SocketAddr::new(self.address.ip(), port))
    }

    pub(crate) fn is_introduced(&self) -> bool {
        self.stage == PeerStage::Introduced && self.closing.is_none()
    }

    /// Whether it never said what it is: a person, or a socket that is only held.
    pub(super) fn is_by_hand(&self) -> bool {
        matches!(self.stage, PeerStage::Silent | PeerStage::Plain) && !self.is_original()
    }
}
