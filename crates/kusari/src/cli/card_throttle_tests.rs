//! The burst rule, on made-up time.

use super::*;
use kusari_chain::Block;

const MS: Duration = Duration::from_millis(1);

fn block(height: u32) -> Arc<StoredBlock> {
    let mut block = Block::genesis();
    block.index = height;
    let work = Work::of_classic_blocks(height);
    Arc::new(StoredBlock { order: u64::from(height), work, total_bytes: 0, block, ledger: None })
}

fn heights(show: &[Show]) -> Vec<u32> {
    show.iter()
        .map(|show| match show {
            Show::Card(block) => block.block.index,
            other => panic!("not a card: {other:?}"),
        })
        .collect()
}

/// Feeds blocks, one each `step`, and returns what is shown until then.
fn feed(
    pacer: &mut Pacer,
    heights: core::ops::RangeInclusive<u32>,
    step: Duration,
    source: BlockSource,
) -> (Duration, Vec<Show>) {
    let mut show = Vec::new();
    let mut now = Duration::ZERO;
    for height in heights {
        now += step;
        pacer.tick(now, true, &mut show);
        pacer.block(now, block(height), source, &mut show);
    }
    (now, show)
}

#[test]
fn a_single_block_is_shown_at_once() {
    for source in [BlockSource::Mined(1), BlockSource::Announced] {
        let mut pacer = Pacer::new(true);
        let (now, show) = feed(&mut pacer, 1..=3, MS, source);
        assert_eq!(heights(&show), [1, 2, 3]);
        let mut show = Vec::new();
        pacer.tick(now + CARDS_QUIET, false, &mut show);
        assert_eq!(show, []);
        assert_eq!(pacer.wait(now), (None, false));
    }
}

#[test]
fn a_short_sync_is_held_briefly_and_shown_in_full_and_in_order() {
    let mut pacer = Pacer::new(true);
    let (now, mut show) = feed(&mut pacer, 1..=64, MS, BlockSource::Synced);
    assert_eq!(show, []);
    // One that comes on its own meanwhile stays behind those that are held.
    let mut other = Pacer::new(true);
    other.block(MS, block(1), BlockSource::Synced, &mut show);
    other.block(MS, block(2), BlockSource::Announced, &mut show);
    assert_eq!(show, []);
    other.finish(&mut show);
    assert_eq!(heights(&show), [1, 2]);
    assert_eq!(pacer.wait(now), (Some(HOLD - 63 * MS), false));
    show.clear();
    pacer.tick(now + HOLD, false, &mut show);
    assert_eq!(heights(&show), (1..=64).collect::<Vec<_>>());
}

#[test]
fn more_than_64_blocks_are_one_line_that_begins_and_one_that_ends() {
    let mut pacer = Pacer::new(false);
    let (now, show) = feed(&mut pacer, 1..=12_345, MS, BlockSource::Synced);
    let begin = "Catching up: 65 blocks so far, at height 65, work 4,259,840";
    // The first are held for 200 ms, and within that time the burst grows too long for cards.
    assert_eq!(show, [Show::Progress(begin.into())]);
    let mut show = Vec::new();
    pacer.tick(now + PROGRESS_QUIET, true, &mut show);
    assert_eq!(show, [], "more was asked for");
    pacer.tick(now + PROGRESS_QUIET, false, &mut show);
    let end = "Caught up: 12,345 blocks added in 12.3 s, now at height 12,345, work 809,041,920";
    assert_eq!(show, [Show::ProgressEnd(end.into())]);
    assert_eq!(pacer.wait(now), (None, false));
}

#[test]
fn a_terminal_sees_progress_at_most_five_times_a_second() {
    let mut pacer = Pacer::new(true);
    let (_, show) = feed(&mut pacer, 1..=2_000, MS, BlockSource::Synced);
    assert!(show.iter().all(|show| matches!(show, Show::Progress(_))));
    assert_eq!(show.len(), 10);
}

#[test]
fn a_slow_sync_shows_its_first_cards_and_then_progress() {
    let mut pacer = Pacer::new(false);
    let (_, show) = feed(&mut pacer, 1..=1_000, 50 * MS, BlockSource::Synced);
    let cards = show.iter().filter(|show| matches!(show, Show::Card(_))).count();
    assert!(cards <= 64, "{cards}");
    assert!(matches!(show.last(), Some(Show::Progress(_))));
}

#[test]
fn unhurried_blocks_are_never_progress() {
    let mut pacer = Pacer::new(false);
    let (_, show) = feed(&mut pacer, 1..=500, CARDS_QUIET, BlockSource::Mined(1));
    assert_eq!(heights(&show).len(), 500);
}

#[test]
fn a_flood_of_own_blocks_is_progress_without_claiming_to_catch_up() {
    let mut pacer = Pacer::new(false);
    let (now, show) = feed(&mut pacer, 1..=100, MS, BlockSource::Mined(1));
    assert_eq!(heights(&show[..64]), (1..=64).collect::<Vec<_>>());
    let begin = "Adding blocks: 65 blocks so far, at height 65, work 4,259,840";
    assert_eq!(show[64..], [Show::Progress(begin.into())]);
    let mut show = Vec::new();
    pacer.tick(now + PROGRESS_QUIET, false, &mut show);
    let end = "Added 100 blocks in 0.1 s, now at height 100, work 6,553,600";
    assert_eq!(show, [Show::ProgressEnd(end.into())]);
}

#[test]
fn a_sync_that_stalls_is_not_said_to_have_caught_up() {
    let mut pacer = Pacer::new(false);
    let (now, _) = feed(&mut pacer, 1..=100, MS, BlockSource::Synced);
    let mut show = Vec::new();
    pacer.tick(now + STALLED, true, &mut show);
    let end = "Added 100 blocks in 0.1 s, now at height 100, work 6,553,600";
    assert_eq!(show, [Show::ProgressEnd(end.into())]);
}

#[test]
fn skipped_blocks_count_and_are_progress() {
    let mut pacer = Pacer::new(false);
    let mut show = Vec::new();
    let work = Work::of_classic_blocks(9);
    let skipped = Skipped { count: 9, height: 9, work, synced: 0 };
    pacer.skipped(MS, skipped, &mut show);
    pacer.tick(MS + PROGRESS_QUIET, false, &mut show);
    let texts = [
        Show::Progress("Adding blocks: 9 blocks so far, at height 9, work 589,824".into()),
        Show::ProgressEnd("Added 9 blocks in 0.0 s, now at height 9, work 589,824".into()),
    ];
    assert_eq!(show, texts);
}
