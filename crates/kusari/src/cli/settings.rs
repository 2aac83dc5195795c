//! What this run of the program is to do.
//!
//! Owns what the words on the command line and in the configuration file mean, and which of them
//! win. A [`Settings`] is valid. Every error is one sentence with the remedy.

use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;

use kusari_chain::ledger::ChainSpec;
use kusari_miner::Kernel;
use kusari_node::{IpNet, MiningPolicy, PeerAddress};
use tracing_subscriber::filter::LevelFilter;

use super::args::{Args, mistyped};
use super::chain_spec;
use super::data_directories;
use super::failure::{UsageError, wrong};
use super::limits;
use super::witnessing::Witnessing;
use kusari_api::BindAddress;

/// What the machine says of itself.
#[derive(Clone, Debug)]
pub(crate) struct Surroundings {
    /// Where programs keep their data, if that is known.
    pub(crate) data_directory: Option<PathBuf>,
    pub(crate) cores: NonZeroUsize,
}

/// Where the chain is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Storage {
    Directory(PathBuf),
    Memory,
}

/// A valid set of settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    pub(crate) listen: SocketAddr,
    pub(crate) connect: Vec<PeerAddress>,
    pub(crate) storage: Storage,
    pub(crate) http: BindAddress,
    pub(crate) token_file: Option<PathBuf>,
    pub(crate) max_peers: usize,
    pub(crate) max_per_address: usize,
    pub(crate) max_per_group: usize,
    pub(crate) allow: Vec<IpNet>,
    pub(crate) deny: Vec<IpNet>,
    /// `None` where a branch is followed whatever it takes back.
    pub(crate) max_reorg_depth: Option<u32>,
    /// Bytes that the store may take, if there is a bound.
    pub(crate) max_store: Option<u64>,
    pub(crate) miner_threads: NonZeroUsize,
    pub(crate) miner_kernel: Option<Kernel>,
    /// The ledger to keep; `None` is the classic chain.
    pub(crate) ledger: Option<Arc<ChainSpec>>,
    pub(crate) mining: MiningPolicy,
    pub(crate) passphrase_file: Option<PathBuf>,
    /// Whether drafts are signed without having heard from a peer.
    pub(crate) offline: bool,
    pub(crate) witnessing: Witnessing,
    pub(crate) journal: Option<PathBuf>,
    pub(crate) quiet: bool,
    pub(crate) log: LevelFilter,
}

impl Settings {
    /// Puts the command line over the file.
    pub(crate) fn new(
        args: Args,
        file: Args,
        surroundings: &Surroundings,
    ) -> Result<Self, UsageError> {
        let args = args.over(file);
        let listen = listen(&args)?;
        let ledger = chain(args.chain.as_deref())?.map(Arc::new);
        let is_ledger = ledger.is_some();
        let mining = mining(args.mine.as_deref(), is_ledger)?;
        if args.passphrase_file.is_some() && !is_ledger {
            return Err(wrong("--passphrase-file is for the wallet of a ledger", NEEDS_LEDGER));
        }
        if args.offline && !is_ledger {
            return Err(wrong("--offline is for the wallet of a ledger", NEEDS_LEDGER));
        }
        let storage =
            storage(args.data_dir, args.ephemeral, listen, ledger.as_deref(), surroundings)?;
        let is_kept = matches!(storage, Storage::Directory(_));
        let witnessing =
            Witnessing::new(args.witness.as_deref(), &args.witness_key, is_ledger, is_kept)?;
        let max_peers = limits::max_peers(args.max_peers)?;
        Ok(Self {
            listen,
            connect: connect(&args.peers, max_peers)?,
            storage,
            http: http(args.http.as_deref())?,
            token_file: args.token_file,
            max_peers,
            max_per_address: limits::max_per_address(args.max_per_address)?,
            max_per_group: limits::max_per_group(args.max_per_group)?,
            allow: limits::networks("allow", &args.allow)?,
            deny: limits::networks("deny", &args.deny)?,
            max_reorg_depth: limits::max_reorg_depth(args.max_reorg_depth.as_deref(), is_ledger)?,
            max_store: limits::max_store(args.max_store.as_deref())?,
            miner_threads: limits::miner_threads(args.miner_threads, surroundings.cores)?,
            miner_kernel: args.miner_kernel.as_deref().map(kernel).transpose()?,
            ledger,
            mining,
            passphrase_file: args.passphrase_file,
            offline: args.offline,
            witnessing,
            journal: journal(args.journal)?,
            quiet: args.quiet,
            log: level(args.log.as_deref().unwrap_or("warn"))?,
        })
    }
}

fn listen(args: &Args) -> Result<SocketAddr, UsageError> {
    if let Some(port) = &args.port {
        return self::port(port).map_err(|error| mistyped(port).unwrap_or(error));
    }
    let none = || wrong("no port to listen on is given", "say which, as in `kusari --listen 8080`");
    listen_address(args.listen.as_deref().ok_or_else(none)?)
}

fn listen_address(text: &str) -> Result<SocketAddr, UsageError> {
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return port(text);
    }
    text.parse().map_err(|_| {
        wrong(
            format!("`{text}` is not an address to listen on"),
            "write a port as in 8080, or an IP address and a port as in 127.0.0.1:8080 or [::]:8080",
        )
    })
}

/// A port alone means all interfaces, as it always did.
fn port(text: &str) -> Result<SocketAddr, UsageError> {
    match text.parse() {
        Ok(port) => Ok(SocketAddr::from((Ipv4Addr::UNSPECIFIED, port))),
        Err(_) => Err(wrong(
            format!("`{text}` is not a port"),
            "ports are numbers from 1 to 65535, as in `kusari --listen 8080`",
        )),
    }
}

