//! Lipschitz bounds in the sup-norm: no output changes by more than L times the largest change of an input.

use std::sync::{Mutex, PoisonError};

use num_traits::{One, Signed, Zero};

use super::pairs::first_pair;
use super::slopes::{self, Rule, walk};
use super::{Grounds, Seen, Subject, Violation, exact};
use crate::algebra::{Polynomial, Rational, Tensor};
use crate::decide::regions::{Leaf, Linear, value};
use crate::decide::search::{Value, flat};
use crate::layer::Function;
use crate::network::Network;

/// A bound on how fast an entry can change; `None` where none is known.
struct Steepness;

impl Rule for Steepness {
    type Mark = Option<Rational>;

    fn input(&self, _: usize) -> Option<Rational> {
        Some(Rational::one())
    }

    /// |Σ w·u| changes by at most Σ |w| times what u changes by.
    fn sum(&self, terms: &[(Polynomial, &Option<Rational>)]) -> Option<Rational> {
        let mut sum = Rational::zero();
        for (weight, bound) in terms {
            let (low, high) = weight.enclose()?;
            let size = low.abs().max(high.abs());
            if !size.is_zero() {
                sum += size * bound.as_ref()?;
            }
        }
        Some(sum)
    }

    /// A maximum changes by at most what one of its arguments changes by.
    fn maximum(&self, arguments: &[Option<Rational>]) -> Option<Rational> {
        arguments.iter().cloned().collect::<Option<Vec<Rational>>>()?.into_iter().max()
    }

    fn unit(&self, unit: &crate::layer::Unit, operands: &[&[Option<Rational>]]) -> Option<Option<Rational>> {
        let (operand, flat) = slopes::only_entry(unit)?;
        let [least, most] = slopes::slopes_of(unit)?;
        Some(operands[operand][flat].as_ref().map(|bound| bound * least.abs().max(most.abs())))
    }

    fn smooth(&self, layer: &dyn Function, operands: &[&[Option<Rational>]]) -> Vec<Option<Rational>> {
        // The derivative of tanh is at most 1, that of the logistic function at most 1/4.
        let slope = match layer.kind() {
            "tanh" => Rational::one(),
            "sigmoid" => Rational::new(1.into(), 4.into()),
            _ => return vec![None; layer.output().elements()],
        };
        operands[0].iter().map(|bound| bound.as_ref().map(|b| b * &slope)).collect()
    }
}

/// `lipschitz-by-layers`: a sum changes by at most Σ |w| times the changes of its terms, a maximum by the
/// largest of its arguments' changes.
pub(super) fn by_layers(network: &Network, wanted: &Rational) -> Option<Grounds> {
    let bounds: Option<Vec<Rational>> = walk(network, &Steepness)?.into_iter().collect();
    let bound = bounds?.into_iter().max().filter(|bound| bound <= wanted)?;
    let proof = "Going through the layers, an entry Σ w·u changes by at most Σ |w| times what the u change by, and a maximum by at most what one of its arguments does.";
    let sum = format!("Every output changes by at most {bound} times the largest change of an input entry.");
    Some(Grounds::proved("lipschitz-by-layers", format!("{bound} bounds it, layer by layer"), vec![proof.into(), sum]))
}

