//! Lines that are no messages. Each is made from a block that would join the chain if the fault in
//! it were overlooked, so that leniency shows.

use kusari_chain::Block;

use crate::expected_blocks::wait_for_end;
use crate::mining::line;
use crate::report::{Evidence, Verdict};
use crate::target::TargetUnderTest;
use crate::{CONDUCT, Case};

use super::still_serves;

pub(super) const CASES: &[Case] = &[
    Case::original("3", "refuses blocks with doubled keys", |target| {
        all_refused(target, |block, text| {
            let doubled = |field: &String| spoilt(text, field, &format!("{field},{field}"));
            fields(block).iter().map(doubled).collect()
        })
    }),
    Case::original("3", "refuses blocks with missing keys", |target| {
        all_refused(target, |block, text| {
            let fields = fields(block);
            let mut cases: Vec<Vec<u8>> =
                fields[..6].iter().map(|field| spoilt(text, &format!("{field},"), "")).collect();
            cases.push(spoilt(text, &format!(",{}", fields[6]), ""));
            cases.push(spoilt(text, "\"index\"", "\"Index\""));
            cases
        })
    }),
    Case::original("3", "refuses numbers that are fractions, texts or out of range", |target| {
        all_refused(target, |block, text| {
            let mut cases = Vec::new();
            for field in &fields(block)[..3] {
                let (key, number) = field.split_once(':').unwrap_or_default();
                for instead in [
                    format!("{key}:{number}.5"),
                    format!("{key}:{number}.0"),
                    format!("{key}:\"{number}\""),
                    format!("{key}:-{number}"),
                    format!("{key}:0{number}"),
                    format!("{key}:[{number}]"),
                    format!("{key}:null"),
                    format!("{key}:1e400"),
                ] {
                    cases.push(spoilt(text, field, &instead));
                }
            }
            // What is left of these numbers by 32 and by 64 bits would be right.
            let [index, _, nonce, ..] = fields(block);
            let wide = (1_u64 << 32) + u64::from(block.index);
            cases.push(spoilt(text, &index, &format!("\"index\":{wide}")));
            let wide = (1_u128 << 64) + u128::from(block.nonce);
            cases.push(spoilt(text, &nonce, &format!("\"nonce\":{wide}")));
            cases
        })
    }),
    Case::original("3", "refuses hashes that are not 64 hexadecimal digits", |target| {
        all_refused(target, |block, text| {
            let mut cases = Vec::new();
            for hash in [block.hash.to_string(), block.prev_hash.to_string()] {
                let quoted = format!("\"{hash}\"");
                for instead in [
                    format!("\"{}\"", &hash[1..]),
                    format!("\"{hash}0\""),
                    format!("\"0x{hash}\""),
                    format!("\" {hash}\""),
                    format!("\"{hash}{hash}\""),
                    format!("\"g{}\"", &hash[1..]),
                    format!("\"é{}\"", &hash[2..]),
                    "\"\"".to_owned(),
                    "null".to_owned(),
                    "0".to_owned(),
                ] {
                    cases.push(spoilt(text, &quoted, &instead));
                }
            }
            cases
        })
    }),
    Case::original("3", "refuses texts and transfers of another type", |target| {
        all_refused(target, |block, text| {
            let data = format!("\"{}\"", block.data);
            let mut cases = Vec::new();
            for instead in ["7", "null", "[]", "{}", "true"] {
                cases.push(spoilt(text, &data, instead));
            }
            for instead in [
                "null",
                "{}",
                "\"[]\"",
                "[1]",
                "[null]",
                "[{}]",
                "[{\"sender\":\"a\",\"receiver\":\"b\"}]",
                "[{\"sender\":\"a\",\"receiver\":\"b\",\"amount\":-4}]",
                "[{\"sender\":\"a\",\"receiver\":\"b\",\"amount\":18446744073709551616}]",
                "[{\"sender\":\"a\",\"sender\":\"a\",\"receiver\":\"b\",\"amount\":4}]",
            ] {
                cases.push(spoilt(text, "[]", instead));
            }
            cases
        })
    }),
    Case::original("3", "refuses what is not JSON", |target| {
        all_refused(target, |block, text| {
            let whole = text.strip_prefix("BLOCK:").unwrap_or_default();
            let Block { index, timestamp, nonce, data, prev_hash, hash, .. } = block;
            let list =
                format!("[{index},{timestamp},{nonce},\"{data}\",\"{prev_hash}\",\"{hash}\",[]]");
            let mut cases: Vec<Vec<u8>> =
                ["", "hi", "null", "[]", "{}", "\"{}\"", "7", "{\"index\":1"]
                    .iter()
                    .map(|json| format!("BLOCK:{json}").into_bytes())
                    .collect();
            cases.push(b"BLOCK".to_vec());
            for json in [
                format!("{whole}}}"),
                format!("{whole} trailing"),
                format!("{whole}{whole}"),
                format!("[{whole}]"),
                whole.replace('"', "'"),
                whole.replacen('}', ",}", 1),
                whole.replacen("[]", "[,]", 1),
                whole[..whole.len() - 1].to_owned(),
                format!("/* why? */{whole}"),
                list,
            ] {
                cases.push(format!("BLOCK:{json}").into_bytes());
            }
            cases
        })
    }),
    Case::original("3", "survives JSON nested as deeply as a line can be", |target| {
        all_refused(target, |_, text| {
            let deep = 3_700;
            vec![
                format!("BLOCK:{}", "[".repeat(4_000)).into_bytes(),
                format!("BLOCK:{}", "{\"a\":".repeat(800)).into_bytes(),
                spoilt(text, "[]", &"[".repeat(deep)),
                spoilt(text, "BLOCK:{", &format!("BLOCK:{{\"colour\":{},", "[".repeat(deep))),
            ]
        })
    }),
    Case::original("3", "refuses lone surrogates, invalid UTF-8 and NUL in a block", |target| {
        all_refused(target, |block, text| {
            let data = format!("\"{}\"", block.data);
            let mut cases: Vec<Vec<u8>> =
                ["\"\\ud800\"", "\"\\udc00\\ud800\"", "\"\\x41\"", "\"\\u12\"", "\"\0\"", "\"\t\""]
                    .iter()
                    .map(|instead| spoilt(text, &data, instead))
                    .collect();
            let (before, after) = text.split_once(&data).unwrap_or_default();
            for bytes in [
                &b"\xff"[..],
                b"\xc3\x28",
                b"\xc0\x80",
                b"\xed\xa0\x80",
                b"\xf4\x90\x80\x80",
                b"\xe2\x82",
            ] {
                cases.push([before.as_bytes(), b"\"", bytes, b"\"", after.as_bytes()].concat());
            }
            // Cut at the NUL, the line would be a block.
            cases.push(format!("{text}\0,").into_bytes());
            cases.push([b"\xef\xbb\xbf", text.as_bytes()].concat());
            cases
        })
    }),
    Case::original("3", "survives bytes of other protocols", |target| {
        let greetings: [&[u8]; 5] = [
            b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
            b"\x16\x03\x01\x00\xf4\x01\x00\x00\xf0\x03\x03\n\n\n\n",
            b"SSH-2.0-OpenSSH_9.9\r\n",
            b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_blockNumber\"}\n",
            b"\0\0\0\0\n\xff\xff\xff\xff\n\x1b[2J\n\n\r\n \n",
        ];
        target.refused((0..=u8::MAX).collect::<Vec<_>>())?;
        greetings.into_iter().try_fold(Evidence::default(), |_, greeting| target.refused(greeting))
    }),
    Case::original(CONDUCT, "closes at a line of 4,096 bytes without an end", |target| {
        let mut connection = target.connect()?;
        let sent = "x".repeat(4_096);
        connection.send(&sent);
        wait_for_end(&mut connection, &sent)?;
        still_serves(target, &sent)
    }),
];

