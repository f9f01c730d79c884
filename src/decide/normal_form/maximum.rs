//! Maxima of affine forms, and the atoms that they are made of.

use num_traits::{One, Signed, Zero};

use super::builder::{Builder, Stop};
use super::linear::{Bounds, Linear, Sum};
use crate::algebra::Rational;

impl Builder<'_> {
    /// max(forms) as a form, and the atom it needs, if one argument does not always win.
    pub fn maximum(&mut self, mut forms: Vec<Linear>) -> Result<(Linear, Option<usize>), Stop> {
        self.spend(forms.iter().map(Linear::cost).sum())?;
        self.flatten(&mut forms)?;
        // Of arguments that differ by a constant, the largest.
        forms.sort_by(|a, b| a.terms.cmp(&b.terms).then_with(|| b.constant.cmp(&a.constant)));
        forms.dedup_by(|next, kept| next.terms == kept.terms);
        self.drop_dominated(&mut forms)?;
        forms.sort_by(Linear::order);
        let mut forms = forms.into_iter();
        let Some(base) = forms.next() else { return Ok((Linear::default(), None)) };
        let differences: Vec<Linear> = forms.map(|f| f.minus(&base)).collect();
        let Some(scale) = differences.first().and_then(|d| d.terms.first()).map(|t| t.1.clone()) else {
            return Ok((base, None));
        };
        let inverse = scale.recip();
        let arguments: Vec<Linear> = differences.iter().map(|d| d.times(&inverse)).collect();
        let atom = self.atom(arguments);
        let mut sum = Sum::default();
        sum.add(&base, &Rational::one());
        sum.add(&self.atom_form(atom), &scale);
        Ok((sum.finish(), Some(atom)))
    }

    /// max(g + s·max(0, l, …), …) = max(g, g + s·l, …, …) for s > 0, as long as it stays small.
    fn flatten(&mut self, forms: &mut Vec<Linear>) -> Result<(), Stop> {
        /// Past this a maximum of maxima keeps its inner atoms.
        const ARGUMENTS: usize = 32;
        let mut at = 0;
        while at < forms.len() {
            let mut atoms = forms[at].terms.iter().filter(|(v, _)| *v >= self.inputs);
            let inner = match (atoms.next(), atoms.next()) {
                (Some((variable, scale)), None) if scale.is_positive() => Some((*variable, scale.clone())),
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
                sum.add(&base, &Rational::one());
                sum.add(argument, scale);
                unfolded.push(sum.finish());
            }
            self.spend(unfolded.iter().map(Linear::cost).sum())?;
            forms.splice(at..=at, unfolded);
        }
        Ok(())
    }

    /// Drops arguments that another argument is never below, by exact bounds.
    fn drop_dominated(&mut self, forms: &mut Vec<Linear>) -> Result<(), Stop> {
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
            let beats = |other: &Linear| self.bound(&other.minus(&forms[at])).0.is_some_and(|low| !low.is_negative());
            if (0..forms.len()).any(|other| other != at && beats(&forms[other])) {
                forms.remove(at);
            } else {
                at += 1;
            }
        }
        Ok(())
    }

    pub fn bound(&self, form: &Linear) -> Bounds {
        let mut low = Some(form.constant.clone());
        let mut high = Some(form.constant.clone());
        for (variable, coefficient) in &form.terms {
            let (below, above) = &self.bounds[*variable];
            let (for_low, for_high) = if coefficient.is_positive() { (below, above) } else { (above, below) };
            low = low.zip(for_low.as_ref()).map(|(sum, b)| sum + coefficient * b);
            high = high.zip(for_high.as_ref()).map(|(sum, b)| sum + coefficient * b);
        }
        (low, high)
    }

    fn atom(&mut self, arguments: Vec<Linear>) -> usize {
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
