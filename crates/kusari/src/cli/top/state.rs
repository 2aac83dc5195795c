//! What stands on the dashboard: a state that facts, events, keys and time are put into.
//!
//! Owns which panel is chosen, what is selected in it, what is held back while it is paused, and how
//! much is kept. Does no I/O, knows no clock and no terminal.

use std::collections::VecDeque;

use kusari_chain::BlockHash;

use super::events::{EventLine, words};
use super::facts::Facts;
use crate::cli::block_card::card_of_whole;
use crate::cli::escape::{Plain, grouped, lasting};
use crate::cli::words::Message;
use kusari_api_types::{BlockReport, MiningReport, NodeEvent};
use kusari_client::Told;

/// Lines about what happened that are kept.
pub(crate) const KEPT_EVENTS: usize = 200;
/// Rates of mining that are kept, one a second: as many as a wide panel has columns.
pub(crate) const KEPT_RATES: usize = 120;
/// Bytes of a block's card that are shown; `kusari block` shows all.
const KEPT_CARD_BYTES: usize = 32 * 1024;
/// Lines that a page up or down moves.
const PAGE: usize = 10;

/// A part of the dashboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Panel {
    Blocks,
    Branches,
    Peers,
    Node,
    Events,
}

impl Panel {
    pub(crate) const ALL: [Self; 5] =
        [Self::Blocks, Self::Branches, Self::Peers, Self::Node, Self::Events];

    fn place(self) -> usize {
        self as usize
    }

    fn moved(self, by: usize) -> Self {
        Self::ALL[(self.place() + by) % Self::ALL.len()]
    }
}

/// What a person pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    Quit,
    /// Closes what lies above; quits where nothing does.
    Back,
    Pause,
    Help,
    Up,
    Down,
    PageUp,
    PageDown,
    Next,
    Previous,
    Open,
}

/// What has to be done after a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    Nothing,
    Quit,
    /// This block, for [`View::block`].
    Block(BlockHash),
}

/// What lies above the panels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Above {
    Nothing,
    Help,
    /// Lines, safe to print, and how many of them are scrolled away.
    Block {
        title: String,
        lines: Vec<String>,
        offset: usize,
    },
}

/// A node that does not answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Away {
    /// In Unix seconds.
    pub(crate) since: u64,
    /// A sentence.
    pub(crate) reason: String,
}

/// The state of the dashboard.
#[derive(Debug)]
pub(crate) struct View {
    /// Unix time in seconds.
    pub(crate) now: u64,
    pub(crate) facts: Facts,
    pub(crate) away: Option<Away>,
    pub(crate) panel: Panel,
    pub(crate) above: Above,
    /// The newest first.
    pub(crate) events: VecDeque<EventLine>,
    /// Tries a second, the oldest first.
    pub(crate) rates: VecDeque<u64>,
    selected: [usize; Panel::ALL.len()],
    /// While the picture stands still.
    held_back: Option<HeldBack>,
    /// An event told how it mines since the last facts came.
    rate_told: bool,
}

/// What came while the picture stood still; the newest facts alone.
#[derive(Debug, Default)]
struct HeldBack {
    facts: Option<Box<Facts>>,
    events: VecDeque<EventLine>,
}

impl View {
    pub(crate) fn new(facts: Facts, now: u64) -> Self {
        let mut view = Self {
            now,
            facts: facts.clone(),
            away: None,
            panel: Panel::Blocks,
            above: Above::Nothing,
            events: VecDeque::new(),
            rates: VecDeque::new(),
            selected: [0; Panel::ALL.len()],
            held_back: None,
            rate_told: false,
        };
        view.facts(facts);
        view
    }

    /// Time went on.
    pub(crate) fn tick(&mut self, now: u64) {
        self.now = now;
    }

    /// The node answered.
    pub(crate) fn facts(&mut self, facts: Facts) {
        if let Some(away) = self.away.take() {
            let since = lasting(self.now.saturating_sub(away.since));
            let text = format!("The node answers again, after {since}");
            self.happened(Message::warning(text));
        }
        if !std::mem::take(&mut self.rate_told)
            && let Some(mining) = facts.mining
        {
            self.mines(&mining);
        }
        match &mut self.held_back {
            Some(held_back) => held_back.facts = Some(Box::new(facts)),
            None => self.show(facts),
        }
    }

    fn show(&mut self, facts: Facts) {
        // Whoever looks at a block goes on looking at it when others come above it.
        let blocks = &mut self.selected[Panel::Blocks.place()];
        if *blocks > 0 {
            let more = facts.status.height.saturating_sub(self.facts.status.height);
            *blocks = blocks.saturating_add(usize::try_from(more).unwrap_or(usize::MAX));
        }
        self.facts = facts;
        for panel in Panel::ALL {
            let last = self.length(panel).saturating_sub(1);
            let selected = &mut self.selected[panel.place()];
            *selected = (*selected).min(last);
        }
    }

    /// Something happened. Says whether facts are other ones now.
    pub(crate) fn told(&mut self, told: Told) -> bool {
        match told {
            Told::Event { event, .. } => match *event {
                // Once a second while it mines: no reason to ask for anything.
                NodeEvent::Mining(mining) => {
                    self.rate_told = true;
                    self.mines(&mining);
                    if self.held_back.is_none() {
                        self.facts.mining = Some(mining);
                    }
                    false
                }
                event => {
                    if let Some(message) = words(&event) {
                        self.happened(message);
                    }
                    true
                }
            },
            Told::Other { .. } => false,
        }
    }

