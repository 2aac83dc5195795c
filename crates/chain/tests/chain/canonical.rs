//! How a block is written and read: one canonical form out, every honest spelling in.

use kusari_chain::params::{MAX_LINE_BYTES, MAX_TEXT_BYTES};
use kusari_chain::{Block, BlockHash, CheckedBlock, RuleViolation, Transaction};
use proptest::prelude::*;

const ZERO: &str = "0000000000000000000000000000000000000000000000000000000000000000";

fn read(json: &str) -> Result<Block, serde_json::Error> {
    Block::from_json(json)
}

/// Texts with what JSON escapes, what it may leave alone, and what takes several bytes.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), "[\u{0}-\u{1f}\u{7f}\"\\\\/é日🦀\u{2028}]{0,40}", "[a-z ]{0,20}",]
}

/// Numbers of every length in decimal digits.
fn number() -> impl Strategy<Value = u64> {
    (any::<u64>(), 0..64_u32).prop_map(|(number, shift)| number >> shift)
}

prop_compose! {
    fn transaction()(sender in text(), receiver in text(), amount in number()) -> Transaction {
        Transaction { sender, receiver, amount }
    }
}

prop_compose! {
    fn block()(
        (index, shift) in (any::<u32>(), 0..32_u32),
        timestamp in number(),
        nonce in number(),
        data in text(),
        prev_hash in any::<[u8; 32]>(),
        hash in any::<[u8; 32]>(),
        transactions in proptest::collection::vec(transaction(), 0..4),
    ) -> Block {
        Block {
            index: index >> shift,
            timestamp,
            nonce,
            data,
            prev_hash: BlockHash(prev_hash),
            hash: BlockHash(hash),
            transactions,
        }
    }
}

