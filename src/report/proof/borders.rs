//! A map between images by its border classes.

use num_integer::Integer as _;
use num_traits::One;

use super::collapse::rank_in_words;
use super::{Writer, entries};
use crate::collapse::{Axis, ImageMap};
use crate::report::document::{Block, math, text};
use crate::report::numbers::{count, number, plural};

/// Classes of one axis that are listed.
const LISTED: usize = 24;

impl Writer<'_> {
    pub fn border_classes(&mut self, map: &ImageMap) {
        let words = "M is not written out, and does not have to be. What an output reads depends only on its channel and, along each axis, on its border class: how far it is from either edge, up to where the layers reach, and its place in a stride. Outputs of one channel and one class read their surroundings with the same weights, because the layers compute these by the same steps from the same numbers. So one row for each channel and class is all of M, exactly. Position p of the output reads:";
        self.document.state("Border classes", vec![text(words)]);
        let names: &[&str] = match map.axes().len() {
            1 => &["position"],
            2 => &["row", "column"],
            3 => &["plane", "row", "column"],
            _ => &[],
        };
        let sources: Vec<&str> = self.network.inputs.iter().map(|input| input.name.as_str()).collect();
        let mut rows = Vec::new();
        let mut before: Option<&Axis> = None;
        for (at, axis) in map.axes().iter().enumerate() {
            let name = names.get(at).map_or_else(|| format!("axis {}", at + 1), |name| name.to_string());
            if before == Some(axis) {
                rows.push(vec![name, "the same".into(), String::new(), String::new()]);
            } else {
                rows.extend(classes(&name, axis, &sources));
            }
            before = Some(axis);
        }
        let head = ["axis", "output positions p", "how many", "input positions read"].map(str::to_string).to_vec();
        self.document.blocks.push(Block::Table { head, rows });
        let nonzeros = map.nonzeros().map_or("more nonzero entries than a word counts".into(), entries);
        let products = match map.classes() {
            1 => "one class of positions".to_string(),
            n => format!("{} products of classes", count(n)),
        };
        let words = format!(
            "For {} and {} that makes {} of the table, which stand for the {} of M.",
            products,
            plural(map.output().channels(), "channel"),
            entries(map.stored()),
            nonzeros
        );
        self.say(vec![text(words)]);
        let denominator = map.denominator();
        let over = match denominator.is_one() {
            true => "All entries are integers".to_string(),
            false => format!("All entries are integers over {}", number(&denominator.into())),
        };
        let words = format!(
            "{over}; the largest absolute value is {}. {}",
            number(&map.largest()),
            rank_in_words(map.rank(self.network.narrowest()))
        );
        self.say(vec![text(words)]);
    }

    pub fn linearity_of_image(&mut self, map: &ImageMap) {
        if map.is_linear() {
            return self.laws_of_linearity();
        }
        self.law_of_affinity();
        let zero = |input: &crate::network::Input| {
            input.domain.as_ref().is_none_or(|(low, high)| {
                let zero = crate::algebra::Rational::default();
                *low <= zero && zero <= *high
            })
        };
        let Some(output) = map.first_constant() else {
            return;
        };
        let (constant, over) = map.constant(output);
        let value = number(&crate::algebra::ratio(constant.clone(), over.clone()));
        let f = format!("\\mathrm{{{}}}(0)", self.network.name);
        let end = format!(" is {value} at output {}.", self.output_name(output));
        let words = match self.network.inputs.iter().all(zero) {
            true => vec![text("A linear map takes 0 to 0, but "), math(f), text(" = "), math("b"), text(end)],
            false => vec![text("M and b are the only ones on this domain, and "), math("b"), text(end)],
        };
        self.document.state("Not linear", words);
    }
}

