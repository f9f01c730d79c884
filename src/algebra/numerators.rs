//! The numerators of a tensor, in the shortest form that holds them.

use std::borrow::Cow;
use std::hash::{Hash, Hasher};
use std::ops::Range;
use std::sync::OnceLock;

use num_integer::Integer as _;
use num_traits::{One, ToPrimitive, Zero};

use super::{Coefficient, Integer, content, power_of_two};

/// Numerators as they are kept. Weights are mostly stored floats, whose numerators are machine words; as
/// ring elements they take eight times as much, and only a few computations ask for those.
#[derive(Clone, Debug)]
pub(super) enum Store<C> {
    /// Machine words.
    Words(Words<C>),
    /// Ring elements.
    Long(Vec<C>),
}

/// Machine words that stand for ring elements.
#[derive(Clone, Debug)]
pub(super) struct Words<C> {
    words: Vec<i64>,
    /// The bits of the longest, once someone has asked for them: of millions, many ask.
    bits: OnceLock<u64>,
    /// The same as ring elements, once someone has asked for them.
    long: OnceLock<Vec<C>>,
    element: fn(i64) -> C,
}

impl<C> Words<C> {
    fn one(&self, index: usize) -> C {
        (self.element)(self.words[index])
    }

    fn to_vec(&self) -> Vec<C> {
        self.words.iter().map(|&w| (self.element)(w)).collect()
    }
}

impl<C: Coefficient> Store<C> {
    pub fn words(words: Vec<i64>) -> Store<C> {
        let (bits, long) = (OnceLock::new(), OnceLock::new());
        Store::Words(Words { words, bits, long, element: |word| C::from(Integer::from(word)) })
    }

    pub fn len(&self) -> usize {
        match self {
            Store::Words(w) => w.words.len(),
            Store::Long(long) => long.len(),
        }
    }

    /// All as ring elements.
    pub fn all(&self) -> &[C] {
        match self {
            Store::Words(w) => w.long.get_or_init(|| w.to_vec()),
            Store::Long(long) => long,
        }
    }

    /// A run of them; of many machine words only the run is written out.
    pub fn run(&self, range: Range<usize>) -> Cow<'_, [C]> {
        /// Words that are written out at once: they are soon asked for again.
        const FEW: usize = 1 << 16;
        match self {
            Store::Words(w) if w.words.len() > FEW && w.long.get().is_none() => {
                Cow::Owned(w.words[range].iter().map(|&word| (w.element)(word)).collect())
            }
            _ => Cow::Borrowed(&self.all()[range]),
        }
    }

    /// A copy of one.
    pub fn one(&self, index: usize) -> C {
        match self {
            Store::Words(w) => w.one(index),
            Store::Long(long) => long[index].clone(),
        }
    }

    /// A copy of all.
    pub fn to_vec(&self) -> Vec<C> {
        match self {
            Store::Words(w) => w.to_vec(),
            Store::Long(long) => long.clone(),
        }
    }

    pub fn is_zero_at(&self, index: usize) -> bool {
        match self {
            Store::Words(w) => w.words[index] == 0,
            Store::Long(long) => long[index].is_zero(),
        }
    }

    /// The sum over those that are not 0 of a weight each; after the last weight comes the first one again.
    pub fn weigh(&self, weights: &[usize]) -> usize {
        fn sum<N>(all: &[N], weights: &[usize], is_zero: impl Fn(&N) -> bool) -> usize {
            let weight = |(n, &weight): (&N, &usize)| if is_zero(n) { 0 } else { weight };
            all.chunks(weights.len()).map(|run| run.iter().zip(weights).map(weight).sum::<usize>()).sum()
        }
        match self {
            Store::Words(w) => sum(&w.words, weights, |&word| word == 0),
            Store::Long(long) => sum(long, weights, C::is_zero),
        }
    }

    /// The bits of the longest; 0 where all are 0.
    pub fn bits(&self) -> u64 {
        match self {
            Store::Words(w) => *w.bits.get_or_init(|| bits(&w.words)),
            Store::Long(long) => long.iter().map(C::bits).max().unwrap_or(0),
        }
    }

    /// The most terms that one is written with.
    pub fn terms(&self) -> usize {
        match self {
            Store::Words(_) => 1,
            Store::Long(long) => long.iter().map(C::terms).max().unwrap_or(1),
        }
    }

    /// The bytes of one, generously: a machine word, or two words and a small allocation besides its digits.
    pub fn element_bytes(&self) -> u64 {
        /// Of an integer or polynomial of one term, without its digits.
        const ELEMENT: u64 = 64;
        match self {
            Store::Words(w) if w.long.get().is_none() => 8,
            Store::Words(_) => 8 + ELEMENT,
            Store::Long(_) => (ELEMENT + self.bits() / 8) * self.terms() as u64,
        }
    }

    /// All times an integer.
    pub fn times(&self, factor: &Integer) -> Store<C> {
        if let (Store::Words(Words { words, .. }), Some(factor)) = (self, factor.to_i64())
            && let Some(products) = words.iter().map(|w| w.checked_mul(factor)).collect()
        {
            return Store::words(products);
        }
        Store::Long((0..self.len()).map(|i| self.one(i).times(factor)).collect())
    }

    /// Brings them, over a positive denominator, into the ring's canonical form.
    pub fn reduce(&mut self, denominator: &mut Integer) {
        match self {
            Store::Words(Words { words, .. }) => {
                if bits(words) == 0 {
                    return denominator.set_one();
                }
                let content = content_of_words(words, denominator);
                if let (false, Some(divisor)) = (content.is_one(), content.to_i128()) {
                    // A quotient of a word by a positive number is a word.
                    *self = Store::words(words.iter().map(|&w| (i128::from(w) / divisor) as i64).collect());
                    *denominator /= content;
                }
            }
            Store::Long(long) => C::reduce(long, denominator),
        }
    }

    /// The chosen ones; 0 for none.
    pub fn gathered(&self, sources: impl Iterator<Item = Option<usize>>) -> Store<C> {
        match self {
            Store::Words(Words { words, .. }) => {
                Store::words(sources.map(|source| source.map_or(0, |i| words[i])).collect())
            }
            Store::Long(long) => {
                Store::Long(sources.map(|source| source.map_or_else(C::zero, |i| long[i].clone())).collect())
            }
        }
    }
}

