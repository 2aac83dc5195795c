//! Bounds and deadlines of peer behaviour, each with its unit and reason.
//!
//! Owns numbers only. Limits of lines and lists stand in [`crate::wire`].

use kusari_chain::ledger::SignedTransaction;
use kusari_chain::params::{
    MAX_AHEAD_SECONDS, MAX_OWN_BYTES, MAX_PER_SENDER, POOLED_OVERHEAD_BYTES,
};

use crate::prelude::*;

/// How long a dialled peer has to answer `HELLO` before it counts as an original. Source:
/// protocol, rules of conduct.
pub const HELLO_TIMEOUT: Duration = Duration::from_secs(1);
/// How long a dialled peer that answered no `HELLO` has for the first line after `GET_CHAIN`, until it is shown
/// as silent and another address of its name is dialled beside it. A new original node has nothing to say.
pub const ANSWER_PATIENCE: Duration = Duration::from_secs(10);
/// Connections to one name that are open at once, where none of its addresses says anything.
pub const MAX_BESIDE: usize = 4;
/// How long an inbound connection may stay without a first line. Long enough to type one.
pub const SILENT_TIMEOUT: Duration = Duration::from_secs(120);
/// How long an introduced peer may be quiet before it is asked for a sign of life.
pub const PING_AFTER: Duration = Duration::from_secs(30);
/// How long it then has to answer.
pub const PONG_TIMEOUT: Duration = Duration::from_secs(30);

/// First wait before a lost address is dialled again. Source: protocol, rules of conduct.
pub const REDIAL_FIRST: Duration = Duration::from_secs(1);
/// Longest such wait.
pub const REDIAL_MAX: Duration = Duration::from_secs(60);
/// A connection that lasted this long resets the wait.
pub const REDIAL_RESET: Duration = Duration::from_secs(10);

/// Inbound connections of one address, where the person does not say otherwise; of one /64 for IPv6,
/// since that is what one subscriber gets. A LAN of twenty nodes behind one address, or in one /64, fits.
/// Loopback is exempt: a lab runs all its nodes there.
pub const MAX_PER_ADDRESS: usize = 24;
/// Inbound connections of one group of addresses (/16 of IPv4, /32 of IPv6), where the person does not say
/// otherwise. Two thirds of the places, so that one provider never has all of them. Addresses that are
/// routed nowhere are no group: a LAN is not somebody who bought addresses.
pub const MAX_PER_GROUP: usize = 32;
const _: () = assert!(MAX_PER_ADDRESS <= MAX_PER_GROUP);

/// How long a peer that never said `HELLO` may be idle, until its place is the first that a newcomer gets.
pub const IDLE_BY_HAND: Duration = Duration::from_secs(120);
/// Of so many inbound places, one is safe for a peer that answers fastest. This and the shares below
/// follow Bitcoin Core, which has 114 inbound places and keeps 8 for these; see the eviction of peers.
pub const PLACES_FOR_LATENCY: usize = 8;
/// The same for a peer that was the last to bring a transaction first.
pub const PLACES_FOR_TRANSACTIONS: usize = 12;
/// The same for a peer that was the last to bring a block of the best chain first. Blocks cost work, so
/// these are the largest share, and at least one place.
pub const PLACES_FOR_BLOCKS: usize = 4;
/// The same for the oldest peer of a group that a secret chose.
pub const PLACES_FOR_GROUPS: usize = 12;

