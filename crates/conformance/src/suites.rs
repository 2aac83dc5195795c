//! The suites by name: the file of each, and what computes its answers.

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{blocks, dialogue, forks, ledger, lines, proofs};

/// An input that is not of its suite's form.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the input cannot be used: {0}")]
pub(super) struct InputError(pub(super) String);

/// A suite.
pub(super) struct Suite {
    pub(super) name: &'static str,
    /// The file, as it was when the program was built.
    pub(super) built_in: &'static str,
    /// What this program makes of an input.
    pub(super) answer: fn(&Value) -> Result<Value, InputError>,
}

/// Every suite, in the order in which `all` runs them.
pub(super) const SUITES: [Suite; 12] = [
    Suite {
        name: "genesis",
        built_in: include_str!("../../../conformance/genesis.json"),
        answer: blocks::answer,
    },
    Suite {
        name: "hash",
        built_in: include_str!("../../../conformance/hash.json"),
        answer: blocks::answer,
    },
    Suite {
        name: "wire",
        built_in: include_str!("../../../conformance/wire.json"),
        answer: lines::read_one,
    },
    Suite {
        name: "limits",
        built_in: include_str!("../../../conformance/limits.json"),
        answer: lines::within_limits,
    },
    Suite {
        name: "bad-input",
        built_in: include_str!("../../../conformance/bad-input.json"),
        answer: dialogue::answer,
    },
    Suite {
        name: "fork-choice",
        built_in: include_str!("../../../conformance/fork-choice.json"),
        answer: forks::answer,
    },
    Suite {
        name: "printed-sample",
        built_in: include_str!("../../../conformance/printed-sample.json"),
        answer: blocks::answer,
    },
    Suite {
        name: "ledger-bytes",
        built_in: include_str!("../../../conformance/ledger-bytes.json"),
        answer: ledger::canonical,
    },
    Suite {
        name: "ledger-lines",
        built_in: include_str!("../../../conformance/ledger-lines.json"),
        answer: lines::read_one_of_ledger,
    },
    Suite {
        name: "ledger-pool",
        built_in: include_str!("../../../conformance/ledger-pool.json"),
        answer: ledger::pool,
    },
    Suite {
        name: "ledger-blocks",
        built_in: include_str!("../../../conformance/ledger-blocks.json"),
        answer: ledger::chain,
    },
    Suite {
        name: "proofs",
        built_in: include_str!("../../../conformance/proofs.json"),
        answer: proofs::answer,
    },
];

/// Reads an input into its form.
pub(super) fn form<T: DeserializeOwned>(input: &Value) -> Result<T, InputError> {
    T::deserialize(input).map_err(|error| InputError(error.to_string()))
}
