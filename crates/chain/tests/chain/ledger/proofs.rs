//! Proofs of what stands in a chain: whatever is in it can be proven, nothing else can, and every bit
//! of a proof counts.

use ct_merkle::mem_backed_tree::MemoryBackedTree;
use ct_merkle::{HashableLeaf, InclusionProof, RootHash};
use ed25519_zebra::{SigningKey, VerificationKey};
use kusari_chain::ledger::commitment::MerkleRoot;
use kusari_chain::ledger::{
    BodyEntry, PublicKey, Signature, StatementHash, UnsignedStatement, WitnessStatement,
};
use kusari_chain::merkle::{NodeHash, leaf_hash};
use kusari_chain::proof::file::{BodyPath, EarlierBlock, ProvenHeader, ProvenStatement};
use kusari_chain::proof::path::{self, Subtrees};
use kusari_chain::proof::{ConsistencyProof, ProofFault, ProofFile, TransactionProof};
use kusari_chain::{Block, BlockHash, CheckedBlock};
use proptest::prelude::*;
use sha2::Sha256;
use sha2::digest::{Output, Update};

use crate::ledger::people::PEOPLE;
use crate::ledger::support::{CHAIN, Rig, SPEC};
use kusari_chain::TreeLimits;

/// Leaves that another implementation puts into its tree.
#[derive(Clone)]
struct Number(u64);

impl HashableLeaf for Number {
    fn hash<H: Update>(&self, hasher: &mut H) {
        hasher.update(&self.0.to_le_bytes());
    }
}

fn leaves(count: u64) -> Vec<NodeHash> {
    (0..count).map(|number| leaf_hash(&number.to_le_bytes())).collect()
}

/// The list of hashes that RFC 9162, section 2.1.3.1, makes of a path.
fn as_list(leaf: u64, count: u64, tree: &[NodeHash]) -> Vec<NodeHash> {
    let mut tree = tree;
    let siblings = path::siblings(leaf, [count].into_iter(), &mut tree).unwrap();
    let rest = path::rest(leaf, count, &mut tree).unwrap();
    let parting = (leaf ^ count).ilog2() as usize;
    let (below, above) = siblings.split_at(parting.min(siblings.len()));
    below.iter().flatten().chain(&rest).chain(above.iter().flatten()).copied().collect()
}

fn agrees_with_another_implementation(
    leaf: u64,
    count: u64,
    tree: &[NodeHash],
    root: &RootHash<Sha256>,
) {
    let digests: Vec<Output<Sha256>> =
        as_list(leaf, count, tree).into_iter().map(|hash| hash.into()).collect();
    let proof = InclusionProof::from_digests(digests.iter());
    root.verify_inclusion(&Number(leaf), leaf, &proof).unwrap();
}