/// Score at which a peer is closed and, unless we dialled it or it is on loopback, banned.
pub const BAN_SCORE: u32 = 100;
/// Score of a line that is not a message.
pub const MALFORMED_SCORE: u32 = 10;
/// Score of a block that breaks a rule: honest nodes check before they pass on.
pub const INVALID_BLOCK_SCORE: u32 = 50;
/// Time in which one point of score is forgiven.
pub const SCORE_DECAY: Duration = Duration::from_secs(6);
/// Acts of one peer, faults above all, that are shown to the person in a burst.
pub const REPORT_BURST: u32 = 16;
/// Time after which one more may be shown.
pub const REPORT_REFILL: Duration = Duration::from_secs(1);
/// Inbound connections that are shown to the person in a burst, of all peers together.
pub const SHOWN_CONNECTIONS: u32 = 64;
/// Acts of peers that connected by themselves which are shown in a burst, of all of them together.
pub const SHOWN_ACTS: u32 = 64;
/// Time after which one more of either is shown: a few lines a minute, whatever strangers do.
pub const SHOWN_REFILL: Duration = Duration::from_secs(20);
/// How often the person is told how much was not shown.
pub const SUMMARY_INTERVAL: Duration = Duration::from_secs(60);
/// How long an address stays banned.
pub const BAN_TIME: Duration = Duration::from_secs(10 * 60);
/// Banned addresses remembered; the one that ends first gives way.
pub const MAX_BANS: usize = 1_024;

/// How long a peer has between two new blocks of an answer before the request is given up.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// How long it has for the whole answer, which is at most 1 MiB. What comes later is still taken,
/// but no longer keeps anybody else from being asked.
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);
/// How often it is looked at whether our own work rises fast enough, and how long a request keeps
/// others from being sent. Longer than almost any way around the world and back.
pub const HEDGE_AFTER: Duration = Duration::from_millis(500);
/// Blocks by which our work must rise in that time, or other peers are asked beside. A peer behind a
/// modem sends as many short ones.
pub const PACE_BLOCKS: u32 = 64;
/// Peers that are asked beside the first time; then twice as many each time.
pub const FIRST_WIDTH: usize = 2;
/// Peers that are asked beside at most each time: so 48 peers are asked within four seconds.
pub const MAX_WIDTH: usize = 16;
const _: () = assert!(FIRST_WIDTH <= MAX_WIDTH);
/// Peers whose last answer led to nothing that are asked again at once.
pub const MAX_RETRIES: usize = 4;
/// Blocks that a peer is asked for which has delivered nothing so far.
pub const FIRST_BLOCKS: u32 = 32;
/// Bodies that such a peer is asked for.
pub const FIRST_BODIES: usize = 32;
/// Answers that one peer may owe; it is asked nothing more then. Fewer than wait at a node of this kind
/// before it says `busy`.
pub const MAX_OWED_ANSWERS: usize = 4;
const _: () = assert!(MAX_OWED_ANSWERS <= MAX_PENDING_ANSWERS);
/// Those of them that one peer is asked for to catch up: one that is being read, and the next one.
pub const MAX_SYNC_ANSWERS: usize = 2;
/// How long a late answer is waited for, so that its `END` is not taken for that of another.
pub const OWED_TIMEOUT: Duration = Duration::from_secs(10 * 60);
/// How long mining waits at most after a block that we asked for has raised our best chain.
pub const MINING_WAITS: Duration = Duration::from_secs(3);
/// How long a peer whose answer was late or of no use is not asked. Each time in a row doubles it.
pub const REST_TIME: Duration = Duration::from_secs(30);
/// How long a peer is not asked whose headers came while the bodies of others come in.
pub const LATER: Duration = Duration::from_secs(2);
/// The longest rest after answers that led to nothing.
pub const REST_TIME_MAX: Duration = Duration::from_secs(10 * 60);
/// Doublings that reach it.
pub const MAX_DOUBLINGS: u32 = 5;
const _: () = assert!(REST_TIME.as_secs() << MAX_DOUBLINGS >= REST_TIME_MAX.as_secs());
/// How often an original peer may be asked for its whole chain because of an orphan. Source: protocol,
/// rules of conduct.
pub const GET_CHAIN_INTERVAL: Duration = Duration::from_secs(60);
/// Longest such wait: an answer that did not bring the parent of the orphan doubles it.
pub const GET_CHAIN_INTERVAL_MAX: Duration = Duration::from_secs(60 * 60);
/// How often one original is asked for its chain because of one orphan.
pub const MAX_ORPHAN_QUESTIONS: u8 = 3;
/// Orphans of one original whose questions are counted; the oldest gives way.
pub const MAX_TRIED_ORPHANS: usize = 16;
/// How long a peer that began with `GET_CHAIN` has to end its direction, as a person's command does,
/// before it is asked for its own chain.
pub const GET_CHAIN_GRACE: Duration = Duration::from_secs(5);
/// Silence that ends an answer to `GET_CHAIN`, which has no other end.
pub const ANSWER_SILENCE: Duration = Duration::from_secs(2);
/// From when on blocks that we have no longer prolong an answer: originals in a ring pass the same
/// blocks around for ever. Long enough for a million blocks.
pub const GET_CHAIN_TIMEOUT: Duration = Duration::from_secs(10 * 60);
/// How long other originals wait at most while one is sent what it lacks.
pub const MEND_TIMEOUT: Duration = Duration::from_secs(10);
const _: () = assert!(ANSWER_SILENCE.as_secs() < MEND_TIMEOUT.as_secs());

