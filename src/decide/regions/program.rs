//! A piecewise-linear network as forms over its inputs and over maxima.

use num_traits::Zero;

use crate::algebra::Rational;

/// An affine form over variables: inputs by flat index, then atoms.
pub use crate::decide::normal_form::Linear;

/// A piecewise-linear function: every output is an affine form over inputs and atoms, and an atom is
/// the maximum of affine forms over inputs and earlier atoms.
///
/// Variable v < `bounds.len()` is input entry v; variable `bounds.len()` + a is atom a.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// The closed interval of each input entry; `None` is all of ℚ. An entry whose interval is one
    /// point occurs in no form.
    pub bounds: Vec<Option<(Rational, Rational)>>,
    /// The arguments of each atom's maximum, two or more.
    pub atoms: Vec<Vec<Linear>>,
    /// The outputs.
    pub outputs: Vec<Linear>,
}

impl Program {
    /// The number of input entries.
    pub fn inputs(&self) -> usize {
        self.bounds.len()
    }

    /// The atom that a variable is.
    pub fn atom(&self, variable: usize) -> Option<usize> {
        variable.checked_sub(self.inputs())
    }

    /// The functions that are ≥ 0 on the domain: for each bounded entry with room, x − low and high − x.
    pub fn domain(&self) -> Vec<Linear> {
        let minus = Rational::from_integer((-1).into());
        let sides = |(v, bound): (usize, &Option<(Rational, Rational)>)| {
            let (low, high) = bound.as_ref().filter(|(low, high)| low < high)?;
            let above = Linear { constant: -low, ..Linear::variable(v) };
            Some([above, Linear { terms: vec![(v, minus.clone())], constant: high.clone() }])
        };
        self.bounds.iter().enumerate().filter_map(sides).flatten().collect()
    }

    /// A form with the values of atoms put in, where they are known; `known[a]` is over inputs only.
    pub fn substitute<'k>(&self, form: &Linear, known: &dyn Fn(usize) -> Option<&'k Linear>) -> Linear {
        if form.terms.iter().all(|(v, _)| self.atom(*v).and_then(known).is_none()) {
            return form.clone();
        }
        let mut sum = super::Sum::constant(form.constant.clone());
        for (variable, coefficient) in &form.terms {
            match self.atom(*variable).and_then(known) {
                Some(value) => sum.add(value, coefficient),
                None => sum.add(&Linear::variable(*variable), coefficient),
            }
        }
        sum.finish()
    }

    /// The first atom that forms depend on, through the arguments of atoms that are not known; adds the number of
    /// terms that were looked at to `terms`.
    pub fn first_unknown<'f>(
        &self,
        forms: impl IntoIterator<Item = &'f Linear>,
        is_known: &dyn Fn(usize) -> bool,
        terms: &mut u64,
    ) -> Option<usize> {
        let mut seen = vec![false; self.atoms.len()];
        let mut unknown = |form: &Linear, open: &mut Vec<usize>, seen: &mut Vec<bool>| {
            *terms += form.terms.len() as u64;
            for atom in form.terms.iter().filter_map(|(v, _)| self.atom(*v)) {
                if !is_known(atom) && !seen[atom] {
                    seen[atom] = true;
                    open.push(atom);
                }
            }
        };
        let mut open = Vec::new();
        forms.into_iter().for_each(|form| unknown(form, &mut open, &mut seen));
        while let Some(atom) = open.pop() {
            self.atoms[atom].iter().for_each(|argument| unknown(argument, &mut open, &mut seen));
        }
        seen.iter().position(|&seen| seen)
    }

    /// The values of the outputs at a point of the inputs.
    pub fn evaluate(&self, point: &[Rational]) -> Vec<Rational> {
        let mut values = point.to_vec();
        for arguments in &self.atoms {
            let best = arguments.iter().map(|form| value(form, &values)).max();
            values.push(best.unwrap_or_else(Rational::zero));
        }
        self.outputs.iter().map(|form| value(form, &values)).collect()
    }
}

/// A form's value, given those of its variables.
pub fn value(form: &Linear, values: &[Rational]) -> Rational {
    form.terms.iter().map(|(v, c)| c * &values[*v]).sum::<Rational>() + &form.constant
}
