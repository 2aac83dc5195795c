//! Records: the bytes that stand for a block and for an outbox entry.
//!
//! Owns their layout, Borsh of the fields in order. It is frozen by the tests below; a change is a
//! new schema version.

use borsh::{BorshDeserialize, BorshSerialize};
use kusari_chain::ledger::{Commitment, LedgerPart, PublicKey, Txid};
use kusari_chain::pow::ChainTime;
use kusari_chain::proof::NodeHash;
use kusari_chain::store::StoredLedger;
use kusari_chain::{Block, BlockHash, StoredBlock, Work};
use kusari_node::drafts::{Draft, DraftContent};
use kusari_node::store::{EntryId, EntryState, OutboxEntry};

use super::fault::Fault;

/// A stored block; its order is the key. Generic over the block, so that it is written from a
/// borrowed one.
#[derive(BorshSerialize, BorshDeserialize)]
struct BlockRecord<B> {
    /// Big-endian.
    work: [u8; 32],
    total_bytes: u64,
    block: B,
}

/// What follows in the record of a ledger block.
#[derive(BorshSerialize, BorshDeserialize)]
struct LedgerRecord<S, P> {
    active_s: u64,
    latest: u64,
    subtrees: S,
    part: P,
}

/// Writes the record of `stored` to the end of `bytes`.
pub(crate) fn write_block(stored: &StoredBlock, bytes: &mut Vec<u8>) -> Result<(), Fault> {
    let StoredBlock { order, work, total_bytes, block, ledger } = stored;
    let (work, total_bytes) = (work.to_be_bytes(), *total_bytes);
    let mut written = BlockRecord { work, total_bytes, block }.serialize(bytes);
    if let Some(ledger) = ledger {
        let StoredLedger { part, time, subtrees, erased } = ledger.as_ref();
        let ChainTime { active_s, latest } = *time;
        let record = LedgerRecord { active_s, latest, subtrees, part };
        written = written.and_then(|()| record.serialize(bytes));
        if !erased.is_empty() {
            written = written.and_then(|()| erased.serialize(bytes));
        }
    }
    written.map_err(|error| Fault::Unfitting(format!("block {order} cannot be written ({error})")))
}

pub(crate) fn read_block(order: u64, mut bytes: &[u8]) -> Result<StoredBlock, Fault> {
    let unreadable = |error| Fault::unreadable("blocks", order, error);
    let BlockRecord::<Block> { work, total_bytes, block } =
        BlockRecord::deserialize(&mut bytes).map_err(unreadable)?;
    // Whatever follows must be a ledger's part to its end.
    let ledger = match bytes {
        [] => None,
        rest => Some(Box::new(read_ledger(rest).map_err(unreadable)?)),
    };
    Ok(StoredBlock { order, work: Work::from_be_bytes(work), total_bytes, block, ledger })
}

/// Reads the block and the commitment of a ledger's record, and leaves its body.
pub(crate) fn read_header(order: u64, mut bytes: &[u8]) -> Result<(Block, Commitment), Fault> {
    let unreadable = |error| Fault::unreadable("blocks", order, error);
    let BlockRecord::<Block> { block, .. } =
        BlockRecord::deserialize(&mut bytes).map_err(unreadable)?;
    let LedgerRecord::<Vec<NodeHash>, Commitment> { part, .. } =
        LedgerRecord::deserialize(&mut bytes).map_err(unreadable)?;
    Ok((block, part))
}

fn read_ledger(mut bytes: &[u8]) -> borsh::io::Result<StoredLedger> {
    let LedgerRecord::<Vec<NodeHash>, LedgerPart> { active_s, latest, subtrees, part } =
        LedgerRecord::deserialize(&mut bytes)?;
    // Most blocks have nothing that was erased, and then nothing follows.
    let erased = match bytes {
        [] => Vec::new(),
        rest => read_erased(rest, &part)?,
    };
    Ok(StoredLedger { part, time: ChainTime { active_s, latest }, subtrees, erased })
}

fn read_erased(bytes: &[u8], part: &LedgerPart) -> borsh::io::Result<Vec<u32>> {
    let erased: Vec<u32> = borsh::from_slice(bytes)?;
    let is_gone = |place: &u32| {
        let entry = usize::try_from(*place).ok().and_then(|place| part.body.get(place));
        entry.is_some_and(|entry| entry.payload.is_none())
    };
    if erased.is_empty() || !erased.is_sorted_by(|a, b| a < b) || !erased.iter().all(is_gone) {
        let reason = "the places of erased payloads are not those of a body without them";
        return Err(borsh::io::Error::new(borsh::io::ErrorKind::InvalidData, reason));
    }
    Ok(erased)
}

