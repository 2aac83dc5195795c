//! `kusari replay`.
//!
//! Owns how the end of a replay is worded. Whatever comes out of the journal may be text of a
//! stranger.

use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;

use serde_json::json;

use crate::cli::prelude::*;
use crate::cli::utc_time::UtcTime;
use kusari_chain::hex;
use kusari_journal::{Ending, Replayed, replay};

/// Run a journal through the same core, and compare
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// What `--journal` wrote
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args) -> Result {
    let mut open = || {
        let file = File::open(&args.file)?;
        if !file.metadata()?.is_file() {
            return Err(std::io::Error::other("it is no file"));
        }
        Ok(Box::new(BufReader::new(file)) as Box<dyn std::io::BufRead>)
    };
    let replayed =
        replay(&mut open).map_err(|error| failed!("{}: {error}", args.file.display()))?;
    show(args.json, &as_json(&replayed), |_| words(&replayed))
}

fn words(replayed: &Replayed) -> String {
    let inputs = counted(replayed.inputs, "input");
    let (from, to) = (UtcTime(replayed.from), UtcTime(replayed.to));
    let mut text =
        format!("Journal of {}, {inputs} from {from} to {to}\n", Plain(&replayed.program));
    if replayed.first_input > 1 {
        let before = grouped(replayed.first_input - 1);
        text.push_str(&format!("The {before} inputs before it are in earlier files\n"));
    }
    text.push_str(&format!("Replayed {inputs}: every action and state is the same\n"));
    text.push_str(&match &replayed.ending {
        Ending::Stopped => String::new(),
        Ending::Continued => String::from("It goes on in the next file\n"),
        Ending::Failed(why) => format!("Then the node stopped by itself: {}\n", Plain(why)),
        Ending::Open => String::from("It has no end: the node was killed, or still runs\n"),
        Ending::Within(input) => {
            format!("It breaks off within the next input, {}\n", Plain(input))
        }
    });
    if replayed.torn {
        text.push_str("Its last line is cut off; what is whole was replayed\n");
    }
    let tip = &replayed.tip;
    text.push_str(&format!("Tip {}, height {}\n", tip.hash, grouped(tip.height)));
    text + &format!("State {}", hex::encode(&replayed.state))
}

fn as_json(replayed: &Replayed) -> serde_json::Value {
    let (ending, detail) = match &replayed.ending {
        Ending::Stopped => ("stopped", None),
        Ending::Continued => ("continued", None),
        Ending::Failed(why) => ("failed", Some(why)),
        Ending::Open => ("open", None),
        Ending::Within(input) => ("within", Some(input)),
    };
    json!({
        "program": replayed.program,
        "from": replayed.from,
        "to": replayed.to,
        "first_input": replayed.first_input,
        "inputs": replayed.inputs,
        "tip": replayed.tip.hash,
        "height": replayed.tip.height,
        "state": hex::encode(&replayed.state),
        "ending": ending,
        "detail": detail,
        "torn": replayed.torn,
    })
}
