//! The interface between the node and its driver: what comes in and what goes out.
//!
//! The driver owns sockets, the clock, the store's commits, threads and the screen. It calls
//! [`crate::Node::handle`] with an [`Input`] and carries out the [`Action`]s in order.

mod branches;
mod command;
pub mod request;
mod written_transaction;

use core::net::SocketAddr;

use kusari_chain::ledger::{UnsignedStatement, WitnessStatement};
use kusari_chain::{BestPoint, Block, BlockHash, CheckedBlock, Target};

pub use self::branches::AcceptedBranch;
pub use self::command::{
    AccountState, Ban, BranchRefusal, Command, Disconnected, Drafted, KnownTransaction, NoLedger,
    PoolPage, Reply, SayRefusal, SubmitRefusal, TooManyAddresses, WaitingTransaction,
};
pub use self::request::Request;
pub use self::written_transaction::WrittenTransaction;
use crate::address::PeerAddress;
use crate::drafts::{DraftToSign, SigningAccount};
use crate::event::Event;
use crate::hindrance::StorageState;
use crate::prelude::*;
use crate::store::{EntryId, StoreBatch};
use crate::wire::{AnswerEnd, LineBatch, Received, Refusal, Sent};
use crate::witnesses::WitnessMemory;

/// The two clocks: timeouts use `monotonic`, block timestamps `wall`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Now {
    /// Time since some fixed moment; never runs backwards.
    pub monotonic: Duration,
    /// Unix time in seconds.
    pub wall: u64,
}

/// Names one connection, drawn by the driver and never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PeerId(pub u64);

/// Names one commit; counts up by one.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub struct CommitId(pub u64);

/// Names one piece of mining work; counts up by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TemplateId(pub u64);

/// A draft that the driver signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedDraft {
    /// The outbox entry.
    pub entry: EntryId,
    /// The transaction, whose signature is the driver's.
    pub transaction: WrittenTransaction,
}

/// Names one command, drawn by the driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RequestId(pub u64);

/// Who opened a connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// The other side did.
    Inbound,
    /// We did, because [`Action::Connect`] asked for this address.
    Outbound(PeerAddress),
}

/// What happened.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Input {
    /// A connection is open.
    PeerConnected {
        /// Its new name.
        peer: PeerId,
        /// Who opened it.
        direction: Direction,
        /// The other end.
        address: SocketAddr,
    },
    /// The peer will send nothing more, but still reads: what it asked for is answered, and then
    /// the connection is closed.
    PeerFinished {
        /// Which.
        peer: PeerId,
    },
    /// A connection is closed, by whichever side. Its last input.
    PeerDisconnected {
        /// Which.
        peer: PeerId,
        /// Why, in words, as far as the driver knows.
        reason: String,
    },
    /// [`Action::Connect`] came to nothing.
    ConnectFailed {
        /// The address that was asked for.
        address: PeerAddress,
        /// Why, in words.
        reason: String,
    },
    /// A peer sent lines. Taken as if they had come one by one, but what follows from them is decided
    /// once, and committed together. The lines of one peer arrive in order.
    LinesReceived {
        /// Who sent them.
        peer: PeerId,
        /// What they say.
        lines: LineBatch,
    },
    /// The whole of an answer of blocks is here, and its lines come as soon as they are read. What follows it is
    /// asked for meanwhile. A driver that does not say so has the node ask after those lines.
    AnswerArrived {
        /// Who sent it.
        peer: PeerId,
        /// How it ends.
        end: AnswerEnd,
    },
    /// The search for [`Action::Mine`] found a nonce.
    BlockMined {
        /// Which work it was; old work is ignored.
        template_id: TemplateId,
        /// The nonce that meets the target.
        nonce: u64,
    },
    /// Every commit up to this one is durable.
    Committed {
        /// The last of them.
        through: CommitId,
    },
    /// [`Action::SendStoredBlocks`] is done: every line of it is written to the connection.
    StreamEnded {
        /// To whom.
        peer: PeerId,
        /// The last block that was sent, or the one after which there was nothing to send.
        height: u32,
        /// Its hash.
        hash: BlockHash,
        /// Blocks that were sent.
        count: u32,
    },
    /// What [`Action::SignStatement`] asked for is signed, by the key of
    /// [`crate::WitnessConfig::own`], and remembered.
    StatementSigned(WitnessStatement),
    /// What [`Action::SignDrafts`] asked for is signed; what is missing could not be.
    DraftsSigned(Vec<SignedDraft>),
    /// The account that the driver signs drafts for: at the start, and when it is unlocked.
    WalletChanged(Option<SigningAccount>),
    /// What [`Action::RememberWitness`] asked for is durable.
    WitnessRemembered(WitnessMemory),
    /// What either of the two asked for could not be made durable, so nothing was signed.
    WitnessNotRemembered,
    /// The store grew or shrank, or a block in it was found altered: at the start, and after commits.
    StorageChanged(StorageState),
    /// What [`Action::Audit`] asked for is done.
    Audited {
        /// What the audit found first, in words.
        finding: Option<String>,
    },
    /// A person or a program asks for something.
    Command(RequestId, Command),
    /// The time of the last [`Action::WakeAt`] has come.
    Tick,
}