/// Makes lines from a good block and its line without the newline, sends each on a connection of its
/// own, and then the block itself.
fn all_refused(
    target: &mut TargetUnderTest,
    spoil: impl FnOnce(&Block, &str) -> Vec<Vec<u8>>,
) -> Verdict {
    let block = target.mine_one();
    let cases = spoil(&block, line(&block).trim_end());
    let shown = cases.into_iter().try_fold(Evidence::default(), |_, mut case| {
        case.push(b'\n');
        target.refused(&case)
    })?;
    target.bring(&[block])?;
    Ok(shown)
}

/// Replaces a part of a line that must be in it.
fn spoilt(text: &str, part: &str, instead: &str) -> Vec<u8> {
    debug_assert!(text.contains(part), "{part} is not in {text}");
    text.replacen(part, instead, 1).into_bytes()
}

/// The seven fields of a block as they stand in its line.
fn fields(block: &Block) -> [String; 7] {
    [
        format!("\"index\":{}", block.index),
        format!("\"timestamp\":{}", block.timestamp),
        format!("\"nonce\":{}", block.nonce),
        format!("\"data\":\"{}\"", block.data),
        format!("\"prev_hash\":\"{}\"", block.prev_hash),
        format!("\"hash\":\"{}\"", block.hash),
        "\"transactions\":[]".to_owned(),
    ]
}