/// How long a hindrance lasts before a person is told: what passes by itself is not told.
pub const HINDRANCE_AFTER: Duration = Duration::from_secs(10);
/// Difference between this machine's clock and those of its peers from which on it is told, in seconds. Half of
/// what a block may be ahead, so that it is told before blocks wait.
pub const CLOCK_TOLERANCE: u64 = MAX_AHEAD_SECONDS / 2;
/// How long something waits at least, on a node that does not mine, until the person is told that nobody does.
pub const UNMINED_AFTER: Duration = Duration::from_secs(60);
/// The same in blocks, by the time that the chain plans for one.
pub const UNMINED_BLOCKS: u32 = 10;

/// How long a block is not sent to an original that may get it from another one, which would hold it
/// twice. Several times what a packet takes around the world.
pub const RELAY_AFTER: Duration = Duration::from_secs(1);
/// Most that chance adds, so that two nodes do not send it at once.
pub const RELAY_SPREAD: Duration = Duration::from_millis(500);
/// Originals that are sent one block one after another, each [`RELAY_AFTER`] later; those beyond are
/// sent it together with the last of them.
pub const MAX_RELAY_TURNS: u32 = 3;

/// Answers of stored blocks that one peer may have waiting; more get an `ERROR`.
pub const MAX_PENDING_ANSWERS: usize = 4;

/// Blocks sent one by one to a peer that fell behind; a longer gap is streamed or only announced.
pub const DIRECT_BLOCKS: u32 = 16;
/// How long a block is not announced, at least, to a peer that it is not pushed to: meanwhile most
/// show that they have it. About what a packet takes half around the world.
pub const ANNOUNCE_AFTER: Duration = Duration::from_millis(50);
/// Most that chance adds. Two nodes that would announce to each other seldom do so at once, if it is
/// long against what a packet takes between them.
pub const ANNOUNCE_SPREAD: Duration = Duration::from_millis(200);
/// How far above our tip an announced block may be and count as one on its way: several lines that
/// are typed in a row. What is further above is caught up with at once.
pub const ANNOUNCED_AHEAD: u32 = 4;
/// How long a block that was announced may take to come by itself before it is asked for.
pub const ANNOUNCED_GRACE: Duration = Duration::from_millis(100);
/// How long whoever announced a block has to send it, once asked.
pub const ANNOUNCED_TIMEOUT: Duration = Duration::from_secs(2);
/// Blocks that may be sent to one peer unasked in a burst. Beyond, the peer sets the pace: a
/// driver's queue for it, which holds several times as much, never fills by gossip alone.
pub const GOSSIP_BURST: u32 = 64;
/// Time after which one more may be sent.
pub const GOSSIP_REFILL: Duration = Duration::from_millis(20);

