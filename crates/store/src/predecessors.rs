//! Predecessors of our own transactions: reads, and the steps of a commit that change them.

use kusari_chain::ledger::{BodyEntry, PublicKey};
use kusari_node::store::PredecessorWrite;
use redb::{ReadTransaction, WriteTransaction};

use super::checksummed::{WriteTables, all_rows};
use super::fault::Fault;
use super::record::{read, written};
use super::tables;

fn write_entry(entry: &BodyEntry) -> Result<Vec<u8>, Fault> {
    written(entry, "a transaction before ours")
}

fn read_entry(sender: &[u8; 32], sequence: u64, bytes: &[u8]) -> Result<BodyEntry, Fault> {
    read("predecessors", format_args!("{} {sequence}", PublicKey(*sender)), bytes)
}

/// Writes the steps to the predecessors that a commit takes.
pub(super) fn write(
    transaction: &WriteTransaction,
    writes: &[&PredecessorWrite],
) -> Result<(), Fault> {
    let mut kept = transaction.table(tables::PREDECESSORS)?;
    for write in writes {
        match write {
            PredecessorWrite::Insert(entry) => {
                let place = (&entry.transaction.sender.0, entry.transaction.sequence);
                kept.insert(place, write_entry(entry)?.as_slice())?
            }
            PredecessorWrite::Remove { sender, sequence } => {
                kept.discard((&sender.0, *sequence))?
            }
        };
    }
    Ok(())
}

/// A predecessor, with the sender and the sequence that it stands under.
pub(super) type Predecessor = (PublicKey, u64, BodyEntry);

/// The predecessors, by sender and sequence.
pub(super) fn all_predecessors(
    transaction: &ReadTransaction,
) -> Result<impl Iterator<Item = Result<Predecessor, Fault>> + use<>, Fault> {
    all_rows(transaction, tables::PREDECESSORS, |(sender, sequence), bytes| {
        Ok((PublicKey(*sender), sequence, read_entry(sender, sequence, bytes)?))
    })
}

#[cfg(test)]
mod tests {
    use kusari_chain::ledger::transaction::Salt;
    use kusari_chain::ledger::{Payload, Signature, SignedTransaction, UnsignedTransaction};

    use super::*;

    #[test]
    fn record_of_a_predecessor_is_frozen() {
        let payload = Payload { salt: Salt([8; 16]), data: String::from("hi") };
        let unsigned = UnsignedTransaction::record(PublicKey([1; 32]), 2, 3, &payload);
        let transaction = unsigned.signed(Signature([7; 64]));
        for (payload, written) in [
            (None, String::from("00")),
            (Some(payload), format!("01{}020000006869", "08".repeat(16))),
        ] {
            let entry = BodyEntry { transaction, payload };
            let bytes = write_entry(&entry).unwrap();
            let (signed, rest) = bytes.split_at(SignedTransaction::BYTES);
            assert_eq!(signed, borsh::to_vec(&transaction).unwrap());
            let rest = kusari_chain::hex::encode(rest);
            assert_eq!(rest, written);
            assert_eq!(read_entry(&[1; 32], 2, &bytes).unwrap(), entry);
            assert!(read_entry(&[1; 32], 2, &bytes[1..]).is_err());
        }
    }
}
