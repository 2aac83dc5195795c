//! The program as a person meets it: command line, configuration file, prompt and output.
//!
//! Owns words and settings, and nothing of the protocol: it starts a node, hands it lines, and shows
//! what the node tells. Errors are one sentence on stderr, with the remedy.

mod access;
mod answers;
mod args;
mod batches;
mod bounds;
mod branches;
mod burst;
mod card;
mod choice;
mod commands;
mod config_file;
mod console;
mod conversation;
mod cost;
mod drafts;
mod entrust;
mod escape;
mod failure;
mod lines;
mod link;
mod log;
mod moment;
mod output;
mod output_file;
mod own_wallet;
mod pipe;
mod places;
mod progress;
mod prompt;
mod queue;
mod receipts;
mod screen;
#[cfg(test)]
mod scripted;
mod settings;
mod signing;
mod similar;
mod slash;
mod stdout;
mod story;
mod testimony;
mod top;
mod witnessing;
mod words;
#[cfg(test)]
mod written;

use std::error::Error;
use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;

use kusari_chain::TreeLimits;
use kusari_chain::mempool::PoolLimits;
use kusari_node::{LedgerConfig, NodeConfig};

use args::{Args, Asked};
use config_file::ConfigFile;
use console::Console;
use escape::Plain;
use failure::Failure;
use kusari_api::{Api, ApiConfig, ApiListener, EventFeed, draw_token, events, read_or_write_token};
use kusari_api_types::Token;
use kusari_runtime::NodeWallet;
use kusari_runtime::journal::{JOURNAL_LIMIT, JournalConfig};
use kusari_runtime::{Running, RuntimeConfig};
use kusari_store::Store;
use link::Link;
use output::{Looks, Output};
use prompt::{Place, Prompt};
use screen::Screen;
use settings::{Settings, Storage, Surroundings, UsageError};
use words::Said;

/// The node failed, or could not begin.
const FAILED: u8 = 1;
/// The command line or the configuration file is wrong.
const USAGE: u8 = 2;
/// Ended at once on a second signal: 128 and the number of SIGINT, as shells report it.
const INTERRUPTED: i32 = 130;

/// File in the data directory that keeps what was typed at the prompt.
const HISTORY_FILE: &str = "history";

/// Runs the program with the words of a command line, its own name first, until the node stops.
pub fn run(words: impl IntoIterator<Item = OsString>) -> ExitCode {
    let settings = match args::read(words) {
        Ok(Asked::Run(args)) => match commanded(&args) {
            Some(Ok(())) => return ExitCode::SUCCESS,
            Some(Err(Failure::Usage(error))) => return failed(USAGE, &error),
            Some(Err(Failure::Failed(error))) => return failed(FAILED, error.as_ref()),
            Some(Err(Failure::Shown)) => return ExitCode::from(FAILED),
            None => settings(*args),
        },
        Ok(Asked::Print(text)) => {
            // Whoever asked may have gone away since; that is no failure.
            let _ = io::stdout().write_all(text.as_bytes());
            return ExitCode::SUCCESS;
        }
        Err(error) => Err(error),
    };
    match settings {
        Ok(settings) => match node(settings) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => failed(FAILED, error.as_ref()),
        },
        Err(error) => failed(USAGE, &error),
    }
}

/// Does what a subcommand asks, if there is one.
fn commanded(args: &Args) -> Option<Result<(), Failure>> {
    if let Some(name) = &args.conformance {
        return Some(commands::conformance::run(name, args.update));
    }
    args.command.as_ref().map(commands::Command::run)
}

fn failed(code: u8, error: &dyn Error) -> ExitCode {
    // Where stderr is closed the exit code has to do.
    let _ = writeln!(io::stderr(), "error: {}", Plain(&error.to_string()));
    ExitCode::from(code)
}

/// Says something beside the answer of a command.
pub(crate) fn say_beside(text: &str) {
    // Where stderr is closed nobody wants to know.
    let _ = writeln!(io::stderr(), "{}", Plain(text));
}

