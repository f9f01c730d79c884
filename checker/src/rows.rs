//! The rows of affine networks' matrices, from the defining sums.
//!
//! Row r of the matrix says what output r is in terms of the inputs. It is found backwards: output r
//! is 1 times itself; an entry that a layer computes is replaced by its sum, layer by layer, until
//! only input entries and the number 1 are left. That is substitution, nothing more.
//!
//! Two rational numbers p and q with D·p and D·q integers, |D·(p − q)| < m₁⋯mₖ, are equal exactly if p = q
//! modulo every mⱼ, where the mⱼ are coprime to each other and to D: then D·(p − q) is a multiple of
//! their product, and so 0. [`Moduli::new`] finds a D and a bound from the weights, and so many moduli.
//!
//! Neighbouring rows read much the same, so some are found together, by one walk through the layers.

use std::ops::Range;

use num_integer::Integer;
use num_traits::{One, Signed, Zero};

use crate::Rejection;
use crate::form::Form;
use crate::layer::{Layer, wrong};
use crate::network::Network;
use crate::number::{Int, Rat};
use crate::work::{Work, parallel};

/// An odd number below 2^28.
pub struct Modulus(pub u64);

/// The largest; the next ones are found going down by 2.
pub const FIRST_MODULUS: u64 = (1 << 28) - 1;

impl Modulus {
    pub fn residue(&self, n: &Int) -> u64 {
        let size = n.magnitude().iter_u32_digits().rev().fold(0, |r, digit| (r << 32 | u64::from(digit)) % self.0);
        if n.is_negative() { self.negative(size) } else { size }
    }

    fn negative(&self, residue: u64) -> u64 {
        (self.0 - residue) % self.0
    }

    /// 1/d, where d has no divisor in common.
    pub fn over(&self, d: &Int) -> u64 {
        let (d, m) = (Int::from(self.residue(d)), self.0.into());
        d.modinv(&m).map_or(0, |inverse| self.residue(&inverse))
    }
}

/// Moduli that tell the entries of some networks' matrices apart, and those from stated numbers.
pub struct Moduli(Vec<Modulus>);

/// The most bits of a number that is compared.
const MAX_BITS: u64 = 1 << 16;

/// How many products of two residues, each below 2^56, a sum in 64 bits holds.
const MOST: u8 = u8::MAX;

/// How many rows are found together.
const ROWS: usize = 4;

/// The most moduli that are worked with at once.
const AT_ONCE: usize = 8;

/// The most sums of all values of some networks, for all moduli; and for those that are worked with at once.
const MOST_SUMS: usize = 1 << 28;
const SUMS_AT_ONCE: usize = 1 << 24;

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

    /// Where the sum of the networks' rows, each times its sign, is not what is stated: a row and a column, of all inputs
    /// one after the other and last the constant. `stated` are rows of integers by variable, the constant first, over a
    /// denominator; or none, for 0.
    pub fn difference(
        &self,
        networks: &[(&Network, i64)],
        (stated, denominator): (&[Form], &Int),
        work: &Work,
    ) -> Result<Option<(usize, usize)>, Rejection> {
        let first = networks[0].0;
        let values = |network: &Network| (0..network.live.len()).map(|v| network.size(v)).sum::<usize>();
        let values = networks.iter().map(|(network, _)| values(network)).sum::<usize>() * ROWS;
        if values.saturating_mul(self.0.len()) > MOST_SUMS {
            return wrong("its rows are too long to compare");
        }
        let groups = self.0.len().div_ceil((SUMS_AT_ONCE / values).clamp(1, AT_ONCE));
        let width = self.0.len().div_ceil(groups);
        let groups: Vec<Group<'_>> =
            self.0.chunks(width).map(|moduli| Group::new(moduli, networks, denominator)).collect();
        // For the inputs, one after the other, and the number 1; and for the values of each network.
        let inner = |network: &Network| -> Vec<Sums> {
            let size = |value: usize| if value < network.inputs.len() { 0 } else { network.size(value) };
            (0..network.live.len()).map(|value| Sums::new(size(value), width)).collect()
        };
        let space = || {
            let inner = networks.iter().map(|(network, _)| inner(network)).collect::<Vec<_>>();
            (Sums::new(first.columns() + 1, width), inner)
        };
        let tasks = first.rows().div_ceil(ROWS) * groups.len();
        let found = parallel(tasks, space, |task, (ends, inner)| {
            let (begin, group) = (task / groups.len() * ROWS, &groups[task % groups.len()]);
            let rows = begin..first.rows().min(begin + ROWS);
            for ((&(network, sign), inner), factors) in networks.iter().zip(inner).zip(&group.factors) {
                group.substitute(network, (rows.clone(), sign), (inner, ends), factors, work)?;
            }
            for (lane, row) in rows.enumerate() {
                for (variable, entry) in stated.get(row).into_iter().flatten() {
                    let column = variable.checked_sub(1).unwrap_or(first.columns());
                    let Some(n) = entry.as_integer() else { return wrong("an entry is no integer") };
                    for ((sum, m), over) in
                        ends.entry(column, group.moduli).iter_mut().zip(group.moduli).zip(&group.over)
                    {
                        sum[lane] += m.residue(n) * over;
                    }
                }
            }
            Ok(ends.take_all(group.moduli).into_iter().map(|(lane, column)| (begin + lane, column)).min())
        })?;
        Ok(found.into_iter().flatten().min())
    }
}

