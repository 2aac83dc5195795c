//! A peer that others catch up from: it answers whatever it is asked for its chain.

use kusari_chain::{Block, BlockHash};
use serde_json::Value;

use crate::connection::{Connection, Heard, now};
use crate::mining::{line, lines};
use crate::report::{Evidence, Verdict, broken};
use crate::target::{TargetUnderTest, is_block};

/// Most blocks in one answer. Source: protocol, section 3.
const MAX_BLOCKS: usize = 256;

/// A question for blocks, as it came.
pub(crate) struct Question {
    pub(crate) line: String,
    hashes: Vec<BlockHash>,
    locator: Vec<BlockHash>,
    limit: usize,
}

impl Question {
    /// Reads `GET_BLOCKS`. `Err` says what is wrong with it.
    pub(crate) fn read(line: &str) -> Result<Self, String> {
        let json = line.strip_prefix("GET_BLOCKS:").ok_or("not GET_BLOCKS")?;
        let said: Value = serde_json::from_str(json).map_err(|error| error.to_string())?;
        let hashes = |key: &str| -> Result<Option<Vec<BlockHash>>, String> {
            let Some(list) = said.get(key) else { return Ok(None) };
            let list = list.as_array().ok_or(format!("`{key}` is no list"))?;
            let parsed = list.iter().map(|hash| hash.as_str().and_then(|text| text.parse().ok()));
            parsed.collect::<Option<_>>().map(Some).ok_or(format!("`{key}` lists no hashes"))
        };
        let (locator, hashes) = (hashes("locator")?, hashes("hashes")?);
        let limit = said.get("limit").and_then(Value::as_u64).unwrap_or(MAX_BLOCKS as u64);
        match (&locator, &hashes) {
            (Some(locator), None) if locator.len() > 64 => Err("more than 64 hashes".into()),
            (None, Some(hashes)) if hashes.len() > 128 => Err("more than 128 hashes".into()),
            (Some(_), None) if limit > MAX_BLOCKS as u64 => Err("a limit above 256".into()),
            (None, None) | (Some(_), Some(_)) => Err("not one of locator and hashes".into()),
            _ => Ok(Self {
                line: line.to_owned(),
                hashes: hashes.unwrap_or_default(),
                locator: locator.unwrap_or_default(),
                limit: usize::try_from(limit).unwrap_or(MAX_BLOCKS),
            }),
        }
    }

    /// The answer of a peer that has this chain, genesis left out.
    fn answer(&self, chain: &[Block]) -> String {
        let place = |hash: &BlockHash| chain.iter().position(|block| block.hash == *hash);
        if !self.hashes.is_empty() {
            let known = self.hashes.iter().filter_map(place).map(|at| &chain[at]);
            let missing: Vec<String> = self
                .hashes
                .iter()
                .filter(|hash| place(hash).is_none())
                .map(|hash| format!("\"{hash}\""))
                .collect();
            let count = self.hashes.len() - missing.len();
            return lines(known) + &end(count, &missing.join(","));
        }
        let from = self.locator.iter().find_map(place).map_or(0, |at| at + 1);
        let through = (from + self.limit).min(chain.len());
        lines(&chain[from..through]) + &end(through - from, "")
    }
}

/// The line that ends an answer, with its newline.
pub(crate) fn end(count: usize, missing: &str) -> String {
    format!("END:{{\"count\":{count},\"missing\":[{missing}]}}\n")
}

/// Waits until the target asks for blocks.
pub(crate) fn wait_for_question(
    connection: &mut Connection,
    sent: &str,
) -> Result<Question, Evidence> {
    let line = connection.want(sent, |line| line.starts_with("GET_BLOCKS"))?;
    Question::read(&line).map_err(|why| Evidence::new(sent, format!("({why}) {line}")))
}

/// Serves the target until it has all of `chain`, which is heavier than its own or wins the tie.
/// `sent` is what made it ask. It has `rounds` times the usual patience.
pub(crate) fn serve(
    target: &mut TargetUnderTest,
    connection: &mut Connection,
    chain: &[Block],
    sent: &str,
    rounds: u32,
) -> Verdict {
    let Some(tip) = chain.last() else { return Ok(Evidence::new(sent, "")) };
    let deadline = now() + target.patience.current() * rounds;
    let mut asked = None;
    loop {
        let heard = connection.hear_within(deadline.saturating_duration_since(now()));
        let Heard::Line(said) = &heard else {
            return broken(sent, heard);
        };
        if said.starts_with("GET_BLOCKS") {
            let question = Question::read(said)
                .map_err(|why| Evidence::new(sent, format!("({why}) {said}")))?;
            connection.send(question.answer(chain));
            connection.send("GET_CHAIN\n");
            asked = Some(question.line);
        } else if said.starts_with("GET_CHAIN") {
            connection.send(lines(chain));
            connection.send("GET_CHAIN\n");
            asked = Some(said.clone());
        } else if said.starts_with("PING:") {
            connection.send(said.replacen("PING", "PONG", 1) + "\n");
        } else if let Some(asked) = asked.as_ref().filter(|_| is_block(said, &tip.hash)) {
            let shown =
                Evidence::new(sent, format!("{asked}, and then the chain with {}", line(tip)));
            target.joined(sent, std::slice::from_ref(tip))?;
            return Ok(shown);
        }
    }
}
