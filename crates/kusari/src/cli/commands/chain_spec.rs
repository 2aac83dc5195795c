//! `kusari chain-spec`: the file that people hand each other to share a ledger.

use std::io::{self, Write};
use std::path::PathBuf;

use kusari_chain::ledger::{ChainId, ChainSpec};
use serde::Serialize;

use crate::cli::chain_spec;
use crate::cli::prelude::*;
use kusari_files::Readers;

/// Describe a ledger of your own, and see what describes one
#[derive(Debug, clap::Args)]
#[command(disable_help_subcommand = true, arg_required_else_help = false)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: ChainSpecCommand,
}

#[derive(Debug, clap::Subcommand)]
enum ChainSpecCommand {
    New(NewArgs),
    Show(ShowArgs),
    Id(IdArgs),
}

/// Write the file that describes a new chain
#[derive(Debug, clap::Args)]
pub(crate) struct NewArgs {
    /// Its name, for people
    #[arg(long, value_name = "NAME")]
    name: String,

    /// Seconds between two blocks that difficulty aims at [default: 10]
    #[arg(long, value_name = "SECONDS", value_parser = kusari_input::number::<u32>)]
    block_time: Option<u32>,

    /// Seconds behind schedule that make blocks twice as easy [default: 600]
    #[arg(long, value_name = "SECONDS", value_parser = kusari_input::number::<u32>)]
    half_life: Option<u32>,

    /// What finding a block brings, in whole units [default: 1000]
    #[arg(long, value_name = "N", value_parser = kusari_input::number::<u64>)]
    reward: Option<u64>,

    /// Most bytes of transactions and their texts in a block [default: 1048576]
    #[arg(long, value_name = "N", value_parser = kusari_input::number::<u32>)]
    max_body_bytes: Option<u32>,

    /// Most bytes of text in one record [default: 65536]
    #[arg(long, value_name = "N", value_parser = kusari_input::number::<u32>)]
    max_data_bytes: Option<u32>,

    /// Least fee of a transaction, in whole units [default: 0]
    #[arg(long, value_name = "N", value_parser = kusari_input::number::<u64>)]
    min_fee: Option<u64>,

    /// The file to write [default: stdout]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Show every parameter of a chain, and its id
#[derive(Debug, clap::Args)]
struct ShowArgs {
    /// The built-in ledger, or a file
    #[arg(value_name = "ledger|FILE", default_value = chain_spec::LEDGER)]
    chain: String,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Print the id of a chain
#[derive(Debug, clap::Args)]
struct IdArgs {
    /// The built-in ledger, or a file
    #[arg(value_name = "ledger|FILE", default_value = chain_spec::LEDGER)]
    chain: String,
}

pub(crate) fn run(args: &Args) -> Result {
    match &args.what {
        ChainSpecCommand::New(args) => new(args),
        ChainSpecCommand::Show(args) => show(args),
        ChainSpecCommand::Id(args) => print(&spec(&args.chain)?.chain_id().to_string()),
    }
}

fn new(args: &NewArgs) -> Result {
    let mut spec = ChainSpec { name: args.name.clone(), ..ChainSpec::ledger() };
    getrandom::fill(&mut spec.salt.0).map_err(|error| {
        failed!(
            "the operating system gave no random numbers for a salt ({error}); look at its limits"
        )
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
    spec.check().map_err(|error| {
        wrong(error.to_string(), "`kusari chain-spec new --help` lists the options")
    })?;
    // TOML's numbers end at 2^63 - 1, whatever this program could read.
    if i64::try_from(spec.min_fee).is_err() {
        return Err(wrong(
            format!("min_fee is {}, which a file cannot say", spec.min_fee),
            "choose one below 9223372036854775808",
        )
        .into());
    }
    let (text, id) = (chain_spec::write(&spec), spec.chain_id());
    let mut output = Stdout::new();
    match &args.output {
        Some(file) => {
            kusari_files::write_new(file, text.as_bytes(), Readers::Default)?;
            output.line(&format!("Wrote {}", shown(file)))?;
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

fn show(args: &ShowArgs) -> Result {
    let spec = &spec(&args.chain)?;
    let described = Described { id: spec.chain_id(), spec };
    crate::cli::stdout::show(args.json, &described, |Described { id, spec }| {
        format!(
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
        )
    })
}

fn spec(choice: &str) -> Result<ChainSpec> {
    chain_spec::load(choice).map_err(|error| error.to_string())?.ok_or_else(|| {
        wrong("the classic chain has no parameters and no id", "name `ledger`, or a file").into()
    })
}
