//! The prompt: a person at a terminal.
//!
//! Owns the line editor, its history and the answers to commands. What the screen prints meanwhile
//! goes above the line that is being typed.

use kusari_api::views;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use kusari_chain::BlockHash;
use kusari_chain::ledger::Address;
use kusari_chain::ledger::address::AddressError;
use kusari_node::PeerAddress;
use kusari_node::drafts::DraftContent;
use kusari_node::seam::{Command, Reply};
use rustyline::error::ReadlineError;
use rustyline::history::FileHistory;
use rustyline::{Config, Editor, ExternalPrinter};

use super::commands::ledger::balance;
use super::entrust::{entrust, entrust_draft};
use super::escape::Plain;
use super::link::Link;
use super::output::{AtPrompt, PrintAbove};
use super::own_wallet::ask_to_unlock;
use super::screen::Screen;
use super::slash::{self, Typed};
use super::words::Said;
use super::{answers, branches};
use kusari_api_types::branches::{AcceptReceipt, BranchList};
use kusari_api_types::{AccountReport, PeerList, Status};
use kusari_runtime::NodeWallet;
use kusari_runtime::{NodeHandle, unix_time};
use kusari_wallet::AddressBook;

const PROMPT: &str = "msg> ";

/// Lines of history that are kept.
const HISTORY_LINES: usize = 1_000;

/// What `/status` tells beside the snapshot.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) listen: SocketAddr,
    /// None for a chain in memory.
    pub(crate) directory: Option<String>,
    /// On a ledger.
    pub(crate) wallet: Option<NodeWallet>,
}

/// Reads lines that a person types.
pub(crate) struct Prompt {
    editor: Editor<(), FileHistory>,
    history: Option<PathBuf>,
    at_prompt: Arc<AtPrompt>,
    /// The last thing that was pressed is Ctrl-C.
    interrupted: bool,
}

impl Prompt {
    /// Sets up the line editor. `history` is the file that keeps what was typed, if any.
    pub(crate) fn new(history: Option<PathBuf>) -> Result<Self, ReadlineError> {
        let config = Config::builder()
            .max_history_size(HISTORY_LINES)?
            .auto_add_history(false)
            // Each pasted line is a line of its own.
            .bracketed_paste(false)
            .build();
        let past = FileHistory::with_config(&config);
        let mut editor = Editor::with_history(config, past)?;
        if let Some(file) = &history
            && let Err(error) = editor.load_history(file)
        {
            // At the first start there is none.
            tracing::debug!("no history is loaded from {}: {error}", file.display());
        }
        Ok(Self { editor, history, at_prompt: Arc::default(), interrupted: false })
    }

    /// A way to print above the line; `None` where the terminal is too simple for that.
    pub(crate) fn printer(&mut self) -> Option<(PrintAbove, Arc<AtPrompt>)> {
        let mut printer = self.editor.create_external_printer().ok()?;
        let print = Box::new(move |text| printer.print(text).is_ok());
        Some((print, Arc::clone(&self.at_prompt)))
    }

    /// Reads and answers until the node is to stop. Returns whether the person wants that at once:
    /// here Ctrl-C is a key and no signal, and it came while the node was stopping already.
    pub(crate) fn run(mut self, link: &Link, screen: &Screen, place: &Place) -> bool {
        while let Some(line) = self.read(screen) {
            if !answer(slash::read(&line), link, screen, place) {
                break;
            }
        }
        let first = link.stop();
        self.interrupted && !first
    }

    fn read(&mut self, screen: &Screen) -> Option<String> {
        loop {
            self.at_prompt.reading.store(true, Ordering::Relaxed);
            let read = self.editor.readline(PROMPT);
            self.at_prompt.reading.store(false, Ordering::Relaxed);
            self.at_prompt.typed.store(true, Ordering::Relaxed);
            match read {
                Ok(line) => {
                    self.remember(&line);
                    return Some(line);
                }
                Err(ReadlineError::Eof) => return None,
                Err(ReadlineError::Interrupted) => {
                    self.interrupted = true;
                    return None;
                }
                Err(ReadlineError::Signal(_)) => {}
                Err(ReadlineError::Io(error))
                    if error.kind() == std::io::ErrorKind::InvalidData =>
                {
                    let text = "The line is not saved: it is not UTF-8; set the terminal to UTF-8";
                    screen.say(Said::warning(text));
                }
                Err(error) => {
                    screen.say(Said::warning(format!("The prompt cannot be read: {error}")));
                    return None;
                }
            }
        }
    }

    fn remember(&mut self, line: &str) {
        let added = self.editor.add_history_entry(line).unwrap_or(false);
        if let Some(file) = self.history.as_ref().filter(|_| added)
            && let Err(error) = self.editor.append_history(file)
        {
            tracing::debug!("the history is not written to {}: {error}", file.display());
        }
    }
}

