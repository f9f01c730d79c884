//! Bounds by linear forms in the input: every entry is Σ slopes·x + [low, high].
//!
//! What is affine in the input stays so, and cancels between the two sides; a maximum of which one argument wins
//! everywhere is that argument; any other max{a, b} = b + max{0, a − b} lies in b + λ·(a − b) + [0, …] for the λ
//! of its chord (Singh et al., Fast and Effective Robustness Certification, 2018).

use num_integer::Integer as _;
use num_traits::{One, Signed, Zero};

use super::pairs::{PLACES, Span, bounds, product};
use crate::algebra::{Integer, Rational, ratio};
use crate::layer::{Enclosure, Form, Layer, Unit};
use crate::network::Network;

/// Inputs of more entries are bounded without forms, and so are networks with more slopes in all.
const ENTRIES: usize = 64;
const SLOPES: usize = 400_000;

/// Σ slopes·x + [low, high], all in units of 2^−PLACES.
#[derive(Clone, Debug)]
struct Linear {
    slopes: Vec<Integer>,
    low: Integer,
    high: Integer,
}

/// The box, and what rounding a slope down by one unit may cost at most.
struct Inputs {
    spans: Vec<Span>,
    slack: Integer,
}

/// How large each output can be, from bounds of all values; `None` where there are too many.
pub(super) fn sizes(network: &Network, values: &[Option<Enclosure>]) -> Option<Vec<Rational>> {
    let entries = network.input_elements();
    let live = network.live_nodes();
    let elements: usize = live.iter().map(|&id| network.nodes[id].shape.elements()).sum();
    if entries > ENTRIES || elements.saturating_mul(entries) > SLOPES {
        return None;
    }
    let value = |id: usize, i: usize| bounds(values.get(id)?.as_ref()?, i);
    let mut spans = Vec::with_capacity(entries);
    for id in 0..network.inputs.len() {
        for i in 0..network.nodes[id].shape.elements() {
            spans.push(value(id, i)?);
        }
    }
    let reach = spans.iter().map(|(low, high)| (low.abs().max(high.abs()) >> PLACES) + 2);
    let slack = reach.sum();
    let inputs = Inputs { spans, slack };
    let mut forms: Vec<Option<Vec<Linear>>> = vec![None; network.nodes.len()];
    let mut first = 0;
    for (id, form) in forms.iter_mut().enumerate().take(network.inputs.len()) {
        let elements = network.nodes[id].shape.elements();
        *form = Some((first..first + elements).map(|at| inputs.variable(at)).collect());
        first += elements;
    }
    for id in live {
        let node = &network.nodes[id];
        let Some(layer) = &node.layer else { continue };
        let operands: Vec<&[Linear]> =
            node.operands.iter().map(|&o| forms[o].as_deref()).collect::<Option<Vec<_>>>()?;
        let interval = |i: usize| value(id, i).map(|span| inputs.interval(span));
        let made: Option<Vec<Linear>> = (0..node.shape.elements())
            .map(|i| {
                let known = value(id, i)?;
                let linear = match layer {
                    Layer::Piecewise(layer) => inputs.unit(&layer.unit(i), &operands),
                    Layer::Affine(_) => return Some(inputs.interval(known)),
                    _ => return interval(i),
                };
                Some(inputs.closer(linear, known))
            })
            .collect();
        let made = match layer {
            Layer::Affine(layer) => affine(&inputs, &layer.lower(), &operands, node.shape.elements()),
            _ => made?,
        };
        forms[id] = Some(made);
    }
    let output = forms[network.output].as_ref()?;
    let size = |linear: &Linear| {
        let (low, high) = inputs.range(linear);
        ratio(low.abs().max(high.abs()), Integer::one() << PLACES)
    };
    Some(output.iter().map(size).collect())
}

fn affine(inputs: &Inputs, lowered: &crate::layer::Lowered, operands: &[&[Linear]], rows: usize) -> Vec<Linear> {
    let row = |row: usize| {
        let mut sum = inputs.interval((Integer::zero(), Integer::zero()));
        for (operator, operand) in lowered.operators.iter().zip(operands) {
            let mut part = inputs.interval((Integer::zero(), Integer::zero()));
            operator.for_each_in_row(row, &mut |column, weight| part.add(&operand[column], weight));
            sum.add(&inputs.divided(part, &operator.denominator()), &Integer::one());
        }
        if let Some(bias) = &lowered.bias {
            let constant = bias.at(row) << PLACES;
            sum.low += constant.div_floor(bias.denominator());
            sum.high += constant.div_ceil(bias.denominator());
        }
        sum
    };
    (0..rows).map(row).collect()
}

