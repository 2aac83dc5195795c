//! Pictures of the dashboard, and what keys and time make of them.

use kusari_chain::ledger::{Address, ChainSpec, PublicKey};
use kusari_chain::{BestPoint, Block, BlockHash, RecentWork, WholeBlock, Work};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::draw::{Styles, draw, text_of};
use super::facts::{Facts, RecentBlock};
use super::state::{Above, KEPT_EVENTS, KEPT_RATES, Key, Panel, View, Wanted};
use kusari_api_types::branches::{BranchList, BranchReport, HeldReport};
use kusari_api_types::{
    BlockReport, LedgerReport, MiningReport, NodeEvent, PeerChange, PeerReport, PeerStage, Status,
    WitnessStanding,
};
use kusari_client::Told;

/// When these pictures are made, in Unix seconds.
const NOW: u64 = 1_800_000_000;

fn hash(height: u32) -> BlockHash {
    let mut bytes = [0; 32];
    bytes[28..].copy_from_slice(&height.to_be_bytes());
    bytes[..4].copy_from_slice(&height.to_be_bytes());
    BlockHash(bytes)
}

fn work(blocks: u32) -> Work {
    Work::of_classic_blocks(blocks)
}

fn tip(height: u32) -> BestPoint {
    BestPoint { height, hash: hash(height), work: work(height) }
}

/// A node of the classic chain with so many blocks.
fn classic(height: u32) -> Facts {
    let recent = RecentWork { ten_blocks: work(10), hour: work(20), day: work(30) };
    let status = Status {
        agent: "kusari/0.1.0".into(),
        chain: "classic".into(),
        height,
        tip: hash(height),
        work: work(height),
        durable: true,
        recent_work: (height > 0).then_some(recent),
        listen: Some("127.0.0.1:8080".parse().unwrap()),
        data_directory: None,
        outbound_peers: 0,
        inbound_peers: 0,
        outbox_entries: 0,
        chain_name: None,
        waiting_transactions: None,
        drafts: None,
        drafts_wait_for: None,
        displaced_entries: None,
        may_sign: None,
        witnesses: None,
        side_bytes: 0,
        side_limit: 1,
        orphans: 0,
        held_branches: Vec::new(),
        catching_up: false,
        bytes_sent: 0,
        bytes_received: 0,
        mining: None,
        machine_rate: Some(1_000_000),
        hindrances: Vec::new(),
    };
    let block = |height: u32| RecentBlock {
        height,
        hash: hash(height),
        prev_hash: hash(height.saturating_sub(1)),
        timestamp: NOW - 10 * u64::from(1_000_u32.saturating_sub(height)),
        records: 1,
        who: format!("line {height}"),
    };
    Facts {
        base: "http://127.0.0.1:7878".into(),
        mining: None,
        peers: Vec::new(),
        branches: BranchList {
            height,
            tip: hash(height),
            work: work(height),
            branches: Vec::new(),
            count: 0,
        },
        ledger: None,
        blocks: (height.saturating_sub(47)..=height).rev().map(block).collect(),
        status,
    }
}

/// A node of a ledger that has much to do.
fn busy() -> Facts {
    let mut facts = classic(980);
    facts.status.chain_name = Some("club".into());
    facts.status.chain = "ab".repeat(32);
    facts.status.witnesses = Some(WitnessStanding { listed: 3, near_tip: 2 });
    facts.status.outbound_peers = 1;
    let spec = ChainSpec::ledger();
    facts.ledger = Some(LedgerReport {
        chain_id: spec.chain_id(),
        spec,
        mining: "always".into(),
        miner: Address(PublicKey([1; 32])),
        waiting_transactions: 1_234,
        waiting_bytes: 567_890,
        local_transactions: 12,
    });
    facts.mining = Some(MiningReport { active: true, tries: 0, tries_per_second: 12_345_678 });
    let report = PeerReport {
        listen: None,
        address: "127.0.0.1:8081".parse().unwrap(),
        inbound: false,
        stage: PeerStage::Introduced,
        agent: Some("kusari/0.1.0".into()),
        height: Some(979),
        latency_us: Some(1_250),
    };
    facts.peers = vec![report];
    facts
}

/// A branch that forks off five blocks below the tip and is three blocks longer.
fn held(facts: &mut Facts) {
    let height = facts.status.height;
    let branch = BranchReport {
        height: height + 3,
        hash: BlockHash([0xbe; 32]),
        work: work(height + 3),
        ahead: true,
        fork_height: height - 5,
        fork_hash: hash(height - 5),
        blocks: 8,
        began: NOW,
        ended: NOW,
        reverts: 5,
        best_began: NOW,
        best_ended: NOW,
        held_since: Some(NOW - 300),
        accepted: false,
    };
    let BranchReport { height, hash, work, .. } = branch;
    facts.status.held_branches = vec![HeldReport { height, hash, work, since: NOW - 300 }];
    facts.branches.branches = vec![branch];
    facts.branches.count = 1;
}