/// The greatest common divisor of some words, not all 0, and of a denominator.
fn content_of_words(words: &[i64], denominator: &Integer) -> Integer {
    if let Some(power) = power_of_two(denominator) {
        // The union of all has as many zeros at its end as the one that has the fewest.
        let zeros = u64::from(words.iter().fold(0, |union, w| union | w).trailing_zeros());
        return Integer::one() << zeros.min(power);
    }
    let mut gcd = 0_u64;
    for word in words {
        gcd = gcd.gcd(&word.unsigned_abs());
        if gcd == 1 {
            break;
        }
    }
    Integer::from(gcd).gcd(denominator)
}

fn bits(words: &[i64]) -> u64 {
    // The longest has the highest bit of all that are set.
    let union = words.iter().fold(0, |union, w| union | w.unsigned_abs());
    u64::from(u64::BITS - union.leading_zeros())
}

/// Equal numbers are equal, however they are kept.
impl<C: PartialEq> PartialEq for Store<C> {
    fn eq(&self, other: &Store<C>) -> bool {
        match (self, other) {
            (Store::Words(a), Store::Words(b)) => a.words == b.words,
            (Store::Long(a), Store::Long(b)) => a == b,
            (Store::Words(w), Store::Long(long)) | (Store::Long(long), Store::Words(w)) => {
                w.words.len() == long.len() && long.iter().enumerate().all(|(i, n)| w.one(i) == *n)
            }
        }
    }
}

impl<C: Eq> Eq for Store<C> {}

impl<C: Hash> Hash for Store<C> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            Store::Words(w) => (0..w.words.len()).for_each(|i| w.one(i).hash(state)),
            Store::Long(long) => long.iter().for_each(|n| n.hash(state)),
        }
    }
}

