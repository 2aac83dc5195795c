//! A node, from its settings to its end.

use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use kusari_chain::TreeLimits;
use kusari_chain::mempool::PoolLimits;
use kusari_node::{LedgerConfig, NodeConfig};

use super::answers;
use super::console::{
    Console, colours_are_welcome, end_at_once, fail_in_background, keep_hangup_ignored,
};
use super::ephemeral::Reach;
use super::escape::{Plain, shown};
use super::failure::Result;
use super::link::Link;
use super::output::{Looks, Output};
use super::prompt::{NodeContext, Prompt};
use super::screen::Screen;
use super::settings::{Settings, Storage};
use super::submit::Submitter;
use super::words::Message;
use super::{log, own_wallet, pipe};
use kusari_api::{Api, ApiConfig, ApiListener, draw_token, events, read_or_write_token};
use kusari_journal::{JOURNAL_LIMIT, JournalConfig};
use kusari_runtime::witness_key::WitnessKey;
use kusari_runtime::{NodeWallet, RuntimeConfig};
use kusari_store::Store;

/// File in the data directory that keeps what was typed at the prompt.
const HISTORY_FILE: &str = "history";

/// Runs a node until it stops.
pub(super) fn run(settings: Settings) -> Result {
    let interactive = Console::is_interactive();
    let (screen, link, console) =
        (Screen::new(settings.quiet), Link::default(), Arc::new(Console::new()));
    log::start(settings.log, interactive.then(|| screen.clone()));
    keep_hangup_ignored();
    stop_on_signals(&link, &console)?;
    let Kept { store, directory, wallet, witness, mut first } = Kept::open(&settings)?;
    let token = settings.token_file.as_deref().map_or_else(draw_token, read_or_write_token)?;
    let listener = ApiListener::open(settings.http)?;

    let mut prompt = None;
    if interactive {
        let history = directory.as_ref().map(|directory| directory.join(HISTORY_FILE));
        prompt = Some(Prompt::new(history, Arc::clone(&console))?);
    }
    let output = output(prompt.as_mut());
    let (told, (sender, events)) = (screen.clone(), events::open()?);
    let on_events = move |events: Vec<_>| {
        sender.tell(&events);
        told.events(events);
    };
    let node = link.clone();
    let catching_up = Box::new(move || node.node().is_some_and(|node| node.snapshot().catching_up));
    let listen = settings.listen;
    let explorer = listener.as_ref().map(ApiListener::address);
    let config = RuntimeConfig { explorer, ..config(settings, wallet.clone(), witness) };
    let running = match kusari_runtime::start(config, store, Box::new(on_events)) {
        Ok(running) => running,
        Err(error) => {
            screen.start(output, &first, catching_up)?;
            screen.finish(None);
            return Err(error.into());
        }
    };
    let context = NodeContext {
        listen: running.listen_address().unwrap_or(listen),
        directory: directory.clone(),
        wallet: wallet.clone(),
    };
    let reach = if directory.is_none() { reach(context.listen.port(), &mut first) } else { None };
    let api_config = ApiConfig {
        node: running.handle(),
        token,
        listen: running.listen_address(),
        node_file_directory: reach
            .as_ref()
            .map(|it| it.directory().into())
            .or_else(|| directory.clone()),
        data_directory: directory,
        events,
        wallet,
    };
    let api = match Api::start(listener, api_config) {
        Ok(api) => api,
        // Without its local API the node stops again.
        Err(error) => {
            running.handle().stop();
            running.wait()?;
            return Err(error.into());
        }
    };
    first.push(Message::answer(format!("Listening on {}", context.listen)));
    first.extend(api.address().map(|at| Message::routine(format!("Local API on http://{at}"))));
    screen.start(output, &first, catching_up)?;
    link.attach(running.handle());
    read_lines(prompt, &console, &link, &screen, context)?;

    let stopped = running.wait();
    drop(api);
    drop(reach);
    link.detach();
    console.restore();
    screen.finish(stopped.is_ok().then(|| Message::routine("Stopped.")));
    Ok(stopped?)
}

/// Lets commands find a node in memory. Without that it runs all the same.
fn reach(port: u16, said: &mut Vec<Message>) -> Option<Reach> {
    match Reach::open(port) {
        Ok(reach) => {
            let how =
                format!("From a shell: `kusari say --port {port} TEXT`, and every other command");
            said.push(Message::routine(how));
            Some(reach)
        }
        Err(error) => {
            said.push(Message::warning(format!(
                "Commands reach this node by --node and --token-file alone: {error}"
            )));
            None
        }
    }
}

