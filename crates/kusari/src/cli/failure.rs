//! Why the program or a command did not do what it was asked: one sentence each, with the remedy.

use std::error::Error;

/// Why the program cannot begin as it was told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{cause}; {remedy}")]
pub(crate) struct UsageError {
    pub(crate) cause: String,
    pub(crate) remedy: String,
}

pub(crate) fn wrong(cause: impl Into<String>, remedy: impl Into<String>) -> UsageError {
    UsageError { cause: cause.into(), remedy: remedy.into() }
}

/// What comes of a command.
pub(crate) type Result<T = (), E = Failure> = std::result::Result<T, E>;

/// Why a command did not do what it was asked.
#[derive(Debug)]
pub(crate) enum Failure {
    /// It failed. Where this is a [`UsageError`], the command line is wrong.
    Failed(Box<dyn Error>),
    /// It failed, and what it printed says so.
    Shown,
}

impl Failure {
    /// What went wrong, in a sentence.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Failed(error) => error.to_string(),
            Self::Shown => String::new(),
        }
    }
}

impl<E: Into<Box<dyn Error>>> From<E> for Failure {
    fn from(cause: E) -> Self {
        Self::Failed(cause.into())
    }
}

/// A failure in words, as `format!` takes them.
macro_rules! failed {
    ($($words:tt)*) => {
        $crate::cli::failure::Failure::from(format!($($words)*))
    };
}
pub(crate) use failed;
