//! Maxima of affine forms, and the atoms that they are made of.

use std::cmp::Ordering;

use num_traits::{One, Signed, Zero};

use super::builder::{Builder, Stop};
use super::linear::{Bounds, Linear, Sum, scaled_bounds};
use crate::algebra::{Monomial, Rational, Scalar};
#[cfg(debug_assertions)]
use crate::fault;
use crate::layer::Weights;

impl<C: Weights> Builder<'_, C> {
    /// max(forms) as a form, and the atom it needs, if one argument does not always win.
    pub fn maximum(&mut self, mut forms: Vec<Linear<C::Value>>) -> Result<(Linear<C::Value>, Option<usize>), Stop> {
        self.spend(forms.iter().map(Linear::cost).sum())?;
        self.flatten(&mut forms)?;
        forms.sort_by(Linear::order);
        #[cfg(debug_assertions)]
        fault::arguments(&mut forms);
        // Of arguments that differ by a constant whose sign is known, the largest.
        forms.dedup_by(|next, kept| {
            let sign = if next.terms == kept.terms { next.minus(kept).constant.sign() } else { None };
            if sign == Some(Ordering::Greater) {
                kept.constant = next.constant.clone();
            }
            sign.is_some()
        });
        self.drop_dominated(&mut forms)?;
        let mut forms = forms.into_iter();
        let Some(first) = forms.next() else { return Ok((Linear::constant(C::Value::zero()), None)) };
        // max(first + m·d₁, …) = first + m·max(0, d₁, …) for a factor m that is nowhere negative.
        let differences: Vec<Linear<C::Value>> = forms.map(|f| f.minus(&first)).collect();
        let factor = self.nonnegative_factor(&differences);
        let mut arguments: Vec<Linear<C::Value>> = differences.iter().map(|d| d.map(|c| c.over(&factor))).collect();
        arguments.push(Linear::constant(C::Value::zero()));
        arguments.sort_by(Linear::order);
        let base = arguments.remove(0);
        let arguments: Vec<Linear<C::Value>> = arguments.into_iter().map(|a| a.minus(&base)).collect();
        let factor = C::Value::from_monomial(factor);
        let mut sum = Sum::default();
        sum.add(&first, &C::Value::one());
        sum.add(&base, &factor);
        let Some(scale) = arguments.first().map(Linear::lead) else { return Ok((sum.finish(), None)) };
        let inverse = scale.recip();
        let atom = self.atom(arguments.iter().map(|d| d.map(|c| c.scaled(&inverse))).collect());
        #[cfg(debug_assertions)]
        let scale = if fault::has(fault::Fault::LostScale) { Rational::one() } else { scale };
        sum.add(&Linear::variable(self.inputs + atom), &factor.scaled(&scale));
        Ok((sum.finish(), Some(atom)))
    }

    /// The largest monomial that divides all coefficients and is nowhere negative; 1 for checkers.
    fn nonnegative_factor(&self, forms: &[Linear<C::Value>]) -> Monomial {
        if self.stepwise {
            return Monomial::default();
        }
        let factors = forms.iter().flat_map(Linear::coefficients).filter_map(Scalar::monomial_factor);
        let common = factors.reduce(|common, next| common.common(&next)).unwrap_or_default();
        common.nonnegative_part(&self.nonnegative)
    }

    /// Whether a factor is certainly not negative; for checkers, only a number is.
    fn may_unfold(&self, scale: &C::Value) -> bool {
        match self.stepwise {
            true => scale.as_number().is_some_and(|number| number.is_positive()),
            false => scale.is_nonnegative(&self.nonnegative),
        }
    }

    /// max(g + s·max(0, l, …), …) = max(g, g + s·l, …, …) for s > 0, as long as it stays small.
    fn flatten(&mut self, forms: &mut Vec<Linear<C::Value>>) -> Result<(), Stop> {
        /// Past this a maximum of maxima keeps its inner atoms.
        const ARGUMENTS: usize = 64;
        let mut at = 0;
        while at < forms.len() {
            let mut atoms = forms[at].terms.iter().filter(|(v, _)| *v >= self.inputs);
            let inner = match (atoms.next(), atoms.next()) {
                (Some((variable, scale)), None) if self.may_unfold(scale) => Some((*variable, scale.clone())),
                _ => None,
            };
            let arguments = inner.as_ref().map_or(&[][..], |(variable, _)| &self.atoms[variable - self.inputs]);
            let Some((variable, scale)) =
                inner.as_ref().filter(|_| !arguments.is_empty() && forms.len() + arguments.len() <= ARGUMENTS)
            else {
                at += 1;
                continue;
            };
            let mut base = forms[at].clone();
            base.terms.retain(|(v, _)| v != variable);
            let mut unfolded = vec![base.clone()];
            for argument in arguments {
                let mut sum = Sum::default();
                sum.add(&base, &C::Value::one());
                sum.add(argument, scale);
                unfolded.push(sum.finish());
            }
            self.spend(unfolded.iter().map(Linear::cost).sum())?;
            // Windows overlap: an argument that is there already is not needed twice.
            unfolded.retain(|form| !forms.contains(form));
            forms.splice(at..=at, unfolded);
        }
        Ok(())
    }

    /// Drops arguments that another argument is never below, by exact bounds.
    fn drop_dominated(&mut self, forms: &mut Vec<Linear<C::Value>>) -> Result<(), Stop> {
        let bounds: Vec<Bounds> = forms.iter().map(|f| self.bound(f)).collect();
        if let Some(best) = bounds.iter().filter_map(|b| b.0.clone()).max() {
            let winner = bounds.iter().position(|b| b.0.as_ref() == Some(&best));
            let mut index = 0;
            forms.retain(|_| {
                let keep = Some(index) == winner || bounds[index].1.as_ref().is_none_or(|high| *high > best);
                index += 1;
                keep
            });
        }
        /// Pairs of larger sets are not compared: the work would grow with the square.
        const PAIRWISE: usize = 16;
        if forms.len() > PAIRWISE {
            return Ok(());
        }
        let mut at = 0;
        while at < forms.len() {
            self.spend(forms.iter().map(Linear::cost).sum::<usize>() + forms.len() * forms[at].cost())?;
            let beats =
                |other: &Linear<C::Value>| self.bound(&other.minus(&forms[at])).0.is_some_and(|low| !low.is_negative());
            if (0..forms.len()).any(|other| other != at && beats(&forms[other])) {
                forms.remove(at);
            } else {
                at += 1;
            }
        }
        self.drop_between(forms)
    }

    /// Drops arguments on the segment between two others: a + t·(b − a) ≤ max(a, b) for 0 ≤ t ≤ 1.
    /// The arguments are in order, so a and b stand on either side.
    fn drop_between(&mut self, forms: &mut Vec<Linear<C::Value>>) -> Result<(), Stop> {
        let mut at = 1;
        while at + 1 < forms.len() {
            self.spend(at * (forms.len() - at) * forms[at].cost())?;
            let (before, after) = (&forms[..at], &forms[at + 1..]);
            let between = |a: &Linear<C::Value>, b: &Linear<C::Value>| {
                let (part, whole) = (forms[at].minus(a), b.minus(a));
                let ratio = part.lead() / whole.lead();
                ratio < Rational::one() && part == whole.map(|c| c.scaled(&ratio))
            };
            if before.iter().any(|a| after.iter().any(|b| between(a, b))) {
                forms.remove(at);
            } else {
                at += 1;
            }
        }
        Ok(())
    }

    pub fn bound(&self, form: &Linear<C::Value>) -> Bounds {
        let (mut low, mut high) = match form.constant.enclose() {
            Some((low, high)) => (Some(low), Some(high)),
            None => (None, None),
        };
        for (variable, coefficient) in &form.terms {
            let (below, above) = scaled_bounds(coefficient, &self.bounds[*variable]);
            low = low.zip(below).map(|(sum, b)| sum + b);
            high = high.zip(above).map(|(sum, b)| sum + b);
        }
        (low, high)
    }

    fn atom(&mut self, arguments: Vec<Linear<C::Value>>) -> usize {
        #[cfg(debug_assertions)]
        if fault::has(fault::Fault::SharedAtom) && !self.atoms.is_empty() {
            return 0;
        }
        if let Some(&atom) = self.names.get(&arguments) {
            return atom;
        }
        let bounds: Vec<Bounds> = arguments.iter().map(|a| self.bound(a)).collect();
        let zero = Rational::zero();
        let low = bounds.iter().filter_map(|b| b.0.clone()).fold(zero.clone(), Rational::max);
        let high = bounds.iter().map(|b| b.1.clone()).try_fold(zero, |max, high| Some(max.max(high?)));
        let atom = self.atoms.len();
        self.bounds.push((Some(low), high));
        self.names.insert(arguments.clone(), atom);
        self.atoms.push(arguments);
        atom
    }
}