/// Some moduli, and what else is known modulo them.
struct Group<'m> {
    moduli: &'m [Modulus],
    /// −1 over the denominator of what is stated.
    over: Vec<u64>,
    /// For each network and value, the numbers of its layer.
    factors: Vec<Vec<Vec<u32>>>,
}

impl<'m> Group<'m> {
    fn new(moduli: &'m [Modulus], networks: &[(&Network, i64)], denominator: &Int) -> Group<'m> {
        let of_layer = |layer: &Layer| -> Vec<u32> {
            let over: Vec<u64> = moduli.iter().map(|m| m.over(&layer.numbers.denominator)).collect();
            let residues = |n| moduli.iter().zip(&over).map(move |(m, over)| (m.residue(n) * over % m.0) as u32);
            layer.numbers.numerators.iter().flat_map(residues).collect()
        };
        let of_network = |&(network, _): &(&Network, i64)| {
            let mut factors = vec![Vec::new(); network.live.len()];
            network.steps().for_each(|(value, layer, _)| factors[value] = of_layer(layer));
            factors
        };
        let over = moduli.iter().map(|m| m.negative(m.over(denominator))).collect();
        Group { moduli, over, factors: networks.iter().map(of_network).collect() }
    }

    /// Adds rows of a network, times a sign, to `ends`: each is 1 times an output, until only inputs and the number 1 are
    /// left.
    fn substitute(
        &self,
        network: &Network,
        (rows, sign): (Range<usize>, i64),
        (inner, ends): (&mut [Sums], &mut Sums),
        factors: &[Vec<u32>],
        work: &Work,
    ) -> Result<(), Rejection> {
        let (moduli, width, one) = (self.moduli, self.moduli.len(), network.columns());
        // Where each input begins; a value that is computed begins where it is.
        let starts: Vec<usize> = (0..network.inputs.len()).map(|i| (0..i).map(|i| network.size(i)).sum()).collect();
        for (lane, row) in rows.enumerate() {
            let sums = match starts.get(network.output) {
                Some(start) => ends.entry(start + row, moduli),
                None => inner[network.output].entry(row, moduli),
            };
            sums.iter_mut().zip(moduli).for_each(|(sum, m)| sum[lane] += m.residue(&sign.into()));
        }
        let (mut own, mut scaled) = (Vec::new(), vec![0; width]);
        for (value, layer, operands) in network.steps().rev() {
            // Operands stand before their user.
            let (before, this) = inner.split_at_mut(value);
            let mut terms = 0;
            for entry in this[0].take_used() {
                this[0].take(entry, moduli, &mut own);
                // The number 1 is of no operand.
                layer.terms(entry, &mut |(operand, at), weight, factor| {
                    terms += 1;
                    let sums = match operands.get(operand).map(|&operand| (operand, starts.get(operand))) {
                        None => ends.entry(one, moduli),
                        Some((_, Some(start))) => ends.entry(start + at, moduli),
                        Some((operand, None)) => before[operand].entry(at, moduli),
                    };
                    let weights = &factors[value][weight * width..][..width];
                    if factor == 1 {
                        return add_products(sums, &own, weights);
                    }
                    for ((scaled, w), m) in scaled.iter_mut().zip(weights).zip(moduli) {
                        *scaled = (u64::from(*w) * m.residue(&factor.into()) % m.0) as u32;
                    }
                    add_products(sums, &own, &scaled);
                });
            }
            work.spend(terms * (8 + 2 * width as u64))?;
        }
        Ok(())
    }
}

/// Adds a product for each modulus and row.
///
/// It is a function of its own, so that the compiler knows that the numbers that are read are not those that change, and
/// uses the processor's instructions for several numbers at once.
#[inline(never)]
fn add_products(sums: &mut [[u64; ROWS]], own: &[[u64; ROWS]], weights: &[u32]) {
    for ((sum, own), w) in sums.iter_mut().zip(own).zip(weights) {
        let w = u64::from(*w);
        for lane in 0..ROWS {
            // Residues are shorter than 32 bits, and processors multiply such numbers faster.
            sum[lane] += (own[lane] & u64::from(u32::MAX)) * w;
        }
    }
}

/// Sums of products, for each entry of a value, modulus and row.
struct Sums {
    sums: Vec<[u64; ROWS]>,
    /// How many products each sum of an entry may be of: it is below as many times 2^56.
    products: Vec<u8>,
    /// The entries that have some.
    used: Vec<usize>,
}

impl Sums {
    fn new(size: usize, width: usize) -> Sums {
        Sums { sums: vec![[0; ROWS]; size * width], products: vec![0; size], used: Vec::new() }
    }

