//! The proof or refutation of an equation between two networks.

use super::symbolic::chosen;
use super::{Detail, capital};
use crate::algebra::{Polynomial, Shape};
use crate::decide::{Cause, Comparison, Counterexample, Proof, Residue};
use crate::network::{Claim, Equation, Network, Program, Symbols};
use crate::report::document::{Block, Document, code, math, strong, text};
use crate::report::math::plain;
use crate::report::numbers::{count, number, tensor_grid};

/// The document of one claim.
pub(super) fn document(
    program: &Program,
    claim: &Claim,
    equation: &Equation,
    comparison: &Comparison,
    detail: Detail,
) -> Document {
    let mut writer = Writer { document: Document::default(), equation, symbols: &program.symbols, detail };
    let file = program.sources.files.get(claim.span.file as usize).map_or("", |f| f.name.as_str());
    let aside = format!("{file}:{}", program.sources.line(claim.span));
    let title = vec![text("claim "), code(&claim.text)];
    writer.document.blocks.push(Block::Title { text: title, aside });
    match comparison {
        Comparison::Equal(proof) => writer.equal(proof),
        Comparison::Close { bound, exact, cases } => {
            let attained = if *exact { ", and by that much in some" } else { "" };
            let words = vec![text(format!(
                "For every input{}, {} differ by at most {} in every output{attained}.",
                domain(&equation.left),
                writer.sides(),
                number(bound)
            ))];
            writer.document.state("Theorem", words);
            if let Some(cases) = cases {
                super::cases::cases(&mut writer.document, cases, "no output of the difference is larger");
            }
            let how = match exact {
                _ if cases.is_some() => {
                    "On a region the difference is affine, and multipliers λ ≥ 0 of the functions g that are ≥ 0 there prove the bound."
                }
                true => {
                    "The difference of the sides is affine, so on a box each output of it is largest at a corner, which its row of signs names."
                }
                false => "Every layer of both sides is bounded over the whole domain, and so is the difference.",
            };
            writer.document.say(vec![text(how)]);
        }
        Comparison::Different(found) => writer.different(found),
        Comparison::Undecided(reason) => {
            writer.document.state("No theorem", vec![text(format!("{}.", capital(reason)))]);
        }
    }
    if !matches!(comparison, Comparison::Undecided(_)) {
        writer.document.blocks.push(Block::Qed);
    }
    writer.document
}

/// Why, in a few words.
pub(super) fn reason(comparison: &Comparison) -> String {
    match comparison {
        Comparison::Equal(Proof::Maps { .. }) => "the same matrix and constant".into(),
        Comparison::Equal(Proof::Classes { .. }) => "the same rows in every border class".into(),
        Comparison::Equal(Proof::SymbolicMaps { .. }) => "the same polynomials in the weights".into(),
        Comparison::Equal(Proof::Kernels { .. }) => "the same kernel".into(),
        Comparison::Equal(Proof::NormalForm(_)) => "the same normal form".into(),
        Comparison::Equal(Proof::Regions(cases)) => format!("equal on each of {} regions", count(cases.tree.regions())),
        Comparison::Close { bound, .. } => format!("at most {}", number(bound)),
        Comparison::Different(_) => "the counterexample above".into(),
        Comparison::Undecided(_) => "undecided, for the reason above".into(),
    }
}

struct Writer<'e> {
    document: Document,
    equation: &'e Equation,
    symbols: &'e Symbols,
    detail: Detail,
}