/// Does what a line asks for. Returns whether to go on.
fn answer(typed: Typed, link: &Link, screen: &Screen, place: &Place) -> bool {
    let Some(node) = link.node() else { return false };
    screen.say(match typed {
        Typed::Nothing => return true,
        Typed::Quit => return false,
        Typed::Say(text) => {
            return match &place.wallet {
                Some(wallet) => draft(link, screen, wallet, DraftContent::Record(text), "The line"),
                None => entrust(link, screen, text, "The line"),
            };
        }
        Typed::Send { to, amount, note } => return send(link, screen, place, (&to, amount, note)),
        Typed::Balance(of) => match balance(&node, place, of.as_deref()) {
            Ok(text) => Said::answer(text),
            Err(why) => Said::warning(Plain(&why).to_string()),
        },
        Typed::Connect(address) => return connect(address, &node, screen),
        Typed::Help => Said::answer(slash::HELP),
        Typed::Hint(text) => Said::warning(Plain(&text).to_string()),
        Typed::Peers => Said::answer(answers::peers(&PeerList::new(&node.snapshot()))),
        Typed::Witnesses => witnesses(&node),
        Typed::Status => {
            let Place { listen, directory, .. } = place.clone();
            let status = Status::new(&node.snapshot(), Some(listen), directory);
            said(
                node.store()
                    .recent_work(unix_time())
                    .map(|recent| answers::status(&views::with_recent_work(status, recent))),
            )
        }
        Typed::Branches => list_branches(&node),
        Typed::AcceptBranch(hash) => accept_branch(&node, &hash),
        Typed::Block(which) => said(answers::one_block(node.store(), &which)),
        Typed::Chain(count) => {
            let mut show = |card| screen.say(Said::answer(card));
            let store = node.store();
            let shown = store
                .last_sound()
                .and_then(|tip| answers::last_blocks(store, (tip.height, count), &mut show));
            match shown {
                Ok(()) => return true,
                Err(error) => said(Err(error)),
            }
        }
    });
    true
}

fn list_branches(node: &NodeHandle) -> Said {
    match node.command(Command::GetBranches) {
        Ok(Reply::Branches(found)) => {
            Said::answer(branches::list(&BranchList::from(found.as_ref())))
        }
        _ => Said::warning("The node stops and answers nothing more"),
    }
}

fn accept_branch(node: &NodeHandle, hash: &BlockHash) -> Said {
    match node.command(Command::AcceptBranch(*hash)) {
        Ok(Reply::BranchAccepted(accepted)) => {
            let receipt = AcceptReceipt::from(accepted.as_ref());
            Said::answer(branches::accepted(hash, &receipt))
        }
        Ok(Reply::UnknownBranch) => Said::warning(format!(
            "No branch beside the best chain has a block {hash}; /branches lists them"
        )),
        Ok(Reply::InBestChain) => {
            Said::warning(format!("The best chain has the block {hash} already"))
        }
        _ => Said::warning("The node stops and answers nothing more"),
    }
}

fn said(answer: Result<String, kusari_chain::StoreError>) -> Said {
    match answer {
        Ok(text) => Said::answer(text),
        Err(error) => Said::warning(error.to_string()),
    }
}

fn witnesses(node: &NodeHandle) -> Said {
    let Some(ledger) = &node.snapshot().ledger else { return Said::warning(NO_LEDGER) };
    let list = node.store().witnesses().map(|known| views::witnesses(&ledger.witnesses, &known));
    said(list.map(|list| answers::witnesses(&list)))
}

/// What is said where the chain knows no accounts.
const NO_LEDGER: &str = "this is the classic chain, which has no accounts and no witnesses; start with `--chain ledger`";

/// An address, or a label of the address book beside the chain.
fn resolve(place: &Place, text: &str) -> Result<Address, String> {
    let book = match &place.directory {
        Some(directory) => AddressBook::open(Path::new(directory)),
        None => return text.parse().map_err(|error: AddressError| error.to_string()),
    };
    book.and_then(|book| book.resolve(text)).map_err(|error| error.to_string())
}

/// Entrusts a draft, and asks for the passphrase of a locked wallet once the draft is durable.
fn draft(
    link: &Link,
    screen: &Screen,
    wallet: &NodeWallet,
    content: DraftContent,
    origin: &str,
) -> bool {
    let runs = entrust_draft(link, screen, wallet, content, origin);
    if let Some(node) = link.node().filter(|_| runs) {
        ask_to_unlock(wallet, &node, screen);
    }
    runs
}

fn send(
    link: &Link,
    screen: &Screen,
    place: &Place,
    (to, amount, note): (&str, u64, Option<String>),
) -> bool {
    let resolved = match &place.wallet {
        Some(wallet) => resolve(place, to).map(|to| (wallet, to)),
        None => Err(NO_LEDGER.to_owned()),
    };
    match resolved {
        Ok((wallet, to)) => {
            let content = DraftContent::Transfer { to: to.0, amount, note };
            draft(link, screen, wallet, content, "The transfer")
        }
        Err(why) => {
            screen.say(Said::warning(Plain(&why).to_string()));
            true
        }
    }
}

fn balance(node: &NodeHandle, place: &Place, of: Option<&str>) -> Result<String, String> {
    let wallet = place.wallet.as_ref().ok_or_else(|| NO_LEDGER.to_owned())?;
    let address = of.map_or_else(|| Ok(wallet.address()), |text| resolve(place, text))?;
    match node.command(Command::GetAccount(address.0)) {
        Ok(Reply::Account { account, next_sequence }) => Ok(balance::in_words(&AccountReport {
            address,
            balance: account.balance,
            sequence: account.sequence,
            next_sequence,
        })),
        _ => Err(String::from("the node stops and answers nothing more")),
    }
}

fn connect(address: PeerAddress, node: &NodeHandle, screen: &Screen) -> bool {
    let Ok(reply) = node.command(Command::Connect(address.clone())) else { return false };
    screen.say(match reply {
        Reply::Connecting => Said::answer(format!("Connecting to {address}")),
        Reply::AlreadyDialled => {
            Said::answer(format!("{address} is kept connected already; /peers shows who is there"))
        }
        Reply::TooManyAddresses { limit } => Said::warning(format!(
            "{address} is not dialled: there are {limit} addresses to dial already; start again \
             with fewer"
        )),
        _ => Said::warning(format!("{address} was answered with something else")),
    });
    true
}
