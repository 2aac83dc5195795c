//! Commands: who answers each.

use alloc::string::String;

use kusari_chain::StoreError;
use kusari_chain::block::escaped_bytes;
use kusari_chain::params::MAX_TEXT_BYTES;

use super::Node;
use crate::event::Event;
use crate::limits::MAX_WAITING_SAYS;
use crate::seam::{Action, Command, Now, Reply, RequestId, SayRefusal};

impl Node {
    pub(super) fn command(
        &mut self,
        now: Now,
        request: RequestId,
        command: Command,
    ) -> Result<(), StoreError> {
        match command {
            Command::Submit(written) => return self.submit(now, request, *written),
            Command::Draft(draft) => return self.take_draft(request, draft),
            Command::GetAccount(key) => return self.get_account(request, &key),
            Command::Erase(erasure) => return self.erase(request, erasure),
            Command::GetTransaction(txid) => return self.get_transaction(request, &txid),
            Command::GetPool { after, limit } => self.get_pool(request, after, limit),
            Command::GetBranches => return self.get_branches(request),
            Command::AcceptBranch(hash) => return self.accept_branch(now, request, hash),
            Command::MineOn { seconds } => self.mine_on(now, request, seconds),
            Command::Say(text) => self.say(request, text, MAX_WAITING_SAYS),
            Command::Offer(text) => self.say(request, text, 0),
            Command::Connect(address) => {
                let reply = match self.dials.add(address, now.monotonic) {
                    Some(true) => Reply::Connecting,
                    Some(false) => Reply::AlreadyDialled,
                    None => Reply::TooManyAddresses { limit: self.dials.limit() },
                };
                self.actions.push(Action::Reply(request, reply));
            }
        }
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
            self.then.push(Action::Reply(request, Reply::Saved(id)));
            return;
        } else if self.waiting_says.len() < most_waiting {
            self.waiting_says.push_back((request, text));
            self.actions.push(Action::Notify(Event::OutboxFull { waiting }));
            return;
        } else {
            SayRefusal::OutboxFull { waiting }
        };
        self.actions.push(Action::Reply(request, Reply::Refused(refusal)));
    }
}
