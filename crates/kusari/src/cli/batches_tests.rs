use std::io::BufReader;

use super::*;
use crate::cli::failure::Failure;

/// Takes what it has room for, and gains room each time it refuses.
struct Fake {
    room: usize,
    gained: usize,
    taken: Vec<Numbered>,
    batches: Vec<usize>,
    mined: u64,
    asked: usize,
    is_gone: bool,
}

impl Fake {
    fn new(room: usize, gained: usize) -> Self {
        Self {
            room,
            gained,
            taken: Vec::new(),
            batches: Vec::new(),
            mined: 0,
            asked: 0,
            is_gone: false,
        }
    }
}

impl Taker for Fake {
    fn take(&mut self, lines: &[Numbered]) -> Result<Vec<Taken>> {
        self.batches.push(lines.len());
        let mut results = Vec::new();
        for line in lines {
            if line.1 == "bad" {
                results.push(Taken::Refused(String::from("it is bad")));
            } else if self.room == 0 {
                results.push(Taken::Full(String::from("the outbox is full")));
                break;
            } else {
                self.room -= 1;
                self.taken.push(line.clone());
                let id = self.taken.len() as u64;
                results.push(Taken::Saved(Box::new(RecordReport::waiting(id, line.1.clone()))));
            }
        }
        self.room += if self.room == 0 { self.gained } else { 0 };
        Ok(results)
    }

    fn is_done(&mut self, id: u64) -> Result<bool> {
        self.asked += 1;
        if self.is_gone {
            return Err(failed!("the node is gone"));
        }
        Ok(id <= self.mined)
    }

    fn saved(&mut self, _: &RecordReport, _: &Progress) -> Result {
        Ok(())
    }
}

fn run(fake: &mut Fake, text: &str) -> Result {
    Batches::new(fake).run(Lines::new(BufReader::new(std::io::Cursor::new(text.to_owned()))))
}

#[test]
fn every_line_is_taken_once_and_in_order_however_often_there_is_no_room() {
    let mut fake = Fake::new(3, 400);
    let text: String = (1..=1_000).map(|number| format!("line {number}\n\n")).collect();
    run(&mut fake, &text).unwrap();
    // Empty lines count, as in an editor, and are skipped.
    let wanted: Vec<Numbered> =
        (1..=1_000).map(|number| (2 * number - 1, format!("line {number}"))).collect();
    assert_eq!(fake.taken, wanted);
    assert!(fake.batches.iter().all(|length| *length <= MAX_BATCH));
}

#[test]
fn a_line_that_is_refused_keeps_none_of_the_others_out_and_fails_at_the_end() {
    let mut fake = Fake::new(usize::MAX, 0);
    let failure = run(&mut fake, "one\nbad\ntwo\n").unwrap_err();
    assert!(
        matches!(failure, Failure::Failed(why) if why.to_string().starts_with("1 line is not"))
    );
    assert_eq!(fake.taken, [(1, String::from("one")), (3, String::from("two"))]);
}

#[test]
fn long_lines_go_in_batches_of_few() {
    let mut fake = Fake::new(usize::MAX, 0);
    let text: String = (0..100).map(|_| format!("{}\n", "x".repeat(3_000))).collect();
    run(&mut fake, &text).unwrap();
    assert_eq!(fake.taken.len(), 100);
    assert!(fake.batches.iter().all(|length| length * 3_000 <= BATCH_BYTES));
}

#[test]
fn what_is_mined_is_counted_with_few_questions() {
    let mut fake = Fake { mined: 700, ..Fake::new(usize::MAX, 0) };
    let mut batches = Batches::new(&mut fake);
    (1..=1_000).for_each(|id| batches.acknowledge(id));
    batches.count().unwrap();
    assert_eq!(batches.counts(), "1,000 acknowledged, 700 mined");
    batches.taker.mined = 1_000;
    batches.count().unwrap();
    assert_eq!(batches.counts(), "1,000 acknowledged, 1,000 mined");
    assert!(fake.asked <= 22, "{} questions", fake.asked);
}

#[test]
fn what_is_acknowledged_is_counted_where_the_node_goes_before_it_tells_what_is_mined() {
    let mut fake = Fake { is_gone: true, ..Fake::new(usize::MAX, 0) };
    let lines = read_ahead(Lines::new(BufReader::new(std::io::Cursor::new("one\ntwo\n"))));
    let (counts, result) = Batches::new(&mut fake).take_and_count(&lines);
    assert_eq!(counts, "2 acknowledged");
    assert!(result.is_err());
}