/// An outbox entry; its number is the key.
#[derive(BorshSerialize, BorshDeserialize)]
struct OutboxRecord {
    text: String,
    draft: Option<DraftRecord>,
    blocks: Vec<BlockHash>,
    state: StateRecord,
}

#[derive(BorshSerialize, BorshDeserialize)]
struct DraftRecord {
    account: PublicKey,
    fee: u64,
    content: ContentRecord,
}

#[derive(BorshSerialize, BorshDeserialize)]
enum ContentRecord {
    Record(String),
    Transfer { to: PublicKey, amount: u64, note: Option<String> },
}

#[derive(BorshSerialize, BorshDeserialize)]
enum StateRecord {
    Waiting,
    Mined { settled: bool },
    Displaced { by: Txid, settled: bool },
}

pub(crate) fn write_entry(entry: OutboxEntry) -> Result<Vec<u8>, Fault> {
    let OutboxEntry { id, text, draft, blocks, state } = entry;
    let draft = draft.map(|Draft { account, fee, content }| {
        let content = match content {
            DraftContent::Record(text) => ContentRecord::Record(text),
            DraftContent::Transfer { to, amount, note } => {
                ContentRecord::Transfer { to, amount, note }
            }
        };
        DraftRecord { account, fee, content }
    });
    let state = match state {
        EntryState::Waiting => StateRecord::Waiting,
        EntryState::Mined { settled } => StateRecord::Mined { settled },
        EntryState::Displaced { by, settled } => StateRecord::Displaced { by, settled },
    };
    borsh::to_vec(&OutboxRecord { text, draft, blocks, state })
        .map_err(|error| Fault::Unfitting(format!("entry {id} cannot be written ({error})")))
}

pub(crate) fn read_entry(id: EntryId, bytes: &[u8]) -> Result<OutboxEntry, Fault> {
    let OutboxRecord { text, draft, blocks, state } =
        borsh::from_slice(bytes).map_err(|error| Fault::unreadable("outbox", id, error))?;
    let draft = draft.map(|DraftRecord { account, fee, content }| {
        let content = match content {
            ContentRecord::Record(text) => DraftContent::Record(text),
            ContentRecord::Transfer { to, amount, note } => {
                DraftContent::Transfer { to, amount, note }
            }
        };
        Draft { account, fee, content }
    });
    let state = match state {
        StateRecord::Waiting => EntryState::Waiting,
        StateRecord::Mined { settled } => EntryState::Mined { settled },
        StateRecord::Displaced { by, settled } => EntryState::Displaced { by, settled },
    };
    Ok(OutboxEntry { id, text, draft, blocks, state })
}

#[cfg(test)]
mod tests {
    use kusari_chain::Transaction;
    use kusari_chain::ledger::commitment::MerkleRoot;
    use kusari_chain::ledger::transaction::Salt;
    use kusari_chain::ledger::{
        BodyEntry, ChainId, Commitment, Payload, PayloadHash, PublicKey, Signature,
        SignedTransaction,
    };
    use kusari_chain::pow::CompactTarget;

    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn stored() -> StoredBlock {
        StoredBlock {
            order: 5,
            work: Work::of_classic_blocks(2),
            total_bytes: 0x0102,
            block: Block {
                index: 2,
                timestamp: 0x1122_3344,
                nonce: 7,
                data: String::from("hi"),
                prev_hash: BlockHash([0xaa; 32]),
                hash: BlockHash([0xbb; 32]),
                transactions: vec![Transaction {
                    sender: String::from("a"),
                    receiver: String::from("bc"),
                    amount: 9,
                }],
            },
            ledger: None,
        }
    }

    const BLOCK_HEX: &str = concat!(
        "0000000000000000000000000000000000000000000000000000000000020000", // work
        "0201000000000000",                                                 // total_bytes
        "02000000",                                                         // index
        "4433221100000000",                                                 // timestamp
        "0700000000000000",                                                 // nonce
        "02000000",
        "6869",                                                             // data
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", // prev_hash
        "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb", // hash
        "01000000",                                                         // transactions
        "01000000",
        "61", // sender
        "02000000",
        "6263",             // receiver
        "0900000000000000", // amount
    );

    #[test]
    fn block_record_is_frozen() {
        let mut bytes = Vec::new();
        write_block(&stored(), &mut bytes).unwrap();
        assert_eq!(hex(&bytes), BLOCK_HEX);
        assert_eq!(read_block(5, &bytes).unwrap(), stored());
    }

