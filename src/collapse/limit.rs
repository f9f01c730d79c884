//! Limits that are stated, and refused with.

use crate::algebra::MAX_BITS;
use crate::diagnostic::size;

/// A stated limit that a computation would exceed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LimitReached {
    /// A matrix is larger than the memory allowed.
    #[error("the {rows}×{columns} matrix needs about {needed}, above the limit of {limit}", needed = size(*.needed), limit = size(*.limit))]
    Memory {
        /// The rows of the matrix.
        rows: usize,
        /// The columns of the matrix.
        columns: usize,
        /// The bytes it is estimated to need.
        needed: u64,
        /// The bytes allowed.
        limit: u64,
    },
    /// Numbers would be longer than [`MAX_BITS`].
    #[error("the numbers of the one matrix may have {bits} bits, above the limit of {MAX_BITS} bits")]
    Bits {
        /// An upper bound on the bits of an entry.
        bits: u64,
    },
    /// The rows would take too long.
    #[error("its {rows} rows take about {needed} multiply-adds, above the limit of {limit}")]
    Work {
        /// The rows of the matrix.
        rows: usize,
        /// The multiply-adds that they are estimated to need.
        needed: u64,
        /// The multiply-adds allowed.
        limit: u64,
    },
    /// Polynomials would have too many terms.
    #[error("the polynomials of the one matrix may have {} terms in all, above the limit of {limit}", many(*terms))]
    Terms {
        /// An estimate of the terms of all entries.
        terms: u64,
        /// The terms allowed.
        limit: u64,
    },
}

/// A number that stops at the largest that is counted to.
fn many(terms: u64) -> String {
    if terms == u64::MAX { "more than 2^64".into() } else { terms.to_string() }
}

impl LimitReached {
    /// What the user may say to raise the limit.
    pub fn remedy(&self) -> &'static str {
        match self {
            LimitReached::Memory { .. } => "more memory (`--memory`)",
            LimitReached::Work { .. } => "more work (`--budget`)",
            LimitReached::Bits { .. } => "weights with fewer digits",
            LimitReached::Terms { .. } => "smaller shapes",
        }
    }
}
