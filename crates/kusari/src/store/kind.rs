//! Which chain a store is made for.
//!
//! Owns how that is noted in the store, and what it means to open a store of another chain.

use std::path::Path;
use std::sync::Arc;

use kusari_chain::ledger::ChainSpec;

use super::open::OpenError;
use super::tables::CLASSIC;

/// The chain of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Classic,
    Ledger(Arc<ChainSpec>),
}

impl Kind {
    pub(super) fn of(spec: Option<&Arc<ChainSpec>>) -> Self {
        spec.map_or(Self::Classic, |spec| Self::Ledger(Arc::clone(spec)))
    }

    /// What is noted; `None` where no store of this program says so.
    pub(super) fn read(name: &[u8], spec: Option<&[u8]>) -> Option<Self> {
        let kind = match spec {
            None => Self::Classic,
            Some(bytes) => Self::Ledger(Arc::new(borsh::from_slice(bytes).ok()?)),
        };
        (kind.name().as_bytes() == name).then_some(kind)
    }

    /// `classic`, or the id of the chain.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Classic => String::from(CLASSIC),
            Self::Ledger(spec) => spec.chain_id().to_string(),
        }
    }

    pub(super) fn spec_bytes(&self) -> Option<Vec<u8>> {
        match self {
            Self::Classic => None,
            // Writing numbers and text into memory has no way to fail.
            Self::Ledger(spec) => Some(borsh::to_vec(spec.as_ref()).unwrap_or_default()),
        }
    }

    pub(super) fn spec(&self) -> Option<&Arc<ChainSpec>> {
        match self {
            Self::Classic => None,
            Self::Ledger(spec) => Some(spec),
        }
    }

    fn in_words(&self) -> String {
        match self {
            Self::Classic => String::from("`classic`"),
            Self::Ledger(spec) => format!("{:?} ({})", spec.name, spec.chain_id()),
        }
    }

    pub(super) fn expect_to_be(&self, wanted: &Self, file: &Path) -> Result<(), OpenError> {
        if self == wanted {
            return Ok(());
        }
        let (found, wanted) = (self.in_words(), wanted.in_words());
        Err(OpenError::ChainKind { file: file.into(), found, wanted })
    }
}
