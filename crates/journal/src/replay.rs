//! Replay: a journal through the same core.
//!
//! Owns the comparison, and says where the two part for the first time. A journal may come from a
//! stranger: one line of it is in memory at a time, and whatever is wrong with it is a sentence.

mod error;
mod source;
mod stores;

use std::cell::RefCell;
use std::io::{self, BufRead};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use kusari_chain::BestPoint;
use kusari_node::{Input, Node, hash_of_state};

pub use self::error::ReplayError;
use self::source::Source;
use self::stores::Answering;
use super::describe::describe;
use super::format::{Given, Header, Line, Reason, digest};
use kusari_chain::hex;

/// A journal that was replayed from its beginning to its end, without a difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replayed {
    /// Program and version that wrote it.
    pub program: String,
    /// When the file begins, and when its last input was, in Unix seconds.
    pub from: u64,
    /// See `from`.
    pub to: u64,
    /// Number of the first input in this file; those before it stand in files before it.
    pub first_input: u64,
    /// Whole inputs.
    pub inputs: u64,
    /// The last block of the best chain.
    pub tip: BestPoint,
    /// Hash of the whole state at the end.
    pub state: [u8; 32],
    /// How it ends.
    pub ending: Ending,
    /// Whether its last line is cut off.
    pub torn: bool,
}

/// How a journal ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The node was asked to stop.
    Stopped,
    /// The next file goes on.
    Continued,
    /// The node stopped by itself, for this reason.
    Failed(String),
    /// Between two inputs: the node was killed, or still runs.
    Open,
    /// Within an input, which is this one in words and was not compared.
    Within(String),
}

/// Runs a journal through the core. `open` opens it anew: it is read once more where it ends within
/// an input, to stop before that one.
///
/// # Errors
/// [`ReplayError`]: the first difference, or why it cannot be replayed.
pub fn replay(
    open: &mut dyn FnMut() -> io::Result<Box<dyn BufRead>>,
) -> Result<Replayed, ReplayError> {
    match Pass::begin(open()?)?.run(u64::MAX)? {
        Run::Ended(replayed) => Ok(replayed),
        Run::Within { number, input, torn } => {
            let ending = Ending::Within(input);
            match Pass::begin(open()?)?.run(number)? {
                Run::Ended(replayed) => Ok(Replayed { ending, torn, ..replayed }),
                Run::Within { .. } => Err(ReplayError::Changing),
            }
        }
    }
}

/// How far one pass came.
enum Run {
    Ended(Replayed),
    Within { number: u64, input: String, torn: bool },
}

/// What came of one input.
enum Outcome {
    Same,
    CutOff,
}

/// One way through a journal.
struct Pass {
    source: Rc<RefCell<Source>>,
    header: Header,
    node: Node,
    /// Number of the last whole input, and its time.
    last: u64,
    wall: u64,
    /// The last input after which the whole state was compared.
    same_state_at: u64,
}

impl Pass {
    fn begin(lines: Box<dyn BufRead>) -> Result<Self, ReplayError> {
        let mut source = Source::new(lines);
        let header = source.header()?;
        let state = source.checkpoint()?;
        let source = Rc::new(RefCell::new(source));
        let stores = [(); 2].map(|()| Box::new(Answering::new(Rc::clone(&source))));
        let [blocks, outbox] = stores;
        let node = Node::restore(&state, blocks, outbox)
            .map_err(|error| ReplayError::Checkpoint { error, program: header.program.clone() })?;
        // The first input ever has number 1.
        let before = header.first_input.checked_sub(1);
        let last = before.ok_or_else(|| source.borrow().out_of_place())?;
        let wall = header.written;
        if node.state_hash() != hash_of_state(&state) {
            return Err(ReplayError::State { from: last, to: last, input: None });
        }
        Ok(Self { source, header, node, last, wall, same_state_at: last })
    }

