//! Input that is not a person at a terminal: every line is data.
//!
//! At the end of the input the node runs on. There are no commands here, so that no file can hold
//! one by accident.

use std::io::{self, BufReader, IsTerminal};

use super::bounded_lines::{Content, Lines};
use super::console::{Console, Place};
use super::escape::grouped;
use super::submit::Submitter;
use super::words::Message;

/// Reads stdin to its end.
pub(crate) fn run(submitter: &Submitter<'_>, console: &Console) {
    let screen = submitter.screen;
    if io::stdin().is_terminal() && !console.wait_for_foreground() {
        return;
    }
    let mut lines = Lines::new(BufReader::new(io::stdin()));
    loop {
        let line = match lines.next_line() {
            Ok(Some(line)) => line,
            Ok(None) => return,
            // It was sent to the background while it read.
            Err(_) if io::stdin().is_terminal() && console.place() == Place::Background => {
                if !console.wait_for_foreground() {
                    return;
                }
                continue;
            }
            Err(error) => {
                let text =
                    format!("The input cannot be read any further: {error}; the node runs on");
                return screen.say(Message::warning(text));
            }
        };
        screen.wait_for_room();
        match line.content {
            Content::Text(text) => {
                if !submitter.text(text, &format!("Line {} of the input", line.number)) {
                    return;
                }
            }
            refused => screen.say(Message::warning(refusal(line.number, &refused))),
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
