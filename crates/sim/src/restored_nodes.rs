//! Twins: nodes that are made again from the state of another one, and must do what it does.
//!
//! Owns when a twin is made and how the two are compared. Its chance is apart from the world's, so
//! that a seed is the same run with twins and without.

use kusari_node::{Action, Input, Node, Now};

use crate::disk::Disk;
use crate::random::Random;

/// One input in so many, after which a twin is made anew from the state that the node then has.
const INPUTS_TO_A_TWIN: u64 = 25;

/// Nothing where twins are not wanted.
#[derive(Default)]
pub(crate) struct Twins {
    chance: Option<Random>,
    made: u64,
}

impl Twins {
    pub(crate) fn new(seed: u64) -> Self {
        Self { chance: Some(Random::new(seed)), made: 0 }
    }

    /// How many were made.
    pub(crate) fn made(&self) -> u64 {
        self.made
    }

    /// Gives an input to a node and to its twin, if it has one.
    ///
    /// # Errors
    /// How the two differ.
    pub(crate) fn handle(
        &mut self,
        node: &mut Node,
        twin: &mut Option<Node>,
        disk: &Disk,
        now: Now,
        input: Input,
    ) -> Result<Vec<Action>, String> {
        let Some(chance) = &mut self.chance else { return Ok(node.handle(now, input)) };
        let shown = format!("{input:?}");
        let answer = twin.as_mut().map(|twin| twin.handle(now, input.clone()));
        let actions = node.handle(now, input);
        if let Some(answer) = answer {
            let (ours, its) = (format!("{actions:?}"), format!("{answer:?}"));
            if ours != its {
                return Err(format!("on {shown} a node does {ours}, and its twin {its}"));
            }
        }
        if chance.below(INPUTS_TO_A_TWIN) == 0 {
            let state = node.state();
            if twin.as_ref().is_some_and(|twin| twin.state() != state) {
                return Err(format!("after {shown} a node and its twin are in different states"));
            }
            *twin = Some(made_again(&state, disk)?);
            self.made += 1;
        }
        Ok(actions)
    }
}

fn made_again(state: &[u8], disk: &Disk) -> Result<Node, String> {
    let stores = (Box::new(disk.store()), Box::new(disk.store()));
    let twin = Node::restore(state, stores.0, stores.1);
    let twin = twin.map_err(|error| error.to_string())?;
    if twin.state() != state {
        return Err("a state that is read and written is another one".to_string());
    }
    Ok(twin)
}
