//! The pool of transactions that wait to be mined: reads, and the steps of a commit that change it.

use kusari_chain::ledger::Txid;
use kusari_node::store::{PoolRecord, PoolWrite};
use redb::{ReadTransaction, WriteTransaction};

use super::checksummed::{WriteTables, all_rows};
use super::fault::Fault;
use super::record::{read, written};
use super::tables;

fn write_waiting(record: &PoolRecord) -> Result<Vec<u8>, Fault> {
    written(record, "a waiting transaction")
}

fn read_waiting(txid: &Txid, bytes: &[u8]) -> Result<PoolRecord, Fault> {
    read("pool", txid, bytes)
}

/// Writes the steps to the pool that a commit takes.
pub(super) fn write(transaction: &WriteTransaction, write: &[&PoolWrite]) -> Result<(), Fault> {
    let mut pool = transaction.table(tables::POOL)?;
    for write in write {
        match write {
            PoolWrite::Insert { txid, record } => {
                pool.insert(&txid.0, write_waiting(record)?.as_slice())?
            }
            PoolWrite::Remove { txid } => pool.discard(&txid.0)?,
        };
    }
    Ok(())
}

/// The transactions that wait, in order of ids.
pub(super) fn all_waiting(
    transaction: &ReadTransaction,
) -> Result<impl Iterator<Item = Result<(Txid, PoolRecord), Fault>> + use<>, Fault> {
    all_rows(transaction, tables::POOL, |key, bytes| {
        let txid = Txid(*key);
        Ok((txid, read_waiting(&txid, bytes)?))
    })
}

#[cfg(test)]
mod tests {
    use kusari_chain::ledger::transaction::Salt;
    use kusari_chain::ledger::{
        Payload, PublicKey, Signature, SignedTransaction, UnsignedTransaction,
    };

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
