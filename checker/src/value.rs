//! What a network does to a point, or to a box: every value exactly, or between two bounds.
//!
//! A vector is integers over one denominator. Sums of weights times entries, maxima and minima are
//! exact for numbers; for intervals their ends are. Smooth functions and roots give bounds.

use num_integer::Integer;
use num_traits::{One, Signed, Zero};

use crate::Rejection;
use crate::curve::{self, Q, Span, product, unit};
use crate::layer::{How, Layer, ONE, Source, Term, wrong};
use crate::network::Network;
use crate::number::{Int, Rat, over_common};
use crate::work::{Work, parallel};

/// The bits that a number may have.
const MAX_BITS: u64 = 1 << 17;

/// Entries between `low` and `high`, over one denominator; `high` is empty where both are equal.
#[derive(Clone, Debug, Default)]
pub struct Vector {
    low: Vec<Int>,
    high: Vec<Int>,
    denominator: Int,
}

/// Values of free symbols.
pub type Symbols<'s> = &'s (dyn Fn(usize) -> Option<Rat> + Sync);

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

    /// The entries as numbers, where they are exact.
    pub fn numbers(&self) -> Option<Vec<Rat>> {
        self.high.is_empty().then(|| (0..self.low.len()).map(|entry| self.get(entry).0).collect())
    }

    fn cut(&self, from: usize, length: usize) -> Vector {
        let cut = |v: &[Int]| v.get(from..from + length).map_or(Vec::new(), <[Int]>::to_vec);
        Vector { low: cut(&self.low), high: cut(&self.high), denominator: self.denominator.clone() }
    }

    /// Without equal bounds; and bounds of long numbers are rounded outwards.
    fn tidied(mut self) -> Vector {
        if self.low == self.high {
            self.high = Vec::new();
        }
        if !self.high.is_empty() && self.denominator.bits() > u64::from(4 * Q) {
            let unit = Int::one() << (2 * Q);
            self.low.iter_mut().for_each(|n| *n = (&*n * &unit).div_floor(&self.denominator));
            self.high.iter_mut().for_each(|n| *n = (&*n * &unit).div_ceil(&self.denominator));
            self.denominator = unit;
        }
        self
    }

    fn bits(&self) -> u64 {
        self.low.iter().chain(self.high()).map(Int::bits).max().unwrap_or(0).max(self.denominator.bits())
    }
}

/// The output for an input, all entries one after the other, where free symbols have these values.
pub fn evaluate(network: &Network, input: &Vector, symbols: Symbols<'_>, work: &Work) -> Result<Vector, Rejection> {
    let mut from = 0;
    let inputs = (0..network.inputs.len()).map(|value| {
        from += network.size(value);
        input.cut(from - network.size(value), network.size(value))
    });
    network.run(inputs.collect(), |layer, operands| {
        let longest = operands.iter().map(|v| v.bits()).max().unwrap_or(0);
        if longest > MAX_BITS {
            return wrong("evaluation: a number is too long");
        }
        // A product of integers of a few words takes about as long as the rest.
        let cost = if layer.is_smooth() { 100_000 } else { 40 + longest / 16 };
        work.spend((layer.size() as u64 * layer.fan_in() as u64).saturating_mul(cost))?;
        let value = if layer.is_smooth() { smooth(layer, operands) } else { pieces(layer, operands, symbols) };
        Ok(value?.tidied())
    })
}

