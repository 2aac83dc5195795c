//! The classic chain as an independent implementation made it, the sample that was published with
//! the original node, and what a classic hash does not protect.

use crate::common::{Rig, checked, draft, seal};
use kusari_chain::{
    Accepted, Block, BlockHash, CheckedBlock, RuleViolation, Transaction, TreeLimits, Work,
};
use sha2::{Digest, Sha256};

#[derive(serde::Deserialize)]
struct Vectors {
    genesis: Block,
    chain: Vec<Block>,
    fork: Vec<Block>,
}

fn vectors() -> Vectors {
    serde_json::from_str(include_str!("../vectors/classic.json")).unwrap()
}

fn transfer(sender: &str, receiver: &str, amount: u64) -> Transaction {
    Transaction { sender: sender.to_owned(), receiver: receiver.to_owned(), amount }
}

#[test]
fn genesis_is_what_mining_from_nonce_zero_finds() {
    let genesis = Block::genesis();
    assert_eq!(genesis, vectors().genesis);
    assert_eq!(seal(Block { nonce: 0, ..genesis.clone() }), genesis);
    assert_eq!(genesis.nonce, 2_945);
    assert_eq!(
        genesis.hash.to_string(),
        "000009fd818a1c6a6577cfda48a44f72d5c3e7359fe9bf808b959e4b56a06f13"
    );
}

#[test]
fn every_vector_hashes_as_stated_and_passes_its_own_check() {
    let Vectors { genesis, chain, fork } = vectors();
    for block in [genesis].iter().chain(&chain).chain(&fork) {
        assert_eq!(block.compute_hash(), block.hash);
        let line_bytes = checked(block).line_bytes();
        let line = format!("BLOCK:{}\n", block.to_canonical_json());
        assert_eq!(usize::try_from(line_bytes).unwrap(), line.len());
    }
}

