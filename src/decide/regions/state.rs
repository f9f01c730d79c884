//! A region under way: what is known on it, and the linear programs that are asked of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use num_traits::Zero;

use super::program::{Linear, Program, value};
use super::tree::{Multipliers, wins};
use crate::algebra::{Inequality, Integer, Interior, Rational, Work, common_denominator, interior};

/// What an operation on one coefficient costs beside a multiply-add in a linear program.
const EACH: u64 = 4;

/// A region with points inside, and what is known on it.
#[derive(Clone)]
pub(super) struct State {
    /// For each atom that is known: its value over inputs.
    pub known: Vec<Option<Arc<Linear>>>,
    /// The outputs, with known atoms put in.
    pub outputs: Vec<Linear>,
    /// The functions that are ≥ 0 on the region.
    pub region: Vec<Arc<Linear>>,
    /// A point inside.
    pub point: Vec<Rational>,
}

/// What is known of one argument of a maximum on a region.
pub(super) enum Chance {
    /// It is the maximum around this point.
    Wins(Vec<Rational>),
    /// It is the maximum around no point.
    Never(Multipliers),
}

/// Pays for an operation on forms.
fn pay<'f>(work: &Work, forms: impl IntoIterator<Item = &'f Linear>) -> Option<()> {
    let cost = forms.into_iter().map(|form| form.cost() as u64).fold(1, u64::saturating_add);
    work.pay(cost.saturating_mul(EACH)).then_some(())
}

impl State {
    /// The whole domain.
    pub fn whole(program: &Program) -> State {
        let middle = |bound: &Option<(Rational, Rational)>| match bound {
            Some((low, high)) => (low + high) / Rational::from_integer(2.into()),
            None => Rational::zero(),
        };
        State {
            known: vec![None; program.atoms.len()],
            outputs: program.outputs.clone(),
            region: program.domain().into_iter().map(Arc::new).collect(),
            point: program.bounds.iter().map(middle).collect(),
        }
    }

    /// The first atom that the outputs depend on and that is not known; `Some(None)` if there is none, `None` if the
    /// work runs out.
    pub fn first_unknown(&self, program: &Program, work: &Work) -> Option<Option<usize>> {
        let mut terms = program.atoms.len() as u64;
        let found = program.first_unknown(&self.outputs, &|a| self.known[a].is_some(), &mut terms);
        work.pay(terms).then_some(found)
    }

    /// The arguments of an atom that the program has, that is not known, and whose arguments are.
    pub fn known_arguments(&self, program: &Program, atom: usize, work: &Work) -> Option<Vec<Linear>> {
        if self.known.get(atom)?.is_some() {
            return None;
        }
        let arguments = self.arguments(program, atom, work)?;
        let over_inputs = |form: &Linear| form.terms.iter().all(|(v, _)| program.atom(*v).is_none());
        arguments.iter().all(over_inputs).then_some(arguments)
    }

    /// The arguments of an atom over the inputs; `None` if the work runs out.
    pub fn arguments(&self, program: &Program, atom: usize, work: &Work) -> Option<Vec<Linear>> {
        let argument = |form: &Linear| {
            let inner = form.terms.iter().filter_map(|(v, _)| self.known[program.atom(*v)?].as_deref());
            pay(work, inner.chain([form]))?;
            Some(program.substitute(form, &|a| self.known[a].as_deref()))
        };
        program.atoms[atom].iter().map(argument).collect()
    }

    /// The state where an atom is this; `None` if the work runs out.
    pub fn learn(&mut self, program: &Program, atom: usize, value: &Linear, work: &Work) -> Option<()> {
        let users = self.outputs.iter().filter(|o| o.terms.iter().any(|(v, _)| program.atom(*v) == Some(atom))).count();
        pay(work, &self.outputs)?;
        pay(work, std::iter::repeat_n(value, users))?;
        self.known[atom] = Some(Arc::new(value.clone()));
        for output in &mut self.outputs {
            *output = program.substitute(output, &|a| (a == atom).then_some(value));
        }
        Some(())
    }

    /// The part of the region where an argument of an atom, around `point`, is its maximum.
    pub fn branch(
        &self,
        program: &Program,
        (atom, arguments, j): (usize, &[Linear], usize),
        point: Vec<Rational>,
        work: &Work,
    ) -> Option<State> {
        let mut state = State { point, ..self.clone() };
        work.pay((self.known.len() + self.region.len() + self.point.len()) as u64).then_some(())?;
        state.region.extend(wins(arguments, j).map(Arc::new));
        state.learn(program, atom, &arguments[j], work)?;
        Some(state)
    }

    /// For every argument, whether it is the maximum around some point of the region.
    pub fn chances(&self, arguments: &[Linear], work: &Work) -> Option<Vec<Chance>> {
        pay(work, arguments)?;
        let values: Vec<Rational> = arguments.iter().map(|a| value(a, &self.point)).collect();
        let chance = |j: usize| {
            // Where it is the only largest at the point that is known, no linear program is needed.
            if (0..values.len()).all(|i| values[i] < values[j] || arguments[i] == arguments[j]) {
                return Some(Chance::Wins(self.point.clone()));
            }
            let extra: Vec<Arc<Linear>> = wins(arguments, j).map(Arc::new).collect();
            self.inside(&extra, work)
        };
        (0..arguments.len()).map(chance).collect()
    }