fn settings(args: Args) -> Result<Settings, UsageError> {
    let file = args.config.as_deref().map(ConfigFile::open).transpose()?.unwrap_or_default();
    let surroundings = Surroundings {
        data_directory: places::data_directory(),
        cores: thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
    };
    Settings::new(args, file, &surroundings)
}

/// Runs a node until it stops.
fn node(settings: Settings) -> Result<(), Box<dyn Error>> {
    let interactive = Console::is_interactive();
    let (screen, link, console) = (Screen::new(), Link::default(), Arc::new(Console::default()));
    log::start(settings.log, interactive.then(|| screen.clone()));
    stop_on_signals(&link, &console)?;
    let spec = settings.ledger.as_ref();
    let parameters = spec.map(|spec| spec.as_ref());
    let (store, path) = match &settings.storage {
        Storage::Directory(path) => {
            let path = std::path::absolute(path)?;
            (Store::open_chain(&path, parameters)?, Some(path))
        }
        Storage::Memory => (Store::ephemeral_chain(parameters)?, None),
    };
    let passphrase = settings.passphrase_file.as_deref();
    let wallet = spec.map(|_| own_wallet::open(path.as_deref(), passphrase)).transpose()?;
    let directory = path.as_ref().map(|path| path.display().to_string());
    let token = settings.token_file.as_deref().map_or_else(draw_token, read_or_write_token)?;
    let api_listener = ApiListener::open(settings.http)?;
    let state = answers::chain_state(&store.last_sound()?);
    let shown = Plain(directory.as_deref().unwrap_or(answers::NO_DIRECTORY)).to_string();
    let mut first = vec![Said::routine(format!("Data directory: {shown}")), Said::routine(state)];
    if let Some(file) = &settings.journal {
        let file = Plain(&file.display().to_string()).to_string();
        first
            .push(Said::routine(format!("Journal: {file}; it holds what peers send and you type")));
    }

    if let (Some((_, said)), Some(spec)) = (&wallet, spec) {
        first.push(Said::routine(format!("Chain: {} ({})", Plain(&spec.name), spec.chain_id())));
        first.extend(said.iter().cloned());
    }
    let wallet = wallet.map(|(wallet, _)| wallet);
    let (witness, said) = settings.witnessing.key(path.as_deref())?;
    first.extend(said);

    let mut prompt = None;
    if interactive {
        console.save();
        prompt = Some(Prompt::new(history_file(&settings.storage))?);
    }
    let output = output(prompt.as_mut());
    let config = RuntimeConfig {
        node: NodeConfig {
            max_peers: settings.max_peers,
            max_per_address: settings.max_per_address,
            max_per_group: settings.max_per_group,
            connect: settings.connect,
            tree_limits: TreeLimits {
                max_reorg_depth: settings.max_reorg_depth,
                ..TreeLimits::default()
            },
            ledger: spec.zip(wallet.as_ref()).map(|(spec, wallet)| LedgerConfig {
                spec: Arc::clone(spec),
                miner: wallet.address().0,
                mining: settings.mining,
                pool_limits: PoolLimits::default(),
                offline: settings.offline,
                witnesses: settings.witnessing.config(witness.as_ref()),
            }),
            ..NodeConfig::default()
        },
        listen: Some(settings.listen),
        miner_threads: settings.miner_threads,
        miner_kernel: settings.miner_kernel,
        witness,
        wallet: wallet.clone(),
        max_store_bytes: settings.max_store,
        journal: settings.journal.map(|file| JournalConfig { file, limit: JOURNAL_LIMIT }),
    };
    let (shown, (sender, feed)) = (screen.clone(), events::open()?);
    let on_event = move |event| {
        sender.tell(&event);
        shown.event(event);
    };
    let running = match kusari_runtime::start(config, store, Box::new(on_event)) {
        Ok(running) => running,
        Err(error) => {
            screen.start(output, settings.quiet, &first)?;
            screen.finish(None);
            return Err(error.into());
        }
    };
    let (running, api) = with_api(running, (api_listener, feed), token, (path, wallet.clone()))?;
    let listen = running.listen_address().unwrap_or(settings.listen);
    first.push(Said::answer(format!("Listening on {listen}")));
    first.extend(api.address().map(|at| Said::routine(format!("Local API on http://{at}"))));
    let node = link.clone();
    screen.ask_whether_catching_up(Box::new(move || {
        node.node().is_some_and(|node| node.snapshot().catching_up)
    }));
    screen.start(output, settings.quiet, &first)?;
    link.attach(running.handle());
    read_lines(prompt, &link, &screen, Place { listen, directory, wallet })?;

    let stopped = running.wait();
    drop(api);
    link.detach();
    console.restore();
    screen.finish(stopped.is_ok().then(|| Said::routine("Stopped.")));
    Ok(stopped?)
}

