//! The command line.
//!
//! Owns its form and its help. What the words on it mean, together with a configuration file, is up
//! to [`super::settings`].

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::{PathBufValueParser, TypedValueParser};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory, FromArgMatches, Parser, ValueHint};
use serde::Deserialize;

use super::commands::Command;
use super::config_file;
use super::data_directories;
use super::failure::{UsageError, wrong};
use super::suggestions::similar;

const ABOUT: &str =
    "A peer-to-peer ledger: every node keeps, checks and passes on one chain of blocks";

/// What is printed where nothing is asked for.
const FIRST_STEPS: &str = "\
kusari is a peer-to-peer ledger in one program. People run it as equal peers: what is written on one
node is mined into a block, passed on, and stands in the same tamper-evident chain on every node.
There is no server and no account. To begin:

  kusari --listen 8080     start a node, for peers on all interfaces; what you type there is recorded
  kusari say 'hello'       record a line, from another terminal
  kusari chain             show the blocks

Others join with `kusari --listen 8080 --connect HOST:8080`, where HOST is this machine. Signed records
and payments are on a ledger: `kusari --listen 8080 --chain ledger`, then `kusari record 'hello'`.

`kusari --help` lists every command and option, and `kusari COMMAND --help` explains one.
";

const LONG_HELP: &str = "\
Examples:
  kusari --listen 8080
      A first node, for peers on all interfaces.
  kusari --listen 8081 --connect 127.0.0.1:8080
      A second one that joins it. The older form `kusari 8081 127.0.0.1:8080` does the same.
  kusari --listen 127.0.0.1:0 --ephemeral
      A node to try things on: a free port, nothing is kept.
  journalctl -f -o cat | kusari --listen 8080 --quiet
      Every line of a pipe becomes the data of a block.
  printf 'GET_CHAIN\\n' | nc -N 127.0.0.1 8080
      What a node has, as its peers see it.
  kusari --listen 8080 --chain ledger
      A node of the ledger: what is typed is signed, and anybody can be paid.
  kusari say 'hello'
      Records a line by the node that runs, or in its store; `kusari status` and `kusari chain` show
      what is there.

At a terminal there is a prompt: a line that you type is mined into a block; /help lists the commands.

A configuration file says the same as the options, by the same names; options win over it:
  listen = \"[::]:8080\"
  connect = [\"node1.example.org:8080\", \"[2001:db8::1]:8080\"]
  data-dir = \"/var/lib/kusari\"
  max-peers = 64

Exit codes: 0 stopped as asked, 1 failed, 2 the command line or the configuration is wrong.
The environment variable NO_COLOR, set to anything, turns colours off.";

/// Everything on the command line, or in a configuration file, not yet understood.
#[derive(Debug, Default, Deserialize, Parser)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[command(name = "kusari", version, about = ABOUT, after_long_help = LONG_HELP)]
#[command(args_conflicts_with_subcommands = true, disable_help_subcommand = true)]
#[command(
    override_usage = "kusari --listen ADDRESS [OPTIONS]\n       kusari PORT [HOST:PORT]...\n       kusari COMMAND"
)]
pub(crate) struct Args {
    #[command(subcommand)]
    #[serde(skip)]
    pub(crate) command: Option<Command>,

    /// Port to listen on: the older form of --listen PORT
    #[arg(value_name = "PORT")]
    #[serde(skip)]
    pub(crate) port: Option<String>,

    /// Peers to connect to: the older form of --connect
    #[arg(value_name = "HOST:PORT")]
    #[serde(skip)]
    pub(crate) peers: Vec<String>,

    /// Where to take connections: 8080 (all interfaces), 127.0.0.1:8080 or [::]:8080
    #[arg(long, value_name = "ADDRESS")]
    #[serde(deserialize_with = "config_file::address")]
    pub(crate) listen: Option<String>,

