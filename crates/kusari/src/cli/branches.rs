//! Branches beside the best chain, in words.
//!
//! Owns the alarm about a held branch, the list of branches, and what came of accepting one.

use kusari_chain::{BestPoint, BlockHash};
use kusari_node::event::HeldReport;

use super::escape::{Plain, counted, grouped};
use super::utc_time::UtcTime;
use kusari_api_types::branches::{AcceptReceipt, BranchList, BranchReport};

/// The alarm: both sides, and what a person can do.
pub(crate) fn alarm(report: &HeldReport) -> String {
    let HeldReport { best, branch, others } = report;
    let (fork, tip) = (branch.fork, branch.tip);
    let others = match others {
        0 => String::new(),
        number => format!("; {} more", counted(*number as u64, "such branch")),
    };
    let side = |end: &BestPoint, began, ended| {
        let since_fork = counted(u64::from(end.height.saturating_sub(fork.height)), "block");
        format!(
            "block {}, {}\n         work {}; {since_fork} since the fork, made from {} to {}",
            end.height,
            end.hash,
            grouped(end.work),
            UtcTime(began),
            UtcTime(ended)
        )
    };
    format!(
        "ALARM: a branch has more work than this chain, and following it would take back {}: more \
         than this node takes back by itself\n\
         - Fork : block {}, {}\n\
         - Here : {}\n\
         - There: {}\n\
         This node stays on its chain{others}. Ask the others what happened; then\n\
         - `kusari branches` shows both sides again,\n\
         - `kusari accept-branch {}` follows the other one",
        counted(u64::from(branch.depth), "block"),
        fork.height,
        fork.hash,
        side(best, branch.best_began, branch.best_ended),
        side(&tip, branch.began, branch.ended),
        tip.hash
    )
}

/// The best chain's last block, and what stands beside it.
pub(crate) fn list(list: &BranchList) -> String {
    let mut text =
        format!("Best chain: block {}, {}, work {}", list.height, list.tip, grouped(list.work));
    if list.branches.is_empty() {
        text.push_str("\nNo branch beside it is known");
    }
    for branch in &list.branches {
        text.push('\n');
        text.push_str(&one(branch));
    }
    let more = list.count.saturating_sub(list.branches.len());
    if more > 0 {
        text.push_str(&format!("\nand {} with less work", counted(more as u64, "branch tip")));
    }
    text
}

fn one(branch: &BranchReport) -> String {
    let standing = match branch {
        BranchReport { held_since: Some(since), ahead, hash, .. } => {
            let ahead = if *ahead { "has more work and " } else { "" };
            let since = UtcTime(*since);
            format!("it {ahead}is held since {since}; `kusari accept-branch {hash}` follows it")
        }
        BranchReport { accepted: true, .. } => {
            String::from("it is accepted, and followed as soon as it has more work")
        }
        _ => String::from("it has less work"),
    };
    format!(
        "Branch: block {}, {}, work {}\n  forks off after block {}, {}: {} from {} to {}\n  following \
         it would take back {}, from {} to {}\n  {standing}",
        branch.height,
        branch.hash,
        grouped(branch.work),
        branch.fork_height,
        branch.fork_hash,
        counted(u64::from(branch.blocks), "block"),
        UtcTime(branch.began),
        UtcTime(branch.ended),
        counted(u64::from(branch.reverts), "block"),
        UtcTime(branch.best_began),
        UtcTime(branch.best_ended),
    )
}

/// What came of accepting the branch of a block.
pub(crate) fn accepted(hash: &BlockHash, receipt: &AcceptReceipt) -> String {
    let AcceptReceipt { height, tip, followed, reverted, refused } = receipt;
    let mut text = match followed {
        true => format!(
            "Followed the branch of {hash}: {} taken back; the best chain ends with block {height}, {tip}",
            match reverted {
                1 => String::from("1 block was"),
                number => format!("{} blocks were", grouped(number)),
            }
        ),
        false => format!(
            "The branch of {hash} is accepted and has less work than the best chain now; it is \
             followed as soon as it has more"
        ),
    };
    if let Some(refused) = refused {
        text.push_str(&format!(
            "\nIts block {} breaks a rule and is forgotten with all that follows it: {}",
            refused.hash,
            Plain(&refused.reason)
        ));
    }
    text
}
