//! `kusari bench all`.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Map, Value};

use crate::cli::prelude::*;

/// The measurements, in their order. Each is a process of its own, as a person would run it.
const PARTS: [&str; 6] = ["mine", "relay", "sync", "chain", "ledger", "records"];

/// Most bytes of a file of figures.
const MAX_BYTES: usize = 1 << 20;

/// Take every measurement, one after another, as one set of figures
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Figures that another version wrote with `--json`: each stands beside the one of now
    #[arg(long, value_name = "FILE")]
    than: Option<PathBuf>,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args) -> Result {
    let earlier = args.than.as_deref().map(read).transpose()?;
    let mut figures = Map::new();
    figures.insert("program".into(), env!("CARGO_PKG_VERSION").into());
    figures.insert("processor".into(), processor().into());
    let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    figures.insert("cores".into(), cores.into());
    for part in PARTS {
        figures.insert(part.into(), measured(part)?);
    }
    show(args.json, &Value::Object(figures), |figures| words(figures, earlier.as_ref()))
}

fn read(file: &Path) -> Result<Value> {
    let unusable =
        |why: String| failed!("{} has no figures of `kusari bench all --json`: {why}", shown(file));
    let bytes = kusari_files::read(file, MAX_BYTES).map_err(|error| unusable(error.to_string()))?;
    serde_json::from_slice(&bytes).map_err(|error| unusable(error.to_string()))
}

fn measured(part: &str) -> Result<Value> {
    let mut command = Command::new(std::env::current_exe()?);
    let output = command.args(["bench", part, "--json"]).stderr(Stdio::inherit()).output()?;
    let figures = output.status.success().then(|| serde_json::from_slice(&output.stdout).ok());
    figures
        .flatten()
        .ok_or_else(|| failed!("`kusari bench {part}` came to nothing; run it alone to see why"))
}

/// What the system calls the processor; empty where it does not say.
fn processor() -> String {
    let facts = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = facts.lines().find_map(|line| line.strip_prefix("model name"));
    name.and_then(|rest| rest.split_once(": ")).map(|(_, name)| name.to_owned()).unwrap_or_default()
}

/// A line for each figure, with the earlier one and how many times it this one is.
fn words(figures: &Value, earlier: Option<&Value>) -> String {
    let (mut now, mut before) = (Vec::new(), Vec::new());
    leaves("", figures, &mut now);
    if let Some(earlier) = earlier {
        leaves("", earlier, &mut before);
    }
    let lines = now.iter().map(|(name, figure)| {
        let former = before.iter().find(|(other, _)| other == name);
        match former {
            Some((_, former)) => {
                format!("{name:<40} {former:>16.3} {figure:>16.3} {:>8.3}", figure / former)
            }
            None => format!("{name:<40} {figure:>16.3}"),
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Every number below a value, by the names that lead to it.
fn leaves(name: &str, value: &Value, found: &mut Vec<(String, f64)>) {
    let named =
        |part: &str| if name.is_empty() { part.to_owned() } else { format!("{name}.{part}") };
    match value {
        Value::Number(number) => {
            found.extend(number.as_f64().map(|figure| (name.to_owned(), figure)))
        }
        Value::Object(parts) => {
            parts.iter().for_each(|(part, value)| leaves(&named(part), value, found));
        }
        Value::Array(parts) => {
            parts
                .iter()
                .zip(0..)
                .for_each(|(value, at)| leaves(&named(&at.to_string()), value, found));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_figure_stands_beside_the_one_of_before() {
        let now = json!({"program": "2", "mine": {"rate": 300}, "records": [{"ms": 0.5}]});
        let before = json!({"program": "1", "mine": {"rate": 200, "gone": 1}});
        let lines = words(&now, Some(&before));
        let lines: Vec<Vec<&str>> =
            lines.lines().map(|line| line.split_whitespace().collect()).collect();
        let expected =
            [vec!["mine.rate", "200.000", "300.000", "1.500"], vec!["records.0.ms", "0.500"]];
        assert_eq!(lines, expected);
    }
}