impl DisconnectReason {
    /// Whether this is the code of a reason for which a connection is closed before anything is read.
    pub(crate) fn is_refusal(code: &str) -> bool {
        let refusals = [
            Self::TooManyPeers,
            Self::TooManyFromAddress,
            Self::TooManyFromGroup,
            Self::NotAllowed,
            Self::Banned,
        ];
        refusals.iter().any(|reason| <&str>::from(reason) == code)
    }
}

impl Input {
    /// A peer sent one line.
    #[must_use]
    pub fn line(peer: PeerId, received: Result<Received, Refusal>) -> Self {
        Self::LinesReceived { peer, lines: vec![received] }
    }

    /// A peer sent `BLOCK` lines in a row.
    pub fn blocks(peer: PeerId, blocks: impl IntoIterator<Item = CheckedBlock>) -> Self {
        let lines = blocks.into_iter().map(|block| Ok(Received::Block(block))).collect();
        Self::LinesReceived { peer, lines }
    }
}

/// What the driver is to do, in order.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Queue a line. A peer whose queue is full is closed.
    Send {
        /// To whom.
        peer: PeerId,
        /// What.
        message: Sent,
    },
    /// Stream blocks of the stored best chain, in chunks of at most 256 with short reads and as
    /// fast as the peer takes them, behind what is queued for it. The best chain is looked at
    /// again for each chunk, and the stream goes on from the fork point where it changed.
    /// Answered by [`Input::StreamEnded`].
    SendStoredBlocks {
        /// To whom.
        peer: PeerId,
        /// Begin after this block.
        after: BestPoint,
        /// End with this height; `None` sends all there is.
        through: Option<u32>,
        /// What stands around the blocks.
        form: StreamForm,
    },
    /// Resolve and dial an address. Answered by [`Input::PeerConnected`] or
    /// [`Input::ConnectFailed`].
    Connect(PeerAddress),
    /// The same, beside what is connected and says nothing: only the sockets of the name that are not in
    /// `except`.
    ConnectBeside {
        /// A name.
        address: PeerAddress,
        /// What is connected.
        except: Vec<SocketAddr>,
    },
    /// Close a connection, after writing what is queued for it. Answered by
    /// [`Input::PeerDisconnected`].
    Disconnect {
        /// Which.
        peer: PeerId,
        /// Why.
        reason: DisconnectReason,
    },
    /// Write a batch, atomically and durably, after every earlier one. Answered by
    /// [`Input::Committed`]. Actions beside it do not wait for it.
    Commit {
        /// Its name.
        id: CommitId,
        /// What to write.
        batch: StoreBatch,
        /// What to do once it is durable, before [`Input::Committed`].
        then: Vec<Action>,
    },
    /// Search a nonce for a block, in place of any other search.
    Mine {
        /// Names this work.
        template_id: TemplateId,
        /// The block; its nonce is where the search begins, its hash is not set.
        template: Block,
        /// What its hash must meet.
        target: Target,
    },
    /// End the search.
    StopMining,
    /// Sign a statement with the witness key, and remember it durably beside the key as its last one.
    /// Answered by [`Input::StatementSigned`] after that and no earlier, or by
    /// [`Input::WitnessNotRemembered`]. The driver refuses what [`WitnessMemory::may_sign`] forbids.
    SignStatement(UnsignedStatement),
    /// Sign drafts with the account of [`Input::WalletChanged`], each with a payload of its text and a
    /// random salt. Answered by [`Input::DraftsSigned`], once for all of them.
    SignDrafts(Vec<DraftToSign>),
    /// Remember durably what the witness key said, after every earlier action of this kind or of the
    /// one above, as [`WitnessMemory::raised`] says. Answered by [`Input::WitnessRemembered`] or
    /// [`Input::WitnessNotRemembered`].
    RememberWitness(WitnessMemory),
    /// Send [`Input::Tick`] at this monotonic time, in place of any earlier wish.
    WakeAt(Duration),
    /// Answer a command.
    Reply(RequestId, Reply),
    /// Tell the person who runs this node.
    Notify(Event),
    /// Write down, when it is convenient, what happened. Nothing rests on it.
    Record(Box<Event>),
    /// Audit the store, beside everything else. Answered by [`Input::Audited`].
    Audit,
    /// Stop: the node cannot go on.
    Halt(String),
}