proptest! {
    #[test]
    fn line_length_is_counted_as_it_is_written(block in block()) {
        let line = format!("BLOCK:{}\n", block.to_canonical_json());
        prop_assert_eq!(block.canonical_line_bytes(), line.len());
        prop_assert_eq!(line.lines().count(), 1);
    }

    #[test]
    fn what_is_written_reads_back_the_same(block in block()) {
        let json = block.to_canonical_json();
        let back = read(&json).unwrap();
        prop_assert_eq!(back.to_canonical_json(), json);
        prop_assert_eq!(back, block);
    }

    #[test]
    fn what_is_written_is_what_a_general_writer_would_write(block in block()) {
        prop_assert_eq!(block.to_canonical_json(), serde_json::to_string(&block).unwrap());
    }

    #[test]
    fn whatever_is_changed_in_a_canonical_text_reads_as_a_general_reader_reads_it(
        block in block(),
        place in any::<prop::sample::Index>(),
        cut in 0..3_usize,
        paste in "[0-9a-fA-F\"\\\\{}\\[\\],: \t\n\u{1}é-]{0,2}",
    ) {
        let mut text: Vec<char> = block.to_canonical_json().chars().collect();
        let from = place.index(text.len());
        let to = (from + cut).min(text.len());
        text.splice(from..to, paste.chars());
        let text: String = text.into_iter().collect();
        let general: Option<Block> = serde_json::from_str(&text).ok();
        prop_assert_eq!(read(&text).ok(), general);
    }

    #[test]
    fn any_key_order_space_and_hexadecimal_case_reads_the_same(
        block in block(),
        order in Just((0..8).collect::<Vec<usize>>()).prop_shuffle(),
        space in "[ \t\r\n]{0,3}",
    ) {
        let text = |text: &str| serde_json::to_string(text).unwrap();
        let pairs = [
            ("index", block.index.to_string()),
            ("timestamp", block.timestamp.to_string()),
            ("nonce", block.nonce.to_string()),
            ("data", text(&block.data)),
            ("prev_hash", text(&block.prev_hash.to_string().to_uppercase())),
            ("hash", text(&block.hash.to_string().to_uppercase())),
            ("transactions", serde_json::to_string_pretty(&block.transactions).unwrap()),
            ("body", r#"{"of":["a newer",{"kind":null}],"index":-1.5}"#.to_owned()),
        ];
        let members: Vec<_> = order
            .iter()
            .map(|&place| {
                let (key, value) = &pairs[place];
                format!(r#"{space}"{key}"{space}:{space}{value}{space}"#)
            })
            .collect();
        let json = format!("{space}{{{}}}{space}", members.join(","));
        prop_assert_eq!(read(&json).unwrap(), block);
    }
}

/// The members of a block that reads well.
fn members() -> Vec<(&'static str, String)> {
    vec![
        ("index", "1".to_owned()),
        ("timestamp", "2".to_owned()),
        ("nonce", "3".to_owned()),
        ("data", r#""hi""#.to_owned()),
        ("prev_hash", format!(r#""{ZERO}""#)),
        ("hash", format!(r#""{ZERO}""#)),
        ("transactions", r#"[{"sender":"a","receiver":"b","amount":4}]"#.to_owned()),
    ]
}

fn object(members: &[(&str, String)]) -> String {
    let members: Vec<_> =
        members.iter().map(|(key, value)| format!(r#""{key}":{value}"#)).collect();
    format!("{{{}}}", members.join(","))
}

#[track_caller]
fn assert_refused_with(key: &str, value: &str) {
    let mut members = members();
    members.iter_mut().find(|member| member.0 == key).unwrap().1 = value.to_owned();
    let json = object(&members);
    assert!(read(&json).is_err(), "{json} was read");
}

#[test]
fn missing_and_duplicate_keys_are_refused() {
    assert!(read(&object(&members())).is_ok());
    for place in 0..members().len() {
        let mut short = members();
        let member = short.remove(place);
        assert!(read(&object(&short)).is_err(), "read without {}", member.0);
        let mut double = members();
        double.push(member.clone());
        assert!(read(&object(&double)).is_err(), "read with two of {}", member.0);
    }
    for transfer in [
        r#"[{"sender":"a","receiver":"b"}]"#,
        r#"[{"sender":"a","amount":4}]"#,
        r#"[{"receiver":"b","amount":4}]"#,
        r#"[{"sender":"a","sender":"a","receiver":"b","amount":4}]"#,
    ] {
        assert_refused_with("transactions", transfer);
    }
}

#[test]
fn numbers_that_are_not_whole_or_do_not_fit_are_refused() {
    for number in
        ["-1", "-0", "1.0", "1.5", "1e0", "1e300", "01", "18446744073709551616", "\"1\"", "null"]
    {
        for key in ["index", "timestamp", "nonce"] {
            assert_refused_with(key, number);
        }
        let transfer = format!(r#"[{{"sender":"a","receiver":"b","amount":{number}}}]"#);
        assert_refused_with("transactions", &transfer);
    }
    assert_refused_with("index", "4294967296");
}

#[test]
fn values_of_another_type_are_refused() {
    for list in ["\"\"", "\"[]\"", "{}", "null", "0", "[1]", "[\"a\"]", "[null]"] {
        assert_refused_with("transactions", list);
    }
    for text in ["1", "null", "[]", "[\"hi\"]", "\"\\ud800\"", "\"\\x\"", "\"\n\""] {
        assert_refused_with("data", text);
    }
    for whole in ["", "null", "1", "\"hi\"", "{}", "[]", "[[]]"] {
        assert!(read(whole).is_err(), "{whole} was read");
    }
    assert!(read(&(object(&members()) + "1")).is_err());
}

#[test]
fn lists_in_place_of_objects_are_refused() {
    // A list names no keys, so none of them can be held to be there.
    let values: Vec<_> = members().into_iter().map(|member| member.1).collect();
    let list = format!("[{}]", values.join(","));
    assert!(read(&list).is_err(), "{list} was read");
    assert_refused_with("transactions", r#"[["a","b",4]]"#);
}

#[test]
fn odd_long_and_foreign_hexadecimal_is_refused() {
    for hash in [
        String::new(),
        ZERO[1..].to_owned(),
        ZERO[2..].to_owned(),
        format!("{ZERO}0"),
        format!("{ZERO}00"),
        format!("0x{}", &ZERO[2..]),
        format!(" {}", &ZERO[1..]),
        format!("g{}", &ZERO[1..]),
        format!("é{}", &ZERO[2..]),
    ] {
        for key in ["prev_hash", "hash"] {
            assert_refused_with(key, &serde_json::to_string(&hash).unwrap());
        }
    }
}

/// A block with the longest numbers there are.
fn widest(data: String) -> Block {
    Block {
        index: u32::MAX,
        timestamp: u64::MAX,
        nonce: u64::MAX,
        data,
        prev_hash: BlockHash::ZERO,
        hash: BlockHash::ZERO,
        transactions: Vec::new(),
    }
}

#[test]
fn longest_text_fits_whatever_the_numbers_and_one_byte_more_does_not() {
    // Two-byte and six-byte escapes count as they are written.
    for tail in ["x", "é", "\"", "\u{1}"] {
        let tail_bytes = serde_json::to_string(tail).unwrap().len() - 2;
        let fits = "x".repeat(MAX_TEXT_BYTES - tail_bytes) + tail;
        assert_eq!(widest(fits.clone()).canonical_line_bytes(), MAX_LINE_BYTES);
        // The next rule is reached, so the length was in order.
        let verdict = CheckedBlock::check(widest(fits.clone()));
        assert!(matches!(verdict, Err(RuleViolation::BadHash { .. })), "{verdict:?}");

        let bytes = MAX_LINE_BYTES + 1;
        let verdict = CheckedBlock::check(widest(fits + "x"));
        assert_eq!(verdict, Err(RuleViolation::BlockTooLong { bytes, limit: MAX_LINE_BYTES }));
    }
}
