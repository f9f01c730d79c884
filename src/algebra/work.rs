//! Budget of computations, without a clock: the same file gets the same answer on every machine.

use std::cell::Cell;

use super::Notes;

/// The standard budget, which some seconds a network are enough for.
pub const STANDARD_REGIONS: u64 = 10_000;

/// What computations may take.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// Bytes that any one matrix may take.
    pub memory: u64,
    /// How many regions of the input space a search may visit; all other work is in proportion.
    pub regions: u64,
    /// What long searches of earlier runs left, and where they leave what they do not end.
    pub notes: Option<&'static Notes>,
}

impl Budget {
    /// So many bytes and regions.
    pub fn new(memory: u64, regions: u64) -> Budget {
        Budget { memory, regions, notes: None }
    }

    /// A standard amount of work, in proportion to the regions.
    pub fn work(self, standard: u64) -> u64 {
        let work = u128::from(standard) * u128::from(self.regions) / u128::from(STANDARD_REGIONS);
        u64::try_from(work).unwrap_or(u64::MAX).max(1)
    }
}

/// Standard work, and this many bytes.
impl From<u64> for Budget {
    fn from(memory: u64) -> Budget {
        Budget::new(memory, STANDARD_REGIONS)
    }
}

/// Work that is left: multiply-adds of numbers of one machine word, more for longer numbers.
#[derive(Debug)]
pub struct Work {
    left: Cell<u64>,
    exhausted: Cell<bool>,
}

impl Work {
    /// This much.
    pub fn new(amount: u64) -> Work {
        Work { left: Cell::new(amount), exhausted: Cell::new(false) }
    }

    /// For what is computed once, whatever it takes.
    pub fn unlimited() -> Work {
        Work::new(u64::MAX)
    }

    /// Pays for work that is about to be done; `false` if it is more than what is left, and then
    /// nothing is left.
    pub fn pay(&self, amount: u64) -> bool {
        let left = self.left.get().checked_sub(amount);
        self.left.set(left.unwrap_or(0));
        self.exhausted.set(self.exhausted.get() || left.is_none());
        left.is_some()
    }

    /// What is left.
    pub fn left(&self) -> u64 {
        self.left.get()
    }

    /// Whether some work could not be paid for.
    pub fn is_exhausted(&self) -> bool {
        self.exhausted.get()
    }

    /// Sets some of what is left aside.
    pub fn take(&self, amount: u64) -> Work {
        let part = amount.min(self.left.get());
        self.left.set(self.left.get() - part);
        Work::new(part)
    }

    /// Gives back what another purse, made by [`Work::take`], did not spend.
    pub fn give_back(&self, rest: &Work) {
        self.left.set(self.left.get().saturating_add(rest.left.replace(0)));
        self.exhausted.set(self.exhausted.get() || rest.is_exhausted());
    }
}