    /// An entry's sums, with room for one product more.
    #[inline]
    fn entry(&mut self, entry: usize, moduli: &[Modulus]) -> &mut [[u64; ROWS]] {
        let sums = &mut self.sums[entry * moduli.len()..][..moduli.len()];
        let products = &mut self.products[entry];
        if *products == 0 {
            self.used.push(entry);
        } else if *products == MOST {
            reduce(sums, moduli);
            *products = 1;
        }
        *products += 1;
        sums
    }

    /// The entries that have sums.
    fn take_used(&mut self) -> Vec<usize> {
        std::mem::take(&mut self.used)
    }

    /// The residues of an entry's sums, which become 0.
    fn take(&mut self, entry: usize, moduli: &[Modulus], residues: &mut Vec<[u64; ROWS]>) {
        let sums = &mut self.sums[entry * moduli.len()..][..moduli.len()];
        reduce(sums, moduli);
        residues.clear();
        residues.extend_from_slice(sums);
        sums.fill([0; ROWS]);
        self.products[entry] = 0;
    }

    /// Rows and entries that are not 0; all become 0.
    fn take_all(&mut self, moduli: &[Modulus]) -> Vec<(usize, usize)> {
        let (mut found, mut residues) = (Vec::new(), Vec::new());
        for entry in self.take_used() {
            self.take(entry, moduli, &mut residues);
            let is_not_0 = |lane: &usize| residues.iter().any(|residues| residues[*lane] != 0);
            found.extend((0..ROWS).filter(is_not_0).map(|lane| (lane, entry)));
        }
        found
    }
}

fn reduce(sums: &mut [[u64; ROWS]], moduli: &[Modulus]) {
    sums.iter_mut().zip(moduli).for_each(|(sum, m)| sum.iter_mut().for_each(|s| *s %= m.0));
}