/// One line a class: its positions, how many they are, and what they read.
fn classes(name: &str, axis: &Axis, sources: &[&str]) -> Vec<Vec<String>> {
    let mut positions = vec![Vec::new(); axis.count()];
    axis.classes.iter().enumerate().for_each(|(p, &class)| positions[class].push(p));
    let mut rows: Vec<Vec<String>> = positions
        .iter()
        .enumerate()
        .map(|(at, members)| {
            let name = if at == 0 { name.to_string() } else { String::new() };
            vec![name, listed(members), count(members.len()), reads(axis, members, sources)]
        })
        .collect();
    if rows.len() > LISTED {
        let left = format!("… {} more classes", count(rows.len() - LISTED));
        rows.splice(LISTED / 2..rows.len() - LISTED / 2, [vec![String::new(), left, String::new(), String::new()]]);
    }
    rows
}

/// `3–220`, or `1, 3, 5, …, 221`.
fn listed(positions: &[usize]) -> String {
    let step = positions.windows(2).map(|pair| pair[1] - pair[0]).collect::<std::collections::BTreeSet<_>>();
    match positions {
        [only] => only.to_string(),
        [first, .., last] if step.len() == 1 && step.contains(&1) => format!("{first}–{last}"),
        [a, b, c, d, .., last] => {
            format!("{a}, {b}, {c}, {}…, {last}", if positions.len() > 5 { format!("{d}, ") } else { String::new() })
        }
        few => few.iter().map(usize::to_string).collect::<Vec<_>>().join(", "),
    }
}

/// `p − 3 … p + 3`, for each source.
fn reads(axis: &Axis, members: &[usize], sources: &[&str]) -> String {
    let one = |source: usize| -> String {
        let window = |p: usize| -> Option<(usize, usize)> {
            let window = &axis.windows[p][source];
            Some((*window.iter().min()?, *window.iter().max()?))
        };
        let Some((low, high)) = window(members[0]) else { return "nothing".into() };
        let whole = axis.windows[members[0]][source].len() == high - low + 1;
        let gaps = if whole { "" } else { ", some of them" };
        if let [only] = members {
            debug_assert_eq!(axis.classes[*only], axis.classes[members[0]]);
            return format!("{}{gaps}", span(&low.to_string(), &high.to_string()));
        }
        // low = (rise · p + offset) / over for all members, and the window as long?
        let Some((next, _)) = window(members[1]) else { return "nothing".into() };
        let gcd = next.saturating_sub(low).gcd(&(members[1] - members[0]));
        let (rise, over) = (next.saturating_sub(low) / gcd, (members[1] - members[0]) / gcd);
        let moved = |p: usize| {
            let by = rise * (p - members[0]);
            by.is_multiple_of(over) && window(p) == Some((low + by / over, high + by / over))
        };
        if next >= low && members.iter().all(|&p| moved(p)) {
            let at = |read: usize| relative(rise, over, (over * read) as i64 - (rise * members[0]) as i64);
            return format!("{}{gaps}", span(&at(low), &at(high)));
        }
        format!("{}, past an end", plural(axis.windows[members[0]][source].len(), "place"))
    };
    let each: Vec<String> = (0..sources.len()).map(one).collect();
    match each.as_slice() {
        [] => String::new(),
        [first, rest @ ..] if rest.iter().all(|other| other == first) => first.clone(),
        _ => each.iter().zip(sources).map(|(reads, name)| format!("{name}: {reads}")).collect::<Vec<_>>().join("; "),
    }
}

fn span(low: &str, high: &str) -> String {
    if low == high { low.to_string() } else { format!("{low} … {high}") }
}

/// `2p − 3`, or `(p + 1)/2`.
fn relative(rise: usize, over: usize, offset: i64) -> String {
    let p = match rise {
        0 if over == 1 => return offset.to_string(),
        0 => return format!("{offset}/{over}"),
        1 => "p".to_string(),
        rise => format!("{rise}p"),
    };
    let sum = match offset {
        0 => p,
        more if more > 0 => format!("{p} + {more}"),
        less => format!("{p} − {}", -less),
    };
    match (over, offset) {
        (1, _) => sum,
        (_, 0) => format!("{sum}/{over}"),
        _ => format!("({sum})/{over}"),
    }
}
