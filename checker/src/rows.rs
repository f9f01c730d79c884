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

/// An odd number below 2^28.
pub struct Modulus(pub u64);

/// The largest; the next ones are found going down by 2.
pub const FIRST_MODULUS: u64 = (1 << 28) - 1;

impl Modulus {
    pub fn residue(&self, n: &Int) -> u64 {
        match n.to_i64() {
            Some(n) => n.rem_euclid(self.0 as i64) as u64,
            None => n.mod_floor(&self.0.into()).to_u64().unwrap_or_default(),
        }
    }

    /// 1/d, where d has no divisor in common.
    pub fn over(&self, d: &Int) -> u64 {
        let m = Int::from(self.0);
        d.mod_floor(&m).modinv(&m).and_then(|inverse| inverse.to_u64()).unwrap_or_default()
    }
}

/// How many products of two residues, each below 2^56, a sum in 64 bits holds.
const MOST: u8 = u8::MAX;

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
        let (mut product, mut moduli, mut next) = (Int::one(), Vec::new(), FIRST_MODULUS);
        while product <= bound {
            let m = Int::from(next);
            if m.gcd(&product).is_one() && m.gcd(&common).is_one() {
                product *= m;
                moduli.push(Modulus(next));
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
        self.0.iter().map(|m| m.over(d)).collect()
    }

    /// Adds n to an entry, times a factor.
    pub fn add(&self, entry: &mut [u64], n: &Int, factor: &[u64]) {
        entry.iter_mut().zip(&self.0).zip(factor).for_each(|((e, m), f)| *e = (*e + m.residue(n) * f) % m.0);
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
        let factors: Vec<Vec<Vec<u32>>> = networks.iter().map(|(network, _)| self.factors(network)).collect();
        let space = || networks.iter().map(|(network, _)| Space::new(network, width)).collect::<Vec<_>>();
        parallel(first.rows(), space, |row, spaces| {
            let mut found = vec![0; (first.columns() + 1) * width];
            for (((network, sign), space), factors) in networks.iter().zip(spaces).zip(&factors) {
                self.row(network, row, *sign, space, factors, work)?;
                let ends = (0..network.inputs.len()).chain([network.live.len()]);
                let ends = ends.flat_map(|value| space.entries[value].iter());
                found
                    .iter_mut()
                    .zip(ends)
                    .enumerate()
                    .for_each(|(i, (f, e))| *f = (*f + e % self.0[i % width].0) % self.0[i % width].0);
                space.clear();
            }
            f(row, &mut found.chunks_mut(width).collect::<Vec<_>>())
        })
        .map(|_| ())
    }

    /// For each value, the residues of its layer's numbers.
    fn factors(&self, network: &Network) -> Vec<Vec<u32>> {
        let mut factors = vec![Vec::new(); network.live.len()];
        for (value, layer, _) in network.steps() {
            let over = self.over(&layer.numbers.denominator);
            let of = |n: &Int| -> Vec<u32> {
                self.0.iter().zip(&over).map(|(m, over)| (m.residue(n) * over % m.0) as u32).collect()
            };
            factors[value] = layer.numbers.numerators.iter().flat_map(of).collect();
        }
        factors
    }

    fn row(
        &self,
        network: &Network,
        row: usize,
        sign: i64,
        space: &mut Space,
        factors: &[Vec<u32>],
        work: &Work,
    ) -> Result<(), Rejection> {
        let (width, one) = (self.len(), network.live.len());
        let start = space.entry(network.output, row, self);
        start.iter_mut().zip(&self.0).for_each(|(s, m)| *s += m.residue(&sign.into()));
        let mut own = Vec::with_capacity(width);
        for (value, layer, operands) in network.steps().rev() {
            let mut terms = 0;
            for entry in std::mem::take(&mut space.used[value]) {
                own.clear();
                let sum = &mut space.entries[value][entry * width..][..width];
                own.extend(sum.iter().zip(&self.0).map(|(s, m)| (s % m.0) as u32));
                sum.fill(0);
                space.terms[value][entry] = 0;
                layer.terms(entry, &mut |source, weight, factor| {
                    terms += 1;
                    let target = if source == ONE { one } else { operands[source.0] };
                    let sum = space.entry(target, source.1, self);
                    let products = own.iter().zip(&factors[value][weight * width..][..width]);
                    let products = products.map(|(&x, &w)| u64::from(x) * u64::from(w));
                    match factor {
                        1 => sum.iter_mut().zip(products).for_each(|(s, product)| *s += product),
                        _ => {
                            let scaled = products.zip(&self.0).map(|(p, m)| p % m.0 * m.residue(&factor.into()));
                            sum.iter_mut().zip(scaled).for_each(|(s, product)| *s += product);
                        }
                    }
                });
            }
            work.spend(terms * (8 + width as u64))?;
        }
        Ok(())
    }
}

/// For each value, and last the number 1: a row vector at it, and the entries that may not be 0.
struct Space {
    /// A sum of products for each modulus.
    entries: Vec<Vec<u64>>,
    /// How many products each sum may be of: it is below as many times 2^56.
    terms: Vec<Vec<u8>>,
    used: Vec<Vec<usize>>,
}

impl Space {
    fn new(network: &Network, width: usize) -> Space {
        let size = |value: usize| if value == network.live.len() { 1 } else { network.size(value) };
        let all = 0..=network.live.len();
        let entries = all.clone().map(|value| vec![0; size(value) * width]).collect();
        let terms = all.clone().map(|value| vec![0; size(value)]).collect();
        Space { entries, terms, used: all.map(|_| Vec::new()).collect() }
    }

    /// An entry's sums, with room for one product more.
    #[inline]
    fn entry(&mut self, value: usize, entry: usize, moduli: &Moduli) -> &mut [u64] {
        let sum = &mut self.entries[value][entry * moduli.len()..][..moduli.len()];
        let terms = &mut self.terms[value][entry];
        if *terms == 0 {
            self.used[value].push(entry);
        } else if *terms == MOST {
            sum.iter_mut().zip(&moduli.0).for_each(|(s, m)| *s %= m.0);
            *terms = 1;
        }
        *terms += 1;
        sum
    }

    /// Back to 0, where entries were used: inputs and the number 1.
    fn clear(&mut self) {
        for (value, used) in self.used.iter_mut().enumerate().filter(|(_, used)| !used.is_empty()) {
            self.entries[value].fill(0);
            self.terms[value].fill(0);
            used.clear();
        }
    }
}
