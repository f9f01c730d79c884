//! Random points modulo a prime: what refutes an identity of polynomials at once.
//!
//! A network of affine layers and products is a polynomial in its inputs and its weights. Reading
//! rational numbers modulo p is a homomorphism where p divides no denominator, and with r² ≡ q it takes
//! √q to r; so a network whose value at some residues is not 0 is not the zero polynomial. The zero polynomial
//! is all that vanishes everywhere on a domain with points inside, so such an identity is false. The
//! converse is only likely (Schwartz 1980, Zippel 1979: wrong with probability at most degree/p), so it says
//! where a search for points is idle, and never that an identity holds.

use std::collections::BTreeSet;

use num_integer::Integer as _;
use num_traits::{One, Zero};

use super::search::Domain;
use super::values::Evaluator;
use crate::algebra::{Assignment, Integer, Random, Rational, Symbol, Tensor};
use crate::layer::{Definition, Layer};
use crate::network::Network;

/// Networks that take more products are not asked about: one evaluation would take seconds.
const PRODUCTS: u64 = 10_000_000;

/// Whether a network, usually a difference of two, is another polynomial than 0 on its domain, which is
/// certain, or seems to be 0; `None` if it is no polynomial, or is not evaluated.
pub(super) fn nonzero(network: &Network) -> Option<bool> {
    if !is_polynomial(network) {
        return None;
    }
    let evaluator = Evaluator::new(network);
    let products: u64 = network.live_nodes().into_iter().map(|id| evaluator.products(id)).sum();
    if products > PRODUCTS {
        return None;
    }
    let field = Field::with_roots_of(&symbols(network))?;
    let mut random = Random::new(0);
    let value = |s: Symbol| Some((s, field.value(s, &mut random)?));
    let weights: Assignment = symbols(network).into_iter().map(value).collect::<Option<_>>()?;
    let domain = Domain::of(network);
    let base = domain.base();
    let entry = |i: usize| match domain.is_pinned(i) {
        true => field.residue(base.numerators().get(i)?, base.denominator()),
        false => Some(field.random(&mut random)),
    };
    let point: Option<Vec<Integer>> = (0..base.len()).map(entry).collect();
    let point = Tensor::new(base.shape().clone(), point?, Integer::one());
    let here = network.at(&weights);
    let reduced = |_, layer: &Layer, operands: &[&Tensor]| field.tensor(&layer.function().evaluate(operands)?);
    let values = here.run(here.split_input(&point), reduced)?;
    Some(!values.into_iter().nth(network.output)??.is_zero())
}

/// Whether every layer adds and multiplies, and does nothing else.
fn is_polynomial(network: &Network) -> bool {
    network.live_nodes().into_iter().all(|id| match &network.nodes[id].layer {
        None | Some(Layer::Affine(_) | Layer::Symbolic(_)) => true,
        Some(Layer::Smooth(layer)) => matches!(layer.definition(), Some(Definition::Square | Definition::Multiply)),
        Some(Layer::Piecewise(_)) => false,
    })
}

/// The symbols and roots of all live layers.
fn symbols(network: &Network) -> BTreeSet<Symbol> {
    let mentioned = network.live_nodes().into_iter().filter_map(|id| match &network.nodes[id].layer {
        Some(Layer::Symbolic(layer)) => Some(layer.symbols()),
        _ => None,
    });
    mentioned.flatten().collect()
}

/// Numbers modulo p. What is taken for a prime passes Fermat's test; nothing that is certain rests on it.
struct Field {
    modulus: Integer,
}

impl Field {
    /// A modulus p ≡ −1 (mod 8q) for each root √q: by quadratic reciprocity q is a square modulo p.
    /// `None` where the roots are too many.
    fn with_roots_of(symbols: &BTreeSet<Symbol>) -> Option<Field> {
        /// Longer moduli are slower than the points they would spare.
        const BITS: u64 = 1024;
        let roots = symbols.iter().filter_map(|s| match s {
            Symbol::Root(q) => Some(Integer::from(*q)),
            Symbol::Free(_) => None,
        });
        let step = roots.fold(Integer::from(8), |product, q| product * q);
        let is_prime = |p: &Integer| Integer::from(2).modpow(&(p - 1), p).is_one();
        // 8 · 2⁵⁸ − 1 is the Mersenne prime 2⁶¹ − 1.
        let candidates = (1_u64 << 58..).map(|m| &step * m - 1_u32).take(4 * usize::try_from(BITS).ok()?);
        let modulus = (step.bits() < BITS).then_some(candidates)?.into_iter().find(is_prime)?;
        Some(Field { modulus })
    }

