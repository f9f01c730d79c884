//! Maxima: steps that keep their values on the domain.

use num_traits::{One, Signed, Zero};

use super::{Bounds, Form, Forms, MAX, MOST, as_number, ascending, lead, minus, one, scaled, sum, variable};
use crate::Rejection;
use crate::layer::wrong;
use crate::number::{Monomial, Poly, Rat, Symbol, shared};

impl Forms<'_> {
    /// max(forms): equal to it everywhere on the domain.
    pub fn maximum(&mut self, mut forms: Vec<Form>) -> Result<Form, Rejection> {
        // Sorting takes as many comparisons.
        self.spend(&forms, 2 + 4 * forms.len().max(1).ilog2() as usize)?;
        if let ([f, g], true) = (&forms[..], self.turned)
            && let Some(lower) = self.falling(f, g)
        {
            // max(f, g) = g + max(f − g, 0), where the atom that g subtracts can be opened.
            let rest = forms.iter().map(|form| minus(form, lower)).collect();
            let (lower, more) = (lower.clone(), self.maximum(rest)?);
            return Ok(sum([(&lower, one()), (&more, one())]));
        }
        if forms.len() > 1 {
            self.flatten(&mut forms)?;
            // Of forms that are equal, or differ by a number, the largest.
            ascending(&mut forms);
            forms.dedup_by(|next, kept| match as_number(&minus(next, kept)) {
                Some(gap) => {
                    if gap.is_positive() {
                        kept.clone_from(next);
                    }
                    true
                }
                None => false,
            });
            self.drop_below(&mut forms)?;
            self.drop_between(&mut forms)?;
        }
        let Some(first) = forms.first().cloned() else { return Ok(Vec::new()) };
        // max(f, …) = f + m·max(0, (… − f)/m) for a monomial m ≥ 0 that divides all differences.
        let mut rest: Vec<Form> = forms[1..].iter().map(|form| minus(form, &first)).collect();
        let factor = self.nonnegative_factor(&rest);
        rest.iter_mut().flatten().for_each(|(_, c)| *c = c.over(&factor));
        rest.push(Vec::new());
        ascending(&mut rest);
        // max(g, …) = g + max(0, … − g), and max(0, s·l, …) = s·max(0, l, …) for s > 0.
        let base = rest.remove(0);
        let differences: Vec<Form> = rest.iter().map(|form| minus(form, &base)).collect();
        let Some(scale) = differences.first().map(lead) else { return Ok(first) };
        if !scale.is_positive() {
            return wrong("normal form: the arguments of a maximum are not in order");
        }
        let arguments: Vec<Form> = differences.iter().map(|form| scaled(form, &scale.recip())).collect();
        let bounds: Vec<Bounds> = arguments.iter().map(|form| self.bound(form)).collect();
        let low = bounds.iter().filter_map(|b| b.0.clone()).fold(Rat::zero(), Rat::max);
        let high = bounds.into_iter().try_fold(Rat::zero(), |most, b| Some(most.max(b.1?)));
        let atom = self.name((MAX, arguments), (Some(low), high));
        let factor = Poly(vec![(factor, Rat::one())]);
        Ok(sum([(&first, one()), (&base, factor.clone()), (&scaled(&variable(atom), &scale), factor)]))
    }

    /// The variable that stands for max{0, arguments}, if there is one.
    pub fn named(&self, arguments: &[Form]) -> Option<usize> {
        self.names.get(&(MAX, arguments.to_vec())).copied()
    }

    /// That one of two forms, where the other one has no atoms, with one atom, whose factor is nowhere positive.
    fn falling<'f>(&self, f: &'f Form, g: &'f Form) -> Option<&'f Form> {
        let mut inner = [f, g].into_iter().flat_map(|form| form.iter().map(move |term| (form, term)));
        let mut inner = inner.by_ref().filter(|(_, (variable, _))| *variable > self.inputs);
        let (form, (_, factor)) = inner.next()?;
        let falls = factor.times(&Poly::number(-Rat::one())).is_nonnegative(self.nonnegative);
        (falls && inner.next().is_none()).then_some(form)
    }

    /// g + s·max{0, l, …} with s ≥ 0 among the arguments of a maximum is g and g + s·l, … instead.
    pub(super) fn flatten(&mut self, forms: &mut Vec<Form>) -> Result<(), Rejection> {
        let mut at = 0;
        while at < forms.len() {
            let opened = self.opened(&forms[at]).filter(|opened| forms.len() + opened.len() <= MOST);
            match opened {
                None => at += 1,
                Some(mut opened) => {
                    self.spend(&opened, 1)?;
                    opened.retain(|form| !forms.contains(form));
                    forms.splice(at..=at, opened);
                }
            }
        }
        Ok(())
    }

    /// g, g + s·l, … for a form g + s·max{0, l, …} with s ≥ 0, where it is the only atom, or `turned` and one of them
    /// is a number.
    fn opened(&self, form: &Form) -> Option<Vec<Form>> {
        let ((variable, scale), base) = form.split_last().filter(|((variable, _), _)| *variable > self.inputs)?;
        let (how, arguments) = &self.atoms[variable - self.inputs - 1];
        if *how != MAX || !scale.is_nonnegative(self.nonnegative) {
            return None;
        }
        let base = base.to_vec();
        let open = arguments.iter().map(|l| sum([(&base, one()), (l, scale.clone())]));
        let opened: Vec<Form> = std::iter::once(base.clone()).chain(open).collect();
        let only = base.iter().all(|(variable, _)| *variable <= self.inputs);
        (only || self.turned && opened.iter().any(|form| as_number(form).is_some())).then_some(opened)
    }

    /// Drops forms that are nowhere above another one, by bounds of the difference; of many, above the one
    /// with the greatest lower bound.
    pub(super) fn drop_below(&self, forms: &mut Vec<Form>) -> Result<(), Rejection> {
        const FEW: usize = 16;
        let low = |form: &Form| self.bound(form).0;
        let best = forms.iter().max_by_key(|form| low(form)).cloned();
        let beats = |a: &Form, b: &Form| a != b && low(&minus(a, b)).is_some_and(|low| !low.is_negative());
        self.spend(forms, 1)?;
        forms.retain(|form| !best.as_ref().is_some_and(|best| beats(best, form)));
        let mut at = 0;
        while forms.len() <= FEW && at < forms.len() {
            self.spend(forms, 1)?;
            match forms.iter().any(|other| beats(other, &forms[at])) {
                true => _ = forms.remove(at),
                false => at += 1,
            }
        }
        Ok(())
    }

    /// Drops forms a + t·(b − a), 0 ≤ t ≤ 1, of two others: they are at most max(a, b).
    pub(super) fn drop_between(&self, forms: &mut Vec<Form>) -> Result<(), Rejection> {
        let mut at = 1;
        while at + 1 < forms.len() && forms.len() <= MOST {
            self.spend(forms, forms.len())?;
            let between = |a: &Form, b: &Form| {
                let (part, whole) = (minus(&forms[at], a), minus(b, a));
                let ratio = if lead(&whole).is_zero() { -Rat::one() } else { lead(&part) / lead(&whole) };
                !ratio.is_negative() && ratio <= Rat::one() && part == scaled(&whole, &ratio)
            };
            let (before, after) = (&forms[..at], &forms[at + 1..]);
            match before.iter().any(|a| after.iter().any(|b| between(a, b))) {
                true => _ = forms.remove(at),
                false => at += 1,
            }
        }
        Ok(())
    }

    /// The largest monomial that divides all coefficients and is nowhere negative.
    pub(super) fn nonnegative_factor(&self, forms: &[Form]) -> Monomial {
        let monomials = forms.iter().flatten().flat_map(|(_, c)| &c.0).map(|(m, _)| m.clone());
        let common = monomials.reduce(|a, b| shared(&a, &b, u32::min)).unwrap_or_default();
        let known = |s: Symbol, e: u32| match s {
            Symbol::Free(index) if !self.nonnegative.contains(&index) => e - e % 2,
            _ => e,
        };
        common.into_iter().map(|(s, e)| (s, known(s, e))).filter(|p| p.1 > 0).collect()
    }
}
