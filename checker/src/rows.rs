//! The rows of affine networks' matrices, from the defining sums.
//!
//! Row r of the matrix says what output r is in terms of the inputs. It is found backwards: output r
//! is 1 times itself; an entry that a layer computes is replaced by its sum, layer by layer, until
//! only input entries and the number 1 are left. That is substitution, nothing more.
//!
//! Two rational numbers p and q with D·p and D·q integers, |D·(p − q)| < m₁⋯mₖ, are equal exactly if p = q
//! modulo every mⱼ, where the mⱼ are coprime to each other and to D: then D·(p − q) is a multiple of
//! their product, and so 0. [`Moduli::new`] finds a D and a bound from the weights, and so many moduli.

use num_integer::Integer;
use num_traits::{One, ToPrimitive, Zero};

use crate::Rejection;
use crate::layer::{ONE, wrong};
use crate::network::Network;
use crate::number::{Int, Rat};
use crate::work::{Work, parallel};

/// An odd number below 2^62, and −m^−1 mod 2^64: products by Montgomery's method.
pub struct Modulus {
    m: u64,
    inverse: u64,
}

impl Modulus {
    pub fn new(m: u64) -> Modulus {
        // Newton's method: each step doubles the bits that are right.
        let inverse = (0..6).fold(m, |x, _| x.wrapping_mul(2_u64.wrapping_sub(m.wrapping_mul(x))));
        Modulus { m, inverse: inverse.wrapping_neg() }
    }

    /// a·b·2^−64 mod m, for a, b < m.
    #[inline]
    pub fn product(&self, a: u64, b: u64) -> u64 {
        let t = u128::from(a) * u128::from(b);
        let q = (t as u64).wrapping_mul(self.inverse);
        let sum = ((t + u128::from(q) * u128::from(self.m)) >> 64) as u64;
        if sum >= self.m { sum - self.m } else { sum }
    }

    pub fn sum(&self, a: u64, b: u64) -> u64 {
        let sum = a + b;
        if sum >= self.m { sum - self.m } else { sum }
    }

    pub fn plain(&self, n: &Int) -> u64 {
        match n.to_i128() {
            Some(n) => n.rem_euclid(self.m.into()) as u64,
            None => n.mod_floor(&self.m.into()).to_u64().unwrap_or_default(),
        }
    }

    /// The factor of a small integer.
    fn small(&self, n: i64) -> u64 {
        let size = ((u128::from(n.unsigned_abs()) << 64) % u128::from(self.m)) as u64;
        if n < 0 && size > 0 { self.m - size } else { size }
    }

    /// n·2^64/d mod m: the factor with which [`Modulus::product`] multiplies by n/d.
    pub fn factor(&self, n: &Int, d: &Int) -> u64 {
        let m = Int::from(self.m);
        let inverse = d.mod_floor(&m).modinv(&m).unwrap_or_default();
        (((n.mod_floor(&m) * inverse) << 64_u32) % &m).to_u64().unwrap_or_default()
    }
}

/// Moduli that tell the entries of some networks' matrices apart, and those from stated numbers.
pub struct Moduli(Vec<Modulus>);

/// The most bits of a number that is compared.
const MAX_BITS: u64 = 1 << 16;

/// A common denominator of a row's entries, and a bound of the sum of their sizes.
fn sizes(network: &Network) -> Result<(Int, Int), Rejection> {
    let one = network.live.len();
    let mut denominators = vec![Int::one(); one + 1];
    let mut sizes = vec![Int::zero(); one + 1];
    sizes[network.output] = Int::one();
    for (value, layer, operands) in network.steps().rev() {
        let over = &denominators[value] * &layer.numbers.denominator;
        let size = (&layer.norm() * &sizes[value]).ceil().to_integer();
        for target in operands.iter().copied().chain([one]) {
            denominators[target] = denominators[target].lcm(&over);
            sizes[target] += &size;
            if denominators[target].bits() + sizes[target].bits() > MAX_BITS {
                return wrong("its numbers are too long to compare");
            }
        }
    }
    let ends = || (0..network.inputs.len()).chain([one]);
    let common = ends().fold(Int::one(), |lcm, value| lcm.lcm(&denominators[value]));
    Ok((common, ends().map(|value| &sizes[value]).sum()))
}

impl Moduli {
    /// For entries that add up to at most the networks' sizes and `stated`, over their denominators and `over`.
    pub fn new(networks: &[&Network], stated: &Rat, over: &Int) -> Result<Moduli, Rejection> {
        let (mut common, mut bound) = (over.clone(), stated.ceil().to_integer());
        for network in networks {
            let (denominator, size) = sizes(network)?;
            (common, bound) = (common.lcm(&denominator), bound + size);
        }
        let bound = bound * &common;
        if bound.bits() > MAX_BITS {
            return wrong("its numbers are too long to compare");
        }
        let (mut product, mut moduli, mut next) = (Int::one(), Vec::new(), (1_u64 << 62) - 1);
        while product <= bound {
            let m = Int::from(next);
            if m.gcd(&product).is_one() && m.gcd(&common).is_one() {
                product *= m;
                moduli.push(Modulus::new(next));
            }
            next -= 2;
        }
        Ok(Moduli(moduli))
    }

    fn len(&self) -> usize {
        self.0.len()
    }

