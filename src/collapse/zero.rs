//! Whether a map is 0, without the map: what compares two large networks.

use std::ops::ControlFlow;

use num_traits::Zero;

use super::cost::Cost;
use super::residues::Residues;
use super::{LimitReached, MapRow, Plan, Region, STANDARD_WORK};
use crate::algebra::Budget;
use crate::algebra::residue::{Modulus, moduli};

/// Maps that take fewer multiply-adds of integers are sooner computed than asked about.
const LARGE: u64 = 20_000_000;

impl Region<'_> {
    /// Whether computing the map takes long enough to ask about it beforehand.
    pub fn is_large(&self) -> bool {
        Cost::of(self).by_entries.saturating_mul(self.rows() as u64) > LARGE
    }

    /// A row that is not 0, its constant included, with its number; `None` if every row is 0.
    ///
    /// First, random combinations of rows are computed modulo small primes. One that is not 0 shows that
    /// some row is not, and halving the rows again and again finds one, in as many steps as the number
    /// of rows has bits. Only where all combinations are 0 are the rows computed, exactly, as a proof;
    /// piece by piece, so that no more of them than one piece is ever held.
    pub fn nonzero_row(&self, budget: Budget) -> Result<Option<(usize, MapRow)>, LimitReached> {
        let (cost, rows) = (Cost::of(self), self.rows());
        if let Some(row) = self.suspect()? {
            let found = self.first_nonzero(row..row + 1, budget)?;
            if found.is_some() {
                return Ok(found);
            }
        }
        let needed = cost.by_entries.min(cost.by_residues).saturating_mul(rows as u64);
        let limit = budget.work(STANDARD_WORK);
        if needed > limit {
            return Err(LimitReached::Work { rows, needed, limit });
        }
        self.first_nonzero(0..rows, budget)
    }

    /// The first row that is not 0 among some, computed exactly.
    fn first_nonzero(
        &self,
        outputs: std::ops::Range<usize>,
        budget: Budget,
    ) -> Result<Option<(usize, MapRow)>, LimitReached> {
        let mut next = outputs.start;
        let flow = self.stream(outputs, budget.memory, |rows| {
            let count = rows.len();
            let zero = |row: &MapRow| row.entries.is_empty() && row.constant.is_zero();
            match rows.into_iter().enumerate().find(|(_, row)| !zero(row)) {
                Some((n, row)) => ControlFlow::Break((next + n, row)),
                None => {
                    next += count;
                    ControlFlow::Continue(())
                }
            }
        })?;
        Ok(flow.break_value())
    }

    /// A row that some combinations show not to be 0; `None` if all of them vanish.
    fn suspect(&self) -> Result<Option<usize>, LimitReached> {
        let plan = Plan::new(self)?;
        let Some(residues) = Residues::new(&plan) else { return Ok(None) };
        let differs = |modulus: &&Modulus| !residues.combination_vanishes(0..self.rows(), modulus);
        let Some(modulus) = moduli().iter().take(2).find(differs) else { return Ok(None) };
        let (mut first, mut end) = (0, self.rows());
        while end - first > 1 {
            let middle = first + (end - first) / 2;
            // Where chance hides a difference in the first half, there is none in the second: then
            // the row that is found is 0, and the proof goes through all rows.
            match residues.combination_vanishes(first..middle, modulus) {
                true => first = middle,
                false => end = middle,
            }
        }
        Ok(Some(first))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::algebra::Integer;
    use crate::diagnostic::Source;
    use crate::network::{NoImports, check};

    /// A row that random combinations cannot see: 0 modulo every prime that they are computed with.
    #[test]
    fn what_combinations_miss_the_exact_rows_find() {
        let product: Integer = moduli()[..2].iter().map(|m| Integer::from(m.prime())).product();
        for (last, constant, found) in [("0", "0", false), ("P", "0", true), ("0", "P", true), ("1", "0", true)] {
            let text = format!("network f(x: 2) {{ dense([[0, 0], [0, 0], [0, {last}]], [0, 0, {constant}]) }}");
            let source = Source { name: "test.net".into(), text: text.replace('P', &product.to_string()) };
            let network = check(source, &NoImports, 1 << 30).expect("right").networks.remove(0);
            let region = Region::whole(&network).expect("affine");
            let row = region.nonzero_row(Budget::from(1 << 30)).expect("small").map(|(row, _)| row);
            assert_eq!(row, found.then_some(2), "{last} and {constant}");
        }
    }
}
