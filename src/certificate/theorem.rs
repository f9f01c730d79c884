//! From verdicts and answers to theorems.

use super::Gap;
use super::elaborate::Elaborated;
use super::format::{EvidenceText, StatementText, TheoremText, strings};
use super::regions;
use crate::algebra::{Polynomial, Rational, Symbol, Tensor};
use crate::collapse::AffineMap;
use crate::decide::convolution::Agreement;
use crate::decide::search::{Domain, Witness};
use crate::decide::{
    Answer, Comparison, Counterexample, Decision, Evidence, Findings, OneConvolution, Proof, Status, Verdict,
    not_homogeneous, pinned, stretch,
};
use crate::layer::Layer;
use crate::network::{Assignment, Claim, Equation, Law, Network, Property, Statement, sample};

use num_traits::Zero;

/// Maps with more entries are not written out: the theorem is that the network is affine.
const MOST_ENTRIES: usize = 2_000_000;
/// Nor are those that take more bytes.
const MOST_MEMORY: u64 = 1 << 30;

/// A network's theorem.
pub(super) type Stated = (StatementText, EvidenceText);

pub(super) struct Writer<'f, 'p> {
    pub(super) findings: &'f Findings<'p>,
    pub(super) elaborated: Elaborated<'p>,
    pub(super) theorems: Vec<TheoremText>,
    gaps: Vec<Gap>,
}

/// The theorems of all networks and claims, and what is left out.
pub(super) fn theorems<'p>(findings: &Findings<'p>) -> (Elaborated<'p>, Vec<TheoremText>, Vec<Gap>) {
    let elaborated = Elaborated::new(&findings.program.symbols);
    let mut writer = Writer { findings, elaborated, theorems: Vec::new(), gaps: Vec::new() };
    for (network, finding) in findings.program.networks.iter().zip(&findings.networks) {
        let stated = writer.of_network(network, &finding.decision);
        let note = format!("network {}: {}", network.name, finding.decision.verdict.word());
        writer.add(&note, &format!("`{}`", network.name), stated);
    }
    for (claim, answer) in findings.program.claims.iter().zip(&findings.claims) {
        let note = format!("claim: {}: {}", claim.text, answer.status.word());
        let stated = writer.of_claim(claim, answer);
        writer.add(&note, &format!("`{}`", claim.text), stated);
    }
    (writer.elaborated, writer.theorems, writer.gaps)
}

impl Writer<'_, '_> {
    fn add(&mut self, note: &str, what: &str, stated: Result<Vec<Stated>, String>) {
        match stated {
            Err(reason) => self.gaps.push(Gap { what: what.to_string(), reason }),
            Ok(stated) => {
                for (statement, evidence) in stated {
                    // What a network is and a claim of it are one theorem.
                    match self.theorems.iter_mut().find(|t| t.statement == statement && t.evidence == evidence) {
                        Some(known) => known.note = format!("{}; {note}", known.note),
                        None => self.theorems.push(TheoremText { note: note.to_string(), statement, evidence }),
                    }
                }
            }
        }
    }

    pub(super) fn network(&mut self, network: &Network) -> Result<usize, String> {
        self.elaborated.network(network).map_err(|gap| gap.reason)
    }

    /// What a network is.
    fn of_network(&mut self, network: &Network, decision: &Decision) -> Result<Vec<Stated>, String> {
        let index = self.network(network)?;
        let mut stated = match &decision.evidence {
            Evidence::Composition(map) | Evidence::NormalForm(map, _) => {
                let composed = matches!(decision.evidence, Evidence::Composition(_)) && pinned(network).is_none();
                let evidence = if composed { EvidenceText::Composition } else { EvidenceText::NormalForm };
                match map.matrix.nonzeros() > MOST_ENTRIES && composed {
                    false => {
                        vec![(StatementText::AffineMap { network: index, map: self.elaborated.map(map) }, evidence)]
                    }
                    true => vec![by_structure(index, decision.verdict)],
                }
            }
            Evidence::Symbolic(map) | Evidence::SymbolicNormalForm(map, _) => {
                let map = self.elaborated.symbolic_map(map);
                vec![(StatementText::AffineMap { network: index, map }, EvidenceText::NormalForm)]
            }
            Evidence::Image(map) => {
                match map.nonzeros().filter(|&n| n <= MOST_ENTRIES).map(|_| map.literal(MOST_MEMORY)) {
                    Some(Ok(map)) => {
                        let statement = StatementText::AffineMap { network: index, map: self.elaborated.map(&map) };
                        vec![(statement, EvidenceText::Composition)]
                    }
                    _ => vec![by_structure(index, decision.verdict)],
                }
            }
            Evidence::Structure { .. } | Evidence::FreeStructure { .. } => vec![by_structure(index, decision.verdict)],
            Evidence::Witness(witness, weights) => return Ok(vec![self.witness(index, network, witness, weights)]),
            Evidence::Regions(map, cases) => {
                let map = self.elaborated.map(map);
                vec![(StatementText::AffineMap { network: index, map }, regions::evidence(cases))]
            }
            Evidence::Nothing(undecided) => return Err(format!("it is undecided: {}", undecided.reason)),
        };
        if decision.verdict == Verdict::Affine {
            stated.push(self.not_linear(index, network, &decision.evidence, &stated[0])?);
        }
        Ok(stated)
    }

