//! Properties of a network's shape as theorems.

use num_traits::Zero;

use super::format::{EvidenceText, StatementText, strings};
use super::theorem::{Stated, Writer};
use super::{inverse, regions};
use crate::algebra::Rational;
use crate::collapse::AffineMap;
use crate::decide::properties::{Grounds, Violation};
use crate::decide::search::Domain;
use crate::decide::{Decision, Status};
use crate::network::{Behaviour, Network};

impl Writer<'_, '_> {
    /// What was found out about a property; `network` is that of the claim.
    pub(super) fn behaviour(
        &mut self,
        network: usize,
        behaviour: &Behaviour,
        grounds: &Grounds,
    ) -> Result<Vec<Stated>, String> {
        let (decision, network) = (&self.findings.networks[network].decision, &self.findings.program.networks[network]);
        let index = self.network(network)?;
        let evidence = match (grounds.status, &grounds.violation, &grounds.cases) {
            (Status::Undecided, ..) => return Err("it is undecided".into()),
            (Status::Refuted, Some(violation), _) => self.points(network, violation),
            (Status::Proved, _, Some((cases, _))) => match behaviour {
                Behaviour::Convex | Behaviour::Concave => {
                    regions::largest_piece(cases, *behaviour == Behaviour::Concave)
                        .ok_or("its cases could not be continued")?
                }
                _ => regions::evidence(cases),
            },
            _ => match grounds.method {
                "bounded-image" => EvidenceText::Structure,
                "curvature-by-layers" | "monotone-by-layers" | "lipschitz-by-layers" | "affine-along-constants" => {
                    EvidenceText::Layers
                }
                "affine-map" | "exact-rank" if grounds.status == Status::Proved => {
                    self.of_map(index, network, behaviour, decision)?
                }
                "rank-by-regions" => {
                    return Err("that its map has too small a rank on every region is not written".into());
                }
                "exact-rank" => {
                    return Err("a rank that is too small is shown by points only, and none are known".into());
                }
                other => return Err(format!("the rule `{other}` has no theorem")),
            },
        };
        let inputs = match behaviour {
            Behaviour::Monotone(Some(input)) => Some(vec![*input]),
            Behaviour::Monotone(None) => Some((0..network.inputs.len()).collect()),
            _ => None,
        };
        let bound = if let Behaviour::Lipschitz(bound) = behaviour { Some(bound.to_string()) } else { None };
        let not = if grounds.status == Status::Refuted { "not_" } else { "" };
        let kind = format!("{not}{}", word(behaviour));
        Ok(vec![(StatementText::Property { kind, network: index, inputs, bound }, evidence)])
    }

    /// The theorem that says the network's map, and what shows the property of it.
    fn of_map(
        &mut self,
        index: usize,
        network: &Network,
        behaviour: &Behaviour,
        decision: &Decision,
    ) -> Result<EvidenceText, String> {
        let says = |s: &StatementText| matches!(s, StatementText::AffineMap { network, .. } if *network == index);
        let Some(theorem) = self.theorems.iter().position(|t| says(&t.statement)) else {
            return Err("its map is too large to be written".into());
        };
        let domain = Domain::of(network);
        let columns = || 0..domain.bounds().len();
        let matrix = |columns: &[usize]| decision.evidence.map().map(|map| dense(map, columns));
        let text = |rows: Vec<Vec<Rational>>| rows.iter().map(|row| strings(row)).collect();
        let none = || "the inverse that would show its rank is too large to be written".to_string();
        let inverse = match behaviour {
            Behaviour::Injective => {
                let varies: Vec<usize> = columns().filter(|&v| !domain.is_pinned(v)).collect();
                if varies.is_empty() {
                    Some(Vec::new())
                } else {
                    Some(text(matrix(&varies).and_then(|m| inverse::left(&m)).ok_or_else(none)?))
                }
            }
            Behaviour::Surjective => {
                let free: Vec<usize> = columns().filter(|&v| domain.bounds()[v].is_none()).collect();
                let right = matrix(&free).and_then(|m| inverse::right(&m)).ok_or_else(none)?;
                let outputs = right.first().map_or(0, Vec::len);
                let mut rows = vec![vec![Rational::zero(); outputs]; columns().len()];
                free.iter().zip(right).for_each(|(&v, row)| rows[v] = row);
                Some(text(rows))
            }
            _ => None,
        };
        Ok(EvidenceText::Map { theorem, inverse })
    }

    fn points(&mut self, network: &Network, violation: &Violation) -> EvidenceText {
        let points: Vec<Vec<Rational>> = violation.points.iter().map(|(_, point)| point.to_rationals()).collect();
        let names: Vec<&str> = violation.points.iter().map(|(name, _)| *name).collect();
        let symbols = self.elaborated.values(&[network], &violation.symbols);
        // z = t·x + (1 − t)·y, where x and y differ.
        let factor = match (names.as_slice(), points.as_slice()) {
            (["x", "y", "z"], [x, y, z]) => {
                let at = (0..x.len()).find(|&i| x[i] != y[i]);
                at.map(|i| ((&z[i] - &y[i]) / (&x[i] - &y[i])).to_string())
            }
            _ => None,
        };
        let points = points[..if factor.is_some() { 2 } else { points.len() }].iter().map(|p| strings(p)).collect();
        EvidenceText::Points { points, factor, output: violation.output, symbols }
    }
}

fn word(behaviour: &Behaviour) -> &'static str {
    match behaviour {
        Behaviour::Convex => "convex",
        Behaviour::Concave => "concave",
        Behaviour::Monotone(_) => "monotone",
        Behaviour::Lipschitz(_) => "lipschitz",
        Behaviour::Injective => "injective",
        Behaviour::Surjective => "surjective",
        Behaviour::AffineAlongConstants => "affine_along_constants",
    }
}

/// Some columns of a map's matrix.
fn dense(map: &AffineMap, columns: &[usize]) -> Vec<Vec<Rational>> {
    let row = |r: usize| {
        let mut row = vec![Rational::zero(); columns.len()];
        for (column, n) in map.matrix.row(r) {
            if let Ok(at) = columns.binary_search(&column) {
                row[at] = Rational::new(n.clone(), map.matrix.denominator().clone());
            }
        }
        row
    };
    (0..map.matrix.rows()).map(row).collect()
}
