//! What a disk keeps of predecessors.

use std::cell::{Ref, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use kusari_chain::ledger::{BodyEntry, PublicKey};
use kusari_node::store::PredecessorWrite;

type Rows = BTreeMap<(PublicKey, u64), BodyEntry>;

#[derive(Clone, Default)]
pub struct Predecessors(Rc<RefCell<Rows>>);

impl Predecessors {
    pub fn apply(&self, writes: &[PredecessorWrite]) {
        let mut rows = self.0.borrow_mut();
        for write in writes {
            match write {
                PredecessorWrite::Insert(entry) => {
                    let place = (entry.transaction.sender, entry.transaction.sequence);
                    rows.insert(place, entry.clone());
                }
                PredecessorWrite::Remove { sender, sequence } => {
                    assert!(rows.remove(&(*sender, *sequence)).is_some(), "it was not there");
                }
            }
        }
    }

    pub fn rows(&self) -> Ref<'_, Rows> {
        self.0.borrow()
    }

    pub fn copy(&self) -> Self {
        Self(Rc::new(RefCell::new(self.rows().clone())))
    }
}
