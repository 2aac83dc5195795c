//! `kusari bench records`.

use super::workshop::Workshop;
use crate::cli::prelude::*;
use kusari_bench::records::{RecordFigures, measure};

/// How fast a node of a ledger acknowledges what its people record
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Records of each turn of 1, 16 and 64 clients
    #[arg(long, value_name = "N", default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(64..=1_000_000))]
    records: u32,

    /// Lines that one client sends, as many at a time as go together
    #[arg(long, value_name = "N", default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    lines: u32,

    /// Another server that answers `POST /v1/ledger/records`, to be asked by turns, as in
    /// `http://127.0.0.1:9000`
    #[arg(long, value_name = "URL")]
    beside: Option<String>,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args) -> Result {
    let workshop = Workshop::open()?;
    let (records, lines) = (args.records as usize, args.lines as usize);
    let figures = measure(workshop.scratch(), records, lines, args.beside.as_deref())?;
    show(args.json, &figures, words)
}

fn words(figures: &RecordFigures) -> String {
    let mut text = format!("Sync       : {:.2} ms for 4 KiB\n", figures.sync_ms);
    for figures in &figures.clients {
        let clients = counted(figures.clients as u64, "client");
        text.push_str(&format!(
            "{clients:<11}: {} records/s, {:.2} ms for a receipt, {} bytes written for a record",
            grouped(figures.records_per_s as u64),
            figures.receipt_ms,
            grouped(figures.written_bytes as u64),
        ));
        if let Some(beside) = figures.beside_per_s {
            let ratio = figures.records_per_s / beside;
            text.push_str(&format!("; beside {} ({ratio:.2} x)", grouped(beside as u64)));
        }
        text.push('\n');
    }
    text.push_str(&format!(
        "Lines      : {} lines/s acknowledged of {}, the last mined after {:.1} s",
        grouped(figures.lines_per_s as u64),
        grouped(figures.lines as u64),
        figures.lines_mined_s,
    ));
    text
}
