//! The table of claims, properties, and all of it in a line each.

use super::{Detail, behaviour, convolution, equation, witness};
use crate::decide::{Answer, Comparison, Findings, Status, Verdict};
use crate::network::{Claim, Property, Statement};
use crate::report::document::{Block, Document, text};

/// The answers to a file's claims: first the equations, each with its proof, then all in a table.
pub fn claims(findings: &Findings<'_>, detail: Detail) -> Vec<Document> {
    let program = findings.program;
    let mut documents = Vec::new();
    let mut table = Document::default();
    table.blocks.push(Block::Title { text: vec![text("Claims")], aside: String::new() });
    let mut rows = Vec::new();
    for (claim, answer) in program.claims.iter().zip(&findings.claims) {
        let because = match (&claim.statement, &answer.comparison) {
            (Statement::Property { network, property: Property::AConvolution }, _) => {
                convolution::reason(&findings.networks[*network], answer.status)
                    .unwrap_or_else(|| reason(findings, *network))
            }
            (Statement::Property { network, .. }, _) => reason(findings, *network),
            (Statement::Equation(claimed), Some(comparison)) => {
                documents.push(equation::document(program, claim, claimed, comparison, detail));
                equation::reason(comparison)
            }
            (Statement::Law { equations, .. }, Some(comparison)) => {
                let equation = &equations[answer.equation];
                documents.push(equation::document(program, claim, equation, comparison, detail));
                equation::reason(comparison)
            }
            (Statement::Law { network, .. }, None) => match findings.networks[*network].decision.verdict {
                Verdict::Linear => reason(findings, *network),
                _ => "no layer adds a constant".into(),
            },
            (Statement::Equation(_), None) => String::new(),
            (Statement::Behaviour { network, behaviour }, _) => match &answer.grounds {
                None => String::new(),
                Some(grounds) => {
                    let subject = &program.networks[*network];
                    documents.push(behaviour::document(program, claim, subject, behaviour, grounds, detail));
                    grounds.because.clone()
                }
            },
        };
        let line = format!("line {}", program.sources.line(claim.span));
        rows.push(vec![answer.status.word().to_string(), claim.text.clone(), line, because]);
    }
    if !rows.is_empty() {
        let head = ["answer", "claim", "where", "because"].map(str::to_string).to_vec();
        table.blocks.push(Block::Table { head, rows });
        documents.push(table);
    }
    documents
}

/// The properties that were asked of each network beside its claims: a table a network.
pub(super) fn properties(findings: &Findings<'_>) -> Vec<Document> {
    let mut documents = Vec::new();
    for (index, network) in findings.program.networks.iter().enumerate() {
        let about = |claim: &Claim| match &claim.statement {
            Statement::Law { network, .. } | Statement::Behaviour { network, .. } => *network == index,
            _ => false,
        };
        let row = |(claim, answer): &(Claim, Answer)| {
            let name = claim.text.split_once(" is ").map_or(claim.text.as_str(), |(_, property)| property);
            let word = match answer.status {
                Status::Proved => "yes",
                Status::Refuted => "no",
                Status::Undecided => "undecided",
            };
            vec![name.to_string(), word.to_string(), because(findings, claim, answer)]
        };
        let rows: Vec<Vec<String>> = findings.asked.iter().filter(|(claim, _)| about(claim)).map(row).collect();
        if rows.is_empty() {
            continue;
        }
        let mut document = Document::default();
        let title = vec![text(format!("properties of {}", network.name))];
        document.blocks.push(Block::Title { text: title, aside: String::new() });
        let head = ["property", "holds", "because"].map(str::to_string).to_vec();
        document.blocks.push(Block::Table { head, rows });
        documents.push(document);
    }
    documents
}

/// Why a property holds or not, in a few words.
fn because(findings: &Findings<'_>, claim: &Claim, answer: &Answer) -> String {
    match (&claim.statement, &answer.comparison, &answer.grounds) {
        (_, _, Some(grounds)) => grounds.because.clone(),
        (_, Some(Comparison::Different(found)), _) => {
            let (left, right) = (witness::shown(&found.left), witness::shown(&found.right));
            format!("at some input, output {} is {left} on one side and {right} on the other", found.output)
        }
        (_, Some(comparison), _) => equation::reason(comparison),
        (Statement::Law { network, .. }, None, None) => match findings.networks[*network].decision.verdict {
            Verdict::Linear => reason(findings, *network),
            _ => "no layer adds a constant".into(),
        },
        _ => String::new(),
    }
}

fn reason(findings: &Findings<'_>, network: usize) -> String {
    let name = &findings.program.networks[network].name;
    match findings.networks[network].decision.verdict {
        Verdict::Linear => format!("{name}(x) = M x"),
        Verdict::Affine => format!("{name}(x) = M x + b, b ≠ 0"),
        Verdict::Nonlinear => "its witness".into(),
        Verdict::Undecided => "undecided, for the reason above".into(),
    }
}

/// One line a network and a claim.
pub fn quiet(findings: &Findings<'_>) -> String {
    let mut out = String::new();
    for (network, finding) in findings.program.networks.iter().zip(&findings.networks) {
        out.push_str(&format!("{}: {}\n", network.name, finding.decision.verdict.word()));
    }
    for (claim, answer) in findings.program.claims.iter().zip(&findings.claims) {
        out.push_str(&format!("{}: {}\n", claim.text, answer.status.word()));
    }
    for (claim, answer) in &findings.asked {
        out.push_str(&format!("{}: {}\n", claim.text, answer.status.word()));
    }
    out
}
