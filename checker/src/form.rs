//! Normal forms: every value as an affine form over the inputs and over *atoms*, with coefficients that
//! are numbers or polynomials in symbols.
//!
//! An atom stands for max{0, l₁, …, lₖ}, for a product of variables, or for one entry of another smooth
//! layer. Each step below replaces a value by something that is equal to it everywhere on the domain, for
//! all values of the symbols: that is all that soundness needs. Equal atoms get one name; that
//! different names mean different functions is used nowhere.

mod maximum;
mod smooth;

use std::collections::{BTreeMap, HashMap};

use num_traits::{One, Signed, Zero};

use crate::Rejection;
use crate::layer::{How, Layer, ONE, Source, Term, wrong};
use crate::network::Network;
use crate::number::{Poly, Rat, bits};
use crate::work::Work;

/// The constant term of a form is the coefficient of this variable; inputs follow, then atoms.
pub const CONSTANT: usize = 0;
/// The kind of an atom max{0, …}.
const MAX: How = How::Extreme { least: false };
/// The most factors of a product, arguments that are opened, and arguments of which all pairs are compared.
const MOST: usize = 64;

/// Variables, ascending, with coefficients that are not 0.
pub type Form = Vec<(usize, Poly)>;
/// Bounds of a value, where they are known.
type Bounds = (Option<Rat>, Option<Rat>);

/// Forms over the same inputs and atoms.
pub struct Forms<'w> {
    inputs: usize,
    /// Of every variable: what its value lies between.
    bounds: Vec<Bounds>,
    /// What each atom is of which arguments: of a maximum, l₁, …, lₖ.
    atoms: Vec<(How, Vec<Form>)>,
    names: HashMap<(How, Vec<Form>), usize>,
    /// Symbols that the theorem takes to be at least 0.
    nonnegative: &'w [usize],
    work: &'w Work,
    /// Whether atoms are opened in more cases, beside others and where they are subtracted: that may show more, or less.
    pub turned: bool,
}

/// Σ factor · form.
pub fn sum<'f>(parts: impl IntoIterator<Item = (&'f Form, Poly)>) -> Form {
    let mut terms: BTreeMap<usize, Poly> = BTreeMap::new();
    for (form, factor) in parts {
        let number = factor.as_number();
        for (variable, coefficient) in form {
            let entry = terms.entry(*variable).or_default();
            match &number {
                Some(number) => entry.add(coefficient, number),
                None => entry.add(&coefficient.times(&factor), &Rat::one()),
            }
        }
    }
    terms.into_iter().filter(|(_, c)| !c.is_zero()).collect()
}

fn one() -> Poly {
    Poly::number(Rat::one())
}

pub fn variable(variable: usize) -> Form {
    vec![(variable, one())]
}

pub fn constant(value: Rat) -> Form {
    if value.is_zero() { Vec::new() } else { vec![(CONSTANT, Poly::number(value))] }
}

pub fn minus(a: &Form, b: &Form) -> Form {
    sum([(a, one()), (b, Poly::number(-Rat::one()))])
}

pub fn scaled(form: &Form, factor: &Rat) -> Form {
    sum([(form, Poly::number(factor.clone()))])
}

/// The number that a form without variables is.
fn as_number(form: &Form) -> Option<Rat> {
    match form.as_slice() {
        [] => Some(Rat::zero()),
        [(CONSTANT, value)] => value.as_number(),
        _ => None,
    }
}

/// The sign of lead(a − b) orders forms. The same form added to both, or the same positive number
/// multiplied with both, does not change the order.
fn lead(form: &Form) -> Rat {
    form.first().map_or_else(Rat::zero, |(_, c)| c.lead())
}

fn ascending(forms: &mut [Form]) {
    forms.sort_by(|a, b| lead(&minus(a, b)).cmp(&Rat::zero()));
}

