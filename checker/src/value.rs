//! What a network does to a point, or to a box: every value exactly, or between two bounds.
//!
//! A vector is integers over one denominator. Sums of weights times entries, maxima and minima are
//! exact for numbers; for intervals their ends are. Smooth functions and roots give bounds.

use num_integer::Integer;
use num_traits::{One, Signed, Zero};

use crate::Rejection;
use crate::curve;
use crate::format::Kind;
use crate::layer::{Layer, ONE, Source, Terms, Weight};
use crate::network::Network;
use crate::number::{Int, Rat, over_common};
use crate::table::Table;

/// Entries between `low` and `high`, over one denominator; `high` is empty where both are equal.
#[derive(Clone, Debug)]
pub struct Vector {
    pub low: Vec<Int>,
    pub high: Vec<Int>,
    pub denominator: Int,
}

/// An interval of numerators.
type Span = (Int, Int);

impl Vector {
    pub fn exact(numbers: &[Rat]) -> Vector {
        let (low, denominator) = over_common(numbers);
        Vector { low, high: Vec::new(), denominator }
    }

    pub fn between(bounds: &[(Rat, Rat)]) -> Vector {
        let ends: Vec<Rat> = bounds.iter().flat_map(|(low, high)| [low.clone(), high.clone()]).collect();
        let (numbers, denominator) = over_common(&ends);
        let (low, high) = numbers.chunks(2).map(|pair| (pair[0].clone(), pair[1].clone())).unzip();
        Vector { low, high, denominator }.tidied()
    }

    fn high(&self) -> &[Int] {
        if self.high.is_empty() { &self.low } else { &self.high }
    }

    /// The bounds of an entry.
    pub fn get(&self, entry: usize) -> (Rat, Rat) {
        let number = |n: &Int| Rat::new(n.clone(), self.denominator.clone());
        (number(&self.low[entry]), number(&self.high()[entry]))
    }

    /// The same over a multiple of its denominator.
    fn over(&self, denominator: &Int) -> Vector {
        let factor = denominator / &self.denominator;
        let scaled = |v: &[Int]| v.iter().map(|n| n * &factor).collect();
        Vector { low: scaled(&self.low), high: scaled(&self.high), denominator: denominator.clone() }
    }

    fn span(&self, entry: usize) -> Span {
        (self.low[entry].clone(), self.high()[entry].clone())
    }

    /// The entries as numbers, where they are exact.
    pub fn numbers(&self) -> Option<Vec<Rat>> {
        self.high.is_empty().then(|| (0..self.low.len()).map(|entry| self.get(entry).0).collect())
    }

    fn part(&self, from: usize, length: usize) -> Vector {
        let cut = |v: &[Int]| if v.is_empty() { Vec::new() } else { v[from..from + length].to_vec() };
        Vector { low: cut(&self.low), high: cut(&self.high), denominator: self.denominator.clone() }
    }

    /// Without equal bounds; and bounds of long numbers are rounded outwards.
    fn tidied(mut self) -> Vector {
        if self.low == self.high {
            self.high = Vec::new();
        }
        if !self.high.is_empty() && self.denominator.bits() > u64::from(4 * curve::Q) {
            let unit = Int::one() << (2 * curve::Q);
            self.low.iter_mut().for_each(|n| *n = (&*n * &unit).div_floor(&self.denominator));
            self.high.iter_mut().for_each(|n| *n = (&*n * &unit).div_ceil(&self.denominator));
            self.denominator = unit;
        }
        self
    }
}

/// The output for an input, all entries one after the other, where free symbols have these values.
pub fn evaluate(
    network: &Network,
    input: &Vector,
    symbols: &dyn Fn(usize) -> Option<Rat>,
) -> Result<Vector, Rejection> {
    let mut values: Vec<Option<Vector>> = Vec::new();
    let mut from = 0;
    for value in 0..network.inputs.len() {
        values.push(Some(input.part(from, network.size(value))));
        from += network.size(value);
    }
    let live = network.live();
    for (layer, operands) in &network.layers {
        let value = match live[values.len()] {
            false => None,
            true => {
                let operands: Vec<&Vector> = operands.iter().filter_map(|&o| values[o].as_ref()).collect();
                Some(apply(layer, &operands, symbols)?.tidied())
            }
        };
        values.push(value);
    }
    let output = values.swap_remove(network.output);
    output.ok_or_else(|| Rejection::at("evaluation", "the output has no value"))
}

