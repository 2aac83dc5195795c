//! What the values of the chain look like in JSON, for the document of the API.
//!
//! Owns a description of each type of `kusari_chain` that the API says, since that crate knows
//! nothing of documents. Nothing here is ever made or read: the types stand for others in the
//! document, under their names. Tests hold each one against a value of the type that it describes.
//!
//! Hexadecimal digits are written in lower case and read in any, which the patterns say.

#![expect(dead_code, reason = "a description has a form and no value")]

mod chain;
mod happening;
mod proof;

use utoipa::ToSchema;

pub use self::chain::{
    BodyEntry, ChainSpec, Equivocation, Payload, SignedTransaction, WholeBlock, WitnessStatement,
};
pub use self::happening::{BestPoint, TrailEntry};
pub use self::proof::{ConsistencyProof, TransactionProof};

/// Describes types that are written as a fixed number of hexadecimal digits.
macro_rules! digits {
    ($($(#[$doc:meta])* $name:ident, $pattern:literal, $example:literal;)+) => {$(
        $(#[$doc])*
        #[derive(ToSchema)]
        #[schema(pattern = $pattern, examples($example))]
        pub struct $name(String);
    )+};
}

digits! {
    /// The hash of a block: 64 hexadecimal digits.
    BlockHash, "^[0-9A-Fa-f]{64}$",
        "000009fd818a1c6a6577cfda48a44f72d5c3e7359fe9bf808b959e4b56a06f13";
    /// Tries that blocks took on average: a number of 256 bits, as 64 hexadecimal digits.
    Work, "^[0-9A-Fa-f]{64}$",
        "0000000000000000000000000000000000000000000000000000000000010000";
    /// The id of a ledger chain, the hash of its parameters: 64 hexadecimal digits.
    ChainId, "^[0-9A-Fa-f]{64}$",
        "e747cfe63965f4633749bb1a5dbb199033c5a744789deff8dfd73ffc70747fac";
    /// The id of a transaction, its hash: 64 hexadecimal digits.
    Txid, "^[0-9A-Fa-f]{64}$",
        "5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9";
    /// A public key for Ed25519: 64 hexadecimal digits.
    PublicKey, "^[0-9A-Fa-f]{64}$",
        "947a2b9947a2b9947a2b9947a2b9947a2b9947a2b9947a2b9947a2b9947a2b99";
    /// A signature by Ed25519: 128 hexadecimal digits.
    Signature, "^[0-9A-Fa-f]{128}$",
        "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b";
    /// The SHA-256 of a payload; zero where a transaction has none: 64 hexadecimal digits.
    PayloadHash, "^[0-9A-Fa-f]{64}$",
        "0000000000000000000000000000000000000000000000000000000000000000";
    /// The SHA-256 of a witness's statement; zero where there was none before: 64 hexadecimal digits.
    StatementHash, "^[0-9A-Fa-f]{64}$",
        "0000000000000000000000000000000000000000000000000000000000000000";
    /// The root of a Merkle tree: 64 hexadecimal digits.
    MerkleRoot, "^[0-9A-Fa-f]{64}$",
        "f961b9192d32ae52137c15b4c35331966f20e3d4860453f7ca9d648fe371f4a8";
    /// What keeps an erased payload from being guessed: 32 hexadecimal digits.
    Salt, "^[0-9A-Fa-f]{32}$", "00000000000000000000000000000000";
    /// What keeps two chains with the same parameters apart: 64 hexadecimal digits.
    ChainSalt, "^[0-9A-Fa-f]{64}$",
        "0000000000000000000000000000000000000000000000000000000000000000";
}

/// What keeps a node from doing all that it is for: a reason, and its figures.
#[derive(ToSchema)]
pub struct Hindrance {
    reason: HindranceReason,
    /// The height of a block: of the altered one, of the best chain's last, or of that of a branch that
    /// waits.
    height: Option<u32>,
    /// The hash of the altered block, or of the last one of a branch that waits.
    #[schema(value_type = Option<BlockHash>)]
    hash: Option<BlockHash>,
    /// Other altered blocks that are known.
    others: Option<u64>,
    /// What an audit found first.
    #[schema(nullable = false)]
    finding: Option<String>,
    /// Peers of different networks that refuse blocks, or peers that claim more work.
    #[schema(nullable = false)]
    peers: Option<u64>,
    /// Height of the claim of most work.
    #[schema(nullable = false)]
    claimed_height: Option<u32>,
    /// Peers that this node dialled, of those that claim more work.
    #[schema(nullable = false)]
    dialled: Option<u64>,
    /// Bytes that the store takes.
    #[schema(nullable = false)]
    used_bytes: Option<u64>,
    /// Bytes that it may take.
    #[schema(nullable = false)]
    limit_bytes: Option<u64>,
    /// Blocks of the best chain that following a branch takes back.
    #[schema(nullable = false)]
    depth: Option<u32>,
    /// How much more work it has than the best chain.
    #[schema(nullable = false)]
    lead: Option<Work>,
    /// How long nothing can be mined, or when the branch is followed at the latest.
    #[schema(nullable = false)]
    seconds: Option<u64>,
    /// Drafts that are not signed.
    #[schema(nullable = false)]
    drafts: Option<u64>,
    /// What the oldest of them waits for.
    #[schema(nullable = false)]
    waits_for: Option<DraftWait>,
    /// Why there are no statements.
    #[schema(nullable = false)]
    why: Option<String>,
}

/// The reasons.
#[derive(ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HindranceReason {
    /// A block on disk is not as it was stored.
    AlteredBlock,
    /// An audit found a fault.
    DamagedStore,
    /// Peers of different networks refuse blocks of this node, which audits itself.
    RefusedByPeers,
    /// Blocks that it asked for are coming in.
    CatchingUp,
    /// A branch has more work, and is not followed for now.
    BranchWaits,
    /// The store is as large as it may be.
    StoreFull,
    /// The store is nearly so.
    StoreFillsUp,
    /// Peers claim a better chain, and have not shown it so far.
    Behind,
    /// The chain is ahead of this machine's clock.
    Clock,
    /// Drafts are not signed.
    UnsignedDrafts,
    /// The witness key makes no statements.
    WitnessStopped,
}

/// What a draft waits for before the wallet of the node signs it.
#[derive(ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DraftWait {
    /// For a peer to catch up with, since another machine may use the same wallet.
    Peer,
    /// For the wallet to be unlocked.
    Unlock,
    /// For a wallet with the draft's account: the node has another one.
    Account,
    /// For room among the account's waiting transactions, or a higher balance.
    Turn,
}

/// The address of an account, which is its key in bech32m with the prefix `ks`.
#[derive(ToSchema)]
#[schema(
    pattern = "^(ks1[02-9ac-hj-np-z]{58}|KS1[02-9AC-HJ-NP-Z]{58})$",
    examples("ks1wxfugu27mwxpd6jhnk5ag5ttkqg8kv55ple9hdcmhdzayaqpjyms4u2fh3")
)]
pub struct Address(String);
