//! A node that tests play by a script, as far as its port for peers goes.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::thread;

/// Blocks 1 and 2 of `crates/chain/tests/vectors/classic.json`.
pub(super) const BLOCKS: [&str; 2] = [
    "BLOCK:{\"index\":1,\"timestamp\":1746151143,\"nonce\":9026,\"data\":\"hi\",\
     \"prev_hash\":\"000009fd818a1c6a6577cfda48a44f72d5c3e7359fe9bf808b959e4b56a06f13\",\
     \"hash\":\"0000d1aafa2a802914c485c35af661aea0a6d29460512c7eeee2ef3575f19a5f\",\
     \"transactions\":[]}",
    "BLOCK:{\"index\":2,\"timestamp\":1746151150,\"nonce\":85457,\"data\":\"日本語の記録 🦀\",\
     \"prev_hash\":\"0000d1aafa2a802914c485c35af661aea0a6d29460512c7eeee2ef3575f19a5f\",\
     \"hash\":\"0000b7f36eb555f0c294b0316e27208d906e01e076ea63a4c21d32a4d9987ce4\",\
     \"transactions\":[]}",
];

/// What the node does next on a connection.
pub(super) enum Step {
    /// Reads lines until one begins so.
    Hear(&'static str),
    /// Writes this.
    Tell(String),
}

/// Serves one connection after another, each by its steps, and then nobody any more. Returns where.
pub(super) fn node(connections: Vec<Vec<Step>>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        for steps in connections {
            let (mut stream, _) = listener.accept().unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            for step in steps {
                match step {
                    Step::Hear(words) => {
                        let other = |line: std::io::Result<String>| {
                            line.is_ok_and(|line| !line.starts_with(words))
                        };
                        while lines.next().is_some_and(other) {}
                    }
                    // The other side may have heard enough.
                    Step::Tell(text) => drop(stream.write_all(text.as_bytes())),
                }
            }
        }
    });
    address
}
