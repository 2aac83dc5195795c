//! The form of proof files, as far as their types do not give it: lists that rise and are not too long,
//! and paths of their one form.

use super::{
    EarlierBlock, MAX_PROOF_BLOCKS, MAX_PROOF_STATEMENTS, ProofFile, ProvenStatement, SiblingList,
    TransactionProof,
};
use crate::ledger::commitment::MerkleRoot;
use crate::proof::{ProofFault, path};

impl ProofFile {
    /// What serde does not see: lists that rise, within their bounds, and paths of their one form.
    pub(super) fn check_order(&self) -> Result<(), ProofFault> {
        match self {
            Self::Transaction(proof) => proof.check_order(),
            Self::Consistency(proof) => proof.earlier.check_form(proof.later.index),
        }
    }
}

fn form(reason: &str) -> ProofFault {
    ProofFault::Form { reason: reason.into() }
}

impl EarlierBlock {
    fn check_form(&self, leaves: u32) -> Result<(), ProofFault> {
        check_path(self.height, leaves, &self.siblings, self.rest)
    }
}

/// A path has exactly the hashes that it needs.
fn check_path(
    leaf: u32,
    leaves: u32,
    siblings: &SiblingList,
    rest: Option<MerkleRoot>,
) -> Result<(), ProofFault> {
    let (leaf, leaves) = (u64::from(leaf), u64::from(leaves));
    let is_exact = leaf < leaves
        && path::has_rest(leaf, leaves) == rest.is_some()
        && path::is_exact(leaf, [leaves].into_iter(), &siblings.hashes());
    if is_exact {
        Ok(())
    } else {
        Err(form("a path has not the hashes that it needs, and no others"))
    }
}

impl TransactionProof {
    fn check_order(&self) -> Result<(), ProofFault> {
        let index = self.block.index;
        let heights = core::iter::once(index).chain(self.later.iter().map(|later| later.index));
        if !heights.is_sorted_by(|one, next| one < next) {
            return Err(form("its later blocks are not in order"));
        }
        let heights = self.earlier.iter().map(|block| block.height).chain([index]);
        if !heights.is_sorted_by(|one, next| one < next) {
            return Err(form("its earlier blocks are not in order"));
        }
        let place = |said: &ProvenStatement| (said.0.height, said.0.key, said.0.sequence);
        if !self.statements.is_sorted_by(|one, next| place(one) < place(next)) {
            return Err(form("its statements are not in order"));
        }
        check_path(self.body.place, self.block.body_count, &self.body.siblings, self.body.rest)?;
        self.earlier.iter().try_for_each(|earlier| earlier.check_form(index))?;
        let leaf = u64::from(index);
        let sizes = self.later.iter().map(|later| u64::from(later.index));
        let has_rests = self
            .later
            .iter()
            .zip(sizes.clone())
            .all(|(later, leaves)| path::has_rest(leaf, leaves) == later.rest.is_some());
        if !has_rests || !path::is_exact(leaf, sizes, &self.siblings.hashes()) {
            return Err(form("the paths to its later blocks have not the hashes that they need"));
        }
        let too_many = |what| Err(ProofFault::TooMany { what });
        match self {
            _ if self.later.len() > MAX_PROOF_BLOCKS => too_many("later blocks"),
            _ if self.earlier.len() > MAX_PROOF_BLOCKS => too_many("earlier blocks"),
            _ if self.statements.len() > MAX_PROOF_STATEMENTS => too_many("statements"),
            _ => Ok(()),
        }
    }
}