/// By the exact map, by points, by regions.
pub(super) fn grounds(subject: &Subject<'_>, wanted: &Rational) -> Grounds {
    if let Some(map) = subject.map {
        let row = |row: usize| -> Rational {
            let free = map.matrix.row(row).filter(|(v, _)| !subject.domain.is_pinned(*v));
            let sum: crate::algebra::Integer = free.map(|(_, n)| n.abs()).sum();
            Rational::new(sum, map.matrix.denominator().clone())
        };
        let largest = (0..map.matrix.rows()).map(|r| (row(r), r)).max_by(|a, b| a.0.cmp(&b.0).then(b.1.cmp(&a.1)));
        let Some((constant, output)) = largest else { return Grounds::undecided("it has no outputs") };
        if constant <= *wanted {
            let proof = format!(
                "The network is affine, and the largest sum of absolute values in a row of its matrix is {constant}: that is its exact Lipschitz constant, because a change of every input by the sign of its weight reaches it."
            );
            return Grounds::proved("affine-map", format!("its exact constant is {constant}"), vec![proof]);
        }
        let signs: Vec<(usize, bool)> = map.matrix.row(output).map(|(v, n)| (v, n.is_positive())).collect();
        let (x, y) = apart(subject, &signs);
        let violation = violation(subject, &x, &y, output, wanted);
        return violation.map_or_else(
            || Grounds::undecided("its constant is larger, but the values are too long to show"),
            |violation| Grounds::refuted(format!("its exact constant is {constant}"), violation),
        );
    }
    let found = first_pair(subject, |_, (x, fx), (y, fy)| {
        let reach = distance(x, y) * wanted;
        let output = fx.first_apart(fy, &reach)?;
        Some(steep(x, y, output, fx.get(output), fy.get(output), wanted))
    });
    if let Some(violation) = found {
        return Grounds::refuted("two points", violation);
    }
    let steepest = Mutex::new(Rational::zero());
    let steeper = |leaf: &Leaf<'_>| {
        let sum = |form: &Linear| form.terms.iter().map(|(_, c)| c.abs()).sum::<Rational>();
        let sums = leaf.outputs.iter().map(sum);
        let (output, most) = sums.enumerate().max_by(|a, b| a.1.cmp(&b.1).then(b.0.cmp(&a.0)))?;
        if most > *wanted {
            return Some((output, leaf.point.to_vec(), step_inside(leaf, &leaf.outputs[output])));
        }
        let mut steepest = steepest.lock().unwrap_or_else(PoisonError::into_inner);
        *steepest = steepest.clone().max(most);
        None
    };
    match subject.on_regions(&format!("lipschitz {wanted}"), &steeper) {
        Seen::All(cases) => {
            // The check of the tree went to every region.
            let constant = steepest.into_inner().unwrap_or_else(PoisonError::into_inner);
            let holds = format!(
                "the absolute values of every output's slopes add up to at most {constant}, on one of them to exactly that; a segment between two inputs crosses finitely many regions"
            );
            Grounds::by_cases("lipschitz-by-regions", format!("its exact constant is {constant}"), cases, &holds)
        }
        Seen::Unknown(reason) => Grounds::undecided(reason),
        Seen::Found((output, x, y)) => match violation(subject, &flat(&x), &flat(&y), output, wanted) {
            Some(violation) => Grounds::refuted("two points", violation),
            None => Grounds::undecided("it fails, but the values that show it are too long"),
        },
    }
}

/// From the leaf's point, a step inside the region along the signs of a form's slopes.
fn step_inside(leaf: &Leaf<'_>, form: &Linear) -> Vec<Rational> {
    let sign = |v: usize| form.terms.iter().find(|(u, _)| *u == v).map_or_else(Rational::zero, |(_, c)| c.signum());
    let limit = |g: &Linear| {
        let slope: Rational = g.terms.iter().map(|(v, c)| c * sign(*v)).sum();
        slope.is_negative().then(|| value(g, leaf.point) / slope.abs())
    };
    let step = leaf.region.iter().filter_map(|g| limit(g)).fold(Rational::one(), Rational::min);
    leaf.point.iter().enumerate().map(|(v, x)| x + sign(v) * &step).collect()
}

/// Two points of the domain, equally far apart in these entries, in these directions.
fn apart(subject: &Subject<'_>, signs: &[(usize, bool)]) -> (Tensor, Tensor) {
    let free = || signs.iter().filter(|(v, _)| !subject.domain.is_pinned(*v));
    let widths = free().filter_map(|(v, _)| subject.domain.bounds()[*v].as_ref().map(|(low, high)| high - low));
    let width = widths.min().map_or_else(Rational::one, |w| w.min(Rational::one()));
    let start = subject.domain.base().to_rationals();
    let (mut x, mut y) = (start.clone(), start);
    for &(v, up) in free() {
        if let Some((low, high)) = &subject.domain.bounds()[v] {
            // The interval of this width that is nearest to 0.
            let first = x[v].clone().min(high - &width).max(low.clone());
            (x[v], y[v]) = (first.clone(), first + &width);
        } else {
            y[v] += &width;
        }
        if !up {
            std::mem::swap(&mut x[v], &mut y[v]);
        }
    }
    (flat(&x), flat(&y))
}

/// The largest absolute value of an entry of x − y.
fn distance(x: &Tensor, y: &Tensor) -> Rational {
    x.minus(y).to_rationals().iter().map(|v| v.abs()).max().unwrap_or_default()
}

fn violation(subject: &Subject<'_>, x: &Tensor, y: &Tensor, output: usize, wanted: &Rational) -> Option<Violation> {
    let (fx, fy) = (subject.values(x)?.get(output), subject.values(y)?.get(output));
    let steep = steep(x, y, output, exact(fx), exact(fy), wanted);
    (steep.left.low > steep.right.high).then_some(steep)
}

fn steep(x: &Tensor, y: &Tensor, output: usize, fx: Value, fy: Value, wanted: &Rational) -> Violation {
    let gap = Value { low: &fx.low - &fy.high, high: &fx.high - &fy.low };
    let size = if gap.high.is_negative() { Value { low: -&gap.high, high: -&gap.low } } else { gap };
    Violation {
        points: vec![("x", x.clone()), ("y", y.clone())],
        symbols: Default::default(),
        output,
        left_name: "|f(x) - f(y)|".into(),
        relation: ">",
        right_name: format!("{wanted} \\cdot \\max_i |x_i - y_i|"),
        left: size,
        right: exact(wanted * distance(x, y)),
    }
}
