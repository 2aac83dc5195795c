//! Which chain a store is made for: the classic one, or one ledger.
//!
//! Owns how the kind stands in `meta` and how it is called. A store never changes its kind.

use core::fmt;
use std::sync::Arc;

use kusari_chain::ledger::ChainSpec;
use kusari_chain::params::CLASSIC_CHAIN;
use redb::ReadTransaction;

use super::checksummed::{ReadTables, ReadableTable, Table};
use super::fault::Fault;
use super::record::{read, written};
use super::tables::{self, meta};

/// Digits of a chain id that people are shown.
const SHOWN_DIGITS: usize = 8;

/// The chain that a store holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Kind {
    /// Unsigned lines.
    #[default]
    Classic,
    /// The ledger with these parameters.
    Ledger(Arc<ChainSpec>),
    /// One that this version does not know, by its text, escaped.
    Other(String),
}

impl Kind {
    /// The ledger of this spec, or the classic chain.
    pub(super) fn of(spec: Option<&ChainSpec>) -> Self {
        spec.map_or(Self::Classic, |spec| Self::Ledger(Arc::new(spec.clone())))
    }

    pub(super) fn is_ledger(&self) -> bool {
        matches!(self, Self::Ledger(_))
    }

    /// The parameters, of a ledger.
    pub(super) fn spec(&self) -> Option<&Arc<ChainSpec>> {
        match self {
            Self::Ledger(spec) => Some(spec),
            Self::Classic | Self::Other(_) => None,
        }
    }

    /// Writes what `meta` says of the kind.
    pub(super) fn write(
        &self,
        facts: &mut Table<'_, &'static str, &'static [u8]>,
    ) -> Result<(), Fault> {
        match self {
            Self::Classic => facts.insert(meta::CHAIN_KIND, CLASSIC_CHAIN.as_bytes())?,
            Self::Other(text) => facts.insert(meta::CHAIN_KIND, text.as_bytes())?,
            Self::Ledger(spec) => {
                let bytes = written(spec.as_ref(), "the chain spec")?;
                facts.insert(meta::CHAIN_SPEC, bytes.as_slice())?;
                facts.insert(meta::CHAIN_KIND, spec.chain_id().to_string().as_bytes())?
            }
        };
        Ok(())
    }

    /// Reads what `meta` says of the kind.
    pub(super) fn read(transaction: &ReadTransaction) -> Result<Self, Fault> {
        Self::read_from(&transaction.table(tables::META)?)
    }

    pub(super) fn read_from(
        facts: &impl ReadableTable<&'static str, &'static [u8]>,
    ) -> Result<Self, Fault> {
        let kind = facts.get(meta::CHAIN_KIND)?;
        let text = String::from_utf8_lossy(kind.as_ref().map_or(&[][..], |kind| kind.value()));
        if text == CLASSIC_CHAIN {
            return Ok(Self::Classic);
        }
        let Some(spec) = facts.get(meta::CHAIN_SPEC)? else {
            return Ok(Self::Other(text.escape_debug().to_string()));
        };
        let unreadable =
            |reason: &dyn fmt::Display| Fault::unreadable("meta", meta::CHAIN_SPEC, reason);
        let spec: ChainSpec = read("meta", meta::CHAIN_SPEC, spec.value())?;
        spec.check().map_err(|error| unreadable(&error))?;
        if spec.chain_id().to_string() != text {
            return Err(unreadable(&"it is not the spec of the chain that `chain_kind` names"));
        }
        Ok(Self::Ledger(Arc::new(spec)))
    }
}

/// As people are told which chain it is.
impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Classic => f.write_str("the classic chain"),
            Self::Ledger(spec) => {
                let id = spec.chain_id().to_string();
                let id = id.get(..SHOWN_DIGITS).unwrap_or(&id);
                write!(f, "the ledger `{}` (chain id {id}…)", spec.name)
            }
            Self::Other(text) => write!(f, "a chain of kind `{text}`"),
        }
    }
}