/// What stands around streamed blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StreamForm {
    /// `BLOCK` lines of seven keys and nothing else, as an original node knows it.
    Plain,
    /// `BLOCK` lines of whole blocks and nothing else.
    Whole,
    /// One `HEADERS` line, of as many as fit [`crate::wire::MAX_LINE`].
    Headers,
    /// `BLOCK` lines of whole blocks, then `END`.
    Counted,
}

/// Why the node closes a connection.
#[derive(
    Clone,
    Debug,
    PartialEq,
    Eq,
    thiserror::Error,
    Serialize,
    Deserialize,
    strum::IntoStaticStr,
    strum::VariantNames,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "kebab-case")]
pub enum DisconnectReason {
    /// As many peers are connected as there may be.
    #[error("as many peers are connected as may be; try again later")]
    TooManyPeers,
    /// As many peers of this address are connected as there may be.
    #[error(
        "as many connections from this address are open as may be; --max-per-address of the node that refuses raises it"
    )]
    TooManyFromAddress,
    /// As many peers of the address's group are connected as there may be.
    #[error(
        "as many connections from this group of addresses are open as may be; --max-per-group of the node that refuses raises it"
    )]
    TooManyFromGroup,
    /// A newcomer got its place.
    #[error("its place was given to a newcomer")]
    Evicted,
    /// The operator of the node takes no connections from its network.
    #[error(
        "this node takes no connections from this address; --allow and --deny of the node that refuses say \
         from where"
    )]
    NotAllowed,
    /// The address misbehaved not long ago.
    #[error("the address is banned for misbehaviour; a ban ends by itself after 10 minutes")]
    Banned,
    /// A person of this node ended it.
    #[error("a person of this node ended the connection")]
    ByPerson,
    /// The other end is this very node.
    #[error("this is a connection to ourselves")]
    Ourselves,
    /// There is another connection to the same node.
    #[error("the same node is connected already")]
    AlreadyConnected,
    /// The other node follows another chain.
    #[error("the peer follows another chain")]
    OtherChain,
    /// It sent too much that is wrong.
    #[error("the peer misbehaved")]
    Misbehaved,
    /// It sent a line that is longer than it may be, or did not finish one in time.
    #[error("the peer sent a line without an end")]
    LineWithoutEnd,
    /// It sent all it had to say, and was answered.
    #[error("the peer ended the connection")]
    Finished,
    /// It connected and said nothing.
    #[error("the peer said nothing")]
    Silent,
    /// Another address of its name answered first.
    #[error("another address of the same name answered first")]
    AnotherAnswered,
    /// It no longer answers.
    #[error("the peer does not answer")]
    TimedOut,
}
