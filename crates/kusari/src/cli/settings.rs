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
use kusari_node::{MiningPolicy, PeerAddress};
use tracing_subscriber::filter::LevelFilter;

use super::args::{Args, mistyped};
use super::bounds;
use super::config_file::{ConfigFile, Depth, Listen};
use super::places;
use super::witnessing::Witnessing;
use crate::chain_spec;
use kusari_api::BindAddress;

/// Why the program cannot begin as it was told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{cause}; {remedy}")]
pub(crate) struct UsageError {
    pub(crate) cause: String,
    pub(crate) remedy: String,
}

pub(super) fn wrong(cause: impl Into<String>, remedy: impl Into<String>) -> UsageError {
    UsageError { cause: cause.into(), remedy: remedy.into() }
}

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
        mut args: Args,
        file: ConfigFile,
        surroundings: &Surroundings,
    ) -> Result<Self, UsageError> {
        take_port_for_a_peer(&mut args);
        let listen = listen(&args, file.listen)?;
        let ledger = chain(args.chain, file.chain)?.map(Arc::new);
        let mining = mining(args.mine.or(file.mine), ledger.is_some())?;
        let passphrase_file = args.passphrase_file.or(file.passphrase_file);
        if passphrase_file.is_some() && ledger.is_none() {
            return Err(wrong("--passphrase-file is for the wallet of a ledger", NEEDS_LEDGER));
        }
        let offline = args.offline || file.offline.unwrap_or(false);
        if offline && ledger.is_none() {
            return Err(wrong("--offline is for the wallet of a ledger", NEEDS_LEDGER));
        }
        let from_args = (args.data_dir, args.ephemeral);
        let from_file = (file.data_dir, file.ephemeral.unwrap_or(false));
        let storage = storage(from_args, from_file, (listen, ledger.as_deref()), surroundings)?;
        let witness = args.witness.or(file.witness);
        let keys = match args.witness_key.is_empty() {
            true => file.witness_key.unwrap_or_default(),
            false => args.witness_key,
        };
        let is_kept = matches!(storage, Storage::Directory(_));
        let witnessing = Witnessing::new(witness.as_deref(), &keys, ledger.is_some(), is_kept)?;
        let max_peers = bounds::max_peers(args.max_peers.or(file.max_peers))?;
        let max_per_address =
            bounds::max_per_address(args.max_per_address.or(file.max_per_address))?;
        let max_per_group = bounds::max_per_group(args.max_per_group.or(file.max_per_group))?;
        let depth = args.max_reorg_depth.or(file.max_reorg_depth.map(Depth::into_text));
        let max_reorg_depth = bounds::max_reorg_depth(depth.as_deref(), ledger.is_some())?;
        let connect = connect(args.peers, args.connect, file.connect, max_peers)?;
        let miner_threads = args.miner_threads.or(file.miner_threads);
        let miner_threads = bounds::miner_threads(miner_threads, surroundings.cores)?;
        Ok(Self {
            listen,
            connect,
            storage,
            http: http(args.http, file.http)?,
            token_file: args.token_file.or(file.token_file),
            max_peers,
            max_per_address,
            max_per_group,
            max_reorg_depth,
            max_store: bounds::max_store(args.max_store.or(file.max_store).as_deref())?,
            miner_threads,
            miner_kernel: args.miner_kernel.or(file.miner_kernel).map(kernel).transpose()?,
            ledger,
            mining,
            passphrase_file,
            offline,
            witnessing,
            journal: journal(args.journal.or(file.journal))?,
            quiet: args.quiet || file.quiet.unwrap_or(false),
            log: level(args.log.or(file.log).as_deref().unwrap_or("warn"))?,
        })
    }
}

/// The first word alone is a port in the older form. Where --listen has said it already, it is a
/// peer like the words after it, as it is to an original node.
fn take_port_for_a_peer(args: &mut Args) {
    if args.listen.is_some() {
        args.peers.splice(0..0, args.port.take());
    }
}

fn listen(args: &Args, file: Option<Listen>) -> Result<SocketAddr, UsageError> {
    if let Some(port) = &args.port {
        return self::port(port).map_err(|error| mistyped(port).unwrap_or(error));
    }
    match (&args.listen, file) {
        (Some(text), _) => listen_address(text),
        (None, Some(Listen::Address(text))) => listen_address(&text),
        (None, Some(Listen::Port(port))) => self::port(&port.to_string()),
        (None, None) => {
            Err(wrong("no port to listen on is given", "say which, as in `kusari --listen 8080`"))
        }
    }
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

fn http(args: Option<String>, file: Option<Listen>) -> Result<BindAddress, UsageError> {
    let text = match (args, file) {
        (Some(text), _) | (None, Some(Listen::Address(text))) => text,
        (None, Some(Listen::Port(port))) => port.to_string(),
        (None, None) => return Ok(BindAddress::Usual),
    };
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

fn connect(
    peers: Vec<String>,
    options: Vec<String>,
    file: Option<Vec<String>>,
    max_peers: usize,
) -> Result<Vec<PeerAddress>, UsageError> {
    let given = [peers, options].concat();
    let given = if given.is_empty() { file.unwrap_or_default() } else { given };
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
    args: (Option<PathBuf>, bool),
    file: (Option<PathBuf>, bool),
    (listen, ledger): (SocketAddr, Option<&ChainSpec>),
    surroundings: &Surroundings,
) -> Result<Storage, UsageError> {
    // Either of the two on the command line settles the question.
    let given = if args == (None, false) { file } else { args };
    match given {
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
            Some(data) => {
                Ok(Storage::Directory(places::chain_directory(data, ledger, listen.port())))
            }
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

/// The chain that the option, or else the file, names; `None` is the classic one.
pub(crate) fn chain(
    args: Option<String>,
    file: Option<String>,
) -> Result<Option<ChainSpec>, UsageError> {
    let choice = args.or(file);
    chain_spec::load(choice.as_deref().unwrap_or(kusari_chain::params::CLASSIC_CHAIN)).map_err(
        |error| {
            let sentence = error.to_string();
            // Every one of these sentences has its remedy behind the last semicolon.
            let (cause, remedy) = sentence.rsplit_once("; ").unwrap_or((&sentence, "name another"));
            wrong(cause, remedy)
        },
    )
}

/// What to do about an option that only a ledger has.
pub(super) const NEEDS_LEDGER: &str = "add `--chain ledger` or a chain spec, or leave it out";

/// When a node of a ledger mines.
fn mining(text: Option<String>, is_ledger: bool) -> Result<MiningPolicy, UsageError> {
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

fn kernel(name: String) -> Result<Kernel, UsageError> {
    Kernel::named(&name).ok_or_else(|| {
        let names: Vec<&str> = Kernel::available().map(Kernel::name).collect();
        wrong(
            format!("`{name}` is no miner kernel of this machine"),
            format!("choose one of {}, or leave it out for the fastest", names.join(", ")),
        )
    })
}

fn level(text: &str) -> Result<LevelFilter, UsageError> {
    match text {
        "off" => Ok(LevelFilter::OFF),
        "error" => Ok(LevelFilter::ERROR),
        "warn" => Ok(LevelFilter::WARN),
        "info" => Ok(LevelFilter::INFO),
        "debug" => Ok(LevelFilter::DEBUG),
        "trace" => Ok(LevelFilter::TRACE),
        _ => Err(wrong(
            format!("`{text}` is not a log level"),
            "choose off, error, warn, info, debug or trace",
        )),
    }
}