impl Writer<'_> {
    fn sides(&self) -> String {
        let arguments: Vec<&str> = self.equation.left.inputs.iter().map(|i| i.name.as_str()).collect();
        let (left, right) = (&self.equation.left.name, &self.equation.right.name);
        if self.equation.is_law {
            return format!("{left} and {right}");
        }
        format!("{left}({0}) and {right}({0})", arguments.join(", "))
    }

    fn equal(&mut self, proof: &Proof) {
        let quantified: Vec<&str> =
            self.symbols.tensors_of(self.equation.difference.symbols()).map(|t| t.name.as_str()).collect();
        let factor = self.symbols.tensors_of(self.equation.nonnegative.iter().copied()).map(|t| t.name.as_str()).next();
        let mut weights = match factor {
            Some(factor) => format!(" and every number {factor} ≥ 0"),
            None => String::new(),
        };
        let quantified: Vec<&str> = quantified.into_iter().filter(|name| Some(*name) != factor).collect();
        if !quantified.is_empty() {
            weights.push_str(&format!(" and every choice of the weights {}", quantified.join(", ")));
        }
        let mut words = vec![text(format!("{} are ", self.sides())), strong("equal")];
        words.push(text(format!(" for every input{}{weights}.", domain(&self.equation.left))));
        self.document.state("Theorem", words);
        let words = match proof {
            Proof::Regions(cases) => {
                return super::cases::cases(&mut self.document, cases, "the difference of the sides is 0");
            }
            Proof::Maps { rows, columns } => format!(
                "Both sides are affine. Their matrices, {}×{}, and their constants are equal in every entry.",
                count(*rows),
                count(*columns)
            ),
            Proof::Classes { rows, columns, classes } => format!(
                "Both sides are affine maps between images, of {}×{}. What an output reads depends only on its channel and on its border class: how far it is from each edge, and its place in a stride. The two sides’ rows and constants are equal in each of the {}, one row for each channel, and so everywhere.",
                count(*rows),
                count(*columns),
                classes_of_positions(*classes)
            ),
            Proof::SymbolicMaps { rows, columns } => format!(
                "Both sides are affine in the input whatever the weights. Their matrices, {}×{}, and their constants are polynomials in the weights, and equal as polynomials in every entry.",
                count(*rows),
                count(*columns)
            ),
            Proof::Kernels { shape } => format!(
                "Composed kernel by kernel, each side is one convolution of the {shape} image extended by zeros, and no layer reads zeros where the value before it is not 0 as a formula. The kernels and the constants of both sides are equal in every entry."
            ),
            Proof::NormalForm(steps) => format!(
                "In the normal form of their difference, the coefficients of all inputs and of all {} atoms ({}) are 0.",
                count(steps.atoms),
                match steps.products + steps.curves {
                    0 => "maxima max{0, l, …}",
                    n if n == steps.atoms => "products of variables and values of smooth layers",
                    _ => "maxima max{0, l, …}, products of variables and values of smooth layers",
                }
            ),
        };
        self.document.say(vec![text(words)]);
    }

    fn different(&mut self, found: &Counterexample) {
        let shape = self.equation.left.output_shape();
        let words = match &self.equation.within {
            None => vec![text(format!("{} are ", self.sides())), strong("different"), text(", by the input below.")],
            Some(tolerance) => vec![
                text(format!("{} ", self.sides())),
                strong("differ by more than "),
                text(format!("{}, by the input below.", number(tolerance))),
            ],
        };
        self.document.state("Theorem", words);
        // What makes a law hold after all, and what usually breaks it, is no news.
        let law = self.equation.is_law;
        if !law {
            self.condition(found.residue.as_ref());
            self.provided(found);
        }
        self.document.state("Counterexample", vec![text("Take")]);
        let weights = chosen(&found.symbols, self.symbols);
        if !weights.is_empty() {
            self.document.say(weights);
        }
        let parts = self.equation.left.split_input(&found.point);
        if found.point.len() <= self.detail.values {
            let named = self.equation.left.inputs.iter().zip(&parts);
            let grids = named.map(|(input, part)| tensor_grid(&input.name, part, self.symbols)).collect();
            self.document.blocks.push(Block::Row(grids));
        } else {
            let rows = self.equation.left.inputs.iter().zip(&parts).flat_map(|(input, part)| {
                let nonzero = (0..part.len()).filter(|&i| part.get(i) != Default::default());
                nonzero.map(|i| vec![format!("{}{:?}", input.name, part.shape().unravel(i)), number(&part.get(i))])
            });
            let head = vec!["entry".to_string(), "value".to_string()];
            let rows: Vec<_> = rows.collect();
            let zero = rows.is_empty();
            self.document.blocks.push(Block::Table { head, rows });
            let words = if zero { "The input is 0 everywhere." } else { "All other entries are 0." };
            self.document.say(vec![text(words)]);
        }
        let (left, right) = (&self.equation.left.name, &self.equation.right.name);
        let values =
            [(left, &found.left), (right, &found.right)].map(|(name, value)| (name, super::witness::shown(value)));
        let place = format!("at output {}", index(shape, found.output));
        if law {
            let [(left, high), (right, low)] = &values;
            let words = format!("Then {left} = {high} ≠ {low} = {right} {place}.");
            self.document.say(vec![text(words)]);
        } else {
            let rows = values.map(|(name, value)| vec![name.to_string(), value]).to_vec();
            self.document.blocks.push(Block::Table { head: vec!["side".to_string(), place], rows });
        }
        let source = match found.by_rows {
            true => {
                "Both values are those of the sides’ rows at this output, which are exact: the image is too large to go through the layers’ definitions."
            }
            false => "Both values come from the layers’ definitions.",
        };
        self.document.say(vec![text(source)]);
        if let Some(residue) = &found.residue {
            self.rows(found, residue);
            self.map(shape, residue);
            if let Some(cause) = residue.cause.as_ref().filter(|_| !law) {
                self.document.state("Cause", vec![text(because(cause, self.equation))]);
            }
        }
    }

    /// When the sides are equal after all: what the weights would have to satisfy.
    fn condition(&mut self, residue: Option<&Residue>) {
        let Some(residue) = residue else { return };
        let formula = |p: &Polynomial| factored(p, self.symbols);
        if !residue.conditions.is_empty() {
            let words = "The sides are equal if and only if the weights satisfy";
            let lines = residue.conditions.iter().map(|p| format!("{} = 0", formula(p))).collect();
            self.document.state("Condition", vec![text(words)]);
            self.document.formulas(lines);
        }
        if !residue.common.is_empty() {
            let names: Vec<String> = residue.common.iter().map(|&s| format!("{} = 0", self.symbols.name(s))).collect();
            self.document.say(vec![
                text("In particular they are equal where "),
                math(names.join(" \\text{ or } ")),
                text("."),
            ]);
        }
    }

    /// Signs of weights, or of inputs, that make the sides equal after all.
    fn provided(&mut self, found: &Counterexample) {
        if found.equal_on_unit {
            let words = "The sides are equal on inputs whose every entry lies in [0, 1]: a test on such random inputs does not see the difference.";
            self.document.state("Condition", vec![text(words)]);
        }
        if found.provided.is_empty() {
            return;
        }
        let names: Vec<String> = found.provided.iter().map(|&s| format!("{} \\geq 0", self.symbols.name(s))).collect();
        let words = vec![text("The sides are equal wherever "), math(names.join(", ")), text(".")];
        self.document.state("Condition", words);
    }

    /// The two matrix rows of the first output that differs, where they differ.
    fn rows(&mut self, found: &Counterexample, residue: &Residue) {
        /// Entries shown of a long row.
        const SHOWN: usize = 12;
        /// Columns of a table, past which entries are written one below the other.
        const NARROW: usize = 32;
        /// How many of those.
        const LONG: usize = 3;
        let shape = self.equation.left.output_shape();
        let first = residue.outputs.first().copied().unwrap_or(found.output);
        let columns: std::collections::BTreeSet<usize> =
            residue.left.weights.iter().chain(&residue.right.weights).map(|(c, _)| *c).collect();
        let differ: Vec<usize> =
            columns.into_iter().filter(|&c| residue.left.weight(c) != residue.right.weight(c)).collect();
        let show = |p: &Polynomial| plain(&p.to_formula(&|s| self.symbols.name(s)));
        let mut rows: Vec<Vec<String>> = differ
            .iter()
            .take(SHOWN)
            .map(|&c| {
                vec![entry(&self.equation.left, c), show(&residue.left.weight(c)), show(&residue.right.weight(c))]
            })
            .collect();
        if residue.left.constant != residue.right.constant {
            rows.push(vec!["constant".into(), show(&residue.left.constant), show(&residue.right.constant)]);
        }
        let words = format!(
            "The rows of output {}, the first that differs, where they differ{}:",
            index(shape, first),
            if differ.len() > SHOWN {
                format!(" ({} of {} entries)", SHOWN, count(differ.len()))
            } else {
                String::new()
            }
        );
        self.document.say(vec![text(words)]);
        let (left, right) = (self.equation.left.name.clone(), self.equation.right.name.clone());
        if rows.iter().flatten().all(|cell| cell.chars().count() <= NARROW) {
            let head = vec!["entry".to_string(), left, right];
            self.document.blocks.push(Block::Table { head, rows });
            return;
        }
        for row in rows.iter().take(LONG) {
            let words = format!("{}: {left} has {}; {right} has {}.", row[0], row[1], row[2]);
            self.document.say(vec![text(words)]);
        }
    }

    /// How many outputs differ, and which.
    fn map(&mut self, shape: &Shape, residue: &Residue) {
        let words = format!("{} of {} outputs differ.", count(residue.outputs.len()), count(shape.elements()));
        self.document.say(vec![text(words)]);
        if let Some((words, map)) = super::picture::map(shape, &residue.outputs) {
            self.document.say(vec![text(words)]);
            self.document.blocks.push(Block::Map(map));
        }
    }
}

