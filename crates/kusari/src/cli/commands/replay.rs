//! `kusari replay`.
//!
//! Owns how the end of a replay is worded. Whatever comes out of the journal may be text of a
//! stranger.

use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;

use serde_json::json;

use crate::cli::escape::{Plain, counted, grouped};
use crate::cli::failure::Failure;
use crate::cli::stdout::Stdout;
use kusari_chain::hex;
use kusari_runtime::journal::{Ending, Replayed, replay};

/// Run a journal through the same core, and compare
#[derive(Debug, clap::Args)]
pub(crate) struct ReplayArgs {
    /// What `--journal` wrote
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,

    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

pub(crate) fn run(args: &ReplayArgs) -> Result<(), Failure> {
    let mut open = || {
        let file = File::open(&args.file)?;
        if !file.metadata()?.is_file() {
            return Err(std::io::Error::other("it is no file"));
        }
        Ok(Box::new(BufReader::new(file)) as Box<dyn std::io::BufRead>)
    };
    let replayed = replay(&mut open)
        .map_err(|error| Failure::failed(format!("{}: {error}", args.file.display())))?;
    let mut output = Stdout::new();
    match args.json {
        true => output.json(&as_json(&replayed))?,
        false => output.line(&words(&replayed))?,
    }
    output.flush()
}

fn words(replayed: &Replayed) -> String {
    let inputs = counted(replayed.inputs, "input");
    let (from, to) = (utc(replayed.from), utc(replayed.to));
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

/// A moment as people write it, in the time of Greenwich.
fn utc(seconds: u64) -> String {
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = civil(days);
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{year}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC")
}

/// The date so many days after 1970-01-01. Counts in years that begin with March, so that the day
/// which some years have more is their last.
fn civil(days: u64) -> (u64, u64, u64) {
    const DAYS_OF_400_YEARS: u64 = 146_097;
    // From 0000-03-01 to 1970-01-01.
    let days = days + 719_468;
    let (era, day) = (days / DAYS_OF_400_YEARS, days % DAYS_OF_400_YEARS);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let date = day - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (era * 400 + year + next, month, date)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_as_dates() {
        for (seconds, text) in [
            (0, "1970-01-01 00:00:00 UTC"),
            (951_827_696, "2000-02-29 12:34:56 UTC"),
            (1_672_531_200, "2023-01-01 00:00:00 UTC"),
            (4_107_542_399, "2100-02-28 23:59:59 UTC"),
            (4_107_542_400, "2100-03-01 00:00:00 UTC"),
        ] {
            assert_eq!(utc(seconds), text);
        }
        // No number that a journal may hold is too much.
        assert!(utc(u64::MAX).ends_with(" UTC"));
    }
}
