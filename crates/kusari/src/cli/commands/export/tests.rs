//! Answers of a node that are whole, and answers that are not.

use std::fs;

use super::*;
use crate::cli::scripted_node::{self, BLOCKS, Step};

/// What is left of an export from a node that says it has this many blocks and answers so.
fn exported(height: u32, answer: &str) -> Result<String, String> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("chain.txt");
    let address =
        scripted_node::node(vec![vec![Step::Hear("GET_CHAIN"), Step::Tell(answer.into())]]);
    let mut sink = Sink::open(&path, false).ok().unwrap();
    let result = from_node(&address, height, &mut sink);
    let finish = |_| match sink {
        Sink::File(file) => file.finish(),
        Sink::Stdout(_) => panic!("this is no file"),
    };
    match result.and_then(finish) {
        Ok(()) => Ok(fs::read_to_string(&path).unwrap()),
        Err(Failure::Failed(error)) => {
            assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
            Err(error.to_string())
        }
        Err(other) => panic!("{other:?}"),
    }
}

#[test]
fn a_whole_chain_is_written_as_it_came() {
    let [one, two] = BLOCKS;
    let whole = format!("{one}\n{two}\n");
    assert_eq!(exported(2, &whole), Ok(whole.clone()));
    // It may have grown since it said how high it is.
    assert_eq!(exported(1, &whole), Ok(whole));
    assert_eq!(exported(0, ""), Ok(String::new()));
}

#[test]
fn an_answer_that_is_not_a_whole_chain_leaves_no_file() {
    let [one, two] = BLOCKS;
    let forged = one.replace("hi", "ho");
    for (answer, why) in [
        (String::new(), "it ends at block 0 of 2"),
        (format!("{one}\n"), "it ends at block 1 of 2"),
        (format!("{one}\n{}", &two[..40]), "the node closed the connection"),
        (format!("{two}\n"), "block 2 does not build on the ones before it"),
        (format!("{one}\n{two}\n{two}\n"), "block 2 does not build on the ones before it"),
        (format!("{one}\nSTATUS\n"), "it holds more than blocks"),
        (format!("{forged}\n{two}\n"), "but the content hashes to"),
        (String::from("HTTP/1.1 400 Bad Request\r\n\r\n"), "there is no verb"),
    ] {
        let error = exported(2, &answer).unwrap_err();
        assert!(error.contains(why) && error.contains("; "), "{why}: {error}");
    }
}
