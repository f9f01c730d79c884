//! One axis of an image: what an output position reads, value by value, back to the inputs.
//!
//! A trace numbers the positions of each value in the order in which it meets them, and keeps only
//! these numbers: so positions with equal traces are computed by the same steps from the same
//! weights, and differ at most in where the numbered positions are ([`Classes::windows`]).

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use crate::algebra::{Integer, Matrix};
use crate::collapse::Region;
use crate::layer::{Bias, Weights};
use crate::network::NodeId;
use crate::toeplitz::{Operator, Structure, Taps};

/// For each local position of a value, the pairs (label of the weight, local position read).
pub(super) type Reads = Vec<Vec<(usize, usize)>>;

/// What one output position reads along one axis, in local positions.
#[derive(Clone, Debug, Default)]
pub(super) struct Trace {
    /// For each layer, for each operand.
    pub reads: BTreeMap<NodeId, Vec<Reads>>,
    /// For each value, the positions that the local ones stand for; empty where nothing is read.
    pub positions: BTreeMap<NodeId, Vec<usize>>,
}

/// Output positions of one axis, by what they read.
#[derive(Clone, Debug)]
pub(super) struct Classes {
    /// The first of the positions; those before it, and some at the end, may be left out.
    pub first: usize,
    /// The class of each output position.
    pub of: Vec<usize>,
    /// For each output position and source, the input positions that the local ones stand for.
    pub windows: Vec<Vec<Vec<usize>>>,
    /// The trace of the first position of each class.
    pub traces: Vec<Trace>,
}

/// How one operand of a layer is read along one axis.
enum Step<'r> {
    /// Position p reads position p.
    Same,
    /// Through taps.
    Taps(&'r Taps),
    /// Through the rows of a matrix: pairs of a weight's label and a position.
    Rows(Vec<Vec<(usize, usize)>>),
}

/// One layer along one axis.
struct Layer<'r> {
    id: NodeId,
    operands: Vec<(NodeId, Step<'r>)>,
    /// A label of each position's constants; none where they are the same at all positions.
    constants: Option<Vec<usize>>,
}

impl Step<'_> {
    /// `None` for operators that are no product over the axes.
    fn of<C: Weights>(operator: &Operator<C>, axis: usize) -> Option<Step<'_>> {
        let (input, output) = (operator.input(), operator.output());
        if input.rank() != output.rank() {
            return None;
        }
        match operator.structure() {
            Structure::Identity => (input == output).then_some(Step::Same),
            Structure::Diagonal(factors) => input.channels().is_multiple_of(factors.len()).then_some(Step::Same),
            Structure::Kronecker(factors) => {
                (factors.len() == input.rank()).then(|| Step::Rows(labelled(&factors[1 + axis])))
            }
            Structure::Convolution(convolution) => Some(Step::Taps(convolution.taps().get(axis)?)),
            Structure::Permutation(_) | Structure::Dense(_) => None,
        }
    }

    fn row(&self, position: usize) -> Cow<'_, [(usize, usize)]> {
        match self {
            Step::Same => Cow::Owned(vec![(0, position)]),
            Step::Taps(taps) => Cow::Borrowed(taps.row(position)),
            Step::Rows(rows) => Cow::Borrowed(&rows[position]),
        }
    }
}

/// The rows of a matrix with equal weights labelled alike.
fn labelled(matrix: &Matrix) -> Vec<Vec<(usize, usize)>> {
    let mut labels: HashMap<&Integer, usize> = HashMap::new();
    let mut label = |weight| {
        let next = labels.len();
        *labels.entry(weight).or_insert(next)
    };
    (0..matrix.rows()).map(|row| matrix.row(row).map(|(column, weight)| (label(weight), column)).collect()).collect()
}

