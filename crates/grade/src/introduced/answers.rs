//! Questions that only a kusari peer asks.

use kusari_chain::Block;
use serde_json::Value;

use crate::connection::{Connection, Heard};
use crate::introduced::introduction::is_error;
use crate::introduced::source::end;
use crate::mining::{line, lines};
use crate::needs::Need;
use crate::report::{Evidence, Failure, Verdict, broken, verdict};
use crate::target::TargetUnderTest;
use crate::transcript::Kept;
use crate::{CONDUCT, Case};

/// Longest chain that is made for a check of limits, in blocks: more than one answer may have.
const LONG: usize = 260;

pub(super) const CASES: &[Case] = &[
    Case::kusari("3", "gives the blocks after the newest locator hash, then END", |target| {
        if target.chain().len() < 8 {
            let blocks = target.mine(8);
            target.bring(&blocks)?;
        }
        let chain = target.chain().to_vec();
        let mut connection = target.introduce_as_equal()?;
        let unknown = "0".repeat(63) + "5";
        let (older, newer) = (chain[2].hash, chain[chain.len() - 4].hash);
        let genesis = Block::genesis().hash;
        let cases = [
            ("\"limit\":2,\"locator\":[]".to_owned(), &chain[..2]),
            (format!("\"locator\":[\"{genesis}\"],\"limit\":1"), &chain[..1]),
            (format!("\"locator\":[\"{unknown}\",\"{newer}\",\"{older}\"],\"limit\":256"), {
                &chain[chain.len() - 3..]
            }),
            (format!("\"locator\":[\"{older}\",\"{newer}\"],\"limit\":3"), &chain[3..6]),
            (format!("\"locator\":[\"{unknown}\"],\"limit\":4"), &chain[..4]),
            (format!("\"locator\":[\"{}\"],\"limit\":256", target.tip().hash), &[]),
        ];
        cases.into_iter().try_fold(Evidence::default(), |_, (fields, blocks)| {
            let question = format!("GET_BLOCKS:{{{fields}}}\n");
            expect(&mut connection, &question, blocks, "")
        })
    }),
    Case::kusari("3", "gives blocks by hash in order, and names the missing", |target| {
        let (side, blocks) = (target.mine(1), target.mine(2));
        target.bring(&side)?;
        target.bring(&blocks)?;
        let mut connection = target.introduce_as_equal()?;
        let unknown = "0".repeat(63) + "5";
        // One of them stands beside the best chain.
        let wanted = [blocks[1].clone(), side[0].clone(), blocks[0].clone()];
        let hashes: Vec<String> =
            wanted.iter().map(|block| format!("\"{}\"", block.hash)).collect();
        let question = format!("GET_BLOCKS:{{\"hashes\":[{},\"{unknown}\"]}}\n", hashes.join(","));
        expect(&mut connection, &question, &wanted, &format!("\"{unknown}\""))
    })
    .needing(&[Need::Reorganises, Need::GivesBlocks]),
    Case::kusari("3", "gives 256 blocks in one answer", |target| {
        let mut connection = on_a_long_chain(target)?;
        let question = "GET_BLOCKS:{\"locator\":[],\"limit\":256}\n";
        expect(&mut connection, question, &target.chain()[..256], "")
    })
    .needing(&[Need::GivesBlocks]),
    Case::kusari("3", "gives no more than 256 blocks, whatever is asked for", |target| {
        let mut connection = on_a_long_chain(target)?;
        let question = "GET_BLOCKS:{\"locator\":[],\"limit\":257}\n";
        let heard = ask(&mut connection, question)?;
        // What is beyond the limit may be refused, or cut to it.
        match &heard[..] {
            [line] if is_error(line) => Ok(Evidence::new(question, line)),
            lines => verdict(lines.len() <= 257, question, format!("{} lines", lines.len())),
        }
    })
    .needing(&[Need::GivesBlocks]),
    Case::kusari("3", "refuses a locator of 65 hashes with an ERROR", |target| {
        expect_error(target, &format!("GET_BLOCKS:{{\"locator\":[{}],\"limit\":9}}\n", hashes(65)))
    })
    .needing(&[Need::GivesBlocks]),
    Case::kusari("3", "refuses a list of 129 hashes with an ERROR", |target| {
        expect_error(target, &format!("GET_BLOCKS:{{\"hashes\":[{}]}}\n", hashes(129)))
    })
    .needing(&[Need::GivesBlocks]),
    Case::kusari("3", "answers GET_PEERS with at most 64 addresses", |target| {
        let (line, json) = json_answer(target, "GET_PEERS", "PEERS:")?;
        let is_address = |value: &Value| {
            value.as_str().is_some_and(|text| text.parse::<std::net::SocketAddr>().is_ok())
        };
        let right =
            json.as_array().is_some_and(|list| list.len() <= 64 && list.iter().all(is_address));
        verdict(right, "GET_PEERS", line)
    }),
    Case::kusari("3", "answers STATUS with what it has", |target| {
        let (line, json) = json_answer(target, "STATUS", "STATUS:")?;
        verdict(json.is_object() && line.contains(&target.tip().hash.to_string()), "STATUS", line)
    }),
    Case::kusari("3", "answers HELP with the verbs there are", |target| {
        let mut connection = target.introduce_as_equal()?;
        connection.send("HELP\n");
        let line = connection.want("HELP", |line| line.contains("GET_CHAIN"))?;
        Ok(Evidence::new("HELP", line))
    }),
    Case::kusari(CONDUCT, "tells a kusari peer of a new block", |target| {
        let mut connection = target.introduce_as_equal()?;
        let block = target.bring_one()?;
        let hash = block.hash.to_string();
        let told = |line: &str| {
            (line.starts_with("BLOCK:") || line.starts_with("HAVE:")) && line.contains(&hash)
        };
        let got = connection.want(line(&block), told)?;
        Ok(Evidence::new(line(&block), got))
    }),
];