/// Opens the local API of a node that has just started; without it, the node stops again.
fn with_api(
    running: Running,
    (listener, events): (Option<ApiListener>, EventFeed),
    token: Token,
    (data_directory, wallet): (Option<PathBuf>, Option<NodeWallet>),
) -> Result<(Running, Api), Box<dyn Error>> {
    let (node, listen) = (running.handle(), running.listen_address());
    let config = ApiConfig { node, token, listen, data_directory, events, wallet };
    match Api::start(listener, config) {
        Ok(api) => Ok((running, api)),
        Err(error) => {
            running.handle().stop();
            running.wait()?;
            Err(error.into())
        }
    }
}

/// The first SIGINT or SIGTERM stops the node cleanly, the next one ends the program at once.
fn stop_on_signals(link: &Link, console: &Arc<Console>) -> Result<(), ctrlc::Error> {
    let (link, console) = (link.clone(), Arc::clone(console));
    ctrlc::set_handler(move || {
        if !link.stop() {
            console.restore();
            end_at_once();
        }
    })
}

#[expect(clippy::disallowed_methods, reason = "a person asked for it; the store is crash-safe")]
fn end_at_once() {
    std::process::exit(INTERRUPTED);
}

fn history_file(storage: &Storage) -> Option<PathBuf> {
    match storage {
        Storage::Directory(directory) => Some(directory.join(HISTORY_FILE)),
        Storage::Memory => None,
    }
}

/// Stdout, around the prompt where there is one.
fn output(prompt: Option<&mut Prompt>) -> Output {
    let terminal = io::stdout().is_terminal();
    let simple = Looks { live: false, colour: false };
    match prompt.map(Prompt::printer) {
        // The terminal can edit no line, so it rewrites none either.
        Some(None) => Output::new(Box::new(io::stdout()), simple),
        Some(Some((print, at_prompt))) => {
            let looks = Looks { live: true, colour: colours_are_welcome() };
            Output::new(Box::new(io::stdout()), looks).with_prompt(print, at_prompt)
        }
        None => {
            let looks = Looks { live: terminal, colour: terminal && colours_are_welcome() };
            Output::new(Box::new(io::stdout()), looks)
        }
    }
}

/// See <https://no-color.org>: any value but the empty one turns colours off.
#[expect(clippy::disallowed_methods, reason = "a convention of terminals, not a setting of ours")]
fn colours_are_welcome() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Starts the thread that reads what people write.
fn read_lines(
    prompt: Option<Prompt>,
    link: &Link,
    screen: &Screen,
    place: Place,
) -> io::Result<()> {
    let (link, screen) = (link.clone(), screen.clone());
    thread::Builder::new().name("input".into()).spawn(move || match prompt {
        Some(prompt) => {
            if prompt.run(&link, &screen, &place) {
                end_at_once();
            }
        }
        None => pipe::run(&link, &screen, place.wallet.as_ref()),
    })?;
    Ok(())
}
