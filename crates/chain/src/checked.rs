//! Checked blocks and headers: types that say that every rule holds which needs no other block.
//!
//! Owns the order of those checks. What a parent, a clock or accounts decide is up to
//! [`crate::accept`].

mod header;

pub use self::header::{CheckedHeader, Header};
use crate::block::Block;
use crate::ledger::{BodyEntry, ChainId, LedgerPart};
use crate::prelude::*;
use crate::rules::{RuleViolation, classic, ledger};

/// A block that keeps every rule which needs no other block: its hash is right, meets the target,
/// and its canonical line fits; where it is a whole ledger block, its commitment and its body fit as
/// well, and every transaction is signed. Only a check makes one, also where one is read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "WholeBlock", try_from = "WholeBlock")]
pub struct CheckedBlock {
    block: Block,
    ledger: Option<Box<LedgerPart>>,
    /// Bytes that it counts for among side branches.
    line_bytes: u32,
}

/// A block with what a ledger adds to it, as a line or a file carries it: claims nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WholeBlock {
    /// The seven keys of every block.
    #[serde(flatten)]
    pub block: Block,
    /// The commitment and the body; `None` on a classic chain, and where an original sent the block.
    #[serde(flatten)]
    pub ledger: Option<Box<LedgerPart>>,
}

#[cfg(feature = "schema")]
impl utoipa::PartialSchema for WholeBlock {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        use utoipa::openapi::{RefOr::T, Schema::Object};
        let (T(Object(mut whole)), T(Object(part))) = (Block::schema(), LedgerPart::schema())
        else {
            return Block::schema();
        };
        whole.description = Some(
            "One block, in the form of the protocol; on a ledger with its commitment and its body."
                .into(),
        );
        whole.properties.extend(part.properties);
        T(Object(whole))
    }
}

#[cfg(feature = "schema")]
impl utoipa::ToSchema for WholeBlock {
    fn schemas(
        schemas: &mut Vec<(alloc::string::String, utoipa::openapi::RefOr<utoipa::openapi::Schema>)>,
    ) {
        Block::schemas(schemas);
        LedgerPart::schemas(schemas);
    }
}

impl CheckedBlock {
    /// Checks a block of seven keys by itself. Costs one hash of its content and looks at nothing
    /// else, so it can run on any thread.
    ///
    /// # Errors
    /// The first rule that the block breaks.
    pub fn check(block: Block) -> Result<Self, RuleViolation> {
        let line_bytes = classic::check_line_length(&block)?;
        classic::check_genesis_is_not_replaced(&block)?;
        classic::check_hash(&block)?;
        classic::check_work(&block)?;
        Ok(Self { block, ledger: None, line_bytes })
    }

    /// Checks a whole block of the ledger chain with this id by itself. Most of what it costs are
    /// the signatures, which come last: a peer that sends a wrong one has done the work of a block.
    ///
    /// # Errors
    /// The first rule that the block breaks.
    pub fn check_whole(
        block: Block,
        part: Box<LedgerPart>,
        chain: &ChainId,
    ) -> Result<Self, RuleViolation> {
        ledger::check_chain(&part.commitment, chain)?;
        ledger::check_no_transfers(&block)?;
        ledger::check_data(&block, &part.commitment)?;
        ledger::check_body_count(&part)?;
        let bare = Self::check(block)?;
        ledger::check_claimed_target(&bare.block, part.commitment.target)?;
        ledger::check_any_body_bound(&part)?;
        ledger::check_body_root(&part)?;
        ledger::check_transactions(&part)?;
        ledger::check_signatures(&part, |_| true)?;
        let line_bytes = whole_bytes(bare.line_bytes, &part);
        Ok(Self { line_bytes, ledger: Some(part), ..bare })
    }

    /// Puts a block together from its header and a body of which some transactions were checked
    /// before: those with `true` beside them came out of a [`crate::mempool::CheckedTransaction`] of
    /// this chain, and their signatures are not checked again.
    ///
    /// # Errors
    /// The first rule that the block breaks.
    pub fn assemble(
        header: CheckedHeader,
        body: Vec<(BodyEntry, bool)>,
    ) -> Result<Self, RuleViolation> {
        let Header { block, commitment } = header.into_header();
        let mut unsigned = Vec::with_capacity(body.len());
        let mut entries = Vec::with_capacity(body.len());
        for (entry, is_checked) in body {
            entries.push(entry);
            unsigned.push(!is_checked);
        }
        let part = Box::new(LedgerPart { commitment, body: entries });
        ledger::check_body_count(&part)?;
        let bare = Self::check(block)?;
        ledger::check_any_body_bound(&part)?;
        ledger::check_body_root(&part)?;
        ledger::check_transactions(&part)?;
        ledger::check_signatures(&part, |place| unsigned.get(place).copied().unwrap_or(true))?;
        let line_bytes = whole_bytes(bare.line_bytes, &part);
        Ok(Self { line_bytes, ledger: Some(part), ..bare })
    }

    /// The seven keys.
    #[must_use]
    pub fn block(&self) -> &Block {
        &self.block
    }

    /// The commitment and the body, of a whole ledger block.
    #[must_use]
    pub fn ledger(&self) -> Option<&LedgerPart> {
        self.ledger.as_deref()
    }

    /// The body, for callers that keep to what its transactions commit to.
    pub(crate) fn body_mut(&mut self) -> impl Iterator<Item = &mut BodyEntry> {
        self.ledger.iter_mut().flat_map(|part| part.body.iter_mut())
    }

    /// The seven keys, no longer marked as checked.
    #[must_use]
    pub fn into_block(self) -> Block {
        self.block
    }

    /// The block, no longer marked as checked.
    #[must_use]
    pub fn into_whole(self) -> WholeBlock {
        WholeBlock { block: self.block, ledger: self.ledger }
    }

    /// Bytes that it counts for among side branches: of its canonical line, and about as many as
    /// what a ledger adds takes where it is stored.
    #[must_use]
    pub fn line_bytes(&self) -> u32 {
        self.line_bytes
    }
}

/// Bytes of a commitment's Borsh form.
const COMMITMENT_BYTES: u64 = 5 * 32 + 4 + 4;

/// What a whole block counts for, its canonical line included. A payload that is erased later counts
/// as before.
pub(crate) fn whole_bytes(line_bytes: u32, part: &LedgerPart) -> u32 {
    let bytes = u64::from(line_bytes) + COMMITMENT_BYTES + part.weight();
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

impl TryFrom<Block> for CheckedBlock {
    type Error = RuleViolation;

    fn try_from(block: Block) -> Result<Self, RuleViolation> {
        Self::check(block)
    }
}

/// A whole block is checked for the chain that it commits to, which the caller that accepts it compares.
impl TryFrom<WholeBlock> for CheckedBlock {
    type Error = RuleViolation;

    fn try_from(whole: WholeBlock) -> Result<Self, RuleViolation> {
        match whole.ledger {
            Some(part) => {
                let chain = part.commitment.chain_id;
                Self::check_whole(whole.block, part, &chain)
            }
            None => Self::check(whole.block),
        }
    }
}

impl From<CheckedBlock> for WholeBlock {
    fn from(checked: CheckedBlock) -> Self {
        checked.into_whole()
    }
}

impl From<CheckedBlock> for Block {
    fn from(checked: CheckedBlock) -> Self {
        checked.block
    }
}
