//! Why a command did not do what it was asked.
//!
//! Owns which errors of other modules are sentences for a person as they are.

use std::error::Error;

use kusari_chain::StoreError;

use super::conversation::Interruption;
use super::settings::UsageError;
use kusari_client::ClientError;
use kusari_files::FileError;
use kusari_runtime::offline::OfflineError;
use kusari_runtime::witness_key::WitnessKeyError;
use kusari_wallet::passphrase::PassphraseError;
use kusari_wallet::{LabelError, WalletError};

/// Why a command did not do what it was asked.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The command line is wrong.
    Usage(UsageError),
    /// It failed; one sentence with the remedy.
    Failed(Box<dyn Error>),
    /// It failed, and what it printed says so.
    Shown,
}

impl Failure {
    pub(crate) fn failed(cause: impl Into<Box<dyn Error>>) -> Self {
        Self::Failed(cause.into())
    }
}

impl From<UsageError> for Failure {
    fn from(error: UsageError) -> Self {
        Self::Usage(error)
    }
}

/// Errors that say the cause and the remedy themselves.
macro_rules! failures {
    ($($error:ty),* $(,)?) => {
        $(impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self::failed(error)
            }
        })*
    };
}

failures!(
    ClientError,
    FileError,
    Interruption,
    LabelError,
    OfflineError,
    PassphraseError,
    StoreError,
    WalletError,
    WitnessKeyError,
);