/// Labels of the positions of one spatial axis: equal where all constants are.
fn slices<C: Weights>(bias: &Bias<C>, axis: usize) -> Vec<usize> {
    let axes = bias.shape().axes();
    let (n, inner): (usize, usize) = (axes[1 + axis], axes[2 + axis..].iter().product());
    let mut found: Vec<Vec<&C>> = vec![Vec::new(); n];
    (0..bias.shape().elements()).for_each(|flat| found[flat / inner % n].push(bias.at(flat)));
    let mut labels = HashMap::new();
    let label = |slice| {
        let next = labels.len();
        *labels.entry(slice).or_insert(next)
    };
    found.into_iter().map(label).collect()
}

impl Classes {
    /// The classes of some positions of one spatial axis; `None` where a layer is no product over the
    /// axes, or there are more than `left` labels and positions to read.
    pub fn of<C: Weights>(
        region: &Region<'_, C>,
        (axis, positions): (usize, Range<usize>),
        uniform: &dyn Fn(NodeId) -> bool,
        mut left: usize,
    ) -> Option<Classes> {
        let mut layers = Vec::new();
        // From the output backwards: each value after all that read it.
        for (id, lowered) in region.layers().rev() {
            let operands = region.network.nodes[id].operands.iter().zip(&lowered.operators);
            let operands = operands.map(|(&operand, operator)| Some((operand, Step::of(operator, axis)?)));
            let constants = lowered.bias.as_ref().filter(|_| !uniform(id)).map(|bias| slices(bias, axis));
            layers.push(Layer { id, operands: operands.collect::<Option<_>>()?, constants });
        }
        let (first, count) = (positions.start, positions.len());
        let mut classes = Classes { first, of: Vec::with_capacity(count), windows: Vec::new(), traces: Vec::new() };
        let mut known = HashMap::new();
        for position in positions {
            let (trace, signature) = trace(&layers, region.sink, position);
            left = left.checked_sub(signature.len())?;
            let window = |source: &NodeId| trace.positions.get(source).cloned().unwrap_or_default();
            classes.windows.push(region.sources.iter().map(window).collect());
            let next = known.len();
            let class = *known.entry(signature).or_insert(next);
            if class == next {
                classes.traces.push(trace);
            }
            classes.of.push(class);
        }
        Some(classes)
    }
}

impl Classes {
    /// The class of an output position.
    pub fn class(&self, position: usize) -> usize {
        self.of[position - self.first]
    }

    /// For each source, the input positions that the local ones of an output position stand for.
    pub fn windows_at(&self, position: usize) -> &Vec<Vec<usize>> {
        &self.windows[position - self.first]
    }

    /// The place, among the positions that there are, of the first one of each class.
    pub fn firsts(&self) -> Vec<usize> {
        let mut firsts = Vec::with_capacity(self.traces.len());
        for (position, &class) in self.of.iter().enumerate() {
            if class == firsts.len() {
                firsts.push(position);
            }
        }
        firsts
    }
}

/// The trace of one output position, and what has to be equal for two traces to be.
fn trace(layers: &[Layer<'_>], sink: NodeId, position: usize) -> (Trace, Vec<usize>) {
    let mut trace = Trace { positions: BTreeMap::from([(sink, vec![position])]), ..Trace::default() };
    let mut places: HashMap<(NodeId, usize), usize> = HashMap::new();
    let mut signature = Vec::new();
    for layer in layers {
        let here = trace.positions.get(&layer.id).cloned().unwrap_or_default();
        signature.push(here.len());
        if let Some(labels) = &layer.constants {
            signature.extend(here.iter().map(|&p| labels[p]));
        }
        let mut operands = Vec::with_capacity(layer.operands.len());
        for (operand, step) in &layer.operands {
            let there = trace.positions.entry(*operand).or_default();
            let mut rows = Reads::with_capacity(here.len());
            for &p in &here {
                let row = step.row(p);
                signature.push(row.len());
                let local = |&(label, read): &(usize, usize)| {
                    let place = *places.entry((*operand, read)).or_insert_with(|| {
                        there.push(read);
                        there.len() - 1
                    });
                    signature.extend([label, place]);
                    (label, place)
                };
                rows.push(row.iter().map(local).collect());
            }
            operands.push(rows);
        }
        trace.reads.insert(layer.id, operands);
    }
    (trace, signature)
}
