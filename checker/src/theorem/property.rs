//! Properties of a network as a function: by its layers, its map, its regions, or refuted at points.

use std::collections::BTreeMap;

use num_traits::{One, Signed, Zero};

use super::{Checked, Context, apart, plus};
use crate::form::{CONSTANT, Form};
use crate::layer::{How, wrong};
use crate::mark::{Change, Signs, Steepness, marks};
use crate::network::Network;
use crate::number::{Poly, Rat};
use crate::rank::independent;
use crate::text::{Fields, Json};

/// A property of a network's shape as a function.
pub(super) enum Property {
    Convex {
        concave: bool,
    },
    /// In these inputs.
    Monotone(Vec<usize>),
    Lipschitz(Rat),
    Additive,
    Injective,
    Surjective,
    AlongConstants,
}

impl Property {
    pub(super) fn read(kind: &str, network: &Network, s: &Fields<'_>) -> Checked<(Property, String)> {
        let property = match kind {
            "convex" | "concave" => Property::Convex { concave: kind == "concave" },
            "monotone" => Property::Monotone(s.get("inputs")?.sizes()?),
            "lipschitz" => {
                let bound = s.get("bound")?.rational()?;
                return Ok((Property::Lipschitz(bound.clone()), format!("Lipschitz with the constant {bound}")));
            }
            "additive" => Property::Additive,
            "injective" => Property::Injective,
            "surjective" => Property::Surjective,
            "affine_along_constants" => {
                return Ok((Property::AlongConstants, "affine along images that are constant on each channel".into()));
            }
            _ => return wrong(format!("there is no statement `{kind}` with this evidence")),
        };
        let inputs = if let Property::Monotone(inputs) = &property {
            if inputs.iter().any(|&input| input >= network.inputs.len()) {
                return wrong("it speaks of an input that the network has not");
            }
            format!(" in the inputs {inputs:?}")
        } else {
            String::new()
        };
        Ok((property, format!("{kind}{inputs}")))
    }
}

/// The slopes of an output, by input entry.
fn slopes(output: &Form) -> Vec<(usize, Rat)> {
    let slopes = output.iter().filter(|(v, _)| *v != CONSTANT);
    slopes.map(|(v, c)| (*v - 1, c.as_number().unwrap_or_default())).collect()
}

/// For each input entry, the input that it is of.
pub(super) fn entries_of(network: &Network) -> Vec<usize> {
    (0..network.inputs.len()).flat_map(|input| std::iter::repeat_n(input, network.size(input))).collect()
}

/// For each input entry, the direction that it is of: one a channel of each input, all of a vector.
pub(super) fn channels(network: &Network) -> Vec<usize> {
    let (mut found, mut next) = (Vec::new(), 0);
    for shape in &network.inputs {
        let channels = if shape.len() > 1 { shape[0] } else { 1 };
        let pixels = shape.iter().product::<usize>() / channels;
        found.extend((0..channels * pixels).map(|i| next + i / pixels));
        next += channels;
    }
    found
}

/// Not `surjective` by `structure`. Every input is bounded and every layer continuous (quotients are left out), so
/// the outputs are bounded: some vector is none of them.
pub(super) fn bounded_image(network: &Network, property: &Property) -> Checked {
    let continuous = network.steps().all(|(_, layer, _)| layer.how != How::Divide);
    match matches!(property, Property::Surjective) && continuous && network.domains.iter().all(Option::is_some) {
        true => Ok(()),
        false => wrong("an input has no bounds, or a layer may not be continuous"),
    }
}

impl Context {
    /// A property by `layers` ([`crate::mark`]), for all values of the symbols.
    pub(super) fn by_layers(&self, network: &Network, property: &Property) -> Checked {
        let sizes = (0..network.inputs.len()).map(|value| network.size(value));
        let signs = |bends: bool, input: &dyn Fn(usize) -> (bool, bool)| {
            let inputs = sizes.clone().enumerate().map(|(i, n)| vec![input(i); n]).collect();
            marks(network, inputs, &Signs { bends }, &self.work)
        };
        let holds = match property {
            Property::Convex { concave } => {
                signs(true, &|_| (true, true))?.iter().all(|&(up, down)| if *concave { down } else { up })
            }
            // What does not vary is constant.
            Property::Monotone(chosen) => signs(false, &|i| (true, !chosen.contains(&i)))?.iter().all(|m| m.0),
            Property::Lipschitz(bound) => {
                let inputs = sizes.map(|n| vec![Some(Rat::one()); n]).collect();
                let found = marks(network, inputs, &Steepness, &self.work)?;
                found.iter().all(|m| m.as_ref().is_some_and(|m| m <= bound))
            }
            Property::AlongConstants => {
                let (channels, mut at) = (channels(network), 0);
                let direction = |entry: usize| {
                    let one = |c: &usize| Poly::number(Rat::from_integer(u8::from(channels[entry] == *c).into()));
                    Some((0..=channels[channels.len() - 1]).map(|c| one(&c)).collect())
                };
                let input = |n: usize| (at += n, (at - n..at).map(direction).collect()).1;
                marks(network, sizes.map(input).collect(), &Change, &self.work)?.iter().all(Option::is_some)
            }
            Property::Additive | Property::Injective | Property::Surjective => false,
        };
        if holds { Ok(()) } else { wrong("the layers do not show it") }
    }

