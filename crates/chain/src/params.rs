//! Constants of the classic chain, each with its unit and source.
//!
//! Owns numbers only; no logic stands here.

/// What the classic chain is called where a ledger has its id or its name. Source: the protocol's `HELLO`.
pub const CLASSIC_CHAIN: &str = "classic";

/// Timestamp of the genesis block: 2023-01-01 00:00:00 UTC, in Unix seconds. Source: the tutorial
/// node whose chain kusari continues.
pub const GENESIS_TIMESTAMP: u64 = 1_672_531_200;

/// Nonce of the genesis block: what mining from nonce 0 at [`CLASSIC_ZERO_BITS`] finds.
pub const GENESIS_NONCE: u64 = 2_945;

/// Text of the genesis block.
pub const GENESIS_DATA: &str = "Hello, Zig Blockchain!";

/// Leading zero bits of a classic block hash: the tutorial's "difficulty 2" is two zero bytes.
pub const CLASSIC_ZERO_BITS: usize = 16;

/// Longest canonical line of a classic block, in bytes, with `BLOCK:` and the newline: the receive
/// buffer of an original node, which drops the connection when a line does not fit.
pub const MAX_LINE_BYTES: usize = 4_096;

/// Bytes of a canonical line that are neither digits, nor text, nor transactions: `BLOCK:`, the
/// seven keys, punctuation, two hashes of 64 hex digits and the newline.
pub const LINE_FRAME_BYTES: usize = 220;

/// Most decimal digits of `index` (u32), `timestamp` (u64) and `nonce` (u64) together.
pub const MAX_NUMBER_DIGITS: usize = 10 + 20 + 20;

/// Longest typed line, in bytes after JSON escaping, that fits a block whatever its index, time
/// and nonce turn out to be.
pub const MAX_TEXT_BYTES: usize = MAX_LINE_BYTES - LINE_FRAME_BYTES - MAX_NUMBER_DIGITS;
const _: () = assert!(MAX_TEXT_BYTES == 3_826, "the limit that the protocol states");

/// Seconds that a block's timestamp may be ahead of our clock before a person is warned. Classic
/// rules do not check timestamps; two hours is the bound that Bitcoin made customary.
pub const FUTURE_WARNING_SECONDS: u64 = 2 * 60 * 60;

/// Bytes of a ledger body at most, whatever a chain spec says: Borsh of its transactions and the
/// text of their payloads. As JSON it takes at most six times as much, which a line may have.
pub const MAX_BODY_BYTES: u32 = 1 << 20;

/// Bytes of one payload's text at most, whatever a chain spec says.
pub const MAX_DATA_BYTES: u32 = 64 << 10;

/// Heights from one state root to the next. Source: protocol, section 4.
pub const STATE_ROOT_INTERVAL: u32 = 1_024;

/// Blocks from one stored part of the history's Merkle tree to the next. The roots in between are
/// made again from the hashes of at most so many blocks.
pub const HISTORY_STEP: u32 = 64;

/// Ancestors whose timestamps a ledger block's must lie above the middle of.
pub const MEDIAN_BLOCKS: usize = 11;

/// Seconds that a ledger block's timestamp may be ahead of the node's clock. One that is further
/// ahead is held until its time comes. A miner stamps a block as far ahead where the median of its
/// ancestors asks for it: if it took less than others do, blocks that they take could keep it from mining.
pub const MAX_AHEAD_SECONDS: u64 = 120;

/// Least room for side branches, in bytes of canonical lines; a longer best chain raises it to its
/// own size, so that a rival as long as ours always fits.
pub const MIN_SIDE_BYTES: u64 = 64 * 1024 * 1024;

/// Most blocks, of the best chain or of a branch, that are moved at once where a branch wins. Mining
/// hardly ever brings about more than a few, and a partition of minutes some ten; to move so many takes
/// less time than its sender spent on mining it. A longer branch is followed in steps.
pub const AT_ONCE_BLOCKS: u32 = 64;

/// Bytes of the lines of all blocks that are moved at once, which only ledger blocks reach.
pub const AT_ONCE_BYTES: u64 = 1 << 20;

