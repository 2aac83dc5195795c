//! The kinds of problems, by RFC 9457.
//!
//! Owns their names, titles and statuses, which programs rely on: a kind keeps all three; and the sentences
//! that callers are told, each of which ends with a remedy.

use core::fmt::Display;

use kusari_chain::ledger::Txid;
use serde::{Serialize, Serializer};

use crate::Problem;

/// One kind of problem. As JSON it is its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    name: &'static str,
    title: &'static str,
    status: u16,
    detail: &'static str,
}

impl Serialize for Kind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.name.serialize(serializer)
    }
}

impl Kind {
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
    pub fn because(&self, detail: impl Display) -> Problem {
        Problem {
            kind: self.kind(),
            title: self.title.to_owned(),
            status: self.status,
            detail: detail.to_string(),
        }
    }
}

/// The problem of a kind that says all by itself.
impl From<Kind> for Problem {
    fn from(kind: Kind) -> Self {
        kind.because(kind.detail)
    }
}

/// Names each kind with its status, the end of its `type`, its title and, where that is always the same, what a
/// caller is told.
macro_rules! kinds {
    ($($kind:ident = $status:literal $name:literal, $title:literal $(, $detail:literal)?;)*) => {
        $(
            #[doc = $title]
            pub const $kind: Kind = Kind {
                name: $name,
                title: $title,
                status: $status,
                detail: concat!($($detail)?),
            };
        )*

        /// Every kind, in the order in which the document lists those of one status.
        pub const ALL: [Kind; [$($name),*].len()] = [$($kind),*];
    };
}

kinds! {
    BAD_REQUEST = 400 "bad-request", "The request is not understood";
    BAD_JSON = 400 "bad-json", "The body is not understood";
    TOKEN = 401 "token", "A token is needed";
    ORIGIN = 403 "origin", "Web pages may not ask",
        "web pages of elsewhere may not use the local API; use a program";
    NO_ROUTE = 404 "no-such-path", "There is no such path";
    NO_BLOCK = 404 "no-such-block", "There is no such block";
    NO_TRACE = 404 "no-trace", "Nothing is known of it here";
    NO_RECORD = 404 "no-such-record", "There is no such record";
    METHOD = 405 "method", "The method is not for this path";
    SLOW_BODY = 408 "slow-body", "The body did not come in time",
        "the body did not come in time; send it at once";
    TOO_MANY_ADDRESSES = 409 "too-many-addresses", "Too many addresses are dialled";
    BODY_TOO_LONG = 413 "body-too-long", "The body is too long";
    NOT_JSON = 415 "not-json", "The body must be JSON",
        "say `Content-Type: application/json`, and send JSON";
    HOST = 421 "host", "This is another host",
        "the local API answers on this machine alone; ask for it as localhost or 127.0.0.1, \
         through a tunnel too";
    SEVERAL = 409 "several", "Several are named so";
    EMPTY_RECORD = 422 "empty-record", "The record is empty",
        "the record is empty; send some text";
    RECORD_TOO_LONG = 422 "record-too-long", "The record is too long";
    UNSIGNED = 409 "unsigned", "This chain takes signed transactions",
        "this chain is a ledger, whose texts are signed: POST /v1/ledger/records, or `kusari \
         record`";
    NO_TRANSACTION = 404 "no-such-transaction", "There is no such transaction";
    NO_LEDGER = 409 "no-ledger", "This chain is no ledger",
        "this node keeps the classic chain, which has no accounts, proofs or witnesses; start one \
         with `--chain ledger` or a chain spec";
    MINING_OFF = 409 "mining-off", "This node mines nothing",
        "this node was started with `--mine off`; ask one that mines, or start it without";
    SEQUENCE = 409 "sequence", "The sequence is not the next one";
    NO_BRANCH = 404 "no-such-branch", "There is no such branch";
    IN_BEST_CHAIN = 409 "in-best-chain", "The best chain has it already";
    NOTHING_TO_ERASE = 409 "nothing-to-erase", "There is nothing to erase";
    BAD_TRANSACTION = 422 "bad-transaction", "The transaction breaks a rule";
    POOL_FULL = 503 "pool-full", "The transaction cannot wait here now";
    BAD_ADDRESS = 422 "bad-address", "The address is not understood";
    STORE = 500 "store", "The store cannot be read";
    INTERNAL = 500 "internal", "The node failed",
        "the node answered something else, which is a bug in kusari; please report it";
    TOO_MANY_REQUESTS = 429 "too-many-requests", "Too much is asked at once",
        "more is asked in a second than is answered; ask less often";
    WALLET = 409 "wallet", "The wallet of the node does not sign";
    OUTBOX_FULL = 503 "outbox-full", "The outbox is full";
    BUSY = 503 "busy", "The node is busy with it",
        "an audit or a backup is under way already; try again when it is done";
    TOO_MANY_STREAMS = 503 "too-many-streams", "Too many streams of events are open",
        "as many streams of events are open as may be; close one, or ask again";
    STOPPING = 503 "stopping", "The node stops",
        "the node stops and takes nothing more; what it did not answer with 202 may or may not be \
         recorded";
    NO_ANSWER = 504 "no-answer", "The node did not answer in time",
        "the node did not answer in time and may still do what was asked; look before you ask \
         again";
    STORE_FULL = 507 "store-full", "The store is full";
}