    fn witness(&mut self, index: usize, network: &Network, witness: &Witness, weights: &Assignment) -> Stated {
        let list = |t: &Tensor| strings(&t.to_rationals());
        let evidence = EvidenceText::Witness {
            base: list(&witness.base),
            x: list(&witness.x),
            y: list(&witness.y),
            output: witness.output,
            symbols: self.elaborated.values(&[network], weights),
        };
        (StatementText::NotAffine { network: index }, evidence)
    }

    /// Why an affine network is not linear: f(a·x) − a·f(x) = (1 − a)·b by its map, or, where that is not written,
    /// f(a·x) ≠ a·f(x) at a point.
    fn not_linear(
        &mut self,
        index: usize,
        network: &Network,
        evidence: &Evidence,
        known: &Stated,
    ) -> Result<Stated, String> {
        let weights = weights_with_constant(network, evidence);
        let symbols = self.elaborated.values(&[network], &weights);
        let (statement, hidden) =
            (StatementText::NotLinear { network: index }, "that it is not linear is not shown at a point");
        if let StatementText::AffineMap { .. } = known.0 {
            let (x, factor) = stretch(network).ok_or(hidden)?;
            let output = constant_output(evidence, &weights).ok_or(hidden)?;
            let theorem = self.theorems.iter().position(|t| t.statement == known.0 && t.evidence == known.1);
            let theorem = theorem.unwrap_or(self.theorems.len());
            let (x, factor) = (strings(&x.to_rationals()), factor.to_string());
            return Ok((statement, EvidenceText::Constant { theorem, x, factor, output, symbols }));
        }
        let numbers = network.at(&weights);
        // Large images are not evaluated: their table says where f(0) ≠ 0.
        let failure = if matches!(evidence, Evidence::Image(_)) { None } else { not_homogeneous(&numbers) };
        let (x, factor, output) = match failure {
            Some(failure) => (failure.x.to_rationals(), failure.factor, failure.output),
            // Where values are irrational: f(a·x) − a·f(x) is 1 − a times the constant.
            None => match stretch(network).zip(constant_output(evidence, &weights)) {
                Some(((x, factor), output)) => (x.to_rationals(), factor, output),
                None => return Err(hidden.into()),
            },
        };
        Ok((statement, EvidenceText::Homogeneity { x: strings(&x), factor: factor.to_string(), output, symbols }))
    }

    fn of_claim(&mut self, claim: &Claim, answer: &Answer) -> Result<Vec<Stated>, String> {
        match (&claim.statement, &answer.comparison) {
            (Statement::Property { network, property: Property::AConvolution }, _) => {
                self.a_convolution(*network, answer)
            }
            (Statement::Property { network, .. }, _) => {
                let decision = &self.findings.networks[*network].decision;
                self.of_network(&self.findings.program.networks[*network], decision)
            }
            (Statement::Equation(equation), Some(comparison)) => Ok(vec![self.comparison(equation, comparison)?]),
            (Statement::Law { network, law, equations }, comparison) => {
                self.law(*network, *law, equations, answer, comparison.as_ref())
            }
            (Statement::Equation(_), None) => Err("it was not decided".into()),
            (Statement::Behaviour { network, behaviour }, _) => match &answer.grounds {
                Some(grounds) => self.behaviour(*network, behaviour, grounds),
                None => Err("it was not decided".into()),
            },
        }
    }