/// `49 classes of positions`
fn classes_of_positions(classes: usize) -> String {
    if classes == 1 { "one class of positions".into() } else { format!("{} classes of positions", count(classes)) }
}

/// A cause as sentences: what is seen, then what to look at.
pub(in crate::report) fn because(cause: &Cause, equation: &Equation) -> String {
    let shape = equation.left.output_shape();
    let (f, g) = (&equation.left.name, &equation.right.name);
    match cause {
        Cause::UnscaledBias { layer, norm } => format!(
            "The matrices are equal, and every output differs by bias · (1 − scale), with the bias of `{layer}` and the scale of `{norm}`: is BatchNorm’s bias folded as (b − mean) · s + beta?"
        ),
        Cause::Border { distance, layer } => format!(
            "The sides agree in every output at least {distance} from the border. `{layer}` pads with zeros what the layer before it computes, and that layer would not give zeros there: pad first, pad with the bias, or use convolutions without padding."
        ),
        Cause::Reordered { left, right } => format!(
            "The sides have the same outputs in another order: output {} of {f} is output {} of {g}. Are channels or groups joined along the wrong axis?",
            index(shape, *left),
            index(shape, *right)
        ),
        Cause::Transposed => format!("The matrix of {g} is that of {f}, transposed."),
    }
}

