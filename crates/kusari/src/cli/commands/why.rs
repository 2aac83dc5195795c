//! `kusari why`.

mod event_view;

use crate::cli::named;
use crate::cli::prelude::*;
use kusari_api::views;
use kusari_store::Resolved;

/// Show what happened to a block, a transaction or a peer on this node
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A block by its height or by 8 digits of its hash or more, a transaction by its id, or a peer
    /// by its address
    #[arg(value_name = "WHAT")]
    what: String,

    #[command(flatten)]
    query: Query,
}

pub(crate) fn run(Args { what, query }: &Args) -> Result {
    let (subject, what) = named::subject(what).ok_or_else(|| {
        wrong(
            format!("`{what}` is neither a block, a transaction nor a peer"),
            "name a block by its height or by 8 digits of its hash or more, a transaction by its id, \
             and a peer by its address, as in 127.0.0.1:8080 or 127.0.0.1",
        )
    })?;
    let report = match query.node.open()? {
        Access::Running(client) => client.why(&what)?,
        Access::Stored(node) => match node.store.story(&subject)? {
            Resolved::One(story) => views::story(&subject, *story),
            unresolved => return Err(unresolved.in_words().unwrap_or_default().into()),
        },
    };
    show(query.json, &report, event_view::in_words)
}
