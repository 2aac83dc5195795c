//! The `HELLO` line, written and read by the letter of the protocol.

use kusari_chain::params::CLASSIC_CHAIN;
use kusari_chain::{Block, Work};
use serde_json::Value;

/// The best chain that a peer says it has.
#[derive(Clone, Debug)]
pub(crate) struct Claim {
    pub(crate) height: u32,
    /// 64 hexadecimal digits.
    pub(crate) work: String,
    pub(crate) tip: String,
}

impl Claim {
    /// The truth about a chain of classic blocks that ends with this one.
    pub(crate) fn of(tip: &Block) -> Self {
        let work = kusari_chain::hex::encode(&Work::of_classic_blocks(tip.index).to_be_bytes());
        Self { height: tip.index, work, tip: tip.hash.to_string() }
    }

    /// More than any node ever had.
    pub(crate) fn giant(number: u64) -> Self {
        Self { height: u32::MAX, work: "f".repeat(64), tip: format!("{number:064x}") }
    }

    /// The line that announces it.
    pub(crate) fn have(&self) -> String {
        let Self { height, work, tip } = self;
        format!("HAVE:{{\"hash\":\"{tip}\",\"height\":{height},\"work\":\"{work}\"}}\n")
    }
}

/// The line with which a peer introduces itself, with its newline.
pub(crate) fn line(claim: &Claim, id: u64) -> String {
    line_on(CLASSIC_CHAIN, claim, id)
}

/// The same for a peer that follows another chain.
pub(crate) fn line_on(chain: &str, claim: &Claim, id: u64) -> String {
    let Claim { height, work, tip } = claim;
    format!(
        "HELLO:{{\"agent\":\"kusari-grade/1\",\"protocol\":1,\"chain\":\"{chain}\",\
         \"height\":{height},\"work\":\"{work}\",\"tip\":\"{tip}\",\"listen\":null,\
         \"id\":\"{id:016x}\"}}\n"
    )
}

/// What is wrong with a `HELLO` of a node that has this chain; `None` where all is well.
pub(crate) fn fault(line: &str, claim: &Claim) -> Option<String> {
    let Some(json) = line.strip_prefix("HELLO:") else { return Some("not a HELLO".to_owned()) };
    let Ok(said) = serde_json::from_str::<Value>(json) else {
        return Some("not JSON".to_owned());
    };
    let is_hex = |value: &Value, digits: usize| {
        value.as_str().is_some_and(|text| {
            text.len() == digits
                && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
        })
    };
    let agent = said["agent"].as_str().unwrap_or_default();
    let listen = &said["listen"];
    let listens = listen.as_u64().is_some_and(|port| (1..=65_535).contains(&port));
    let rules = [
        (!agent.is_empty(), "no agent"),
        (said["protocol"] == 1, "a protocol that is not 1"),
        (said["chain"] == CLASSIC_CHAIN, "another chain"),
        (said["height"] == claim.height, "another height than its GET_CHAIN has"),
        (said["work"] == claim.work.as_str(), "another work than its GET_CHAIN has"),
        (said["tip"] == claim.tip.as_str(), "another tip than its GET_CHAIN has"),
        (listens || (listen.is_null() && json.contains("\"listen\":null")), "no listen"),
        (is_hex(&said["id"], 16), "no id of 16 hexadecimal digits"),
    ];
    if let Some((_, why)) = rules.iter().find(|(holds, _)| !holds) {
        return Some((*why).to_owned());
    }
    // Canonical: these keys in this order, and nothing between them. More keys may follow.
    let agent = said["agent"].to_string();
    let Claim { height, work, tip } = claim;
    let canonical = format!(
        "{{\"agent\":{agent},\"protocol\":1,\"chain\":\"{CLASSIC_CHAIN}\",\"height\":{height},\
         \"work\":\"{work}\",\"tip\":\"{tip}\",\"listen\":{listen},\"id\":{}",
        said["id"]
    );
    (!json.starts_with(&canonical)).then(|| "not the canonical form".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hello_by_the_letter_is_told_from_one_that_is_not() {
        let claim = Claim::of(&Block::genesis());
        let right = line(&claim, 7);
        let right = right.trim_end();
        assert_eq!(fault(right, &claim), None);
        for (part, instead) in [
            ("HELLO:", "HELO:"),
            ("\"protocol\":1", "\"protocol\":2"),
            ("\"protocol\":1", "\"protocol\": 1"),
            ("\"height\":0", "\"height\":1"),
            ("\"listen\":null", "\"listen\":0"),
            ("\"listen\":null,", ""),
            ("\"id\":\"0", "\"id\":\"G"),
            ("classic", "ledger"),
        ] {
            let wrong = right.replacen(part, instead, 1);
            assert!(fault(&wrong, &claim).is_some(), "{wrong}");
        }
    }
}