/// A connection to a target whose chain is longer than one answer may be.
fn on_a_long_chain(target: &mut TargetUnderTest) -> Result<Connection, Failure> {
    let lacking = LONG.saturating_sub(target.chain().len());
    let blocks = target.mine(lacking);
    target.bring(&blocks)?;
    target.introduce_as_equal()
}

/// Asks for blocks, and hears the answer to its end.
fn ask(connection: &mut Connection, question: &str) -> Result<Kept, Evidence> {
    connection.send(question);
    let mut heard = Kept::default();
    loop {
        match connection.hear() {
            Heard::Line(line) if line.starts_with("HAVE:") => {}
            Heard::Line(line) => {
                let is_last = line.starts_with("END:") || line.starts_with("ERROR:");
                let fits = is_last || line.starts_with("BLOCK:") && heard.len() < 2 * LONG;
                let kept = if fits { heard.push(line) } else { Err(line) };
                kept.map_err(|line| Evidence::new(question, line))?;
                if is_last {
                    return Ok(heard);
                }
            }
            other => return Err(Evidence::new(question, other)),
        }
    }
}

/// Asks for blocks, of which these must come.
fn expect(connection: &mut Connection, question: &str, blocks: &[Block], missing: &str) -> Verdict {
    let heard = ask(connection, question)?;
    let expected = lines(blocks) + &end(blocks.len(), missing);
    let got: String = heard.iter().map(|line| format!("{line}\n")).collect();
    if got == expected {
        return Ok(Evidence::new(question, got));
    }
    let wrong = heard.iter().zip(expected.lines()).find(|(heard, right)| heard != right);
    let shown = wrong.map_or(heard.last(), |(heard, _)| Some(heard));
    broken(question, shown.map_or("", |line| line))
}

fn expect_error(target: &mut TargetUnderTest, question: &str) -> Verdict {
    let mut connection = target.introduce_as_equal()?;
    let heard = ask(&mut connection, question)?;
    let last = heard.last().map_or("", |line| line);
    verdict(heard.len() == 1 && is_error(last), question, last)
}

fn hashes(count: usize) -> String {
    vec![format!("\"{:064x}\"", 7); count].join(",")
}

/// Asks one question on a connection of its own, and gives the JSON of the answer.
fn json_answer(
    target: &mut TargetUnderTest,
    verb: &str,
    starts: &str,
) -> Result<(String, Value), Failure> {
    let mut connection = target.introduce_as_equal()?;
    connection.send(format!("{verb}\n"));
    let line = connection.want(verb, |line| line.starts_with(starts))?;
    match serde_json::from_str(&line[starts.len()..]) {
        Ok(json) => Ok((line, json)),
        Err(error) => broken(verb, format!("({error}) {line}")),
    }
}