/// Bytes of whole blocks that are sent to one peer at once, beside the first: a quarter of what a
/// driver queues for it. What is larger is streamed from the store instead, at the pace of the peer.
pub const MAX_SENT_BYTES: usize = 1 << 20;

/// Entries of the outbox that are in memory at once and offered to the miner or the pool.
pub const OUTBOX_CAPACITY: usize = 1_000;
/// Bytes of them: a thousand lines of 4 KiB. Records of a ledger may be longer.
pub const OUTBOX_MEMORY: u64 = 4 << 20;
/// Entries of the outbox that are read from the store at once: 4 MiB of the longest records.
pub const OUTBOX_READ: usize = 64;
/// Entries of the outbox that may wait, on disk for the most part.
pub const OUTBOX_ENTRIES: u64 = 1_000_000;
/// Bytes of them.
pub const OUTBOX_BYTES: u64 = 1 << 30;
/// Transactions that one draft is signed as, at most: one, and another for each time that its sequence
/// was used elsewhere. Two machines that use one account at the same time collide now and then, and
/// again with what they sign for it; whoever still loses after so many is told so.
pub const MAX_FORMS: usize = 8;
/// Drafts that the driver is asked to sign at once. Each takes some twenty microseconds, and what
/// comes back is one commit.
pub const MAX_SIGNED_AT_ONCE: usize = 256;
/// Commands that may wait for room in the outbox.
pub const MAX_WAITING_SAYS: usize = 16;

/// Changes of the chain that may be accepted and not committed. What they hold in memory has a bound of
/// its own, [`MAX_UNCOMMITTED_BYTES`].
pub const MAX_UNCOMMITTED: usize = 8_192;

/// What long reorganisations may cost in a burst, in blocks of the longer side or 4 KiB of both.
pub const REORG_BURST: u32 = 10_000;
/// Time after which one more block may be moved: a thousand a second, a few per cent of what a node can
/// do.
pub const REORG_REFILL: Duration = Duration::from_millis(1);
/// How long a branch with more work waits at most for what it costs.
pub const REORG_PATIENCE: Duration = Duration::from_secs(60);
/// Pause between two steps of the preparation of a long reorganisation, for peers and people: as long as
/// a step takes, so that they have half the time.
pub const REORG_STEP_PAUSE: Duration = Duration::from_millis(10);

/// How long a held branch has been ahead before the person is told: blocks come one by one, and what is
/// said a moment later says how many.
pub const ALARM_AFTER: Duration = Duration::from_secs(1);
/// How long the person is not told, at most, while blocks that we asked for are still coming in.
pub const ALARM_PATIENCE: Duration = Duration::from_secs(10);
/// Least time between alarms about different branches, so that nobody fills the screen.
pub const ALARM_SPACING: Duration = Duration::from_secs(60);
/// Least time between alarms about one branch that grows.
pub const ALARM_INTERVAL: Duration = Duration::from_secs(10 * 60);
/// How long a store that was empty has to be filled without a block that we asked for, until the limit
/// of reorganisations holds, where no peer introduced itself whose chain we could have caught up with.
pub const FILLED_AFTER: Duration = Duration::from_secs(10 * 60);
/// Branches that are listed at once, the ones with the most work.
pub const MAX_LISTED_BRANCHES: usize = 32;

/// Bytes that these changes may count for: the blocks that they add, and what moving blocks holds in
/// memory.
pub const MAX_UNCOMMITTED_BYTES: u64 = 32 << 20;

/// Networks, each a /16 of IPv4 or a /32 of IPv6, whose peers must refuse blocks of this node before it
/// audits its store.
pub const REFUSING_NETWORKS: usize = 3;
/// Least time between two such audits, and how long a refusal counts.
pub const AUDIT_INTERVAL: Duration = Duration::from_secs(60 * 60);