    /// The factors 1/d.
    pub fn over(&self, d: &Int) -> Vec<u64> {
        self.0.iter().map(|m| m.factor(&Int::one(), d)).collect()
    }

    /// Adds n to an entry, times a factor.
    pub fn add(&self, entry: &mut [u64], n: &Int, factor: &[u64]) {
        entry.iter_mut().zip(&self.0).zip(factor).for_each(|((e, m), f)| *e = m.sum(*e, m.product(m.plain(n), *f)));
    }

    /// `f(row, entries)` for every row, in parallel: the sum of the networks' rows, each times its sign, for
    /// all inputs one after the other and last the constant. An entry is one residue a modulus; it is 0 if all
    /// are.
    pub fn each(
        &self,
        networks: &[(&Network, i64)],
        work: &Work,
        f: impl Fn(usize, &mut [&mut [u64]]) -> Result<(), Rejection> + Sync,
    ) -> Result<(), Rejection> {
        let width = self.len();
        let first = networks[0].0;
        let entries = |network: &Network| (0..network.live.len()).map(|v| network.size(v)).sum::<usize>();
        if networks.iter().map(|(n, _)| entries(n)).sum::<usize>().saturating_mul(width) > 1 << 26 {
            return wrong("its rows are too long to compare");
        }
        // The weights, as factors.
        let factors: Vec<Vec<Vec<u64>>> = networks.iter().map(|(network, _)| self.factors(network)).collect();
        let space = || networks.iter().map(|(network, _)| Space::new(network, width)).collect::<Vec<_>>();
        parallel(first.rows(), space, |row, spaces| {
            let mut found = vec![0; (first.columns() + 1) * width];
            for (((network, sign), space), factors) in networks.iter().zip(spaces).zip(&factors) {
                self.row(network, row, *sign, space, factors, work)?;
                let ends = (0..network.inputs.len()).chain([network.live.len()]);
                let ends = ends.flat_map(|value| space.entries[value].iter());
                found.iter_mut().zip(ends).enumerate().for_each(|(i, (f, e))| *f = self.0[i % width].sum(*f, *e));
                space.clear();
            }
            f(row, &mut found.chunks_mut(width).collect::<Vec<_>>())
        })
        .map(|_| ())
    }

    /// For each value, the numbers of its layer as factors.
    fn factors(&self, network: &Network) -> Vec<Vec<u64>> {
        let mut factors = vec![Vec::new(); network.live.len()];
        for (value, layer, _) in network.steps() {
            let numbers = &layer.numbers;
            // The factor 2^64·n/d is the product of n and 2^128/d.
            let square = Int::one() << 64_u32;
            let over: Vec<u64> = self.0.iter().map(|m| m.factor(&square, &numbers.denominator)).collect();
            let of =
                |n: &Int| -> Vec<u64> { self.0.iter().zip(&over).map(|(m, o)| m.product(m.plain(n), *o)).collect() };
            factors[value] = numbers.numerators.iter().flat_map(of).collect();
        }
        factors
    }

    fn row(
        &self,
        network: &Network,
        row: usize,
        sign: i64,
        space: &mut Space,
        factors: &[Vec<u64>],
        work: &Work,
    ) -> Result<(), Rejection> {
        let (width, one) = (self.len(), network.live.len());
        let one_over = self.over(&Int::one());
        self.add(&mut space.entries[network.output][row * width..][..width], &sign.into(), &one_over);
        space.used[network.output].push(row);
        for (value, layer, operands) in network.steps().rev() {
            let mut terms = 0;
            for entry in std::mem::take(&mut space.used[value]) {
                let own: Vec<u64> = space.entries[value][entry * width..][..width].to_vec();
                space.entries[value][entry * width..][..width].fill(0);
                layer.terms(entry, &mut |source, weight, factor| {
                    terms += 1;
                    let target = if source == ONE { one } else { operands[source.0] };
                    let sum = &mut space.entries[target][source.1 * width..][..width];
                    if sum.iter().all(|&e| e == 0) {
                        space.used[target].push(source.1);
                    }
                    let weights = &factors[value][weight * width..][..width];
                    for (((s, m), x), w) in sum.iter_mut().zip(&self.0).zip(&own).zip(weights) {
                        let mut product = m.product(*x, *w);
                        if factor != 1 {
                            product = m.product(product, m.small(factor));
                        }
                        *s = m.sum(*s, product);
                    }
                });
            }
            work.spend(terms * (8 + 3 * width as u64))?;
        }
        Ok(())
    }
}

/// For each value, and last the number 1: a row vector at it, and the entries that may not be 0.
struct Space {
    entries: Vec<Vec<u64>>,
    used: Vec<Vec<usize>>,
}

impl Space {
    fn new(network: &Network, width: usize) -> Space {
        let size = |value: usize| if value == network.live.len() { 1 } else { network.size(value) };
        let entries = (0..=network.live.len()).map(|value| vec![0; size(value) * width]).collect();
        Space { entries, used: vec![Vec::new(); network.live.len() + 1] }
    }

    /// Back to 0, where entries were used: inputs and the number 1.
    fn clear(&mut self) {
        for (entries, used) in self.entries.iter_mut().zip(&mut self.used).filter(|(_, used)| !used.is_empty()) {
            entries.fill(0);
            used.clear();
        }
    }
}