impl<'w> Forms<'w> {
    /// Forms over the inputs of a network.
    pub fn new(network: &Network, nonnegative: &'w [usize], work: &'w Work) -> Forms<'w> {
        let one = (Some(Rat::one()), Some(Rat::one()));
        let inputs = network.bounds().into_iter().map(Option::unzip);
        let bounds: Vec<Bounds> = std::iter::once(one).chain(inputs).collect();
        let (inputs, atoms, names) = (bounds.len() - 1, Vec::new(), HashMap::new());
        Forms { inputs, bounds, atoms, names, nonnegative, work, turned: false }
    }

    fn spend(&self, forms: &[Form], times: usize) -> Result<(), Rejection> {
        let polys = || forms.iter().flatten().map(|(_, poly)| poly);
        let terms = || polys().flat_map(|poly| &poly.0);
        let powers = terms().flat_map(|(monomial, _)| monomial);
        if terms().any(|(_, c)| bits(c) > 1 << 17) || powers.clone().any(|(_, exponent)| *exponent > 1 << 16) {
            return wrong("normal form: a number or a power is too large");
        }
        let cost = polys().count() + terms().count() + powers.count() + 1;
        self.work.spend((100 * cost as u64).saturating_mul(times as u64))
    }

    /// The forms of a network's output.
    pub fn of(&mut self, network: &Network) -> Result<Vec<Form>, Rejection> {
        let mut next = 0;
        let mut input = |value: usize| {
            next += network.size(value);
            (next - network.size(value) + 1..=next).map(|variable| self.input(variable)).collect()
        };
        let inputs: Vec<Vec<Form>> = (0..network.inputs.len()).map(&mut input).collect();
        network.run(inputs, |layer, operands| (0..layer.size()).map(|i| self.output(layer, operands, i)).collect())
    }

    /// An input entry; a number where its domain is one.
    pub fn input(&self, entry: usize) -> Form {
        match &self.bounds[entry] {
            (Some(low), Some(high)) if low == high => constant(low.clone()),
            _ => variable(entry),
        }
    }

    fn output(&mut self, layer: &Layer, operands: &[&Vec<Form>], i: usize) -> Result<Form, Rejection> {
        if layer.is_smooth() {
            let read = |(operand, entry): Source| operands[operand][entry].clone();
            return self.smooth(layer.how, layer.arguments(i).into_iter().map(read).collect());
        }
        let mut parts = Vec::new();
        for piece in layer.pieces(i) {
            let sign = if piece.least { -1 } else { 1 };
            let forms = piece.forms.iter().map(|terms| self.substitute(layer, terms, operands, sign));
            // min(l, …) = −max(−l, …)
            let forms = forms.collect::<Result<Vec<Form>, Rejection>>()?;
            parts.push((self.maximum(forms)?, Poly::number(Rat::from_integer(sign.into()))));
        }
        Ok(sum(parts.iter().map(|(form, sign)| (form, sign.clone()))))
    }

    fn substitute(&self, layer: &Layer, terms: &[Term], operands: &[&Vec<Form>], sign: i64) -> Result<Form, Rejection> {
        let one = constant(Rat::one());
        let mut parts = Vec::new();
        for &(source, weight, factor) in terms {
            let weight = layer.numbers.value(weight, factor * sign);
            let form = if source == ONE { &one } else { &operands[source.0][source.1] };
            self.spend(std::slice::from_ref(form), weight.0.len().max(1))?;
            parts.push((form, weight));
        }
        Ok(sum(parts.into_iter().filter(|(_, weight)| !weight.is_zero())))
    }

    /// Bounds of a form, from those of its variables and coefficients.
    pub fn bound(&self, form: &Form) -> Bounds {
        let (mut low, mut high) = (Some(Rat::zero()), Some(Rat::zero()));
        for (variable, coefficient) in form {
            let (least, most) = &self.bounds[*variable];
            let coefficient = coefficient.bounds(&|_| None);
            let ends = |a: &Option<Rat>, b: &Option<Rat>| {
                let (c, d) = coefficient.clone()?;
                // c·v over the coefficient's interval [c, d], which must have one sign.
                let end = if !c.is_negative() { a.clone() } else { b.clone() }?;
                (!c.is_negative() || !d.is_positive()).then(|| (&c * &end, d * end))
            };
            low = low.zip(ends(least, most)).map(|(sum, (p, q))| sum + p.min(q));
            high = high.zip(ends(most, least)).map(|(sum, (p, q))| sum + p.max(q));
        }
        (low, high)
    }

    /// The variable that stands for an atom.
    fn name(&mut self, atom: (How, Vec<Form>), bounds: Bounds) -> usize {
        if let Some(&variable) = self.names.get(&atom) {
            return variable;
        }
        self.bounds.push(bounds);
        self.atoms.push(atom.clone());
        self.names.insert(atom, self.bounds.len() - 1);
        self.bounds.len() - 1
    }
}
