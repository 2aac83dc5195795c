//! Blocks in every form that is right.

use kusari_chain::{Block, Transaction};

use crate::mining::{self, line, lines, mine, prove, template};
use crate::report::{Evidence, Verdict, broken, verdict};
use crate::target::TargetUnderTest;
use crate::{CONDUCT, Case};

pub(super) const CASES: &[Case] = &[
    Case::original("2", "takes a valid block into its best chain", |target| {
        let blocks = target.mine(1);
        target.offer(lines(&blocks), &blocks)
    })
    .of_any_target(),
    Case::classic("3", "reads the keys of a block in any order", |target| {
        in_another_form(target, |block| {
            let Block { index, timestamp, nonce, data, prev_hash, hash, .. } = block;
            format!(
                "BLOCK:{{\"hash\":\"{hash}\",\"transactions\":[],\"prev_hash\":\"{prev_hash}\",\
                 \"data\":\"{data}\",\"nonce\":{nonce},\"timestamp\":{timestamp},\"index\":{index}}}\n"
            )
        })
    }),
    Case::classic("3", "reads white space between the parts of a block", |target| {
        in_another_form(target, |block| {
            let spaced = line(block).replace(',', " ,\t").replace("\":", "\" : ");
            spaced.replace("[]", "[ ]").replace("BLOCK:{", "BLOCK: { ").replace("}\n", "\r} \n")
        })
    }),
    Case::classic("3", "reads text and keys that are escaped without need", |target| {
        in_another_form(target, |block| {
            let text = line(block).replacen("graded", "gr\\u0061ded", 1);
            text.replacen("\"data\"", "\"d\\u0061ta\"", 1)
        })
    }),
    Case::classic("3", "reads hexadecimal digits in capitals", |target| {
        in_another_form(target, |block| {
            [block.hash, block.prev_hash].iter().fold(line(block), |text, hash| {
                text.replace(&hash.to_string(), &hash.to_string().to_uppercase())
            })
        })
    }),
    Case::classic("3", "passes over keys of a block that it does not know", |target| {
        in_another_form(target, |block| {
            let unknown = "{\"colour\":{\"a\":[1,null,\"}\"]},";
            line(block).replacen('{', unknown, 1)
        })
    }),
    Case::classic("2", "gives text of every kind back in canonical form", |target| {
        let text =
            "\"\\/\u{8}\u{c}\n\r\t\0\u{1}\u{1f}\u{7f}\u{80}é鎖\u{2028}\u{feff}\u{1f517} \u{1b}[2J";
        let block = mine(&target.tip(), text);
        comes_back_as_it_is(target, &block)
    }),
    Case::original("1", "hashes transfers before the text", |target| {
        let mut block = template(&target.tip(), "with transfers");
        block.transactions = vec![transfer("Alice", "Bob", 100), transfer("Bob", "Carol", 7)];
        let block = prove(block);
        target.offer(line(&block), &[block])
    }),
    Case::classic("1", "gives transfers back as they are", |target| {
        let mut block = template(&target.tip(), "with transfers");
        block.transactions = vec![transfer("Alice", "Bob", u64::MAX), transfer("", "\"é\"", 0)];
        comes_back_as_it_is(target, &prove(block))
    }),
    Case::classic("1", "takes a timestamp of zero", |target| {
        let mut block = template(&target.tip(), "long ago");
        block.timestamp = 0;
        comes_back_as_it_is(target, &prove(block))
    }),
    Case::classic("1", "takes a nonce near 2^64", |target| {
        let mut block = template(&target.tip(), "");
        // Beyond 2^53, where a reader that takes numbers for floating point loses digits.
        block.nonce = u64::MAX - (1 << 40);
        comes_back_as_it_is(target, &prove(block))
    }),
    Case::original("2", "takes a block whose line has 4,096 bytes", |target| {
        let block = mining::mine_with_plain_line_of(&target.tip(), 4_096);
        target.offer(line(&block), &[block])
    }),
    Case::classic("2", "takes an escaped block whose line has 4,096 bytes", |target| {
        let block = mining::mine_with_line_of(&target.tip(), 4_096);
        comes_back_as_it_is(target, &block)
    }),
    Case::classic(CONDUCT, "takes a block twice without a change", |target| {
        let blocks = target.mine(2);
        let sent = lines(blocks.iter().chain(&blocks));
        target.offer(&sent, &blocks)?;
        let answer = target.exchange(format!("{sent}GET_CHAIN\n"))?;
        match blocks.iter().find(|block| answer.count(block) > 1) {
            None => Ok(Evidence::new(sent, answer.last())),
            Some(block) => broken(sent, format!("{} times {}", answer.count(block), line(block))),
        }
    }),
    Case::classic("2", "adds an orphan once its parent has come", |target| {
        let blocks = target.mine(3);
        target.offer(lines(blocks.iter().rev()), &blocks)
    }),
    Case::classic("1", "keeps the first content that came for a hash", |target| {
        // The preimage is a bare concatenation, so two contents can share a hash.
        let mut block = template(&target.tip(), "");
        block.transactions = vec![transfer("Alice", "Bob", 1)];
        let first = prove(block);
        let mut second = first.clone();
        second.transactions = vec![transfer("Al", "iceBob", 1)];
        target.bring(std::slice::from_ref(&first))?;
        let answer = target.exchange(line(&second) + "GET_CHAIN\n")?;
        verdict(
            answer.count(&first) == 1 && answer.count(&second) == 0,
            line(&second),
            answer.last(),
        )
    }),
];

/// Brings a block in another form than the canonical one.
fn in_another_form(target: &mut TargetUnderTest, form: impl FnOnce(&Block) -> String) -> Verdict {
    let block = target.mine_one();
    let sent = form(&block);
    debug_assert_ne!(sent, line(&block), "the form is the canonical one");
    target.offer(sent, &[block])
}

/// Brings a block and looks whether its very line comes back.
fn comes_back_as_it_is(target: &mut TargetUnderTest, block: &Block) -> Verdict {
    let sent = line(block);
    let brought = target.offer(&sent, std::slice::from_ref(block))?;
    let answer = target.ask_chain()?;
    if answer.count(block) > 0 {
        return Ok(brought);
    }
    broken(sent, answer.last())
}

fn transfer(sender: &str, receiver: &str, amount: u64) -> Transaction {
    Transaction { sender: sender.to_owned(), receiver: receiver.to_owned(), amount }
}
