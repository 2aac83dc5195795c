//! One value has one encoding wherever a rule compares, and JSON is read as objects alone.

use bech32::primitives::iter::{ByteIterExt, Fe32IterExt};
use bech32::{Bech32, Bech32m, Fe32, Hrp};
use kusari_chain::ledger::commitment::DATA_PREFIX;
use kusari_chain::ledger::{Address, BodyEntry, PublicKey};
use kusari_chain::whole_block::write_json;
use kusari_chain::{CheckedBlock, RuleViolation, WholeBlock};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::ledger::people::PEOPLE;
use crate::ledger::support::{CHAIN, Draft, draft, verdict};

/// The characters of base64url, by their value.
const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// A block whose data has a character that the standard alphabet writes otherwise.
fn with_a_dash() -> Draft {
    let mut draft = draft(Vec::new()).commit();
    while !draft.block.data[DATA_PREFIX.len()..].contains(['-', '_']) {
        draft.part.commitment.miner.0[0] ^= 1;
        draft.part.commitment.miner.0[1] += 1;
        draft = draft.tie();
    }
    draft
}

#[test]
fn commitment_has_one_string_and_no_other_spelling_of_the_same_bytes() {
    let right = with_a_dash();
    let data = right.block.data.clone();
    assert_eq!(verdict(right.clone().mine()), Ok(()));
    assert_eq!(data.len(), 51);
    let last = ALPHABET.find(data.chars().last().unwrap()).unwrap();
    assert_eq!(last % 4, 0, "two bits of the last character hold nothing");
    let mut spellings = vec![
        format!("{data}="),
        format!("{data} "),
        format!(" {data}"),
        format!("{data}\n"),
        format!("{data}A"),
        data.replace('-', "+").replace('_', "/"),
        data[..50].to_owned(),
        data.replace("kusari1:", "KUSARI1:"),
        data.replace("kusari1:", "kusari1"),
        data.replace("kusari1:", ""),
        String::new(),
    ];
    spellings.extend(
        (1..4).map(|bits| format!("{}{}", &data[..50], &ALPHABET[last + bits..=last + bits])),
    );
    for spelling in spellings {
        assert_ne!(spelling, data);
        let mut wrong = right.clone();
        wrong.block.data.clone_from(&spelling);
        let expected = data.clone();
        let fault = RuleViolation::BadCommitment { expected };
        assert_eq!(verdict(wrong.mine()), Err(fault), "{spelling:?}");
    }
}

/// The text of these characters of five bits with a checksum that is right.
fn bech32m(prefix: &str, characters: &[Fe32]) -> String {
    let prefix = Hrp::parse(prefix).unwrap();
    characters.iter().copied().with_checksum::<Bech32m>(&prefix).chars().collect()
}

fn characters(key: &PublicKey) -> Vec<Fe32> {
    key.0.iter().copied().bytes_to_fes().collect()
}

#[test]
fn address_has_one_spelling_in_either_case() {
    let key = PEOPLE[0].key;
    let address = Address(key).to_string();
    let fives = characters(&key);
    assert_eq!(bech32m("ks", &fives), address);
    assert_eq!((address.len(), fives.len()), (2 + 1 + 52 + 6, 52));
    assert_eq!(address.parse(), Ok(Address(key)));
    assert_eq!(address.to_uppercase().parse(), Ok(Address(key)));

    // The last of 52 characters holds one bit of the key and four of nothing.
    for bits in 1..16_u8 {
        let mut other = fives.clone();
        other[51] = Fe32::try_from(other[51].to_u8() | bits).unwrap();
        let spelled = bech32m("ks", &other);
        assert!(spelled.parse::<Address>().is_err(), "{spelled}");
    }
    let prefix = Hrp::parse("ks").unwrap();
    let former: String = fives.iter().copied().with_checksum::<Bech32>(&prefix).chars().collect();
    let longer = bech32m("ks", &[&fives[..], &[Fe32::Q]].concat());
    let (other_network, shorter) = (bech32m("bc", &fives), bech32m("ks", &fives[..51]));
    let mixed = address.replacen('k', "K", 1);
    let padded = format!("{address} ");
    let empty = bech32m("ks", &[]);
    for wrong in [former, longer, shorter, other_network, mixed, padded, empty, String::new()] {
        assert!(wrong.parse::<Address>().is_err(), "{wrong}");
    }
}