fn http(text: Option<&str>) -> Result<BindAddress, UsageError> {
    let Some(text) = text else { return Ok(BindAddress::Usual) };
    if text == "off" {
        return Ok(BindAddress::Off);
    }
    let port = text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<u16>().ok());
    let address = match port {
        Some(port) => port.map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port))),
        None => text.parse().ok(),
    };
    match address {
        Some(address) if address.ip().is_loopback() => Ok(BindAddress::At(address)),
        Some(_) => Err(wrong(
            format!(
                "`{text}` can be reached from other machines, and the local API is for this one"
            ),
            "write 127.0.0.1:7878 or [::1]:7878; from elsewhere, use a tunnel such as ssh -L",
        )),
        None => Err(wrong(
            format!("`{text}` is no place for the local API"),
            "write a port, an address as in 127.0.0.1:7878 or [::1]:7878, or off",
        )),
    }
}

fn connect(given: &[String], max_peers: usize) -> Result<Vec<PeerAddress>, UsageError> {
    // The node would leave some out without a word.
    if given.len() > max_peers {
        return Err(wrong(
            format!("{} peers to connect to are more than {max_peers} at once", given.len()),
            "name fewer, or raise --max-peers",
        ));
    }
    let address = |text: &String| {
        text.parse().map_err(|_| {
            wrong(
                format!("`{text}` is not a peer's address"),
                "write host:port, as in 127.0.0.1:8080, [::1]:8080 or localhost:8080",
            )
        })
    };
    given.iter().map(address).collect()
}

fn storage(
    directory: Option<PathBuf>,
    ephemeral: bool,
    listen: SocketAddr,
    ledger: Option<&ChainSpec>,
    surroundings: &Surroundings,
) -> Result<Storage, UsageError> {
    match (directory, ephemeral) {
        (Some(_), true) => Err(wrong(
            "--data-dir keeps the chain and --ephemeral forgets it",
            "leave out one of them",
        )),
        (Some(directory), false) if directory.as_os_str().is_empty() => Err(wrong(
            "the name of the data directory is empty",
            "name a directory, as in `--data-dir ./node1`",
        )),
        (Some(directory), false) => Ok(Storage::Directory(directory)),
        (None, true) => Ok(Storage::Memory),
        (None, false) if listen.port() == 0 => Err(wrong(
            "with port 0 the port, and so the place of the chain, is another one at each start",
            "add --data-dir DIRECTORY to keep the chain, or --ephemeral to forget it",
        )),
        (None, false) => match &surroundings.data_directory {
            Some(data) => Ok(Storage::Directory(data_directories::chain_directory(
                data,
                ledger,
                listen.port(),
            ))),
            None => Err(wrong(
                "this user has no home directory to keep the chain in",
                "add --data-dir DIRECTORY to keep it, or --ephemeral to forget it",
            )),
        },
    }
}

fn journal(file: Option<PathBuf>) -> Result<Option<PathBuf>, UsageError> {
    match file {
        Some(file) if file.file_name().is_none() => Err(wrong(
            "the journal is to be written to no file",
            "name one, as in `--journal ./kusari.journal`",
        )),
        file => Ok(file),
    }
}

/// The chain that is named; `None` is the classic one.
pub(crate) fn chain(choice: Option<&str>) -> Result<Option<ChainSpec>, UsageError> {
    chain_spec::load(choice.unwrap_or(kusari_chain::params::CLASSIC_CHAIN))
}

/// What to do about an option that only a ledger has.
pub(super) const NEEDS_LEDGER: &str = "add `--chain ledger` or a chain spec, or leave it out";

/// When a node of a ledger mines.
fn mining(text: Option<&str>, is_ledger: bool) -> Result<MiningPolicy, UsageError> {
    let Some(text) = text else { return Ok(MiningPolicy::OnDemand) };
    if !is_ledger {
        return Err(wrong(
            "--mine is for a ledger: a classic node mines what is typed",
            NEEDS_LEDGER,
        ));
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    let seconds = |text: &str| text.parse().ok().filter(|seconds| (1..=86_400).contains(seconds));
    let policy = match words.as_slice() {
        ["on-demand"] => Some(MiningPolicy::OnDemand),
        ["always"] => Some(MiningPolicy::Always),
        ["off"] => Some(MiningPolicy::Off),
        ["interval", number] => seconds(number).map(|seconds| MiningPolicy::Interval { seconds }),
        _ => None,
    };
    policy.ok_or_else(|| {
        wrong(
            format!("`{text}` does not say when to mine"),
            "write on-demand, always, off, or 'interval SECONDS' with 1 to 86400",
        )
    })
}

fn kernel(name: &str) -> Result<Kernel, UsageError> {
    Kernel::named(name).ok_or_else(|| {
        let names: Vec<&str> = Kernel::available().map(Kernel::name).collect();
        wrong(
            format!("`{name}` is no miner kernel of this machine"),
            format!("choose one of {}, or leave it out for the fastest", names.join(", ")),
        )
    })
}

fn level(text: &str) -> Result<LevelFilter, UsageError> {
    let levels = ["off", "error", "warn", "info", "debug", "trace"];
    let level = levels.contains(&text).then(|| text.parse().ok()).flatten();
    level.ok_or_else(|| {
        wrong(
            format!("`{text}` is not a log level"),
            "choose off, error, warn, info, debug or trace",
        )
    })
}
