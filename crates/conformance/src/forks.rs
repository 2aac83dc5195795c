//! Fork choice: blocks arrive in some order, and the best chain follows.
//!
//! Answers the suite `fork-choice`.

use std::collections::{BTreeMap, BTreeSet};

use kusari_chain::{BestPoint, Block, BlockHash, Chain, CheckedBlock};
use kusari_node::wire::{Message, Refusal, receive};
use serde::Deserialize;
use serde_json::{Value, json};

use super::blocks::{deliver, new_chain, refused};
use super::suites::{InputError, form};

/// Most blocks that are tried in every order: 5,040 orders.
const MAX_REORDERED: usize = 7;

/// Most blocks that arrive in one case.
const MAX_ARRIVALS: usize = 1_024;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Question {
    /// `BLOCK` lines by the names that this case gives them.
    blocks: BTreeMap<String, String>,
    #[serde(flatten)]
    arrival: Arrival,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Arrival {
    /// In this order; what changes is told for each.
    Arrive(Vec<String>),
    /// In every order; where they end is told.
    EveryOrderOf(Vec<String>),
}

pub(super) fn answer(input: &Value) -> Result<Value, InputError> {
    let Question { blocks, arrival } = form(input)?;
    let blocks = Blocks::read(&blocks)?;
    match arrival {
        Arrival::Arrive(names) if names.len() <= MAX_ARRIVALS => in_this_order(&blocks, &names),
        Arrival::Arrive(_) => Err(InputError(format!("at most {MAX_ARRIVALS} blocks arrive"))),
        Arrival::EveryOrderOf(names) if names.len() <= MAX_REORDERED => {
            in_every_order(&blocks, names)
        }
        Arrival::EveryOrderOf(_) => {
            Err(InputError(format!("at most {MAX_REORDERED} blocks are tried in every order")))
        }
    }
}

/// The blocks of a case by name. A block that breaks a rule by itself is its refusal.
struct Blocks(BTreeMap<String, Result<CheckedBlock, &'static str>>);

impl Blocks {
    fn read(lines: &BTreeMap<String, String>) -> Result<Self, InputError> {
        let mut blocks = BTreeMap::new();
        for (name, line) in lines {
            let block = match receive(line.as_bytes()) {
                Ok(Message::Block(block)) => Ok(block),
                Err(Refusal::Rule(violation)) => Err(violation.code()),
                _ => return Err(InputError(format!("{name:?} is no BLOCK line"))),
            };
            blocks.insert(name.clone(), block);
        }
        Ok(Self(blocks))
    }

    fn get(&self, name: &str) -> Result<&Result<CheckedBlock, &'static str>, InputError> {
        self.0.get(name).ok_or_else(|| InputError(format!("there is no block {name:?}")))
    }

    /// What the case calls the block with this hash.
    fn name_of(&self, hash: &BlockHash) -> String {
        if *hash == Block::genesis().hash {
            return String::from("genesis");
        }
        let has_it = |block: &CheckedBlock| block.block().hash == *hash;
        let found = self.0.iter().find(|(_, block)| block.as_ref().is_ok_and(has_it));
        found.map_or_else(|| hash.to_string(), |(name, _)| name.clone())
    }
}

fn in_this_order(blocks: &Blocks, names: &[String]) -> Result<Value, InputError> {
    let mut chain = new_chain()?;
    let mut best = best_chain(&chain)?;
    let mut after = Vec::new();
    for name in names {
        let result = judge(&mut chain, blocks.get(name)?)?;
        let before = std::mem::replace(&mut best, best_chain(&chain)?);
        let shared = before.iter().zip(&best).take_while(|(a, b)| a == b).count();
        let BestPoint { height, hash, work } = chain.tip();
        after.push(json!({
            "block": name,
            "result": result,
            "tip": blocks.name_of(&hash),
            "height": height,
            "work": work,
            "reverted": before.len() - shared,
            "connected": best.len() - shared,
        }));
    }
    Ok(json!({"after": after}))
}

fn in_every_order(blocks: &Blocks, mut names: Vec<String>) -> Result<Value, InputError> {
    let mut ends = BTreeSet::new();
    let mut orders = 0;
    names.sort();
    loop {
        let mut chain = new_chain()?;
        for name in &names {
            judge(&mut chain, blocks.get(name)?)?;
        }
        let tip = chain.tip();
        ends.insert((blocks.name_of(&tip.hash), tip.height, tip.work, chain.orphan_count()));
        orders += 1;
        if !next_order(&mut names) {
            break;
        }
    }
    let ends = ends.into_iter().map(|(tip, height, work, orphans)| {
        json!({"tip": tip, "height": height, "work": work, "orphans": orphans})
    });
    Ok(json!({"orders": orders, "ends": ends.collect::<Vec<_>>()}))
}

/// Puts names into their next order by the dictionary. `false` where this was the last.
fn next_order(names: &mut [String]) -> bool {
    let Some(falls_from) = names.windows(2).rposition(|pair| pair[0] < pair[1]) else {
        return false;
    };
    let (head, tail) = names.split_at_mut(falls_from + 1);
    // The tail falls, so the last of its names that is greater is the least of them.
    if let Some(least) = tail.iter().rposition(|name| *name > head[falls_from]) {
        std::mem::swap(&mut head[falls_from], &mut tail[least]);
    }
    tail.reverse();
    true
}

/// What became of a block in the chain.
fn judge(
    chain: &mut Chain,
    block: &Result<CheckedBlock, &'static str>,
) -> Result<String, InputError> {
    match block {
        Ok(block) => deliver(chain, block.clone(), 0),
        Err(code) => Ok(refused(code)),
    }
}

/// Hashes of the best chain from height 1.
fn best_chain(chain: &Chain) -> Result<Vec<BlockHash>, InputError> {
    let mut hashes = Vec::new();
    for height in 1..=chain.tip().height {
        let point = chain.best_at(height).map_err(InputError::new)?;
        hashes.extend(point.map(|point| point.hash));
    }
    Ok(hashes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_order_comes_once() {
        let mut names: Vec<String> = ["a", "b", "c", "d"].map(String::from).into();
        let mut seen = BTreeSet::from([names.concat()]);
        while next_order(&mut names) {
            assert!(seen.insert(names.concat()));
        }
        assert_eq!(seen.len(), 24);
        assert!(!next_order(&mut []));
    }

    #[test]
    fn an_input_cannot_ask_for_work_without_end() {
        let names = |count: usize| (0..count).map(|n| n.to_string()).collect::<Vec<_>>();
        for (key, most) in [("arrive", MAX_ARRIVALS), ("every_order_of", MAX_REORDERED)] {
            let why = |count| answer(&json!({"blocks": {}, key: names(count)})).unwrap_err().0;
            assert_eq!(why(most), "there is no block \"0\"");
            assert!(why(most + 1).starts_with(&format!("at most {most} blocks")), "{key}");
        }
    }

    #[test]
    fn names_that_are_no_blocks_are_refused() {
        for line in ["", "GET_CHAIN", "BLOCK:{}"] {
            let why = answer(&json!({"blocks": {"a": line}, "arrive": []})).unwrap_err();
            assert_eq!(why.0, "\"a\" is no BLOCK line");
        }
    }
}
