//! The proof or refutation of a property that no equation states.

use super::symbolic::chosen;
use super::{Detail, capital, cases};
use crate::decide::Status;
use crate::decide::properties::{Grounds, Violation};
use crate::network::{Behaviour, Claim, Network, Program};
use crate::report::document::{Block, Document, code, math, strong, text};
use crate::report::math::plain;
use crate::report::numbers::{number, tensor_grid};

/// The document of one claim.
pub(super) fn document(
    program: &Program,
    claim: &Claim,
    network: &Network,
    behaviour: &Behaviour,
    grounds: &Grounds,
    detail: Detail,
) -> Document {
    let mut document = Document::default();
    let file = program.sources.files.get(claim.span.file as usize).map_or("", |f| f.name.as_str());
    let aside = format!("{file}:{}", program.sources.line(claim.span));
    document.blocks.push(Block::Title { text: vec![text("claim "), code(&claim.text)], aside });
    let (is, meaning) = words(behaviour, network);
    let domain = if network.inputs.iter().any(|i| i.domain.is_some()) { " (inputs of the domain)" } else { "" };
    match grounds.status {
        Status::Proved => document.state(
            "Theorem",
            vec![
                code(&network.name),
                text(" is "),
                strong(is),
                text(": "),
                math(meaning),
                text(format!("{domain}.")),
                text(weights(network)),
            ],
        ),
        Status::Refuted => {
            document.state("Theorem", vec![code(&network.name), text(" is "), strong(format!("not {is}")), text(".")]);
        }
        Status::Undecided => {
            let words = format!(" is {is} is undecided: {}.", grounds.because);
            document.state("No theorem", vec![text("Whether "), code(&network.name), text(words)]);
        }
    }
    for (i, sentence) in grounds.proof.iter().enumerate() {
        match i {
            0 => document.state("Proof", vec![text(sentence)]),
            _ => document.say(vec![text(sentence)]),
        }
    }
    changes(&mut document, program, grounds);
    if let Some((found, holds)) = &grounds.cases {
        cases::cases(&mut document, found, holds);
    }
    if let Some(violation) = &grounds.violation {
        counterexample(&mut document, program, network, violation, detail);
    }
    if let Some((node, why)) = &grounds.culprit {
        let line = program.sources.line(network.nodes[*node].span);
        let words = format!("The rule that would prove it for every weight ends at line {line}: {why}.");
        document.state("Where it ends", vec![text(words)]);
    }
    if grounds.status != Status::Undecided {
        document.blocks.push(Block::Qed);
    }
    document
}

/// v, for each channel that is raised.
fn changes(document: &mut Document, program: &Program, grounds: &Grounds) {
    /// Directions, and outputs, that are written out.
    const SHOWN: (usize, usize) = (4, 12);
    if grounds.changes.is_empty() {
        return;
    }
    /// Terms of one entry.
    const TERMS: usize = 12;
    let terms = grounds.changes.iter().flatten().map(|p| p.terms().len()).max().unwrap_or(0);
    if terms > TERMS {
        let words = format!("The entries of v are polynomials in the weights, of up to {terms} terms.");
        document.say(vec![text(words)]);
        return;
    }
    let line = |(k, change): (usize, &Vec<crate::algebra::Polynomial>)| {
        let formula = |p: &crate::algebra::Polynomial| p.to_formula(&|s| program.symbols.name(s));
        let entries: Vec<String> = change.iter().take(SHOWN.1).map(formula).collect();
        let more = if change.len() > SHOWN.1 { ", \\dots" } else { "" };
        let index = if grounds.changes.len() > 1 { format!("_{{{k}}}") } else { String::new() };
        format!("v{index} = ({}{more})", entries.join(", "))
    };
    document.say(vec![text(if grounds.changes.len() > 1 { "Exactly, for each channel:" } else { "Exactly:" })]);
    document.formulas(grounds.changes.iter().enumerate().take(SHOWN.0).map(line).collect());
}

fn weights(network: &Network) -> String {
    if network.is_symbolic() { " This holds for every choice of the weights.".into() } else { String::new() }
}

/// The property in words, and what it means as a formula.
fn words(behaviour: &Behaviour, network: &Network) -> (String, String) {
    let chord = |relation: &str| {
        format!("f(t x + (1 - t) y) {relation} t f(x) + (1 - t) f(y) \\text{{ for }} 0 \\leq t \\leq 1")
    };
    match behaviour {
        Behaviour::Convex => ("convex".into(), chord("\\leq")),
        Behaviour::Concave => ("concave".into(), chord("\\geq")),
        Behaviour::Monotone(input) => {
            let of = input.map_or(String::new(), |i| format!(" in {}", network.inputs[i].name));
            (format!("monotone{of}"), "x \\leq y \\text{ implies } f(x) \\leq f(y), \\text{ entry by entry}".into())
        }
        Behaviour::Injective => ("injective".into(), "f(x) = f(y) \\text{ only for } x = y".into()),
        Behaviour::Surjective => ("surjective".into(), "f(x) = y \\text{ has a solution for every } y".into()),
        Behaviour::Lipschitz(bound) => (
            format!("Lipschitz with constant {}", number(bound)),
            format!("\\max_i |f_i(x) - f_i(y)| \\leq {bound} \\cdot \\max_j |x_j - y_j|"),
        ),
        Behaviour::AffineAlongConstants => {
            ("affine along the constants".into(), "f(x + c \\cdot 1) = f(x) + c \\cdot v".into())
        }
    }
}

fn counterexample(document: &mut Document, program: &Program, network: &Network, found: &Violation, detail: Detail) {
    document.state("Counterexample", vec![text("Take")]);
    let weights = chosen(&found.symbols, &program.symbols);
    if !weights.is_empty() {
        document.say(weights);
    }
    let several = network.inputs.len() > 1;
    if found.points.iter().all(|(_, point)| point.len() <= detail.values) {
        let grids = found.points.iter().flat_map(|(name, point)| {
            let parts = network.split_input(point).into_iter().zip(&network.inputs);
            parts.map(move |(part, input)| {
                let name = if several { format!("{name}_{{{}}}", input.name) } else { (*name).to_string() };
                tensor_grid(&name, &part, &program.symbols)
            })
        });
        document.blocks.push(Block::Row(grids.collect()));
    } else {
        let rows = found.points.iter().flat_map(|(name, point)| {
            let nonzero = (0..point.len()).filter(|&i| point.get(i) != Default::default());
            nonzero.map(move |i| vec![format!("{name}[{i}]"), number(&point.get(i))])
        });
        let rows: Vec<_> = rows.collect();
        document.blocks.push(Block::Table { head: vec!["entry".into(), "value".into()], rows });
        document.say(vec![text("All other entries are 0.")]);
    }
    let value = super::witness::shown;
    let index = network.output_shape().unravel(found.output);
    let place = if index.len() == 1 { format!("{}", found.output) } else { format!("{index:?}") };
    let words = format!(
        "Then {} = {} {} {} = {} at output {place}.",
        plain(&found.left_name),
        value(&found.left),
        plain(found.relation),
        value(&found.right),
        plain(&found.right_name),
    );
    document.say(vec![text(capital(&words)), text(" All values come from the layers’ definitions.")]);
}
