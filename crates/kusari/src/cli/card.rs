//! A block as a small card.

use core::fmt::Write;

use kusari_chain::Block;

use super::escape::Plain;

const RULE: &str = "---------------------------";

/// The card of a block, without a newline at its end.
pub(crate) fn card(block: &Block) -> String {
    let mut text = String::with_capacity(256 + block.data.len());
    // Writing to a string has no way to fail.
    let _ = write_card(&mut text, block);
    text
}

fn write_card(text: &mut String, block: &Block) -> core::fmt::Result {
    writeln!(text, "{RULE}")?;
    writeln!(text, "Block index: {}", block.index)?;
    writeln!(text, "Timestamp  : {}", block.timestamp)?;
    writeln!(text, "Nonce      : {}", block.nonce)?;
    writeln!(text, "Data       : {}", Plain(&block.data))?;
    writeln!(text, "Transactions:")?;
    if block.transactions.is_empty() {
        writeln!(text, "  (no transactions)")?;
    }
    for transfer in &block.transactions {
        let (sender, receiver) = (Plain(&transfer.sender), Plain(&transfer.receiver));
        writeln!(text, "  {sender} -> {receiver} : {}", transfer.amount)?;
    }
    writeln!(text, "Hash       : {}", block.hash)?;
    write!(text, "{RULE}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use kusari_chain::Transaction;

    #[test]
    fn a_card_shows_every_field_and_obeys_none() {
        let mut block = Block::genesis();
        block.data = String::from("hi\u{1b}[2J");
        assert_eq!(
            card(&block),
            "---------------------------\n\
             Block index: 0\n\
             Timestamp  : 1672531200\n\
             Nonce      : 2945\n\
             Data       : hi\\u{1b}[2J\n\
             Transactions:\n\
             \x20 Alice -> Bob : 100\n\
             Hash       : 000009fd818a1c6a6577cfda48a44f72d5c3e7359fe9bf808b959e4b56a06f13\n\
             ---------------------------"
        );
    }

    #[test]
    fn transfers_are_listed_with_their_names_escaped() {
        let mut block = Block::genesis();
        block.transactions.clear();
        assert!(card(&block).contains("Transactions:\n  (no transactions)\nHash"));
        let transfer = |sender: &str, receiver: &str, amount| Transaction {
            sender: sender.into(),
            receiver: receiver.into(),
            amount,
        };
        block.transactions = vec![transfer("a", "b", 5), transfer("a\n  c", "\u{202e}b", u64::MAX)];
        assert!(card(&block).contains(
            "Transactions:\n  a -> b : 5\n  a\\u{a}  c -> \\u{202e}b : 18446744073709551615\nHash"
        ));
    }
}
