//! Which theorem states a verdict, and which check of the library proves it.

use std::fmt::Write;

use num_integer::lcm;
use num_traits::Zero;

use super::stable::{cost, decided_by_domains};
use super::terms::{Ring, list, shape};
use super::{Arithmetic, MAX_NONZEROS, MAX_PRODUCTS, Writer, comment};
use crate::algebra::{Rational, Symbol, common_denominator};
use crate::collapse::AffineMap;
use crate::decide::search::Witness;
use crate::decide::{
    Answer, Comparison, Counterexample, Decision, Evidence, Findings, Status, Verdict, blockers, pinned,
};
use crate::layer::Definition;
use crate::network::{Assignment, Claim, Equation, Network, Program, Property, Statement};
use crate::toeplitz::PadMode;

/// Why a normal form is not exported.
const KINKS: &str =
    "its proof is a normal form, whose steps are not exported; the domains alone do not decide its kinks";

/// The bytes that a matrix of at most [`MAX_NONZEROS`] may take.
const MEMORY: u64 = 1 << 30;

/// Words where many numbers are long: those take milliseconds each to read as Coq's own integers.
pub(super) fn arithmetic(findings: &Findings<'_>, only: Option<&str>) -> Arithmetic {
    /// Numbers of at most these bits are read quickly.
    const SHORT: u64 = 40;
    const FEW: usize = 500;
    let pairs = findings.program.networks.iter().zip(&findings.networks);
    let maps =
        pairs.filter(|(n, _)| only.is_none_or(|name| name == n.name)).filter_map(|(_, f)| f.decision.evidence.map());
    let long = |map: &AffineMap| {
        let small = map.matrix.nonzeros() <= MAX_NONZEROS;
        let values = map.matrix.numerators().values().iter().filter(|n| n.bits() > SHORT);
        if small { values.count() } else { 0 }
    };
    if maps.map(long).sum::<usize>() > FEW { Arithmetic::Words } else { Arithmetic::Plain }
}

