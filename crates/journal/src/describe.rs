//! An input in words, for whoever reads how a replay ended.

use kusari_node::Input;
use kusari_node::interface::{Command, Direction};
use kusari_node::wire::encode;

/// Most characters of what somebody sent or typed that are shown.
const SHOWN: usize = 120;

/// What happened. Holds text of strangers.
pub(super) fn describe(input: &Input) -> String {
    match input {
        Input::PeerConnected { peer, direction: Direction::Inbound, address } => {
            format!("peer {} connected from {address}", peer.0)
        }
        Input::PeerConnected { peer, direction: Direction::Outbound(target), address } => {
            format!("peer {} was reached as {target} at {address}", peer.0)
        }
        Input::PeerFinished { peer } => format!("peer {} sends nothing more", peer.0),
        Input::PeerDisconnected { peer, reason } => {
            format!("peer {} is disconnected: {}", peer.0, shown(reason))
        }
        Input::ConnectFailed { address, reason } => {
            format!("{address} was not reached: {}", shown(reason))
        }
        Input::AnswerArrived { peer, end } => {
            format!(
                "an answer of {} blocks up to height {} is here from peer {}",
                end.count, end.height, peer.0
            )
        }
        Input::LinesReceived { peer, lines } => match &lines[..] {
            [Ok(message)] => {
                let line = String::from_utf8_lossy(&encode(message)).trim_end().to_string();
                format!("a line from peer {}: {}", peer.0, shown(&line))
            }
            [Err(refusal)] => {
                let why = refusal.to_string();
                format!("a line from peer {} that was refused: {}", peer.0, shown(&why))
            }
            _ => format!("{} lines in a row from peer {}", lines.len(), peer.0),
        },
        Input::BlockMined { template_id, nonce } => {
            format!("the nonce {nonce} was found for work {}", template_id.0)
        }
        Input::Committed { through } => format!("commit {} is durable", through.0),
        Input::StreamEnded { peer, height, count, .. } => {
            format!("{count} stored blocks up to height {height} were sent to peer {}", peer.0)
        }
        Input::StatementSigned(statement) => {
            format!("statement {} of this node is signed", statement.sequence)
        }
        Input::WitnessRemembered(_) => "what the witness key said is remembered".to_string(),
        Input::WitnessNotRemembered => {
            "what the witness key is to say could not be remembered".to_string()
        }
        Input::Command(_, Command::Say(text) | Command::Offer(text)) => {
            format!("a line was typed: {}", shown(text))
        }
        Input::Command(_, Command::Connect(address)) => format!("{address} is to be connected"),
        Input::Command(_, Command::Disconnect(address)) => {
            format!("{address} is to be disconnected")
        }
        Input::Command(_, Command::GetBans) => String::from("the bans were asked for"),
        Input::Command(_, Command::Unban(host)) => format!("the ban of {host} is to end"),
        Input::Command(_, Command::Submit(written)) => {
            format!("transaction {} was submitted", written.0.txid())
        }
        Input::DraftsSigned(signed) => format!("{} drafts are signed", signed.len()),
        Input::StorageChanged(storage) => format!("the store takes {} bytes", storage.used_bytes),
        Input::Audited { finding: None } => String::from("an audit found the store sound"),
        Input::Audited { finding: Some(finding) } => {
            format!("an audit found a fault: {}", shown(finding))
        }
        Input::WalletChanged(None) => String::from("there is no wallet"),
        Input::WalletChanged(Some(wallet)) => format!(
            "the wallet of {} is {}",
            wallet.key,
            if wallet.unlocked { "unlocked" } else { "locked" }
        ),
        Input::Command(_, Command::Draft(draft)) => {
            format!("a draft was given: {}", shown(draft.text().unwrap_or_default()))
        }
        Input::Command(_, Command::GetAccount(key)) => format!("the account {key} was asked for"),
        Input::Command(_, Command::GetUndurable { above }) => {
            format!("blocks above height {above} were asked for that are not durable yet")
        }
        Input::Command(_, Command::GetBranches) => "the branches were asked for".to_string(),
        Input::Command(_, Command::AcceptBranch(hash)) => {
            format!("the branch of block {hash} was accepted")
        }
        Input::Command(_, Command::GetPool { .. }) => String::from("asks what waits"),
        Input::Command(_, Command::GetTransaction(txid)) => {
            format!("the transaction {txid} was asked for")
        }
        Input::Command(_, Command::MineOn { seconds }) => {
            format!("blocks are to be mined for {seconds} s")
        }
        Input::Command(_, Command::Erase(erasure)) => {
            format!(
                "the payload at place {} of block {} is to be erased",
                erasure.place, erasure.block
            )
        }
        Input::Tick => "the time to wake has come".to_string(),
    }
}

fn shown(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_string(),
    }
}