    fn stored_ledger() -> StoredBlock {
        let transaction = SignedTransaction {
            sender: PublicKey([1; 32]),
            receiver: PublicKey([2; 32]),
            amount: 3,
            fee: 4,
            sequence: 5,
            payload: PayloadHash([6; 32]),
            payload_len: 2,
            signature: Signature([7; 64]),
        };
        let payload = Payload { salt: Salt([8; 16]), data: String::from("hi") };
        let body = vec![
            BodyEntry { transaction, payload: Some(payload) },
            BodyEntry { transaction, payload: None },
        ];
        let commitment = Commitment {
            chain_id: ChainId([0x11; 32]),
            body_root: MerkleRoot([0x22; 32]),
            body_count: 2,
            history_root: MerkleRoot([0x33; 32]),
            state_root: MerkleRoot([0x44; 32]),
            target: CompactTarget::LIMIT,
            miner: PublicKey([0x55; 32]),
        };
        let ledger = StoredLedger {
            part: LedgerPart { commitment, body },
            time: ChainTime { active_s: 10, latest: 0x0102 },
            subtrees: vec![[0x66; 32]],
            erased: Vec::new(),
        };
        StoredBlock { ledger: Some(Box::new(ledger)), ..stored() }
    }

    #[test]
    fn ledger_record_is_frozen_and_begins_as_the_classic_one() {
        let transaction = [
            &*"01".repeat(32),
            &*"02".repeat(32),
            "030000000000000004000000000000000500000000000000",
            &*"06".repeat(32),
            "02000000",
            &*"07".repeat(64),
        ]
        .concat();
        let expected = [
            BLOCK_HEX,
            "0a000000000000000201000000000000", // active_s, latest
            "01000000",
            &*"66".repeat(32), // subtrees
            &*"11".repeat(32),
            &*"22".repeat(32),
            "02000000",
            &*"33".repeat(32),
            &*"44".repeat(32),
            "ffff001f",
            &*"55".repeat(32), // commitment
            "02000000",
            &*transaction,
            "01",
            &*"08".repeat(16),
            "020000006869",
            &*transaction,
            "00", // body
        ]
        .concat();
        let mut bytes = Vec::new();
        write_block(&stored_ledger(), &mut bytes).unwrap();
        assert_eq!(hex(&bytes), expected);
        assert_eq!(read_block(5, &bytes).unwrap(), stored_ledger());

        // What was erased follows, where there is any.
        let mut erased = stored_ledger();
        erased.erase(1).unwrap();
        let mut bytes = Vec::new();
        write_block(&erased, &mut bytes).unwrap();
        assert_eq!(hex(&bytes), format!("{expected}0100000001000000"));
        assert_eq!(read_block(5, &bytes).unwrap(), erased);
    }

    #[test]
    fn places_of_erased_payloads_that_cannot_be_are_refused() {
        let mut bytes = Vec::new();
        write_block(&stored_ledger(), &mut bytes).unwrap();
        let of = |places: &[u32]| borsh::to_vec(places).unwrap();
        // None, twice the same, one beyond the body, and one that is there.
        for wrong in [of(&[]), of(&[1, 1]), of(&[2]), of(&[0]), vec![1]] {
            let message = read_block(5, &[&*bytes, &*wrong].concat()).unwrap_err().to_string();
            assert!(message.contains("table `blocks` under key 5"), "{message}");
        }
    }

    #[test]
    fn outbox_record_is_frozen() {
        let entry = OutboxEntry {
            id: 3,
            text: String::from("hi"),
            draft: None,
            blocks: vec![BlockHash([0xcc; 32])],
            state: EntryState::Mined { settled: true },
        };
        let bytes = write_entry(entry.clone()).unwrap();
        let expected = format!("0200000068690001000000{}0101", "cc".repeat(32));
        assert_eq!(hex(&bytes), expected);
        assert_eq!(read_entry(3, &bytes).unwrap(), entry);
    }

    #[test]
    fn unreadable_record_names_its_table_and_key() {
        let mut bytes = Vec::new();
        write_block(&stored(), &mut bytes).unwrap();
        for wrong in [&bytes[..bytes.len() - 1], &[&bytes[..], &[0]].concat(), &[]] {
            let message = read_block(5, wrong).unwrap_err().to_string();
            assert!(message.contains("table `blocks` under key 5"), "{message}");
        }
        let message = read_entry(7, &[1, 2]).unwrap_err().to_string();
        assert!(message.contains("table `outbox` under key 7"), "{message}");
    }
}