    fn a_convolution(&mut self, network: usize, answer: &Answer) -> Result<Vec<Stated>, String> {
        let (finding, network) = (&self.findings.networks[network], &self.findings.program.networks[network]);
        let index = self.network(network)?;
        match (answer.status, &finding.convolution) {
            (Status::Proved, Some(found)) if *found.agreement() == Agreement::Exact => {
                let right = match found {
                    OneConvolution::Numbers(found) => self.elaborated.convolution(index, found),
                    OneConvolution::Symbols(found) => self.elaborated.convolution(index, found),
                };
                let evidence = affine_evidence(network, network);
                Ok(vec![(equal(index, right, None, Vec::new()), evidence)])
            }
            // The network is one layer `conv`.
            (Status::Proved, _) => Ok(vec![(equal(index, index, None, Vec::new()), EvidenceText::NormalForm)]),
            (Status::Refuted, _) if finding.decision.verdict == Verdict::Nonlinear => {
                self.of_network(network, &finding.decision)
            }
            (Status::Refuted, _) => {
                let any = |&symbol: &Symbol| match symbol {
                    Symbol::Free(index) => Some((symbol, sample(index, 1))),
                    Symbol::Root(_) => None,
                };
                let symbols = self.elaborated.values(&[network], &network.symbols().iter().filter_map(any).collect());
                let evidence = EvidenceText::Matrix { theorem: self.map_of(index)?, symbols };
                Ok(vec![(fails("a_convolution", index), evidence)])
            }
            (Status::Undecided, _) => Err("it is undecided".into()),
        }
    }

    fn comparison(&mut self, equation: &Equation, comparison: &Comparison) -> Result<Stated, String> {
        let (left, right) = (self.network(&equation.left)?, self.network(&equation.right)?);
        let within = equation.within.as_ref().map(ToString::to_string);
        let mut nonnegative: Vec<usize> = Vec::new();
        for symbol in &equation.nonnegative {
            nonnegative.push(self.elaborated.symbol(*symbol));
        }
        nonnegative.sort_unstable();
        match comparison {
            Comparison::Equal(Proof::Regions(cases)) => {
                Ok((equal(left, right, within, nonnegative), regions::evidence(cases)))
            }
            Comparison::Close { cases: Some(cases), .. } => {
                let tolerance = equation.within.clone().unwrap_or_default();
                let Some(evidence) = regions::within(cases, &tolerance) else {
                    return Err("its cases could not be continued".into());
                };
                Ok((equal(left, right, within, nonnegative), evidence))
            }
            // Rows are compared with 0: how far they may differ is read off the forms.
            Comparison::Close { exact: true, .. } => {
                Ok((equal(left, right, within, nonnegative), EvidenceText::NormalForm))
            }
            Comparison::Equal(_) => {
                let evidence = affine_evidence(&equation.left, &equation.right);
                Ok((equal(left, right, within, nonnegative), evidence))
            }
            Comparison::Close { exact: false, .. } => {
                Ok((equal(left, right, within, nonnegative), EvidenceText::Bounds))
            }
            Comparison::Different(found) => {
                let symbols = self.elaborated.values(&[&equation.left, &equation.right], &found.symbols);
                let x = strings(&found.point.to_rationals());
                let evidence = EvidenceText::Counterexample { x, output: found.output, symbols };
                Ok((StatementText::Different { left, right, within, nonnegative }, evidence))
            }
            Comparison::Undecided(reason) => Err(format!("it is undecided: {reason}")),
        }
    }

    fn law(
        &mut self,
        network: usize,
        law: Law,
        equations: &[Equation],
        answer: &Answer,
        comparison: Option<&Comparison>,
    ) -> Result<Vec<Stated>, String> {
        let (decision, network) = (&self.findings.networks[network].decision, &self.findings.program.networks[network]);
        match (answer.status, comparison) {
            (Status::Undecided, _) => Err("it is undecided".into()),
            // A linear map obeys every law.
            (Status::Proved, None) if decision.verdict == Verdict::Linear => self.of_network(network, decision),
            (Status::Refuted, Some(Comparison::Different(found))) if law.is_of_linear_maps() => {
                let negative = answer.equation == 1;
                self.law_fails(network, law, &equations[answer.equation], negative, found).map(|stated| vec![stated])
            }
            (Status::Refuted, Some(comparison)) => Ok(vec![self.comparison(&equations[answer.equation], comparison)?]),
            (Status::Proved, _) => {
                let mut stated = Vec::new();
                // a ≥ 0 by the layers alone, where nothing adds a constant; then only the other equations were decided.
                let of_factors = matches!(law, Law::Homogeneous | Law::PositivelyHomogeneous);
                let skipped = usize::from(of_factors && comparison.is_none_or(|_| adds_nothing(network)));
                if skipped > 0 {
                    let index = self.network(network)?;
                    stated.push((StatementText::PositivelyHomogeneous { network: index }, EvidenceText::Structure));
                }
                // Without 0 in the domain no x and −a·x, a ≥ 0, lie in it: a law of factors is one of a ≥ 0.
                let only_positive = of_factors && !Domain::of(network).base().is_zero();
                let last = if only_positive { 1 } else { equations.len() };
                for (number, equation) in equations.iter().enumerate().take(last).skip(skipped) {
                    if let (true, Some(Comparison::Equal(Proof::Regions(_)))) = (number == answer.equation, comparison)
                    {
                        stated.extend(comparison.map(|c| self.comparison(equation, c)).transpose()?);
                        continue;
                    }
                    let (left, right) = (self.network(&equation.left)?, self.network(&equation.right)?);
                    let nonnegative = equation.nonnegative.iter().map(|s| self.elaborated.symbol(*s)).collect();
                    stated.push((
                        equal(left, right, None, nonnegative),
                        affine_evidence(&equation.left, &equation.right),
                    ));
                }
                Ok(stated)
            }
            (Status::Refuted, None) => Err("it is refuted without a point".into()),
        }
    }
}