    /// Peer to keep connected; may be given many times
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) connect: Vec<String>,

    /// Directory that keeps the chain [default: kusari/classic-PORT where this system keeps data]
    #[arg(long, value_name = "DIRECTORY")]
    pub(crate) data_dir: Option<PathBuf>,

    /// Keep everything in memory and forget it at the end
    #[arg(long)]
    pub(crate) ephemeral: bool,

    /// Where the local API answers; `off` turns it off [default: 127.0.0.1:7878, or a free port]
    #[arg(long, value_name = "ADDRESS")]
    #[serde(deserialize_with = "config_file::address")]
    pub(crate) http: Option<String>,

    /// File with the token that the local API asks for; it is written where it is missing
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,

    /// Record all that this node is told in a file, for `kusari replay` and bug reports
    #[arg(long, value_name = "FILE")]
    pub(crate) journal: Option<PathBuf>,

    /// File with settings, by the names of these options
    #[arg(long, value_name = "FILE")]
    #[serde(skip)]
    pub(crate) config: Option<PathBuf>,

    /// Most peers connected at once [default: 64]
    #[arg(long, value_name = "N")]
    pub(crate) max_peers: Option<u64>,

    /// Most peers that connect from one address, or from one /64 of IPv6; this machine is exempt
    /// [default: 24]
    #[arg(long, value_name = "N")]
    pub(crate) max_per_address: Option<u64>,

    /// Most peers that connect from one /16 of IPv4 or /32 of IPv6; a LAN is exempt [default: 32]
    #[arg(long, value_name = "N")]
    pub(crate) max_per_group: Option<u64>,

    /// Network whose hosts alone may connect, as in 192.168.0.0/16; may be given many times [default: all]
    #[arg(long, value_name = "NETWORK")]
    pub(crate) allow: Vec<String>,

    /// Network whose hosts may not connect, whatever is allowed; may be given many times
    #[arg(long, value_name = "NETWORK")]
    pub(crate) deny: Vec<String>,

    /// Most blocks of its chain that another branch may take back without `kusari accept-branch`;
    /// `none` for any number [default: 288 on a ledger, none on the classic chain]
    #[arg(long, value_name = "N|none")]
    #[serde(deserialize_with = "config_file::depth")]
    pub(crate) max_reorg_depth: Option<String>,

    /// Most that the store may take on the disk, as in `500MiB` or `2GiB`, before nothing but blocks is
    /// taken; `none` for no bound [default: 10GiB]
    #[arg(long, value_name = "SIZE|none")]
    pub(crate) max_store: Option<String>,

    /// Threads that mine [default: as many as there are cores]
    #[arg(long, value_name = "N")]
    pub(crate) miner_threads: Option<u64>,

    /// How they try nonces, by a name from `kusari bench mine` [default: the fastest here]
    #[arg(long, value_name = "NAME")]
    pub(crate) miner_kernel: Option<String>,

    /// Which chain to keep: classic, ledger, or the file of a chain spec [default: classic]
    #[arg(long, value_name = "classic|ledger|FILE")]
    pub(crate) chain: Option<String>,

    /// When a node of a ledger mines: on-demand, always, off or 'interval SECONDS' [default:
    /// on-demand]
    #[arg(long, value_name = "POLICY")]
    pub(crate) mine: Option<String>,

    /// File with the passphrase of the wallet that signs on a ledger
    #[arg(long, value_name = "FILE")]
    pub(crate) passphrase_file: Option<PathBuf>,

    /// Sign with the wallet of a ledger without having caught up with a peer: no other machine uses
    /// this wallet
    #[arg(long)]
    pub(crate) offline: bool,

    /// Whether a node of a ledger says which blocks it sees, as a witness: on or off [default: on,
    /// and off with --ephemeral]
    #[arg(long, value_name = "on|off")]
    pub(crate) witness: Option<String>,

    /// Key of a witness whose word counts here, as `kusari witnesses` shows it; may be given many
    /// times
    #[arg(long, value_name = "KEY")]
    pub(crate) witness_key: Vec<String>,

    /// Print only the address, receipts and warnings
    #[arg(long)]
    pub(crate) quiet: bool,

    /// Diagnostics on stderr: off, error, warn, info, debug or trace [default: warn]
    #[arg(long, value_name = "LEVEL")]
    pub(crate) log: Option<String>,

    /// Run a suite of conformance/ against this program; `all` runs every one
    #[arg(long, value_name = "NAME")]
    #[serde(skip)]
    pub(crate) conformance: Option<String>,

    /// With --conformance: rewrite what is expected
    #[arg(long, requires = "conformance")]
    #[serde(skip)]
    pub(crate) update: bool,
}

impl Args {
    /// The command line, and what a file says where the line says nothing.
    pub(crate) fn over(mut self, file: Self) -> Self {
        macro_rules! fill {
            ($($option:ident)+) => { $(self.$option = self.$option.or(file.$option);)+ };
        }
        // The first word alone is a port in the older form. Where --listen has said it already, it is a
        // peer like the words after it, as it is to an original node.
        if self.listen.is_some() {
            self.peers.splice(0..0, self.port.take());
        }
        self.peers.append(&mut self.connect);
        if self.peers.is_empty() {
            self.peers = file.connect;
        }
        // Either of the two on the command line settles the question.
        if self.data_dir.is_none() && !self.ephemeral {
            (self.data_dir, self.ephemeral) = (file.data_dir, file.ephemeral);
        }
        for (of_line, of_file) in [
            (&mut self.witness_key, file.witness_key),
            (&mut self.allow, file.allow),
            (&mut self.deny, file.deny),
        ] {
            if of_line.is_empty() {
                *of_line = of_file;
            }
        }
        self.offline |= file.offline;
        self.quiet |= file.quiet;
        fill!(
            listen http token_file journal max_peers max_per_address max_per_group max_reorg_depth
            max_store miner_threads miner_kernel chain mine passphrase_file witness log
        );
        self
    }
}