    /// A random residue for a free symbol; for √q a residue r with r² ≡ q, if there is one.
    fn value(&self, symbol: Symbol, random: &mut Random) -> Option<Rational> {
        let residue = match symbol {
            Symbol::Free(_) => self.random(random),
            Symbol::Root(q) => {
                let r = Integer::from(q).modpow(&((&self.modulus + 1_u32) / 4_u32), &self.modulus);
                (&r * &r - q).is_multiple_of(&self.modulus).then_some(r)?
            }
        };
        Some(Rational::from_integer(residue))
    }

    fn random(&self, random: &mut Random) -> Integer {
        let words = self.modulus.bits() / 64 + 1;
        (0..words).fold(Integer::zero(), |number, _| (number << 64) + random.bits()).mod_floor(&self.modulus)
    }

    /// The residue of a fraction; `None` if the denominator has none of its own.
    fn residue(&self, numerator: &Integer, denominator: &Integer) -> Option<Integer> {
        Some((numerator * denominator.modinv(&self.modulus)?).mod_floor(&self.modulus))
    }

    fn tensor(&self, tensor: &Tensor) -> Option<Tensor> {
        let inverse = tensor.denominator().modinv(&self.modulus)?;
        let residues = tensor.numerators().iter().map(|n| (n * &inverse).mod_floor(&self.modulus)).collect();
        Some(Tensor::new(tensor.shape().clone(), residues, Integer::one()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Source;
    use crate::network::{NoImports, Program, Statement, check};

    fn asked(text: &str) -> Option<bool> {
        let source = Source { name: "test.net".into(), text: text.into() };
        let program: Program = check(source, &NoImports, 1 << 28).unwrap_or_else(|r| panic!("{:?}", r.diagnostics));
        let Statement::Equation(equation) = &program.claims[0].statement else { panic!("not an equation") };
        nonzero(&equation.difference)
    }

    const SIDES: &str = "network f(x: 2x3x4) { conv(k, pad=1); batchnorm(mean=0, var=[3, 10], eps=0); square }\n\
        network g(x: 2x3x4) { a = x |> conv(k, pad=1, bias=b); output a |> multiply(a) |> scale([1/3, 1/10]) }\n";

    #[test]
    fn polynomials_are_told_apart_and_equal_ones_are_not() {
        let free = "forall k: 2x2x3x3, b: 2\n";
        assert_eq!(asked(&format!("{free}{SIDES}prove f == g")), Some(true), "b is not 0");
        let none = "forall k: 2x2x3x3\nlet b = [0, 0]\n";
        assert_eq!(asked(&format!("{none}{SIDES}prove f == g")), Some(false), "equal: √q · √q = q");
        let off = format!("{none}{SIDES}prove f == g").replace("1/10]", "1/11]");
        assert_eq!(asked(&off), Some(true));
    }

    #[test]
    fn an_entry_with_one_value_has_that_value() {
        let text = |domain: &str| {
            format!(
                "network f(x: 1 in {domain}) {{ square }}\nnetwork g(x: 1 in {domain}) {{ identity }}\nprove f == g"
            )
        };
        assert_eq!(asked(&text("[1, 1]")), Some(false));
        assert_eq!(asked(&text("[1, 2]")), Some(true));
        assert_eq!(asked(&text("[1/2, 1/2]")), Some(true));
    }

    #[test]
    fn kinks_and_curves_are_no_polynomials() {
        for layer in ["relu", "sigmoid", "maxpool(2)"] {
            let text = format!("network f(x: 1x2) {{ {layer} }}\nnetwork g(x: 1x2) {{ {layer} }}\nprove f == g");
            assert_eq!(asked(&text), None, "{layer}");
        }
    }

    #[test]
    fn roots_of_many_primes_are_residues() {
        let roots: BTreeSet<Symbol> = [2, 3, 5, 7, 11, 13, 999_983].into_iter().map(Symbol::Root).collect();
        let field = Field::with_roots_of(&roots).expect("a modulus");
        for root in roots {
            let Symbol::Root(q) = root else { continue };
            let r = field.value(root, &mut Random::new(0)).expect("a root").to_integer();
            assert_eq!((&r * &r).mod_floor(&field.modulus), Integer::from(q));
        }
        let free = Field::with_roots_of(&BTreeSet::new()).expect("a modulus");
        assert_eq!(free.modulus, (Integer::from(1) << 61) - 1);
    }
}
