//! The normal form: every output as an affine form over the inputs and over *atoms*.
//!
//! An atom is max{0, l₁, …, lₖ} of affine forms, made canonical, so that equal atoms have one name:
//! - of equal arguments one is kept, and arguments that are nowhere the largest on the domain, by
//!   exact bounds, are dropped;
//! - the smallest argument g is subtracted from all: max(g, …) = g + max(0, … − g). "Smallest" is
//!   the order by the first coefficient that differs, which adding a form to all, or scaling all
//!   by a positive number, does not change;
//! - an argument g + s·max{0, l, …} with s > 0 is replaced by g, g + s·l, …: maxima of maxima are one maximum;
//! - the first coefficient of the smallest difference is made 1: max(0, s·l) = s·max(0, l), s > 0.
//!
//! So relu(u) and relu(−u) = relu(u) − u share an atom, and so do units whose hyperplanes agree up
//! to scale. If every atom's coefficients cancel, the network is affine; for one hidden layer of
//! two-argument atoms the converse holds too.

use std::collections::{BTreeMap, HashMap};

use num_traits::{One, Signed, Zero};

use super::search::Hint;
use crate::algebra::{Matrix, Rational, Shape, Tensor, common_denominator};
use crate::layer::{Form, Function, Layer, PiecewiseLayer};
use crate::network::{Network, NodeId};

/// Bounds on the work: the normal form of a large network can be huge.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Term operations in all.
    pub operations: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { operations: 3_000_000 }
    }
}

/// What the normal form shows.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// All atoms cancel: f(x) = Mx + b on the domain.
    Affine {
        /// M.
        matrix: Matrix,
        /// b.
        bias: Tensor,
        /// How it came about.
        steps: Box<Steps>,
    },
    /// Some atoms remain.
    Residual(Residual),
    /// A smooth layer's output remains.
    Smooth(NodeId),
    /// The limit was reached.
    TooLarge,
}

/// How the nonlinear layers of an affine network vanish: the steps of the proof.
#[derive(Clone, Debug, Default)]
pub struct Steps {
    /// One entry a nonlinear layer, in order.
    pub layers: Vec<LayerStep>,
    /// The number of different atoms that the layers made; all cancel in the output.
    pub atoms: usize,
    /// An atom that several units share, as an example: its form, and the units.
    pub shared: Option<(String, Vec<String>)>,
}

/// What became of one nonlinear layer's units.
#[derive(Clone, Debug)]
pub struct LayerStep {
    /// The layer.
    pub node: NodeId,
    /// Units in all.
    pub units: usize,
    /// Units that are affine because one argument of the maximum always wins.
    pub stable: usize,
    /// A stable unit, as an example: its index and why.
    pub example: Option<(usize, String)>,
}

/// Atoms whose coefficients do not cancel.
#[derive(Clone, Debug)]
pub struct Residual {
    /// Outputs in which atoms remain.
    pub outputs: usize,
    /// The number of atoms that remain in some output.
    pub atoms: usize,
    /// Every one of them is max{0, l} with l over the inputs only: then f is certainly not affine.
    pub certain: bool,
    hyperplanes: Vec<Linear>,
}

impl Residual {
    /// The reason, as a sentence.
    pub fn reason(&self, network: &Network) -> String {
        let why = if self.certain {
            "so it is not affine, but no witness with exact numbers was found"
        } else {
            "and no witness was found either"
        };
        format!("{} kinks of `{}` do not cancel in its normal form, {why}", self.atoms, network.name)
    }

    /// Lines and pairs of points that meet the remaining kinks.
    pub fn directions(&self, network: &Network) -> Vec<Hint> {
        self.hyperplanes.iter().flat_map(|l| hints(network, l)).collect()
    }
}

/// An affine form over variables: inputs by flat index, then atoms.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
struct Linear {
    /// Ascending variables, nonzero coefficients.
    terms: Vec<(usize, Rational)>,
    constant: Rational,
}

/// Lower and upper bounds where they are known.
type Bounds = (Option<Rational>, Option<Rational>);

enum Stop {
    TooLarge,
}

/// Computes the normal form of a network's output.
pub fn normal_form(network: &Network, limits: &Limits) -> Outcome {
    let mut builder = Builder::new(network, limits.operations);
    match builder.run() {
        Ok(outputs) => builder.conclude(&outputs),
        Err(Stop::TooLarge) => Outcome::TooLarge,
    }
}