impl Linear {
    /// Adds a whole multiple.
    fn add(&mut self, other: &Linear, n: &Integer) {
        self.slopes.iter_mut().zip(&other.slopes).filter(|(_, o)| !o.is_zero()).for_each(|(s, o)| *s += o * n);
        let (low, high) = if n.is_negative() { (&other.high, &other.low) } else { (&other.low, &other.high) };
        self.low += low * n;
        self.high += high * n;
    }
}

impl Inputs {
    fn variable(&self, at: usize) -> Linear {
        let mut linear = self.interval((Integer::zero(), Integer::zero()));
        linear.slopes[at] = Integer::one() << PLACES;
        linear
    }

    fn interval(&self, (low, high): Span) -> Linear {
        Linear { slopes: vec![Integer::zero(); self.spans.len()], low, high }
    }

    /// Divided by a positive number; what is cut off a slope goes into the bounds.
    fn divided(&self, linear: Linear, by: &Integer) -> Linear {
        if by.is_one() {
            return linear;
        }
        let exact = linear.slopes.iter().all(|slope| slope.is_multiple_of(by));
        let slack = if exact { Integer::zero() } else { self.slack.clone() };
        Linear {
            slopes: linear.slopes.iter().map(|slope| slope.div_floor(by)).collect(),
            low: linear.low.div_floor(by) - &slack,
            high: linear.high.div_ceil(by) + slack,
        }
    }

    fn times(&self, linear: &Linear, factor: &Rational) -> Linear {
        let mut product = self.interval((Integer::zero(), Integer::zero()));
        product.add(linear, factor.numer());
        self.divided(product, factor.denom())
    }

    /// What a form's value lies between.
    fn range(&self, linear: &Linear) -> Span {
        let terms = linear.slopes.iter().zip(&self.spans).filter(|(slope, _)| !slope.is_zero());
        let terms = terms.map(|(slope, span)| product(&(slope.clone(), slope.clone()), span));
        terms.fold((linear.low.clone(), linear.high.clone()), |sum, term| (sum.0 + term.0, sum.1 + term.1))
    }

    /// The form, or the bounds that are known otherwise where those are much closer: slopes may cancel later.
    fn closer(&self, linear: Linear, known: Span) -> Linear {
        let (low, high) = self.range(&linear);
        if high - low > (&known.1 - &known.0) * 2 { self.interval(known) } else { linear }
    }

    fn form(&self, form: &Form, operands: &[&[Linear]]) -> Linear {
        let constant = form.constant.numer() << PLACES;
        let denominator = form.constant.denom();
        let mut sum = self.interval((constant.div_floor(denominator), constant.div_ceil(denominator)));
        for (operand, entry, weight) in &form.terms {
            sum.add(&self.times(&operands[*operand][*entry], weight), &Integer::one());
        }
        sum
    }

    fn unit(&self, unit: &Unit, operands: &[&[Linear]]) -> Linear {
        let mut sum = self.form(&unit.affine, operands);
        for (weight, arguments) in &unit.maxima {
            let mut arguments = arguments.iter().map(|argument| self.form(argument, operands));
            let Some(first) = arguments.next() else { continue };
            let largest = arguments.fold(first, |largest, next| self.larger(largest, &next));
            sum.add(&self.times(&largest, weight), &Integer::one());
        }
        sum
    }

    /// max{a, b} = b + max{0, a − b}.
    fn larger(&self, a: Linear, b: &Linear) -> Linear {
        let mut gap = a.clone();
        gap.add(b, &-Integer::one());
        let (low, high) = self.range(&gap);
        if !low.is_negative() {
            return a;
        }
        if !high.is_positive() {
            return b.clone();
        }
        // max{0, d} − λ·d is convex, 0 at 0, and so largest at an end.
        let unit = Integer::one() << PLACES;
        let share = (&high << PLACES).div_floor(&(&high - &low));
        let most = (-&share * &low).max((&unit - &share) * &high);
        let mut sum = self.times(&gap, &ratio(share, unit.clone()));
        sum.add(b, &Integer::one());
        sum.high += most.div_ceil(&unit);
        sum
    }
}
