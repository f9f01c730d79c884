//! A tree that is not finished, and its text: what a search leaves for the next one.

use super::tree::{Multipliers, Tree};
use crate::algebra::Integer;

/// A place of a [`Growth`]; places below it are named by their index, which is larger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Not looked at yet.
    Open,
    /// [`Tree::Leaf`].
    Leaf,
    /// [`Tree::Empty`].
    Empty(Multipliers),
    /// [`Tree::Fixed`].
    Fixed { atom: usize, argument: usize, others: Vec<Multipliers>, then: usize },
    /// [`Tree::Split`].
    Split { atom: usize, branches: Vec<usize> },
}

/// A [`Tree`] some of whose places are open. The root is place 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Growth {
    pub(super) places: Vec<Place>,
}

impl Default for Growth {
    /// Nothing is known.
    fn default() -> Growth {
        Growth { places: vec![Place::Open] }
    }
}

impl Growth {
    /// A tree, in which nothing is open.
    pub fn of(tree: &Tree) -> Growth {
        let mut growth = Growth::default();
        let mut left = vec![(0, tree)];
        while let Some((at, tree)) = left.pop() {
            growth.places[at] = match tree {
                Tree::Leaf => Place::Leaf,
                Tree::Empty(multipliers) => Place::Empty(multipliers.clone()),
                Tree::Fixed { atom, argument, others, then } => {
                    let below = growth.open();
                    left.push((below, then));
                    Place::Fixed { atom: *atom, argument: *argument, others: others.clone(), then: below }
                }
                Tree::Split { atom, branches } => {
                    let places: Vec<usize> = branches.iter().map(|_| growth.open()).collect();
                    left.extend(places.iter().copied().zip(branches));
                    Place::Split { atom: *atom, branches: places }
                }
            };
        }
        growth
    }

    /// With every leaf open: to be continued for a program with more atoms.
    pub(super) fn reopened(mut self) -> Growth {
        self.places.iter_mut().filter(|place| **place == Place::Leaf).for_each(|leaf| *leaf = Place::Open);
        self
    }

    /// Regions with points inside that are known.
    pub fn regions(&self) -> u64 {
        self.places.iter().filter(|place| **place == Place::Leaf).count() as u64
    }

    /// A new open place.
    pub(super) fn open(&mut self) -> usize {
        self.places.push(Place::Open);
        self.places.len() - 1
    }

    /// Puts another growth in an open place; gives where each of its places is now.
    pub(super) fn graft(&mut self, at: usize, part: Growth) -> impl Fn(usize) -> usize + use<> {
        let first = self.places.len();
        let moved = move |place: usize| if place == 0 { at } else { first + place - 1 };
        for (index, place) in part.places.into_iter().enumerate() {
            let place = match place {
                Place::Fixed { atom, argument, others, then } => {
                    Place::Fixed { atom, argument, others, then: moved(then) }
                }
                Place::Split { atom, branches } => {
                    Place::Split { atom, branches: branches.into_iter().map(moved).collect() }
                }
                other => other,
            };
            if index == 0 {
                self.places[at] = place;
            } else {
                self.places.push(place);
            }
        }
        moved
    }

    /// The tree, if no place is open.
    pub fn finished(self) -> Option<Tree> {
        let mut trees: Vec<Option<Tree>> = self.places.iter().map(|_| None).collect();
        // What stands below a place has a larger index.
        for (index, place) in self.places.into_iter().enumerate().rev() {
            trees[index] = Some(match place {
                Place::Open => return None,
                Place::Leaf => Tree::Leaf,
                Place::Empty(multipliers) => Tree::Empty(multipliers),
                Place::Fixed { atom, argument, others, then } => {
                    Tree::Fixed { atom, argument, others, then: Box::new(trees[then].take()?) }
                }
                Place::Split { atom, branches } => {
                    let branches: Option<Vec<Tree>> = branches.into_iter().map(|b| trees[b].take()).collect();
                    Tree::Split { atom, branches: branches? }
                }
            });
        }
        trees.into_iter().next().flatten()
    }

    /// One line a place, from the root down, branches in order: `open`, `leaf`, `empty`, `fixed ATOM ARGUMENT` or
    /// `split ATOM BRANCHES`, where multipliers are pairs `INDEX:NUMBER`, lists of them end in `;`.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        let mut open = vec![0];
        while let Some(index) = open.pop() {
            match &self.places[index] {
                Place::Open => text.push_str("open"),
                Place::Leaf => text.push_str("leaf"),
                Place::Empty(multipliers) => {
                    text.push_str("empty");
                    push(&mut text, multipliers);
                }
                Place::Fixed { atom, argument, others, then } => {
                    text.push_str(&format!("fixed {atom} {argument}"));
                    others.iter().for_each(|multipliers| push(&mut text, multipliers));
                    open.push(*then);
                }
                Place::Split { atom, branches } => {
                    text.push_str(&format!("split {atom} {}", branches.len()));
                    open.extend(branches.iter().rev());
                }
            }
            text.push('\n');
        }
        text
    }

    /// Reads [`Growth::to_text`]; `None` where a line is none of these, or lines are missing or left over.
    pub fn from_text(text: &str) -> Option<Growth> {
        let mut growth = Growth::default();
        let mut lines = text.lines();
        let mut open = vec![0];
        while let Some(index) = open.pop() {
            let mut words = lines.next()?.split(' ');
            let kind = words.next()?;
            let mut number = || words.next()?.parse::<usize>().ok();
            growth.places[index] = match kind {
                "open" => Place::Open,
                "leaf" => Place::Leaf,
                "empty" => {
                    let mut lists = lists(words)?;
                    if lists.len() != 1 {
                        return None;
                    }
                    Place::Empty(lists.remove(0))
                }
                "fixed" => {
                    let (atom, argument) = (number()?, number()?);
                    let then = growth.open();
                    open.push(then);
                    Place::Fixed { atom, argument, others: lists(words)?, then }
                }
                "split" => {
                    let (atom, count) = (number()?, number()?);
                    // Every branch needs a line of its own.
                    if count > text.len() {
                        return None;
                    }
                    let branches: Vec<usize> = (0..count).map(|_| growth.open()).collect();
                    open.extend(branches.iter().rev());
                    Place::Split { atom, branches }
                }
                _ => return None,
            };
        }
        lines.next().is_none().then_some(growth)
    }
}

fn push(text: &mut String, multipliers: &Multipliers) {
    multipliers.iter().for_each(|(index, number)| text.push_str(&format!(" {index}:{number}")));
    text.push_str(" ;");
}

fn lists<'w>(words: impl Iterator<Item = &'w str>) -> Option<Vec<Multipliers>> {
    let (mut lists, mut list) = (Vec::new(), Multipliers::new());
    for word in words {
        match word.split_once(':') {
            Some((index, number)) => list.push((index.parse().ok()?, number.parse::<Integer>().ok()?)),
            None if word == ";" => lists.push(std::mem::take(&mut list)),
            None => return None,
        }
    }
    list.is_empty().then_some(lists)
}
