//! Normal forms: every value as an affine form over the inputs and over *atoms*, with coefficients that
//! are numbers or polynomials in symbols.
//!
//! An atom stands for max{0, l₁, …, lₖ}, or for one entry of a smooth layer. Each step below replaces a
//! maximum by something that is equal to it everywhere on the domain, for all values of the symbols:
//! that is all that soundness needs. Equal atoms get one name; that different names mean different
//! functions is used nowhere.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use num_traits::{One, Signed, Zero};

use crate::Rejection;
use crate::format::Kind;
use crate::layer::{Layer, ONE, Source, Terms, Weight};
use crate::network::Network;
use crate::number::{Monomial, Poly, Rat, Symbol, shared};

/// The constant term of a form is the coefficient of this variable; inputs follow, then atoms.
pub const CONSTANT: usize = 0;

/// Variables, ascending, with coefficients that are not 0.
pub type Form = Vec<(usize, Poly)>;

/// Bounds of a value, where they are known.
type Bounds = (Option<Rat>, Option<Rat>);

/// Forms over the same inputs and atoms.
pub struct Forms {
    inputs: usize,
    /// Of every variable: what its value lies between.
    bounds: Vec<Bounds>,
    /// The arguments l₁, …, lₖ of each atom; none for a smooth one.
    atoms: Vec<Vec<Form>>,
    names: HashMap<(String, Vec<Form>), usize>,
    /// Symbols that the theorem takes to be at least 0.
    nonnegative: BTreeSet<usize>,
    /// Operations that may still be spent.
    work: usize,
}

