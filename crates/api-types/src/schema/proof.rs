//! Proof files (`docs/formats/proof.md`). Each number of 64 bits is text: readers that keep numbers
//! as floating point would round it.

use utoipa::ToSchema;

use super::{
    BlockHash, ChainId, MerkleRoot, Payload, PayloadHash, PublicKey, Signature, StatementHash,
};

/// A number of 64 bits as decimal digits.
#[derive(ToSchema)]
#[schema(pattern = "^(0|[1-9][0-9]{0,19})$", examples("1795548049"))]
pub(crate) struct Decimal(String);

/// A proof that a transaction stands in a block.
#[derive(ToSchema)]
pub struct TransactionProof {
    /// `kusari-proof-1`.
    #[schema(pattern = "^kusari-proof-1$")]
    format: String,
    /// The chain.
    chain_id: ChainId,
    /// The transaction.
    transaction: ProvenTransaction,
    /// Its payload; null where it has none or it was erased.
    #[schema(required)]
    payload: Option<Payload>,
    /// Where it stands in its block's body.
    body: BodyPath,
    /// The block.
    block: ProvenHeader,
    /// What the paths from the block to the later ones share, by level.
    siblings: Vec<Option<MerkleRoot>>,
    /// Blocks that have it among their ancestors, by rising height.
    #[schema(max_items = 64)]
    later: Vec<LaterHeader>,
    /// Ancestors of it, by rising height.
    #[schema(max_items = 64)]
    earlier: Vec<EarlierBlock>,
    /// What witnesses said about these blocks.
    #[schema(max_items = 256)]
    statements: Vec<ProvenStatement>,
}

/// A proof that one block is an ancestor of another.
#[derive(ToSchema)]
pub struct ConsistencyProof {
    /// `kusari-consistency-1`.
    #[schema(pattern = "^kusari-consistency-1$")]
    format: String,
    /// The chain.
    chain_id: ChainId,
    /// The ancestor.
    earlier: EarlierBlock,
    /// The descendant.
    later: ProvenHeader,
}

/// A transaction whose numbers are text.
#[derive(ToSchema)]
pub(crate) struct ProvenTransaction {
    /// Who pays, and signs.
    sender: PublicKey,
    /// Who is paid.
    receiver: PublicKey,
    /// How much, in whole units.
    amount: Decimal,
    /// What the miner gets, in whole units.
    fee: Decimal,
    /// How many transactions of this sender came before.
    sequence: Decimal,
    /// The payload, by its hash.
    payload: PayloadHash,
    /// Bytes of the payload's text; zero where there is none.
    payload_len: u32,
    /// The sender's signature.
    signature: Signature,
}

/// A transaction's place in a body, and its path to the body's root.
#[derive(ToSchema)]
pub(crate) struct BodyPath {
    /// The place, from 0.
    place: u32,
    /// Hashes by level.
    siblings: Vec<Option<MerkleRoot>>,
    /// The root over what follows.
    #[schema(required)]
    rest: Option<MerkleRoot>,
}

/// A block without its body: everything that its hash follows from.
#[derive(ToSchema)]
pub(crate) struct ProvenHeader {
    /// Its height.
    index: u32,
    /// Unix time in seconds, as its miner says.
    timestamp: Decimal,
    /// What mining found.
    nonce: Decimal,
    /// Its parent.
    prev_hash: BlockHash,
    /// Its hash.
    hash: BlockHash,
    /// Root over its transactions.
    body_root: MerkleRoot,
    /// How many there are.
    body_count: u32,
    /// Root over its ancestors' hashes.
    history_root: MerkleRoot,
    /// Root over the accounts, or zero.
    state_root: MerkleRoot,
    /// What its hash must meet, in compact form.
    target: u32,
    /// Who mined it.
    miner: PublicKey,
}

/// A later block: its history root follows from the path that leads to it.
#[derive(ToSchema)]
pub(crate) struct LaterHeader {
    /// Its height.
    index: u32,
    /// Unix time in seconds, as its miner says.
    timestamp: Decimal,
    /// What mining found.
    nonce: Decimal,
    /// Its parent.
    prev_hash: BlockHash,
    /// Its hash.
    hash: BlockHash,
    /// Root over its transactions.
    body_root: MerkleRoot,
    /// How many there are.
    body_count: u32,
    /// Root over the accounts, or zero.
    state_root: MerkleRoot,
    /// What its hash must meet, in compact form.
    target: u32,
    /// Who mined it.
    miner: PublicKey,
    /// The root over the history behind the largest whole subtree that the proven block is in.
    #[schema(required)]
    rest: Option<MerkleRoot>,
}

/// An ancestor, and its path to the history root of its descendant.
#[derive(ToSchema)]
pub(crate) struct EarlierBlock {
    /// Its height.
    height: u32,
    /// Its hash.
    hash: BlockHash,
    /// Hashes by level.
    siblings: Vec<Option<MerkleRoot>>,
    /// The root over what follows.
    #[schema(required)]
    rest: Option<MerkleRoot>,
}

/// A witness's statement whose numbers are text.
#[derive(ToSchema)]
pub(crate) struct ProvenStatement {
    /// Whose statement it is.
    key: PublicKey,
    /// Statements of this key before this one.
    sequence: Decimal,
    /// The last of them.
    previous: StatementHash,
    /// Height of the block.
    height: u32,
    /// The block.
    hash: BlockHash,
    /// When the key saw it, in Unix seconds by its own clock.
    time: Decimal,
    /// The key's signature.
    signature: Signature,
}
