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
    Case::classic("3", "refuses blocks with doubled keys", |target| {
        all_refused(target, |block, text| {
            let doubled = |field: &String| spoilt(text, field, &format!("{field},{field}"));
            fields(block).iter().map(doubled).collect()
        })
    }),
    Case::classic("3", "refuses blocks with missing keys", |target| {
        all_refused(target, |block, text| {
            let fields = fields(block);
            let mut cases: Vec<Vec<u8>> =
                fields[..6].iter().map(|field| spoilt(text, &format!("{field},"), "")).collect();
            cases.push(spoilt(text, &format!(",{}", fields[6]), ""));
            cases.push(spoilt(text, "\"index\"", "\"Index\""));
            cases
        })
    }),
    Case::classic("3", "refuses numbers that are fractions", |target| {
        numbers_refused(target, |key, number| {
            [format!("{key}:{number}.5"), format!("{key}:{number}.0")].to_vec()
        })
    }),
    Case::classic("3", "refuses numbers with a sign, an exponent or a leading zero", |target| {
        numbers_refused(target, |key, number| {
            [format!("{key}:-{number}"), format!("{key}:1e400"), format!("{key}:0{number}")]
                .to_vec()
        })
    }),
    Case::classic("3", "refuses other values in place of numbers", |target| {
        numbers_refused(target, |key, number| {
            [format!("{key}:\"{number}\""), format!("{key}:[{number}]"), format!("{key}:null")]
                .to_vec()
        })
    }),
    Case::classic("3", "refuses numbers that have too many bits", |target| {
        all_refused(target, |block, text| {
            // What is left of these numbers by 32 and by 64 bits would be right.
            let [index, _, nonce, ..] = fields(block);
            let wide = (1_u64 << 32) + u64::from(block.index);
            let wider = (1_u128 << 64) + u128::from(block.nonce);
            vec![
                spoilt(text, &index, &format!("\"index\":{wide}")),
                spoilt(text, &nonce, &format!("\"nonce\":{wider}")),
            ]
        })
    }),
    Case::classic("3", "refuses hashes that are not 64 hexadecimal digits", |target| {
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
    Case::classic("3", "refuses other values in place of the text", |target| {
        all_refused(target, |block, text| {
            let data = format!("\"{}\"", block.data);
            ["7", "null", "[]", "{}", "true"].map(|other| spoilt(text, &data, other)).to_vec()
        })
    }),
    Case::classic("3", "refuses other values in place of transfers", |target| {
        all_refused(target, |_, text| {
            [
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
            ]
            .map(|other| spoilt(text, "[]", other))
            .to_vec()
        })
    }),
    Case::classic("3", "refuses what is not JSON", |target| {
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
    Case::classic("3", "survives JSON nested as deeply as a line can be", |target| {
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
    Case::classic("3", "refuses lone surrogates and broken escapes in a block", |target| {
        all_refused(target, |block, text| {
            let data = format!("\"{}\"", block.data);
            ["\"\\ud800\"", "\"\\udc00\\ud800\"", "\"\\x41\"", "\"\\u12\""]
                .map(|other| spoilt(text, &data, other))
                .to_vec()
        })
    }),
    Case::classic("3", "refuses control characters in a text that are not escaped", |target| {
        all_refused(target, |block, text| {
            let data = format!("\"{}\"", block.data);
            ["\"\0\"", "\"\t\"", "\"\u{1f}\""].map(|other| spoilt(text, &data, other)).to_vec()
        })
    }),
    Case::classic("3", "refuses a block with a NUL behind it", |target| {
        // Cut at the NUL, the line would be a block.
        all_refused(target, |_, text| vec![format!("{text}\0,").into_bytes()])
    }),
    Case::classic("3", "refuses a block that is not UTF-8", |target| {
        all_refused(target, |block, text| {
            let data = format!("\"{}\"", block.data);
            let (before, after) = text.split_once(&data).unwrap_or_default();
            let wrong: [&[u8]; 6] = [
                b"\xff",
                b"\xc3\x28",
                b"\xc0\x80",
                b"\xed\xa0\x80",
                b"\xf4\x90\x80\x80",
                b"\xe2\x82",
            ];
            wrong
                .map(|bytes| [before.as_bytes(), b"\"", bytes, b"\"", after.as_bytes()].concat())
                .to_vec()
        })
    }),
    Case::classic("3", "refuses a block behind a byte order mark", |target| {
        all_refused(target, |_, text| vec![[b"\xef\xbb\xbf", text.as_bytes()].concat()])
    }),
    Case::classic("3", "survives bytes of other protocols", |target| {
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

/// Makes lines from a good block and its line without the newline, and sends each on a connection of
/// its own.
fn all_refused(
    target: &mut TargetUnderTest,
    spoil: impl FnOnce(&Block, &str) -> Vec<Vec<u8>>,
) -> Verdict {
    let block = target.mine_one();
    let cases = spoil(&block, line(&block).trim_end());
    cases.into_iter().try_fold(Evidence::default(), |_, mut case| {
        case.push(b'\n');
        target.refused(&case)
    })
}

/// The same for each number of a block, by its key and its digits.
fn numbers_refused(
    target: &mut TargetUnderTest,
    spoil: impl Fn(&str, &str) -> Vec<String>,
) -> Verdict {
    all_refused(target, |block, text| {
        let instead = |field: &String| {
            let (key, number) = field.split_once(':').unwrap_or_default();
            let spoil = spoil(key, number);
            spoil.iter().map(|instead| spoilt(text, field, instead)).collect::<Vec<_>>()
        };
        fields(block)[..3].iter().flat_map(instead).collect()
    })
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
