//! Why a journal does not replay, each a sentence.

use std::io;

use kusari_node::RestoreError;

use crate::format::VERSION;

/// The first difference, or why a journal cannot be replayed. Holds text of strangers.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// The operating system refuses.
    #[error("it cannot be read: {0}; name a file that --journal wrote")]
    Io(#[from] io::Error),
    /// It does not begin as a journal does.
    #[error("it is no journal of kusari; name a file that --journal wrote")]
    Foreign,
    /// Another version of the form.
    #[error(
        "it is written in version {0} of the journal, and this program reads version {VERSION}; \
         replay it with the program that wrote it"
    )]
    Version(u32),
    /// It ends before its checkpoint does.
    #[error("it ends before there is anything to replay; the node was killed as it began")]
    Empty,
    /// A line is longer than any may be.
    #[error(
        "line {line} is longer than {limit} bytes{at}; the file is damaged, get it again from \
             whoever wrote it"
    )]
    TooLong {
        /// Its number.
        line: u64,
        /// The limit, in bytes.
        limit: usize,
        /// Which input it belongs to, in words.
        at: String,
    },
    /// A line is not what a journal holds.
    #[error(
        "line {line} cannot be understood{at}: {detail}; the file is damaged, get it again from \
             whoever wrote it"
    )]
    Line {
        /// Its number.
        line: u64,
        /// Which input it belongs to, in words.
        at: String,
        /// What the JSON reader says.
        detail: String,
    },
    /// A line that can be understood stands where it cannot be.
    #[error(
        "line {line} is out of place{at}; the file is damaged, get it again from whoever wrote it"
    )]
    OutOfPlace {
        /// Its number.
        line: u64,
        /// Which input it belongs to, in words.
        at: String,
    },
    /// The sum over the file is another one.
    #[error(
        "something up to line {line} was changed after it was written{at}; get the file again \
             from whoever wrote it"
    )]
    Changed {
        /// The line with the sum.
        line: u64,
        /// Which input it belongs to, in words.
        at: String,
    },
    /// The checkpoint does not make a node.
    #[error(
        "its checkpoint cannot be restored: {error}; it was written by {program}, replay it \
             with that version"
    )]
    Checkpoint {
        /// Why.
        error: RestoreError,
        /// Who wrote it.
        program: String,
    },
    /// The core asks its stores for something else.
    #[error(
        "input {number} ({input}) differs: the core asks its store for {asked}, and in the \
             journal for {recorded}; replay it with the version that wrote it, and report it if that \
             differs too"
    )]
    Read {
        /// Number of the input.
        number: u64,
        /// The input in words.
        input: String,
        /// What is asked now.
        asked: String,
        /// What was asked then.
        recorded: String,
    },
    /// The core decides something else.
    #[error(
        "input {number} ({input}) differs: what the core decides on it, {actions} actions, is not \
             what it decided in the journal; replay it with the version that wrote it, and report \
             it if that differs too"
    )]
    Actions {
        /// Number of the input.
        number: u64,
        /// The input in words.
        input: String,
        /// How many actions there are now.
        actions: usize,
    },
    /// The state is another one, though every action was the same.
    #[error(
        "the states differ after input {to}{}, though every action was the same; they parted \
             between the inputs {from} and {to}; replay it with the version that wrote it, and report \
             it if that differs too", last(.input)
    )]
    State {
        /// The first input after which it may differ.
        from: u64,
        /// The last.
        to: u64,
        /// The last in words.
        input: Option<String>,
    },
    /// The core panics.
    #[error("input {number} ({input}) makes the core panic, which is a bug in kusari; report it")]
    Panicked {
        /// Number of the input.
        number: u64,
        /// The input in words.
        input: String,
    },
    /// It changed between two readings.
    #[error("it is being written; copy it and replay the copy")]
    Changing,
}

fn last(input: &Option<String>) -> String {
    input.as_ref().map_or(String::new(), |input| format!(" ({input})"))
}