    /// Replays up to, and without, the input `until`.
    fn run(mut self, until: u64) -> Result<Run, ReplayError> {
        let mut last_input = None;
        let ending = loop {
            if self.last.checked_add(1) == Some(until) {
                break Ending::Open;
            }
            let next = self.source.borrow_mut().next_line()?;
            match next {
                None => break Ending::Open,
                Some(Line::Input(given)) => {
                    let (number, input) = (given.number, describe(&given.what));
                    self.wall = given.now.wall;
                    match self.input(given, &input)? {
                        Outcome::Same => self.last = number,
                        Outcome::CutOff => {
                            let torn = self.source.borrow().is_torn();
                            return Ok(Run::Within { number, input, torn });
                        }
                    }
                    last_input = Some(input);
                }
                Some(Line::State(mark)) => self.compare_state(&mark.hash, &last_input)?,
                Some(Line::End(end)) => break self.end(end.reason, &last_input)?,
                Some(Line::Read(_) | Line::Done(_)) => {
                    return Err(self.source.borrow().out_of_place());
                }
            }
        };
        Ok(Run::Ended(self.replayed(ending)))
    }

    /// Only the last state follows.
    fn end(&mut self, reason: Reason, input: &Option<String>) -> Result<Ending, ReplayError> {
        let next = self.source.borrow_mut().next_line()?;
        match next {
            Some(Line::State(mark)) => self.compare_state(&mark.hash, input)?,
            Some(_) => return Err(self.source.borrow().out_of_place()),
            None => return Ok(Ending::Open),
        }
        self.source.borrow_mut().expect_end()?;
        Ok(match reason {
            Reason::Stopped => Ending::Stopped,
            Reason::Continued => Ending::Continued,
            Reason::Failed(why) => Ending::Failed(why),
        })
    }

    /// One input, with what the core reads on it and what it decides.
    fn input(&mut self, given: Given<Input>, input: &str) -> Result<Outcome, ReplayError> {
        let Given { number, now, what } = given;
        if self.last.checked_add(1) != Some(number) {
            return Err(self.source.borrow().out_of_place());
        }
        self.source.borrow_mut().begin_input(number, input);
        // Only a fault of the core, or a state that no core was ever in, gets it to panic.
        let handled = catch_unwind(AssertUnwindSafe(|| self.node.handle(now, what)));
        let mut source = self.source.borrow_mut();
        let Ok(actions) = handled else {
            return Err(ReplayError::Panicked { number, input: input.to_string() });
        };
        match source.take_trouble() {
            Some(trouble) => return Err(trouble),
            None if source.is_cut_off() => return Ok(Outcome::CutOff),
            None => {}
        }
        let done = match source.next_line()? {
            Some(Line::Done(done)) => done,
            Some(Line::Read(read)) => return Err(source.not_asked(&read)),
            Some(_) => return Err(source.out_of_place()),
            None => return Ok(Outcome::CutOff),
        };
        if done.number != number {
            return Err(source.out_of_place());
        }
        if done.actions != digest(&actions) {
            let actions = actions.len();
            return Err(ReplayError::Actions { number, input: input.to_string(), actions });
        }
        source.end_input();
        Ok(Outcome::Same)
    }

    fn compare_state(&mut self, hash: &str, input: &Option<String>) -> Result<(), ReplayError> {
        if hash != hex::encode(&self.node.state_hash()) {
            let from = self.same_state_at.saturating_add(1).min(self.last);
            let (to, input) = (self.last, input.clone());
            return Err(ReplayError::State { from, to, input });
        }
        self.same_state_at = self.last;
        Ok(())
    }

    fn replayed(self, ending: Ending) -> Replayed {
        let first_input = self.header.first_input;
        Replayed {
            program: self.header.program,
            from: self.header.written,
            to: self.wall,
            first_input,
            inputs: self.last.saturating_add(1).saturating_sub(first_input),
            tip: self.node.snapshot().tip,
            state: self.node.state_hash(),
            ending,
            torn: self.source.borrow().is_torn(),
        }
    }
}
