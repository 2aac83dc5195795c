//! The simulator's only source of chance: everything that may go one way or another is drawn here,
//! so that a seed names a whole run.

/// A seeded generator.
#[derive(Clone, Debug, Default)]
pub struct Random(kusari_node::Random);

impl Random {
    /// A generator that gives the same numbers for the same seed, always.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(kusari_node::Random::new(seed))
    }

    /// Any number.
    pub fn draw(&mut self) -> u64 {
        self.0.draw()
    }

    /// A number below `limit`; 0 where `limit` is 0.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0.below(limit)
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high.saturating_sub(low).saturating_add(1))
    }

    /// A place in a list of `length` items.
    pub fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.below(length as u64)).unwrap_or(0)
    }

    /// True in so many cases of a hundred.
    pub fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}