#[test]
fn paths_in_trees_of_every_size_to_300_are_those_of_another_implementation() {
    let all = leaves(300);
    let mut other = MemoryBackedTree::<Sha256, Number>::new();
    for count in 1..=300 {
        other.push(Number(count - 1));
        for leaf in 0..count {
            agrees_with_another_implementation(leaf, count, &all[..count as usize], &other.root());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn paths_in_large_trees_are_those_of_another_implementation(
        count in 1_000_u64..20_000,
        places in proptest::collection::vec(any::<u64>(), 8),
    ) {
        let all = leaves(count);
        let mut other = MemoryBackedTree::<Sha256, Number>::new();
        (0..count).for_each(|number| other.push(Number(number)));
        let root = other.root();
        for leaf in places.into_iter().map(|place| place % count) {
            agrees_with_another_implementation(leaf, count, &all, &root);
        }
    }
}

/// A chain with bodies of many sizes, and every block of it.
struct Told {
    blocks: Vec<CheckedBlock>,
    hashes: Vec<NodeHash>,
}

impl Told {
    fn new(length: u64) -> Self {
        let mut rig = Rig::new(&SPEC, TreeLimits::default());
        let mut blocks = vec![rig.extend(&PEOPLE[0].key, &[])];
        let mut sequence = 0;
        for height in 2..=length {
            let body: Vec<BodyEntry> = (0..height % 6)
                .map(|number| {
                    let text = format!("{height} \"{number}\" \u{7f}\u{1}/鎖");
                    let entry = PEOPLE[0].records(&text, (1, sequence), &CHAIN);
                    sequence += 1;
                    entry
                })
                .collect();
            blocks.push(rig.extend(&PEOPLE[0].key, &body));
        }
        let hashes = core::iter::once(Block::genesis().hash);
        let hashes = hashes.chain(blocks.iter().map(|block| block.block().hash));
        Self { hashes: hashes.map(|hash| leaf_hash(&hash.0)).collect(), blocks }
    }

    fn header(&self, height: u32) -> ProvenHeader {
        let block = &self.blocks[height as usize - 1];
        ProvenHeader::of(block.block(), &block.ledger().unwrap().commitment)
    }

    /// A proof of one transaction, with these later blocks.
    fn prove(&self, height: u32, place: u32, later: &[u32]) -> TransactionProof {
        let part = self.blocks[height as usize - 1].ledger().unwrap();
        let entry = part.body[place as usize].clone();
        let body = BodyPath::of(part, place).unwrap();
        let said = (entry.transaction, entry.payload);
        let mut proof = TransactionProof::new(*CHAIN, said.0, said.1, body, self.header(height));
        let later: Vec<_> = later.iter().map(|height| self.header(*height)).collect();
        proof.set_later(&later, &mut self.hashes.as_slice()).unwrap();
        proof
    }

    fn hash(&self, height: u32) -> BlockHash {
        self.blocks[height as usize - 1].block().hash
    }

    /// A statement of a witness about the block of this height.
    fn witness(&self, seed: u8, sequence: u64, height: u32) -> ProvenStatement {
        let key = SigningKey::from([seed; 32]);
        let said = UnsignedStatement {
            sequence,
            previous: StatementHash::ZERO,
            height,
            hash: self.hash(height),
            time: 1_800_000_000,
        };
        let signature = Signature(key.sign(&said.signing_bytes(&CHAIN)).to_bytes());
        ProvenStatement(said.signed(PublicKey(VerificationKey::from(&key).into()), signature))
    }
}

fn read(text: &str) -> Result<TransactionProof, ProofFault> {
    match ProofFile::read(text)? {
        ProofFile::Transaction(proof) => Ok(*proof),
        ProofFile::Consistency(_) => panic!("this is about blocks alone"),
    }
}

fn text(proof: &TransactionProof) -> String {
    ProofFile::Transaction(Box::new(proof.clone())).to_text()
}

#[test]
fn everything_in_a_chain_can_be_proven_up_to_every_later_tip() {
    let told = Told::new(40);
    for height in 2..=40 {
        let count = told.blocks[height as usize - 1].ledger().unwrap().body.len();
        for place in 0..count as u32 {
            let all: Vec<u32> = (height + 1..=40).collect();
            for later in [&all[..], all.get(..1).unwrap_or_default(), &all[all.len().min(3)..], &[]]
            {
                let proof = told.prove(height, place, later);
                let again = read(&text(&proof)).unwrap();
                assert_eq!(again, proof);
                let checked = again.check().unwrap();
                assert_eq!(checked.blocks.len(), 1 + later.len());
                assert_eq!(checked.txid, proof.transaction.txid());
            }
        }
    }
}

#[test]
fn a_proof_of_what_is_not_in_the_chain_is_refused_with_the_step_that_fails() {
    let told = Told::new(20);
    let proof = told.prove(9, 1, &[10, 13, 20]);
    let fault = |change: &dyn Fn(&mut TransactionProof)| {
        let mut changed = proof.clone();
        change(&mut changed);
        read(&text(&changed)).and_then(|read| read.check().map(|_| ())).unwrap_err().code()
    };
    let other = told.prove(9, 2, &[10, 13, 20]);
    assert_eq!(fault(&|proof| proof.payload = other.payload.clone()), "payload");
    assert_eq!(fault(&|proof| proof.transaction.amount = 1), "signature");
    let root = MerkleRoot::ZERO;
    assert_eq!(fault(&|proof| proof.body.place = 2), "form");
    assert_eq!(fault(&|proof| proof.body = other.body.clone()), "body-path");
    assert_eq!(fault(&|proof| proof.body.rest = proof.body.rest.xor(Some(root))), "form");
    assert_eq!(fault(&|proof| proof.block.timestamp += 1), "block-hash");
    assert_eq!(fault(&|proof| proof.block.target.0 -= 1), "block-hash");
    assert_eq!(fault(&|proof| proof.later[0].nonce += 1), "later-hash");
    assert_eq!(fault(&|proof| proof.siblings = other.body.siblings.clone()), "form");
    assert_eq!(fault(&|proof| proof.later.swap(0, 1)), "form");
    assert_eq!(fault(&|proof| proof.later.truncate(2)), "form");
    assert_eq!(fault(&|proof| proof.statements.push(told.witness(1, 0, 5))), "statement-block");
    let unsigned = |proof: &mut TransactionProof| {
        let statement = told.witness(1, 0, 13).0;
        proof.statements.push(ProvenStatement(WitnessStatement { time: 0, ..statement }));
    };
    assert_eq!(fault(&unsigned), "statement-signature");
    let earlier = |hash| EarlierBlock::of(5, hash, 9, &mut told.hashes.as_slice()).unwrap();
    assert_eq!(fault(&|proof| proof.earlier.push(earlier(told.hash(6)))), "earlier-path");
}

#[test]
fn an_erased_payload_leaves_its_proof_valid() {
    let told = Told::new(12);
    let mut proof = told.prove(9, 1, &[12]);
    proof.payload = None;
    assert!(read(&text(&proof)).unwrap().check().is_ok());
}

#[test]
fn statements_are_told_apart_by_whether_they_saw_the_block() {
    let told = Told::new(20);
    let mut proof = told.prove(9, 1, &[13, 20]);
    let earlier = EarlierBlock::of(5, told.hash(5), 9, &mut told.hashes.as_slice()).unwrap();
    proof.earlier.push(earlier);
    proof.statements = vec![told.witness(1, 0, 5), told.witness(1, 1, 9), told.witness(1, 2, 20)];
    let checked = read(&text(&proof)).unwrap().check().unwrap();
    assert_eq!(checked.before.len(), 1);
    assert_eq!(checked.seen.len(), 2);
}

#[test]
fn every_changed_bit_of_a_proof_is_refused() {
    let told = Told::new(20);
    let mut proof = told.prove(9, 1, &[13, 20]);
    let earlier = EarlierBlock::of(5, told.hash(5), 9, &mut told.hashes.as_slice()).unwrap();
    proof.earlier.push(earlier);
    proof.statements = vec![told.witness(1, 0, 5), told.witness(1, 1, 13)];
    let consistency = ConsistencyProof::new(
        *CHAIN,
        EarlierBlock::of(5, told.hash(5), 20, &mut told.hashes.as_slice()).unwrap(),
        told.header(20),
    );
    let consistency = ProofFile::Consistency(Box::new(consistency));
    for file in [ProofFile::Transaction(Box::new(proof)), consistency] {
        let good = file.to_text();
        assert!(holds(good.as_bytes()));
        for place in 0..good.len() {
            for bit in 0..8 {
                let mut changed = good.clone().into_bytes();
                changed[place] ^= 1 << bit;
                assert!(!holds(&changed), "bit {bit} of byte {place} does not count");
            }
        }
    }
}

fn holds(bytes: &[u8]) -> bool {
    let Ok(text) = core::str::from_utf8(bytes) else { return false };
    match ProofFile::read(text) {
        Ok(ProofFile::Transaction(proof)) => proof.check().is_ok(),
        Ok(ProofFile::Consistency(proof)) => proof.check().is_ok(),
        Err(_) => false,
    }
}

#[test]
fn a_tip_extends_all_its_ancestors_and_nothing_else() {
    let told = Told::new(30);
    for height in 1..30 {
        let history = &mut told.hashes.as_slice();
        let of = |hash, history: &mut &[NodeHash]| {
            let earlier = EarlierBlock::of(height, hash, 30, history).unwrap();
            ConsistencyProof::new(*CHAIN, earlier, told.header(30))
        };
        assert_eq!(of(told.hash(height), history).check(), Ok(()));
        let wrong = of(BlockHash([1; 32]), history).check();
        assert_eq!(wrong, Err(ProofFault::EarlierPath { height }));
    }
    let history = &mut told.hashes.as_slice();
    assert!(history.subtree(0, 30).is_ok() && history.subtree(0, 31).is_err());
}

#[test]
fn statements_that_are_given_twice_and_in_any_order_stand_in_a_proof_once() {
    let told = Told::new(20);
    let mut proof = told.prove(2, 0, &[3, 9]);
    let said = [told.witness(1, 1, 9), told.witness(2, 0, 3), told.witness(1, 0, 3)];
    proof.set_statements(said.iter().chain(&said).map(|said| said.0));
    assert_eq!(proof.statements.len(), 3);
    assert_eq!(proof.check().unwrap().seen.len(), 3);
    assert!(read(&text(&proof)).is_ok());
}

#[test]
fn files_with_more_than_they_may_hold_are_refused() {
    let told = Told::new(80);
    let all: Vec<u32> = (3..=80).collect();
    let code = |proof: &TransactionProof| read(&text(proof)).unwrap_err().code();
    assert!(read(&text(&told.prove(2, 0, &all[..64]))).is_ok());
    assert_eq!(code(&told.prove(2, 0, &all[..65])), "too-many");
    let mut crowded = told.prove(2, 0, &[3]);
    crowded.statements = (0..257).map(|sequence| told.witness(1, sequence, 2)).collect();
    assert_eq!(code(&crowded), "too-many");
    let mut doubled = told.prove(2, 0, &[3]);
    doubled.statements = vec![told.witness(1, 0, 2); 2];
    assert_eq!(code(&doubled), "form");
    let long = " ".repeat(1 << 20) + &text(&told.prove(2, 0, &[3]));
    assert_eq!(read(&long).unwrap_err().code(), "too-large");
}
