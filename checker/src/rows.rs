//! The rows of an affine network's matrix, from the defining sums.
//!
//! Row r of the matrix says what output r is in terms of the inputs. It is found backwards: output r
//! is 1 times itself; an entry that a layer computes is replaced by its sum, layer by layer, until
//! only input entries and the number 1 are left. That is substitution, nothing more.
//!
//! Numbers are integers over one denominator a value, modulo 2^(64·L). L is chosen so that 2^(64·L − 1)
//! is larger than any number that is compared: then two numbers are equal exactly if they are equal
//! modulo 2^(64·L), whatever the intermediate results were.

use std::sync::atomic::{AtomicUsize, Ordering};

use num_bigint::Sign;
use num_integer::Integer;
use num_traits::{One, Signed, ToPrimitive, Zero};

use crate::Rejection;
use crate::layer::{ONE, Weight};
use crate::network::Network;
use crate::number::Int;

/// For each value, and last the number 1: the row vector at it, and its entries that may not be 0.
type Space = Vec<(Vec<u64>, Vec<usize>)>;

/// An affine network, prepared.
pub struct Rows<'n> {
    network: &'n Network,
    /// For each value, what its row vectors are integers over; the last is that of the number 1.
    denominators: Vec<Int>,
    /// For each layer: its weights as machine words, if all fit.
    words: Vec<Option<Vec<i64>>>,
    /// The common denominator of all inputs and of the number 1.
    pub denominator: Int,
    /// No entry of a row, over `denominator`, is larger than this.
    pub bound: Int,
}

