//! What is being asked to catch up, at one moment.

/// What is being asked now.
#[derive(Default)]
pub(super) struct Survey {
    /// Some request keeps others from being sent.
    pub(super) is_held: bool,
    /// Requests to peers whose last answer led to nothing.
    pub(super) retries: usize,
    /// Blocks a second of the fastest one.
    pub(super) fastest: u32,
}

impl Survey {
    pub(super) fn has_room_for(&self, rate: u32) -> bool {
        !self.is_held || rate > self.fastest
    }
}
