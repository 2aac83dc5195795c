//! `kusari record`.

use std::io::{self, Read};
use std::path::PathBuf;

use kusari_node::drafts::DraftContent;

use super::Signing;
use crate::cli::file_record::hashed;
use crate::cli::prelude::*;

/// Record a text, or a file by its hash, as a signed transaction
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The text; `-` takes all of stdin but the newline at its end, or with --lines each line of it
    #[arg(value_name = "TEXT|-", required_unless_present = "file", conflicts_with = "file")]
    text: Option<String>,

    /// A file: its SHA-256, size and name are recorded, and not its bytes
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,

    /// Record each line of stdin by itself; the text is `-`
    #[arg(long, conflicts_with = "file")]
    lines: bool,

    #[command(flatten)]
    signing: Signing,
}

pub(crate) fn run(args: &Args) -> Result {
    if args.lines {
        return match args.text.as_deref() {
            Some("-") => args.signing.record_lines(),
            _ => Err(failed!("--lines records the lines of stdin: say `record --lines -`")),
        };
    }
    let text = match (&args.file, args.text.as_deref()) {
        (Some(file), _) => serde_json::to_string(&hashed(file)?)?,
        (None, Some("-")) => {
            let unfit = |why: &dyn std::fmt::Display| {
                failed!("the input cannot be recorded ({why}); send text in UTF-8 or UTF-16")
            };
            let mut bytes = Vec::new();
            io::stdin().read_to_end(&mut bytes).map_err(|error| unfit(&error))?;
            let text = kusari_input::decode(&bytes).map_err(|fault| unfit(&fault))?;
            kusari_input::unix_lines(kusari_input::without_last_newline(&text))
        }
        (None, text) => text.unwrap_or_default().to_owned(),
    };
    if text.is_empty() {
        return Err(failed!("there is nothing to record; say some text"));
    }
    args.signing.send(DraftContent::Record(text))
}
