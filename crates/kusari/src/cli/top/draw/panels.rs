//! The panels.
//!
//! Owns the columns of each, and what is left out where there is little room.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::widgets::{
    Block, BorderType, Paragraph, Row, Sparkline, StatefulWidget, Table, TableState, Widget, Wrap,
};

use super::styles::Styles;
use super::values::{ago, latency, rate, short_work};
use crate::cli::answers::SILENT;
use crate::cli::drafts;
use crate::cli::escape::{Plain, counted, grouped};
use crate::cli::top::events::short;
use crate::cli::top::facts::Facts;
use crate::cli::top::state::{Panel, View};
use crate::cli::words::Severity;
use kusari_api_types::branches::BranchReport;
use kusari_api_types::{PeerReport, PeerStage};

/// The least columns of a panel in which the last column of a table is of use.
const ROOMY: u16 = 46;

/// What a panel is called.
pub(super) fn name(panel: Panel) -> &'static str {
    match panel {
        Panel::Blocks => "Blocks",
        Panel::Branches => "Branches",
        Panel::Peers => "Peers",
        Panel::Node => "Waiting and mining",
        Panel::Events => "Events",
    }
}

pub(super) fn draw(panel: Panel, view: &View, styles: Styles, place: Rect, buffer: &mut Buffer) {
    let chosen = view.panel == panel;
    let name = name(panel);
    let frame = match chosen {
        true => Block::bordered()
            .border_type(BorderType::Thick)
            .border_style(styles.strong())
            .title(format!(" > {name} ")),
        false => Block::bordered().title(format!(" {name} ")),
    };
    let inner = frame.inner(place);
    frame.render(place, buffer);
    let mut lines = match panel {
        Panel::Blocks => blocks(view, inner.width),
        Panel::Branches => branches(view),
        Panel::Peers => peers(view, inner.width),
        Panel::Node => return node(view, inner, buffer),
        Panel::Events => events(view, styles),
    };
    if lines.rows.is_empty() {
        return Paragraph::new(lines.none).wrap(Wrap { trim: true }).render(inner, buffer);
    }
    let mut state = TableState::new();
    if chosen {
        state.select(Some(view.selected(panel)));
    } else {
        // Only the lines that are seen are drawn, and the panel stays where it was left.
        *state.offset_mut() = view.selected(panel);
    }
    let mut table = Table::new(std::mem::take(&mut lines.rows), lines.widths)
        .row_highlight_style(styles.selected());
    if let Some(head) = lines.head {
        table = table.header(head.style(styles.faint()));
    }
    StatefulWidget::render(table, inner, buffer, &mut state);
}

/// A table, or what is said in its place where it has no line.
struct Listing {
    head: Option<Row<'static>>,
    rows: Vec<Row<'static>>,
    widths: Vec<Constraint>,
    none: &'static str,
}

fn blocks(view: &View, width: u16) -> Listing {
    let Facts { blocks, status, .. } = &view.facts;
    let who = if status.chain_name.is_some() { "miner" } else { "data" };
    let roomy = width >= ROOMY;
    let row = |cells: [String; 6]| {
        Row::new(cells.into_iter().take(if roomy { 6 } else { 5 }).collect::<Vec<_>>())
    };
    let rows = blocks.iter().map(|block| {
        let deep = status.height.saturating_sub(block.height).saturating_add(1);
        row([
            block.height.to_string(),
            short(&block.hash),
            ago(view.now, block.timestamp),
            block.records.to_string(),
            grouped(deep),
            Plain(&block.who).to_string(),
        ])
    });
    let mut widths: Vec<Constraint> = [8, 13, 7, 4, 4].map(Constraint::Length).to_vec();
    widths.extend(roomy.then_some(Constraint::Fill(1)));
    Listing {
        head: Some(row(["height", "hash", "age", "recs", "deep", who].map(String::from))),
        rows: rows.collect(),
        widths,
        none: "No block yet",
    }
}

fn branches(view: &View) -> Listing {
    let best = view.facts.branches.work;
    let row = |branch: &BranchReport| {
        let standing = match branch {
            BranchReport { held_since: Some(_), .. } => "HELD",
            BranchReport { accepted: true, .. } => "accepted",
            _ => "beside",
        };
        let work = match branch.work > best {
            true => format!("+{}", short_work(branch.work.minus(best))),
            false => format!("-{}", short_work(best.minus(branch.work))),
        };
        Row::new([
            standing.to_owned(),
            branch.height.to_string(),
            format!("{}/{}", branch.blocks, branch.reverts),
            work,
            short(&branch.hash),
        ])
    };
    Listing {
        head: Some(Row::new(["", "height", "fork", "work", "hash"])),
        rows: view.facts.branches.branches.iter().map(row).collect(),
        widths: vec![
            Constraint::Length(8),
            Constraint::Length(7),
            Constraint::Length(6),
            Constraint::Length(10),
            Constraint::Fill(1),
        ],
        none: "No branch beside the best chain is known",
    }
}

