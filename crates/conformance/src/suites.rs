//! The suites by name: the file of each, and what computes its answers.

use miniz_oxide::inflate::decompress_to_vec;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{blocks, dialogue, forks, ledger, lines, proofs};

/// An input that is not of its suite's form.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the input cannot be used: {0}")]
pub(super) struct InputError(pub(super) String);

impl InputError {
    pub(super) fn new(reason: impl ToString) -> Self {
        Self(reason.to_string())
    }
}

/// A suite.
pub(super) struct Suite {
    pub(super) name: &'static str,
    /// The file, as it was when the program was built, packed.
    packed: &'static [u8],
    /// What this program makes of an input.
    pub(super) answer: fn(&Value) -> Result<Value, InputError>,
}

impl Suite {
    /// The file, as it was when the program was built.
    pub(super) fn built_in(&self) -> Result<String, String> {
        let bytes = decompress_to_vec(self.packed).map_err(|error| error.to_string())?;
        String::from_utf8(bytes).map_err(|error| error.to_string())
    }
}

macro_rules! suite {
    ($name:literal, $answer:expr) => {
        Suite {
            name: $name,
            packed: include_bytes!(concat!(env!("OUT_DIR"), "/", $name)),
            answer: $answer,
        }
    };
}

/// Every suite, in the order in which `all` runs them.
pub(super) const SUITES: [Suite; 12] = [
    suite!("genesis", blocks::answer),
    suite!("hash", blocks::answer),
    suite!("wire", lines::read_one),
    suite!("limits", lines::within_limits),
    suite!("bad-input", dialogue::answer),
    suite!("fork-choice", forks::answer),
    suite!("printed-sample", blocks::answer),
    suite!("ledger-bytes", ledger::canonical),
    suite!("ledger-lines", lines::read_one_of_ledger),
    suite!("ledger-pool", ledger::pool),
    suite!("ledger-blocks", ledger::chain),
    suite!("proofs", proofs::answer),
];

/// Reads an input into its form.
pub(super) fn form<T: DeserializeOwned>(input: &Value) -> Result<T, InputError> {
    T::deserialize(input).map_err(InputError::new)
}
