//! From lemmas to one matrix: composition, normal form, and what the map says.

use num_traits::{One, Zero};

use super::lemma::Lemma;
use super::{Writer, entries};
use crate::algebra::{Coefficient, Rank, Shape, Tensor};
use crate::collapse::{AffineMap, per_channel};
use crate::decide::normal_form::Steps;
use crate::decide::search::Domain;
use crate::decide::{not_homogeneous, pinned};
use crate::network::{NodeId, Symbols};
use crate::report::document::{Block, Grid, math, text};
use crate::report::numbers::{Formula, count, fits, matrix_grid, number, tensor_grid};

impl Writer<'_> {
    /// `h₁ = T₁ x`, `h₂ = T₂ h₁ + b₂`, …: one line a layer.
    fn equations(&self, lemmas: &[Lemma]) -> Vec<String> {
        let symbol = |id: NodeId| match lemmas.iter().position(|l| l.node == id) {
            None => self.network.nodes[id].name.clone(),
            Some(_) if id == self.network.output => self.applied(),
            Some(at) => format!("h_{{{}}}", at + 1),
        };
        let equation = |lemma: &Lemma| {
            let node = &self.network.nodes[lemma.node];
            let operands: Vec<String> = node.operands.iter().map(|&o| symbol(o)).collect();
            let kind = node.layer.as_ref().map_or("", |l| l.function().kind());
            let right = match kind {
                _ if !lemma.affine => format!("\\operatorname{{{kind}}}({})", operands.join(", ")),
                "sub" => operands.join(" - "),
                "add" => operands.join(" + "),
                _ => {
                    let product = |(i, name): (usize, &String)| match lemma.identities[i] {
                        true => operands[i].clone(),
                        false => format!("{name} {}", operands[i]),
                    };
                    let sum = lemma.names.iter().enumerate().map(product).collect::<Vec<_>>().join(" + ");
                    let at = lemmas.iter().position(|l| l.node == lemma.node).map_or(0, |p| p + 1);
                    if lemma.bias { format!("{sum} + b_{{{at}}}") } else { sum }
                }
            };
            format!("{} = {right}", symbol(lemma.node))
        };
        let mut lines: Vec<String> = lemmas.iter().map(equation).collect();
        if lines.is_empty() {
            lines.push(format!("{} = {}", self.applied(), symbol(self.network.output)));
        }
        lines
    }

    pub fn composition<C: Formula>(&mut self, map: &AffineMap<C>, lemmas: &[Lemma]) {
        let size = (map.matrix.rows(), map.matrix.columns());
        self.composed(size, Some(map.matrix.nonzeros()), map.bias.is_zero(), lemmas);
    }

    /// The composition of the lemmas to one matrix of this size.
    pub fn composed(
        &mut self,
        (rows, columns): (usize, usize),
        nonzeros: Option<usize>,
        linear: bool,
        lemmas: &[Lemma],
    ) {
        self.document.state("Composition", vec![text("By the lemmas,")]);
        let lines = self.equations(lemmas);
        self.document.formulas(abridged(lines));
        let chain = self.chain(lemmas);
        let mut words = vec![text("Substituting each line into the next leaves one matrix")];
        if let Some(product) = chain {
            words.extend([text(", "), math(format!("M = {product}")), text(",")]);
        }
        words.push(text(format!(
            " of {}×{}{}",
            count(rows),
            count(columns),
            nonzeros.map_or(String::new(), |nonzeros| format!(" with {}", entries(nonzeros)))
        )));
        words.push(text(if linear { ", and no constant." } else { ", and one constant vector " }));
        if !linear {
            words.extend([math("b"), text(".")]);
        }
        self.say(words);
    }

    /// `T₃ T₂ T₁` when the network is a chain of single products, without identities.
    fn chain(&self, lemmas: &[Lemma]) -> Option<String> {
        let mut expected = self.network.inputs.len().checked_sub(1).filter(|&n| n == 0)?;
        let mut names = Vec::new();
        for lemma in lemmas {
            if self.network.nodes[lemma.node].operands != [expected] {
                return None;
            }
            expected = lemma.node;
            let named = lemma.names.iter().zip(&lemma.identities).filter(|(_, identity)| !**identity);
            names.extend(named.map(|(name, _)| name.clone()));
        }
        names.reverse();
        (names.len() > 1 && names.len() <= 12).then(|| names.join(" "))
    }

    pub fn the_map(&mut self, map: &AffineMap, lemmas: &[Lemma]) {
        if let Some((entry, value)) = pinned(self.network) {
            let value = number(&value);
            let words = format!(
                "Entry {entry} of the input is always {value} on this domain, so a constant c is c/{value} times that entry: it stands in its column."
            );
            self.say(vec![text(words)]);
        }
        let (rows, columns) = (map.matrix.rows(), map.matrix.columns());
        self.map_grids(map, lemmas);
        // Without lemmas the network is not a product of matrices, and a constant in a column adds to the rank.
        let product = !lemmas.is_empty() && pinned(self.network).is_none();
        let most = if product { self.network.narrowest() } else { usize::MAX };
        let rank = match map.matrix.rank(most) {
            Rank::Exact(rank) if rank == rows && rank == columns => {
                format!("The rank of M is exactly {}: M is invertible, so nothing of the input is lost.", count(rank))
            }
            rank => rank_in_words(rank),
        };
        let denominator = map.denominator();
        let over = if denominator.is_one() {
            "All entries are integers. ".to_string()
        } else {
            format!("All entries are integers over {}. ", number(&denominator.into()))
        };
        self.say(vec![text(format!("{over}{rank}"))]);
    }

    /// M as a picture, or M and b where they are small.
    pub fn map_grids<C: Formula>(&mut self, map: &AffineMap<C>, lemmas: &[Lemma]) {
        let (rows, columns) = (map.matrix.rows(), map.matrix.columns());
        if self.detail.figures {
            self.composition_figure(map, lemmas);
            if !map.bias.is_zero() {
                self.constant(&map.bias);
            }
        } else if fits(rows, columns, self.detail.matrix) {
            let mut grids = vec![matrix_grid("M", &map.matrix, self.blocks(), self.symbols)];
            if !map.bias.is_zero() {
                grids.push(column_grid("b", &map.bias, self.symbols));
            }
            self.document.blocks.push(Block::Row(grids));
        } else if !map.bias.is_zero() {
            self.constant(&map.bias);
        }
    }

    /// b, as one number a channel where it does not depend on the position.
    fn constant<C: Formula>(&mut self, bias: &Tensor<C>) {
        // A weight may be called b too.
        let taken = self.symbols.tensors.iter().any(|t| t.name == "b");
        let name = if taken { format!("\\mathrm{{{}}}(0)", self.network.name) } else { "b".into() };
        let channels = bias.shape().channels();
        let short = channels < bias.len() && channels <= self.detail.values;
        if let Some(constants) = per_channel(bias).filter(|_| short) {
            self.say(vec![text("The constant is the same at every position of a channel:")]);
            self.document.grid(tensor_grid(&name, &constants, self.symbols));
        } else if bias.len() <= self.detail.values {
            self.document.grid(tensor_grid(&name, bias, self.symbols));
        }
    }

    /// Block lines for M when input and output are images of one channel.
    pub(super) fn blocks(&self) -> (usize, usize) {
        let [input] = self.network.inputs.as_slice() else { return (0, 0) };
        let (from, to) = (&input.shape, self.network.output_shape());
        if from.rank() < 2 || from.rank() != to.rank() {
            return (0, 0);
        }
        let width = |s: &Shape| s.axes().last().copied().unwrap_or(0);
        (width(to), width(from))
    }

    /// What a linear map satisfies.
    pub fn laws_of_linearity(&mut self) {
        let f = |x: &str| format!("\\mathrm{{{}}}({x})", self.network.name);
        let additive = format!("{} = M(x + y) = M x + M y = {} + {}", f("x + y"), f("x"), f("y"));
        let homogeneous = format!("{} = M(a x) = a \\cdot M x = a \\cdot {}", f("a x"), f("x"));
        self.document.state("Additivity", vec![math(additive), text(".")]);
        self.document.state("Homogeneity", vec![math(homogeneous), text(".")]);
    }

    /// What an affine map satisfies.
    pub fn law_of_affinity(&mut self) {
        let f = |x: &str| format!("\\mathrm{{{}}}({x})", self.network.name);
        let shifted = format!("{} + {} = M(x + y) + 2 b = {} + {}", f("x + y"), f("0"), f("x"), f("y"));
        self.document.state("Affinity", vec![math(shifted), text(".")]);
    }

    pub fn equations_of_linearity(&mut self, map: &AffineMap) {
        let f = |x: &str| format!("\\mathrm{{{}}}({x})", self.network.name);
        if map.bias.is_zero() {
            self.laws_of_linearity();
        } else {
            self.law_of_affinity();
            // Where the domain contains 0, b itself is f(0).
            let failure = if Domain::of(self.network).base().is_zero() { None } else { not_homogeneous(self.network) };
            let words = match &failure {
                Some(failure) => {
                    let law = format!("{} = a \\cdot {}", f("a x"), f("x"));
                    let (left, right) = (number(&failure.left), number(&failure.right));
                    let sides = format!("the left side is {left} and the right side {right} at output ");
                    vec![
                        text("A linear map satisfies "),
                        math(law),
                        text(format!(", but for a = {} and the x of the domain below ", number(&failure.factor))),
                        text(format!("{sides}{}.", self.output_name(failure.output))),
                    ]
                }
                None => {
                    let at = (0..map.bias.len()).find(|&i| !map.bias.get(i).is_zero()).unwrap_or(0);
                    let value = number(&map.bias.get(at));
                    let end = format!(" is {value} at output {}.", self.output_name(at));
                    vec![text("A linear map takes 0 to 0, but "), math(f("0")), text(" = "), math("b"), text(end)]
                }
            };
            self.document.state("Not linear", words);
            if let Some(failure) = failure {
                self.vectors(&[("x", &failure.x)]);
            }
        }
    }

    pub fn normal_form<C: Coefficient>(&mut self, map: &AffineMap<C>, steps: &Steps) {
        let maxima = steps.atoms - steps.products - steps.curves;
        let mut words = vec![text("Every value is written as an affine form of the input plus multiples of atoms")];
        let kinds = [
            (maxima > 0 || steps.atoms == 0, math("\\max\\{0, l, \\dots\\}")),
            (steps.products > 0, text("products of variables")),
            (steps.curves > 0, text("values of smooth layers")),
        ];
        for (n, (_, kind)) in kinds.into_iter().filter(|(any, _)| *any).enumerate() {
            words.extend([text(if n == 0 { ": " } else { ", and " }), kind]);
        }
        words.push(text(". Equal atoms are recognised"));
        if maxima > 0 || steps.atoms == 0 {
            words.extend([
                text(": "),
                math("\\max\\{0, s \\cdot l\\} = s \\cdot \\max\\{0, l\\}"),
                text(" for "),
                math("s > 0"),
                text(", and "),
                math("\\max\\{0, -l\\} = \\max\\{0, l\\} - l"),
            ]);
        }
        if steps.curves > 0 {
            words.extend([
                text("; for smooth layers "),
                math("\\sigma(-u) = 1 - \\sigma(u)"),
                text(", "),
                math("\\tanh(u) = 2 \\cdot \\sigma(2 \\cdot u) - 1"),
                text(", "),
                math("g(-u) = g(u) - u"),
                text(" for softplus, gelu and silu, and softmax depends on differences alone"),
            ]);
        }
        words.push(text("."));
        self.document.state("Normal form", words);
        let rows = steps.layers.iter().map(|step| {
            let name = self.network.nodes[step.node].name.clone();
            let why = step.example.as_ref().map_or("–".to_string(), |(unit, why)| format!("unit {unit}: {why}"));
            vec![name, count(step.units), count(step.stable), why]
        });
        let head = ["layer", "units", "affine", "for example"].map(str::to_string).to_vec();
        let rows = rows.collect();
        self.document.blocks.push(Block::Table { head, rows });
        let mut words = match steps.atoms {
            0 => vec![text("No atom is left: every unit is affine where it is used.")],
            n => vec![text(format!(
                "{} made; in every output the coefficients of each add up to 0, so all of them cancel.",
                if n == 1 { "One atom is".into() } else { format!("{} atoms are", count(n)) }
            ))],
        };
        if let Some((atom, users)) = &steps.shared {
            words.extend([
                text(" For example "),
                math(atom.clone()),
                text(format!(" is shared by {}.", users.join(", "))),
            ]);
        }
        self.say(words);
        self.say(vec![text(format!(
            "What is left is one matrix of {}×{} with {}.",
            count(map.matrix.rows()),
            count(map.matrix.columns()),
            entries(map.matrix.nonzeros())
        ))]);
    }
}

/// Long lists of equations keep their first and last lines.
fn abridged(mut lines: Vec<String>) -> Vec<String> {
    if lines.len() > 24 {
        lines.splice(12..lines.len() - 8, ["\\dots".to_string()]);
    }
    lines
}

/// A bias as a column.
fn column_grid<C: Formula>(name: &str, bias: &Tensor<C>, symbols: &Symbols) -> Grid {
    let mut grid = tensor_grid(name, bias, symbols);
    grid.cells = bias.numerators().iter().map(|n| vec![n.formula(symbols)]).collect();
    grid.column_block = 0;
    grid
}

/// A sentence about a rank.
pub(super) fn rank_in_words(rank: Rank) -> String {
    match rank {
        Rank::Exact(rank) => format!("The rank of M is exactly {}.", count(rank)),
        Rank::Between { least, most, why } => {
            format!(
                "The rank of M is at least {} and at most {}; which it is, is not known: {why}.",
                count(least),
                count(most)
            )
        }
    }
}
