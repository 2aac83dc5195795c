//! `kusari chain-spec`: the file that people hand each other to share a ledger.

use std::io::{self, Write};
use std::path::PathBuf;

use kusari_chain::ledger::{ChainId, ChainSpec};
use serde::Serialize;

use crate::chain_spec::{self, SpecFileError};
use crate::cli::escape::{Plain, grouped};
use crate::cli::failure::Failure;
use crate::cli::settings::UsageError;
use crate::cli::stdout::Stdout;
use kusari_files::Readers;

/// Describe a ledger of your own, and see what describes one
#[derive(Debug, clap::Args)]
#[command(disable_help_subcommand = true, arg_required_else_help = false)]
pub(crate) struct ChainSpecArgs {
    #[command(subcommand)]
    pub(crate) what: ChainSpecCommand,
}

#[derive(Debug, clap::Subcommand)]
pub(crate) enum ChainSpecCommand {
    New(NewArgs),
    Show(ShowArgs),
    Id(IdArgs),
}

/// Write the file that describes a new chain
#[derive(Debug, clap::Args)]
pub(crate) struct NewArgs {
    /// Its name, for people
    #[arg(long, value_name = "NAME")]
    pub(crate) name: String,

    /// Seconds between two blocks that difficulty aims at [default: 10]
    #[arg(long, value_name = "SECONDS")]
    pub(crate) block_time: Option<u32>,

    /// Seconds behind schedule that make blocks twice as easy [default: 600]
    #[arg(long, value_name = "SECONDS")]
    pub(crate) half_life: Option<u32>,

    /// What finding a block brings, in whole units [default: 1000]
    #[arg(long, value_name = "N")]
    pub(crate) reward: Option<u64>,

    /// Most bytes of transactions and their texts in a block [default: 1048576]
    #[arg(long, value_name = "N")]
    pub(crate) max_body_bytes: Option<u32>,

    /// Most bytes of text in one record [default: 65536]
    #[arg(long, value_name = "N")]
    pub(crate) max_data_bytes: Option<u32>,

    /// Least fee of a transaction, in whole units [default: 0]
    #[arg(long, value_name = "N")]
    pub(crate) min_fee: Option<u64>,

    /// The file to write [default: stdout]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

/// Show every parameter of a chain, and its id
#[derive(Debug, clap::Args)]
pub(crate) struct ShowArgs {
    /// The built-in ledger, or a file
    #[arg(value_name = "ledger|FILE", default_value = chain_spec::LEDGER)]
    pub(crate) chain: String,

    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Print the id of a chain
#[derive(Debug, clap::Args)]
pub(crate) struct IdArgs {
    /// The built-in ledger, or a file
    #[arg(value_name = "ledger|FILE", default_value = chain_spec::LEDGER)]
    pub(crate) chain: String,
}

pub(crate) fn run(args: &ChainSpecArgs) -> Result<(), Failure> {
    match &args.what {
        ChainSpecCommand::New(args) => new(args),
        ChainSpecCommand::Show(args) => show(args),
        ChainSpecCommand::Id(args) => {
            let mut output = Stdout::new();
            output.line(&spec(&args.chain)?.chain_id().to_string())?;
            output.flush()
        }
    }
}

fn new(args: &NewArgs) -> Result<(), Failure> {
    let mut spec = ChainSpec { name: args.name.clone(), ..ChainSpec::ledger() };
    getrandom::fill(&mut spec.salt.0).map_err(|error| {
        Failure::failed(format!(
            "the operating system gave no random numbers for a salt ({error}); look at its limits"
        ))
    })?;
    // A long block time alone is no contradiction: the half-life follows it, as far as it must.
    spec.block_time_s = args.block_time.unwrap_or(spec.block_time_s);
    spec.half_life_s = args.half_life.unwrap_or(spec.half_life_s.max(spec.block_time_s));
    spec.reward = args.reward.unwrap_or(spec.reward);
    spec.max_body_bytes = args.max_body_bytes.unwrap_or(spec.max_body_bytes);
    // Likewise the longest text follows a small block.
    let room = spec.max_body_bytes.saturating_sub(256);
    spec.max_data_bytes = args.max_data_bytes.unwrap_or(spec.max_data_bytes.min(room));
    spec.min_fee = args.min_fee.unwrap_or(spec.min_fee);
    spec.check().map_err(|error| UsageError {
        cause: error.to_string(),
        remedy: String::from("`kusari chain-spec new --help` lists the options"),
    })?;
    // TOML's numbers end at 2^63 - 1, whatever this program could read.
    if i64::try_from(spec.min_fee).is_err() {
        return Err(Failure::Usage(UsageError {
            cause: format!("min_fee is {}, which a file cannot say", spec.min_fee),
            remedy: String::from("choose one below 9223372036854775808"),
        }));
    }
    let (text, id) = (chain_spec::write(&spec), spec.chain_id());
    let mut output = Stdout::new();
    match &args.output {
        Some(file) => {
            kusari_files::write_new(file, text.as_bytes(), Readers::Default)?;
            output.line(&format!("Wrote {}", Plain(&file.display().to_string())))?;
            output.line(&format!("Id: {id}"))?;
        }
        None => {
            output.bytes(text.as_bytes())?;
            // Stdout holds the file alone. Where stderr is closed, the id can be had from the file.
            let _ = writeln!(io::stderr(), "Id: {id}");
        }
    }
    output.flush()
}

/// What `show --json` prints.
#[derive(Serialize)]
struct Described<'a> {
    id: ChainId,
    #[serde(flatten)]
    spec: &'a ChainSpec,
}

fn show(args: &ShowArgs) -> Result<(), Failure> {
    let spec = spec(&args.chain)?;
    let id = spec.chain_id();
    let mut output = Stdout::new();
    match args.json {
        true => output.json(&Described { id, spec: &spec })?,
        false => output.line(&format!(
            "Name      : {}\n\
             Id        : {id}\n\
             Salt      : {}\n\
             Block time: {} s\n\
             Half-life : {} s\n\
             Reward    : {}\n\
             Block     : at most {} bytes\n\
             Record    : at most {} bytes of text\n\
             Fee       : at least {}",
            Plain(&spec.name),
            spec.salt,
            grouped(spec.block_time_s),
            grouped(spec.half_life_s),
            grouped(spec.reward),
            grouped(spec.max_body_bytes),
            grouped(spec.max_data_bytes),
            grouped(spec.min_fee),
        ))?,
    }
    output.flush()
}

fn spec(choice: &str) -> Result<ChainSpec, Failure> {
    chain_spec::load(choice)?.ok_or_else(|| {
        Failure::Usage(UsageError {
            cause: String::from("the classic chain has no parameters and no id"),
            remedy: String::from("name `ledger`, or a file"),
        })
    })
}

impl From<SpecFileError> for Failure {
    fn from(error: SpecFileError) -> Self {
        Self::failed(error)
    }
}