/// The values of a layer that is a sum of maxima and minima of affine forms.
fn pieces(layer: &Layer, operands: &[&Vector], symbols: Symbols<'_>) -> Result<Vector, Rejection> {
    let numbers = &layer.numbers;
    let weights = match &numbers.polynomials {
        None => Vector { low: numbers.numerators.clone(), high: Vec::new(), denominator: numbers.denominator.clone() },
        Some(polynomials) => match polynomials.iter().map(|p| p.bounds(symbols)).collect::<Option<Vec<_>>>() {
            Some(bounds) => Vector::between(&bounds),
            None => return wrong("evaluation: a symbol has no value"),
        },
    };
    // Operands over one denominator; the number 1 is that denominator.
    let common = operands.iter().fold(Int::one(), |lcm, v| lcm.lcm(&v.denominator));
    let over = |v: &[Int], d: &Int| v.iter().map(|n| n * (&common / d)).collect::<Vec<Int>>();
    let low: Vec<Vec<Int>> = operands.iter().map(|v| over(&v.low, &v.denominator)).collect();
    let high: Vec<Vec<Int>> = operands.iter().map(|v| over(v.high(), &v.denominator)).collect();
    let exact = weights.high.is_empty() && operands.iter().all(|v| v.high.is_empty());
    let read = |side: &[Vec<Int>], s: Source| if s == ONE { common.clone() } else { side[s.0][s.1].clone() };
    // A form's numerators, over common · weights.denominator.
    let form = |terms: &[Term]| -> Span {
        let mut sum = (Int::zero(), Int::zero());
        for &(source, weight, factor) in terms {
            if exact {
                let entry = if source == ONE { &common } else { &low[source.0][source.1] };
                if !entry.is_zero() {
                    let product = &weights.low[weight] * entry;
                    sum.0 += if factor == 1 { product } else { product * factor };
                }
            } else {
                let (a, b) = (&weights.low[weight] * factor, &weights.high()[weight] * factor);
                let weight = if factor < 0 { (b, a) } else { (a, b) };
                let span = product(&weight, &(read(&low, source), read(&high, source)));
                sum = (sum.0 + span.0, sum.1 + span.1);
            }
        }
        if exact { (sum.0.clone(), sum.0) } else { sum }
    };
    let entry = |i: usize, _: &mut ()| -> Result<Span, Rejection> {
        let mut sum = (Int::zero(), Int::zero());
        for piece in layer.pieces(i) {
            let pick = |a: Int, b: Int| if piece.least { a.min(b) } else { a.max(b) };
            let best = piece.forms.iter().map(|f| form(f)).reduce(|a, b| (pick(a.0, b.0), pick(a.1, b.1)));
            let (low, high) = best.unwrap_or_default();
            sum = (sum.0 + low, sum.1 + high);
        }
        Ok(sum)
    };
    let (low, high) = parallel(layer.size(), || (), entry)?.into_iter().unzip();
    Ok(Vector { low, high: if exact { Vec::new() } else { high }, denominator: &common * &weights.denominator })
}

/// The values of a smooth layer; exact for squares, products and quotients of numbers.
fn smooth(layer: &Layer, operands: &[&Vector]) -> Result<Vector, Rejection> {
    let bounds = |i: usize| -> Vec<(Rat, Rat)> {
        layer.arguments(i).into_iter().map(|(operand, entry)| operands[operand].get(entry)).collect()
    };
    let products = |a: &(Rat, Rat), b: &(Rat, Rat)| {
        let corners = [&a.0 * &b.0, &a.0 * &b.1, &a.1 * &b.0, &a.1 * &b.1];
        let low = corners.iter().min().cloned().unwrap_or_default();
        (low, corners.into_iter().max().unwrap_or_default())
    };
    let over_unit = |(low, high): Span| (Rat::new(low, unit()), Rat::new(high, unit()));
    let entry = |i: usize, _: &mut ()| {
        let read = bounds(i);
        let x = &read[0];
        Ok(match layer.how {
            How::Multiply => products(x, &read[1]),
            How::Divide if !read[1].0.is_positive() && !read[1].1.is_negative() => {
                return wrong("evaluation: a divisor may be 0");
            }
            How::Divide => products(x, &(read[1].1.recip(), read[1].0.recip())),
            How::Square => {
                let (low, high) = products(x, x);
                let sides = (&x.0 * &x.0).min(&x.1 * &x.1);
                (if x.0.is_negative() && x.1.is_positive() { low.max(Rat::zero()) } else { sides }, high)
            }
            How::Curve(curve) => over_unit(curve.over(&x.0, &x.1)),
            // Softmax. Shifted by the largest exponent, so that none is positive; the share m/(m + rest)
            // increases with m and decreases with the rest.
            _ => {
                let top = read.iter().map(|g| &g.1).max().cloned().unwrap_or_default();
                let span = |(a, b): &(Rat, Rat)| (curve::exp_neg(&(&top - a)).0, curve::exp_neg(&(&top - b)).1);
                let (own, rest) = (span(x), read[1..].iter().map(span));
                let (less, more) = rest.fold((Int::zero(), Int::zero()), |(a, b), (c, d)| (a + c, b + d));
                let low = (&own.0 << Q).div_floor(&(&own.0 + more).max(Int::one()));
                let high = (&own.1 << Q).div_ceil(&(&own.1 + less).max(Int::one()));
                over_unit((low, high.min(unit())))
            }
        })
    };
    Ok(Vector::between(&parallel(layer.size(), || (), entry)?))
}