    /// A property by `map`: of the exact map that an earlier theorem says f is. Affine functions are convex,
    /// concave, and affine along every direction. Entries that vary count: no weight is negative; the sizes of a
    /// row's weights add up to at most the bound. f is injective exactly if the matrix's columns of entries that vary
    /// are independent: else some step along them, however short, changes nothing. It is surjective exactly if the rows
    /// are, over the entries without bounds: else a combination of the outputs depends on bounded entries only.
    pub(super) fn by_map(&self, network: usize, property: &Property, holds: bool, e: &Fields<'_>) -> Checked {
        let map = self.map_of(network, e)?;
        let network = &self.networks[network];
        let (bounds, entries) = (network.bounds(), entries_of(network));
        let varies = |v: usize| bounds[v].as_ref().is_none_or(|(low, high)| low < high);
        let slopes = |row: Vec<(usize, Rat)>| row.into_iter().filter(|(v, _)| *v != CONSTANT).map(|(v, c)| (v - 1, c));
        let rows = map.numbers()?.into_iter().map(|row| slopes(row).filter(|(v, _)| varies(*v)).collect());
        let mut rows: Vec<Vec<(usize, Rat)>> = rows.collect();
        let found = match property {
            Property::Convex { .. } | Property::AlongConstants => true,
            Property::Monotone(chosen) => {
                !rows.iter().flatten().any(|(v, w)| chosen.contains(&entries[*v]) && w.is_negative())
            }
            Property::Lipschitz(bound) => {
                rows.iter().all(|row| row.iter().map(|(_, w)| w.abs()).sum::<Rat>() <= *bound)
            }
            Property::Injective => {
                let mut columns = vec![Vec::new(); bounds.len()];
                let entries = rows.into_iter().enumerate().flat_map(|(i, row)| row.into_iter().map(move |e| (i, e)));
                entries.for_each(|(i, (v, w))| columns[v].push((i, w)));
                let columns = columns.into_iter().enumerate().filter(|(v, _)| varies(*v)).map(|(_, column)| column);
                independent(&columns.collect::<Vec<_>>(), &self.work)?
            }
            Property::Surjective => {
                rows.iter_mut().for_each(|row| row.retain(|(v, _)| bounds[*v].is_none()));
                independent(&rows, &self.work)?
            }
            Property::Additive => return wrong("a map says nothing of it"),
        };
        if found == holds { Ok(()) } else { wrong("the map does not show it") }
    }

    /// A property by `regions` ([`crate::region`]). An output that is the largest of affine functions everywhere is
    /// convex; one whose negative is, is concave. Else, on every region no slope in the chosen inputs is negative; or
    /// the sizes of the slopes add up to at most the bound; or the slopes along every direction that is constant on a
    /// channel are the same. A segment crosses finitely many regions.
    pub(super) fn by_regions(&self, network: &Network, property: &Property, e: &Fields<'_>) -> Checked {
        let (program, tree) = self.program(network, None, e)?;
        if let Property::Convex { concave } = property {
            let program = program.less_pieces(&Rat::from_integer(if *concave { -1 } else { 1 }.into()))?;
            return program.vanishes(tree, &network.bounds(), "is not the largest of its pieces", &self.work);
        }
        let (entries, channels) = (entries_of(network), channels(network));
        let mut first: Option<Vec<BTreeMap<usize, Rat>>> = None;
        let mut accept = |outputs: &[Form]| {
            let mut outputs = outputs.iter().map(slopes);
            let holds = match property {
                Property::Monotone(chosen) => {
                    outputs.all(|o| !o.iter().any(|(v, c)| c.is_negative() && chosen.contains(&entries[*v])))
                }
                Property::Lipschitz(bound) => outputs.all(|o| o.iter().map(|(_, c)| c.abs()).sum::<Rat>() <= *bound),
                Property::AlongConstants => {
                    let along = |slopes: Vec<(usize, Rat)>| {
                        let mut sums: BTreeMap<usize, Rat> = BTreeMap::new();
                        slopes.into_iter().for_each(|(v, c)| *sums.entry(channels[v]).or_default() += c);
                        sums.retain(|_, sum| !sum.is_zero());
                        sums
                    };
                    let here: Vec<BTreeMap<usize, Rat>> = outputs.map(along).collect();
                    *first.get_or_insert_with(|| here.clone()) == here
                }
                _ => false,
            };
            if holds { Ok(()) } else { wrong("it fails on a region, or regions do not show it") }
        };
        program.walk(tree, &network.bounds(), &mut accept, &self.work)
    }

