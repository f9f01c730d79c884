//! The forms of every value, layer by layer.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use num_traits::{One, Zero};

use super::curves::Curves;
use super::linear::{Bounds, Linear, Sum, constant_tensor, map, product};
use super::{Atoms, LayerStep, Outcome, Residual, Steps};
use crate::algebra::{Coefficient, Rational, Shape, Symbol, Tensor};
use crate::decide::regions::Program;
use crate::layer::{Definition, Form, Function, Layer, Lowered, PiecewiseLayer, Weights};
use crate::network::{Network, NodeId};

/// Why a normal form is not finished.
pub(super) enum Stop {
    TooLarge,
    /// A weight is not in the ring.
    Symbols,
}

/// Forms over the values of a ring of weights.
type Forms<C> = Vec<Linear<<C as Coefficient>::Value>>;

pub(super) struct Builder<'n, C: Weights> {
    network: &'n Network,
    pub inputs: usize,
    /// Bounds of every variable: inputs, then atoms.
    pub bounds: Vec<Bounds>,
    /// For each atom: its arguments; empty for the outputs of smooth layers.
    pub atoms: Vec<Forms<C>>,
    /// Symbols that are taken to be at least 0.
    pub nonnegative: BTreeSet<Symbol>,
    /// For each atom of a smooth layer: the layer.
    pub smooth: BTreeMap<usize, NodeId>,
    /// The variables that are products of others, by their sorted factors, and the reverse.
    pub monomials: HashMap<Vec<usize>, usize>,
    pub factors: HashMap<usize, Vec<usize>>,
    pub names: HashMap<Forms<C>, usize>,
    pub curves: Curves<C::Value>,
    /// For each atom: the units that are multiples of it, as words; a few are enough.
    users: BTreeMap<usize, Vec<String>>,
    steps: Steps,
    operations: usize,
    /// For each layer with kinks, its units: kept only when asked for.
    kept: Option<Vec<LayerUnits<C>>>,
    /// For checkers: maxima are taken one argument at a time, from the last, so that those on the way are atoms
    /// too, and symbols have no signs.
    pub stepwise: bool,
}

/// A layer with its units.
pub(super) type LayerUnits<C> = (NodeId, Vec<Kept<C>>);

/// What a unit became.
pub(super) enum Kept<C: Weights> {
    /// A form without a kink of its own; and which argument each of its maxima is, where that is known.
    Stable(Linear<C::Value>, Option<Vec<usize>>),
    /// The arguments of its maxima.
    Open(Vec<Forms<C>>),
}

impl<'n, C: Weights> Builder<'n, C> {
    pub fn new(network: &'n Network, operations: usize, nonnegative: BTreeSet<Symbol>) -> Builder<'n, C> {
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
            nonnegative,
            smooth: BTreeMap::new(),
            monomials: HashMap::new(),
            factors: HashMap::new(),
            names: HashMap::new(),
            curves: Curves::default(),
            users: BTreeMap::new(),
            steps: Steps::default(),
            operations,
            kept: None,
            stepwise: false,
        }
    }

    /// The units of every layer with kinks.
    pub fn units(&mut self) -> Result<Vec<LayerUnits<C>>, Stop> {
        self.kept = Some(Vec::new());
        self.run()?;
        Ok(self.kept.take().unwrap_or_default())
    }

    /// All atoms, when maxima are taken one argument at a time from the last.
    pub fn atoms(mut self) -> Result<Atoms<C>, Stop> {
        self.stepwise = true;
        let outputs = self.run()?;
        let most = self.bounds[self.inputs..].iter().map(|(_, high)| high.clone()).collect();
        let within: Option<Vec<Rational>> = outputs.iter().map(|form| self.largest(form)).collect();
        let largest = within.and_then(|sizes| sizes.into_iter().max());
        Ok(Atoms { inputs: self.inputs, atoms: self.atoms, most, outputs, largest })
    }