/// Blocks that are asked for to catch up and wait for more of them, to be written together: half of
/// [`MAX_UNCOMMITTED`], so that as many are written while the next ones wait, and as many as the store's index
/// of hashes writes in one sweep.
pub const HELD_COMMIT_BLOCKS: usize = 4_096;
const _: () = assert!(2 * HELD_COMMIT_BLOCKS <= MAX_UNCOMMITTED);
/// How long they wait at most.
pub const HELD_COMMIT_TIME: Duration = Duration::from_millis(100);

/// Blocks that are shown before they are durable, in one answer.
pub const MAX_UNDURABLE: usize = 256;

/// Bytes that what else is written by commits under way may count for. Only transactions reach it, which
/// change no chain: what is let into the pool and crowded out again is written all the same.
pub const MAX_COMMIT_BYTES: u64 = 8 << 20;
/// Bytes that a commit counts for at least: to make it durable takes a disk as long as some more bytes.
pub const MIN_COMMIT_BYTES: u64 = 32 << 10;

/// Transactions that one peer is still to be sent. Ids of 32 bytes, so 128 KiB.
pub const MAX_PENDING_TRANSACTIONS: usize = 4_096;
/// Kibibytes of transactions that may be sent to one peer in a burst, each rounded up: more than the
/// longest line, of 64 KiB of text that is escaped, and less than half of the lines, and an eighth of
/// the bytes, that a driver queues for a peer.
pub const TRANSACTION_BURST: u32 = 480;
/// Time after which one more may be sent: 250 transactions, or a quarter of a mebibyte, a second.
pub const TRANSACTION_REFILL: Duration = Duration::from_millis(4);
/// How long a search for a nonce goes on before what waits since is put into the block as well.
pub const TEMPLATE_AGE: Duration = Duration::from_secs(1);
/// Least time between two blocks of a ledger that a node mines on demand: what is submitted meanwhile goes
/// into the second one together.
pub const OWN_BLOCKS_APART: Duration = Duration::from_millis(100);
/// How long blocks that come in may pause mining in any [`MINING_PAUSE_INTERVAL`], once this node has had
/// the tip of a peer.
pub const MINING_PAUSE: Duration = Duration::from_secs(5);
/// The time of which that is a share.
pub const MINING_PAUSE_INTERVAL: Duration = Duration::from_secs(60);
/// How often the pool is looked through for what has waited too long.
pub const EXPIRE_INTERVAL: Duration = Duration::from_secs(60);
/// After so many such looks peers are told again of transactions that people of this node wait for.
pub const LOOKS_UNTIL_TOLD_AGAIN: u64 = 10;
/// Longest that somebody may have a node mine on without anything to mine, in seconds.
pub const MAX_MINE_ON_SECONDS: u32 = 3_600;
/// How often one peer may ask for all transactions that wait.
pub const MEMPOOL_INTERVAL: Duration = Duration::from_secs(60);
/// Bodies that are asked for at once, of all peers together. They come out of order, and those whose
/// parents are still to come are kept as orphans.
pub const MAX_BODIES_ASKED: usize = 192;
/// Blocks without some of their payloads that are remembered, to ask for these.
pub const MAX_MISSING_PAYLOADS: usize = 128;
/// Peers that one such block is asked of, one after another. A payload may be erased everywhere, and a
/// few of them may be liars.
pub const MAX_MISSING_TRIES: u8 = 4;
/// Blocks that wait for the rest of their bodies, one for each peer at most. Each holds a header and
/// ids, at most 1 MiB of line.
pub const MAX_COMPACT_WAITING: usize = 16;
/// Blocks that one peer was sent as `COMPACT` and may still ask about: new blocks that cross with its
/// questions on the way.
pub const MAX_COMPACT_OFFERS: usize = 4;

/// Bytes that the transactions of a page of the pool count for, after which it ends: a look at the pool
/// copies no more than this and one transaction.
pub const MAX_POOL_PAGE_BYTES: u64 = 256 * 1024;