fn sum<'f>(parts: impl IntoIterator<Item = (&'f Form, Poly)>) -> Form {
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

fn number(n: Rat) -> Poly {
    Poly::number(n)
}

fn constant(value: Poly) -> Form {
    if value.is_zero() { Vec::new() } else { vec![(CONSTANT, value)] }
}

pub fn minus(a: &Form, b: &Form) -> Form {
    sum([(a, number(Rat::one())), (b, number(-Rat::one()))])
}

fn scaled(form: &Form, factor: &Rat) -> Form {
    sum([(form, number(factor.clone()))])
}

/// The value of a form that has no variable.
fn as_constant(form: &Form) -> Option<Poly> {
    match form.as_slice() {
        [] => Some(Poly::default()),
        [(CONSTANT, value)] => Some(value.clone()),
        _ => None,
    }
}

/// The sign of lead(a − b) orders forms. The same form added to both, or the same positive number
/// multiplied with both, does not change the order.
fn lead(form: &Form) -> Rat {
    form.first().map_or_else(Rat::zero, |(_, c)| c.lead())
}

impl Forms {
    /// Forms over the inputs of a network.
    pub fn new(network: &Network, nonnegative: &[usize], work: usize) -> Forms {
        let one = (Some(Rat::one()), Some(Rat::one()));
        let inputs =
            network.bounds().into_iter().map(|b| b.map_or((None, None), |(low, high)| (Some(low), Some(high))));
        let bounds: Vec<Bounds> = std::iter::once(one).chain(inputs).collect();
        let nonnegative = nonnegative.iter().copied().collect();
        Forms { inputs: bounds.len() - 1, bounds, atoms: Vec::new(), names: HashMap::new(), nonnegative, work }
    }

    fn spend(&mut self, forms: &[Form]) -> Result<(), Rejection> {
        let cost = forms.iter().flatten().map(|(_, c)| 1 + c.0.len()).sum::<usize>() + 1;
        let left = self.work.checked_sub(cost);
        self.work = left.ok_or_else(|| Rejection::at("normal form", "it takes more work than is allowed"))?;
        Ok(())
    }

    /// The forms of a network's output.
    pub fn of(&mut self, network: &Network) -> Result<Vec<Form>, Rejection> {
        let mut values: Vec<Vec<Form>> = Vec::new();
        let mut next = 1;
        for value in 0..network.inputs.len() {
            let entries = next..next + network.size(value);
            next = entries.end;
            values.push(entries.map(|variable| self.input(variable)).collect());
        }
        let live = network.live();
        for (layer, operands) in &network.layers {
            if !live[values.len()] {
                values.push(Vec::new());
                continue;
            }
            let operands: Vec<&[Form]> = operands.iter().map(|&o| values[o].as_slice()).collect();
            let size = layer.shape.iter().product();
            let forms: Result<Vec<Form>, Rejection> = (0..size).map(|i| self.output(layer, &operands, i)).collect();
            values.push(forms?);
        }
        Ok(values.swap_remove(network.output))
    }

    /// An input entry; a number where its domain is one.
    fn input(&self, variable: usize) -> Form {
        match &self.bounds[variable] {
            (Some(low), Some(high)) if low == high => constant(number(low.clone())),
            _ => vec![(variable, number(Rat::one()))],
        }
    }

    fn output(&mut self, layer: &Layer, operands: &[&[Form]], i: usize) -> Result<Form, Rejection> {
        if layer.is_smooth() {
            let arguments = layer.arguments(i).into_iter().map(|(operand, entry)| operands[operand][entry].clone());
            return self.smooth(layer, arguments.collect());
        }
        let mut parts = Vec::new();
        for piece in layer.pieces(i) {
            let sign = if piece.least { -Rat::one() } else { Rat::one() };
            let forms: Result<Vec<Form>, Rejection> =
                piece.forms.iter().map(|terms| self.substitute(layer, terms, operands, &sign)).collect();
            // min(l, …) = −max(−l, …)
            let best = self.maximum(forms?)?;
            parts.push(if piece.least { scaled(&best, &sign) } else { best });
        }
        Ok(sum(parts.iter().map(|p| (p, number(Rat::one())))))
    }

    fn substitute(
        &mut self,
        layer: &Layer,
        terms: &Terms,
        operands: &[&[Form]],
        sign: &Rat,
    ) -> Result<Form, Rejection> {
        let one = constant(number(Rat::one()));
        let read = |&(source, weight): &(Source, Weight)| {
            let form = if source == ONE { &one } else { &operands[source.0][source.1] };
            (form, layer.table.value(weight).times(&number(sign.clone())))
        };
        let parts: Vec<(&Form, Poly)> = terms.iter().map(read).filter(|(_, weight)| !weight.is_zero()).collect();
        for (form, weight) in &parts {
            self.spend(std::slice::from_ref(*form))?;
            self.work = self.work.saturating_sub(form.len() * weight.0.len());
        }
        Ok(sum(parts))
    }

    /// max(forms): equal to it everywhere on the domain.
    fn maximum(&mut self, mut forms: Vec<Form>) -> Result<Form, Rejection> {
        self.spend(&forms)?;
        if forms.len() > 1 {
            self.flatten(&mut forms)?;
            // Of forms that are equal, or differ by a number, the largest.
            forms.sort_by(|a, b| lead(&minus(a, b)).cmp(&Rat::zero()));
            forms.dedup_by(|next, kept| match as_constant(&minus(next, kept)).and_then(|d| d.as_number()) {
                Some(gap) => {
                    if gap.is_positive() {
                        kept.clone_from(next);
                    }
                    true
                }
                None => false,
            });
            self.drop_dominated(&mut forms)?;
            self.drop_between(&mut forms)?;
        }
        let Some(first) = forms.first().cloned() else { return Ok(Vec::new()) };
        // max(f, …) = f + m·max(0, (… − f)/m) for a monomial m ≥ 0 that divides all differences.
        let mut rest: Vec<Form> = forms[1..].iter().map(|form| minus(form, &first)).collect();
        let factor = self.nonnegative_factor(&rest);
        rest.iter_mut().flatten().for_each(|(_, c)| *c = c.over(&factor));
        rest.push(Vec::new());
        rest.sort_by(|a, b| lead(&minus(a, b)).cmp(&Rat::zero()));
        // max(g, …) = g + max(0, … − g), and max(0, s·l, …) = s·max(0, l, …) for s > 0.
        let base = rest.remove(0);
        let differences: Vec<Form> = rest.iter().map(|form| minus(form, &base)).collect();
        let factor = Poly(vec![(factor, Rat::one())]);
        let Some(scale) = differences.first().map(lead) else { return Ok(first) };
        if !scale.is_positive() {
            return Err(Rejection::at("normal form", "the arguments of a maximum are not in order"));
        }
        let arguments = differences.iter().map(|form| scaled(form, &scale.recip())).collect();
        let atom = vec![(self.atom(arguments), number(scale))];
        Ok(sum([(&first, number(Rat::one())), (&base, factor.clone()), (&atom, factor)]))
    }

    /// g + s·max{0, l, …} with s ≥ 0 among the arguments of a maximum is g and g + s·l, … instead.
    fn flatten(&mut self, forms: &mut Vec<Form>) -> Result<(), Rejection> {
        const MOST: usize = 64;
        let mut at = 0;
        while at < forms.len() {
            let form = &forms[at];
            let mut inner = form.iter().filter(|(variable, _)| *variable > self.inputs);
            let found = match (inner.next(), inner.next()) {
                (Some((variable, scale)), None) if self.is_nonnegative(scale) => Some((*variable, scale.clone())),
                _ => None,
            };
            let arguments = |variable: usize| &self.atoms[variable - self.inputs - 1];
            let found = found.filter(|(v, _)| !arguments(*v).is_empty() && forms.len() + arguments(*v).len() <= MOST);
            let Some((variable, scale)) = found else {
                at += 1;
                continue;
            };
            let base: Form = form.iter().filter(|(v, _)| *v != variable).cloned().collect();
            let one = number(Rat::one());
            let opened = arguments(variable).iter().map(|l| sum([(&base, one.clone()), (l, scale.clone())]));
            let mut opened: Vec<Form> = std::iter::once(base.clone()).chain(opened).collect();
            self.spend(&opened)?;
            opened.retain(|form| !forms.contains(form));
            forms.splice(at..=at, opened);
        }
        Ok(())
    }

    /// Drops forms that are nowhere above another one, by bounds of the difference.
    fn drop_dominated(&mut self, forms: &mut Vec<Form>) -> Result<(), Rejection> {
        const PAIRS: usize = 16;
        let bounds: Vec<Bounds> = forms.iter().map(|form| self.bound(form)).collect();
        if let Some(best) = bounds.iter().filter_map(|b| b.0.clone()).max() {
            let winner = bounds.iter().position(|b| b.0.as_ref() == Some(&best));
            let keep = |at: usize| Some(at) == winner || bounds[at].1.as_ref().is_none_or(|high| *high > best);
            let mut kept = (0..bounds.len()).map(keep);
            forms.retain(|_| kept.next().unwrap_or(true));
        }
        let mut at = 0;
        while forms.len() <= PAIRS && at < forms.len() {
            self.spend(forms)?;
            let beats = |other: &Form| self.bound(&minus(other, &forms[at])).0.is_some_and(|low| !low.is_negative());
            match (0..forms.len()).any(|other| other != at && beats(&forms[other])) {
                true => _ = forms.remove(at),
                false => at += 1,
            }
        }
        Ok(())
    }

    /// Drops forms a + t·(b − a), 0 ≤ t ≤ 1, of two others: they are at most max(a, b).
    fn drop_between(&mut self, forms: &mut Vec<Form>) -> Result<(), Rejection> {
        let mut at = 1;
        while at + 1 < forms.len() {
            self.spend(forms)?;
            let between = |a: &Form, b: &Form| {
                let (part, whole) = (minus(&forms[at], a), minus(b, a));
                let ratio = lead(&part) / lead(&whole);
                !ratio.is_negative() && ratio <= Rat::one() && part == scaled(&whole, &ratio)
            };
            let (before, after) = (&forms[..at], &forms[at + 1..]);
            match before.iter().any(|a| after.iter().any(|b| !lead(&minus(b, a)).is_zero() && between(a, b))) {
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
            Symbol::Root(_) => e,
            Symbol::Free(index) if self.nonnegative.contains(&index) => e,
            Symbol::Free(_) => e - e % 2,
        };
        common.into_iter().map(|(s, e)| (s, known(s, e))).filter(|p| p.1 > 0).collect()
    }

    /// Whether a coefficient is at least 0 for all values of the symbols.
    fn is_nonnegative(&self, poly: &Poly) -> bool {
        let odd =
            |&(s, e): &(Symbol, u32)| matches!(s, Symbol::Free(i) if e % 2 == 1 && !self.nonnegative.contains(&i));
        let positive = |(monomial, c): &(Monomial, Rat)| c.is_positive() && !monomial.iter().any(odd);
        poly.0.iter().all(positive) || poly.bounds(&|_| None).is_some_and(|(low, _)| !low.is_negative())
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

    /// The variable that stands for max{0, arguments}.
    fn atom(&mut self, arguments: Vec<Form>) -> usize {
        let bounds: Vec<Bounds> = arguments.iter().map(|form| self.bound(form)).collect();
        let zero = Rat::zero();
        let low = bounds.iter().filter_map(|b| b.0.clone()).fold(zero.clone(), Rat::max);
        let high = bounds.into_iter().try_fold(zero, |most, b| Some(most.max(b.1?)));
        self.name(("max".into(), arguments.clone()), arguments, (Some(low), high))
    }

    fn name(&mut self, key: (String, Vec<Form>), arguments: Vec<Form>, bounds: Bounds) -> usize {
        if let Some(&variable) = self.names.get(&key) {
            return variable;
        }
        let variable = self.bounds.len();
        self.bounds.push(bounds);
        self.atoms.push(arguments);
        self.names.insert(key, variable);
        variable
    }

    /// An entry of a smooth layer: a number or a multiple where that is known, else an atom that
    /// is named by the function and its arguments.
    fn smooth(&mut self, layer: &Layer, arguments: Vec<Form>) -> Result<Form, Rejection> {
        self.spend(&arguments)?;
        let constants: Option<Vec<Rat>> = arguments.iter().map(|a| as_constant(a)?.as_number()).collect();
        let last = arguments.last().cloned().unwrap_or_default();
        // So that exponents, which grow by this much at most in each of 2^20 layers, fit into 32 bits.
        const MOST_FACTOR: u32 = 64;
        if let (Kind::Multiply {} | Kind::Square {}, first) = (&layer.kind, &arguments[0]) {
            for (a, b) in [(first, &last), (&last, first)] {
                if let Some(factor) =
                    as_constant(a).filter(|f| f.0.iter().flat_map(|t| &t.0).all(|p| p.1 <= MOST_FACTOR))
                {
                    return Ok(sum([(b, factor)]));
                }
            }
        }
        let zero = constants.as_ref().is_some_and(|c| c.iter().all(Rat::is_zero));
        match &layer.kind {
            Kind::Sigmoid {} if zero => return Ok(constant(number(Rat::new(1.into(), 2.into())))),
            Kind::Tanh {} | Kind::Silu {} | Kind::Gelu {} if zero => return Ok(Vec::new()),
            Kind::Softmax {} if arguments.iter().all(|a| *a == last) => {
                return Ok(constant(number(Rat::new(1.into(), arguments.len().into()))));
            }
            _ => {}
        }
        let kind = format!("{:?}", layer.kind);
        let variable = self.name((kind, arguments), Vec::new(), (None, None));
        Ok(vec![(variable, number(Rat::one()))])
    }
}