    /// A bound of a form's absolute value.
    fn largest(&self, form: &Linear<C::Value>) -> Option<Rational> {
        let (low, high) = self.bound(form);
        Some(high?.max(-low?))
    }

    pub fn spend(&mut self, amount: usize) -> Result<(), Stop> {
        self.operations = self.operations.checked_sub(amount).ok_or(Stop::TooLarge)?;
        Ok(())
    }

    /// The forms of the output's entries.
    pub fn run(&mut self) -> Result<Forms<C>, Stop> {
        self.spend(self.inputs)?;
        let mut values: Vec<Forms<C>> = vec![Vec::new(); self.network.nodes.len()];
        let mut next = 0;
        for (id, input) in self.network.inputs.iter().enumerate() {
            values[id] = (next..next + input.shape.elements()).map(|i| self.input(i)).collect();
            next += input.shape.elements();
        }
        for id in self.network.live_nodes() {
            let node = &self.network.nodes[id];
            let operands: Vec<&[Linear<C::Value>]> = node.operands.iter().map(|&o| values[o].as_slice()).collect();
            let forms = match &node.layer {
                None => continue,
                Some(Layer::Piecewise(layer)) => self.piecewise(id, &**layer, &operands)?,
                Some(Layer::Smooth(layer)) => self.smooth(id, &**layer, &operands)?,
                Some(layer) => self.affine(&C::lower(layer).ok_or(Stop::Symbols)?, &operands)?,
            };
            values[id] = forms;
        }
        Ok(std::mem::take(&mut values[self.network.output]))
    }

    /// An input entry; a constant where its domain is one point.
    fn input(&self, index: usize) -> Linear<C::Value> {
        match &self.bounds[index] {
            (Some(low), Some(high)) if low == high => Linear::constant(low.clone().into()),
            _ => Linear::variable(index),
        }
    }