fn peers(view: &View, width: u16) -> Listing {
    let roomy = width >= ROOMY;
    let row = |report: &PeerReport| {
        let agent = match (&report.agent, report.stage) {
            (Some(agent), _) => Plain(agent).to_string(),
            (None, PeerStage::Original) => String::from("an original node"),
            (None, PeerStage::Plain) => String::from("without HELLO"),
            (None, PeerStage::Silent) if !report.inbound => String::from(SILENT),
            (None, _) => String::from("not introduced yet"),
        };
        let mut cells = vec![
            report.listen.unwrap_or(report.address).to_string(),
            if report.inbound { "in" } else { "out" }.to_owned(),
            report.height.map_or_else(|| "?".to_owned(), |height| height.to_string()),
        ];
        cells.extend(roomy.then(|| report.latency_us.map_or_else(|| "?".to_owned(), latency)));
        cells.push(agent);
        Row::new(cells)
    };
    let mut head = vec!["address", "way", "height"];
    head.extend(roomy.then_some("latency"));
    head.push("agent");
    let mut widths = [21, 3, 7].map(Constraint::Length).to_vec();
    widths.extend(roomy.then_some(Constraint::Length(8)));
    widths.push(Constraint::Fill(1));
    Listing {
        head: Some(Row::new(head)),
        rows: view.facts.peers.iter().map(row).collect(),
        widths,
        none: "No peers are connected",
    }
}

fn events(view: &View, styles: Styles) -> Listing {
    let rows = view.events.iter().map(|event| {
        let (sign, style) = match event.message.severity {
            Severity::Routine | Severity::Answer => ("", ratatui::style::Style::new()),
            Severity::Warning => ("! ", styles.warning()),
            Severity::Alarm => ("!! ", styles.alarm()),
        };
        let text = format!("{sign}{}", Plain(&event.message.text));
        Row::new([ago(view.now, event.at), text]).style(style)
    });
    Listing {
        head: None,
        rows: rows.collect(),
        widths: vec![Constraint::Length(7), Constraint::Fill(1)],
        none: "Nothing has happened since this dashboard was started",
    }
}

/// What waits, how the node mines, and what stands beside: in this order, as the last lines may find
/// no room.
fn node(view: &View, place: Rect, buffer: &mut Buffer) {
    let status = &view.facts.status;
    let mut lines = Vec::new();
    match &view.facts.ledger {
        Some(ledger) => {
            let waiting = counted(ledger.waiting_transactions as u64, "transaction");
            let (bytes, own) = (grouped(ledger.waiting_bytes), grouped(ledger.local_transactions));
            lines.push(format!("Waiting: {waiting}, {bytes} bytes, {own} of this node"));
            if let Some(drafts) = status.drafts.filter(|drafts| *drafts > 0) {
                let drafts = counted(drafts as u64, "draft");
                lines.push(match status.drafts_wait_for {
                    Some(wait) => {
                        format!("Drafts : {drafts}, signed {}", drafts::until(Some(wait)))
                    }
                    None => format!("Drafts : {drafts}"),
                });
            }
            if let Some(displaced) = status.displaced_entries.filter(|displaced| *displaced > 0) {
                let lost = drafts::displaced(displaced);
                lines.push(format!("Lost   : {lost}; see `kusari outbox`"));
            }
        }
        None => {
            let waiting = counted(status.outbox_entries, "line");
            lines.push(format!("Waiting: {waiting} to be mined"));
        }
    }
    let policy = view
        .facts
        .ledger
        .as_ref()
        .map_or_else(String::new, |ledger| format!(" ({})", Plain(&ledger.mining)));
    lines.push(match view.facts.mining {
        Some(mining) if mining.active => {
            format!("Mining : yes{policy}, {}", rate(mining.tries_per_second))
        }
        Some(_) => format!("Mining : not now{policy}"),
        None => format!("Mining : not told by this node{policy}"),
    });
    lines.push(format!(
        "Beside : {} bytes, {} without parent",
        grouped(status.side_bytes),
        counted(status.orphans as u64, "block")
    ));
    if let Some(standing) = status.witnesses {
        let (near, listed) = (standing.near_tip, standing.listed);
        lines.push(format!("Witness: {near} of {listed} listed stand near the tip"));
    }
    let rows = u16::try_from(lines.len()).unwrap_or(u16::MAX);
    let [words, chart] =
        Layout::vertical([Constraint::Length(rows), Constraint::Fill(1)]).areas(place);
    Paragraph::new(lines.join("\n")).render(words, buffer);
    if !view.rates.is_empty() {
        // The newest at the right end.
        let columns = usize::from(chart.width).min(view.rates.len());
        let rates = view.rates.iter().skip(view.rates.len() - columns).copied();
        Sparkline::default().data(rates.collect::<Vec<_>>()).render(chart, buffer);
    }
}
