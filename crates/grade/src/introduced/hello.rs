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

/// What is untrue in a `HELLO` of a node that has this chain; `None` where all is well.
pub(crate) fn untruth(line: &str, claim: &Claim) -> Option<String> {
    let Some(json) = line.strip_prefix("HELLO:") else { return Some("not a HELLO".to_owned()) };
    let Ok(said) = serde_json::from_str::<Value>(json) else {
        return Some("not JSON".to_owned());
    };
    let rules = [
        (said["protocol"] == 1, "a protocol that is not 1"),
        (said["chain"] == CLASSIC_CHAIN, "another chain"),
        (said["height"] == claim.height, "another height than its GET_CHAIN has"),
        (is_same(&said["work"], &claim.work), "another work than its GET_CHAIN has"),
        (is_same(&said["tip"], &claim.tip), "another tip than its GET_CHAIN has"),
    ];
    first_broken(&rules)
}

/// Which field of a `HELLO` is not as the form demands, or what else is not canonical.
pub(crate) fn fault_of_form(line: &str) -> Option<String> {
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
    let listen = &said["listen"];
    let listens = listen.as_u64().is_some_and(|port| (1..=65_535).contains(&port));
    let rules = [
        (said["agent"].as_str().is_some_and(|agent| !agent.is_empty()), "no agent"),
        (said["protocol"].is_u64(), "no protocol"),
        (said["height"].is_u64(), "no height"),
        (is_hex(&said["work"], 64), "no work of 64 hexadecimal digits"),
        (is_hex(&said["tip"], 64), "no tip of 64 hexadecimal digits"),
        (listens || (listen.is_null() && json.contains("\"listen\":null")), "no listen"),
        (is_hex(&said["id"], 16), "no id of 16 hexadecimal digits"),
    ];
    // These keys in this order, and nothing between them. More keys may follow.
    let keys = ["agent", "protocol", "chain", "height", "work", "tip", "listen", "id"];
    let fields = keys.map(|key| format!("\"{key}\":{}", said[key]));
    let canonical = format!("{{{}", fields.join(","));
    first_broken(&rules)
        .or_else(|| (!json.starts_with(&canonical)).then(|| "not the canonical form".to_owned()))
}

fn is_same(value: &Value, hex: &str) -> bool {
    value.as_str().is_some_and(|text| text.eq_ignore_ascii_case(hex))
}

fn first_broken(rules: &[(bool, &str)]) -> Option<String> {
    rules.iter().find(|(holds, _)| !holds).map(|(_, why)| (*why).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hello_by_the_letter_is_told_from_one_that_is_not() {
        let claim = Claim::of(&Block::genesis());
        let right = line(&claim, 7);
        let right = right.trim_end();
        assert_eq!((untruth(right, &claim), fault_of_form(right)), (None, None));
        let faults = |part: &str, instead: &str| {
            let wrong = right.replacen(part, instead, 1);
            (untruth(&wrong, &claim).is_some(), fault_of_form(&wrong).is_some())
        };
        assert_eq!(faults("HELLO:", "HELO:"), (true, true));
        for (part, instead) in [
            ("\"protocol\":1", "\"protocol\":2"),
            ("\"height\":0", "\"height\":1"),
            ("classic", "ledger"),
        ] {
            assert_eq!(faults(part, instead), (true, false), "{instead}");
        }
        for (part, instead) in [
            ("\"protocol\":1", "\"protocol\": 1"),
            ("\"listen\":null", "\"listen\":0"),
            ("\"listen\":null,", ""),
            ("\"id\":\"0", "\"id\":\"G"),
        ] {
            assert_eq!(faults(part, instead), (false, true), "{instead}");
        }
    }
}