impl<'n> Rows<'n> {
    pub fn new(network: &'n Network) -> Rows<'n> {
        let (inputs, live) = (network.inputs.len(), network.live());
        let one = live.len();
        let mut denominators = vec![Int::one(); one + 1];
        // The sum of the sizes of a row vector's entries, as a number: at most `sizes / denominators`.
        let mut sizes = vec![Int::zero(); one + 1];
        sizes[network.output] = Int::one();
        let layers = || network.layers.iter().enumerate().rev().filter(|(at, _)| live[inputs + at]);
        for (at, (layer, operands)) in layers() {
            let over = &denominators[inputs + at] * &layer.table.denominator;
            let largest = layer.table.numbers.iter().map(|n| n.abs()).max().unwrap_or_default();
            // Small weights are at most the denominator.
            let largest = largest.max(layer.table.denominator.clone());
            let size = &sizes[inputs + at] * largest * Int::from(layer.fan_in());
            for value in operands.iter().copied().chain([one]) {
                let common = denominators[value].lcm(&over);
                sizes[value] = &sizes[value] * (&common / &denominators[value]) + &size * (&common / &over);
                denominators[value] = common;
            }
        }
        let ends = || (0..inputs).chain([one]);
        let denominator = ends().fold(Int::one(), |lcm, value| lcm.lcm(&denominators[value]));
        let bound = ends().map(|value| &sizes[value] * (&denominator / &denominators[value])).max().unwrap_or_default();
        let fits = |numbers: &[Int]| numbers.iter().map(ToPrimitive::to_i64).collect();
        let words = network.layers.iter().map(|(layer, _)| fits(&layer.table.numbers)).collect();
        Rows { network, denominators, words, denominator, bound }
    }

    /// Weights that are longer than a machine word, modulo 2^(64·L).
    fn wide(&self, limbs: usize) -> Vec<Vec<u64>> {
        let long = |(at, (layer, _)): (usize, &(crate::layer::Layer, _))| match self.words[at] {
            Some(_) => Vec::new(),
            None => layer.table.numbers.iter().flat_map(|n| residue(n, limbs)).collect(),
        };
        self.network.layers.iter().enumerate().map(long).collect()
    }

    fn space(&self, limbs: usize) -> Space {
        let live = self.network.live();
        let size = |value: usize| if live[value] { self.network.size(value) } else { 0 };
        let sizes = (0..live.len()).map(size).chain([1]);
        sizes.map(|n| (vec![0; n * limbs], Vec::new())).collect()
    }

    fn row(&self, row: usize, limbs: usize, factor: &Int, space: &mut Space, wide: &[Vec<u64>]) -> Vec<u64> {
        let (network, inputs, one) = (self.network, self.network.inputs.len(), space.len() - 1);
        space[network.output].0[row * limbs..][..limbs].copy_from_slice(&residue(factor, limbs));
        space[network.output].1.push(row);
        for (at, (layer, operands)) in network.layers.iter().enumerate().rev() {
            let value = inputs + at;
            let used = std::mem::take(&mut space[value].1);
            if used.is_empty() {
                continue;
            }
            // What a product is multiplied by to stand over its operand's denominator.
            let over = &self.denominators[value] * &layer.table.denominator;
            let to = |target: usize| residue(&(&self.denominators[target] / &over), limbs);
            let factors: Vec<Vec<u64>> = operands.iter().map(|&o| to(o)).chain([to(one)]).collect();
            let plain = |f: &Vec<u64>| f[0] == 1 && f[1..].iter().all(|&w| w == 0);
            for entry in used {
                let own: Vec<u64> = space[value].0[entry * limbs..][..limbs].to_vec();
                if own.iter().all(|&w| w == 0) {
                    continue;
                }
                space[value].0[entry * limbs..][..limbs].fill(0);
                let scaled: Vec<Vec<u64>> =
                    factors.iter().map(|f| if plain(f) { own.clone() } else { times(&own, f) }).collect();
                layer.terms(entry, &mut |source, weight| {
                    let (target, number) = match source {
                        ONE => (one, &scaled[operands.len()]),
                        (operand, _) => (operands[operand], &scaled[operand]),
                    };
                    let (numbers, used) = &mut space[target];
                    let sum = &mut numbers[source.1 * limbs..][..limbs];
                    if sum.iter().all(|&w| w == 0) {
                        used.push(source.1);
                    }
                    match (weight, &self.words[at]) {
                        (Weight::Small(n), _) => add_product(sum, number, n),
                        (Weight::Stored(w), Some(words)) => add_product(sum, number, words[w]),
                        (Weight::Stored(w), None) => {
                            let product = times(number, &wide[at][w * limbs..][..limbs]);
                            add_product(sum, &product, 1);
                        }
                    }
                });
            }
        }
        let mut result = Vec::with_capacity((network.columns() + 1) * limbs);
        for value in (0..inputs).chain([one]) {
            let factor = residue(&(&self.denominator / &self.denominators[value]), limbs);
            let (numbers, used) = &mut space[value];
            used.clear();
            numbers
                .chunks(limbs)
                .for_each(|n| result.extend(if n.iter().all(|&w| w == 0) { n.to_vec() } else { times(n, &factor) }));
            numbers.fill(0);
            // An input that no live layer reads has no space.
            result
                .resize(result.len() + (if value == one { 1 } else { network.size(value) } * limbs - numbers.len()), 0);
        }
        result
    }
}

/// `f(row, entries)` for every row, in parallel: the sum of the sides' rows, each times its factor, for all
/// inputs one after the other and last the constant. The first failure, if there is one.
pub fn each(
    sides: &[(&Rows<'_>, Int)],
    limbs: usize,
    f: impl Fn(usize, &mut [u64]) -> Result<(), Rejection> + Sync,
) -> Result<(), Rejection> {
    let (next, rows) = (AtomicUsize::new(0), sides[0].0.network.rows());
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get().min(16));
    let wide: Vec<Vec<Vec<u64>>> = sides.iter().map(|(side, _)| side.wide(limbs)).collect();
    let work = || {
        let mut spaces: Vec<Space> = sides.iter().map(|(side, _)| side.space(limbs)).collect();
        let mut first: Option<(usize, Rejection)> = None;
        loop {
            let row = next.fetch_add(1, Ordering::Relaxed);
            if row >= rows || first.is_some() {
                return first;
            }
            let mut entries: Vec<u64> = Vec::new();
            for (((side, factor), wide), space) in sides.iter().zip(&wide).zip(&mut spaces) {
                let found = side.row(row, limbs, factor, space, wide);
                entries.resize(found.len(), 0);
                entries.chunks_mut(limbs).zip(found.chunks(limbs)).for_each(|(sum, n)| add_product(sum, n, 1));
            }
            first = f(row, &mut entries).err().map(|e| (row, e));
        }
    };
    let failures: Vec<Option<(usize, Rejection)>> = std::thread::scope(|scope| {
        let handles: Vec<_> = (0..threads.min(rows)).map(|_| scope.spawn(work)).collect();
        let lost = || Some((0, Rejection::at("rows", "a thread did not finish")));
        handles.into_iter().map(|handle| handle.join().unwrap_or_else(|_| lost())).collect()
    });
    failures.into_iter().flatten().min_by_key(|f| f.0).map_or(Ok(()), |f| Err(f.1))
}

/// L such that numbers up to `bound` in size are told apart modulo 2^(64·L).
pub fn limbs(bound: &Int) -> usize {
    usize::try_from((bound.bits() + 2) / 64 + 1).unwrap_or(usize::MAX)
}

/// n modulo 2^(64·L), least word first.
pub fn residue(n: &Int, limbs: usize) -> Vec<u64> {
    let mut words: Vec<u64> = n.magnitude().iter_u64_digits().take(limbs).collect();
    words.resize(limbs, 0);
    if n.sign() == Sign::Minus {
        let mut carry = true;
        for word in &mut words {
            (*word, carry) = (!*word).overflowing_add(u64::from(carry));
        }
    }
    words
}

/// The number of least size with this residue.
pub fn number(words: &[u64]) -> Int {
    let magnitude = |words: &[u64]| words.iter().rev().fold(Int::zero(), |n, &w| (n << 64_u32) + w);
    match words.last() {
        Some(top) if top >> 63 == 1 => magnitude(words) - (Int::one() << (64 * words.len())),
        _ => magnitude(words),
    }
}

/// sum += a · n, modulo 2^(64·L).
pub fn add_product(sum: &mut [u64], a: &[u64], n: i64) {
    let (size, mut carry) = (u128::from(n.unsigned_abs()), 0_u64);
    for (word, &x) in sum.iter_mut().zip(a) {
        let product = u128::from(x) * size + u128::from(carry);
        let (low, high) = (product as u64, (product >> 64) as u64);
        let (total, over) = if n < 0 { word.overflowing_sub(low) } else { word.overflowing_add(low) };
        // high < 2^64 − 1, for both factors are below 2^64.
        (*word, carry) = (total, high + u64::from(over));
    }
}

/// a · b modulo 2^(64·L).
fn times(a: &[u64], b: &[u64]) -> Vec<u64> {
    let mut product = vec![0; a.len()];
    for (shift, &word) in b.iter().enumerate().filter(|(_, w)| **w != 0) {
        let mut carry = 0_u64;
        for (sum, &x) in product[shift..].iter_mut().zip(a) {
            let total = u128::from(x) * u128::from(word) + u128::from(*sum) + u128::from(carry);
            (*sum, carry) = (total as u64, (total >> 64) as u64);
        }
    }
    product
}
