//! Signs a text with a key of its own and has a node of a ledger record it.
//!
//! ```sh
//! cargo run -p kusari --example sign_record -- http://127.0.0.1:7878 TOKEN_FILE TEXT
//! ```

use std::error::Error;
use std::path::Path;

use kusari_chain::ledger::UnsignedTransaction;
use kusari_chain::mempool::CheckedTransaction;
use kusari_client::{Client, read_token};
use kusari_wallet::{UnlockedWallet, payload_of};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, token_file, text] = arguments.as_slice() else {
        return Err("say the node's URL, the file with its token, and a text".into());
    };
    let client = Client::new(url, Some(read_token(Path::new(token_file))?))?;
    let ledger = client.ledger()?;

    // The key ends with this program; `kusari_wallet::ensure` keeps one in a file.
    let wallet = UnlockedWallet::forgotten()?;
    let payload = payload_of(text)?;
    let unsigned = UnsignedTransaction::record(wallet.address().0, 0, 0, &payload);
    let signed = wallet.sign(&unsigned, &ledger.chain_id)?;
    let checked = CheckedTransaction::check(signed, Some(payload), &ledger.chain_id)?;

    let receipt = client.send_transaction(&checked)?;
    println!("{} recorded it as transaction {}", wallet.address(), receipt.txid);
    Ok(())
}
