//! Commands: who answers each.

use kusari_chain::StoreResult;
use kusari_chain::block::escaped_bytes;
use kusari_chain::params::MAX_TEXT_BYTES;

use super::Node;
use crate::event::Event;
use crate::interface::{Action, Command, Reply, RequestId, SayRefusal, TooManyAddresses};
use crate::limits::{MAX_LISTED_BRANCHES, MAX_UNDURABLE, MAX_WAITING_SAYS};
use crate::prelude::*;

impl Node {
    pub(super) fn command(&mut self, request: RequestId, command: Command) -> StoreResult {
        let reply = match command {
            Command::Submit(written) => return self.submit(request, *written),
            Command::Draft(draft) => return self.take_draft(request, draft),
            Command::Erase(erasure) => return self.erase(request, erasure),
            Command::GetTransaction(txid) => return self.get_transaction(request, &txid),
            Command::AcceptBranch(hash) => return self.accept_branch(request, hash),
            Command::Say(text) => {
                self.say(request, text, MAX_WAITING_SAYS);
                return Ok(());
            }
            Command::Offer(text) => {
                self.say(request, text, 0);
                return Ok(());
            }
            Command::GetAccount(key) => Reply::Account(self.account(&key)?),
            Command::GetPool { after, limit } => Reply::Pool(self.pool_page(after, limit)),
            Command::GetBranches => {
                Reply::Branches(Box::new(self.chain.branches(MAX_LISTED_BRANCHES)?))
            }
            Command::GetUndurable { above } => {
                let undurable = self.chain.uncommitted_above(above);
                let others = undurable.take_while(|stored| !self.commits.hides(&stored.block.hash));
                Reply::Undurable(others.take(MAX_UNDURABLE).map(Arc::clone).collect())
            }
            Command::MineOn { seconds } => Reply::MinesOn(self.mine_on(seconds)),
            Command::Connect(address) => {
                let limit = self.dials.limit();
                let is_new = self.dials.add(address, self.now);
                Reply::Dialled(is_new.map(|new| !new).ok_or(TooManyAddresses { limit }))
            }
            Command::Disconnect(address) => Reply::Disconnected(self.disconnect(&address)),
            Command::GetBans => Reply::Bans(self.bans.list(self.now)),
            Command::Unban(host) => Reply::Unbanned(self.bans.lift(host, self.now)),
        };
        self.reply(request, reply);
        Ok(())
    }

    /// Takes a line, or lets it wait for room behind fewer than `most_waiting` others.
    pub(super) fn say(&mut self, request: RequestId, text: String, most_waiting: usize) {
        let bytes = escaped_bytes(&text);
        let waiting = self.outbox.waiting();
        let refusal = if self.transactions.is_some() {
            SayRefusal::Unsigned
        } else if text.is_empty() {
            SayRefusal::Empty
        } else if bytes > MAX_TEXT_BYTES {
            SayRefusal::TooLong { bytes, limit: MAX_TEXT_BYTES }
        } else if self.storage.is_full() {
            SayRefusal::StoreFull
        } else if self.outbox.has_room(&text) {
            let (id, write) = self.outbox.insert(text, self.commit_in_progress());
            self.batch.outbox.push(write);
            self.then.push(Action::Reply(request, Reply::Recorded(Ok(id))));
            return;
        } else if self.waiting_says.len() < most_waiting {
            self.waiting_says.push_back((request, text));
            self.notify(Event::OutboxFull { waiting });
            return;
        } else {
            SayRefusal::OutboxFull { waiting }
        };
        self.reply(request, Reply::Recorded(Err(refusal)));
    }
}