proptest! {
    #[test]
    fn address_with_one_wrong_character_is_refused(place in 0..61_usize, other in 0..128_u8) {
        let address = Address(PEOPLE[0].key).to_string();
        let mut bytes = address.clone().into_bytes();
        prop_assume!(!bytes[place].eq_ignore_ascii_case(&other));
        bytes[place] = other;
        let text = String::from_utf8(bytes).unwrap();
        prop_assert!(text.parse::<Address>().is_err(), "{}", text);
    }
}

/// A whole block with a record and a transfer.
fn whole() -> CheckedBlock {
    let body = vec![
        PEOPLE[0].records("a \"note\"\n記録", (1, 0), &CHAIN),
        PEOPLE[0].pays(&PEOPLE[1].key, (u64::from(u32::MAX), 1, 1), &CHAIN),
    ];
    draft(body).complete(&CHAIN)
}

fn line(block: &CheckedBlock) -> String {
    let mut json = Vec::new();
    write_json(block.block(), block.ledger(), &mut json);
    String::from_utf8(json).unwrap()
}

#[test]
fn whole_block_reads_what_it_writes_and_begins_as_an_original_writes_it() {
    let block = whole();
    let json = line(&block);
    let seven = block.block().to_canonical_json();
    assert!(json.starts_with(&format!("{},\"commitment\":{{", &seven[..seven.len() - 1])));
    assert!(!json.contains(": ") && json.contains(",\"body\":[{\"transaction\":{"));
    let read = WholeBlock::from_json(&json).unwrap();
    assert_eq!(read, block.clone().into_whole());
    assert_eq!(WholeBlock::from_json(&seven).unwrap().ledger, None);
    // As a file keeps it.
    let kept = serde_json::to_string(&block).unwrap();
    assert_eq!(serde_json::from_str::<CheckedBlock>(&kept).unwrap(), block);
}

#[test]
fn any_order_case_white_space_and_unknown_keys_are_read() {
    let block = whole();
    let mut value: Value = serde_json::from_str(&line(&block)).unwrap();
    value["another"] = json!([1, {"a": null}]);
    value["commitment"]["another"] = json!(1);
    value["body"][0]["another"] = json!(1);
    value["body"][0]["transaction"]["another"] = json!(1);
    value["body"][0]["payload"]["another"] = json!(1);
    for place in ["/hash", "/commitment/miner", "/body/0/payload/salt"] {
        let hex = value.pointer_mut(place).unwrap();
        *hex = json!(hex.as_str().unwrap().to_uppercase());
    }
    // This map sorts its keys, so the order is another one as well.
    let text = serde_json::to_string_pretty(&value).unwrap();
    assert_eq!(WholeBlock::from_json(&text).unwrap(), block.into_whole());
}

#[test]
fn lists_in_place_of_objects_are_refused_everywhere() {
    let right: Value = serde_json::from_str(&line(&whole())).unwrap();
    let places = [
        "",
        "/commitment",
        "/body/0",
        "/body/0/transaction",
        "/body/0/payload",
        "/body/1/transaction",
    ];
    for place in places {
        let mut wrong = right.clone();
        let object = wrong.pointer_mut(place).unwrap();
        // In the order in which a derived reader would take them.
        let keys: &[&str] = match place.rsplit('/').next().unwrap() {
            "commitment" => &[
                "chain_id",
                "body_root",
                "body_count",
                "history_root",
                "state_root",
                "target",
                "miner",
            ],
            "transaction" => &[
                "sender",
                "receiver",
                "amount",
                "fee",
                "sequence",
                "payload",
                "payload_len",
                "signature",
            ],
            "payload" => &["salt", "data"],
            "0" => &["transaction", "payload"],
            _ => &[
                "index",
                "timestamp",
                "nonce",
                "data",
                "prev_hash",
                "hash",
                "transactions",
                "commitment",
                "body",
            ],
        };
        *object = keys.iter().map(|key| object[*key].clone()).collect();
        let read = WholeBlock::from_json(&wrong.to_string());
        assert!(read.is_err(), "{place:?} was read from a list");
    }
}

