//! What two networks are: equal, within a tolerance, or different.

use num_traits::{One, Signed, Zero};

use super::affine::plainly_affine;
use super::{Checked, Context, Span, apart, domain};
use crate::form::{Forms, minus};
use crate::layer::wrong;
use crate::network::Network;
use crate::number::{Int, Rat};
use crate::rows::Moduli;
use crate::text::{Fields, Json};
use crate::value::{Vector, evaluate};

/// Two networks with inputs and outputs of the same shapes, and the same domains.
pub(super) struct Pair<'c> {
    pub(super) left: &'c Network,
    pub(super) right: &'c Network,
    within: Rat,
    nonnegative: Vec<usize>,
}

impl Context {
    pub(super) fn pair(&self, s: &Fields<'_>) -> Checked<Pair<'_>> {
        let index = |name: &str| s.get(name)?.size();
        let (Some(left), Some(right)) = (self.networks.get(index("left")?), self.networks.get(index("right")?)) else {
            return wrong("there is no such network");
        };
        let within = s.get("within")?.option(Json::rational)?.unwrap_or_default();
        let nonnegative = s.get("nonnegative")?.sizes()?;
        if left.inputs != right.inputs || left.shape(left.output) != right.shape(right.output) {
            return wrong("the two networks have different shapes");
        }
        if left.domains != right.domains {
            return wrong("the two networks have different domains");
        }
        if within.is_negative() || !nonnegative.iter().all(|&s| self.is_free(s)) {
            return wrong("the tolerance is negative, or `nonnegative` are not free symbols");
        }
        Ok(Pair { left, right, within, nonnegative })
    }

    /// `different` by `counterexample`. At a point of the domain, and values of the symbols, the two
    /// outputs differ by more than the tolerance.
    pub(super) fn counterexample(&self, pair: &Pair<'_>, e: &Fields<'_>) -> Checked {
        let (x, output) = (e.get("x")?.rationals()?, e.get("output")?.size()?);
        let values = self.values(e.get("symbols")?, &pair.nonnegative)?;
        if output >= pair.left.rows() {
            return wrong(format!("there is no output {output}"));
        }
        let (f, g) = (self.at(pair.left, &x, &values)?.get(output), self.at(pair.right, &x, &values)?.get(output));
        apart(&(f.0 - g.1, f.1 - g.0), &pair.within)
    }

    /// `equal` by `composition`. Both sides are affine; the rows of their difference are found by
    /// substitution, and all are 0.
    pub(super) fn equal_rows(&self, pair: &Pair<'_>) -> Checked {
        [pair.left, pair.right].into_iter().try_for_each(plainly_affine)?;
        let moduli = Moduli::new(&[pair.left, pair.right], &Rat::zero(), &Int::one())?;
        match moduli.difference(&[(pair.left, 1), (pair.right, -1)], (&[], &Int::one()), &self.work)? {
            None => Ok(()),
            Some((row, _)) => wrong(format!("output {row} of the two sides differs")),
        }
    }

    /// `equal` by `normal_form`. Both outputs are rewritten into forms over the same inputs and atoms; their
    /// difference has no term, or is affine in the inputs and its extremes, at ends of their intervals, are at
    /// most the tolerance.
    pub(super) fn equal_forms(&self, pair: &Pair<'_>) -> Checked {
        let mut forms = Forms::new(pair.left, &pair.nonnegative, &self.work);
        let (left, right) = (forms.of(pair.left)?, forms.of(pair.right)?);
        for (row, (f, g)) in left.iter().zip(&right).enumerate() {
            let difference = minus(f, g);
            let bounds = forms.bound(&difference);
            if !difference.is_empty() && bounds.0.zip(bounds.1).is_none_or(|span| !within(&span, &pair.within)) {
                return wrong(format!("output {row} of the two sides differs by more than {}", pair.within));
            }
        }
        Ok(())
    }

    /// `equal` by `regions`: on every region the difference is 0; or, within a tolerance, what it exceeds it by is.
    pub(super) fn equal_by_regions(&self, pair: &Pair<'_>, e: &Fields<'_>) -> Checked {
        let (program, tree) = self.program(pair.left, Some(pair.right), e)?;
        let program = if pair.within.is_zero() { program } else { program.beyond(&pair.within) };
        program.vanishes(tree, &pair.left.bounds(), "of the two sides differs", &self.work)
    }

    /// `equal` within a tolerance, by `bounds`: bounds of both sides over the whole domain differ by at most that.
    pub(super) fn bounded(&self, pair: &Pair<'_>) -> Checked {
        let Some(bounds) = pair.left.bounds().into_iter().collect::<Option<Vec<_>>>() else {
            return wrong("the domain is not bounded");
        };
        let all = |network| evaluate(network, &Vector::between(&bounds), &|_| None, &self.work);
        let (f, g) = (all(pair.left)?, all(pair.right)?);
        let gap = |row: usize| (f.get(row).0 - g.get(row).1, f.get(row).1 - g.get(row).0);
        match (0..pair.left.rows()).find(|&row| !within(&gap(row), &pair.within)) {
            None => Ok(()),
            Some(row) => wrong(format!("the bounds of output {row} are further apart than the tolerance")),
        }
    }

    pub(super) fn pair_words(&self, pair: &Pair<'_>, equal: bool) -> String {
        let (f, g) = (&pair.left.name, &pair.right.name);
        let within = if pair.within.is_zero() { String::new() } else { format!(", within {}", pair.within) };
        match equal {
            true => {
                format!("`{f}`(x) = `{g}`(x){within} {}", self.everywhere(&[pair.left, pair.right], &pair.nonnegative))
            }
            false => format!("`{f}`(x) ≠ `{g}`(x){within} for some x in {}", domain(pair.left)),
        }
    }
}

/// Whether no number of an interval is further from 0 than this.
fn within(gap: &Span, tolerance: &Rat) -> bool {
    gap.0 >= -tolerance && gap.1 <= *tolerance
}
