//! `kusari top`.
//!
//! Owns the terminal, the threads that ask and listen, and the clock. What stands on the screen is up
//! to [`crate::cli::top`].

use std::io::{self, IsTerminal};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use kusari_chain::BlockHash;
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use ratatui::layout::Rect;

use crate::cli::console::{Console, colours_are_welcome};
use crate::cli::prelude::*;
use crate::cli::top::ask::Asker;
use crate::cli::top::draw::{Styles, draw, text_of};
use crate::cli::top::facts::Facts;
use crate::cli::top::state::{Key, View, Wanted};
use kusari_api_types::BlockReport;
use kusari_client::{Client, Told};
use kusari_runtime::unix_time;

/// How long a picture stands at least, and a key waits at most.
const TICK: Duration = Duration::from_millis(100);
/// How often a node is asked that tells nothing, and called again where it is away.
const ASK_AGAIN: Duration = Duration::from_secs(1);
/// What waits to be shown: a stream that tells more waits, and is told what it missed.
const AHEAD: usize = 64;
/// The picture of `--once`, where stdout says no other size: columns and rows.
const PICTURE: (u16, u16) = (100, 30);

/// Watch a node: blocks, branches, peers and mining, as they change
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Where its local API answers: the same as --node
    #[arg(value_name = "URL", conflicts_with_all = ["data_dir", "port", "node"])]
    url: Option<String>,

    #[command(flatten)]
    node: NodeChoice,

    /// Print one picture and end
    #[arg(long)]
    once: bool,
}

pub(crate) fn run(args: &Args) -> Result {
    if !args.once && !Console::is_interactive() {
        return Err(failed!(
            "the dashboard needs a terminal, and this is none; `kusari top --once` prints one \
             picture, `kusari status` the facts, and /v1/events of the local API tells what happens"
        ));
    }
    let mut choice = args.node.clone();
    choice.node = args.url.clone().or(choice.node);
    let client = Arc::new(choice.running(|directory| {
        format!(
            "no node runs on {}; start one, or ask `kusari status` what the store has",
            directory.display()
        )
    })?);
    let facts = Asker::default().ask(&client)?;
    let view = View::new(facts, unix_time());
    if args.once { print(&view) } else { watch(&Contact::new(client, choice), view) }
}

/// One picture, as text.
fn print(view: &View) -> Result {
    let sized = io::stdout().is_terminal().then(ratatui::crossterm::terminal::size);
    let (columns, rows) = sized.and_then(Result::ok).unwrap_or(PICTURE);
    let mut buffer = Buffer::empty(Rect::new(0, 0, columns, rows));
    draw(view, Styles { colour: false }, buffer.area, &mut buffer);
    let mut output = Stdout::new();
    output.bytes(text_of(&buffer).as_bytes())?;
    output.flush()
}

/// Where the node answers, which may be elsewhere after it was started again.
struct Contact {
    client: Mutex<Arc<Client>>,
    choice: NodeChoice,
}

impl Contact {
    fn new(client: Arc<Client>, choice: NodeChoice) -> Arc<Self> {
        Arc::new(Self { client: Mutex::new(client), choice })
    }