/// Bytes that a change of the chain counts for until it is stored, beside the blocks that it adds.
pub const CHANGE_BYTES: u64 = 256;

/// Bytes that each step of a change counts for, in writing.
pub const WRITE_BYTES: usize = 80;

/// Bytes that each block which a change moves counts for beside that: its place, and its entry among
/// the heights that are kept in memory.
pub const MOVED_BLOCK_BYTES: usize = 320;

/// Blocks of a step by which a longer branch is prepared. A store reads so many small ones in some ten
/// milliseconds, the longest that peers and people should wait for an answer.
pub const STEP_BLOCKS: u32 = 1_024;

/// Bytes of the blocks after which a step ends, the last one whole: those of the largest block, which is
/// read and applied in about twenty milliseconds.
pub const STEP_BYTES: u64 = 1 << 20;
const _: () = assert!(STEP_BYTES == MAX_BODY_BYTES as u64);

/// Orphans kept while their ancestors are asked for. Each carries proof of work; classic ones have
/// at most [`MAX_LINE_BYTES`], so the pool stays near 1 MiB.
pub const MAX_ORPHANS: usize = 256;

/// Bytes that orphans may count for together, which only ledger blocks reach.
pub const MAX_ORPHAN_BYTES: u64 = 8 << 20;

/// Hashes remembered as refused for a fault that the hash commits to.
pub const MAX_REFUSED: usize = 1_024;

/// Best-chain entries kept in memory below the tip once they are stored. Duplicates and forks are
/// nearly always this recent; anything older is read from the store.
pub const WINDOW_BLOCKS: usize = 1_024;

/// Blocks that a node of a ledger reverts without a person's word, unless it is told otherwise: some
/// fifty minutes of blocks ten seconds apart. Source: protocol, section 4.4.
pub const LEDGER_MAX_REORG_DEPTH: u32 = 288;

/// Depth at which a block counts as settled, in blocks including itself.
pub const SETTLED_DEPTH: u32 = 6;

/// Memory that the pool of waiting transactions may take, in bytes: their weights and
/// [`POOLED_OVERHEAD_BYTES`] for each. Some fourteen full bodies of large records, or thirteen
/// thousand of the smallest transactions, and a quarter of the 64 MiB that a node keeps below.
pub const MAX_MEMPOOL_BYTES: u64 = 16 << 20;

/// What a waiting transaction takes beside its weight, in bytes, at most: tables that are half
/// empty, a sender of its own, and its payload's salt. The pool checks it when it is compiled.
pub const POOLED_OVERHEAD_BYTES: u64 = 1_024;

/// Transactions of one sender that may wait. A busy sender is mined out of a few blocks, and
/// following the best chain costs a step for each.
pub const MAX_PER_SENDER: usize = 1_024;

/// Bytes of one sender's waiting transactions, counted as for [`MAX_MEMPOOL_BYTES`]: an eighth of
/// it, so that without fees one key crowds out no other, and still more than a full body.
pub const MAX_SENDER_BYTES: u64 = MAX_MEMPOOL_BYTES / 8;
const _: () = assert!(MAX_SENDER_BYTES > MAX_BODY_BYTES as u64);

/// Bytes of waiting transactions whose senders own nothing, counted as for [`MAX_MEMPOOL_BYTES`]. A key
/// costs nothing, so all such senders share what fits one body.
pub const MAX_PENNILESS_BYTES: u64 = 1 << 20;
const _: () = assert!(MAX_PENNILESS_BYTES >= MAX_BODY_BYTES as u64);

/// Bytes of our own waiting transactions, counted as for [`MAX_MEMPOOL_BYTES`]. They are never
/// evicted, so they leave the greater part of the pool to others.
pub const MAX_OWN_BYTES: u64 = MAX_MEMPOOL_BYTES / 4;
const _: () = assert!(MAX_OWN_BYTES + MAX_SENDER_BYTES < MAX_MEMPOOL_BYTES);

/// Seconds that a transaction of others may wait. Who still wants it after three days, a weekend,
/// sends it again; and one that is not mined for so long pays too little.
pub const MAX_POOL_AGE_S: u64 = 72 * 60 * 60;