/// Predecessors of our own transactions that are kept of one sender: as many as the pool takes of it, so
/// that whatever is kept can go back.
pub const MAX_PREDECESSORS_PER_SENDER: usize = 1_024;
const _: () = assert!(MAX_PREDECESSORS_PER_SENDER == MAX_PER_SENDER);
/// What all predecessors that are kept may count for, in bytes, as the pool counts: as much as our own
/// in the pool. One sender with the most of them, and the least in each, leaves room for others.
pub const MAX_PREDECESSOR_BYTES: u64 = 4 << 20;
const _: () = assert!(MAX_PREDECESSOR_BYTES <= MAX_OWN_BYTES);
const _: () = assert!(
    MAX_PREDECESSOR_BYTES
        > MAX_PREDECESSORS_PER_SENDER as u64
            * (SignedTransaction::BYTES as u64 + POOLED_OVERHEAD_BYTES)
);

/// Least time between two statements of one witness, ours above all. Source: protocol, section 4.4.
pub const STATEMENT_INTERVAL: Duration = Duration::from_secs(10);
/// Keys of witnesses whose statements are kept.
pub const MAX_WITNESS_KEYS: usize = 256;
/// Keys that a person may list: they always have a place among these.
pub const MAX_LISTED_WITNESS_KEYS: usize = 32;
/// Statements that are kept of a listed key, and of ours; the oldest goes first. 180 bytes each.
pub const MAX_STATEMENTS_OF_LISTED_KEY: usize = 256;
/// Statements that are kept of any other key: with those above, 23,000 and 4 MiB in all.
pub const MAX_STATEMENTS_OF_KEY: usize = 64;
/// Equivocations of keys that nobody listed which are kept for good. A key costs nothing, and so does
/// an equivocation of it; those beyond go as any other key does.
pub const MAX_KEPT_EQUIVOCATIONS: usize = 64;
const _: () = assert!(MAX_KEPT_EQUIVOCATIONS + MAX_LISTED_WITNESS_KEYS + 1 < MAX_WITNESS_KEYS / 2);
/// Statements that wait for the block they name, of all peers together.
pub const MAX_WAITING_STATEMENTS: usize = 64;
/// Those of one peer.
pub const MAX_WAITING_STATEMENTS_OF_PEER: usize = 8;
/// How long they wait.
pub const WAITING_STATEMENT_TIME: Duration = Duration::from_secs(60);
/// Statements of one key that are taken at once.
pub const KEY_STATEMENT_BURST: u32 = 8;
/// Time after which one more is taken: a witness that keeps to its pace is never too fast.
pub const KEY_STATEMENT_REFILL: Duration = Duration::from_secs(5);
const _: () = assert!(KEY_STATEMENT_REFILL.as_secs() * 2 <= STATEMENT_INTERVAL.as_secs());
/// Statements that one peer is still to be sent.
pub const MAX_PENDING_STATEMENTS: usize = 512;
/// Statements that are sent to one peer in a burst: as many as there are keys, and half a driver's
/// queue for it at most.
pub const STATEMENT_BURST: u32 = 256;
/// Time after which one more may be sent.
pub const STATEMENT_REFILL: Duration = Duration::from_millis(20);
/// Statements of one peer that are looked at in a burst; what comes faster is dropped unread. Twice
/// what is sent, so that no node of this kind loses any.
pub const TAKEN_STATEMENT_BURST: u32 = 512;
/// Time after which one more is looked at.
pub const TAKEN_STATEMENT_REFILL: Duration = Duration::from_millis(10);
const _: () = assert!(STATEMENT_BURST * 2 <= TAKEN_STATEMENT_BURST);
const _: () = assert!(TAKEN_STATEMENT_REFILL.as_millis() * 2 <= STATEMENT_REFILL.as_millis());
/// How far below the tip a witness may stand and count as near it, in blocks: what a transaction is
/// usually waited for.
pub const NEAR_TIP_BLOCKS: u32 = 6;