struct Builder<'n> {
    network: &'n Network,
    inputs: usize,
    /// Bounds of every variable: inputs, then atoms.
    bounds: Vec<Bounds>,
    /// For each atom: its arguments; empty for the outputs of smooth layers.
    atoms: Vec<Vec<Linear>>,
    /// For each atom of a smooth layer: the layer.
    smooth: BTreeMap<usize, NodeId>,
    names: HashMap<Vec<Linear>, usize>,
    smooth_names: HashMap<(String, Vec<Vec<Linear>>), usize>,
    /// For each atom: the units that are multiples of it, as words; a few are enough.
    users: BTreeMap<usize, Vec<String>>,
    steps: Steps,
    operations: usize,
}

impl<'n> Builder<'n> {
    fn new(network: &'n Network, operations: usize) -> Builder<'n> {
        let mut bounds = Vec::new();
        for input in &network.inputs {
            let bound = match &input.domain {
                Some((low, high)) => (Some(low.clone()), Some(high.clone())),
                None => (None, None),
            };
            bounds.extend(std::iter::repeat_n(bound, input.shape.elements()));
        }
        Builder {
            network,
            inputs: bounds.len(),
            bounds,
            atoms: Vec::new(),
            smooth: BTreeMap::new(),
            names: HashMap::new(),
            smooth_names: HashMap::new(),
            users: BTreeMap::new(),
            steps: Steps::default(),
            operations,
        }
    }

    fn spend(&mut self, amount: usize) -> Result<(), Stop> {
        self.operations = self.operations.checked_sub(amount).ok_or(Stop::TooLarge)?;
        Ok(())
    }

    /// The forms of the output's entries.
    fn run(&mut self) -> Result<Vec<Linear>, Stop> {
        self.spend(self.inputs)?;
        let mut values: Vec<Vec<Linear>> = vec![Vec::new(); self.network.nodes.len()];
        let mut next = 0;
        for (id, input) in self.network.inputs.iter().enumerate() {
            values[id] = (next..next + input.shape.elements()).map(|i| self.input(i)).collect();
            next += input.shape.elements();
        }
        for id in self.network.live_nodes() {
            let node = &self.network.nodes[id];
            let operands: Vec<&[Linear]> = node.operands.iter().map(|&o| values[o].as_slice()).collect();
            let forms = match &node.layer {
                None => continue,
                Some(Layer::Affine(layer)) => self.affine(&layer.lower(), &operands)?,
                Some(Layer::Piecewise(layer)) => self.piecewise(id, &**layer, &operands)?,
                Some(Layer::Smooth(layer)) => self.smooth(id, &**layer, &operands)?,
            };
            values[id] = forms;
        }
        Ok(std::mem::take(&mut values[self.network.output]))
    }

    /// An input entry; a constant where its domain is one point.
    fn input(&self, index: usize) -> Linear {
        match &self.bounds[index] {
            (Some(low), Some(high)) if low == high => Linear::constant(low.clone()),
            _ => Linear { terms: vec![(index, Rational::one())], constant: Rational::zero() },
        }
    }

    fn affine(&mut self, lowered: &crate::layer::Lowered, operands: &[&[Linear]]) -> Result<Vec<Linear>, Stop> {
        let rows = lowered.bias.as_ref().map(Tensor::len).or_else(|| lowered.operators.first().map(|o| o.rows()));
        let mut result = Vec::new();
        for row in 0..rows.unwrap_or(0) {
            let mut sum = Sum::default();
            if let Some(bias) = &lowered.bias {
                sum.constant = bias.get(row);
            }
            for (operator, operand) in lowered.operators.iter().zip(operands) {
                let denominator = Rational::from_integer(operator.denominator());
                let mut spent = 0;
                operator.for_each_in_row(row, &mut |column, weight| {
                    let form = &operand[column];
                    spent += form.terms.len() + 1;
                    if spent <= self.operations {
                        sum.add(form, &(Rational::from_integer(weight.clone()) / &denominator));
                    }
                });
                self.spend(spent)?;
            }
            result.push(sum.finish());
        }
        Ok(result)
    }

    fn piecewise(
        &mut self,
        id: NodeId,
        layer: &dyn PiecewiseLayer,
        operands: &[&[Linear]],
    ) -> Result<Vec<Linear>, Stop> {
        let units = layer.output().elements();
        let mut step = LayerStep { node: id, units, stable: 0, example: None };
        let mut result = Vec::with_capacity(units);
        for output in 0..units {
            let unit = layer.unit(output);
            let mut sum = Sum::default();
            sum.add(&self.substitute(&unit.affine, operands)?, &Rational::one());
            let mut stable = true;
            for (coefficient, arguments) in &unit.maxima {
                let forms: Result<Vec<Linear>, Stop> = arguments.iter().map(|a| self.substitute(a, operands)).collect();
                let (form, atom) = self.maximum(forms?)?;
                if let Some(atom) = atom {
                    stable = false;
                    let users = self.users.entry(atom).or_default();
                    let name = format!("{}[{output}]", self.network.nodes[id].name);
                    if users.len() < 4 && users.last() != Some(&name) {
                        users.push(name);
                    }
                }
                sum.add(&form, coefficient);
            }
            if stable {
                step.stable += 1;
                if step.example.is_none() {
                    step.example = Some((output, self.explain_stable(&unit, operands)));
                }
            }
            result.push(sum.finish());
        }
        self.steps.layers.push(step);
        Ok(result)
    }

    /// Why a unit is affine: the bounds of its input, when it has one and they are known.
    fn explain_stable(&self, unit: &crate::layer::Unit, operands: &[&[Linear]]) -> String {
        if unit.maxima.is_empty() {
            return "it is affine by its arguments".into();
        }
        let entries: Vec<(usize, usize)> =
            unit.maxima.iter().flat_map(|(_, a)| a).flat_map(|f| &f.terms).map(|t| (t.0, t.1)).collect();
        let first = entries.first().copied();
        let Some((operand, flat)) = first.filter(|f| entries.iter().all(|e| e == f)) else {
            return "one entry is never smaller than the others".into();
        };
        match self.bound(&operands[operand][flat]) {
            (Some(low), Some(high)) if low == high => format!("its input is the constant {low}"),
            (Some(low), Some(high)) => format!("its input stays in [{low}, {high}]"),
            (Some(low), None) => format!("its input is at least {low}"),
            (None, Some(high)) => format!("its input is at most {high}"),
            (None, None) => "its arguments differ by a constant".into(),
        }
    }

    fn smooth(&mut self, id: NodeId, layer: &dyn Function, operands: &[&[Linear]]) -> Result<Vec<Linear>, Stop> {
        let shapes: Vec<&Shape> =
            self.network.nodes[id].operands.iter().map(|&o| &self.network.nodes[o].shape).collect();
        let constants: Option<Vec<Tensor>> =
            operands.iter().zip(&shapes).map(|(forms, shape)| constant_tensor(forms, shape)).collect();
        if let Some(constants) = constants
            && let Some(value) = layer.evaluate(&constants.iter().collect::<Vec<_>>())
        {
            return Ok(value.to_rationals().into_iter().map(Linear::constant).collect());
        }
        if layer.kind() == "softmax" && layer.output().channels() == 1 {
            // The quotient of one exponential by itself.
            return Ok(vec![Linear::constant(Rational::one()); layer.output().elements()]);
        }
        if layer.kind() == "multiply" {
            let products: Option<Vec<Linear>> =
                operands[0].iter().zip(operands[1]).map(|(a, b)| product(a, b)).collect();
            if let Some(products) = products {
                return Ok(products);
            }
        }
        let outputs = layer.output().elements();
        self.spend(operands.iter().flat_map(|o| o.iter()).map(|f| f.terms.len() + 1).sum::<usize>() + outputs)?;
        let key = (format!("{layer:?}"), operands.iter().map(|o| o.to_vec()).collect());
        let first = match self.smooth_names.get(&key) {
            Some(&first) => first,
            None => {
                let first = self.atoms.len();
                for atom in first..first + outputs {
                    self.atoms.push(Vec::new());
                    self.bounds.push((None, None));
                    self.smooth.insert(atom, id);
                }
                self.smooth_names.insert(key, first);
                first
            }
        };
        Ok((first..first + outputs).map(|atom| self.atom_form(atom)).collect())
    }

    fn atom_form(&self, atom: usize) -> Linear {
        Linear { terms: vec![(self.inputs + atom, Rational::one())], constant: Rational::zero() }
    }

    /// A form over the layer's operands as a form over variables.
    fn substitute(&mut self, form: &Form, operands: &[&[Linear]]) -> Result<Linear, Stop> {
        let mut sum = Sum { constant: form.constant.clone(), ..Sum::default() };
        for (operand, flat, coefficient) in &form.terms {
            let inner = &operands[*operand][*flat];
            self.spend(inner.terms.len() + 1)?;
            sum.add(inner, coefficient);
        }
        Ok(sum.finish())
    }

    /// max(forms) as a form, and the atom it needs, if one argument does not always win.
    fn maximum(&mut self, mut forms: Vec<Linear>) -> Result<(Linear, Option<usize>), Stop> {
        self.spend(forms.iter().map(|f| f.terms.len() + 1).sum())?;
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
            self.spend(unfolded.iter().map(|f| f.terms.len() + 1).sum())?;
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
            self.spend(forms.iter().map(|f| f.terms.len()).sum::<usize>() + forms.len() * forms[at].terms.len())?;
            let beats = |other: &Linear| self.bound(&other.minus(&forms[at])).0.is_some_and(|low| !low.is_negative());
            if (0..forms.len()).any(|other| other != at && beats(&forms[other])) {
                forms.remove(at);
            } else {
                at += 1;
            }
        }
        Ok(())
    }

