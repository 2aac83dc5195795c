//! A node inside a program: it takes a line and waits until that stands in a block.
//!
//! ```sh
//! cargo run -p kusari-runtime --example embed_node
//! ```

use std::error::Error;
use std::sync::mpsc;

use kusari_node::Event;
use kusari_node::interface::request;
use kusari_runtime::{RuntimeConfig, start};
use kusari_store::Store;

fn main() -> Result<(), Box<dyn Error>> {
    let (tell, events) = mpsc::channel();
    // It listens nowhere and keeps nothing; `Store::open` keeps the chain in a directory.
    let on_events = move |events| drop(tell.send(events));
    let node = start(RuntimeConfig::default(), Store::ephemeral()?, Box::new(on_events))?;
    let handle = node.handle();

    let record = handle.command(request::say(String::from("hello from a program")))??;
    println!("record {record} is durable");
    for event in events.into_iter().flatten() {
        if let Event::BlockAdded { block, .. } = event {
            println!("block {} says: {}", block.block.index, block.block.data);
            break;
        }
    }

    handle.stop();
    Ok(node.wait()?)
}
