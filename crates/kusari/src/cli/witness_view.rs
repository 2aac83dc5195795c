//! What witnesses say, in words.

use core::fmt::Write;

use super::escape::counted;
use super::utc_time::UtcTime;
use kusari_api_types::{WitnessList, WitnessReport};

/// Who says what it saw, and whom not to believe.
pub(crate) fn witnesses(list: &WitnessList) -> String {
    let mut text = match (list.own, list.witnessing) {
        (Some(key), _) if let Some(why) = &list.stopped => {
            format!("This node's key is {key}, and it makes no statements: {why}")
        }
        (Some(key), Some(true)) => format!("This node is a witness: {key}"),
        (Some(key), Some(false)) => {
            format!("This node's key is {key}, and it makes no statements any more")
        }
        (Some(key), None) => format!("This node's key is {key}, and it does not run"),
        (None, _) => String::from("This node makes no statements of its own"),
    };
    if let Some(near) = list.near_tip {
        let listed = list.witnesses.iter().filter(|one| one.listed == Some(true)).count();
        // Writing to a string has no way to fail.
        let _ = write!(text, "\n{near} of {listed} listed stand near the tip");
    }
    if list.witnesses.is_empty() {
        text.push_str("\nNo statements are known");
        return text;
    }
    text.push_str("\nEach time is what the clock of its key says, and proves nothing by itself:");
    for witness in &list.witnesses {
        write_one(&mut text, witness);
    }
    text
}

fn write_one(text: &mut String, witness: &WitnessReport) {
    let kind = match (witness.own, witness.listed) {
        (true, _) => ", this node",
        (false, Some(true)) => ", listed",
        (false, _) => "",
    };
    // Writing to a string has no way to fail.
    let _ = write!(text, "\n  {}{kind}, ", witness.key);
    let kept = counted(witness.count as u64, "statement");
    let _ = match &witness.newest {
        Some(newest) => write!(
            text,
            "{kept}\n    block {} {} at {}, as it says",
            newest.height,
            newest.hash,
            UtcTime(newest.claimed_time)
        ),
        None => write!(text, "{kept}"),
    };
    if let Some(evidence) = &witness.equivocation {
        let _ = write!(
            text,
            "\n    EQUIVOCATED, do not believe it: two statements with the sequence {}",
            evidence.first.sequence
        );
        for statement in [evidence.first, evidence.second] {
            let _ = write!(
                text,
                "\n      block {} {} at {}, signed {}",
                statement.height,
                statement.hash,
                UtcTime(statement.time),
                statement.signature
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kusari_api_types::WitnessClaim;
    use kusari_chain::BlockHash;
    use kusari_chain::ledger::{
        Equivocation, PublicKey, Signature, StatementHash, UnsignedStatement,
    };

    #[test]
    fn whom_not_to_believe_is_told_with_both_statements_and_a_time_is_called_a_claim() {
        let key = PublicKey([1; 32]);
        let unsigned = UnsignedStatement {
            sequence: 3,
            previous: StatementHash::ZERO,
            height: 7,
            hash: BlockHash([2; 32]),
            time: 1_800_000_000,
        };
        let first = unsigned.signed(key, Signature([3; 64]));
        let second = UnsignedStatement { time: 5, ..unsigned }.signed(key, Signature([4; 64]));
        let newest = Some(WitnessClaim {
            sequence: 3,
            height: 7,
            hash: unsigned.hash,
            claimed_time: unsigned.time,
        });
        let report = WitnessReport {
            key,
            own: false,
            listed: Some(true),
            count: 4,
            newest,
            equivocation: Equivocation::of(first, second),
        };
        let list = WitnessList {
            own: None,
            witnessing: None,
            stopped: None,
            near_tip: Some(0),
            witnesses: vec![report],
        };
        let text = witnesses(&list);
        for words in [
            "This node makes no statements of its own\n0 of 1 listed stand near the tip",
            "Each time is what the clock of its key says",
            "listed, 4 statements\n    block 7 0202",
            "at 2027-01-15 08:00:00 UTC, as it says",
            "EQUIVOCATED, do not believe it: two statements with the sequence 3",
            "at 1970-01-01 00:00:05 UTC, signed 0404",
        ] {
            assert!(text.contains(words), "{words} is not in {text}");
        }
        let silent = WitnessList {
            own: Some(key),
            stopped: Some(String::from("nobody knows what it said")),
            ..list.clone()
        };
        let said = format!(
            "This node's key is {key}, and it makes no statements: nobody knows what it said\n"
        );
        assert!(witnesses(&silent).starts_with(&said), "{}", witnesses(&silent));
        let none = WitnessList { witnesses: Vec::new(), near_tip: None, ..list };
        assert!(witnesses(&none).ends_with("No statements are known"));
    }
}
