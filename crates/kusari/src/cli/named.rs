//! Blocks and transactions as a person names them: by a height, a hash, or the first digits of one.
//!
//! Owns the one way from such a name to a hash, for every command. Which hashes begin so is up to the node.

use std::str::FromStr;

use kusari_chain::BlockHash;
use kusari_chain::ledger::Txid;
use kusari_store::event_log::{Prefix, Subject};

use super::failure::{Result, UsageError, failed, wrong};
use super::node_api::NodeApi;
use kusari_api_types::WhySubject;

/// What to write for a hash.
const REMEDY: &str = "write its 64 hex digits, or the first 8 of them or more";

/// What a text names, and the text in its plain form: a height may be grouped, and what is shown of a hash may
/// end with `…`.
pub(crate) fn subject(text: &str) -> Option<(Subject, String)> {
    let word = kusari_input::digits(text);
    match word.parse() {
        Ok(subject) => Some((subject, word)),
        Err(_) => {
            let height = kusari_input::number(text).ok()?;
            Some((Subject::Height(height), height.to_string()))
        }
    }
}

/// How a block is named.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum BlockName {
    Height(u32),
    Hash(HashName<BlockHash>),
}

impl BlockName {
    /// Reads a height or a hash.
    pub(crate) fn read(text: &str) -> Option<Self> {
        match subject(text)?.0 {
            Subject::Height(height) => Some(Self::Height(height)),
            Subject::Hash(hash) => Some(Self::Hash(HashName::Whole(hash))),
            Subject::Prefix(prefix) => Some(Self::Hash(HashName::Prefix(prefix))),
            Subject::Address(_) | Subject::Host(_) => None,
        }
    }
}

/// A hash, or its first digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum HashName<T> {
    Whole(T),
    Prefix(Prefix),
}

/// What is named by a hash.
pub(crate) trait Hashed: Copy + FromStr {
    /// In words.
    const KIND: &str;

    /// The hash, where that is what the digits turned out to be.
    fn of(subject: WhySubject) -> Option<Self>;
}

impl Hashed for BlockHash {
    const KIND: &str = "block";

    fn of(subject: WhySubject) -> Option<Self> {
        if let WhySubject::Block { hash } = subject { Some(hash) } else { None }
    }
}

impl Hashed for Txid {
    const KIND: &str = "transaction";

    fn of(subject: WhySubject) -> Option<Self> {
        if let WhySubject::Transaction { txid } = subject { Some(txid) } else { None }
    }
}

impl<T: Hashed> FromStr for HashName<T> {
    type Err = UsageError;

    fn from_str(text: &str) -> Result<Self, UsageError> {
        let digits = kusari_input::digits(text);
        let unfit = || wrong(format!("`{text}` is no hash of a {}", T::KIND), REMEDY);
        match Prefix::read(&digits) {
            Some(prefix) => Ok(Self::Prefix(prefix)),
            None => digits.parse().map(Self::Whole).map_err(|_| unfit()),
        }
    }
}

impl<T: Hashed> HashName<T> {
    /// The whole hash. A node is asked where there are some digits alone.
    pub(crate) fn find(&self, node: &dyn NodeApi) -> Result<T> {
        let prefix = match self {
            Self::Whole(hash) => return Ok(*hash),
            Self::Prefix(prefix) => prefix,
        };
        T::of(node.beginning_so(prefix)?).ok_or_else(|| {
            failed!("{prefix} is not the beginning of a {}'s hash here; {REMEDY}", T::KIND)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "000009fd818a1c6a6577cfda48a44f72d5c3e7359fe9bf808b959e4b56a06f13";

    #[test]
    fn a_block_is_named_by_what_is_shown_of_it() {
        let hash = HASH.parse().unwrap();
        for (text, name) in [
            ("7980", BlockName::Height(7_980)),
            ("7,980", BlockName::Height(7_980)),
            ("7 980", BlockName::Height(7_980)),
            (HASH, BlockName::Hash(HashName::Whole(hash))),
            (&HASH.to_uppercase(), BlockName::Hash(HashName::Whole(hash))),
            (&format!(" {HASH}\n"), BlockName::Hash(HashName::Whole(hash))),
        ] {
            assert_eq!(BlockName::read(text), Some(name), "{text}");
        }
        for text in ["000009fd", "000009fd818a…", "00000900", "000009fd818a..."] {
            let Some(BlockName::Hash(HashName::Prefix(prefix))) = BlockName::read(text) else {
                panic!("{text}")
            };
            assert!(text.starts_with(&prefix.to_string()), "{text}: {prefix}");
        }
        for text in ["", "000009f", "seven", "1,5", "127.0.0.1", &format!("{HASH}0")] {
            assert_eq!(BlockName::read(text), None, "{text}");
        }
    }

    #[test]
    fn a_hash_is_told_from_its_beginning_and_from_what_is_neither() {
        assert!(matches!(HASH.parse(), Ok(HashName::<Txid>::Whole(_))));
        // Digits alone, since no height can stand there.
        assert!(matches!("12345678".parse(), Ok(HashName::<Txid>::Prefix(_))));
        for text in ["", "1234567", "x", &format!("{HASH}0")] {
            let error = text.parse::<HashName<Txid>>().unwrap_err().to_string();
            assert!(
                error.contains("is no hash of a transaction; write its 64 hex digits"),
                "{error}"
            );
        }
    }
}