fn told(event: NodeEvent) -> Told {
    Told::Event { id: String::from("a-1"), event: Box::new(event) }
}

/// The picture of a view on a terminal of this size.
fn picture(view: &View, columns: u16, rows: u16) -> String {
    let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
    let styles = Styles { colour: true };
    terminal.draw(|frame| draw(view, styles, frame.area(), frame.buffer_mut())).unwrap();
    text_of(terminal.backend().buffer())
}

#[track_caller]
fn assert_shows(picture: &str, all: &[&str]) {
    for words in all {
        assert!(picture.contains(words), "{words:?} is not in\n{picture}");
    }
}

#[test]
fn a_fresh_node_has_its_first_block_and_nothing_else() {
    let picture = picture(&View::new(classic(0), NOW), 100, 30);
    assert_shows(
        &picture,
        &[
            "kusari/0.1.0  http://127.0.0.1:7878  chain classic",
            "Height 0  Tip 000000000000…  Work 0  Peers 0",
            "LIVE, listens on 127.0.0.1:8080",
            "> Blocks",
            "No peers are connected",
            "No branch beside the best chain is known",
            "Waiting: 0 lines to be mined",
            "Mining : not told by this node",
            "There is nothing to rewrite yet",
            "q quit",
        ],
    );
}

#[test]
fn a_busy_ledger_shows_its_blocks_peers_pool_and_what_rewriting_takes() {
    let mut view = View::new(busy(), NOW);
    view.told(told(NodeEvent::Block { tip: tip(981), transactions: 7 }));
    view.told(told(NodeEvent::Reorganisation { depth: 2, from: tip(980), to: tip(981) }));
    let picture = picture(&view, 140, 40);
    assert_shows(
        &picture,
        &[
            "ledger club (abababab…)",
            "980      000003d40000… 3 min",
            "miner",
            "127.0.0.1:8081",
            "out 979     1.2 ms",
            "Waiting: 1,234 transactions, 567,890 bytes, 12 of this node",
            "Witness: 2 of 3 listed stand near the tip",
            "Mining : yes (always), 12 million tries/s",
            "█",
            "! Reorganised 2 blocks deep: from block 980, 000003d40000…, to block 981",
            "Block 981 joined the best chain: 000003d50000…, 7 transactions",
            "last 10 blocks 655 milliseconds, less than a millisecond",
            "2 witnesses stand against it",
        ],
    );
}

#[test]
fn a_held_branch_is_an_alarm_in_words_and_stands_beside_the_chain() {
    let mut facts = classic(20);
    held(&mut facts);
    let mut view = View::new(facts.clone(), NOW);
    let branch = Box::new(facts.branches.branches[0].clone());
    view.told(told(NodeEvent::HeldBranch { tip: tip(20), branch, others: 0 }));
    for (columns, rows) in [(100, 30), (80, 24)] {
        let picture = picture(&view, columns, rows);
        assert_shows(
            &picture,
            &[
                "HELD for 5 min: a branch with more work, block 23, bebebebebebe…",
                "HELD     23      8/5    +196,608",
                "!! A branch with more work is held",
            ],
        );
    }
}

#[test]
fn a_narrow_terminal_shows_one_panel_and_one_too_small_says_so() {
    let mut view = View::new(busy(), NOW);
    let first = picture(&view, 60, 16);
    assert_shows(
        &first,
        &["[Blocks]", "Peers", "980      000003d40000…", "? help", "Height 980", "H100"],
    );
    assert!(!first.contains("127.0.0.1:8081"), "{first}");
    for (key, words) in
        [(Key::Next, "No branch"), (Key::Next, "127.0.0.1:8081"), (Key::Next, "1,234 trans")]
    {
        assert_eq!(view.key(key), Wanted::Nothing);
        assert_shows(&picture(&view, 60, 16), &[words]);
    }
    let small = picture(&view, 59, 16);
    assert_shows(&small, &["The dashboard needs 60 columns and 16 rows", "and here are 59"]);
    assert!(!small.contains("Height"), "{small}");
    // Whatever a window manager makes of it.
    for columns in 0..140 {
        for rows in [0, 1, 2, 5, 15, 16, 17, 20, 25, 60] {
            picture(&view, columns, rows);
        }
    }
}

#[test]
fn a_node_that_went_away_and_came_back_is_told_of_with_its_absence() {
    let mut view = View::new(classic(5), NOW);
    view.away("no node answers at http://127.0.0.1:7878 (refused)".into());
    view.tick(NOW + 12);
    view.away("no node answers at http://127.0.0.1:7878 (refused)".into());
    let away = picture(&view, 100, 30);
    // What was known last is still there.
    assert_shows(&away, &["AWAY for 12 s: no node answers at", "line 5"]);
    view.facts(classic(6));
    let back = picture(&view, 100, 30);
    assert_shows(&back, &["LIVE", "! The node answers again, after 12 s", "line 6"]);
    assert!(!back.contains("AWAY"), "{back}");
}

