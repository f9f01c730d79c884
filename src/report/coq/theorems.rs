//! Which theorem states a verdict, and which check of the library proves it.

use std::fmt::Write;

use num_traits::Zero;

use super::cost::cost;
use super::evidence::Needs;
use super::terms::{Ring, list, over, shape};
use super::{Arithmetic, MAX_NONZEROS, MAX_PRODUCTS, Writer, comment};
use crate::algebra::{Coefficient, Polynomial, Rational, Scalar, Symbol, Tensor, common_denominator};
use crate::collapse::AffineMap;
use crate::decide::search::{Domain, Witness};
use crate::decide::{Decision, Evidence, Findings, Verdict, pinned};
use crate::layer::Definition;
use crate::network::{Assignment, Network};
use crate::toeplitz::PadMode;

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
    pub fn ring(&self, ring: Ring) -> &'static str {
        match (ring, self.arithmetic) {
            (Ring::Polynomials, _) => "(polynomials k)",
            (_, Arithmetic::Plain) => "integers",
            (_, Arithmetic::Words) => "big_integers",
        }
    }

    pub fn ring_of(&mut self, symbolic: bool) -> Ring {
        self.symbolic |= symbolic;
        if symbolic { Ring::Polynomials } else { Ring::Numbers }
    }

    /// The definition of a network.
    pub fn define(&mut self, name: &str, network: &Network, ring: Ring) -> Result<(), String> {
        let term = self.network_term(network, ring)?;
        let _ = writeln!(self.body, "Definition {name} : network {} := {term}.\n", self.numbers(ring));
        Ok(())
    }

    /// The type of the weights.
    pub fn numbers(&self, ring: Ring) -> &'static str {
        match (ring, self.arithmetic) {
            (Ring::Polynomials, _) => "polynomial",
            (_, Arithmetic::Plain) => "Z",
            (_, Arithmetic::Words) => "BigZ.t",
        }
    }

    /// Runs one part of an export; if it is refused, nothing of it is written.
    pub fn part(&mut self, what: &str, write: impl FnOnce(&mut Writer) -> Result<(), String>) {
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
        self.inhabited(&format!("domain_{name}"), &term, network, ring);
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
            Evidence::NormalForm(map, _) => self.kinked(network, map, Needs::Affine, decision.verdict),
            Evidence::SymbolicNormalForm(map, _) => self.kinked(network, map, Needs::Affine, decision.verdict),
            Evidence::Regions(map, cases) => self.kinked(network, map, Needs::Cases(cases), decision.verdict),
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
        let rows = linear && cost.rows <= limit(ring);
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

    /// f(x) = Mx + b, entry by entry; or only that M and b exist, where they are large.
    fn map(&mut self, network: &Network, map: &AffineMap, verdict: Verdict) -> Result<(), String> {
        let nonzeros = map.matrix.nonzeros();
        if nonzeros > MAX_NONZEROS || cost(network).rows > MAX_PRODUCTS {
            let _ = writeln!(
                self.body,
                "(* M, with {nonzeros} nonzeros, is too large to be checked in useful time: only that it exists is stated. *)"
            );
            self.notes.push(format!(
                "network `{}`: M, with {nonzeros} nonzeros, is too large to be checked in useful time; the theorem is that every layer is affine and the shapes agree",
                network.name
            ));
            let linear = verdict == Verdict::Linear && pinned(network).is_none();
            return self.structure(network, &format!("theorem_{}", network.name), linear, Ring::Numbers);
        }
        self.equals_map(network, map, Needs::Affine, verdict, Ring::Numbers)
    }

    /// The same for a network with kinks, where they cancel or one side always wins.
    fn kinked<C: Coefficient>(
        &mut self,
        network: &Network,
        map: &AffineMap<C>,
        needs: Needs<'_>,
        verdict: Verdict,
    ) -> Result<(), String> {
        let ring = self.ring_of(network.is_symbolic());
        if map.matrix.nonzeros() > MAX_NONZEROS || cost(network).rows > limit(ring) {
            return Err("its maps are too large to be computed in useful time".into());
        }
        self.equals_map(network, map, needs, verdict, ring)
    }

    fn equals_map<C: Coefficient>(
        &mut self,
        network: &Network,
        map: &AffineMap<C>,
        needs: Needs<'_>,
        verdict: Verdict,
        ring: Ring,
    ) -> Result<(), String> {
        let name = &network.name;
        if pinned(network).is_some() {
            return Err("an input has a domain of one point, where M and b are a matter of choice".into());
        }
        let evidence = self.evidence(name, network, needs, ring)?;
        let (matrix, of) = (self.matrix(map, ring), self.ring(ring));
        let (binder, applied) = if ring == Ring::Polynomials {
            (" k", format!("(matrix_{name} k)"))
        } else {
            ("", format!("matrix_{name}"))
        };
        let _ = writeln!(self.body, "Definition matrix_{name}{binder} : matrix {of} := {matrix}.\n");
        let (output, (quantifier, intros)) = (shape(network.output_shape()), quantifier(ring));
        let statement = format!("{quantifier}equals_affine {of} network_{name} {output} {applied}");
        self.theorem(
            &format!("theorem_{name}"),
            &statement,
            &format!("{intros}apply (affine_sound {of} _ {evidence})."),
        );
        if verdict == Verdict::Linear {
            let statement = format!("{quantifier}is_linear {of} network_{name}");
            let theorem =
                if ring == Ring::Polynomials { format!("(theorem_{name} k)") } else { format!("theorem_{name}") };
            let lemma = format!("{intros}apply (equals_is_linear {of} _ _ _ {theorem}).");
            self.theorem(&format!("linearity_{name}"), &statement, &lemma);
        }
        Ok(())
    }

    fn matrix<C: Coefficient>(&mut self, map: &AffineMap<C>, ring: Ring) -> String {
        let constants: Vec<Polynomial> = values(&map.bias);
        let rows: Vec<Vec<(usize, Polynomial)>> = (0..map.matrix.rows())
            .map(|row| {
                let value = |weight: &C| weight.value(map.matrix.denominator()).to_polynomial();
                map.matrix.row(row).map(|(column, weight)| (column, value(weight))).collect()
            })
            .collect();
        let weights = rows.iter().flatten().map(|(_, weight)| weight.clone());
        let (whole, common) = over(constants.iter().cloned().chain(weights));
        let (constants, mut weights) = (&whole[..constants.len()], whole[constants.len()..].iter());
        let lines: Vec<String> = constants
            .iter()
            .zip(&rows)
            .map(|(constant, row)| {
                let terms: Vec<String> = row
                    .iter()
                    .zip(weights.by_ref())
                    .map(|((column, _), weight)| format!("({}, {})", self.position(*column), self.entry(weight, ring)))
                    .collect();
                format!("  ({}, {})", self.entry(constant, ring), list(terms))
            })
            .collect();
        format!("Matrix {} {common} [\n{}]", self.ring(ring), lines.join(";\n"))
    }

    /// Where inputs are restricted: that there are some.
    pub fn inhabited(&mut self, theorem: &str, term: &str, network: &Network, ring: Ring) {
        if network.inputs.iter().all(|input| input.domain.is_none()) {
            return;
        }
        let base = Domain::of(network).base();
        let den = base.denominator().clone();
        let point = self.point_in(network, &base, &den, ring);
        let (of, (quantifier, intros)) = (self.ring(ring), quantifier(ring));
        let statement = format!("{quantifier}inhabited {of} {term}");
        self.theorem(theorem, &statement, &format!("{intros}apply (inhabited_sound {of} _ {den} {point})."));
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

/// The most products of rows, by the ring: those of polynomials take longer.
pub(super) fn limit(ring: Ring) -> usize {
    if ring == Ring::Numbers { MAX_PRODUCTS } else { MAX_PRODUCTS / 50 }
}

fn values<C: Coefficient>(tensor: &Tensor<C>) -> Vec<Polynomial> {
    tensor.numerators().iter().map(|n| n.value(tensor.denominator()).to_polynomial()).collect()
}

pub(super) fn quantifier(ring: Ring) -> (&'static str, &'static str) {
    match ring {
        Ring::Numbers => ("", ""),
        Ring::Polynomials => ("forall k, ", "intros k. "),
    }
}

/// `[(symbol, (numerator, denominator)); …]`
pub(super) fn valuation(weights: &Assignment) -> String {
    let pair = |(symbol, value): (&Symbol, &Rational)| match symbol {
        Symbol::Free(index) if !value.is_zero() => {
            Some(format!("({}%positive, ({}, {}%positive))", u64::from(*index) + 1, value.numer(), value.denom()))
        }
        _ => None,
    };
    list(weights.iter().filter_map(pair))
}
