//! The kinds of problems, by RFC 9457.
//!
//! Owns their names, titles and statuses, which programs rely on: a kind keeps all three.

use crate::Problem;

/// One kind of problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    name: &'static str,
    title: &'static str,
    status: u16,
}

impl Kind {
    const fn new(status: u16, name: &'static str, title: &'static str) -> Self {
        Self { name, title, status }
    }

    /// The end of its `type`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Its `title`.
    #[must_use]
    pub fn title(&self) -> &'static str {
        self.title
    }

    /// Its HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Its `type`.
    #[must_use]
    pub fn kind(&self) -> String {
        format!("urn:kusari:problem:{}", self.name)
    }

    /// A problem of this kind; `detail` is one sentence with the remedy.
    #[must_use]
    pub fn because(&self, detail: impl Into<String>) -> Problem {
        Problem {
            kind: self.kind(),
            title: self.title.to_owned(),
            status: self.status,
            detail: detail.into(),
        }
    }
}

/// The path or its query is not understood.
pub const BAD_REQUEST: Kind = Kind::new(400, "bad-request", "The request is not understood");
/// The body is not the JSON that is asked for.
pub const BAD_JSON: Kind = Kind::new(400, "bad-json", "The body is not understood");
/// A write without the token.
pub const TOKEN: Kind = Kind::new(401, "token", "A token is needed");
/// A web page of elsewhere asks.
pub const ORIGIN: Kind = Kind::new(403, "origin", "Web pages may not ask");
/// There is no such path.
pub const NO_ROUTE: Kind = Kind::new(404, "no-such-path", "There is no such path");
/// There is no such block.
pub const NO_BLOCK: Kind = Kind::new(404, "no-such-block", "There is no such block");
/// Nothing is known of it.
pub const NO_TRACE: Kind = Kind::new(404, "no-trace", "Nothing is known of it here");
/// There is no such record.
pub const NO_RECORD: Kind = Kind::new(404, "no-such-record", "There is no such record");
/// The path is not for this method.
pub const METHOD: Kind = Kind::new(405, "method", "The method is not for this path");
/// The body took too long.
pub const SLOW_BODY: Kind = Kind::new(408, "slow-body", "The body did not come in time");
/// No further address can be dialled.
pub const TOO_MANY_ADDRESSES: Kind =
    Kind::new(409, "too-many-addresses", "Too many addresses are dialled");
/// The body is longer than any that would be taken.
pub const BODY_TOO_LONG: Kind = Kind::new(413, "body-too-long", "The body is too long");
/// The body says that it is something else than JSON.
pub const NOT_JSON: Kind = Kind::new(415, "not-json", "The body must be JSON");
/// The `Host` is not this machine.
pub const HOST: Kind = Kind::new(421, "host", "This is another host");
/// A few digits fit several hashes.
pub const SEVERAL: Kind = Kind::new(409, "several", "Several are named so");
/// There is nothing in the record.
pub const EMPTY_RECORD: Kind = Kind::new(422, "empty-record", "The record is empty");
/// The record fits no block.
pub const RECORD_TOO_LONG: Kind = Kind::new(422, "record-too-long", "The record is too long");
/// There is no such transaction.
pub const NO_TRANSACTION: Kind =
    Kind::new(404, "no-such-transaction", "There is no such transaction");
/// The chain has no accounts.
pub const NO_LEDGER: Kind = Kind::new(409, "no-ledger", "This chain is no ledger");
/// The node mines nothing.
pub const MINING_OFF: Kind = Kind::new(409, "mining-off", "This node mines nothing");
/// The transaction's sequence is not its sender's next.
pub const SEQUENCE: Kind = Kind::new(409, "sequence", "The sequence is not the next one");
/// The node's own wallet cannot sign.
pub const WALLET: Kind = Kind::new(409, "wallet", "The wallet of the node does not sign");
/// No branch has the block.
pub const NO_BRANCH: Kind = Kind::new(404, "no-such-branch", "There is no such branch");
/// The best chain has the block already.
pub const IN_BEST_CHAIN: Kind = Kind::new(409, "in-best-chain", "The best chain has it already");
/// There is no payload to erase.
pub const NOTHING_TO_ERASE: Kind = Kind::new(409, "nothing-to-erase", "There is nothing to erase");
/// The transaction breaks a rule.
pub const BAD_TRANSACTION: Kind =
    Kind::new(422, "bad-transaction", "The transaction breaks a rule");
/// The pool has no room for the transaction.
pub const POOL_FULL: Kind = Kind::new(503, "pool-full", "The transaction cannot wait here now");
/// A ledger takes signed transactions and no lines.
pub const UNSIGNED: Kind = Kind::new(409, "unsigned", "This chain takes signed transactions");
/// The address of a peer is not one.
pub const BAD_ADDRESS: Kind = Kind::new(422, "bad-address", "The address is not understood");
/// The store cannot be read.
pub const STORE: Kind = Kind::new(500, "store", "The store cannot be read");
/// The node answered with something else.
pub const INTERNAL: Kind = Kind::new(500, "internal", "The node failed");
/// More is asked in a second than is answered.
pub const TOO_MANY_REQUESTS: Kind =
    Kind::new(429, "too-many-requests", "Too much is asked at once");
/// As many records wait to be mined as may.
pub const OUTBOX_FULL: Kind = Kind::new(503, "outbox-full", "The outbox is full");
/// The store is as large as it may be.
pub const STORE_FULL: Kind = Kind::new(507, "store-full", "The store is full");
/// Somebody else does what only one may do at a time.
pub const BUSY: Kind = Kind::new(503, "busy", "The node is busy with it");
/// As many streams of events are open as may be.
pub const TOO_MANY_STREAMS: Kind =
    Kind::new(503, "too-many-streams", "Too many streams of events are open");
/// The node is about to end.
pub const STOPPING: Kind = Kind::new(503, "stopping", "The node stops");
/// The node took too long.
pub const NO_ANSWER: Kind = Kind::new(504, "no-answer", "The node did not answer in time");

/// Every kind.
pub const ALL: [Kind; 38] = [
    BAD_REQUEST,
    BAD_JSON,
    TOKEN,
    ORIGIN,
    NO_ROUTE,
    NO_BLOCK,
    NO_TRACE,
    NO_RECORD,
    METHOD,
    SLOW_BODY,
    TOO_MANY_ADDRESSES,
    BODY_TOO_LONG,
    NOT_JSON,
    HOST,
    SEVERAL,
    EMPTY_RECORD,
    RECORD_TOO_LONG,
    UNSIGNED,
    NO_TRANSACTION,
    NO_LEDGER,
    MINING_OFF,
    SEQUENCE,
    NO_BRANCH,
    IN_BEST_CHAIN,
    NOTHING_TO_ERASE,
    BAD_TRANSACTION,
    POOL_FULL,
    BAD_ADDRESS,
    STORE,
    INTERNAL,
    TOO_MANY_REQUESTS,
    WALLET,
    OUTBOX_FULL,
    BUSY,
    TOO_MANY_STREAMS,
    STOPPING,
    NO_ANSWER,
    STORE_FULL,
];
