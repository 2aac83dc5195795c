//! Lines that are longer than an original's buffer: after `HELLO` they may be.

use kusari_chain::{Block, Transaction};

use crate::expected_blocks::wait_for_end;
use crate::introduced::introduction::heard_before_pong;
use crate::mining::{self, line, lines, prove, template};
use crate::needs::Need;
use crate::{CONDUCT, Case};

/// Longest `BLOCK` line after `HELLO`, with its newline, in bytes. Source: protocol, section 3.
const MAX_BLOCK_LINE: usize = 8 * 1024 * 1024;
/// Longest other line after `HELLO`.
const MAX_LINE: usize = 1024 * 1024;

pub(super) const CASES: &[Case] = &[
    Case::kusari("2", "refuses a block above 4,096 bytes by the rule, and goes on", |target| {
        let block = mining::mine_with_line_of(&target.tip(), 4_097);
        let mut connection = target.introduce_as_equal()?;
        let sent = line(&block);
        let heard = heard_before_pong(target, &mut connection, &sent)?;
        let got = heard.first().map_or("no word of it", |line| line);
        target.unchanged(&sent, got)
    })
    .needing(&[Need::AnswersPing]),
    Case::kusari(CONDUCT, "reads a BLOCK line of 8 MiB after HELLO", |target| {
        let block = target.mine_one();
        let mut connection = target.introduce_as_equal()?;
        let sent = padded(&block, MAX_BLOCK_LINE);
        heard_before_pong(target, &mut connection, &sent)?;
        target.joined(&sent, &[block])
    })
    .needing(&[Need::AnswersPing]),
    Case::kusari(CONDUCT, "closes at a BLOCK line above 8 MiB", |target| {
        let block = target.mine_one();
        let mut connection = target.introduce_as_equal()?;
        let sent = padded(&block, MAX_BLOCK_LINE + 1);
        connection.send(&sent);
        wait_for_end(&mut connection, &sent)?;
        target.unchanged(&sent, "the end of the connection")
    }),
    Case::kusari(CONDUCT, "closes at another line above 1 MiB", |target| {
        let mut connection = target.introduce_as_equal()?;
        let sent = format!("PING:{}\n", "7".repeat(MAX_LINE));
        connection.send(&sent);
        wait_for_end(&mut connection, &sent)
    }),
    Case::kusari("1", "takes a content after another one of the same hash was refused", |target| {
        // Eight bytes of text can also be read as a transfer: two contents of one hash, of which one takes
        // far more room. The refusal of that one must not be remembered by the hash.
        const TRANSFERS: usize = 100;
        let short = prove(template(&target.tip(), &"x".repeat(8 * TRANSFERS)));
        let amount = u64::from_le_bytes([b'x'; 8]);
        let empty = Transaction { sender: String::new(), receiver: String::new(), amount };
        let mut long = short.clone();
        long.data = String::new();
        long.transactions = vec![empty; TRANSFERS];
        let mut connection = target.introduce_as_equal()?;
        let sent = lines([&long, &short]);
        heard_before_pong(target, &mut connection, &sent)?;
        target.joined(&sent, &[short])
    })
    .needing(&[Need::AnswersPing]),
];

/// A block's line in which white space makes up the length.
fn padded(block: &Block, bytes: usize) -> String {
    let line = line(block);
    let spaces = " ".repeat(bytes.saturating_sub(line.len()));
    line.replacen("BLOCK:{", &format!("BLOCK:{{{spaces}"), 1)
}
