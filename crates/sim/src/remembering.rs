//! What a machine remembers beside its witness key, apart from its store, and how both get lost.
//!
//! Owns the file beside the key, written in the order in which the node asked, with a crash before each
//! write, after it, and before the node learns of it; and the disks that are emptied, or come back from
//! an old copy, while a machine is down.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use kusari_chain::ledger::{UnsignedStatement, WitnessStatement};
use kusari_node::interface::Input;
use kusari_node::{LastStatement, WitnessMemory};

use crate::disk::Disk;
use crate::world::{MILLISECOND, World};

/// What a node asked to be written beside the key.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Memo {
    Sign(UnsignedStatement),
    Remember(WitnessMemory),
}

/// What becomes of the store of a machine that crashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreLoss {
    /// The store is moved away.
    Emptied,
    /// It is replaced by the copy that was made last.
    FromCopy,
}

/// What a machine loses when it crashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loss {
    /// What becomes of its store.
    pub store: StoreLoss,
    /// Whether the file beside the witness key goes as well.
    pub memory: bool,
}

/// The file beside the key of one machine, and what became of it.
#[derive(Default)]
pub(crate) struct Remembered {
    memory: WitnessMemory,
    waiting: VecDeque<Memo>,
    busy: bool,
    /// Every statement that was signed and remembered, in any life, by sequence.
    signed: BTreeMap<u64, WitnessStatement>,
    /// The sequences of those that left the machine.
    sent: BTreeSet<u64>,
    /// What the next crash takes with it.
    pub(crate) loses: Option<Loss>,
    /// Whether each crash may take the store with it.
    pub(crate) is_careless: bool,
    /// Whether such a crash takes the memory as well.
    pub(crate) forgets: bool,
    /// The last copy of the store.
    copy: Option<Disk>,
}

impl Remembered {
    /// The file of a key that was made just now.
    pub(crate) fn made() -> Self {
        Self { memory: WitnessMemory::Nothing, ..Self::default() }
    }

    pub(crate) fn memory(&self) -> WitnessMemory {
        self.memory
    }

    /// Whether the key says nothing any more.
    pub(crate) fn is_silent(&self) -> bool {
        self.memory == WitnessMemory::Lost
    }

    /// Whether the statement with this sequence left the machine before.
    pub(crate) fn was_sent(&self, sequence: u64) -> bool {
        self.sent.contains(&sequence)
    }

    /// The machine stops: what was not written is not written.
    pub(crate) fn stop(&mut self) {
        self.waiting.clear();
        self.busy = false;
    }
}

impl World {
    /// The driver's part: remembers and signs, one after another.
    pub(crate) fn begin_memo(&mut self, host: usize, memo: Memo) {
        if let Some(kusari) = self.kusari_mut(host) {
            kusari.remembered.waiting.push_back(memo);
        }
        self.run_memos(host);
    }

    fn run_memos(&mut self, host: usize) {
        let delay = self.random.below(50 * MILLISECOND);
        let Some(kusari) = self.kusari_mut(host) else { return };
        if kusari.remembered.busy || kusari.remembered.waiting.is_empty() {
            return;
        }
        kusari.remembered.busy = true;
        let life = kusari.life;
        self.plan(self.now + delay, move |world| world.memo_done(host, life));
    }

    /// The file is written; then the node is told.
    pub(crate) fn memo_done(&mut self, host: usize, life: u32) {
        if self.kusari(host).is_none_or(|kusari| kusari.life != life) || self.write_point(host) {
            return;
        }
        let Some(memo) = self.kusari_mut(host).and_then(|kusari| {
            kusari.remembered.busy = false;
            kusari.remembered.waiting.pop_front()
        }) else {
            return;
        };
        let answer = match memo {
            Memo::Sign(statement) => match self.sign_and_remember(host, statement) {
                Some(signed) => Input::StatementSigned(signed),
                None => return,
            },
            Memo::Remember(memory) => {
                self.set(host, |kusari| {
                    kusari.remembered.memory = kusari.remembered.memory.raised(memory)
                });
                Input::WitnessRemembered(memory)
            }
        };
        if self.write_point(host) {
            return;
        }
        self.input(host, answer);
        self.run_memos(host);
    }

    fn sign_and_remember(
        &mut self,
        host: usize,
        statement: UnsignedStatement,
    ) -> Option<WitnessStatement> {
        let signed = self.signed_by(host, statement)?;
        let remembered = &mut self.kusari_mut(host)?.remembered;
        let sequence = statement.sequence;
        if !remembered.memory.may_sign(&statement) || remembered.signed.contains_key(&sequence) {
            self.fail(format!("node {host} has a used sequence signed: {sequence}"));
            return None;
        }
        let last = WitnessMemory::Last(LastStatement::from(&signed));
        remembered.memory = remembered.memory.raised(last);
        remembered.signed.insert(sequence, signed);
        Some(signed)
    }

    /// No statement of its own leaves a node but one that was signed and remembered.
    pub(crate) fn check_statement_is_remembered(
        &mut self,
        host: usize,
        statement: &WitnessStatement,
    ) {
        let Some(kusari) = self.kusari_mut(host) else { return };
        let sequence = statement.sequence;
        kusari.remembered.sent.insert(sequence);
        if kusari.remembered.signed.get(&sequence) != Some(statement) {
            self.fail(format!("node {host} sends its statement {sequence}, which it forgot"));
        }
    }

    /// A user copies the store of a machine.
    pub(crate) fn copy_store(&mut self, host: usize) {
        self.set(host, |kusari| kusari.remembered.copy = Some(kusari.disk.copied()));
    }

    /// A machine crashed, and may have lost what it had on its disk.
    pub(crate) fn lose_store(&mut self, host: usize) {
        let is_careless = self.kusari_mut(host).is_some_and(|kusari| kusari.remembered.is_careless);
        // Drawn where it counts alone, so that other scenarios keep their seeds.
        let draw = if is_careless { self.random.below(4) } else { 0 };
        let Some(kusari) = self.kusari_mut(host) else { return };
        let memory = kusari.remembered.forgets;
        let drawn = match draw {
            1 => Some(Loss { store: StoreLoss::Emptied, memory }),
            2 => Some(Loss { store: StoreLoss::FromCopy, memory }),
            _ => None,
        };
        let Some(loss) = kusari.remembered.loses.take().or(drawn) else { return };
        let copy = kusari.remembered.copy.as_ref().filter(|_| loss.store == StoreLoss::FromCopy);
        kusari.disk = copy.map(Disk::copied).unwrap_or_default();
        if loss.memory {
            kusari.remembered.memory = WitnessMemory::Lost;
        }
        // Its own blocks are those of others now.
        kusari.forget_own_blocks();
        self.counts.lost_stores += 1;
        self.trace.note(self.now, host, format_args!("its store is lost: {loss:?}"));
    }
}
