//! The program as a person meets it: command line, configuration file, prompt and output.
//!
//! Owns words and settings, and nothing of the protocol: it starts a node, hands it lines, and shows
//! what the node tells. Errors are one sentence on stderr, with the remedy.

mod access;
mod account;
mod answers;
mod args;
mod batches;
mod block_card;
mod bounded_lines;
mod branches;
#[cfg(test)]
mod captured_output;
mod card_throttle;
mod chain_spec;
mod commands;
mod config_file;
mod console;
mod conversation;
mod cost;
mod data_directories;
mod drafts;
mod ephemeral;
mod escape;
mod failure;
mod file_record;
mod limits;
mod link;
mod log;
mod named;
mod node;
mod node_api;
mod node_choice;
mod output;
mod output_file;
mod own_wallet;
mod pipe;
mod prelude;
mod progress;
mod prompt;
mod queue;
mod receipts;
mod screen;
#[cfg(test)]
mod scripted_node;
mod settings;
mod signing;
mod slash;
mod stdout;
mod submit;
mod suggestions;
mod top;
mod transaction;
mod utc_time;
mod wait;
mod witness_view;
mod witnessing;
mod words;

use std::ffi::OsString;
use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::thread;

use args::{Args, Asked};
use failure::{Failure, UsageError};
use settings::{Settings, Surroundings};
use stdout::say_beside;

/// The node or a command failed, or could not begin.
const FAILED: u8 = 1;
/// The command line or the configuration file is wrong.
const USAGE: u8 = 2;

/// Runs the program with the words of a command line, its own name first, until the node stops.
pub fn run(words: impl IntoIterator<Item = OsString>) -> ExitCode {
    match asked(words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Shown) => ExitCode::from(FAILED),
        Err(Failure::Failed(error)) => {
            // Where stderr is closed the exit code has to do.
            say_beside(&format!("error: {error}"));
            ExitCode::from(if error.is::<UsageError>() { USAGE } else { FAILED })
        }
    }
}

/// Does what a command line asks for.
fn asked(words: impl IntoIterator<Item = OsString>) -> Result<(), Failure> {
    match args::read(words)? {
        Asked::Print(text) => {
            // The reader may have gone away since; that is no failure.
            let _ = io::stdout().write_all(text.as_bytes());
            Ok(())
        }
        Asked::Run(args) => match (&args.conformance, &args.command) {
            (Some(name), _) => commands::conformance::run(name, args.update),
            (None, Some(command)) => command.run(),
            (None, None) => node::run(settings(*args)?),
        },
    }
}

fn settings(args: Args) -> Result<Settings, UsageError> {
    let file = args.config.as_deref().map(Args::open).transpose()?.unwrap_or_default();
    let surroundings = Surroundings {
        data_directory: data_directories::data_directory(),
        cores: thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
    };
    Settings::new(args, file, &surroundings)
}