/// Some numerators of a tensor of numbers, as they are kept.
#[derive(Clone, Copy, Debug)]
pub enum Numerators<'a> {
    /// Machine words.
    Words(&'a [i64]),
    /// Integers of any size.
    Long(&'a [Integer]),
}

impl<'a> Numerators<'a> {
    pub(super) fn of(store: &'a Store<Integer>) -> Numerators<'a> {
        match store {
            Store::Words(w) => Numerators::Words(&w.words),
            Store::Long(long) => Numerators::Long(long),
        }
    }

    /// How many there are.
    pub fn len(self) -> usize {
        match self {
            Numerators::Words(words) => words.len(),
            Numerators::Long(long) => long.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The greatest common divisor of all of them and of a denominator.
    pub fn content(self, denominator: &Integer) -> Integer {
        match self {
            Numerators::Words(words) => content_of_words(words, denominator),
            Numerators::Long(long) => content(long, denominator),
        }
    }

    /// A run of them.
    pub fn slice(self, range: Range<usize>) -> Numerators<'a> {
        match self {
            Numerators::Words(words) => Numerators::Words(&words[range]),
            Numerators::Long(long) => Numerators::Long(&long[range]),
        }
    }

    /// The largest absolute value; 0 where there are none.
    pub fn largest(self) -> Integer {
        match self {
            Numerators::Words(words) => words.iter().map(|w| w.unsigned_abs()).max().unwrap_or(0).into(),
            Numerators::Long(long) => long.iter().map(Integer::magnitude).max().cloned().unwrap_or_default().into(),
        }
    }

    /// Σ nᵢ · xᵢ.
    pub fn dot(self, x: &[Integer]) -> Integer {
        let mut sum = Integer::default();
        match self {
            Numerators::Words(words) => {
                words.iter().zip(x).filter(|(w, x)| **w != 0 && !x.is_zero()).for_each(|(&w, x)| sum += x * w);
            }
            Numerators::Long(long) => {
                let pairs = long.iter().zip(x).filter(|(n, x)| !n.is_zero() && !x.is_zero());
                pairs.for_each(|(n, x)| sum += n * x);
            }
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use std::hash::{DefaultHasher, Hash, Hasher};

    use proptest::prelude::*;

    use crate::algebra::residue::{Digits, moduli};
    use crate::algebra::{Integer, Rational, Shape, Tensor};

    fn hash(tensor: &Tensor) -> u64 {
        let mut hasher = DefaultHasher::new();
        tensor.hash(&mut hasher);
        hasher.finish()
    }

    fn word() -> impl Strategy<Value = i64> {
        prop_oneof![
            Just(0),
            Just(i64::MIN),
            Just(i64::MAX),
            any::<i64>(),
            -9..9_i64,
            any::<i64>().prop_map(|n| n >> 31 << 20)
        ]
    }

    proptest! {
        /// Whatever is asked, machine words answer as integers do.
        #[test]
        fn words_are_the_integers_that_they_stand_for(words in prop::collection::vec(word(), 1..12), odd in 1_u32..50, power in 0_u32..100, factor in word()) {
            let shape = Shape::new([words.len()]).expect("small");
            let denominator = Integer::from(odd) << power;
            let integers: Vec<Integer> = words.iter().map(|&w| w.into()).collect();
            let short = Tensor::from_words(shape.clone(), words.clone(), denominator.clone());
            let long = Tensor::new(shape.clone(), integers, denominator.clone());
            let same = |a: &Tensor, b: &Tensor| a == b && b.eq(a) && hash(a) == hash(b) && a.numerators() == b.numerators();
            prop_assert!(same(&short, &long));
            prop_assert_eq!(short.bits(), long.bits());
            prop_assert_eq!((short.is_zero(), short.nonzeros()), (long.is_zero(), long.nonzeros()));
            let weights = |t: &Tensor| (0..t.len()).filter(|i| !t.is_zero_at(*i)).map(|i| 5 + 2 * (i % 3)).sum::<usize>();
            prop_assert_eq!((short.weigh_nonzeros(&[5, 7, 9]), long.weigh_nonzeros(&[5, 7, 9])), (weights(&short), weights(&long)));
            prop_assert_eq!(short.to_rationals(), long.to_rationals());
            prop_assert_eq!(short.numerators_over(&(short.denominator() * 6)), long.numerators_over(&(long.denominator() * 6)));
            for factor in [Rational::from_integer(factor.into()), Rational::new(1.into(), denominator), Rational::new(factor.into(), 12.into())] {
                prop_assert!(same(&short.scaled(&factor), &long.scaled(&factor)));
            }
            let picked = |t: &Tensor| t.gather(shape.clone(), |i| (i % 3 > 0).then_some(i / 2));
            prop_assert!(same(&picked(&short), &picked(&long)));
            prop_assert!(same(&short.plus(&long), &long.plus(&long)));
            prop_assert_eq!(short.integers().largest(), long.integers().largest());
            prop_assert_eq!(short.integers().dot(long.numerators()), long.integers().dot(long.numerators()));
            let residues = |t: &Tensor| moduli()[..2].iter().map(|m| Digits::of(t.integers()).residues(m)).collect::<Vec<_>>();
            prop_assert_eq!(residues(&short), residues(&long));
            let changed = short.plus(&Tensor::constant(shape.clone(), &Rational::from_integer(1.into())));
            prop_assert!(short != changed && changed.ne(&short));
        }
    }

    /// Words with more factors of 2 than the denominator.
    #[test]
    fn fractions_of_powers_of_two_are_in_lowest_terms() {
        let tensor = |words: &[i64], denominator: i64| {
            Tensor::from_words(Shape::new([words.len()]).expect("small"), words.to_vec(), denominator.into())
        };
        for (words, denominator, least) in
            [([4, -12], 2, [2, -6]), ([8, 0], 8, [1, 0]), ([6, 2], 4, [3, 1]), ([i64::MIN, 0], 2, [i64::MIN / 2, 0])]
        {
            let found = tensor(&words, denominator);
            assert_eq!(found.numerators(), least.map(Integer::from).to_vec(), "{words:?} over {denominator}");
            assert_eq!(found.denominator(), &Integer::from(if words[0] == 6 { 2 } else { 1 }));
        }
    }
}