    /// Not `surjective` by `regions`: on every region the slopes in the entries without bounds are dependent, so a
    /// combination of the outputs is bounded there. The values lie in finitely many such slabs, which do not fill the
    /// space.
    pub(super) fn by_slabs(&self, network: &Network, property: &Property, e: &Fields<'_>) -> Checked {
        let ((program, tree), bounds) = (self.program(network, None, e)?, network.bounds());
        let mut dependent = |outputs: &[Form]| {
            let free = |output| slopes(output).into_iter().filter(|(v, _)| bounds[*v].is_none()).collect();
            match independent(&outputs.iter().map(free).collect::<Vec<_>>(), &self.work)? {
                false if matches!(property, Property::Surjective) => Ok(()),
                _ => wrong("on a region, the map has full rank, or regions do not show it"),
            }
        };
        program.walk(tree, &bounds, &mut dependent, &self.work)
    }

    /// That a property fails, by `points`: f(t·x + (1 − t)·y) > t·f(x) + (1 − t)·f(y); x ≤ y and f(x) > f(y);
    /// |f(x) − f(y)| > L·max |x − y|; f(x + y) ≠ f(x) + f(y); x ≠ y and f(x) = f(y); f(x + u) − f(x) ≠ f(y + u) − f(y)
    /// with u constant on channels. All points lie in the domain, and so do sums.
    pub(super) fn fails_at(&self, network: &Network, property: &Property, e: &Fields<'_>) -> Checked {
        let (points, factor) = (e.get("points")?.list(Json::rationals)?, e.get("factor")?.option(Json::rational)?);
        let one = Rat::one();
        let combination = |parts: &[(Rat, Vec<Rat>)]| self.combination(network, e, parts);
        let holds = match (property, points.as_slice(), factor) {
            (Property::Convex { concave }, [x, y], Some(t)) => {
                let rest = &one - &t;
                if t.is_negative() || rest.is_negative() || x.len() != y.len() {
                    return wrong("the point between is none");
                }
                let z = x.iter().zip(y).map(|(a, b)| a * &t + b * &rest).collect();
                let (low, high) = combination(&[(one, z), (-t, x.clone()), (-rest, y.clone())])?;
                if *concave { high.is_negative() } else { low.is_positive() }
            }
            (Property::Monotone(chosen), [x, y], None) => {
                let entries = entries_of(network);
                let rises = |((a, b), input): ((&Rat, &Rat), &usize)| a == b || (a < b && chosen.contains(input));
                x.len() == y.len()
                    && x.iter().zip(y).zip(&entries).all(rises)
                    && combination(&[(one.clone(), x.clone()), (-one, y.clone())])?.0.is_positive()
            }
            (Property::Lipschitz(bound), [x, y], None) => {
                let reach = x.iter().zip(y).map(|(a, b)| (a - b).abs()).max().unwrap_or_default() * bound;
                let gap = combination(&[(one.clone(), x.clone()), (-one, y.clone())])?;
                apart(&gap, &reach).is_ok()
            }
            (Property::Additive, [x, y], None) => {
                let parts = [(one.clone(), plus(x, y)?), (-one.clone(), x.clone()), (-one, y.clone())];
                apart(&combination(&parts)?, &Rat::zero()).is_ok()
            }
            (Property::Injective, [x, y], None) => {
                let (_, values) = (e.get("output")?, self.values(e.get("symbols")?, &[])?);
                let (f, g) = (self.at(network, x, &values)?.numbers(), self.at(network, y, &values)?.numbers());
                // Entries with one value only are equal in both, because both lie in the domain.
                x != y && f.is_some() && f == g
            }
            (Property::AlongConstants, [x, y, u], None) => {
                let channels = channels(network);
                let parts = [(1, plus(x, u)?), (-1, x.clone()), (-1, plus(y, u)?), (1, y.clone())];
                let parts = parts.map(|(sign, point)| (Rat::from_integer(sign.into()), point));
                let neighbours = (1..u.len().min(channels.len())).filter(|&v| channels[v] == channels[v - 1]);
                neighbours.into_iter().all(|v| u[v] == u[v - 1]) && apart(&combination(&parts)?, &Rat::zero()).is_ok()
            }
            _ => return wrong("these points say nothing of the property"),
        };
        if holds { Ok(()) } else { wrong("the points do not show it") }
    }
}
