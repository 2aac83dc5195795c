//! What a typed line means.
//!
//! Owns the commands of the prompt. Lines from a pipe never come here: there all is data.

use std::net::IpAddr;

use kusari_chain::BlockHash;
use kusari_node::PeerAddress;

use super::named::{BlockName, HashName};

/// Blocks that `/chain` shows by default.
pub(crate) const DEFAULT_CARDS: u32 = 10;

/// Most blocks that `/chain` shows at once: their cards wait in memory for the screen.
const MAX_CARDS: u32 = 1_000;

/// What `/help` prints.
pub(crate) const HELP: &str = "\
What you type is mined into a block and passed on to every peer. Lines that begin with / are commands:
  /chain [n]          show the last n blocks, 10 unless you say how many
  /block N|hash       show one block, by its height or its hash
  /peers              show who is connected
  /connect host:port  connect to a peer, and again whenever the connection is lost
  /disconnect host:port  end every connection with an address, and dial it no more
  /bans               show the hosts that are banned for what they sent
  /unban IP           take connections from a banned host again
  /branches           show the branches beside the best chain
  /accept-branch hash follow one that is held, however many blocks that takes back
  /status             show the state of the chain and of this node
  /send to n [note]   on a ledger: pay n to an address or a label
  /balance [address]  on a ledger: show what an account owns
  /witnesses          on a ledger: show who says what it saw
  /help               show this
  /quit               stop the node; Ctrl-D and Ctrl-C do the same
  //text              record /text, with one slash";

/// A line, understood.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Typed {
    /// There is nothing in it.
    Nothing,
    /// It is to be recorded.
    Say(String),
    /// Show the last blocks.
    Chain(u32),
    /// Show one block.
    Block(BlockName),
    Peers,
    Witnesses,
    Connect(PeerAddress),
    Disconnect(PeerAddress),
    Bans,
    Unban(IpAddr),
    Branches,
    AcceptBranch(HashName<BlockHash>),
    Status,
    /// Pay somebody.
    Send {
        to: String,
        amount: u64,
        note: Option<String>,
    },
    /// Show what an account owns; that of the wallet where none is named.
    Balance(Option<String>),
    Help,
    Quit,
    /// It is none of these; what to do instead.
    Hint(String),
}

/// Reads a typed line.
pub(crate) fn read(line: &str) -> Typed {
    if line.is_empty() {
        return Typed::Nothing;
    }
    let Some(command) = line.strip_prefix('/') else {
        return Typed::Say(line.to_owned());
    };
    if command.starts_with('/') {
        return Typed::Say(command.to_owned());
    }
    if let Some(rest) =
        command.strip_prefix("send").filter(|rest| rest.is_empty() || rest.starts_with(' '))
    {
        return send(rest);
    }
    let mut words = command.split_whitespace();
    let name = words.next().unwrap_or_default();
    let argument = words.next();
    if words.next().is_some() {
        return Typed::Hint(format!("/{name} takes one word at most; /help lists the commands"));
    }
    let hint = |text: &str| Typed::Hint(text.to_owned());
    match (name, argument) {
        ("chain", None) => Typed::Chain(DEFAULT_CARDS),
        ("chain", Some(count)) => match count.parse() {
            Ok(count @ 1..=MAX_CARDS) => Typed::Chain(count),
            _ => Typed::Hint(format!(
                "/chain takes a number from 1 to {MAX_CARDS}; for all blocks send GET_CHAIN to the \
                 port of this node"
            )),
        },
        ("block", None) => hint("/block needs a height or a hash; write it so: /block 1"),
        ("block", Some(name)) => BlockName::read(name).map_or_else(
            || hint("/block needs a height, as in /block 1, or 8 digits of a hash or more"),
            Typed::Block,
        ),
        ("connect", Some(address)) => match address.parse() {
            Ok(address) => Typed::Connect(address),
            Err(error) => Typed::Hint(error.to_string()),
        },
        ("connect", None) => {
            hint("/connect needs an address; write it so: /connect 127.0.0.1:8080")
        }
        ("disconnect", address) => address.and_then(|address| address.parse().ok()).map_or_else(
            || hint("/disconnect needs an address; write it so: /disconnect 127.0.0.1:8080"),
            Typed::Disconnect,
        ),
        ("unban", host) => host.and_then(|host| host.parse().ok()).map_or_else(
            || hint("/unban needs an IP address; /bans lists those that are banned"),
            Typed::Unban,
        ),
        ("bans", None) => Typed::Bans,
        ("accept-branch", hash) => hash.and_then(|hash| hash.parse().ok()).map_or_else(
            || {
                hint(
                    "/accept-branch needs the hash of a block, or 8 digits of it or more; /branches lists them",
                )
            },
            Typed::AcceptBranch,
        ),
        ("branches", None) => Typed::Branches,
        ("balance", of) => Typed::Balance(of.map(str::to_owned)),
        ("peers", None) => Typed::Peers,
        ("status", None) => Typed::Status,
        ("witnesses", None) => Typed::Witnesses,
        ("help", None) => Typed::Help,
        ("quit", None) => Typed::Quit,
        ("peers" | "bans" | "branches" | "status" | "witnesses" | "help" | "quit", Some(_)) => {
            Typed::Hint(format!("/{name} stands alone; to record the line begin it with //"))
        }
        _ => Typed::Hint(format!(
            "/{name} is not a command; /help lists them, and a line that begins with // is recorded"
        )),
    }
}