    /// For every argument but the winner: why it is nowhere larger.
    pub fn others(
        &self,
        arguments: &[Linear],
        winner: usize,
        chances: &[Chance],
        work: &Work,
    ) -> Option<Vec<Multipliers>> {
        let proof = |(i, form): (usize, &Linear)| {
            let difference = form.minus(&arguments[winner]);
            if difference.terms.is_empty() && !num_traits::Signed::is_positive(&difference.constant) {
                return Some(Multipliers::new());
            }
            // Of two arguments, one is the maximum where it is larger than the other.
            if let ([_, _], Chance::Never(multipliers)) = (arguments, &chances[i]) {
                return Some(multipliers.clone());
            }
            match self.inside(&[Arc::new(difference)], work)? {
                Chance::Never(multipliers) => Some(multipliers),
                // Around such a point another argument than the winner is the maximum.
                Chance::Wins(_) => None,
            }
        };
        arguments.iter().enumerate().filter(|(i, _)| *i != winner).map(proof).collect()
    }

    /// Whether the region still has points inside where the extra functions, none of which is 0
    /// everywhere, are ≥ 0; `None` if the work runs out.
    pub fn inside(&self, extra: &[Arc<Linear>], work: &Work) -> Option<Chance> {
        let relevant = connected(&self.region, extra);
        self.solve(&relevant, extra, work)
    }

    /// Whether the region has points inside, whatever its point is.
    pub fn inhabited(&self, work: &Work) -> Option<Chance> {
        let all: Vec<usize> = (0..self.region.len()).collect();
        self.solve(&all, &[], work)
    }

    fn solve(&self, relevant: &[usize], extra: &[Arc<Linear>], work: &Work) -> Option<Chance> {
        let functions: Vec<Arc<Linear>> = relevant.iter().map(|&i| &self.region[i]).chain(extra).cloned().collect();
        pay(work, functions.iter().map(|form| &**form))?;
        let System { functions, scales, columns } = System::new(&functions, 0);
        // The first dictionary has an entry a function and variable.
        work.pay((functions.len() * (columns.len() + 2)) as u64).then_some(())?;
        match interior(columns.len(), &functions, work) {
            Interior::Exhausted => None,
            Interior::Point(values) => {
                let mut point = self.point.clone();
                columns.iter().for_each(|(&variable, &column)| point[variable] = values[column].clone());
                Some(Chance::Wins(point))
            }
            Interior::Empty(multipliers) => {
                let index = |i: usize| relevant.get(i).copied().unwrap_or(self.region.len() + i - relevant.len());
                Some(Chance::Never(multipliers.into_iter().map(|(i, l)| (index(i), l * &scales[i])).collect()))
            }
        }
    }
}

/// Functions of some inputs with whole coefficients, for linear programs.
pub(super) struct System {
    /// Positive multiples of the functions.
    pub functions: Vec<Inequality>,
    /// Times what each is.
    pub scales: Vec<Integer>,
    /// The column of each input.
    columns: BTreeMap<usize, usize>,
}

impl System {
    /// Of all inputs below `inputs`, and of those that the functions mention.
    pub fn new(functions: &[Arc<Linear>], inputs: usize) -> System {
        let mut columns: BTreeMap<usize, usize> = (0..inputs).map(|v| (v, v)).collect();
        for (variable, _) in functions.iter().flat_map(|form| &form.terms) {
            let next = columns.len();
            columns.entry(*variable).or_insert(next);
        }
        let scaled = functions.iter().map(|form| whole(form, &columns));
        let (functions, scales) = scaled.unzip();
        System { functions, scales, columns }
    }

    /// A form times the least positive integer that makes all its numbers whole, and that integer.
    pub fn whole(&self, form: &Linear) -> (Inequality, Integer) {
        whole(form, &self.columns)
    }

    /// A point at which all functions are positive.
    pub fn inside(&self, work: &Work) -> Option<Vec<Rational>> {
        match interior(self.columns.len(), &self.functions, work) {
            Interior::Point(point) => Some(point),
            _ => None,
        }
    }
}

/// The region's functions that share variables with the extra ones, directly or through others: the
/// rest is independent of them.
fn connected(region: &[Arc<Linear>], extra: &[Arc<Linear>]) -> Vec<usize> {
    let mut reached: BTreeSet<usize> = extra.iter().flat_map(|f| f.terms.iter().map(|t| t.0)).collect();
    let mut taken = vec![false; region.len()];
    loop {
        let mut grew = false;
        for (form, taken) in region.iter().zip(&mut taken) {
            if !*taken && form.terms.iter().any(|(v, _)| reached.contains(v)) {
                reached.extend(form.terms.iter().map(|t| t.0));
                *taken = true;
                grew = true;
            }
        }
        if !grew {
            return (0..region.len()).filter(|&i| taken[i]).collect();
        }
    }
}

/// A form times the least positive integer that makes all its numbers whole, and that integer.
fn whole(form: &Linear, columns: &BTreeMap<usize, usize>) -> (Inequality, Integer) {
    let denominator = common_denominator(form.coefficients().map(Rational::denom));
    let number = |c: &Rational| c.numer() * (&denominator / c.denom());
    let mut coefficients = vec![Integer::zero(); columns.len()];
    form.terms.iter().for_each(|(v, c)| coefficients[columns[v]] = number(c));
    (Inequality { coefficients, constant: number(&form.constant) }, denominator)
}
