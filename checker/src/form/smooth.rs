//! Products, and values of smooth layers.

use num_traits::{One, Signed, Zero};

use super::{CONSTANT, Form, Forms, MOST, as_number, ascending, constant, lead, minus, one, scaled, sum, variable};
use crate::Rejection;
use crate::curve::Curve;
use crate::layer::{How, wrong};
use crate::number::{Poly, Rat};

impl Forms<'_> {
    /// The product of two forms, term by term; a product of variables is an atom of its factors.
    pub(super) fn product(&mut self, a: &Form, b: &Form) -> Result<Form, Rejection> {
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
    pub(super) fn smooth(&mut self, how: How, arguments: Vec<Form>) -> Result<Form, Rejection> {
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
