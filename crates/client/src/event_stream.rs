//! The form of a stream of server-sent events, as the HTML standard has it.
//!
//! Owns how bytes become messages, however they are cut into pieces, and the bounds of both. Knows
//! neither connections nor what the messages say.

use std::collections::VecDeque;

/// Longest line, and longest data of one message, in bytes. What a node tells is below 1 KiB; an
/// agent of nothing but escaped characters is six times as long as it counts.
pub const MAX_MESSAGE_BYTES: usize = 64 * 1024;
/// Longest name or id, in bytes. A longer one is no node's, and is left out.
const MAX_FIELD_BYTES: usize = 256;
/// What may stand before the first line and says nothing: a byte order mark.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// One message of a stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreamMessage {
    /// The name after `event`; empty where there is none.
    pub kind: String,
    /// The id that was said last, with this message or before it; empty where none was.
    pub id: String,
    /// Its data, of one line or more; empty where a stream says its place alone.
    pub data: String,
}

/// A line or a message is longer than any that a node sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it sends events of more than {MAX_MESSAGE_BYTES} bytes, and no kusari node does")]
pub struct MessageTooLong;

/// Takes a stream piece by piece, and gives out its messages. Holds at most one line and one
/// message, and those of the last piece.
#[derive(Debug, Default)]
pub struct StreamParser {
    /// The line that has not ended yet.
    line: Vec<u8>,
    /// The last byte was a carriage return, so a line feed now belongs to it.
    after_return: bool,
    /// Whether the first line has ended.
    begun: bool,
    /// The message that has not ended yet.
    message: StreamMessage,
    /// Whether it has something to say: data, or a place in the stream.
    has_data: bool,
    has_id: bool,
    ready: VecDeque<StreamMessage>,
    failed: bool,
}

impl StreamParser {
    /// Takes the next bytes.
    ///
    /// # Errors
    /// [`MessageTooLong`], now and from now on.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), MessageTooLong> {
        for byte in bytes {
            if self.failed {
                break;
            }
            let was_return = std::mem::replace(&mut self.after_return, *byte == b'\r');
            match byte {
                b'\n' if was_return => {}
                b'\n' | b'\r' => self.end_line(),
                _ => {
                    self.line.push(*byte);
                    self.failed |= self.line.len() > MAX_MESSAGE_BYTES;
                }
            }
        }
        if self.failed { Err(MessageTooLong) } else { Ok(()) }
    }

    /// The next message that is whole.
    pub fn next_message(&mut self) -> Option<StreamMessage> {
        self.ready.pop_front()
    }

    /// Bytes that wait for the rest of their message.
    #[must_use]
    pub fn buffered(&self) -> usize {
        self.line.len() + self.message.data.len()
    }

    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        let mut content = &line[..];
        if !std::mem::replace(&mut self.begun, true) {
            content = content.strip_prefix(MARK).unwrap_or(content);
        }
        if content.is_empty() {
            return self.end_message();
        }
        let colon = content.iter().position(|byte| *byte == b':');
        let (name, value) = match colon {
            Some(at) => (&content[..at], &content[at + 1..]),
            None => (content, &[][..]),
        };
        // A line that begins with a colon is a comment: the name of no field.
        let value = value.strip_prefix(b" ").unwrap_or(value);
        self.field(name, &String::from_utf8_lossy(value));
    }

    fn field(&mut self, name: &[u8], value: &str) {
        let short = value.len() <= MAX_FIELD_BYTES;
        match name {
            b"event" if short => value.clone_into(&mut self.message.kind),
            // It goes into the head of a request, where nothing that steers one may stand.
            b"id" if short && !value.contains(char::is_control) => {
                value.clone_into(&mut self.message.id);
                self.has_id = true;
            }
            b"data" => {
                if self.has_data {
                    self.message.data.push('\n');
                }
                self.has_data = true;
                self.message.data.push_str(value);
                self.failed |= self.message.data.len() > MAX_MESSAGE_BYTES;
            }
            _ => {}
        }
    }

    fn end_message(&mut self) {
        let id = self.message.id.clone();
        let message =
            std::mem::replace(&mut self.message, StreamMessage { id, ..StreamMessage::default() });
        let (has_data, has_id) =
            (std::mem::take(&mut self.has_data), std::mem::take(&mut self.has_id));
        if has_data || has_id {
            self.ready.push_back(message);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(text: &str) -> Vec<(String, String, String)> {
        let mut parser = StreamParser::default();
        parser.push(text.as_bytes()).unwrap();
        let ready = std::iter::from_fn(|| parser.next_message());
        ready.map(|message| (message.kind, message.id, message.data)).collect()
    }

    fn message(kind: &str, id: &str, data: &str) -> (String, String, String) {
        (kind.into(), id.into(), data.into())
    }

    #[test]
    fn a_stream_of_a_node_is_its_place_and_then_its_events() {
        let text =
            "id: ab-0\n\nevent: block\nid: ab-1\ndata: {\"height\":1}\n\n:\n\nevent: missed\n";
        assert_eq!(
            messages(text),
            [message("", "ab-0", ""), message("block", "ab-1", "{\"height\":1}")]
        );
    }

    #[test]
    fn lines_end_in_each_of_three_ways_and_may_be_cut_anywhere() {
        let text = "\u{feff}data: a\r\ndata:b\rdata\n\ndata:  c\r\n\r\ndata: d\r\r";
        let expected = [message("", "", "a\nb\n"), message("", "", " c"), message("", "", "d")];
        assert_eq!(messages(text), expected);
        for cut in 0..=text.len() {
            let mut parser = StreamParser::default();
            parser.push(&text.as_bytes()[..cut]).unwrap();
            parser.push(&text.as_bytes()[cut..]).unwrap();
            let data: Vec<String> =
                std::iter::from_fn(|| parser.next_message()).map(|message| message.data).collect();
            assert_eq!(data, ["a\nb\n", " c", "d"], "cut at {cut}");
        }
    }

    #[test]
    fn an_id_is_kept_until_the_next_one_and_never_steers_a_request() {
        let long = "9".repeat(MAX_FIELD_BYTES + 1);
        let text = format!(
            "id: 1\ndata: a\n\nid: 2\u{0}\nid: 3\u{7}\nid: {long}\ndata: b\n\nid\ndata: c\n\n"
        );
        let expected = [message("", "1", "a"), message("", "1", "b"), message("", "", "c")];
        assert_eq!(messages(&text), expected);
    }

    #[test]
    fn a_line_or_a_message_without_end_is_refused_before_it_fills_memory() {
        let mut parser = StreamParser::default();
        let piece = [b'x'; 1_000];
        let taken = (0..1_000).take_while(|_| parser.push(&piece).is_ok()).count();
        assert_eq!(taken, MAX_MESSAGE_BYTES / 1_000);
        assert!(parser.buffered() <= MAX_MESSAGE_BYTES + 1);
        assert_eq!(parser.push(b"\n\n"), Err(MessageTooLong));

        let mut parser = StreamParser::default();
        let line = format!("data: {}\n", "x".repeat(999));
        let taken = (0..1_000).take_while(|_| parser.push(line.as_bytes()).is_ok()).count();
        assert_eq!(taken, MAX_MESSAGE_BYTES / 1_000);
        assert!(parser.buffered() <= MAX_MESSAGE_BYTES + 1_000);
        assert_eq!(parser.next_message(), None);
    }
}
