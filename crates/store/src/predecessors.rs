//! Predecessors of our own transactions: reads, and the steps of a commit that change them.

use kusari_chain::StoreError;
use kusari_chain::ledger::{BodyEntry, PublicKey};
use kusari_node::store::PredecessorWrite;
use redb::{ReadTransaction, WriteTransaction};

use super::Store;
use super::checked::{ReadTables, Table, WriteTables};
use super::fault::{Fault, guarded};
use super::tables;

fn write_entry(entry: &BodyEntry) -> Result<Vec<u8>, Fault> {
    borsh::to_vec(entry).map_err(|error| {
        Fault::Unfitting(format!("a transaction before ours cannot be written ({error})"))
    })
}

fn read_entry((sender, sequence): (&[u8; 32], u64), bytes: &[u8]) -> Result<BodyEntry, Fault> {
    borsh::from_slice(bytes).map_err(|error| {
        let place = format!("{} {sequence}", PublicKey(*sender));
        Fault::unreadable("predecessors", place, error)
    })
}

/// The table of predecessors within one commit.
pub(super) struct PredecessorWriter<'txn>(Table<'txn, tables::PredecessorKey, &'static [u8]>);

impl<'txn> PredecessorWriter<'txn> {
    pub(super) fn open(transaction: &'txn WriteTransaction) -> Result<Self, Fault> {
        Ok(Self(transaction.table(tables::PREDECESSORS)?))
    }

    pub(super) fn apply(&mut self, write: &PredecessorWrite) -> Result<(), Fault> {
        match write {
            PredecessorWrite::Insert(entry) => {
                let place = (&entry.transaction.sender.0, entry.transaction.sequence);
                self.0.insert(place, write_entry(entry)?.as_slice())?;
            }
            PredecessorWrite::Remove { sender, sequence } => {
                self.0.remove((&sender.0, *sequence))?;
            }
        }
        Ok(())
    }
}

/// A predecessor, with the sender and the sequence that it stands under.
pub(super) type Row = (PublicKey, u64, BodyEntry);

/// The predecessors, by sender and sequence.
pub(super) fn all_predecessors(
    transaction: &ReadTransaction,
) -> Result<impl Iterator<Item = Result<Row, Fault>> + use<>, Fault> {
    let table = transaction.table(tables::PREDECESSORS)?;
    Ok(table.into_rows::<(&[u8; 32], u64)>(..)?.map(|row| {
        let (key, bytes) = row?;
        let (sender, sequence) = key.value();
        let entry = read_entry((sender, sequence), bytes.value())?;
        Ok((PublicKey(*sender), sequence, entry))
    }))
}

impl Store {
    pub(super) fn read_predecessors(
        &self,
        visit: &mut dyn FnMut(BodyEntry),
    ) -> Result<(), StoreError> {
        if !self.inner.kind.is_ledger() {
            return Ok(());
        }
        let mut kept = self.read(all_predecessors)?;
        while let Some((.., entry)) = guarded(|| kept.next().transpose())? {
            visit(entry);
        }
        Ok(())
    }
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
            assert_eq!(read_entry((&[1; 32], 2), &bytes).unwrap(), entry);
            assert!(read_entry((&[1; 32], 2), &bytes[1..]).is_err());
        }
    }
}
