//! The forms of every value, layer by layer.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use num_traits::{One, Zero};

use super::linear::{Bounds, Linear, Sum, constant_tensor, product, push_term};
use super::{LayerStep, Outcome, Residual, Steps};
use crate::algebra::{Matrix, Rational, Shape, Tensor, common_denominator};
use crate::layer::{Form, Function, Layer, PiecewiseLayer};
use crate::network::{Network, NodeId};

/// Why a normal form is not finished.
pub(super) enum Stop {
    TooLarge,
}

pub(super) struct Builder<'n> {
    network: &'n Network,
    pub inputs: usize,
    /// Bounds of every variable: inputs, then atoms.
    pub bounds: Vec<Bounds>,
    /// For each atom: its arguments; empty for the outputs of smooth layers.
    pub atoms: Vec<Vec<Linear>>,
    /// For each atom of a smooth layer: the layer.
    smooth: BTreeMap<usize, NodeId>,
    pub names: HashMap<Vec<Linear>, usize>,
    smooth_names: HashMap<(String, Vec<Vec<Linear>>), usize>,
    /// For each atom: the units that are multiples of it, as words; a few are enough.
    users: BTreeMap<usize, Vec<String>>,
    steps: Steps,
    operations: usize,
}

impl<'n> Builder<'n> {
    pub fn new(network: &'n Network, operations: usize) -> Builder<'n> {
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

    pub fn spend(&mut self, amount: usize) -> Result<(), Stop> {
        self.operations = self.operations.checked_sub(amount).ok_or(Stop::TooLarge)?;
        Ok(())
    }

    /// The forms of the output's entries.
    pub fn run(&mut self) -> Result<Vec<Linear>, Stop> {
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
                Some(Layer::Symbolic(_)) => return Err(Stop::TooLarge),
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
                    spent += form.cost();
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
        self.spend(operands.iter().flat_map(|o| o.iter()).map(Linear::cost).sum::<usize>() + outputs)?;
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

    pub fn atom_form(&self, atom: usize) -> Linear {
        Linear { terms: vec![(self.inputs + atom, Rational::one())], constant: Rational::zero() }
    }

    /// A form over the layer's operands as a form over variables.
    fn substitute(&mut self, form: &Form, operands: &[&[Linear]]) -> Result<Linear, Stop> {
        let mut sum = Sum { constant: form.constant.clone(), ..Sum::default() };
        for (operand, flat, coefficient) in &form.terms {
            let inner = &operands[*operand][*flat];
            self.spend(inner.cost())?;
            sum.add(inner, coefficient);
        }
        Ok(sum.finish())
    }

    pub fn conclude(mut self, outputs: &[Linear]) -> Outcome {
        let atoms =
            |form: &Linear| form.terms.iter().filter_map(|(v, _)| v.checked_sub(self.inputs)).collect::<Vec<_>>();
        let left: Vec<Vec<usize>> = outputs.iter().map(atoms).filter(|atoms| !atoms.is_empty()).collect();
        let remaining: BTreeSet<usize> = left.iter().flatten().copied().collect();
        if let Some(&node) = remaining.iter().find_map(|atom| self.smooth.get(atom)) {
            return Outcome::Smooth(node);
        }
        if remaining.is_empty() {
            return self.affine_outcome(outputs);
        }
        let over_inputs = |atom: &usize| match self.atoms[*atom].as_slice() {
            [l] if l.terms.iter().all(|(v, _)| *v < self.inputs) => Some(l.clone()),
            _ => None,
        };
        let hyperplanes: Vec<Linear> = remaining.iter().filter_map(over_inputs).collect();
        let certain = hyperplanes.len() == remaining.len();
        Outcome::Residual(Residual { outputs: left.len(), atoms: remaining.len(), certain, hyperplanes })
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
