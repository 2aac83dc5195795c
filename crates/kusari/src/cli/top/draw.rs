//! A picture of the dashboard's state.
//!
//! Owns the places of the panels on a screen of any size, and what stands above and below them. Draws
//! into a buffer, and whatever strangers wrote goes there through [`Plain`].

mod overlay;
mod panels;
mod styles;
mod values;

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span, Text};
use ratatui::widgets::{Paragraph, Widget, Wrap};

pub(crate) use self::styles::Styles;
use self::values::{ago, short_work};
use super::events::short;
use super::facts::Facts;
use super::state::{Panel, View};
use crate::cli::answers::hindered;
use crate::cli::cost::to_rewrite;
use crate::cli::escape::{Plain, counted, grouped};

/// The smallest screen that shows a dashboard, in columns and rows.
const SMALLEST: (u16, u16) = (60, 16);
/// The smallest screen that shows all panels at once.
const TWO_COLUMNS: (u16, u16) = (80, 24);
/// Rows of the header.
const HEADER: u16 = 3;
/// Rows of the panel of events below two columns, with its frame: on a screen of few rows, and of more.
const EVENTS: (u16, u16) = (4, 6);
/// Rows of the panel of the node, with its frame: the same.
const NODE: (u16, u16) = (5, 9);
/// From how many rows on there are more of them.
const TALL: u16 = 24;

/// Draws the dashboard.
pub(crate) fn draw(view: &View, styles: Styles, area: Rect, buffer: &mut Buffer) {
    if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
        return too_small(area, buffer);
    }
    let meter = meter(&view.facts);
    let meter_rows = match area.width {
        0..80 => 4,
        80..120 => 3,
        _ => 2,
    };
    let [header, body, below, footer] = Layout::vertical([
        Constraint::Length(HEADER),
        Constraint::Fill(1),
        Constraint::Length(meter_rows),
        Constraint::Length(1),
    ])
    .areas(area);
    Paragraph::new(header_of(view, styles)).render(header, buffer);
    match area.width >= TWO_COLUMNS.0 && area.height >= TWO_COLUMNS.1 {
        true => two_columns(view, styles, body, buffer),
        false => one_panel(view, styles, body, buffer),
    }
    Paragraph::new(meter).wrap(Wrap { trim: true }).render(below, buffer);
    let keys = "q quit  p pause  Tab panel  j k scroll  Enter block  ? help";
    Line::styled(keys, styles.faint()).render(footer, buffer);
    overlay::draw(view, styles, body, buffer);
}

/// One sentence, and how to get away.
fn too_small(area: Rect, buffer: &mut Buffer) {
    let (columns, rows) = SMALLEST;
    let text = format!(
        "The dashboard needs {columns} columns and {rows} rows, and here are {} and {}: make the \
         terminal larger, or ask `kusari status`. q quits.",
        area.width, area.height
    );
    Paragraph::new(text).wrap(Wrap { trim: true }).render(area, buffer);
}

fn two_columns(view: &View, styles: Styles, body: Rect, buffer: &mut Buffer) {
    let of = |(few, more)| Constraint::Length(if body.height < TALL { few } else { more });
    let [upper, events] = Layout::vertical([Constraint::Fill(1), of(EVENTS)]).areas(body);
    let [left, right] =
        Layout::horizontal([Constraint::Percentage(55), Constraint::Fill(1)]).areas(upper);
    let [peers, branches, node] =
        Layout::vertical([Constraint::Fill(1), Constraint::Fill(1), of(NODE)]).areas(right);
    for (panel, place) in [
        (Panel::Blocks, left),
        (Panel::Peers, peers),
        (Panel::Branches, branches),
        (Panel::Node, node),
        (Panel::Events, events),
    ] {
        panels::draw(panel, view, styles, place, buffer);
    }
}

