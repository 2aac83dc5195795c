//! The messages, one variant for each verb.

use core::fmt;
use core::net::SocketAddr;

use kusari_chain::checked::CheckedHeader;
use kusari_chain::ledger::{BodyEntry, LedgerPart, Txid, WitnessStatement};
use kusari_chain::mempool::CheckedTransaction;
use kusari_chain::{BestPoint, Block, BlockHash, CheckedBlock, StoredBlock, Work};
use serde::{Deserializer, Serializer, de};

use crate::prelude::*;

/// One line of the protocol. `B` is a block as its direction has it: checked where it was received, a
/// [`SentBlock`] where it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message<B> {
    /// `BLOCK:{…}`: one block.
    Block(B),
    /// `COMPACT:{…}`: one new block as its header and the ids of its transactions. A node writes it from the
    /// block, as a [`SentBlock`].
    Compact(Box<CompactBlock>),
    /// `GET_TRANSACTIONS:{…}`: send the transactions at these places of a block's body.
    GetTransactions {
        /// The block.
        hash: BlockHash,
        /// The places, rising from 0.
        places: Vec<u32>,
    },
    /// `TRANSACTIONS:{…}`: the answer, in the same order.
    Transactions {
        /// The block.
        hash: BlockHash,
        /// What stands there.
        entries: Vec<BodyEntry>,
    },
    /// `GET_CHAIN`: send the best chain.
    GetChain,
    /// `HELLO:{…}`: who the sender is and what it has.
    Hello(Hello),
    /// `GET_BLOCKS:{…}`: send some blocks.
    GetBlocks(GetBlocks),
    /// `GET_HEADERS:{…}`: send the headers that follow the first of these hashes which is in the
    /// answering node's best chain.
    GetHeaders {
        /// Hashes of the asking node's chain, newest first; genesis is implied.
        locator: Vec<BlockHash>,
        /// Most headers to send.
        limit: u32,
    },
    /// `HEADERS:[…]`: the answer.
    Headers(Vec<CheckedHeader>),
    /// `END:{…}`: the answer to `GET_BLOCKS` is complete.
    End {
        /// Blocks that were sent.
        count: u32,
        /// Hashes that were asked for and are not known.
        missing: Vec<BlockHash>,
    },
    /// `HAVE:{…}`: the sender's best chain, by its tip.
    Have(Have),
    /// `TX:{…}`: one transaction of a ledger, with its payload.
    Transaction(Box<CheckedTransaction>),
    /// `ACCEPTED:{…}`: the transaction waits to be mined.
    Accepted {
        /// Its id.
        txid: Txid,
    },
    /// `GET_MEMPOOL`: send the transactions that wait.
    GetMempool,
    /// `WITNESS:{…}`: a key says which block it saw as its tip, and when.
    Witness(Box<WitnessStatement>),
    /// `GET_PEERS`: which peers are known?
    GetPeers,
    /// `PEERS:[…]`: addresses of peers.
    Peers(Vec<SocketAddr>),
    /// `PING:n`: are you there?
    Ping(u64),
    /// `PONG:n`: the answer.
    Pong(u64),
    /// `STATUS`: a person asks what this node has.
    GetStatus,
    /// `STATUS:{…}`: the answer.
    Status(StatusReport),
    /// `HELP`: a person asks which verbs there are.
    GetHelp,
    /// `HELP:{…}`: the answer, which no node reads.
    Help,
    /// `ERROR:{…}`: why something was refused.
    Error(ErrorReport),
}

/// A block without its body: its header keeps every rule by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompactBlock {
    /// The seven keys and the commitment.
    pub header: CheckedHeader,
    /// The ids of its transactions, in order; as many as the header says.
    pub txids: Vec<Txid>,
}

/// The form of a block's line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockForm {
    /// `BLOCK:{…}` with all that stands in it.
    Whole,
    /// `BLOCK:{…}` with the seven keys alone, as originals know it.
    SevenKeys,
    /// `COMPACT:{…}`.
    Compact,
}