    fn affine(&mut self, lowered: &Lowered<C>, operands: &[&[Linear<C::Value>]]) -> Result<Forms<C>, Stop> {
        let rows =
            lowered.bias.as_ref().map(|b| b.shape().elements()).or_else(|| lowered.operators.first().map(|o| o.rows()));
        let mut result = Vec::new();
        for row in 0..rows.unwrap_or(0) {
            let mut sum = Sum::default();
            if let Some(bias) = &lowered.bias {
                sum.constant = bias.at(row).value(bias.denominator());
            }
            for (operator, operand) in lowered.operators.iter().zip(operands) {
                let denominator = operator.denominator();
                let mut spent = 0;
                operator.for_each_in_row(row, &mut |column, weight| {
                    let form = &operand[column];
                    spent += form.cost();
                    if spent <= self.operations {
                        sum.add(form, &weight.value(&denominator));
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
        operands: &[&[Linear<C::Value>]],
    ) -> Result<Forms<C>, Stop> {
        let units = layer.output().elements();
        let mut step = LayerStep { node: id, units, stable: 0, example: None };
        let mut result = Vec::with_capacity(units);
        let mut kept = Vec::new();
        for output in 0..units {
            let unit = layer.unit(output);
            let mut sum = Sum::default();
            sum.add(&self.substitute(&unit.affine, operands)?, &C::Value::one());
            let mut stable = true;
            let mut open = Vec::new();
            let mut winners = Some(Vec::new());
            for (coefficient, arguments) in &unit.maxima {
                let forms: Result<Forms<C>, Stop> = arguments.iter().map(|a| self.substitute(a, operands)).collect();
                let forms = forms?;
                if self.kept.is_some() {
                    open.push(forms.clone());
                }
                if self.stepwise {
                    for start in (1..forms.len().saturating_sub(1)).rev() {
                        self.maximum(forms[start..].to_vec())?;
                    }
                }
                let (form, atom) = self.maximum(forms)?;
                if let Some(arguments) = open.last() {
                    let winner = arguments.iter().position(|argument| *argument == form);
                    winners = winners.zip(winner).map(|(before, winner)| [before, vec![winner]].concat());
                }
                if let Some(atom) = atom {
                    stable = false;
                    let users = self.users.entry(atom).or_default();
                    let name = format!("{}[{output}]", self.network.nodes[id].name);
                    if users.len() < 4 && users.last() != Some(&name) {
                        users.push(name);
                    }
                }
                sum.add(&form, &coefficient.clone().into());
            }
            if stable {
                step.stable += 1;
                if step.example.is_none() {
                    step.example = Some((output, self.explain_stable(&unit, operands)));
                }
            }
            let form = sum.finish();
            if self.kept.is_some() {
                kept.push(if stable { Kept::Stable(form.clone(), winners) } else { Kept::Open(open) });
            }
            result.push(form);
        }
        if let Some(all) = &mut self.kept {
            all.push((id, kept));
        }
        self.steps.layers.push(step);
        Ok(result)
    }

    /// Why a unit is affine: the bounds of its input, when it has one and they are known.
    fn explain_stable(&self, unit: &crate::layer::Unit, operands: &[&[Linear<C::Value>]]) -> String {
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

    fn smooth(&mut self, id: NodeId, layer: &dyn Function, operands: &[&[Linear<C::Value>]]) -> Result<Forms<C>, Stop> {
        let (forms, why) = self.smooth_forms(id, layer, operands)?;
        let (units, stable) = (forms.len(), if why.is_some() { forms.len() } else { 0 });
        self.steps.layers.push(LayerStep { node: id, units, stable, example: why.map(|why| (0, why.into())) });
        Ok(forms)
    }

    /// The forms, and why they are affine, where they are without any atom of this layer.
    fn smooth_forms(
        &mut self,
        id: NodeId,
        layer: &dyn Function,
        operands: &[&[Linear<C::Value>]],
    ) -> Result<(Forms<C>, Option<&'static str>), Stop> {
        let shapes: Vec<&Shape> =
            self.network.nodes[id].operands.iter().map(|&o| &self.network.nodes[o].shape).collect();
        let constants: Option<Vec<Tensor>> =
            operands.iter().zip(&shapes).map(|(forms, shape)| constant_tensor(forms, shape)).collect();
        if let Some(constants) = constants
            && let Some(value) = layer.evaluate(&constants.iter().collect::<Vec<_>>())
        {
            let forms = value.to_rationals().into_iter().map(|v| Linear::constant(v.into())).collect();
            return Ok((forms, Some("its input is constant")));
        }
        if let (Some(Definition::Multiply | Definition::Square), Some(last)) = (layer.definition(), operands.last()) {
            let scaled = operands[0].iter().zip(*last).all(|(a, b)| product(a, b).is_some());
            if let Some(products) = self.products(id, operands[0], last)? {
                return Ok((products, scaled.then_some("one of its factors is constant")));
            }
        }
        let before = self.atoms.len();
        let forms = self.curves(id, layer, operands)?;
        let known = self.atoms.len() == before && forms.iter().all(|form| form.terms.is_empty());
        Ok((forms, known.then_some("its value is one number")))
    }

    /// A form over the layer's operands as a form over variables.
    fn substitute(&mut self, form: &Form, operands: &[&[Linear<C::Value>]]) -> Result<Linear<C::Value>, Stop> {
        let mut sum = Sum::constant(form.constant.clone().into());
        for (operand, flat, coefficient) in &form.terms {
            let inner = &operands[*operand][*flat];
            self.spend(inner.cost())?;
            sum.add(inner, &coefficient.clone().into());
        }
        Ok(sum.finish())
    }

    pub fn conclude(mut self, outputs: &[Linear<C::Value>]) -> Outcome<C> {
        let atoms = |form: &Linear<C::Value>| {
            form.terms.iter().filter_map(|(v, _)| v.checked_sub(self.inputs)).collect::<Vec<_>>()
        };
        let left: Vec<Vec<usize>> = outputs.iter().map(atoms).filter(|atoms| !atoms.is_empty()).collect();
        let remaining: BTreeSet<usize> = left.iter().flatten().copied().collect();
        if let Some(&node) = remaining.iter().find_map(|atom| self.smooth.get(atom)) {
            return Outcome::Smooth(node);
        }
        if remaining.is_empty() {
            return self.affine_outcome(outputs);
        }
        let over_inputs = |atom: &usize| match self.atoms[*atom].as_slice() {
            [l] if l.terms.iter().all(|(v, _)| *v < self.inputs) => l.numbers(),
            _ => None,
        };
        let hyperplanes: Vec<Linear> = remaining.iter().filter_map(over_inputs).collect();
        let certain = hyperplanes.len() == remaining.len();
        let program = self.program(outputs);
        Outcome::Residual(Residual { outputs: left.len(), atoms: remaining.len(), certain, hyperplanes, program })
    }

    /// The outputs as a program of those atoms that they depend on; `None` with symbols or smooth layers.
    pub fn program(&self, outputs: &[Linear<C::Value>]) -> Option<Program> {
        let mut needed = BTreeSet::new();
        let mut open: Vec<&Linear<C::Value>> = outputs.iter().collect();
        while let Some(form) = open.pop() {
            for atom in form.terms.iter().filter_map(|(v, _)| v.checked_sub(self.inputs)) {
                if self.atoms[atom].is_empty() {
                    return None;
                }
                if needed.insert(atom) {
                    open.extend(&self.atoms[atom]);
                }
            }
        }
        let place: BTreeMap<usize, usize> = needed.iter().enumerate().map(|(to, &from)| (from, to)).collect();
        let renamed = |form: &Linear<C::Value>| -> Option<Linear> {
            let mut form = form.numbers()?;
            for (variable, _) in &mut form.terms {
                if let Some(atom) = variable.checked_sub(self.inputs) {
                    *variable = self.inputs + place[&atom];
                }
            }
            Some(form)
        };
        let zero = || Some(Linear::constant(Zero::zero()));
        let atom = |&atom: &usize| [zero()].into_iter().chain(self.atoms[atom].iter().map(renamed)).collect();
        let atoms: Option<Vec<Vec<Linear>>> = needed.iter().map(atom).collect();
        let outputs: Option<Vec<Linear>> = outputs.iter().map(renamed).collect();
        let bounds = self.bounds[..self.inputs].iter().map(|(low, high)| low.clone().zip(high.clone())).collect();
        Some(Program { bounds, atoms: atoms?, outputs: outputs? })
    }

    fn affine_outcome(&mut self, outputs: &[Linear<C::Value>]) -> Outcome<C> {
        let map = map::<C>(self.inputs, self.network.output_shape(), outputs);
        let mut steps = std::mem::take(&mut self.steps);
        steps.atoms = self.atoms.len();
        steps.products = self.monomials.len();
        steps.curves = self.smooth.len() - self.monomials.len();
        let shared = self.users.iter().filter(|(_, users)| users.len() > 1);
        steps.shared = shared.filter_map(|(&atom, users)| Some((self.show_atom(atom)?, users.clone()))).next();
        Outcome::Affine { map, steps: Box::new(steps) }
    }

    /// An atom as a formula, shortened when it is long; `None` if it has symbols.
    fn show_atom(&self, atom: usize) -> Option<String> {
        let variable = |v: usize| match v.checked_sub(self.inputs) {
            None => format!("x_{{{v}}}"),
            Some(inner) => format!("a_{{{inner}}}"),
        };
        let formula = |l: &Linear<C::Value>| Some(l.numbers()?.to_formula(&variable));
        let arguments: Option<Vec<String>> = self.atoms[atom].iter().map(formula).collect();
        let text = format!("\\max\\{{0, {}\\}}", arguments?.join(", "));
        Some(if text.len() <= 120 { text } else { "\\max\\{0, l\\}".into() })
    }
}