fn domain(network: &Network) -> String {
    let bounded = network.inputs.iter().filter_map(|i| i.domain.as_ref().map(|d| (i, d)));
    let words: Vec<String> = bounded
        .map(|(i, (low, high))| format!("every entry of {} in [{}, {}]", i.name, number(low), number(high)))
        .collect();
    if words.is_empty() { String::new() } else { format!(" with {}", words.join(" and ")) }
}

/// `[0, 2, 1]` for an image, `3` for a vector.
pub(super) fn index(shape: &Shape, flat: usize) -> String {
    let index = shape.unravel(flat);
    if index.len() == 1 { format!("{flat}") } else { format!("{index:?}") }
}

/// The name of an input entry: `x[0, 1, 2]`.
pub(super) fn entry(network: &Network, mut column: usize) -> String {
    for input in &network.inputs {
        if column < input.shape.elements() {
            return format!("{}{:?}", input.name, input.shape.unravel(column));
        }
        column -= input.shape.elements();
    }
    format!("{column}")
}

/// A polynomial with its monomial factors in front: `b · (s - 1)`.
fn factored(polynomial: &Polynomial, symbols: &Symbols) -> String {
    let name = |s| symbols.name(s);
    let Some((_, monomial, rest)) = polynomial.factors() else { return "0".into() };
    let mut factors = monomial.to_factors(&name);
    match rest.terms().len() {
        1 => {}
        _ if factors.is_empty() => factors.push(rest.to_formula(&name)),
        _ => factors.push(format!("({})", rest.to_formula(&name))),
    }
    factors.join(" \\cdot ")
}
