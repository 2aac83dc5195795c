//! A block as a small card.

use core::fmt::Write;

use kusari_chain::ledger::{Address, BodyEntry, LedgerPart};
use kusari_chain::{Block, WholeBlock};

use super::escape::Plain;

const RULE: &str = "---------------------------";

/// Transactions of a ledger block that its card shows; `kusari block --json` shows all.
const SHOWN: usize = 32;

/// The card of a block, without a newline at its end, with what a ledger adds to it.
pub(crate) fn card(block: &Block, ledger: Option<&LedgerPart>) -> String {
    let mut text = String::with_capacity(256 + block.data.len());
    // Writing to a string has no way to fail.
    let _ = write_card(&mut text, block, ledger);
    text
}

/// The card of a block as the local API tells of it.
pub(crate) fn card_of_whole(whole: &WholeBlock) -> String {
    card(&whole.block, whole.ledger.as_deref())
}

fn write_card(text: &mut String, block: &Block, ledger: Option<&LedgerPart>) -> core::fmt::Result {
    writeln!(text, "{RULE}")?;
    writeln!(text, "Block index: {}", block.index)?;
    writeln!(text, "Timestamp  : {}", block.timestamp)?;
    writeln!(text, "Nonce      : {}", block.nonce)?;
    writeln!(text, "Data       : {}", Plain(&block.data))?;
    writeln!(text, "Transactions:")?;
    let body = ledger.map_or(&[][..], |part| &part.body);
    for entry in body.iter().take(SHOWN) {
        write_entry(text, entry)?;
    }
    if body.len() > SHOWN {
        writeln!(text, "  and {} more", body.len() - SHOWN)?;
    }
    if block.transactions.is_empty() && body.is_empty() {
        writeln!(text, "  (no transactions)")?;
    }
    for transfer in &block.transactions {
        let (sender, receiver) = (Plain(&transfer.sender), Plain(&transfer.receiver));
        writeln!(text, "  {sender} -> {receiver} : {}", transfer.amount)?;
    }
    writeln!(text, "Hash       : {}", block.hash)?;
    write!(text, "{RULE}")
}

/// One transaction: what is recorded, or who pays whom. Its text is a stranger's.
fn write_entry(text: &mut String, entry: &BodyEntry) -> core::fmt::Result {
    let BodyEntry { transaction, payload } = entry;
    let said = match payload {
        Some(payload) => Plain(&payload.data).to_string(),
        None if transaction.has_payload() => String::from("(erased)"),
        None => String::new(),
    };
    let sender = Address(transaction.sender);
    if transaction.is_record() {
        return writeln!(text, "  {sender} : {said}");
    }
    let receiver = Address(transaction.receiver);
    writeln!(text, "  {sender} -> {receiver} : {}", transaction.amount)?;
    if said.is_empty() { Ok(()) } else { writeln!(text, "    {said}") }
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
            card(&block, None),
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
        assert!(card(&block, None).contains("Transactions:\n  (no transactions)\nHash"));
        let transfer = |sender: &str, receiver: &str, amount| Transaction {
            sender: sender.into(),
            receiver: receiver.into(),
            amount,
        };
        block.transactions = vec![transfer("a", "b", 5), transfer("a\n  c", "\u{202e}b", u64::MAX)];
        assert!(card(&block, None).contains(
            "Transactions:\n  a -> b : 5\n  a\\u{a}  c -> \\u{202e}b : 18446744073709551615\nHash"
        ));
    }
}