    fn client(&self) -> Arc<Client> {
        // It is whole at any moment.
        Arc::clone(&self.client.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Looks where the node answers now.
    fn renew(&self) {
        if let Some(client) = self.choice.find_again() {
            *self.client.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(client);
        }
    }
}

/// What comes from the node.
enum Input {
    Facts(Box<Facts>),
    Told(Told),
    Block(Box<Result<Option<BlockReport>, String>>),
    /// It does not answer, for this reason.
    Away(String),
}

/// What the node is to be asked for.
enum Order {
    Facts,
    Block(BlockHash),
}

/// The terminal, which is left as it was however this ends: by the way out, or by a panic, which
/// the hook that is set with it sees to.
struct Terminal(ratatui::DefaultTerminal);

impl Terminal {
    fn open() -> Result<Self> {
        ratatui::try_init().map(Self).map_err(|error| {
            ratatui::restore();
            broken(&error)
        })
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        ratatui::restore();
    }
}

fn broken(error: &io::Error) -> Failure {
    failed!("the terminal cannot be drawn on ({error}); `kusari top --once` needs none")
}

fn watch(contact: &Arc<Contact>, mut view: View) -> Result {
    let ended = Arc::new(AtomicBool::new(false));
    let by_signal = Arc::clone(&ended);
    ctrlc::set_handler(move || by_signal.store(true, Ordering::Relaxed))?;
    let (inputs, input) = mpsc::sync_channel(AHEAD);
    let (orders, order) = mpsc::sync_channel(AHEAD);
    let (asked, heard, told) = (Arc::clone(contact), Arc::clone(contact), inputs.clone());
    let asks = thread::Builder::new().name("ask".into());
    asks.spawn(move || ask(&asked, &order, &inputs))?;
    // Dropped at the end, so that whoever waits with it does not outlive this.
    let (_open, closed) = mpsc::sync_channel::<()>(0);
    let listens = thread::Builder::new().name("listen".into());
    listens.spawn(move || listen(&heard, &told, &closed))?;

    let styles = Styles { colour: colours_are_welcome() };
    let mut screen = Terminal::open()?;
    while !ended.load(Ordering::Relaxed) {
        view.tick(unix_time());
        let columns = screen.0.size().map_or(PICTURE.0, |size| size.width);
        let mut changed = false;
        for input in input.try_iter().take(AHEAD) {
            changed |= take(&mut view, input, columns);
        }
        if changed {
            // Where it is full, facts are on their way.
            let _ = orders.try_send(Order::Facts);
        }
        let drawn = screen.0.draw(|frame| draw(&view, styles, frame.area(), frame.buffer_mut()));
        drawn.map_err(|error| broken(&error))?;
        match pressed(TICK)?.map_or(Wanted::Nothing, |key| view.key(key)) {
            Wanted::Nothing => {}
            Wanted::Quit => break,
            Wanted::Block(hash) => drop(orders.try_send(Order::Block(hash))),
        }
    }
    Ok(())
}

/// Hands an input to the view, on a screen of so many columns. Says whether facts are other ones now.
fn take(view: &mut View, input: Input, columns: u16) -> bool {
    match input {
        Input::Told(told) => return view.told(told),
        Input::Facts(facts) => view.facts(*facts),
        // Between the lines of its frame.
        Input::Block(answer) => view.block(*answer, usize::from(columns.saturating_sub(2))),
        Input::Away(reason) => view.away(reason),
    }
    false
}

/// The key that is pressed within a time.
fn pressed(within: Duration) -> Result<Option<Key>> {
    let read = || match event::poll(within)? {
        true => event::read().map(Some),
        false => Ok(None),
    };
    match read() {
        Ok(Some(Event::Key(key))) => Ok(key_of(&key)),
        Ok(_) => Ok(None),
        // A signal came; what it asks for is seen to by its handler.
        Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(None),
        Err(error) => Err(broken(&error)),
    }
}

fn key_of(key: &KeyEvent) -> Option<Key> {
    if key.kind == KeyEventKind::Release {
        return None;
    }
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    Some(match key.code {
        KeyCode::Char('c' | 'd') if control => Key::Quit,
        KeyCode::Char('q') => Key::Quit,
        KeyCode::Char('p' | ' ') => Key::Pause,
        KeyCode::Char('?' | 'h') => Key::Help,
        KeyCode::Char('k') | KeyCode::Up => Key::Up,
        KeyCode::Char('j') | KeyCode::Down => Key::Down,
        KeyCode::PageUp => Key::PageUp,
        KeyCode::PageDown => Key::PageDown,
        KeyCode::Tab | KeyCode::Right => Key::Next,
        KeyCode::BackTab | KeyCode::Left => Key::Previous,
        KeyCode::Enter => Key::Open,
        KeyCode::Esc => Key::Back,
        _ => return None,
    })
}

/// Asks the node once in a while and whenever that is ordered, until nobody takes answers.
fn ask(contact: &Contact, orders: &Receiver<Order>, inputs: &SyncSender<Input>) {
    let mut asker = Asker::default();
    loop {
        let input = match orders.recv_timeout(ASK_AGAIN) {
            Err(RecvTimeoutError::Disconnected) => return,
            Ok(Order::Block(hash)) => {
                let answer =
                    contact.client().block(&hash.to_string()).map_err(|error| error.to_string());
                Input::Block(Box::new(answer))
            }
            Ok(Order::Facts) | Err(RecvTimeoutError::Timeout) => match asker.ask(&contact.client())
            {
                Ok(facts) => Input::Facts(Box::new(facts)),
                Err(error) => {
                    contact.renew();
                    Input::Away(error.to_string())
                }
            },
        };
        if inputs.send(input).is_err() {
            return;
        }
    }
}

/// Listens to the node, again and again, until nobody takes what it tells. That it does not answer
/// is said by whoever asks it.
fn listen(contact: &Contact, inputs: &SyncSender<Input>, closed: &Receiver<()>) {
    let mut last_id = String::new();
    loop {
        let client = contact.client();
        let mut events = client.events(&last_id);
        while let Ok(told) = events.wait_for_next() {
            if inputs.send(Input::Told(told)).is_err() {
                return;
            }
        }
        events.last_id().clone_into(&mut last_id);
        if closed.recv_timeout(ASK_AGAIN) == Err(RecvTimeoutError::Disconnected) {
            return;
        }
    }
}