#[test]
fn canonical_json_has_seven_keys_in_order_and_the_fewest_escapes() {
    let chain = vectors().chain;
    assert_eq!(
        chain[2].to_canonical_json(),
        r#"{"index":3,"timestamp":1746151157,"nonce":95947,"data":"quotes \" and \\ and \t tab","prev_hash":"0000b7f36eb555f0c294b0316e27208d906e01e076ea63a4c21d32a4d9987ce4","hash":"0000ac28958d55cf1856a9d9ae5b475397f90d97506278ca1ec681a45581b4f5","transactions":[]}"#
    );
    assert!(chain[1].to_canonical_json().contains(r#""data":"日本語の記録 🦀","#));
    assert!(chain[4].to_canonical_json().ends_with(
        r#""transactions":[{"sender":"Taro","receiver":"Hanako","amount":100},{"sender":"A","receiver":"B","amount":18446744073709551615}]}"#
    ));
}

#[test]
fn chain_and_fork_end_at_the_same_tip_in_either_order() {
    let Vectors { chain, fork, .. } = vectors();
    for (first, second) in [(&chain, &fork), (&fork, &chain)] {
        let mut rig = Rig::new(TreeLimits::default());
        rig.deliver_all(first);
        rig.deliver_all(second);
        let tip = rig.chain.tip();
        assert_eq!((tip.height, tip.hash), (5, chain[4].hash));
        assert_eq!(tip.work, Work::of_classic_blocks(5));
        assert_eq!(rig.best, chain.iter().map(|block| block.hash).collect::<Vec<_>>());
        assert!(rig.chain.point(&fork[1].hash).unwrap().is_some());
    }
}

#[test]
fn published_sample_hash_comes_out_only_without_index_and_timestamp() {
    let sample = Block {
        index: 1,
        timestamp: 1_746_151_143,
        nonce: 1_924,
        data: "hi".to_owned(),
        prev_hash: "000057e288a7d6752e2a3ac81d2a4e9ae04630224e960db236b1e540641e4a1d"
            .parse()
            .unwrap(),
        hash: "0000a0c6192e846fb8b7499c67c67ecf703045255795457130a7b57b4490567e".parse().unwrap(),
        transactions: Vec::new(),
    };
    let mut preimage = sample.preimage();
    preimage[..Block::NONCE_OFFSET].fill(0);
    assert_eq!(BlockHash(Sha256::digest(&preimage).into()), sample.hash);
    assert_ne!(sample.compute_hash(), sample.hash);
    assert!(matches!(CheckedBlock::check(sample), Err(RuleViolation::BadHash { .. })));
}

#[test]
fn first_content_for_a_hash_stays_when_names_are_split_otherwise() {
    let first = seal(draft(&Block::genesis(), "rent", vec![transfer("Al", "iceBob", 7)]));
    let second = Block { transactions: vec![transfer("Alice", "Bob", 7)], ..first.clone() };
    assert_ne!(first, second);
    assert_eq!(first.compute_hash(), second.compute_hash());

    for (kept, late) in [(&first, &second), (&second, &first)] {
        let mut rig = Rig::new(TreeLimits::default());
        rig.deliver_all(std::slice::from_ref(kept));
        assert!(matches!(rig.chain.accept(checked(late), 0), Ok(Accepted::Known(_))));
        assert_eq!(rig.chain.block(&first.hash).unwrap().unwrap().block, *kept);
        rig.commit_all();
        assert!(matches!(rig.chain.accept(checked(late), 0), Ok(Accepted::Known(_))));
        assert_eq!(rig.chain.block(&first.hash).unwrap().unwrap().block, *kept);
    }
}

#[test]
fn first_content_stays_for_an_orphan_too() {
    let parent = seal(draft(&Block::genesis(), "parent", Vec::new()));
    let first = seal(draft(&parent, "", vec![transfer("Al", "iceBob", 7)]));
    let second = Block { transactions: vec![transfer("Alice", "Bob", 7)], ..first.clone() };
    let mut rig = Rig::new(TreeLimits::default());
    rig.deliver_all(&[first.clone(), second, parent]);
    assert_eq!(rig.chain.block(&first.hash).unwrap().unwrap().block, first);
}

#[test]
fn text_of_eight_bytes_and_more_also_reads_as_a_transfer() {
    let text = seal(draft(&Block::genesis(), "Al\u{1}\0\0\0\0\0\0\0!", Vec::new()));
    let paid =
        Block { data: "!".to_owned(), transactions: vec![transfer("A", "l", 1)], ..text.clone() };
    assert_eq!(checked(&text).block().hash, checked(&paid).block().hash);
}

#[test]
fn refusal_for_size_or_content_leaves_the_hash_open_to_the_right_block() {
    // Each eight bytes of text, read as a transfer between nobodies, take 57 bytes of line.
    const EIGHTS: usize = 75;
    let right = seal(draft(&Block::genesis(), &"a".repeat(8 * EIGHTS), Vec::new()));
    let transfers = vec![transfer("", "", u64::from_le_bytes([b'a'; 8])); EIGHTS];
    let long = Block { data: String::new(), transactions: transfers, ..right.clone() };
    assert_eq!(long.compute_hash(), right.hash);
    assert!(matches!(CheckedBlock::check(long), Err(RuleViolation::BlockTooLong { .. })));
    let forged = Block { data: "forged".to_owned(), ..right.clone() };
    assert!(matches!(CheckedBlock::check(forged), Err(RuleViolation::BadHash { .. })));

    let mut rig = Rig::new(TreeLimits::default());
    assert_eq!(rig.deliver(checked(&right)), [right.hash]);
}

#[test]
fn genesis_is_known_and_no_other_block_may_take_its_place() {
    let mut rig = Rig::new(TreeLimits::default());
    assert!(matches!(rig.chain.accept(checked(&Block::genesis()), 0), Ok(Accepted::Known(_))));
    assert_eq!(rig.chain.block(&Block::genesis().hash), Ok(None));
    let other = seal(Block { data: "another".to_owned(), ..Block::genesis() });
    assert_eq!(CheckedBlock::check(other), Err(RuleViolation::BadGenesis));
}
