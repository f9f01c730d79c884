//! Which theorem states a claim, and which check of the library proves it.

use std::fmt::Write;

use super::cost::cost;
use super::evidence::Needs;
use super::terms::Ring;
use super::theorems::{limit, quantifier, valuation};
use super::{Writer, comment};
use crate::algebra::Rational;
use crate::decide::convolution::Agreement;
use crate::decide::{
    Answer, Comparison, Counterexample, Evidence, Finding, Findings, OneConvolution, Proof, Status, Verdict, pinned,
};
use crate::network::{Behaviour, Claim, Equation, Network, Property, Statement};

impl Writer {
    /// What a claim says beyond its network's theorem.
    pub fn claim(&mut self, index: usize, claim: &Claim, answer: &Answer, findings: &Findings<'_>, only: Option<&str>) {
        let program = findings.program;
        let number = index + 1;
        let what = format!("claim {number}, `{}`,", claim.text.trim_start_matches("prove ").trim());
        match &claim.statement {
            Statement::Property { network, .. }
            | Statement::Law { network, .. }
            | Statement::Behaviour { network, .. }
                if only.is_some_and(|name| name != program.networks[*network].name) => {}
            Statement::Equation(_) if only.is_some() => {}
            Statement::Behaviour { network, behaviour: Behaviour::AffineAlongConstants }
                if self.theorems.contains(&format!("constants_{}", program.networks[*network].name)) =>
            {
                self.refer(&what, answer, &format!("constants_{}", program.networks[*network].name));
            }
            Statement::Behaviour { .. } => self.refuse(&what, "this property is not stated here"),
            Statement::Property { property: Property::AConvolution, network } if answer.status == Status::Proved => {
                let (network, finding) = (&program.networks[*network], &findings.networks[*network]);
                self.part(&what, |w| w.a_convolution(&format!("claim_{number}"), network, finding));
            }
            Statement::Property { property: Property::AConvolution, network }
                if findings.networks[*network].decision.verdict != Verdict::Nonlinear =>
            {
                self.refuse(&what, "that no convolution is equal is not stated here");
            }
            Statement::Property { network, .. } => {
                let name = &program.networks[*network].name;
                if self.theorems.contains(&format!("theorem_{name}")) {
                    self.refer(&what, answer, &format!("theorem_{name}"));
                } else {
                    self.refuse(&what, &format!("the theorem of `{name}` is not"));
                }
            }
            Statement::Law { equations, .. } => self.part(&what, |w| w.law(number, equations, answer)),
            Statement::Equation(equation) => self.part(&what, |w| match &answer.comparison {
                Some(comparison) => w.equation(&format!("claim_{number}"), equation, comparison),
                None => Err("it was not compared".into()),
            }),
        }
    }

    /// What was proved already.
    fn refer(&mut self, what: &str, answer: &Answer, theorem: &str) {
        let _ = writeln!(self.body, "(* {} is {}: see {theorem} *)\n", comment(what), answer.status.word());
    }

    /// A law is one or two equations; a refuted one fails in the one that was compared.
    fn law(&mut self, number: usize, equations: &[Equation], answer: &Answer) -> Result<(), String> {
        match (&answer.comparison, answer.status) {
            (_, Status::Undecided) => Err("it is undecided".into()),
            (Some(comparison), Status::Refuted) => {
                let equation = equations.get(answer.equation).ok_or("it has no equation")?;
                self.equation(&format!("claim_{number}"), equation, comparison)
            }
            (_, Status::Refuted) => Err("it has no counterexample".into()),
            (Some(comparison), Status::Proved) if equations.len() == 1 => {
                self.equation(&format!("claim_{number}"), &equations[0], comparison)
            }
            (_, Status::Proved) => {
                for (i, equation) in equations.iter().enumerate() {
                    self.equal(&format!("claim_{number}_{}", i + 1), equation, Needs::Zero)?;
                }
                Ok(())
            }
        }
    }

    fn equation(&mut self, name: &str, equation: &Equation, comparison: &Comparison) -> Result<(), String> {
        match (comparison, &equation.within) {
            (Comparison::Equal(Proof::Regions(cases)), _) => self.equal(name, equation, Needs::Cases(cases)),
            (Comparison::Equal(_), _) => self.equal(name, equation, Needs::Zero),
            (Comparison::Close { .. }, Some(tolerance)) => self.close(name, equation, tolerance),
            (Comparison::Close { .. }, None) => Err("it has no tolerance".into()),
            (Comparison::Undecided(reason), _) => Err(format!("it is undecided, because {reason}")),
            (Comparison::Different(found), _) => self.differ(name, equation, found),
        }
    }

    /// Both sides, and the ring of their weights.
    fn sides(&mut self, name: &str, equation: &Equation) -> Result<Ring, String> {
        let ring = self.ring_of(equation.difference.is_symbolic());
        let title = format!("{} = {}?", equation.left.name, equation.right.name);
        let _ = writeln!(self.body, "(* {} *)", comment(&title));
        self.define(&format!("{name}_left"), &equation.left, ring)?;
        self.define(&format!("{name}_right"), &equation.right, ring)?;
        Ok(ring)
    }

