//! `kusari audit`.

use crate::cli::prelude::*;
use kusari_api::views;
use kusari_api_types::audit::Audit;
use kusari_store::audit_directory;

/// Read every stored byte again and check all of it
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    query: Query,
}

pub(crate) fn run(args: &Args) -> Result {
    let mut output = Stdout::new();
    let mut announced = Ok(());
    let found = args.query.node.ask_or(|directory| {
        let report = audit_directory(directory, |file| {
            announced =
                announce(&mut output, args.query.json, &format!("Reading {}", file.display()));
        })?;
        Ok(views::audit(report))
    })?;
    announced?;
    let audit = match found {
        Access::Stored(audit) => audit,
        Access::Running(client) => {
            let what = format!("Reading the store of the node at {}", client.base());
            announce(&mut output, args.query.json, &what)?;
            client.audit()?
        }
    };
    match args.query.json {
        true => output.json(&audit)?,
        false => output.line(&summary(&audit))?,
    }
    output.flush()?;
    match &audit.finding {
        None => Ok(()),
        Some(finding) => Err(Plain(&finding.message).to_string().into()),
    }
}

/// Says what is read, for people.
fn announce(output: &mut Stdout, json: bool, what: &str) -> Result {
    if json {
        return Ok(());
    }
    output.line(&Plain(what).to_string())?;
    output.flush()
}

/// What was found right, for people.
fn summary(audit: &Audit) -> String {
    let file = match &audit.file {
        None => String::from(
            "its pages were left out, because the node writes it; stop the node to check them",
        ),
        Some(file) => {
            let bytes = counted(file.bytes, "byte");
            match file.pages {
                Some(pages) => {
                    format!("{bytes} read; the checksums of all {} pages hold", grouped(pages))
                }
                None => format!("{bytes} read; not all checksums hold"),
            }
        }
    };
    let best = counted(u64::from(audit.best_blocks), "block");
    let side = counted(audit.side_blocks, "block");
    let records = counted(audit.outbox_entries, "record");
    let waiting = match audit.waiting_entries {
        1 => String::from("1 waits"),
        number => format!("{} wait", grouped(number)),
    };
    let mut lines = vec![
        format!("File       : {file}"),
        format!("Best chain : {best}, every hash, link, index and work recomputed"),
        format!("Side       : {side}"),
        format!("Outbox     : {records}, {waiting}"),
    ];
    lines.push(String::from(match audit.sound {
        true => "The store is sound.",
        false => "The rest was not looked at.",
    }));
    lines.join("\n")
}
