//! `kusari open`.
//!
//! Owns how a page link gets into a browser. Its key stands in no process's arguments, which every user
//! of the machine can read: a browser is handed a file of this user's that leads to the link.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use kusari_files::FileError;

use crate::cli::data_directories;
use crate::cli::prelude::*;

/// What opens a file in the user's browser, and the words before the file.
const OPENER: &[&str] = if cfg!(target_os = "macos") {
    &["open"]
} else if cfg!(windows) {
    &["cmd", "/C", "start", ""]
} else {
    &["xdg-open"]
};
/// How long to wait for the opener to fail. Where it becomes the browser itself, it does not end.
const OPENER_PATIENCE: Duration = Duration::from_secs(5);
/// The file that leads a browser to the link. The next one takes its place.
const FILE: &str = "open.html";

/// Print a link that lets one browser write on the page of the node; it is good once, for 60 seconds
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    node: NodeChoice,

    /// Open it in the browser of this user as well
    #[arg(long)]
    browser: bool,
}

pub(crate) fn run(args: &Args) -> Result {
    let client = args.node.running(|directory| {
        format!(
            "no node runs on {}, so there is no page to open; start one, as in `kusari --listen 8080`",
            shown(directory)
        )
    })?;
    let (link, seconds) = client.page_link()?;
    // Before anything can go wrong with a browser: the link can be opened by hand.
    print(&link)?;
    if args.browser { open(&link, seconds) } else { Ok(()) }
}

fn open(link: &str, seconds: u64) -> Result {
    let file = leading_to(link)?;
    let failed = |reason: String| {
        failed!("no browser was opened ({reason}); open the link above in one, within {seconds} s")
    };
    start(&file).map_err(failed)
}

/// Writes the file that leads to the link.
fn leading_to(link: &str) -> Result<PathBuf> {
    let directory = data_directories::data_directory().ok_or_else(|| {
        failed!(
            "this user has no home directory for the file that a browser is to open; open the link \
             above in one"
        )
    })?;
    let directory = directory.join("kusari");
    kusari_files::create_directory(&directory).map_err(FileError::unwritable(&directory))?;
    let file = directory.join(FILE);
    // The link is of letters, digits and `:/.#[]`, which mean nothing to HTML.
    let page = format!(
        "<!doctype html><meta charset=\"utf-8\"><meta name=\"referrer\" content=\"no-referrer\">\
         <meta http-equiv=\"refresh\" content=\"0; url={link}\"><title>kusari</title>\
         <a href=\"{link}\">kusari</a>\n"
    );
    kusari_files::replace(&file, page.as_bytes())?;
    Ok(file)
}

/// Has the system open a file. `Err` says why it does not.
fn start(file: &Path) -> Result<(), String> {
    let [program, words @ ..] = OPENER else { return Err(String::from("none is known")) };
    let mut opener = Command::new(program);
    opener.args(words).arg(file);
    opener.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut running = opener.spawn().map_err(|error| format!("`{program}`: {error}"))?;
    let (tell, ended) = mpsc::channel();
    // Where it has become the browser it goes on, and this program ends before it.
    std::thread::spawn(move || tell.send(running.wait()));
    match ended.recv_timeout(OPENER_PATIENCE) {
        Ok(Ok(status)) if !status.success() => Err(format!("`{program}` ended with {status}")),
        Ok(Err(error)) => Err(format!("`{program}`: {error}")),
        _ => Ok(()),
    }
}
