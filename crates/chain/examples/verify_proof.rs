//! Checks a proof file that `kusari prove` made: without a node, a chain or a network.
//!
//! ```sh
//! cargo run -p kusari-chain --example verify_proof -- proof.json
//! ```

use std::error::Error;

use kusari_chain::proof::ProofFile;

fn main() -> Result<(), Box<dyn Error>> {
    let file = std::env::args().nth(1).ok_or("name the proof file")?;
    match ProofFile::read_bytes(&std::fs::read(file)?)? {
        ProofFile::Transaction(proof) => {
            let checked = proof.check()?;
            println!("transaction {}, behind work of {}", checked.txid, checked.work);
            for (height, hash) in checked.blocks {
                println!("holds if block {height} is {hash}");
            }
        }
        ProofFile::Consistency(proof) => {
            proof.check()?;
            println!("the later chain goes on from the earlier one");
        }
    }
    Ok(())
}
