//! A stream of events: however it is cut into pieces, the same messages come out, within bounds.

use kusari_client::event_stream::{MAX_MESSAGE_BYTES, StreamMessage, StreamParser};

/// Takes the first byte for the length of the pieces, and the rest for a stream. A line feed may be
/// followed by fillers in units of 256, as many as the byte before it says, where that is above 127:
/// so short inputs make long lines.
pub fn check(bytes: &[u8]) {
    let Some((length, rest)) = bytes.split_first() else { return };
    let stream = stretched(rest);
    let (whole, refused) = messages(&[&stream]);
    let pieces: Vec<&[u8]> = stream.chunks(usize::from(*length).max(1)).collect();
    assert_eq!(messages(&pieces), (whole.clone(), refused), "pieces make another stream");
    for message in &whole {
        assert!(message.data.len() <= MAX_MESSAGE_BYTES, "a message is over its limit");
        assert!(!message.id.contains(char::is_control), "an id steers what it stands in");
        assert!(!message.kind.contains(['\n', '\r']), "a name is of two lines");
    }
    // What is no text is longer as one, and may be refused for that.
    let (text, text_refused) = messages(&[String::from_utf8_lossy(&stream).as_bytes()]);
    if !refused && !text_refused {
        assert_eq!(text, whole, "what is no text makes other messages");
    }
}

fn stretched(bytes: &[u8]) -> Vec<u8> {
    let mut stream = Vec::new();
    for pair in bytes.windows(2) {
        stream.push(pair[1]);
        if pair[1] == b'\n' && pair[0] > 127 {
            stream.extend(std::iter::repeat_n(b'x', usize::from(pair[0]) * 256));
        }
    }
    stream
}

/// The messages of the pieces, and whether the stream was refused.
fn messages(pieces: &[&[u8]]) -> (Vec<StreamMessage>, bool) {
    let mut parser = StreamParser::default();
    let mut found = Vec::new();
    let mut refused = false;
    for piece in pieces {
        refused = parser.push(piece).is_err();
        found.extend(std::iter::from_fn(|| parser.next_message()));
        assert!(parser.buffered() <= 5 * MAX_MESSAGE_BYTES, "it holds more than one message");
    }
    (found, refused)
}
