//! `kusari grade`.

use std::io::{self, Write};
use std::net::{SocketAddr, ToSocketAddrs};
use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use kusari_node::PeerAddress;

use crate::cli::prelude::*;
use kusari_grade::{Check, GradeConfig, Grading, Level, Outcome, Part, Report};

/// Play good and bad peers against an implementation of the protocol, and say what holds
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The node to grade, on this machine; give it a chain that may be lost
    #[arg(value_name = "HOST:PORT")]
    target: String,

    /// How long to wait for anything that the node owes
    #[arg(long, value_name = "SECONDS", default_value_t = 5)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=60))]
    patience: u64,

    /// Make only the checks that have this text in their name; may be given many times
    #[arg(long, value_name = "TEXT")]
    only: Vec<String>,

    /// What to demand; without it what the node shows to be
    #[arg(long, value_name = "LEVEL", value_parser = level())]
    level: Option<Level>,

    /// Make the checks in a random order, which this number decides
    #[arg(long, value_name = "NUMBER")]
    shuffle: Option<u64>,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args) -> Result {
    let target = resolve(&args.target)?;
    let patience = Duration::from_secs(args.patience);
    let config = GradeConfig {
        target,
        patience,
        only: args.only.clone(),
        level: args.level,
        shuffle: args.shuffle,
    };
    let grading = Grading::begin(&config)?;
    warn(target);
    if !args.json {
        say(&format!("Grading {target} as original peer, kusari peer and attacker"));
    }
    let mut lines = CheckPrinter { shown: !args.json, part: None };
    let report = grading.run(|check| lines.check(check));
    if args.json {
        let json = serde_json::to_string_pretty(&report)?;
        say(&escaped(&json));
    } else {
        say(&summary(&report));
    }
    let verb = |count: usize| if count == 1 { "check is" } else { "checks are" };
    match (report.broken, report.untried) {
        (0, 0) => Ok(()),
        (0, 1) => Err(failed!("1 check could not be tried; why is shown with it")),
        (0, untried) => Err(failed!("{untried} checks could not be tried; why is shown with each")),
        (broken, _) => Err(failed!(
            "{broken} {} broken; what was sent and what came back is shown for each",
            verb(broken)
        )),
    }
}

/// The names of the levels.
fn level() -> impl clap::builder::TypedValueParser<Value = Level> {
    let names = PossibleValuesParser::new(Level::ALL.map(Level::name));
    names.try_map(|name| {
        Level::ALL.into_iter().find(|level| level.name() == name).ok_or("there is no such level")
    })
}

/// The address on this machine that the words name.
fn resolve(text: &str) -> Result<SocketAddr> {
    let address: PeerAddress = text.parse().map_err(|_| {
        wrong(
            format!("`{text}` is not the address of a node"),
            "write host:port, as in 127.0.0.1:8080",
        )
    })?;
    let found = (address.host(), address.port())
        .to_socket_addrs()
        .map_err(|error| failed!("{text} cannot be resolved ({error}); name an IP address"))?;
    let mut found: Vec<SocketAddr> = found.collect();
    // A name may stand for two addresses of this machine; nodes listen on the older kind first.
    found.sort_by_key(|address| (!address.ip().is_loopback(), address.is_ipv6()));
    found.first().copied().ok_or_else(|| failed!("{text} has no address; name an IP address"))
}

/// Says what was found while the rest is still being looked at.
struct CheckPrinter {
    shown: bool,
    part: Option<Part>,
}

impl CheckPrinter {
    fn check(&mut self, check: &Check) {
        let is_new = self.part.replace(check.part) != Some(check.part);
        if !self.shown {
            return;
        }
        if is_new {
            say(check.part.name());
        }
        let name = check.name;
        match check.outcome {
            Outcome::Holds => say(&format!("  holds   {name}")),
            Outcome::Skipped => {
                let reason = check.reason.unwrap_or_default();
                say(&format!("  skipped {name}: {reason}"));
            }
            Outcome::Broken => {
                say(&format!("  BROKEN  {name}"));
                say_evidence(check);
                say(&format!("          see   protocol, section {}", check.section));
            }
            Outcome::Untried => {
                let reason = check.reason.unwrap_or_default();
                say(&format!("  untried {name}: {reason}"));
                say_evidence(check);
            }
        }
    }
}

fn say_evidence(check: &Check) {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    say(&format!("          sent  {}", Plain(&text(&check.sent))));
    say(&format!("          got   {}", Plain(&text(&check.got))));
}

/// Whoever graded a node by mistake should know why its chain is longer.
fn warn(target: SocketAddr) {
    let _ = writeln!(
        io::stderr(),
        "warning: the chain of {target} gets some hundred blocks that stay; grade a node whose \
         chain may be lost"
    );
}

fn summary(report: &Report) -> String {
    let verb = |count: usize, one: &str, many: &str| {
        format!("{count} {}", if count == 1 { one } else { many })
    };
    format!(
        "{}, {}, {} could not be tried, {} skipped",
        verb(report.holds, "holds", "hold"),
        verb(report.broken, "is broken", "are broken"),
        report.untried,
        report.skipped
    )
}

/// The same JSON, with what a terminal would obey in the texts of strangers as `\u` escapes.
fn escaped(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for character in json.chars() {
        let mut bytes = [0; 4];
        let shown: &str = character.encode_utf8(&mut bytes);
        // Outside of its strings JSON has no such character but the newline.
        if character == '\n' || Plain(shown).to_string() == shown {
            text.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                text.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    text
}

/// Whoever asked may have gone away since; the exit code still tells.
fn say(line: &str) {
    let _ = writeln!(io::stdout(), "{line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_says_the_same_and_holds_nothing_that_a_terminal_obeys() {
        let said = "hi\n\u{9b}31m \u{202e}\u{e0041} é\u{1f517}\u{1b}";
        let json = serde_json::to_string_pretty(&[said]).unwrap();
        let printed = escaped(&json);
        assert_eq!(serde_json::from_str::<[String; 1]>(&printed).unwrap(), [said]);
        assert_eq!(printed, "[\n  \"hi\\n\\u009b31m \\u202e\\udb40\\udc41 é\u{1f517}\\u001b\"\n]");
    }
}
