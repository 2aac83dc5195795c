//! What must be heard on a connection: blocks in an order, or its end.

use kusari_chain::Block;

use super::connection::{Connection, Heard};
use super::mining::line;
use super::report::{Evidence, Verdict, broken, verdict};
use super::target::is_block;
use super::transcript::Kept;

/// Hears `BLOCK` lines up to this one, and gives all of them.
pub(super) fn hear_through(
    connection: &mut Connection,
    block: &Block,
    sent: &str,
) -> Result<Kept, Evidence> {
    let mut heard = Kept::default();
    // More than is ever owed here: a target that never comes to an end is wrong as well.
    for _ in 0..64 {
        let line = connection.want(sent, |line| line.starts_with("BLOCK:"))?;
        let is_last = is_block(&line, &block.hash);
        let kept = heard.push(line);
        if is_last {
            return Ok(heard);
        }
        if kept.is_err() {
            break;
        }
    }
    Err(Evidence::new(sent, heard.last().map_or("", |line| line)))
}

/// Hears exactly these blocks, in this order.
pub(super) fn hear_exactly(connection: &mut Connection, blocks: &[Block], sent: &str) -> Verdict {
    let Some(last) = blocks.last() else { return Ok(Evidence::new(sent, "")) };
    let heard = hear_through(connection, last, sent)?;
    let right = heard.iter().map(|line| format!("{line}\n")).eq(blocks.iter().map(line));
    let got = heard.join(", then ");
    verdict(right, sent, got)
}

/// Waits for the end of a connection.
pub(super) fn wait_for_end(connection: &mut Connection, sent: &str) -> Verdict {
    match connection.wait_for(|_| false) {
        Err(Heard::End) => Ok(Evidence::new(sent, Heard::End)),
        Err(heard) => broken(sent, format!("{heard}, and no end of the connection")),
        Ok(line) => broken(sent, line),
    }
}