/// A block that is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentBlock {
    /// The block, shared with what else sends it.
    pub stored: Arc<StoredBlock>,
    /// How it is written.
    pub form: BlockForm,
}

/// A line that a node sends.
pub type Sent = Message<SentBlock>;

impl Sent {
    /// The line of a block.
    pub fn block(stored: Arc<StoredBlock>, form: BlockForm) -> Self {
        Self::Block(SentBlock { stored, form })
    }
}

/// What a block's line is written from.
pub trait AsBlock {
    /// Which line that is.
    fn form(&self) -> BlockForm {
        BlockForm::Whole
    }

    /// The seven keys.
    fn as_block(&self) -> &Block;

    /// What a ledger adds to them.
    fn as_ledger(&self) -> Option<&LedgerPart> {
        None
    }
}

impl AsBlock for Block {
    fn as_block(&self) -> &Block {
        self
    }
}

impl AsBlock for &Block {
    fn as_block(&self) -> &Block {
        self
    }
}

impl AsBlock for CheckedBlock {
    fn as_block(&self) -> &Block {
        self.block()
    }

    fn as_ledger(&self) -> Option<&LedgerPart> {
        self.ledger()
    }
}

impl AsBlock for SentBlock {
    fn form(&self) -> BlockForm {
        self.form
    }

    fn as_block(&self) -> &Block {
        &self.stored.block
    }

    fn as_ledger(&self) -> Option<&LedgerPart> {
        self.stored.part()
    }
}

/// Random number of a running node, against connecting to oneself and twice to one peer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct InstanceId(pub u64);

impl fmt::Display for InstanceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl Serialize for InstanceId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for InstanceId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.len() != 16 || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(de::Error::custom("an id is 16 hexadecimal digits"));
        }
        u64::from_str_radix(&text, 16).map(Self).map_err(de::Error::custom)
    }
}

/// What a node says of itself first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// Program and version, for people.
    pub agent: String,
    /// Version of the protocol; 1.
    pub protocol: u32,
    /// `classic`, or another chain's id.
    pub chain: String,
    /// Height of the sender's best chain.
    pub height: u32,
    /// Its work.
    pub work: Work,
    /// Its tip.
    pub tip: BlockHash,
    /// Port on which the sender takes connections, if it does. The key must be there.
    #[serde(deserialize_with = "Option::deserialize")]
    pub listen: Option<u16>,
    /// The sender's random number.
    pub id: InstanceId,
    /// The sender's clock, in Unix seconds; left out by nodes that do not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<u64>,
}

impl Hello {
    /// The tip that the sender claims.
    #[must_use]
    pub fn claim(&self) -> BestPoint {
        BestPoint { height: self.height, hash: self.tip, work: self.work }
    }
}

/// Which blocks are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GetBlocks {
    /// Those that follow the first of these hashes which is in the answering node's best chain.
    After {
        /// Hashes of the asking node's chain, newest first; genesis is implied.
        locator: Vec<BlockHash>,
        /// Most blocks to send.
        limit: u32,
    },
    /// These, wherever they stand.
    ByHash(Vec<BlockHash>),
}

/// A best chain, by its tip.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Have {
    /// Hash of the tip.
    pub hash: BlockHash,
    /// Height of the tip.
    pub height: u32,
    /// Work up to the tip.
    pub work: Work,
}

/// What a node tells a person over the wire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusReport {
    /// Program and version.
    pub agent: String,
    /// `classic`, or another chain's id.
    pub chain: String,
    /// Height of the best chain.
    pub height: u32,
    /// Its work.
    pub work: Work,
    /// Its tip.
    pub tip: BlockHash,
    /// Connected peers.
    pub peers: u32,
    /// Typed lines that wait to be mined.
    pub waiting: u32,
}

/// Why something was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorReport {
    /// Short name of the fault.
    pub code: String,
    /// One sentence for people.
    pub message: String,
}