    /// The node does not answer, or its events do not come.
    pub(crate) fn away(&mut self, reason: String) {
        let since = self.away.as_ref().map_or(self.now, |away| away.since);
        self.away = Some(Away { since, reason });
    }

    /// The block that was wanted, or why it is not there, for a screen of so many columns.
    pub(crate) fn block(&mut self, answer: Result<Option<BlockReport>, String>, columns: usize) {
        let (title, text) = match answer {
            Ok(Some(report)) => (format!("Block {}", report.block.block.index), card(&report)),
            Ok(None) => (
                String::from("Block"),
                String::from("It is no longer there: the best chain is another one now"),
            ),
            Err(reason) => (String::from("Block"), Plain(&reason).to_string()),
        };
        // What is not of ASCII may take two columns.
        let wide = |character: char| 1 + usize::from(!character.is_ascii());
        let mut lines = Vec::new();
        for line in text.lines() {
            let (mut part, mut width) = (String::new(), 0);
            for character in line.chars() {
                if width + wide(character) > columns.max(2) {
                    lines.push(std::mem::take(&mut part));
                    width = 0;
                }
                width += wide(character);
                part.push(character);
            }
            lines.push(part);
        }
        self.above = Above::Block { title, lines, offset: 0 };
    }

    /// A person pressed a key.
    pub(crate) fn key(&mut self, key: Key) -> Wanted {
        match (key, &mut self.above) {
            (Key::Quit, _) | (Key::Back, Above::Nothing) => return Wanted::Quit,
            (Key::Help, Above::Help) => self.above = Above::Nothing,
            (Key::Help, _) => self.above = Above::Help,
            (Key::Pause, _) => self.pause(),
            (Key::Back | Key::Open, Above::Help | Above::Block { .. }) => {
                self.above = Above::Nothing;
            }
            (_, Above::Block { lines, offset, .. }) => {
                *offset = moved(*offset, key, lines.len());
            }
            (_, Above::Help) => {}
            (Key::Next, _) => self.panel = self.panel.moved(1),
            (Key::Previous, _) => self.panel = self.panel.moved(Panel::ALL.len() - 1),
            (Key::Open, _) => return self.open(),
            (Key::Up | Key::Down | Key::PageUp | Key::PageDown, _) => {
                let (place, length) = (self.panel.place(), self.length(self.panel));
                self.selected[place] = moved(self.selected[place], key, length);
            }
        }
        Wanted::Nothing
    }

    fn open(&self) -> Wanted {
        let at = self.selected(self.panel);
        let hash = match self.panel {
            Panel::Blocks => self.facts.blocks.get(at).map(|block| block.hash),
            Panel::Branches => self.facts.branches.branches.get(at).map(|branch| branch.hash),
            _ => None,
        };
        hash.map_or(Wanted::Nothing, Wanted::Block)
    }

    fn pause(&mut self) {
        let Some(held_back) = self.held_back.take() else {
            self.held_back = Some(HeldBack::default());
            return;
        };
        if let Some(facts) = held_back.facts {
            self.show(*facts);
        }
        held_back.events.into_iter().rev().for_each(|event| self.add(event));
    }

    /// Lines that wait for the end of a pause, while there is one.
    pub(crate) fn paused(&self) -> Option<usize> {
        self.held_back.as_ref().map(|held_back| held_back.events.len())
    }

    /// The line that is selected in a panel.
    pub(crate) fn selected(&self, panel: Panel) -> usize {
        self.selected[panel.place()]
    }

    /// How many lines a panel has to choose from.
    fn length(&self, panel: Panel) -> usize {
        match panel {
            Panel::Blocks => self.facts.blocks.len(),
            Panel::Branches => self.facts.branches.branches.len(),
            Panel::Peers => self.facts.peers.len(),
            Panel::Node => 0,
            Panel::Events => self.events.len(),
        }
    }

    fn happened(&mut self, message: Message) {
        self.add(EventLine { at: self.now, message });
    }

    fn add(&mut self, event: EventLine) {
        let events = match &mut self.held_back {
            Some(held_back) => &mut held_back.events,
            None => &mut self.events,
        };
        events.push_front(event);
        events.truncate(KEPT_EVENTS);
    }

    fn mines(&mut self, mining: &MiningReport) {
        if self.held_back.is_some() {
            return;
        }
        if self.rates.len() == KEPT_RATES {
            self.rates.pop_front();
        }
        self.rates.push_back(if mining.active { mining.tries_per_second } else { 0 });
    }
}

/// Where a key moves in a list of so many lines.
fn moved(at: usize, key: Key, length: usize) -> usize {
    let to = match key {
        Key::Up => at.saturating_sub(1),
        Key::Down => at.saturating_add(1),
        Key::PageUp => at.saturating_sub(PAGE),
        Key::PageDown => at.saturating_add(PAGE),
        _ => at,
    };
    to.min(length.saturating_sub(1))
}

/// A block with its place, safe to print.
fn card(report: &BlockReport) -> String {
    let BlockReport { block, work, best_chain, confirmations, durable: _ } = report;
    let place = match best_chain {
        true => format!("In the best chain, {} deep", grouped(confirmations)),
        false => String::from("Beside the best chain"),
    };
    let mut text = card_of_whole(block);
    if text.len() > KEPT_CARD_BYTES {
        let mut end = KEPT_CARD_BYTES;
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
        text.push_str(&format!("…\nThat is not all; `kusari block {}` shows it", block.block.hash));
    }
    format!("{place}\nAccumulated work {}\n{text}", grouped(work))
}