    fn bound(&self, form: &Linear) -> Bounds {
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

    fn conclude(mut self, outputs: &[Linear]) -> Outcome {
        let mut remaining = BTreeMap::new();
        let mut affected = 0;
        for form in outputs {
            let atoms = form.terms.iter().filter_map(|(v, _)| v.checked_sub(self.inputs));
            let before = remaining.len();
            let mut any = false;
            for atom in atoms {
                any = true;
                *remaining.entry(atom).or_insert(0) += 1;
            }
            affected += usize::from(any || remaining.len() > before);
        }
        if let Some(&node) = remaining.keys().find_map(|atom| self.smooth.get(atom)) {
            return Outcome::Smooth(node);
        }
        if remaining.is_empty() {
            return self.affine_outcome(outputs);
        }
        let over_inputs = |atom: &usize| match self.atoms[*atom].as_slice() {
            [l] if l.terms.iter().all(|(v, _)| *v < self.inputs) => Some(l.clone()),
            _ => None,
        };
        let hyperplanes: Vec<Linear> = remaining.keys().filter_map(over_inputs).collect();
        let certain = hyperplanes.len() == remaining.len();
        Outcome::Residual(Residual { outputs: affected, atoms: remaining.len(), certain, hyperplanes })
    }

    fn affine_outcome(&mut self, outputs: &[Linear]) -> Outcome {
        let coefficients = outputs.iter().flat_map(|f| &f.terms).map(|(_, c)| c.denom());
        let denominator = common_denominator(coefficients);
        let row = |f: &Linear| f.terms.iter().map(|(v, c)| (*v, c.numer() * (&denominator / c.denom()))).collect();
        let matrix = Matrix::from_rows(self.inputs, outputs.iter().map(row).collect(), denominator.clone());
        let constants: Vec<Rational> = outputs.iter().map(|f| f.constant.clone()).collect();
        let bias = Tensor::from_rationals(self.network.output_shape().clone(), &constants);
        let mut steps = std::mem::take(&mut self.steps);
        steps.atoms = self.atoms.len();
        steps.shared = self
            .users
            .iter()
            .find(|(_, users)| users.len() > 1)
            .map(|(&atom, users)| (self.show_atom(atom), users.clone()));
        Outcome::Affine { matrix, bias, steps: Box::new(steps) }
    }

    /// An atom as a formula, when it is short.
    fn show_atom(&self, atom: usize) -> String {
        let show = |l: &Linear| {
            let mut text = String::new();
            for (variable, coefficient) in &l.terms {
                let name = match variable.checked_sub(self.inputs) {
                    None => format!("x_{{{variable}}}"),
                    Some(inner) => format!("a_{{{inner}}}"),
                };
                push_term(&mut text, coefficient, &name);
            }
            if !l.constant.is_zero() {
                push_term(&mut text, &l.constant, "");
            }
            text
        };
        let arguments: Vec<String> = self.atoms[atom].iter().map(show).collect();
        let text = format!("\\max\\{{0, {}\\}}", arguments.join(", "));
        if text.len() <= 120 { text } else { "\\max\\{0, l\\}".into() }
    }
}

fn push_term(text: &mut String, coefficient: &Rational, name: &str) {
    let sign = match (text.is_empty(), coefficient.is_negative()) {
        (true, true) => "-",
        (true, false) => "",
        (false, true) => " - ",
        (false, false) => " + ",
    };
    let size = coefficient.abs();
    let number = if size.is_one() && !name.is_empty() { String::new() } else { size.to_string() };
    let dot = if number.is_empty() || name.is_empty() { "" } else { " \\cdot " };
    text.push_str(&format!("{sign}{number}{dot}{name}"));
}

fn constant_tensor(forms: &[Linear], shape: &Shape) -> Option<Tensor> {
    let values: Option<Vec<Rational>> = forms.iter().map(|f| f.terms.is_empty().then(|| f.constant.clone())).collect();
    Some(Tensor::from_rationals(shape.clone(), &values?))
}

/// The product of two forms, one of which is constant.
fn product(a: &Linear, b: &Linear) -> Option<Linear> {
    match (a.terms.is_empty(), b.terms.is_empty()) {
        (true, _) => Some(b.times(&a.constant)),
        (_, true) => Some(a.times(&b.constant)),
        _ => None,
    }
}

impl Linear {
    fn constant(constant: Rational) -> Linear {
        Linear { terms: Vec::new(), constant }
    }

