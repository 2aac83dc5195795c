//! Prints the blocks of a node that runs on this machine.
//!
//! ```sh
//! cargo run -p kusari-client --example read_chain -- http://127.0.0.1:7878
//! ```

use std::error::Error;

use kusari_client::Client;

/// Blocks that are asked for at once.
const PAGE: u32 = 100;

fn main() -> Result<(), Box<dyn Error>> {
    let url = std::env::args().nth(1).unwrap_or_else(|| String::from("http://127.0.0.1:7878"));
    let client = Client::new(&url, None)?;
    let status = client.status()?;
    println!("{} follows the chain {} up to block {}", status.agent, status.chain, status.height);

    let mut from = Some(0);
    while let Some(height) = from {
        let page = client.blocks(height, PAGE)?;
        for whole in &page.blocks {
            println!("{}: {}", whole.block.index, whole.block.data);
        }
        from = page.next;
    }
    Ok(())
}
