//! Journals that were cut, changed or made up.

use proptest::prelude::*;

use super::{Ending, ReplayError, eventful, replay_bytes};
use crate::format::Sum;
use kusari_chain::hex;
use kusari_node::hash_of_state;

/// Number of the input that each line of a journal belongs to; 0 before the first.
fn input_of_lines(journal: &[u8]) -> Vec<u64> {
    let mut number = 0;
    let lines = std::str::from_utf8(journal).unwrap().lines();
    let numbers = lines.map(|line| {
        let rest = line.strip_prefix("{\"input\":{\"number\":");
        number = rest.and_then(|rest| rest.split(',').next()?.parse().ok()).unwrap_or(number);
        number
    });
    numbers.collect()
}

/// The first number of an input that a sentence names.
fn named(sentence: &str) -> Option<u64> {
    let rest = sentence.split("input ").nth(1)?;
    rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

#[test]
fn a_changed_byte_is_named_at_its_input() {
    let journal = eventful();
    let inputs = input_of_lines(&journal);
    // The last byte ends the last line: without it that line is only cut off.
    for place in (0..journal.len() - 1).step_by(131).chain(journal.len() - 200..journal.len() - 1) {
        let mut changed = journal.clone();
        changed[place] ^= 1;
        let error = match replay_bytes(&changed) {
            Err(error) => error.to_string(),
            Ok(replayed) => panic!("byte {place} was changed: {replayed:?}"),
        };
        let line = journal[..place].iter().filter(|byte| **byte == b'\n').count();
        let input = inputs[line];
        if input > 0 {
            let named = named(&error).unwrap_or_else(|| panic!("no input is named: {error}"));
            assert!((input - 1..=input).contains(&named), "input {input}, byte {place}: {error}");
        }
    }
}

#[test]
fn a_journal_that_breaks_off_anywhere_is_replayed_as_far_as_it_is_whole() {
    let journal = eventful();
    let whole = replay_bytes(&journal).unwrap();
    let beginning: usize = journal.split_inclusive(|b| *b == b'\n').take(2).map(<[u8]>::len).sum();
    let mut endings = [0; 2];
    for end in (0..journal.len()).step_by(173) {
        match replay_bytes(&journal[..end]) {
            Ok(replayed) => {
                assert!(replayed.inputs <= whole.inputs);
                assert_eq!(replayed.torn, journal[end - 1] != b'\n', "{end}");
                match replayed.ending {
                    Ending::Open => endings[0] += 1,
                    Ending::Within(_) => endings[1] += 1,
                    other => panic!("{other:?}"),
                }
            }
            Err(ReplayError::Empty) => assert!(end < beginning, "{end}"),
            Err(error) => panic!("cut at {end}: {error}"),
        }
    }
    assert!(endings.iter().all(|count| *count > 0), "{endings:?}");
}

/// The journal with what `change` makes of its lines, without those that it leaves empty, and with
/// sums that fit again.
fn made_up(change: impl Fn(usize, &str) -> String) -> Vec<u8> {
    let journal = String::from_utf8(eventful()).unwrap();
    let mut sum = Sum::default();
    let mut made = Vec::new();
    let mut state = Vec::new();
    for (place, line) in journal.lines().enumerate() {
        let mut line = change(place, line);
        if line.is_empty() {
            continue;
        }
        if place == 1 {
            state = line.clone().into_bytes();
        }
        if place == 2 {
            let hash = hex::encode(&hash_of_state(&state));
            line = format!("{{\"state\":{{\"hash\":\"{hash}\",\"sum\":\"{}\"}}}}", sum.digits());
        } else if let Some(at) = line.find("\"sum\":\"").filter(|_| !line.starts_with("{\"inp")) {
            line.replace_range(at + 7..at + 23, &sum.digits());
        }
        line.push('\n');
        sum.add(line.as_bytes());
        made.extend_from_slice(line.as_bytes());
    }
    made
}

#[test]
fn a_core_that_decides_otherwise_is_named_at_the_first_such_input() {
    assert!(replay_bytes(&made_up(|_, line| line.to_string())).is_ok(), "nothing was changed");
    // Other random numbers: the first thing that they decide is a wait before dialling again.
    let journal = made_up(|place, line| match place {
        1 => {
            let (before, rest) = line.split_once("\"random\":").unwrap();
            let (_, after) = rest.split_once(',').unwrap();
            format!("{before}\"random\":5,{after}")
        }
        _ => line.to_string(),
    });
    let error = replay_bytes(&journal).unwrap_err();
    assert!(matches!(error, ReplayError::Actions { number: 2, .. }), "{error}");
    assert!(error.to_string().contains("node-1.example.org:8080 was not reached"), "{error}");
}

#[test]
fn a_core_that_reads_otherwise_is_named() {
    let journal = made_up(|_, line| {
        line.replace("{\"read\":{\"by_hash\":{\"hash\":\"0", "{\"read\":{\"by_hash\":{\"hash\":\"1")
    });
    let error = replay_bytes(&journal).unwrap_err();
    assert!(matches!(error, ReplayError::Read { .. }), "{error}");
    assert!(error.to_string().contains("in the journal for the block 1000"), "{error}");

    // It asks where there was no question, and does not ask where there was one.
    let journal = made_up(|_, line| match line.starts_with("{\"read\"") {
        true => String::new(),
        false => line.to_string(),
    });
    let error = replay_bytes(&journal).unwrap_err();
    assert!(error.to_string().contains("in the journal for nothing more"), "{error}");
    let more = "{\"read\":{\"best_at\":{\"height\":7,\"answer\":{\"Ok\":null}}}}";
    let journal = made_up(|place, line| match place {
        3 => format!("{line}\n{more}"),
        _ => line.to_string(),
    });
    let error = replay_bytes(&journal).unwrap_err();
    let words = "input 1 (the time to wake has come) differs: the core asks its store for nothing";
    assert!(error.to_string().contains(words), "{error}");
}

#[test]
fn states_that_part_behind_equal_actions_are_named() {
    let journal = made_up(|place, line| match line.strip_prefix("{\"state\":{\"hash\":\"") {
        Some(rest) if place > 2 => {
            format!("{{\"state\":{{\"hash\":\"{}{}", "0".repeat(8), &rest[8..])
        }
        _ => line.to_string(),
    });
    let error = replay_bytes(&journal).unwrap_err();
    assert!(matches!(error, ReplayError::State { from: 1, input: Some(_), .. }), "{error}");
}

/// A fault of the core would show itself like this; here the checkpoint is impossible.
#[test]
fn an_input_on_which_the_core_panics_is_named() {
    let journal = made_up(|place, line| match place {
        1 => {
            let delay = "\"delay\":{\"secs\":1,";
            assert!(line.contains(delay), "{line}");
            line.replace(delay, &format!("\"delay\":{{\"secs\":{},", u64::MAX))
        }
        _ => line.to_string(),
    });
    let error = replay_bytes(&journal).unwrap_err();
    assert!(matches!(error, ReplayError::Panicked { number: 2, .. }), "{error}");
}

#[test]
fn a_checkpoint_that_contradicts_itself_is_refused() {
    for (from, to) in [("\"window\":[{", "\"window\":[],\"w\":[{"), ("\"halted\":false", "\"h\":1")]
    {
        let journal = made_up(|_, line| line.replacen(from, to, 1));
        let error = replay_bytes(&journal).unwrap_err();
        assert!(matches!(error, ReplayError::Checkpoint { .. }), "{error}");
    }
    // What would be read, but written in another way.
    let journal = made_up(|place, line| match place {
        1 => line.replacen(',', ", ", 1),
        _ => line.to_string(),
    });
    let error = replay_bytes(&journal).unwrap_err();
    assert!(matches!(error, ReplayError::State { .. }), "{error}");
}

#[test]
fn an_endless_line_is_not_taken_in() {
    let mut journal = eventful();
    let end = journal.iter().enumerate().filter(|(_, b)| **b == b'\n').nth(4).unwrap().0;
    journal.truncate(end + 1);
    journal.resize(end + 1 + 17 * 1024 * 1024, b'x');
    let error = replay_bytes(&journal).unwrap_err();
    assert!(matches!(error, ReplayError::TooLong { .. }), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn no_made_up_line_does_more_than_end_the_replay(
        place in 3_usize..80,
        from in any::<prop::sample::Index>(),
        bytes in "[ -~]{0,12}",
    ) {
        static JOURNAL: std::sync::OnceLock<String> = std::sync::OnceLock::new();
        let journal = JOURNAL.get_or_init(|| String::from_utf8(eventful()).unwrap());
        let mut lines: Vec<String> = journal.lines().map(str::to_owned).collect();
        let line = &mut lines[place];
        let cut = line.floor_char_boundary(from.index(line.len()));
        line.truncate(cut);
        line.push_str(&bytes);
        let journal = lines.join("\n");
        prop_assert!(replay_bytes(journal.as_bytes()).is_err());
    }
}
