//! Blocks in every form that is right.

use kusari_chain::{Block, Transaction};

use crate::mining::{self, line, lines, mine, prove, template};
use crate::report::{Evidence, Verdict, verdict};
use crate::target::TargetUnderTest;
use crate::{CONDUCT, Case};

pub(super) const CASES: &[Case] = &[
    Case::original("2", "takes a valid block into its best chain", |target| {
        let blocks = target.mine(1);
        target.bring(&blocks)
    }),
    Case::original(
        "3",
        "reads keys in any order, white space, escapes, upper-case hexadecimal and unknown keys",
        |target| {
            let block = mine(&target.tip(), "any form");
            let Block { index, timestamp, nonce, prev_hash, hash, .. } = &block;
            let prev_hash = prev_hash.to_string().to_uppercase();
            let hash = hash.to_string().to_uppercase();
            let sent = format!(
                "BLOCK: {{ \"hash\":\"{hash}\" , \"transactions\" : [ ],\"prev_hash\":\"{prev_hash}\",\t\
         \"colour\":{{\"a\":[1,null,\"}}\"]}}, \"d\\u0061ta\":\"\\u0061ny\\u0020form\",\
         \"nonce\":{nonce},\"timestamp\":{timestamp}, \"index\": {index}\r}} \n"
            );
            target.offer(sent, &[block])
        },
    ),
    Case::original("2", "gives text of every kind back in canonical form", |target| {
        let text =
            "\"\\/\u{8}\u{c}\n\r\t\0\u{1}\u{1f}\u{7f}\u{80}é鎖\u{2028}\u{feff}\u{1f517} \u{1b}[2J";
        let block = mine(&target.tip(), text);
        comes_back_as_it_is(target, &block)
    }),
    Case::original("1", "hashes transfers before the text, and gives them back", |target| {
        let mut block = template(&target.tip(), "with transfers");
        block.transactions = vec![transfer("Alice", "Bob", u64::MAX), transfer("", "\"é\"", 0)];
        comes_back_as_it_is(target, &prove(block))
    }),
    Case::original("1", "takes numbers up to their limits", |target| {
        let mut block = template(&target.tip(), "");
        block.timestamp = 0;
        // Beyond 2^53, where a reader that takes numbers for floating point loses digits.
        block.nonce = u64::MAX - (1 << 40);
        comes_back_as_it_is(target, &prove(block))
    }),
    Case::original("2", "takes a block whose line has 4,096 bytes", |target| {
        let block = mining::mine_with_line_of(&target.tip(), 4_096);
        comes_back_as_it_is(target, &block)
    }),
    Case::original(CONDUCT, "takes a block twice without a change", |target| {
        let blocks = target.mine(2);
        let twice = lines(blocks.iter().chain(&blocks));
        target.offer(&twice, &blocks)?;
        target.offer(&twice, &blocks)
    }),
    Case::original("2", "adds an orphan once its parent has come", |target| {
        let blocks = target.mine(3);
        target.offer(lines(blocks.iter().rev()), &blocks)
    }),
    Case::original("1", "keeps the first content that came for a hash", |target| {
        // The preimage is a bare concatenation, so two contents can share a hash.
        let mut block = template(&target.tip(), "");
        block.transactions = vec![transfer("Alice", "Bob", 1)];
        let first = prove(block);
        let mut second = first.clone();
        second.transactions = vec![transfer("Al", "iceBob", 1)];
        let first_line = line(&first);
        target.offer(lines([&first, &second]), std::slice::from_ref(&first))?;
        let answer = target.ask_chain()?;
        let sent = line(&second);
        verdict(
            answer.lines.iter().any(|line| *line == first_line.trim_end_matches('\n')),
            sent,
            answer.last(),
        )
    }),
];

/// Brings a block and looks whether its very line comes back.
fn comes_back_as_it_is(target: &mut TargetUnderTest, block: &Block) -> Verdict {
    let sent = line(block);
    let brought = target.bring(std::slice::from_ref(block))?;
    let answer = target.ask_chain()?;
    if answer.lines.iter().any(|line| *line == sent.trim_end_matches('\n')) {
        return Ok(brought);
    }
    Err(Evidence::new(sent, answer.last()))
}

fn transfer(sender: &str, receiver: &str, amount: u64) -> Transaction {
    Transaction { sender: sender.to_owned(), receiver: receiver.to_owned(), amount }
}
