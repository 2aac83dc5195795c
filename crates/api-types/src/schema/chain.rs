//! Blocks, transactions and what witnesses say, as the protocol has them (`docs/formats/wire.md`).

use utoipa::ToSchema;

use super::{
    BlockHash, ChainId, ChainSalt, MerkleRoot, PayloadHash, PublicKey, Salt, Signature,
    StatementHash,
};

/// One block, in the form of the protocol; on a ledger with its commitment and its body.
#[derive(ToSchema)]
pub struct WholeBlock {
    /// Height; the genesis block is 0.
    index: u32,
    /// Unix time in seconds. Classic rules do not check it.
    timestamp: u64,
    /// What mining changes.
    nonce: u64,
    /// Free text; on a ledger `kusari1:` and the hash of the commitment.
    data: String,
    /// Hash of the parent.
    prev_hash: BlockHash,
    /// Hash of this block.
    hash: BlockHash,
    /// Unsigned transfers; none on a ledger.
    transactions: Vec<Transaction>,
    /// What the block's data is the hash of; there on a ledger alone.
    #[schema(nullable = false)]
    commitment: Option<Commitment>,
    /// The transactions, in order; there on a ledger alone.
    #[schema(nullable = false)]
    body: Option<Vec<BodyEntry>>,
}

/// An unsigned transfer of the classic chain.
#[derive(ToSchema)]
pub(crate) struct Transaction {
    /// Who pays.
    sender: String,
    /// Who is paid.
    receiver: String,
    /// How much, in whole units.
    amount: u64,
}

/// What a ledger block commits to beyond its seven keys.
#[derive(ToSchema)]
pub(crate) struct Commitment {
    /// The chain that the block belongs to.
    chain_id: ChainId,
    /// Root over the body's transactions.
    body_root: MerkleRoot,
    /// Transactions in the body.
    body_count: u32,
    /// Root over the hashes of all blocks before this one.
    history_root: MerkleRoot,
    /// Root over all accounts at heights that are multiples of 1,024; zero elsewhere.
    state_root: MerkleRoot,
    /// The greatest hash that the block may have, in compact form.
    target: u32,
    /// Who receives the reward and the fees.
    miner: PublicKey,
}

/// A transaction of a body with its payload. `POST /v1/transactions` takes the same.
#[derive(ToSchema)]
pub struct BodyEntry {
    /// The transaction.
    transaction: SignedTransaction,
    /// Its payload; null where it has none or it was erased.
    #[schema(required)]
    payload: Option<Payload>,
}

/// A transaction: who pays whom, what it carries, and the signature over all of it.
#[derive(ToSchema)]
pub struct SignedTransaction {
    /// Who pays, and signs.
    sender: PublicKey,
    /// Who is paid.
    receiver: PublicKey,
    /// How much, in whole units.
    #[schema(maximum = 18446744073709551615u64)]
    amount: u64,
    /// What the miner gets, in whole units.
    #[schema(maximum = 18446744073709551615u64)]
    fee: u64,
    /// How many transactions of this sender came before.
    #[schema(maximum = 18446744073709551615u64)]
    sequence: u64,
    /// The payload, by its hash.
    payload: PayloadHash,
    /// Bytes of the payload's text; zero where there is none.
    #[schema(maximum = 4294967295u32)]
    payload_len: u32,
    /// The sender's signature.
    signature: Signature,
}

/// What a transaction carries and only commits to, so that it can be erased.
#[derive(ToSchema)]
pub struct Payload {
    /// Random.
    salt: Salt,
    /// The text.
    data: String,
}

/// The parameters of a ledger chain (`docs/formats/chain-spec.md`).
#[derive(ToSchema)]
pub struct ChainSpec {
    /// For people, 1 to 64 printable characters.
    name: String,
    /// What keeps two groups with the same parameters apart.
    salt: ChainSalt,
    /// Seconds between two blocks that difficulty aims at.
    #[schema(minimum = 1, maximum = 3600)]
    block_time_s: u32,
    /// Seconds behind schedule that double the target; at least the block time.
    half_life_s: u32,
    /// What the miner of a block is credited, below 2^32.
    reward: u64,
    /// Most bytes of a body.
    max_body_bytes: u32,
    /// Most bytes of text in one payload.
    max_data_bytes: u32,
    /// Least fee of a transaction.
    min_fee: u64,
}

/// A witness's statement, in the form of the protocol.
#[derive(ToSchema)]
pub struct WitnessStatement {
    /// Whose statement it is.
    key: PublicKey,
    /// Statements of this key before this one.
    sequence: u64,
    /// The last of them.
    previous: StatementHash,
    /// Height of the block.
    height: u32,
    /// The block.
    hash: BlockHash,
    /// When the key saw it, in Unix seconds by its own clock.
    time: u64,
    /// The key's signature.
    signature: Signature,
}

/// Two statements of one key under one sequence: the evidence that it cannot be believed.
#[derive(ToSchema)]
pub struct Equivocation {
    /// The one with the smaller hash.
    first: WitnessStatement,
    /// The other one.
    second: WitnessStatement,
}