fn send(rest: &str) -> Typed {
    let (to, rest) = kusari_input::first_word(rest);
    let (amount, note) = kusari_input::first_word(rest);
    match kusari_input::whole_number(amount) {
        Ok(amount) => {
            let note = Some(note).filter(|note| !note.is_empty()).map(str::to_owned);
            Typed::Send { to: to.to_owned(), amount, note }
        }
        Err(_) => Typed::Hint(String::from(
            "/send needs an address or a label and a whole number; write it so: /send ks1… 5 for lunch",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_data_unless_it_begins_with_one_slash() {
        assert_eq!(read(""), Typed::Nothing);
        for (line, said) in
            [("hi", "hi"), (" /help", " /help"), ("//help", "/help"), ("///", "//"), (" ", " ")]
        {
            assert_eq!(read(line), Typed::Say(said.into()));
        }
    }

    #[test]
    fn commands_are_read_with_their_arguments() {
        let hash = "000009fd818a1c6a6577cfda48a44f72d5c3e7359fe9bf808b959e4b56a06f13";
        for (line, typed) in [
            ("/chain", Typed::Chain(10)),
            ("/chain 3 ", Typed::Chain(3)),
            ("/block 0", Typed::Block(BlockName::Height(0))),
            ("/block 4294967295", Typed::Block(BlockName::Height(u32::MAX))),
            (&format!("/block {hash}"), Typed::Block(BlockName::Hash(hash.parse().unwrap()))),
            ("/peers", Typed::Peers),
            ("/witnesses", Typed::Witnesses),
            ("/connect [::1]:8080", Typed::Connect("[::1]:8080".parse().unwrap())),
            ("/disconnect 127.0.0.1:8080", Typed::Disconnect("127.0.0.1:8080".parse().unwrap())),
            ("/bans", Typed::Bans),
            ("/unban 192.0.2.7", Typed::Unban("192.0.2.7".parse().unwrap())),
            ("/branches", Typed::Branches),
            (&format!("/accept-branch {hash}"), Typed::AcceptBranch(hash.parse().unwrap())),
            ("/status", Typed::Status),
            ("/help", Typed::Help),
            ("/quit", Typed::Quit),
        ] {
            assert_eq!(read(line), typed, "{line}");
        }
    }

    #[test]
    fn what_is_not_understood_is_answered_with_what_to_do() {
        for (line, words) in [
            ("/", "/ is not a command; /help lists them"),
            ("/home/me", "/home/me is not a command; /help lists them, and a line that begins"),
            ("/Chain", "/Chain is not a command"),
            ("/chain 0", "from 1 to 1000"),
            ("/chain -1", "from 1 to 1000"),
            ("/chain 1001", "from 1 to 1000"),
            ("/chain 1 2", "/chain takes one word at most"),
            ("/block", "/block needs a height or a hash"),
            ("/block 1,5", "/block needs a height"),
            ("/block 00ff", "/block needs a height"),
            ("/connect", "/connect needs an address"),
            ("/connect 8080", "write `host:port`"),
            ("/disconnect 8080", "/disconnect needs an address"),
            ("/unban", "/bans lists those"),
            ("/accept-branch", "/accept-branch needs the hash of a block"),
            ("/accept-branch 00ff", "/branches lists them"),
            ("/branches all", "/branches stands alone"),
            ("/quit now", "/quit stands alone"),
        ] {
            match read(line) {
                Typed::Hint(hint) => assert!(hint.contains(words), "{line}: {hint}"),
                other => panic!("{line}: {other:?}"),
            }
        }
    }
}
