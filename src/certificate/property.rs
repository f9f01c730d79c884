//! Properties of a network's shape as theorems.

use super::format::{EvidenceText, StatementText, strings};
use super::regions;
use super::theorem::{Stated, Writer};
use crate::algebra::Rational;
use crate::decide::Status;
use crate::decide::properties::{Grounds, Violation};
use crate::network::{Behaviour, Network};

impl Writer<'_, '_> {
    /// What was found out about a property; `network` is that of the claim.
    pub(super) fn behaviour(
        &mut self,
        network: usize,
        behaviour: &Behaviour,
        grounds: &Grounds,
    ) -> Result<Vec<Stated>, String> {
        let network = &self.findings.program.networks[network];
        let index = self.network(network)?;
        let evidence = match (grounds.status, &grounds.violation, &grounds.cases) {
            (Status::Undecided, ..) => return Err("it is undecided".into()),
            (Status::Refuted, Some(violation), _) => self.points(network, violation),
            (_, _, Some((cases, _))) => match behaviour {
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
                "affine-map" | "exact-rank" => EvidenceText::Map { theorem: self.map_of(index)? },
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

    /// The theorem that says the network's map.
    pub(super) fn map_of(&self, index: usize) -> Result<usize, String> {
        let says = |s: &StatementText| matches!(s, StatementText::AffineMap { network, .. } if *network == index);
        let theorem = self.theorems.iter().position(|t| says(&t.statement));
        theorem.ok_or("its map is too large to be written".into())
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
