//! Input that is not a person at a terminal: every line is data.
//!
//! At the end of the input the node runs on. There are no commands here, so that no file can hold
//! one by accident.

use std::io::{self, BufReader};

use kusari_node::drafts::DraftContent;

use super::entrust::{entrust, entrust_draft};
use super::escape::grouped;
use super::lines::{Content, Line, Lines};
use super::link::Link;
use super::screen::Screen;
use super::words::Said;
use kusari_runtime::NodeWallet;

/// Reads stdin to its end.
pub(crate) fn run(link: &Link, screen: &Screen, wallet: Option<&NodeWallet>) {
    let mut lines = Lines::new(BufReader::new(io::stdin()));
    loop {
        match lines.next_line() {
            Ok(Some(line)) => {
                screen.wait_for_room();
                if !take(link, screen, wallet, line) {
                    return;
                }
            }
            Ok(None) => return,
            Err(error) => {
                let text =
                    format!("The input cannot be read any further: {error}; the node runs on");
                return screen.say(Said::warning(text));
            }
        }
    }
}

/// Returns whether the node still runs.
fn take(link: &Link, screen: &Screen, wallet: Option<&NodeWallet>, line: Line) -> bool {
    match line.content {
        Content::Text(text) => {
            let origin = format!("Line {} of the input", line.number);
            match wallet {
                Some(wallet) => {
                    entrust_draft(link, screen, wallet, DraftContent::Record(text), &origin)
                }
                None => entrust(link, screen, text, &origin),
            }
        }
        refused => {
            screen.say(Said::warning(refusal(line.number, &refused)));
            true
        }
    }
}

/// Why a line of an input cannot be recorded.
pub(crate) fn refusal(number: u64, content: &Content) -> String {
    let why = match content {
        Content::TooLong { bytes, limit } => format!(
            "it takes {} bytes and at most {} fit a block; shorten it or split it",
            grouped(bytes),
            grouped(limit)
        ),
        Content::NotUtf8 { at } => {
            format!("its byte {at} is not UTF-8; convert the input to UTF-8")
        }
        Content::Text(_) => String::from("no reason"),
    };
    format!("Line {number} of the input is not saved: {why}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_the_line_the_reason_and_the_remedy() {
        assert_eq!(
            refusal(3, &Content::TooLong { bytes: 5_000, limit: 3_826 }),
            "Line 3 of the input is not saved: it takes 5,000 bytes and at most 3,826 fit a block; \
             shorten it or split it"
        );
        assert_eq!(
            refusal(4, &Content::NotUtf8 { at: 9 }),
            "Line 4 of the input is not saved: its byte 9 is not UTF-8; convert the input to UTF-8"
        );
    }
}
