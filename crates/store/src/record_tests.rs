//! The forms of records are frozen.

use kusari_chain::Transaction;
use kusari_chain::ledger::commitment::MerkleRoot;
use kusari_chain::ledger::transaction::Salt;
use kusari_chain::ledger::{
    ChainId, Payload, PayloadHash, PublicKey, Signature, SignedTransaction, Txid,
};
use kusari_chain::pow::CompactTarget;
use kusari_node::drafts::DraftContent;

use super::*;

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
    write_head(&stored(), &mut bytes).unwrap();
    assert_eq!(kusari_chain::hex::encode(&bytes), BLOCK_HEX);
    assert_eq!(read_head(5, &bytes).unwrap().without_body(), stored());
    let (header, counted) = (StoredHeader::from(&stored()), stored().counted_bytes());
    assert_eq!(read_head(5, &bytes).unwrap().stored_header(), header);
    assert_eq!(header.counted_bytes, counted);
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
    let counted = stored_ledger().counted_bytes();
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
        &*kusari_chain::hex::encode(&counted.to_le_bytes()),
    ]
    .concat();
    let body = [
        "02000000",
        &*transaction,
        "01",
        &*"08".repeat(16),
        "020000006869",
        &*transaction,
        "00", // body
    ]
    .concat();
    let (mut bytes, mut body_bytes) = (Vec::new(), Vec::new());
    write_head(&stored_ledger(), &mut bytes).unwrap();
    assert_eq!(kusari_chain::hex::encode(&bytes), expected);
    write_body(&stored_ledger(), &mut body_bytes).unwrap();
    assert_eq!(kusari_chain::hex::encode(&body_bytes), body);
    let head = read_head(5, &bytes).unwrap();
    assert_eq!(head.clone().with_body(&body_bytes).unwrap(), stored_ledger());
    assert_eq!((head.transactions(), head.counted_bytes()), (2, counted));
    assert_eq!(head.clone().stored_header(), StoredHeader::from(&stored_ledger()));

    // What was erased follows, where there is any.
    let mut erased = stored_ledger();
    erased.erase(1).unwrap();
    let mut body_bytes = Vec::new();
    write_body(&erased, &mut body_bytes).unwrap();
    assert_eq!(kusari_chain::hex::encode(&body_bytes), format!("{body}0100000001000000"));
    assert_eq!(head.with_body(&body_bytes).unwrap(), erased);
}

#[test]
fn places_of_erased_payloads_that_cannot_be_are_refused() {
    let (mut head, mut bytes) = (Vec::new(), Vec::new());
    write_head(&stored_ledger(), &mut head).unwrap();
    write_body(&stored_ledger(), &mut bytes).unwrap();
    let head = read_head(5, &head).unwrap();
    let of = |places: &[u32]| borsh::to_vec(places).unwrap();
    // None, twice the same, one beyond the body, and one that is there.
    for wrong in [of(&[]), of(&[1, 1]), of(&[2]), of(&[0]), vec![1]] {
        let read = head.clone().with_body(&[&*bytes, &*wrong].concat());
        let message = read.unwrap_err().to_string();
        assert!(message.contains("table `bodies` under key 5"), "{message}");
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
    assert_eq!(kusari_chain::hex::encode(&bytes), expected);
    assert_eq!(read_entry(3, &bytes).unwrap(), entry);

    let note = Some(String::from("hi"));
    let content = DraftContent::Transfer { to: PublicKey([2; 32]), amount: 3, note };
    let draft = Some(Draft { account: PublicKey([1; 32]), fee: 4, content });
    let state = EntryState::Displaced { by: Txid([5; 32]), settled: false };
    let entry = OutboxEntry { id: 3, text: String::new(), draft, blocks: Vec::new(), state };
    let bytes = write_entry(entry.clone()).unwrap();
    let (account, to, by) = ("01".repeat(32), "02".repeat(32), "05".repeat(32));
    let expected = format!(
        "0000000001{account}040000000000000001{to}030000000000000001020000006869\
         0000000002{by}00"
    );
    assert_eq!(kusari_chain::hex::encode(&bytes), expected);
    assert_eq!(read_entry(3, &bytes).unwrap(), entry);

    let early = borsh::to_vec(&("hi", vec![[0xcc_u8; 32]], true)).unwrap();
    let early = read_early_entry(3, &early).unwrap();
    assert_eq!((early.text.as_str(), early.state.is_settled()), ("hi", true));
}

#[test]
fn unreadable_record_names_its_table_and_key() {
    let mut bytes = Vec::new();
    write_head(&stored(), &mut bytes).unwrap();
    for wrong in [&bytes[..bytes.len() - 1], &[&bytes[..], &[0]].concat(), &[]] {
        let message = read_head(5, wrong).unwrap_err().to_string();
        assert!(message.contains("table `blocks` under key 5"), "{message}");
    }
    let message = read_entry(7, &[1, 2]).unwrap_err().to_string();
    assert!(message.contains("table `outbox` under key 7"), "{message}");
}
