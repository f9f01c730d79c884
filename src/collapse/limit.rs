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

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use super::*;
    use crate::algebra::Integer;
    use crate::collapse::{ENTRY_BYTES, MapRow, Plan, Region};
    use crate::diagnostic::Source;
    use crate::network::{Network, NoImports, check};

    fn network() -> Network {
        let text = "network f(x: 2x9x8) { conv(random(3x2x3x3, seed=1), pad=1); conv(random(2x3x3x3, seed=2), pad=1) }";
        let source = Source { name: "test.net".into(), text: text.into() };
        check(source, &NoImports, 1 << 30).expect("right").networks.remove(0)
    }

    #[test]
    fn a_matrix_is_refused_by_what_it_takes() {
        let network = network();
        let region = Region::<Integer>::whole(&network).expect("affine");
        let map = region.collapse(1 << 30).expect("small");
        let stored = map.matrix.nonzeros() as u64 * ENTRY_BYTES;
        assert!(region.collapse(8 * stored).is_ok());
        for limit in [0, 1000, stored / 10, stored] {
            let Err(refusal @ LimitReached::Memory { needed, .. }) = region.collapse(limit) else { panic!("{limit}") };
            assert!(needed > limit, "{refusal}");
            assert!(refusal.remedy().contains("--memory"));
        }
    }

    #[test]
    fn work_is_refused_by_what_it_takes() {
        let network = network();
        let region = Region::<Integer>::whole(&network).expect("affine");
        let rows = region.rows() as u64;
        for limit in [rows, 50 * rows] {
            let found = region.collapse_within(1 << 30, limit);
            let Err(refusal @ LimitReached::Work { needed, .. }) = found else { panic!("{limit}") };
            assert!(needed > limit, "{refusal}");
            assert!(refusal.remedy().contains("--budget"));
        }
        assert!(region.collapse_within(1 << 30, 10_000 * rows).is_ok());
    }

    /// Pieces of rows, and what is needed once, are within the memory; or one row is refused.
    #[test]
    fn pieces_fit() {
        let network = network();
        let region = Region::<Integer>::whole(&network).expect("affine");
        let plan = Plan::new(&region).expect("short numbers");
        let values: usize = network.nodes.iter().map(|node| node.shape.elements()).sum();
        let once = values as u64 * ENTRY_BYTES * rayon::current_num_threads() as u64;
        let mut pieces = Vec::new();
        for memory in (0..40).map(|n| once / 2 + n * once / 20) {
            let mut longest = 0;
            let result = region.stream_by_adjoints(&plan, 0..region.rows(), memory, &mut |rows: Vec<MapRow>| {
                longest = longest.max(rows.len());
                let entries: usize = rows.iter().map(|row| row.entries.len()).sum();
                assert!(entries as u64 * ENTRY_BYTES + once <= memory, "{} rows in {memory}", rows.len());
                ControlFlow::<()>::Continue(())
            });
            match result {
                Ok(_) => pieces.push(longest),
                Err(LimitReached::Memory { rows: 1, needed, limit, .. }) => {
                    assert!(limit == memory && needed > limit && pieces.is_empty());
                }
                Err(other) => panic!("{other}"),
            }
        }
        assert!(pieces.is_sorted() && pieces.len() > 20 && pieces[0] < *pieces.last().expect("some"), "{pieces:?}");
    }
}