#[test]
fn keys_that_miss_double_or_hold_something_else_are_refused() {
    let block = whole();
    let json = line(&block);
    let value: Value = serde_json::from_str(&json).unwrap();
    let every = [
        (
            "/commitment",
            vec![
                "chain_id",
                "body_root",
                "body_count",
                "history_root",
                "state_root",
                "target",
                "miner",
            ],
        ),
        (
            "/body/0/transaction",
            vec![
                "sender",
                "receiver",
                "amount",
                "fee",
                "sequence",
                "payload",
                "payload_len",
                "signature",
            ],
        ),
        ("/body/0/payload", vec!["salt", "data"]),
        ("/body/0", vec!["transaction", "payload"]),
        ("", vec!["commitment", "body"]),
    ];
    for (place, keys) in every {
        for key in keys {
            let mut missing = value.clone();
            missing.pointer_mut(place).unwrap().as_object_mut().unwrap().remove(key);
            let read = WholeBlock::from_json(&missing.to_string());
            assert!(read.is_err(), "{place} without {key}");

            let object = value.pointer(place).unwrap().to_string();
            let doubled =
                format!("{{\"{key}\":{},{}", value.pointer(place).unwrap()[key], &object[1..]);
            let text = value.to_string().replacen(&object, &doubled, 1);
            assert!(WholeBlock::from_json(&text).is_err(), "{place} with two {key}");

            for other in [json!(null), json!(true), json!(-1), json!(1.5), json!({}), json!("x")] {
                if (key == "data" && other.is_string())
                    || (place, key, &other) == ("/body/0", "payload", &json!(null))
                {
                    continue;
                }
                let mut wrong = value.clone();
                wrong.pointer_mut(place).unwrap()[key] = other.clone();
                let read = WholeBlock::from_json(&wrong.to_string());
                assert!(read.is_err(), "{place} with {key} {other}");
            }
        }
    }
}

#[test]
fn numbers_out_of_range_and_hexadecimal_of_another_length_are_refused() {
    let value: Value = serde_json::from_str(&line(&whole())).unwrap();
    let wrong = [
        ("/commitment/body_count", "4294967296"),
        ("/commitment/target", "4294967296"),
        ("/body/0/transaction/amount", "18446744073709551616"),
        ("/body/0/transaction/fee", "1e3"),
        ("/body/0/transaction/payload_len", "4294967296"),
        ("/body/0/transaction/sequence", "\"0\""),
    ];
    for (place, number) in wrong {
        let mut marked = value.clone();
        *marked.pointer_mut(place).unwrap() = json!("here");
        let text = marked.to_string().replacen("\"here\"", number, 1);
        assert!(WholeBlock::from_json(&text).is_err(), "{place} {number}");
    }
    for place in ["/commitment/miner", "/body/0/payload/salt", "/body/0/transaction/signature"] {
        let right = value.pointer(place).unwrap().as_str().unwrap();
        for hex in [&right[2..], &right[1..], &format!("{right}00"), &format!("0x{}", &right[2..])]
        {
            let mut wrong = value.clone();
            *wrong.pointer_mut(place).unwrap() = json!(hex);
            assert!(WholeBlock::from_json(&wrong.to_string()).is_err(), "{place} {hex}");
        }
    }
}

#[test]
fn entry_of_a_body_is_read_with_its_payload_or_with_null() {
    let erased = BodyEntry { payload: None, ..whole().ledger().unwrap().body[0].clone() };
    let text = serde_json::to_string(&erased).unwrap();
    assert!(text.ends_with(",\"payload\":null}"), "{text}");
    assert_eq!(serde_json::from_str::<BodyEntry>(&text).unwrap(), erased);
}

#[test]
fn block_of_a_file_whose_part_is_damaged_is_refused_and_not_read_without_it() {
    let value = serde_json::to_value(whole()).unwrap();
    let damages: [fn(&mut Value); 4] = [
        |value| value["commitment"]["target"] = json!("x"),
        |value| value["body"][0]["transaction"]["fee"] = json!(-1),
        |value| drop(value.as_object_mut().unwrap().remove("body")),
        |value| drop(value.as_object_mut().unwrap().remove("commitment")),
    ];
    for (number, damage) in damages.iter().enumerate() {
        let mut wrong = value.clone();
        damage(&mut wrong);
        let read = serde_json::from_value::<CheckedBlock>(wrong);
        assert!(read.is_err(), "damage {number} was read as {read:?}");
    }
}