/// The chosen panel alone, below the names of all.
fn one_panel(view: &View, styles: Styles, body: Rect, buffer: &mut Buffer) {
    let [names, place] = Layout::vertical([Constraint::Length(1), Constraint::Fill(1)]).areas(body);
    let mut line = Line::default();
    for panel in Panel::ALL {
        let name = panels::name(panel);
        line.push_span(match panel == view.panel {
            true => Span::styled(format!("[{name}] "), styles.strong()),
            false => Span::raw(format!(" {name}  ")),
        });
    }
    line.render(names, buffer);
    panels::draw(view.panel, view, styles, place, buffer);
}

/// Who is watched, what it has, and what matters most about it now.
fn header_of(view: &View, styles: Styles) -> Text<'static> {
    let Facts { status, base, .. } = &view.facts;
    let chain = match &status.chain_name {
        Some(name) => {
            let id: String = status.chain.chars().take(8).collect();
            format!("ledger {} ({}…)", Plain(name), Plain(&id))
        }
        None => format!("chain {}", Plain(&status.chain)),
    };
    let first = Line::from(vec![
        Span::styled(Plain(&status.agent).to_string(), styles.strong()),
        Span::raw(format!("  {base}  {chain}")),
    ]);
    let second = Line::raw(format!(
        "Height {}  Tip {}  Work {}  Peers {}",
        grouped(status.height),
        short(&status.tip),
        short_work(status.work),
        status.outbound_peers.saturating_add(status.inbound_peers)
    ));
    Text::from(vec![first, second, remark(view, styles)])
}

fn remark(view: &View, styles: Styles) -> Line<'static> {
    let status = &view.facts.status;
    if let Some(away) = &view.away {
        let since = ago(view.now, away.since);
        return Line::styled(format!("AWAY for {since}: {}", Plain(&away.reason)), styles.alarm());
    }
    if let Some(held_back) = view.paused() {
        let lines = counted(held_back as u64, "event");
        return Line::styled(format!("PAUSED, {lines} held back; p goes on"), styles.warning());
    }
    if let Some(held) = status.held_branches.first() {
        let (since, hash) = (ago(view.now, held.since), short(&held.hash));
        let text = format!(
            "HELD for {since}: a branch with more work, block {}, {hash}; `kusari branches` says more",
            held.height
        );
        return Line::styled(text, styles.alarm());
    }
    if status.catching_up {
        let text = "CATCHING UP: blocks that were asked for are coming in";
        return Line::styled(text, styles.warning());
    }
    if let [first, others @ ..] = &status.hindrances[..] {
        let more = match others.len() {
            0 => String::new(),
            others => format!(" (and {others} more: `kusari status`)"),
        };
        let style = if first.unready { styles.alarm() } else { styles.warning() };
        return Line::styled(format!("{}{more}", hindered(first)), style);
    }
    let listen = status.listen.map(|listen| format!(", listens on {listen}")).unwrap_or_default();
    Line::styled(format!("LIVE{listen}"), styles.good())
}

/// What it would take to replace the last blocks, as `kusari status` says it.
fn meter(facts: &Facts) -> String {
    let (Some(recent), Some(rate)) = (&facts.status.recent_work, facts.status.machine_rate) else {
        return String::from("There is nothing to rewrite yet: no block was mined on this chain");
    };
    let names = ["last 10 blocks", "hour", "day"];
    format!(
        "To rewrite here, or on an NVIDIA H100: {}",
        to_rewrite(recent, names, rate as f64, facts.status.witnesses)
    )
}

/// The picture as text: rows without spaces at their ends.
pub(crate) fn text_of(buffer: &Buffer) -> String {
    let mut text = String::new();
    for row in buffer.area.rows() {
        let mut line = String::new();
        let mut covered = 0;
        for place in row.columns() {
            // A wide character stands in two cells, and the second one is empty.
            if covered > 0 {
                covered -= 1;
                continue;
            }
            let symbol = buffer[(place.x, place.y)].symbol();
            covered = Span::raw(symbol).width().saturating_sub(1);
            line.push_str(symbol);
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}
