//! `kusari why`.

use crate::cli::access::Access;
use crate::cli::choice::NodeChoice;
use crate::cli::failure::Failure;
use crate::cli::settings::UsageError;
use crate::cli::stdout::Stdout;
use crate::cli::story;
use kusari_api::views;
use kusari_store::Resolved;
use kusari_store::trail::{Subject, UnknownSubject};

/// Show what happened to a block, a transaction or a peer on this node
#[derive(Debug, clap::Args)]
pub(crate) struct WhyArgs {
    /// A block by its height or by 8 digits of its hash or more, a transaction by its id, or a peer
    /// by its address
    #[arg(value_name = "WHAT")]
    pub(crate) what: String,

    #[command(flatten)]
    pub(crate) node: NodeChoice,

    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

pub(crate) fn run(args: &WhyArgs) -> Result<(), Failure> {
    let subject: Subject = args.what.parse().map_err(|UnknownSubject| UsageError {
        cause: format!("`{}` is neither a block, a transaction nor a peer", args.what),
        remedy: String::from(
            "name a block by its height or by 8 digits of its hash or more, a transaction by its id, \
             and a peer by its address, as in 127.0.0.1:8080 or 127.0.0.1",
        ),
    })?;
    let report = match args.node.open()? {
        Access::Running(client) => client.why(&args.what)?,
        Access::Stored { store, .. } => match store.story(&subject)? {
            Resolved::One(story) => views::story(&subject, *story),
            unresolved => {
                return Err(Failure::failed(unresolved.in_words().unwrap_or_default()));
            }
        },
    };
    let mut output = Stdout::new();
    match args.json {
        true => output.json(&report)?,
        false => output.line(&story::in_words(&report))?,
    }
    output.flush()
}
