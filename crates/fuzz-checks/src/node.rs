//! The whole node at its interface: whatever peers, people and the disk do, in whatever order, it neither
//! panics nor forgets a command, and keeps to its bounds.
//!
//! The bytes say what happens, step by step; this module is a driver that keeps the contract of
//! [`Node`] and judges each action.

mod disk;
mod driver;
mod grammar;

use std::time::Duration;

use self::driver::Driver;

/// Most steps of one run.
const MAX_STEPS: usize = 300;

/// The input, read from its beginning. Behind its end there are zeros.
pub(crate) struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn byte(&mut self) -> u8 {
        self.take(1).first().copied().unwrap_or(0)
    }

    fn take(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(count.min(self.0.len()));
        self.0 = rest;
        taken
    }
}

/// Takes the bytes for what happens to a node.
pub fn check(bytes: &[u8]) {
    let mut bytes = Bytes(bytes);
    let mut driver = Driver::new();
    for _ in 0..MAX_STEPS {
        if bytes.0.is_empty() {
            break;
        }
        step(&mut driver, &mut bytes);
        driver.check_bounds();
    }
    driver.finish();
}

fn step(driver: &mut Driver, bytes: &mut Bytes<'_>) {
    match bytes.byte() % 16 {
        0 => driver.connect_inbound(bytes.byte()),
        1 => driver.answer_dial(bytes.byte()),
        2..=7 => {
            let which = bytes.byte();
            driver.line(which, &grammar::line(bytes));
        }
        8 => driver.peer_finished(bytes.byte()),
        9 => driver.peer_disconnected(bytes.byte()),
        10 => {
            const PASSED: [u64; 8] = [0, 1, 20, 500, 1_000, 10_000, 60_000, 700_000];
            let passed = PASSED[usize::from(bytes.byte()) % PASSED.len()];
            driver.pass(Duration::from_millis(passed));
        }
        11 | 12 => driver.commit_next(),
        13 => driver.end_stream(bytes.byte()),
        14 => driver.say(bytes.byte()),
        _ => driver.mine_or_dial(bytes.byte()),
    }
}
