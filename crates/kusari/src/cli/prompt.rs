//! The prompt: a person at a terminal.
//!
//! Owns the line editor, its history and the answers to commands. What the screen prints meanwhile
//! goes above the line that is being typed.

use std::io::{ErrorKind, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use kusari_chain::WholeBlock;
use kusari_chain::ledger::Address;
use kusari_node::drafts::DraftContent;
use rustyline::error::ReadlineError;
use rustyline::history::FileHistory;
use rustyline::{Config, Editor, ExternalPrinter};

use super::block_card::card_of_whole;
use super::console::{Console, Place};
use super::escape::Plain;
use super::failure::Result;
use super::link::Link;
use super::node_api::{EmbeddedNode, NO_LEDGER, NodeApi};
use super::output::{AtPrompt, PrintAbove};
use super::own_wallet::ask_to_unlock;
use super::screen::Screen;
use super::slash::{self, Typed};
use super::submit::Submitter;
use super::words::Message;
use super::{account, answers, branches};
use kusari_runtime::{NodeHandle, NodeWallet};
use kusari_wallet::AddressBook;

const PROMPT: &str = "msg> ";

/// Lines of history that are kept.
const HISTORY_LINES: usize = 1_000;

/// What a node that runs here has around it.
pub(crate) struct NodeContext {
    pub(crate) listen: SocketAddr,
    /// None for a chain in memory.
    pub(crate) directory: Option<PathBuf>,
    /// On a ledger.
    pub(crate) wallet: Option<NodeWallet>,
}

/// What was typed before the cursor and after it, where Ctrl-Z was pressed.
#[derive(Clone, Default)]
struct Suspended(Arc<Mutex<Option<(String, String)>>>);

impl Suspended {
    fn take(&self) -> Option<(String, String)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    #[cfg(unix)]
    fn is_some(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }
}

/// Ends the line at Ctrl-Z, so that the terminal is as the shell had it when this process stops: it may go
/// on in the background, where nothing can be changed.
#[cfg(unix)]
struct OnSuspend(Suspended);

#[cfg(unix)]
impl rustyline::ConditionalEventHandler for OnSuspend {
    fn handle(
        &self,
        _: &rustyline::Event,
        _: rustyline::RepeatCount,
        _: bool,
        context: &rustyline::EventContext<'_>,
    ) -> Option<rustyline::Cmd> {
        let (before, after) = context.line().split_at(context.pos());
        let typed = (before.to_owned(), after.to_owned());
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(typed);
        Some(rustyline::Cmd::Interrupt)
    }
}

/// What came of reading a line.
enum Entered {
    Line(String),
    /// The person wants the node to stop.
    End,
    /// The terminal was closed.
    Gone,
}

/// Reads lines that a person types.
pub(crate) struct Prompt {
    editor: Editor<(), FileHistory>,
    history: Option<PathBuf>,
    at_prompt: Arc<AtPrompt>,
    console: Arc<Console>,
    /// What was typed, before the cursor and after it, when Ctrl-Z was pressed.
    suspended: Suspended,
    /// The last thing that was pressed is Ctrl-C.
    interrupted: bool,
}

impl Prompt {
    /// Sets up the line editor. `history` is the file that keeps what was typed, if any.
    pub(crate) fn new(
        history: Option<PathBuf>,
        console: Arc<Console>,
    ) -> Result<Self, ReadlineError> {
        let config = Config::builder()
            .max_history_size(HISTORY_LINES)?
            .auto_add_history(false)
            // Each pasted line is a line of its own.
            .bracketed_paste(false)
            .build();
        let past = FileHistory::with_config(&config);
        let mut editor = Editor::with_history(config, past)?;
        if let Some(file) = &history
            && let Ok(mut created) = kusari_files::create(file)
        {
            kusari_files::hand_over(&created, file);
            // What a history of several lines an entry begins with; the editor goes on behind it.
            let _ = created.write_all(b"#V2\n");
        }
        if let Some(file) = &history
            && let Err(error) = editor.load_history(file)
        {
            // At the first start there is none.
            tracing::debug!("no history is loaded from {}: {error}", file.display());
        }
        let suspended = Suspended::default();
        #[cfg(unix)]
        {
            let handler = Box::new(OnSuspend(suspended.clone()));
            let handler = rustyline::EventHandler::Conditional(handler);
            editor.bind_sequence(rustyline::KeyEvent::ctrl('Z'), handler);
        }
        Ok(Self {
            editor,
            history,
            at_prompt: Arc::default(),
            console,
            suspended,
            interrupted: false,
        })
    }

    /// A way to print above the line; `None` where the terminal is too simple for that.
    pub(crate) fn printer(&mut self) -> Option<(PrintAbove, Arc<AtPrompt>)> {
        let mut printer = self.editor.create_external_printer().ok()?;
        let print = Box::new(move |text| printer.print(text).is_ok());
        Some((print, Arc::clone(&self.at_prompt)))
    }

    /// Reads and answers until the node is to stop. Returns whether the person wants that at once:
    /// here Ctrl-C is a key and no signal, and it came while the node was stopping already.
    pub(crate) fn run(mut self, link: &Link, screen: &Screen, context: &NodeContext) -> bool {
        loop {
            match self.read(screen) {
                Entered::Line(line) => {
                    if !answer(slash::read(&line), link, screen, context) {
                        break;
                    }
                }
                Entered::End => break,
                // Whoever closed it decided by a signal whether the node stops.
                Entered::Gone => return false,
            }
        }
        let first = link.stop();
        self.interrupted && !first
    }

    fn read(&mut self, screen: &Screen) -> Entered {
        loop {
            if !self.console.wait_for_foreground() {
                return Entered::Gone;
            }
            let (before, after) = self.suspended.take().unwrap_or_default();
            self.at_prompt.reading.store(true, Ordering::Relaxed);
            let read = self.editor.readline_with_initial(PROMPT, (&before, &after));
            self.at_prompt.reading.store(false, Ordering::Relaxed);
            self.at_prompt.typed.store(true, Ordering::Relaxed);
            let unread = match read {
                Ok(line) => {
                    self.remember(&line);
                    return Entered::Line(line);
                }
                #[cfg(unix)]
                Err(ReadlineError::Interrupted) if self.suspended.is_some() => {
                    Console::suspend();
                    continue;
                }
                Err(ReadlineError::Eof) => return Entered::End,
                Err(ReadlineError::Interrupted) => {
                    self.interrupted = true;
                    return Entered::End;
                }
                Err(ReadlineError::Signal(_)) => continue,
                // It was sent to the background, or the terminal closed, while it read.
                Err(_) if self.console.place() != Place::Foreground => continue,
                Err(unread) => unread,
            };
            if matches!(&unread, ReadlineError::Io(error) if error.kind() == ErrorKind::InvalidData)
            {
                let text = "The line is not saved: it is not UTF-8; set the terminal to UTF-8";
                screen.say(Message::warning(text));
            } else {
                screen.say(Message::warning(format!("The prompt cannot be read: {unread}")));
                return Entered::End;
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
fn answer(typed: Typed, link: &Link, screen: &Screen, context: &NodeContext) -> bool {
    let Some(handle) = link.node() else { return false };
    let node = EmbeddedNode {
        store: handle.store().clone(),
        directory: context.directory.clone(),
        running: Some((handle.clone(), context.listen)),
    };
    let submitter = Submitter { link, screen, wallet: context.wallet.as_ref() };
    let answered = match typed {
        Typed::Nothing => return true,
        Typed::Quit => return false,
        Typed::Say(text) => {
            let runs = submitter.text(text, "The line");
            return runs && unlock(&handle, screen, context);
        }
        Typed::Send { to, amount, note } => match payee(context, &to) {
            Ok((wallet, to)) => {
                let content = DraftContent::Transfer { to: to.0, amount, note };
                let runs = submitter.draft(wallet, content, "The transfer");
                return runs && unlock(&handle, screen, context);
            }
            Err(failure) => Err(failure),
        },
        Typed::Balance(of) => payee_or_own(context, of.as_deref())
            .and_then(|address| node.account(&address))
            .map(|account| account::in_words(&account)),
        Typed::Connect(address) => node.connect(&address).map(|it| answers::dialled(&it)),
        Typed::Disconnect(address) => {
            node.disconnect(&address).map(|it| answers::disconnected(&it))
        }
        Typed::Bans => node.bans().map(|list| answers::bans(&list)),
        Typed::Unban(host) => node.unban(host).map(|it| answers::unbanned(&it)),
        Typed::Help => Ok(slash::HELP.to_owned()),
        Typed::Hint(text) => Err(text.into()),
        Typed::Peers => node.peers().map(|peers| answers::peers(&peers)),
        Typed::Witnesses => node.witnesses().map(|list| answers::witnesses(&list)),
        Typed::Status => node.status().map(|status| answers::status(&status)),
        Typed::Branches => node.branches().map(|list| branches::list(&list)),
        Typed::AcceptBranch(name) => name.find(&node).and_then(|hash| {
            node.accept_branch(&hash).map(|receipt| branches::accepted(&hash, &receipt))
        }),
        Typed::Block(name) => node.block(&name).map(|report| card_of_whole(&report.block)),
        Typed::Chain(count) => {
            let mut show = |whole: &WholeBlock| {
                screen.say(Message::answer(card_of_whole(whole)));
                Ok(true)
            };
            let shown = node.height().and_then(|height| {
                node.visit((height + 1).saturating_sub(count), height, None, &mut show)
            });
            match shown {
                Ok(()) => return true,
                Err(failure) => Err(failure),
            }
        }
    };
    screen.say(match answered {
        Ok(text) => Message::answer(text),
        Err(failure) => Message::warning(Plain(&failure.text()).to_string()),
    });
    true
}

/// The wallet that pays, and an address or a label of the address book beside the chain.
fn payee<'a>(context: &'a NodeContext, text: &str) -> Result<(&'a NodeWallet, Address)> {
    let wallet = context.wallet.as_ref().ok_or(NO_LEDGER)?;
    let address = match &context.directory {
        Some(directory) => AddressBook::open(directory)?.resolve(text)?,
        None => text.parse()?,
    };
    Ok((wallet, address))
}

/// The account that is named, or the wallet's.
fn payee_or_own(context: &NodeContext, of: Option<&str>) -> Result<Address> {
    match of {
        Some(text) => Ok(payee(context, text)?.1),
        None => Ok(context.wallet.as_ref().ok_or(NO_LEDGER)?.address()),
    }
}

/// Asks for the passphrase of a locked wallet, once what it is to sign is durable. Goes on in any case.
fn unlock(node: &NodeHandle, screen: &Screen, context: &NodeContext) -> bool {
    if let Some(wallet) = &context.wallet {
        ask_to_unlock(wallet, node, screen);
    }
    true
}