/// There is nothing at a path.
pub fn no_path(path: &str) -> Problem {
    NO_ROUTE.because(format!("there is nothing at {path}; docs/api.md lists the paths"))
}

/// A path is not for a method.
pub fn not_for_method(method: &str, path: &str) -> Problem {
    METHOD.because(format!(
        "{method} is not for {path}; the header `Allow` of this answer lists what is"
    ))
}

/// The store cannot be read, for this reason.
pub fn unreadable(error: impl Display) -> Problem {
    let mut detail = format!("the store cannot be read: {error}");
    // Where a block or a row is altered, it says itself what to do.
    if !detail.contains("`kusari audit`") {
        detail.push_str("; restore it from a backup");
    }
    STORE.because(detail)
}

/// There is no record of this number.
pub fn no_record(id: u64) -> Problem {
    NO_RECORD.because(format!("this node has no record {id}; its numbers count up from 1"))
}

/// The outbox has no room: this many records wait.
pub fn outbox_full(waiting: u64) -> Problem {
    OUTBOX_FULL.because(format!(
        "as many records wait to be mined as may, which is {waiting}; try again when some are, or \
         say `Prefer: wait=30` to wait for room"
    ))
}

/// A record takes more bytes than fit a block.
pub fn record_too_long(bytes: usize, limit: usize) -> Problem {
    RECORD_TOO_LONG.because(format!(
        "the record takes {bytes} bytes, at most {limit} fit a block; shorten it or split it"
    ))
}

/// The node knows no such transaction.
pub fn no_transaction(txid: &Txid) -> Problem {
    NO_TRANSACTION.because(format!(
        "this node knows no transaction {txid}; it may be on its way, or on another chain"
    ))
}

/// A transaction stands in a block of this height, which is none of the best chain.
pub fn beside_best_chain(txid: &Txid, height: u32) -> Problem {
    NO_TRANSACTION.because(format!(
        "transaction {txid} stands in a block of height {height} beside the best chain: wait \
         until it stands in the best chain again"
    ))
}

/// The transaction has no payload here.
pub fn nothing_to_erase(txid: &Txid) -> Problem {
    NOTHING_TO_ERASE
        .because(format!("transaction {txid} carries no payload here, or it was erased"))
}

/// As many addresses are dialled as may be.
pub fn too_many_addresses(limit: usize) -> Problem {
    TOO_MANY_ADDRESSES.because(format!(
        "{limit} addresses are dialled already, as many as may be; end one by /disconnect at the \
         prompt, or by `kusari disconnect` in a shell, or start the node with more --max-peers"
    ))
}