fn apply(layer: &Layer, operands: &[&Vector], symbols: &dyn Fn(usize) -> Option<Rat>) -> Result<Vector, Rejection> {
    if layer.is_smooth() {
        return Ok(smooth(layer, operands));
    }
    let weights = weights(&layer.table, symbols)?;
    // Operands over one denominator; the number 1 is that denominator.
    let common = operands.iter().fold(Int::one(), |lcm, v| lcm.lcm(&v.denominator));
    let operands: Vec<Vector> = operands.iter().map(|v| v.over(&common)).collect();
    let exact = weights.high.is_empty() && operands.iter().all(|v| v.high.is_empty());
    let low = |s: Source| if s == ONE { &common } else { &operands[s.0].low[s.1] };
    let high = |s: Source| if s == ONE { &common } else { &operands[s.0].high()[s.1] };
    // The numerators of one form, over common · weights.denominator.
    let form = |terms: &Terms| -> Span {
        let (mut least, mut most) = (Int::zero(), Int::zero());
        for &(source, weight) in terms {
            match weight {
                Weight::Stored(at) if exact => least += &weights.low[at] * low(source),
                Weight::Small(n) if exact => least += low(source) * n,
                _ => {
                    let weight = match weight {
                        Weight::Stored(at) => weights.span(at),
                        Weight::Small(n) => (n.into(), n.into()),
                    };
                    let span = product(&weight, &(low(source).clone(), high(source).clone()));
                    least += span.0;
                    most += span.1;
                }
            }
        }
        if exact { (least.clone(), least) } else { (least, most) }
    };
    let entry = |i: usize| -> Span {
        let mut sum = (Int::zero(), Int::zero());
        for piece in layer.pieces(i) {
            let pick = |a: Int, b: Int| if piece.least { a.min(b) } else { a.max(b) };
            let best = piece.forms.iter().map(form).reduce(|a, b| (pick(a.0, b.0), pick(a.1, b.1)));
            let (low, high) = best.unwrap_or_default();
            sum = (sum.0 + low, sum.1 + high);
        }
        sum
    };
    let size = layer.shape.iter().product();
    let (low, high): (Vec<Int>, Vec<Int>) = (0..size).map(entry).unzip();
    Ok(Vector { low, high: if exact { Vec::new() } else { high }, denominator: common * &weights.denominator })
}

/// The numbers of a table, where symbols have values.
fn weights(table: &Table, symbols: &dyn Fn(usize) -> Option<Rat>) -> Result<Vector, Rejection> {
    let Some(polynomials) = &table.polynomials else {
        return Ok(Vector { low: table.numbers.clone(), high: Vec::new(), denominator: table.denominator.clone() });
    };
    let bounds: Option<Vec<(Rat, Rat)>> = polynomials.iter().map(|p| p.bounds(symbols)).collect();
    let bounds = bounds.ok_or_else(|| Rejection::at("evaluation", "a symbol has no value"))?;
    // Layers with polynomials use no small weights, which would stand over the old denominator.
    Ok(Vector::between(&bounds))
}

/// The product of two intervals.
fn product(a: &Span, b: &Span) -> Span {
    let corners = [&a.0 * &b.0, &a.0 * &b.1, &a.1 * &b.0, &a.1 * &b.1];
    let [p, q, r, s] = corners;
    (p.clone().min(q.clone()).min(r.clone().min(s.clone())), p.max(q).max(r.max(s)))
}

/// The values of a smooth layer; exact for `square` and `multiply` of numbers.
fn smooth(layer: &Layer, operands: &[&Vector]) -> Vector {
    let size: usize = layer.shape.iter().product();
    let span = |(operand, entry): Source| operands[operand].span(entry);
    let number = |(operand, entry): Source| operands[operand].get(entry);
    let spans = |denominator: Int, entry: &dyn Fn(usize) -> Span| {
        let (low, high) = (0..size).map(entry).unzip();
        Vector { low, high, denominator }
    };
    // A gate g that increases, times x.
    let gated = |x: (Rat, Rat), gate: fn(&Rat) -> Span| {
        let (g, x) = ((gate(&x.0).0, gate(&x.1).1), (curve::fixed(&x.0).0, curve::fixed(&x.1).1));
        let (low, high) = product(&g, &x);
        (low >> curve::Q, high.div_ceil(&(Int::one() << curve::Q)))
    };
    let unit = Int::one() << curve::Q;
    match layer.kind {
        Kind::Multiply {} => {
            let denominator = &operands[0].denominator * &operands[1].denominator;
            spans(denominator, &|i| product(&span((0, i)), &span((1, i))))
        }
        Kind::Square {} => spans(&operands[0].denominator * &operands[0].denominator, &|i| {
            let (low, high) = span((0, i));
            let (a, b) = (&low * &low, &high * &high);
            let least = if low.is_negative() && high.is_positive() { Int::zero() } else { a.clone().min(b.clone()) };
            (least, a.max(b))
        }),
        Kind::Sigmoid {} => {
            spans(unit, &|i| (curve::sigmoid(&number((0, i)).0).0, curve::sigmoid(&number((0, i)).1).1))
        }
        Kind::Tanh {} => spans(unit, &|i| (curve::tanh(&number((0, i)).0).0, curve::tanh(&number((0, i)).1).1)),
        Kind::Silu {} => spans(unit, &|i| gated(number((0, i)), curve::sigmoid)),
        Kind::Gelu {} => spans(unit, &|i| gated(number((0, i)), curve::normal)),
        // Softmax. Shifted by the largest exponent, so that none is positive; the share m/(m + rest)
        // increases with m and decreases with the rest.
        _ => spans(unit.clone(), &|i| {
            let group: Vec<(Rat, Rat)> = layer.arguments(i).into_iter().map(number).collect();
            let top = group.iter().map(|g| &g.1).max().cloned().unwrap_or_default();
            let spans = group.iter().map(|(a, b)| (curve::exp_neg(&(&top - a)).0, curve::exp_neg(&(&top - b)).1));
            let spans: Vec<Span> = spans.collect();
            let (own, rest) = (&spans[0], &spans[1..]);
            let (less, more) = rest.iter().fold((Int::zero(), Int::zero()), |(a, b), (c, d)| (a + c, b + d));
            let low = (&own.0 * &unit).div_floor(&(&own.0 + more).max(Int::one()));
            let high = (&own.1 * &unit).div_ceil(&(&own.1 + less).max(Int::one()));
            (low, high.min(unit.clone()))
        }),
    }
}
