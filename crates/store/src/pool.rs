//! The pool of transactions that wait to be mined: reads, and the steps of a commit that change it.

use borsh::{BorshDeserialize, BorshSerialize};
use kusari_chain::StoreError;
use kusari_chain::ledger::{Payload, SignedTransaction, Txid};
use kusari_node::store::{PoolRecord, PoolWrite};
use redb::{ReadTransaction, WriteTransaction};

use super::Store;
use super::checked::{ReadTables, Table, WriteTables};
use super::fault::{Fault, guarded};
use super::tables;

/// What stands under a transaction's id. Generic over the transaction and its payload, so that it is
/// written from borrowed ones.
#[derive(BorshSerialize, BorshDeserialize)]
struct Row<T, P> {
    transaction: T,
    payload: P,
    since: u64,
}

pub(super) fn write_waiting(record: &PoolRecord) -> Result<Vec<u8>, Fault> {
    let PoolRecord { transaction, payload, since } = record;
    borsh::to_vec(&Row { transaction, payload, since: *since }).map_err(|error| {
        Fault::Unfitting(format!("a waiting transaction cannot be written ({error})"))
    })
}

pub(super) fn read_waiting(txid: &Txid, bytes: &[u8]) -> Result<PoolRecord, Fault> {
    let Row::<SignedTransaction, Option<Payload>> { transaction, payload, since } =
        borsh::from_slice(bytes).map_err(|error| Fault::unreadable("pool", txid, error))?;
    Ok(PoolRecord { transaction, payload, since })
}

/// The table of the pool within one commit.
pub(super) struct PoolWriter<'txn>(Table<'txn, &'static [u8; 32], &'static [u8]>);

impl<'txn> PoolWriter<'txn> {
    pub(super) fn open(transaction: &'txn WriteTransaction) -> Result<Self, Fault> {
        Ok(Self(transaction.table(tables::POOL)?))
    }

    pub(super) fn apply(&mut self, write: &PoolWrite) -> Result<(), Fault> {
        match write {
            PoolWrite::Insert { txid, record } => {
                self.0.insert(&txid.0, write_waiting(record)?.as_slice())?;
            }
            PoolWrite::Remove { txid } => {
                self.0.remove(&txid.0)?;
            }
        }
        Ok(())
    }
}

/// The transactions that wait, in order of ids.
pub(super) fn all_waiting(
    transaction: &ReadTransaction,
) -> Result<impl Iterator<Item = Result<(Txid, PoolRecord), Fault>> + use<>, Fault> {
    let table = transaction.table(tables::POOL)?;
    Ok(table.into_rows::<&[u8; 32]>(..)?.map(|row| {
        let (key, bytes) = row?;
        let txid = Txid(*key.value());
        Ok((txid, read_waiting(&txid, bytes.value())?))
    }))
}

impl Store {
    pub(super) fn read_pool(&self, visit: &mut dyn FnMut(PoolRecord)) -> Result<(), StoreError> {
        if !self.inner.kind.is_ledger() {
            return Ok(());
        }
        let mut waiting = self.read(all_waiting)?;
        while let Some((_, record)) = guarded(|| waiting.next().transpose())? {
            visit(record);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use kusari_chain::ledger::transaction::Salt;
    use kusari_chain::ledger::{PublicKey, Signature, UnsignedTransaction};

    use super::*;

    #[test]
    fn record_of_the_pool_is_frozen() {
        let payload = Payload { salt: Salt([8; 16]), data: String::from("hi") };
        let unsigned = UnsignedTransaction::record(PublicKey([1; 32]), 2, 3, &payload);
        let transaction = unsigned.signed(Signature([7; 64]));
        for (payload, written) in [
            (None, String::from("00")),
            (Some(payload), format!("01{}020000006869", "08".repeat(16))),
        ] {
            let record = PoolRecord { transaction, payload, since: 0x0102 };
            let bytes = write_waiting(&record).unwrap();
            let (signed, rest) = bytes.split_at(SignedTransaction::BYTES);
            assert_eq!(signed, borsh::to_vec(&transaction).unwrap());
            let rest = kusari_chain::hex::encode(rest);
            assert_eq!(rest, format!("{written}0201000000000000"));
            assert_eq!(read_waiting(&transaction.txid(), &bytes).unwrap(), record);
        }
    }
}