impl Writer<'_, '_> {
    /// Points of the domain at which a law of linear maps fails; `negative` where the factor is −a.
    fn law_fails(
        &mut self,
        network: &Network,
        law: Law,
        equation: &Equation,
        negative: bool,
        found: &Counterexample,
    ) -> Result<Stated, String> {
        let (index, point, output) = (self.network(network)?, found.point.to_rationals(), found.output);
        let symbols = self.elaborated.values(&[network], &found.symbols);
        if law == Law::Additive {
            let points = point.chunks(network.input_elements()).map(strings).collect();
            let evidence = EvidenceText::Points { points, factor: None, output, symbols };
            return Ok((fails("additive", index), evidence));
        }
        let factor = equation.nonnegative.iter().find_map(|a| found.symbols.get(a)).cloned().unwrap_or_default();
        let factor = if negative { -factor } else { factor }.to_string();
        let kind = if law == Law::Homogeneous { "homogeneous" } else { "positively_homogeneous" };
        Ok((fails(kind, index), EvidenceText::Homogeneity { x: strings(&point), factor, output, symbols }))
    }
}

/// That a network has not a property, of this kind.
fn fails(kind: &str, network: usize) -> StatementText {
    StatementText::Property { kind: format!("not_{kind}"), network, inputs: None, bound: None }
}

fn by_structure(network: usize, verdict: Verdict) -> Stated {
    let statement = match verdict {
        Verdict::Linear => StatementText::Linear { network },
        _ => StatementText::Affine { network },
    };
    (statement, EvidenceText::Structure)
}

fn equal(left: usize, right: usize, within: Option<String>, nonnegative: Vec<usize>) -> StatementText {
    StatementText::Equal { left, right, within, nonnegative }
}

/// How a checker finds two networks equal: row by row where both are affine maps of numbers.
fn affine_evidence(left: &Network, right: &Network) -> EvidenceText {
    let affine = |network: &Network| {
        let mut live = network.live_nodes().into_iter().filter_map(|id| network.nodes[id].layer.as_ref());
        live.all(|layer| matches!(layer, Layer::Affine(_))) && pinned(network).is_none()
    };
    if affine(left) && affine(right) { EvidenceText::Composition } else { EvidenceText::NormalForm }
}

/// Whether no live layer adds a constant.
fn adds_nothing(network: &Network) -> bool {
    crate::decide::adds_no_constant(network)
}

/// The constant of an affine map.
fn constants(evidence: &Evidence) -> Option<Vec<Polynomial>> {
    let lifted = |map: &AffineMap| map.bias.lifted::<Polynomial>().numerators().to_vec();
    match evidence {
        Evidence::Composition(map) | Evidence::NormalForm(map, _) | Evidence::Regions(map, _) => Some(lifted(map)),
        Evidence::Symbolic(map) | Evidence::SymbolicNormalForm(map, _) => Some(map.bias.numerators().to_vec()),
        _ => None,
    }
}

/// Numbers for the symbols at which the constant of an affine network is not 0.
fn weights_with_constant(network: &Network, evidence: &Evidence) -> Assignment {
    if let Evidence::FreeStructure { weights: Some(weights), .. } = evidence {
        return weights.clone();
    }
    let symbols = network.symbols();
    let Some(constants) = constants(evidence).filter(|_| !symbols.is_empty()) else { return Assignment::new() };
    let choice = |round: u64| -> Assignment {
        let value = |symbol| match symbol {
            Symbol::Free(index) if round > 0 => sample(index, round),
            _ => Rational::from_integer(1.into()),
        };
        symbols.iter().map(|&s| (s, value(s))).collect()
    };
    let shows = |weights: &Assignment| constants.iter().any(|c| !c.at(weights).is_zero());
    (0..64).map(choice).find(shows).unwrap_or_default()
}

/// An output whose constant is not 0.
fn constant_output(evidence: &Evidence, weights: &Assignment) -> Option<usize> {
    if let Evidence::Image(map) = evidence {
        return map.first_constant();
    }
    constants(evidence)?.iter().position(|c| !c.at(weights).is_zero())
}