    /// The sides, the evidence for their difference, and that there are inputs.
    fn compared(&mut self, name: &str, equation: &Equation, needs: Needs<'_>) -> Result<(Ring, String), String> {
        let ring = self.sides(name, equation)?;
        if cost(&equation.difference).rows > limit(ring) {
            return Err("its sides are too large for their maps to be compared in useful time".into());
        }
        if pinned(&equation.left).is_some() {
            return Err("an input has a domain of one point, where maps are a matter of choice".into());
        }
        let evidence = self.evidence(name, &equation.difference, needs, ring)?;
        self.inhabited(&format!("{name}_domain"), &format!("{name}_left"), &equation.left, ring);
        Ok((ring, evidence))
    }

    fn equal(&mut self, name: &str, equation: &Equation, needs: Needs<'_>) -> Result<(), String> {
        let (ring, evidence) = self.compared(name, equation, needs)?;
        self.state_equal(name, &format!("{name}_left"), &format!("{name}_right"), &evidence, ring);
        Ok(())
    }

    fn state_equal(&mut self, name: &str, left: &str, right: &str, evidence: &str, ring: Ring) {
        let (of, (quantifier, intros)) = (self.ring(ring), quantifier(ring));
        let statement = format!("{quantifier}equal {of} {left} {right}");
        self.theorem(name, &statement, &format!("{intros}apply (equal_sound {of} _ _ {evidence})."));
    }

    /// |f − g| ≤ ε everywhere.
    fn close(&mut self, name: &str, equation: &Equation, tolerance: &Rational) -> Result<(), String> {
        let (ring, evidence) = self.compared(name, equation, Needs::Within(tolerance))?;
        if ring == Ring::Polynomials {
            return Err("how far networks with free weights are apart is not stated here".into());
        }
        let (of, bound) = (self.ring(ring), self.weight(tolerance.numer()));
        let statement =
            format!("close {of} {name}_left {name}_right (fraction {of} ({bound}, {}%positive))", tolerance.denom());
        self.theorem(name, &statement, &format!("apply (close_sound {of} _ _ {evidence})."));
        Ok(())
    }

    /// The network is one layer `conv`.
    fn a_convolution(&mut self, name: &str, network: &Network, finding: &Finding) -> Result<(), String> {
        let Some(found) = finding.convolution.as_ref().filter(|f| *f.agreement() == Agreement::Exact) else {
            return Err("it is one layer `conv` as it is written".into());
        };
        let term = format!("network_{}", network.name);
        if !self.theorems.contains(&format!("theorem_{}", network.name)) {
            return Err(format!("the theorem of `{}` is not", network.name));
        }
        let ring = self.ring_of(network.is_symbolic());
        if cost(network).rows > limit(ring) || pinned(network).is_some() {
            return Err("its map is too large to be compared in useful time".into());
        }
        let convolution = match found {
            OneConvolution::Numbers(found) => self.one_convolution(network, found, ring),
            OneConvolution::Symbols(found) => self.one_convolution(network, found, ring),
        };
        let _ = writeln!(self.body, "(* {} is one convolution. *)", comment(&network.name));
        let _ =
            writeln!(self.body, "Definition {name}_convolution : network {} := {convolution}.\n", self.numbers(ring));
        let needs = match &finding.decision.evidence {
            Evidence::Regions(_, cases) => Needs::Cases(cases),
            _ => Needs::Affine,
        };
        let evidence = self.evidence(name, network, needs, ring)?;
        self.state_equal(name, &term, &format!("{name}_convolution"), &evidence, ring);
        Ok(())
    }

    fn differ(&mut self, name: &str, equation: &Equation, found: &Counterexample) -> Result<(), String> {
        let ring = self.sides(name, equation)?;
        if !found.left.is_exact() || !found.right.is_exact() {
            return Err("the values that differ are not rational".into());
        }
        let den = found.point.denominator().clone();
        let point = self.point_in(&equation.left, &found.point, &den, ring);
        // Without free weights `differ R`, with them `exists k, differ (valued k)`; beyond a tolerance, `apart`.
        let (of, exists, at, witness) = match ring {
            Ring::Numbers => (self.ring(ring).to_string(), "", String::new(), self.ring(ring).to_string()),
            Ring::Polynomials => {
                let _ = writeln!(self.body, "Definition {name}_weights := valuation {}.\n", valuation(&found.symbols));
                (
                    "(valued k)".into(),
                    "exists k, ",
                    format!("exists {name}_weights. "),
                    format!("(valued {name}_weights)"),
                )
            }
        };
        let (word, lemma, bound, argument) = match &equation.within {
            None => ("differ", "differ_sound", String::new(), String::new()),
            Some(tolerance) => {
                let (weight, den) = (self.constant(tolerance.numer(), ring), tolerance.denom());
                (
                    "apart",
                    "apart_sound",
                    format!(" (fraction {of} ({weight}, {den}%positive))"),
                    format!(" {weight} {den}"),
                )
            }
        };
        let statement = format!("{exists}{word} {of} {name}_left {name}_right{bound}");
        let check = format!("{den} {point} (Z.to_nat {}){argument}", found.output);
        self.theorem(name, &statement, &format!("{at}apply ({lemma} {witness} _ _ {check})."));
        Ok(())
    }
}