    fn times(&self, factor: &Rational) -> Linear {
        if factor.is_zero() {
            return Linear::default();
        }
        Linear { terms: self.terms.iter().map(|(v, c)| (*v, c * factor)).collect(), constant: &self.constant * factor }
    }

    fn minus(&self, other: &Linear) -> Linear {
        let mut sum = Sum::default();
        sum.add(self, &Rational::one());
        sum.add(other, &-Rational::one());
        sum.finish()
    }

    /// By the sign of the first coefficient of the difference; the constant counts last. Invariant
    /// under adding a form to both and under positive scaling.
    fn order(&self, other: &Linear) -> std::cmp::Ordering {
        let difference = self.minus(other);
        let lead = difference.terms.first().map_or(&difference.constant, |t| &t.1);
        lead.cmp(&Rational::zero())
    }
}

/// A form under construction.
#[derive(Default)]
struct Sum {
    terms: BTreeMap<usize, Rational>,
    constant: Rational,
}

impl Sum {
    fn add(&mut self, form: &Linear, factor: &Rational) {
        for (variable, coefficient) in &form.terms {
            *self.terms.entry(*variable).or_default() += coefficient * factor;
        }
        self.constant += &form.constant * factor;
    }

    fn finish(self) -> Linear {
        let terms = self.terms.into_iter().filter(|(_, c)| !c.is_zero()).collect();
        Linear { terms, constant: self.constant }
    }
}

/// Where to look for the kink on l = 0: a line from the base point through the hyperplane, and,
/// for a hyperplane through the base point, two points on opposite sides of it.
fn hints(network: &Network, l: &Linear) -> Vec<Hint> {
    let domain = super::search::Domain::of(network);
    let base = domain.base();
    let size = base.len();
    let vector = |values: &BTreeMap<usize, Rational>| {
        let entries: Vec<Rational> = (0..size).map(|i| values.get(&i).cloned().unwrap_or_default()).collect();
        Tensor::from_rationals(base.shape().clone(), &entries)
    };
    let at = |i: &usize| base.get(*i);
    let value = l.terms.iter().map(|(i, c)| c * at(i)).sum::<Rational>() + &l.constant;
    // The farthest move of each entry that raises (or lowers) l, inside the domain.
    let far = |raise: bool| -> BTreeMap<usize, Rational> {
        let step = |(i, c): &(usize, Rational)| {
            let up = c.is_positive() == raise;
            let room = domain.room(*i, up);
            let length = room.unwrap_or_else(|| c.abs() * l.constant.abs().max(Rational::one()));
            (*i, if up { length } else { -length })
        };
        l.terms.iter().map(step).collect()
    };
    let (raise, lower) = (far(true), far(false));
    let half = Rational::new(1.into(), 2.into());
    let halved = |v: &BTreeMap<usize, Rational>| v.iter().map(|(i, s)| (*i, s * &half)).collect::<BTreeMap<_, _>>();
    let mut found = vec![Hint::Pair(vector(&halved(&raise)), vector(&halved(&lower)))];
    let toward = if value.is_negative() { raise } else { lower };
    found.push(Hint::Line(vector(&toward)));
    found
}
