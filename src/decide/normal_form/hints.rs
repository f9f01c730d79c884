//! Where a witness may be found: what the atoms that do not cancel say.

use std::collections::BTreeMap;

use num_traits::{One, Signed};

use super::linear::Linear;
use crate::algebra::{Rational, Tensor};
use crate::decide::search::{Domain, Hint};
use crate::network::Network;

/// Where to look for the kink on l = 0: a line from the base point through the hyperplane, and,
/// for a hyperplane through the base point, two points on opposite sides of it.
pub(super) fn hints(network: &Network, l: &Linear) -> Vec<Hint> {
    let domain = Domain::of(network);
    let base = domain.base();
    let size = base.len();
    let vector = |values: &BTreeMap<usize, Rational>| {
        let entries: Vec<Rational> = (0..size).map(|i| values.get(&i).cloned().unwrap_or_default()).collect();
        Tensor::from_rationals(base.shape().clone(), &entries)
    };
    let at = |i: &usize| base.get(*i);
    let value = l.terms.iter().map(|(i, c)| c * at(i)).sum::<Rational>() + &l.constant;
    // The farthest move of each entry that raises (or lowers) l, inside the domain.
    let far = |raise: bool| -> BTreeMap<usize, Rational> {
        let step = |(i, c): &(usize, Rational)| {
            let up = c.is_positive() == raise;
            let room = domain.room(*i, up);
            let length = room.unwrap_or_else(|| c.abs() * l.constant.abs().max(Rational::one()));
            (*i, if up { length } else { -length })
        };
        l.terms.iter().map(step).collect()
    };
    let (raise, lower) = (far(true), far(false));
    let half = Rational::new(1.into(), 2.into());
    let halved = |v: &BTreeMap<usize, Rational>| v.iter().map(|(i, s)| (*i, s * &half)).collect::<BTreeMap<_, _>>();
    let mut found = vec![Hint::Pair(vector(&halved(&raise)), vector(&halved(&lower)))];
    let toward = if value.is_negative() { raise } else { lower };
    found.push(Hint::Line(vector(&toward)));
    found
}