/// What a node keeps from one start to the next, and what is said of it at the start.
struct Kept {
    store: Store,
    /// None for a chain in memory.
    directory: Option<PathBuf>,
    /// On a ledger.
    wallet: Option<NodeWallet>,
    witness: Option<WitnessKey>,
    first: Vec<Message>,
}

impl Kept {
    fn open(settings: &Settings) -> Result<Self> {
        let spec = settings.ledger.as_ref();
        let parameters = spec.map(AsRef::as_ref);
        let (store, directory) = match &settings.storage {
            Storage::Directory(path) => {
                let path = std::path::absolute(path)?;
                (Store::open_chain(&path, parameters)?, Some(path))
            }
            Storage::Memory => (Store::ephemeral_chain(parameters)?, None),
        };
        let place =
            directory.as_ref().map_or_else(|| answers::NO_DIRECTORY.into(), |path| shown(path));
        let state = answers::chain_state(&store.last_sound()?);
        let mut first =
            vec![Message::routine(format!("Data directory: {place}")), Message::routine(state)];
        if let Some(file) = &settings.journal {
            let file = shown(file);
            let text = format!("Journal: {file}; it holds what peers send and you type");
            first.push(Message::routine(text));
        }
        let mut wallet = None;
        if let Some(spec) = spec {
            let passphrase = settings.passphrase_file.as_deref();
            let (opened, said) = own_wallet::open(directory.as_deref(), passphrase)?;
            let chain = format!("Chain: {} ({})", Plain(&spec.name), spec.chain_id());
            first.push(Message::routine(chain));
            first.extend(said);
            wallet = Some(opened);
        }
        let (witness, said) = settings.witnessing.key(directory.as_deref())?;
        first.extend(said);
        Ok(Self { store, directory, wallet, witness, first })
    }
}

/// What the runtime is told.
fn config(
    settings: Settings,
    wallet: Option<NodeWallet>,
    witness: Option<WitnessKey>,
) -> RuntimeConfig {
    let ledger = settings.ledger.zip(wallet.as_ref()).map(|(spec, wallet)| LedgerConfig {
        spec,
        miner: wallet.address().0,
        mining: settings.mining,
        pool_limits: PoolLimits::default(),
        offline: settings.offline,
        witnesses: settings.witnessing.config(witness.as_ref()),
    });
    RuntimeConfig {
        node: NodeConfig {
            max_peers: settings.max_peers,
            max_per_address: settings.max_per_address,
            max_per_group: settings.max_per_group,
            allow: settings.allow,
            deny: settings.deny,
            connect: settings.connect,
            tree_limits: TreeLimits {
                max_reorg_depth: settings.max_reorg_depth,
                ..TreeLimits::default()
            },
            ledger,
            ..NodeConfig::default()
        },
        listen: Some(settings.listen),
        explorer: None,
        miner_threads: settings.miner_threads,
        miner_kernel: settings.miner_kernel,
        witness,
        wallet,
        max_store_bytes: settings.max_store,
        journal: settings.journal.map(|file| JournalConfig { file, limit: JOURNAL_LIMIT }),
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

/// Stdout, around the prompt where there is one.
fn output(prompt: Option<&mut Prompt>) -> Output {
    let printer = prompt.map(Prompt::printer);
    let live = match &printer {
        // A terminal that can edit no line rewrites none either.
        Some(printer) => printer.is_some(),
        None => io::stdout().is_terminal(),
    };
    let looks = Looks { live, colour: live && colours_are_welcome() };
    let output = Output::new(Box::new(io::stdout()), looks);
    match printer.flatten() {
        Some((print, at_prompt)) => output.with_prompt(print, at_prompt),
        None => output,
    }
}

/// Starts the thread that reads what people write.
fn read_lines(
    prompt: Option<Prompt>,
    console: &Arc<Console>,
    link: &Link,
    screen: &Screen,
    context: NodeContext,
) -> io::Result<()> {
    let (link, screen, console) = (link.clone(), screen.clone(), Arc::clone(console));
    let read = move || match prompt {
        Some(prompt) => {
            if prompt.run(&link, &screen, &context) {
                end_at_once();
            }
        }
        None => {
            let wallet = context.wallet.as_ref();
            pipe::run(&Submitter { link: &link, screen: &screen, wallet }, &console);
        }
    };
    thread::Builder::new().name("input".into()).spawn(move || {
        fail_in_background();
        read();
    })?;
    Ok(())
}
