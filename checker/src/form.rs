//! Normal forms: every value as an affine form over the inputs and over *atoms*, with coefficients that
//! are numbers or polynomials in symbols.
//!
//! An atom stands for max{0, l₁, …, lₖ}, for a product of variables, or for one entry of another smooth
//! layer. Each step below replaces a value by something that is equal to it everywhere on the domain, for
//! all values of the symbols: that is all that soundness needs. Equal atoms get one name; that
//! different names mean different functions is used nowhere.

use std::collections::{BTreeMap, HashMap};

use num_traits::{One, Signed, Zero};

use crate::Rejection;
use crate::curve::Curve;
use crate::layer::{How, Layer, ONE, Source, Term, wrong};
use crate::network::Network;
use crate::number::{Monomial, Poly, Rat, Symbol, bits, shared};
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
        Forms { inputs: bounds.len() - 1, bounds, atoms: vec![], names: HashMap::new(), nonnegative, work }
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

    /// max(forms): equal to it everywhere on the domain.
    pub fn maximum(&mut self, mut forms: Vec<Form>) -> Result<Form, Rejection> {
        // Sorting takes as many comparisons.
        self.spend(&forms, 2 + 4 * forms.len().max(1).ilog2() as usize)?;
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

    /// g + s·max{0, l, …} with s ≥ 0 among the arguments of a maximum is g and g + s·l, … instead.
    fn flatten(&mut self, forms: &mut Vec<Form>) -> Result<(), Rejection> {
        let mut at = 0;
        while at < forms.len() {
            let mut inner = forms[at].iter().filter(|(variable, _)| *variable > self.inputs);
            let opened = match (inner.next(), inner.next()) {
                (Some((variable, scale)), None) if scale.is_nonnegative(self.nonnegative) => {
                    let (how, arguments) = &self.atoms[variable - self.inputs - 1];
                    let base: Form = forms[at].iter().filter(|(v, _)| v != variable).cloned().collect();
                    let open = arguments.iter().map(|l| sum([(&base, one()), (l, scale.clone())]));
                    let opened: Vec<Form> = std::iter::once(base.clone()).chain(open).collect();
                    Some(opened).filter(|opened| *how == MAX && forms.len() + opened.len() <= MOST)
                }
                _ => None,
            };
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

    /// Drops forms that are nowhere above another one, by bounds of the difference; of many, above the one
    /// with the greatest lower bound.
    fn drop_below(&self, forms: &mut Vec<Form>) -> Result<(), Rejection> {
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
    fn drop_between(&self, forms: &mut Vec<Form>) -> Result<(), Rejection> {
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
    fn nonnegative_factor(&self, forms: &[Form]) -> Monomial {
        let monomials = forms.iter().flatten().flat_map(|(_, c)| &c.0).map(|(m, _)| m.clone());
        let common = monomials.reduce(|a, b| shared(&a, &b, u32::min)).unwrap_or_default();
        let known = |s: Symbol, e: u32| match s {
            Symbol::Free(index) if !self.nonnegative.contains(&index) => e - e % 2,
            _ => e,
        };
        common.into_iter().map(|(s, e)| (s, known(s, e))).filter(|p| p.1 > 0).collect()
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

    /// The product of two forms, term by term; a product of variables is an atom of its factors.
    fn product(&mut self, a: &Form, b: &Form) -> Result<Form, Rejection> {
        self.spend(&[a.clone(), b.clone()], a.len().max(b.len()))?;
        let mut parts = Vec::new();
        for (i, c) in a {
            for (j, d) in b {
                let factors = |v: usize| match v.checked_sub(self.inputs + 1).map(|atom| &self.atoms[atom]) {
                    Some((How::Multiply, factors)) => factors.iter().map(|f| f[0].0).collect(),
                    _ => vec![v],
                };
                let mut all: Vec<usize> = [factors(*i), factors(*j)].concat();
                all.retain(|v| *v != CONSTANT);
                all.sort_unstable();
                let even = all.chunks(2).all(|pair| pair.len() == 2 && pair[0] == pair[1]);
                let product = match all.as_slice() {
                    [] => CONSTANT,
                    [one] => *one,
                    many if many.len() > MOST => return wrong("normal form: a product has too many factors"),
                    many => {
                        let atom = (How::Multiply, many.iter().map(|&v| variable(v)).collect());
                        self.name(atom, (even.then(Rat::zero), None))
                    }
                };
                parts.push((variable(product), c.times(d)));
            }
        }
        Ok(sum(parts.iter().map(|(form, factor)| (form, factor.clone()))))
    }

    /// An entry of a smooth layer: what is known of it, else an atom of the function and its arguments.
    fn smooth(&mut self, how: How, arguments: Vec<Form>) -> Result<Form, Rejection> {
        self.spend(&arguments, 1)?;
        let (first, last) = (arguments[0].clone(), arguments.last().cloned().unwrap_or_default());
        match how {
            How::Multiply | How::Square => return self.product(&first, &last),
            // A divisor of one sign; the quotient of a sum is the sum of the quotients.
            How::Divide => {
                let nonzero = match self.bound(&last) {
                    (Some(low), _) if low.is_positive() => true,
                    (_, high) => high.is_some_and(|high| high.is_negative()),
                };
                if !nonzero {
                    return wrong("normal form: a divisor is not shown to be other than 0");
                }
                if let Some(number) = as_number(&last) {
                    return Ok(scaled(&first, &number.recip()));
                }
                let quotient = |(v, c): &(usize, Poly)| {
                    let atom = (how, vec![variable(*v), last.clone()]);
                    (variable(self.name(atom, (None, None))), c.clone())
                };
                let parts: Vec<(Form, Poly)> = first.iter().map(quotient).collect();
                return Ok(sum(parts.iter().map(|(form, factor)| (form, factor.clone()))));
            }
            How::Softmax if arguments.iter().all(|a| *a == last) => {
                return Ok(constant(Rat::new(1.into(), arguments.len().into())));
            }
            // e^u / Σ e^v = 1 / Σ e^(v − u): only differences matter, in any order. Of two, it is σ(u − v).
            How::Softmax if arguments.len() == 2 => {
                return self.smooth(How::Curve(Curve::Sigmoid), vec![minus(&first, &last)]);
            }
            How::Softmax => {
                let mut others: Vec<Form> = arguments[1..].iter().map(|other| minus(other, &first)).collect();
                ascending(&mut others);
                return Ok(variable(self.name((how, others), (Some(Rat::zero()), Some(Rat::one())))));
            }
            // tanh(u) = 2·σ(2u) − 1, and u/(1 + e^−u) = u·σ(u).
            How::Curve(Curve::Tanh) => {
                let two = Rat::from_integer(2.into());
                let value = self.smooth(How::Curve(Curve::Sigmoid), vec![scaled(&first, &two)])?;
                return Ok(minus(&scaled(&value, &two), &constant(Rat::one())));
            }
            How::Curve(Curve::Silu) => {
                let value = self.smooth(How::Curve(Curve::Sigmoid), arguments)?;
                return self.product(&first, &value);
            }
            How::Curve(Curve::Sigmoid) if last.is_empty() => return Ok(constant(Rat::new(1.into(), 2.into()))),
            // The other curves are 0 at 0.
            How::Curve(curve) if last.is_empty() && curve != Curve::Softplus => return Ok(Vec::new()),
            _ => {}
        }
        let bounds = match how {
            How::Curve(Curve::Sigmoid) => (Some(Rat::zero()), Some(Rat::one())),
            How::Curve(Curve::Softplus) => (Some(Rat::zero()), None),
            How::Curve(Curve::Elu) => (Some(-Rat::one()), None),
            _ => (None, None),
        };
        // By symmetry, of a function at −u: σ(u) = 1 − σ(−u), and f(u) = u + f(−u) for ln(1 + e^x) and for x·g(x) with
        // g(x) + g(−x) = 1.
        if let (How::Curve(curve), true) = (how, lead(&first).is_negative() && how != How::Curve(Curve::Elu)) {
            let atom = variable(self.name((how, vec![scaled(&first, &-Rat::one())]), bounds));
            return Ok(match curve {
                Curve::Sigmoid => minus(&constant(Rat::one()), &atom),
                _ => sum([(&first, one()), (&atom, one())]),
            });
        }
        Ok(variable(self.name((how, arguments), bounds)))
    }
}