#[test]
fn texts_of_strangers_are_shown_and_never_obeyed() {
    let trick = "\u{1b}[2J\u{202e}\n\u{7}evil";
    let mut facts = busy();
    facts.ledger = None;
    facts.status.chain_name = None;
    facts.status.agent = trick.into();
    facts.blocks[0].who = trick.into();
    facts.peers[0].agent = Some(trick.into());
    let mut view = View::new(facts, NOW);
    let address = "127.0.0.1:8081".parse().unwrap();
    let change = PeerChange::Disconnected { reason: trick.into() };
    view.told(told(NodeEvent::Peer { address, change }));
    view.away(trick.into());
    let shown = picture(&view, 190, 40);
    assert_eq!(shown.matches("\\u{1b}[2J\\u{202e}\\u{a}\\u{7}evil").count(), 5, "{shown}");
    let mut block = Block::genesis();
    block.data = format!("{trick}{}", "世".repeat(100_000));
    let report = BlockReport {
        block: WholeBlock { block, ledger: None },
        work: work(1),
        best_chain: true,
        confirmations: 1,
        durable: true,
    };
    view.block(Ok(Some(report)), 158);
    let detail = picture(&view, 160, 40);
    assert_shows(&detail, &["Data       : \\u{1b}[2J\\u{202e}\\u{a}\\u{7}evil世世"]);
    for picture in [shown, detail] {
        let obeyed = |character: char| character.is_control() && character != '\n';
        assert!(!picture.contains(obeyed), "{picture:?}");
    }
}

#[test]
fn a_block_is_opened_scrolled_and_closed_by_keys() {
    let mut view = View::new(classic(100), NOW);
    assert_eq!(view.key(Key::Open), Wanted::Block(hash(100)));
    view.key(Key::Down);
    assert_eq!(view.key(Key::Open), Wanted::Block(hash(99)));
    // The same block stays selected when others come.
    view.facts(classic(103));
    assert_eq!(view.key(Key::Open), Wanted::Block(hash(99)));
    let block = WholeBlock { block: Block::genesis(), ledger: None };
    let (best_chain, confirmations, durable) = (true, 4, true);
    let report = BlockReport { block, work: work(1), best_chain, confirmations, durable };
    view.block(Ok(Some(report)), 78);
    assert_shows(&picture(&view, 80, 24), &["Block 0, Esc closes", "Alice -> Bob : 100", "4 deep"]);
    view.key(Key::PageDown);
    assert!(!picture(&view, 80, 24).contains("4 deep"));
    assert_eq!(view.key(Key::Back), Wanted::Nothing);
    assert_eq!(view.above, Above::Nothing);
    view.key(Key::Help);
    assert_shows(&picture(&view, 60, 16), &["hold the picture", "as Ctrl-C and Esc do"]);
    assert_eq!(view.key(Key::Back), Wanted::Nothing);
    assert_eq!(view.key(Key::Back), Wanted::Quit);
    assert_eq!(view.key(Key::Quit), Wanted::Quit);
}

#[test]
fn while_it_is_paused_nothing_moves_and_then_nothing_is_lost() {
    let mut view = View::new(classic(5), NOW);
    view.key(Key::Pause);
    view.facts(classic(6));
    view.facts(classic(7));
    view.told(told(NodeEvent::Reorganisation { depth: 1, from: tip(5), to: tip(7) }));
    let paused = picture(&view, 100, 30);
    assert_shows(&paused, &["PAUSED, 1 event held back", "Height 5", "line 5"]);
    assert!(!paused.contains("line 6") && !paused.contains("Reorganised"), "{paused}");
    view.key(Key::Pause);
    assert_shows(&picture(&view, 100, 30), &["Height 7", "Reorganised 1 block deep", "line 7"]);
}

#[test]
fn what_a_node_tells_fills_no_memory() {
    let mut view = View::new(classic(5), NOW);
    let reorganised = || told(NodeEvent::Reorganisation { depth: 1, from: tip(5), to: tip(6) });
    let mining = |tries_per_second| {
        let report = MiningReport { active: true, tries: 0, tries_per_second };
        told(NodeEvent::Mining(report))
    };
    for paused in [false, true] {
        for number in 0..1_000 {
            assert!(view.told(reorganised()));
            assert!(!view.told(mining(number)));
        }
        assert_eq!(view.events.len(), KEPT_EVENTS);
        assert_eq!(view.rates.len(), KEPT_RATES);
        assert_eq!(view.rates.back(), Some(&999));
        view.key(Key::Pause);
        assert_eq!(view.paused(), (!paused).then_some(0));
    }
    view.told(Told::Other { kind: "tide".into(), data: "{}".into() });
    view.panel = Panel::Events;
    for _ in 0..1_000 {
        view.key(Key::PageDown);
    }
    assert_eq!(view.selected(Panel::Events), KEPT_EVENTS - 1);
    picture(&view, 80, 24);
}
