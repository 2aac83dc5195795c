//! What a person reads, and in which order.

use super::super::captured_output::Written;
use super::super::output::Looks;
use super::*;
use kusari_chain::{Block, Work};

/// First lines of what is printed once all is said.
fn printed(quiet: bool, say: impl FnOnce(&Screen)) -> Vec<String> {
    let sink = Written::default();
    let screen = Screen::new(quiet);
    say(&screen);
    let output = Output::new(Box::new(sink.clone()), Looks::default());
    screen.start(output, &[], Box::new(|| false)).unwrap();
    screen.finish(Some(Message::routine("Stopped.")));
    let text = String::from_utf8(sink.0.lock().unwrap().clone()).unwrap();
    let said =
        |line: &&str| !line.contains(": ") && !line.starts_with("---") && *line != "Transactions:";
    text.lines()
        .map(|line| line.split_once(", nonce").map_or(line, |(words, _)| words))
        .filter(said)
        .map(str::to_owned)
        .collect()
}

fn added(height: u32, source: BlockSource) -> Event {
    let mut block = Block::genesis();
    block.index = height;
    block.transactions.clear();
    let stored = StoredBlock { order: 0, work: Work::ZERO, total_bytes: 0, block, ledger: None };
    Event::BlockAdded { block: Arc::new(stored), source }
}

const EMPTY: &str = "  (no transactions)";

#[test]
fn a_receipt_comes_before_its_block_even_if_the_block_is_faster() {
    let lines = printed(false, |screen| {
        screen.asking();
        screen.events(vec![added(1, BlockSource::Mined(7))]);
        screen.answered(Some(7), Some(Message::answer("Saved as line 7")));
    });
    assert_eq!(lines, ["Saved as line 7", "Added new block index=1", EMPTY, "Stopped."]);
}

#[test]
fn what_is_held_at_the_end_is_shown_before_the_last_words() {
    let lines = printed(false, |screen| {
        screen.events(vec![added(1, BlockSource::Synced)]);
        screen.asking();
        screen.events(vec![added(2, BlockSource::Mined(1))]);
    });
    let expected = ["Added new block index=1", EMPTY, "Added new block index=2", EMPTY, "Stopped."];
    assert_eq!(lines, expected);
}

#[test]
fn quiet_shows_answers_and_warnings_alone() {
    let lines = printed(true, |screen| {
        screen.events(vec![added(1, BlockSource::Announced)]);
        let address = "127.0.0.1:1".parse().unwrap();
        screen.events(vec![
            Event::PeerConnected { address, target: None },
            Event::OutboxFull { waiting: 2 },
        ]);
        screen.say(Message::answer("Saved as line 1"));
    });
    // The warning has a colon, which this test leaves out as it does lines of a card.
    assert_eq!(lines, ["Saved as line 1"]);
}