/// What a command line asks for.
#[derive(Debug)]
pub(crate) enum Asked {
    Run(Box<Args>),
    /// Help or version.
    Print(String),
}

/// Reads a command line, the program's name first.
pub(crate) fn read(words: impl IntoIterator<Item = OsString>) -> Result<Asked, UsageError> {
    let words: Vec<OsString> = words.into_iter().collect();
    if words.len() < 2 {
        return Ok(Asked::Print(String::from(FIRST_STEPS)));
    }
    let words = with_flags(words);
    match parse(&words) {
        Ok(args) => Ok(Asked::Run(Box::new(args))),
        Err(error) => match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
                Ok(Asked::Print(error.render().to_string()))
            }
            // An option that only a command has, after a word that is nearly one.
            ErrorKind::UnknownArgument => Err(words
                .get(1)
                .and_then(|word| mistyped(word.to_str()?))
                .unwrap_or_else(|| in_one_sentence(&error))),
            _ => Err(in_one_sentence(&error)),
        },
    }
}

fn parse(words: &[OsString]) -> Result<Args, clap::Error> {
    let mut program = with_home(Args::command());
    let mut matches = program.try_get_matches_from_mut(words)?;
    Args::from_arg_matches_mut(&mut matches).map_err(|error| error.format(&mut program))
}

/// Has every path of a command line that begins with `~` be in the user's home directory.
fn with_home(command: clap::Command) -> clap::Command {
    let path = || PathBufValueParser::new().map(data_directories::at_home);
    command
        .mut_args(|arg| match arg.get_value_hint() {
            ValueHint::AnyPath => arg.value_parser(path()),
            _ => arg,
        })
        .mut_subcommands(with_home)
}

/// Puts the flag in the place of a word that asks for it, where a command stands and no text may:
/// `help`, also before or behind a command, and `version`.
fn with_flags(mut words: Vec<OsString>) -> Vec<OsString> {
    let program = Args::command();
    let (mut level, mut at) = (&program, 1);
    while let Some(below) = words.get(at).and_then(|word| level.find_subcommand(word)) {
        (level, at) = (below, at + 1);
    }
    let word = words.get(at).and_then(|word| word.to_str()).unwrap_or_default();
    match word {
        "help" | "-?" | "/?" if level.has_subcommands() => {
            words.remove(at);
            words.push("--help".into());
        }
        "version" if at == 1 && words.len() == 2 => words[1] = "--version".into(),
        _ => {}
    }
    words
}

/// The error for a word that stands where a command may stand, and is nearly one.
pub(crate) fn mistyped(word: &str) -> Option<UsageError> {
    let program = Args::command();
    let name = similar(word, program.get_subcommands().map(clap::Command::get_name))?;
    // A command that is written rightly was understood as one.
    (name != word).then(|| {
        wrong(
            format!("`{word}` is not a command, nor a port"),
            format!("did you mean `kusari {name}`? `kusari --help` lists what there is"),
        )
    })
}

/// The parser writes a page; its first line is the cause.
fn in_one_sentence(error: &clap::Error) -> UsageError {
    let page = error.render().to_string();
    if let Some(ContextValue::Strings(names)) = error.get(ContextKind::InvalidArg)
        && error.kind() == ErrorKind::MissingRequiredArgument
    {
        let usage = page.lines().find_map(|line| line.strip_prefix("Usage: "));
        return wrong(
            format!("{} is missing", names.join(" and ")),
            format!("write it so: {}", usage.unwrap_or("`kusari --help` lists what there is")),
        );
    }
    if let Some(ContextValue::String(command)) = error.get(ContextKind::InvalidSubcommand)
        && let Some(ContextValue::Strings(below)) = error.get(ContextKind::ValidSubcommand)
        && error.kind() == ErrorKind::MissingSubcommand
    {
        let example = below.first().map_or("--help", String::as_str);
        return wrong(
            format!("`{command}` does not say what"),
            format!("write it so: {command} {example}; `{command} --help` lists what there is"),
        );
    }
    let first = page.lines().next().unwrap_or_default();
    let cause = first.strip_prefix("error: ").unwrap_or(first).to_owned();
    let similar = match error.get(ContextKind::SuggestedArg) {
        Some(ContextValue::String(name)) => Some(name),
        _ => match error.get(ContextKind::SuggestedSubcommand) {
            Some(ContextValue::Strings(names)) => names.first(),
            _ => None,
        },
    };
    let remedy = match similar {
        Some(name) => format!("did you mean {name}? `kusari --help` lists what there is"),
        None => String::from("`kusari --help` lists what there is"),
    };
    UsageError { cause, remedy }
}

#[cfg(test)]
#[path = "args_tests.rs"]
mod tests;