impl Writer {
    fn ring(&self, ring: Ring) -> &'static str {
        match (ring, self.arithmetic) {
            (Ring::Polynomials, _) => "(polynomials k)",
            (_, Arithmetic::Plain) => "integers",
            (_, Arithmetic::Words) => "big_integers",
        }
    }

    fn ring_of(&mut self, symbolic: bool) -> Ring {
        self.symbolic |= symbolic;
        if symbolic { Ring::Polynomials } else { Ring::Numbers }
    }

    /// The definition of a network.
    fn define(&mut self, name: &str, network: &Network, ring: Ring) -> Result<(), String> {
        let term = self.network_term(network, ring)?;
        let weights = match (ring, self.arithmetic) {
            (Ring::Polynomials, _) => "polynomial",
            (_, Arithmetic::Plain) => "Z",
            (_, Arithmetic::Words) => "BigZ.t",
        };
        let _ = writeln!(self.body, "Definition {name} : network {weights} := {term}.\n");
        Ok(())
    }

    /// Runs one part of an export; if it is refused, nothing of it is written.
    fn part(&mut self, what: &str, write: impl FnOnce(&mut Writer) -> Result<(), String>) {
        let (length, theorems) = (self.body.len(), self.theorems.len());
        if let Err(why) = write(self) {
            self.body.truncate(length);
            self.theorems.truncate(theorems);
            self.refuse(what, &why);
        }
    }

    pub fn network(&mut self, network: &Network, decision: &Decision) {
        self.part(&format!("network `{}`", network.name), |w| w.network_theorem(network, decision));
    }

    fn network_theorem(&mut self, network: &Network, decision: &Decision) -> Result<(), String> {
        if let Evidence::Nothing(undecided) = &decision.evidence {
            return Err(format!("it is undecided, because {}", undecided.reason));
        }
        let name = &network.name;
        let (term, theorem) = (format!("network_{name}"), format!("theorem_{name}"));
        let ring = self.ring_of(network.is_symbolic());
        let _ = writeln!(self.body, "(* {}: {} *)", comment(name), decision.verdict.word());
        self.define(&term, network, ring)?;
        match &decision.evidence {
            Evidence::Witness(witness, weights) => {
                self.witness(network, witness, weights, ring)?;
                if translates(network) {
                    let (quantifier, intros) = quantifier(ring);
                    let statement = format!("{quantifier}along_constants {} {term}", self.ring(ring));
                    let comment =
                        "(* Without ReLU and zeros around images, it is affine along images that are constant. *)";
                    let _ = writeln!(self.body, "{comment}");
                    self.theorem(&format!("constants_{name}"), &statement, &format!("{intros}apply translation."));
                }
                Ok(())
            }
            Evidence::Composition(map) => self.map(network, map, decision.verdict),
            Evidence::Image(image) => match image.nonzeros().is_some_and(|n| n <= MAX_NONZEROS) {
                true => {
                    let map = image.literal(MEMORY).map_err(|limit| limit.to_string())?;
                    self.map(network, &map, decision.verdict)
                }
                false => self.structure(network, &theorem, decision.verdict == Verdict::Linear, ring),
            },
            Evidence::NormalForm(map, _) | Evidence::Regions(map, _) if decided_by_domains(network) => {
                self.map(network, map, decision.verdict)
            }
            Evidence::Regions(..) => Err("its proof is a search of regions, which is not exported".into()),
            Evidence::NormalForm(..) | Evidence::SymbolicNormalForm(..) => Err(KINKS.into()),
            Evidence::Structure { .. } | Evidence::Symbolic(_) | Evidence::FreeStructure { .. } => {
                let linear = decision.verdict == Verdict::Linear && pinned(network).is_none();
                self.structure(network, &theorem, linear, ring)
            }
            Evidence::Nothing(_) => Ok(()),
        }
    }

    /// Every layer is affine, and the shapes agree; without constants it is linear.
    fn structure(&mut self, network: &Network, theorem: &str, linear: bool, ring: Ring) -> Result<(), String> {
        let cost = cost(network);
        if cost.products > MAX_PRODUCTS {
            return Err(format!(
                "its layers multiply {} times, more than the {MAX_PRODUCTS} that Coq goes through in useful time",
                cost.products
            ));
        }
        let rows = linear && cost.rows <= MAX_PRODUCTS && (ring == Ring::Numbers || cost.rows <= MAX_PRODUCTS / 50);
        let (word, lemma) = if rows { ("is_linear", "linear_sound") } else { ("is_affine", "structure_sound") };
        if linear && !rows {
            let _ = writeln!(
                self.body,
                "(* Too large for its rows to be computed here: only that it is affine is stated. *)"
            );
        }
        let (quantifier, intros) = quantifier(ring);
        let statement = format!("{quantifier}{word} {} network_{}", self.ring(ring), network.name);
        self.theorem(theorem, &statement, &format!("{intros}apply {lemma}."));
        Ok(())
    }

    /// f(x) = Mx + b, entry by entry.
    fn map(&mut self, network: &Network, map: &AffineMap, verdict: Verdict) -> Result<(), String> {
        let name = &network.name;
        if pinned(network).is_some() {
            return Err("an input has a domain of one point, where M and b are a matter of choice".into());
        }
        if map.matrix.nonzeros() > MAX_NONZEROS || cost(network).rows > MAX_PRODUCTS {
            let nonzeros = map.matrix.nonzeros();
            let _ = writeln!(
                self.body,
                "(* M, with {nonzeros} nonzeros, is too large to be checked in useful time: only that it exists is stated. *)"
            );
            return self.structure(network, &format!("theorem_{name}"), verdict == Verdict::Linear, Ring::Numbers);
        }
        let matrix = self.matrix(map);
        let ring = self.ring(Ring::Numbers);
        let _ = writeln!(self.body, "Definition matrix_{name} : matrix {ring} := {matrix}.\n");
        let output = shape(network.output_shape());
        let statement = format!("equals_affine {ring} network_{name} {output} matrix_{name}");
        self.theorem(&format!("theorem_{name}"), &statement, "apply affine_sound.");
        if verdict == Verdict::Linear {
            let statement = format!("is_linear {ring} network_{name}");
            self.theorem(&format!("linearity_{name}"), &statement, "apply linear_sound.");
        }
        Ok(())
    }

    fn matrix(&mut self, map: &AffineMap) -> String {
        let common = lcm(map.matrix.denominator().clone(), map.bias.denominator().clone());
        let scale = &common / map.matrix.denominator();
        let constants = map.bias.numerators_over(&common);
        let lines: Vec<String> = constants
            .iter()
            .enumerate()
            .map(|(row, constant)| {
                let terms: Vec<String> = map
                    .matrix
                    .row(row)
                    .map(|(column, weight)| format!("({}, {})", self.position(column), self.weight(&(weight * &scale))))
                    .collect();
                format!("  ({}, {})", self.weight(constant), list(terms))
            })
            .collect();
        format!("Matrix {} {common} [\n{}]", self.ring(Ring::Numbers), lines.join(";\n"))
    }

    /// Not affine, by four points; with free weights, at the numbers that the witness names.
    fn witness(
        &mut self,
        network: &Network,
        witness: &Witness,
        weights: &Assignment,
        ring: Ring,
    ) -> Result<(), String> {
        let points = [&witness.base, &witness.x, &witness.y];
        let den = common_denominator(points.map(|p| p.denominator()));
        let points = points.map(|p| self.point_in(network, p, &den, ring)).join(" ");
        let (name, output) = (&network.name, witness.output);
        let check = format!("{den} {points} (Z.to_nat {output})");
        let theorem = format!("theorem_{name}");
        match ring {
            Ring::Numbers => {
                let ring = self.ring(ring);
                let statement = format!("~ is_affine {ring} network_{name}");
                self.theorem(&theorem, &statement, &format!("apply (witness_sound {ring} _ {check})."));
            }
            Ring::Polynomials => {
                let _ = writeln!(self.body, "Definition weights_{name} := valuation {}.\n", valuation(weights));
                let statement = format!("exists k, ~ is_affine (polynomials k) network_{name}");
                let at = format!("exists weights_{name}. rewrite <- valued_affine.");
                self.theorem(
                    &theorem,
                    &statement,
                    &format!("{at} apply (witness_sound (valued weights_{name}) _ {check})."),
                );
            }
        }
        Ok(())
    }

    /// What a claim says beyond its network's theorem.
    pub fn claim(&mut self, index: usize, claim: &Claim, answer: &Answer, program: &Program, only: Option<&str>) {
        let number = index + 1;
        let what = format!("claim {number}, `{}`,", claim.text.trim_start_matches("prove ").trim());
        match &claim.statement {
            Statement::Property { network, .. }
            | Statement::Law { network, .. }
            | Statement::Behaviour { network, .. }
                if only.is_some_and(|name| name != program.networks[*network].name) => {}
            Statement::Equation(_) if only.is_some() => {}
            Statement::Behaviour { .. } => self.refuse(&what, "this property is not stated here"),
            Statement::Property { property: Property::AConvolution, .. } => {
                self.refuse(
                    &what,
                    "that a map is one convolution is not stated here; compare it with the convolution instead",
                );
            }
            Statement::Property { network, .. } => {
                let name = &program.networks[*network].name;
                if self.theorems.contains(&format!("theorem_{name}")) {
                    let (text, word) = (comment(&what), answer.status.word());
                    let _ = writeln!(self.body, "(* {text} is {word}: see theorem_{} *)\n", comment(name));
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

    /// A law is one or two equations; a refuted one fails in the one that was compared.
    fn law(&mut self, number: usize, equations: &[Equation], answer: &Answer) -> Result<(), String> {
        match (&answer.comparison, answer.status) {
            (_, Status::Undecided) => Err("it is undecided".into()),
            (Some(comparison), Status::Refuted) => {
                let equation = equations.get(answer.equation).ok_or("it has no equation")?;
                self.equation(&format!("claim_{number}"), equation, comparison)
            }
            (_, Status::Refuted) => Err("it has no counterexample".into()),
            (_, Status::Proved) => {
                for (i, equation) in equations.iter().enumerate() {
                    self.equal(&format!("claim_{number}_{}", i + 1), equation)?;
                }
                Ok(())
            }
        }
    }

    fn equation(&mut self, name: &str, equation: &Equation, comparison: &Comparison) -> Result<(), String> {
        match comparison {
            Comparison::Equal(_) => self.equal(name, equation),
            Comparison::Close { .. } => {
                Err("that two networks are close is not stated here, only that they are equal or not".into())
            }
            Comparison::Undecided(reason) => Err(format!("it is undecided, because {reason}")),
            Comparison::Different(_) if equation.within.is_some() => {
                Err("that two networks are far apart is not stated here, only that they are equal or not".into())
            }
            Comparison::Different(found) => self.differ(name, equation, found),
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

    fn equal(&mut self, name: &str, equation: &Equation) -> Result<(), String> {
        if !blockers(&equation.difference).is_empty() && !decided_by_domains(&equation.difference) {
            return Err(KINKS.into());
        }
        let ring = self.sides(name, equation)?;
        let limit = if ring == Ring::Numbers { MAX_PRODUCTS } else { MAX_PRODUCTS / 50 };
        if cost(&equation.difference).rows > limit || pinned(&equation.left).is_some() {
            return Err("its sides are too large for their maps to be compared in useful time".into());
        }
        let (quantifier, intros) = quantifier(ring);
        let statement = format!("{quantifier}equal {} {name}_left {name}_right", self.ring(ring));
        self.theorem(name, &statement, &format!("{intros}apply equal_sound."));
        Ok(())
    }

    fn differ(&mut self, name: &str, equation: &Equation, found: &Counterexample) -> Result<(), String> {
        let ring = self.sides(name, equation)?;
        if !found.left.is_exact() || !found.right.is_exact() {
            return Err("the values that differ are not rational".into());
        }
        let den = found.point.denominator().clone();
        let point = self.point_in(&equation.left, &found.point, &den, ring);
        let check = format!("{den} {point} (Z.to_nat {})", found.output);
        match ring {
            Ring::Numbers => {
                let ring = self.ring(ring);
                let statement = format!("differ {ring} {name}_left {name}_right");
                self.theorem(name, &statement, &format!("apply (differ_sound {ring} _ _ {check})."));
            }
            Ring::Polynomials => {
                let _ = writeln!(self.body, "Definition {name}_weights := valuation {}.\n", valuation(&found.symbols));
                let statement = format!("exists k, differ (valued k) {name}_left {name}_right");
                let lemma = format!("exists {name}_weights. apply (differ_sound (valued {name}_weights) _ _ {check}).");
                self.theorem(name, &statement, &lemma);
            }
        }
        Ok(())
    }
}

/// Whether all layers are convolutions without zeros around the image, max-pools, or sums.
fn translates(network: &Network) -> bool {
    let live = network.live_nodes().into_iter().filter_map(|id| network.nodes[id].layer.as_ref());
    let mut definitions = live.map(|layer| layer.function().definition());
    definitions.all(|definition| match definition {
        Some(Definition::Conv { window, mode, .. }) => {
            mode == PadMode::Circular || window.before.iter().chain(&window.after).all(|&n| n == 0)
        }
        Some(Definition::ExtremePool { .. } | Definition::Add) => true,
        _ => false,
    })
}

fn quantifier(ring: Ring) -> (&'static str, &'static str) {
    match ring {
        Ring::Numbers => ("", ""),
        Ring::Polynomials => ("forall k, ", "intros k. "),
    }
}

/// `[(symbol, (numerator, denominator)); …]`
fn valuation(weights: &Assignment) -> String {
    let pair = |(symbol, value): (&Symbol, &Rational)| match symbol {
        Symbol::Free(index) if !value.is_zero() => {
            Some(format!("({}%positive, ({}, {}%positive))", u64::from(*index) + 1, value.numer(), value.denom()))
        }
        _ => None,
    };
    list(weights.iter().filter_map(pair))
}
