//! The report for machines: one object, `netprove-report/1`, as `schema/netprove-report-1.json` says.
//!
//! Rationals are strings, `"-3/16"` or `"2"`; tensors are flat and row-major.

mod claim;
mod convolution;
mod differences;
mod image;

use std::collections::BTreeMap;

use serde::Serialize;

use self::claim::{ClaimObject, claim};
use self::convolution::ConvolutionObject;
use super::math;
use super::proof::Differences;
use crate::algebra::{Coefficient, Matrix, Polynomial, Rank, Tensor};
use crate::collapse::{AffineMap, Segment};
use crate::decide::search::{Value, Witness};
use crate::decide::{Evidence, Finding, Findings, Stable};
use crate::layer::Layer;
use crate::network::{Assignment, Network, NodeId, SymbolTensor, Symbols};
use crate::toeplitz::Operator;

/// The whole report.
#[derive(Debug, Serialize)]
pub struct Object {
    schema: &'static str,
    file: String,
    version: &'static str,
    source_sha256: String,
    networks: Vec<NetworkObject>,
    claims: Vec<ClaimObject>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    properties: Vec<ClaimObject>,
    #[serde(skip_serializing_if = "Option::is_none")]
    differences: Option<differences::DifferencesObject>,
}

impl Object {
    /// The same, with by how much the two sides of its claim differ.
    pub fn with(self, differences: Option<&Differences<'_>>, max_entries: usize) -> Object {
        Object { differences: differences.map(|found| differences::object(found, max_entries)), ..self }
    }
}

#[derive(Debug, Serialize)]
struct NetworkObject {
    name: String,
    line: usize,
    inputs: Vec<InputObject>,
    output_shape: Vec<usize>,
    verdict: &'static str,
    quantified: Vec<String>,
    method: &'static str,
    reason: Option<String>,
    map: Option<MapObject>,
    symbolic_map: Option<SymbolicMapObject>,
    convolution: Option<ConvolutionObject>,
    witness: Option<WitnessObject>,
    layers: Vec<LayerObject>,
    segments: Vec<SegmentObject>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    stable_units: Vec<StableObject>,
}

#[derive(Debug, Serialize)]
struct InputObject {
    name: String,
    shape: Vec<usize>,
    domain: Option<[String; 2]>,
}

#[derive(Debug, Serialize)]
struct MapObject {
    rows: usize,
    cols: usize,
    nonzeros: usize,
    rank: Option<usize>,
    rank_at_least: usize,
    /// Where the rank is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    rank_at_most: Option<usize>,
    largest: String,
    denominator: String,
    sha256: Option<String>,
    matrix: Option<Vec<(usize, usize, String)>>,
    bias: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    border_classes: Option<image::BorderClasses>,
}

#[derive(Debug, Serialize)]
struct SymbolicMapObject {
    rows: usize,
    cols: usize,
    nonzeros: usize,
    matrix: Option<Vec<(usize, usize, String)>>,
    bias: Option<Vec<String>>,
}

#[derive(Debug, Serialize)]
struct WitnessObject {
    base: Option<Vec<String>>,
    x: Vec<String>,
    y: Vec<String>,
    output: usize,
    f_x: String,
    f_y: String,
    f_x_plus_y: String,
    f_0: String,
    weights: Option<BTreeMap<String, Vec<String>>>,
}

#[derive(Debug, Serialize)]
struct LayerObject {
    name: String,
    kind: &'static str,
    line: usize,
    input_shape: Vec<usize>,
    output_shape: Vec<usize>,
    linear: bool,
    rows: Option<usize>,
    cols: Option<usize>,
    nonzeros: Option<usize>,
    parameters: usize,
}

#[derive(Debug, Serialize)]
struct SegmentObject {
    from: String,
    to: String,
    layers: usize,
    redundant: Vec<String>,
    parameters_before: usize,
    parameters_after: Option<usize>,
    macs_before: usize,
    macs_after: Option<usize>,
}

/// The report as an object; matrices with more than `max_entries` nonzeros are left to their hash.
pub fn object(findings: &Findings<'_>, source: &[u8], max_entries: usize) -> Object {
    let program = findings.program;
    let networks = program.networks.iter().zip(&findings.networks);
    Object {
        schema: "netprove-report/1",
        file: program.sources.files.first().map_or(String::new(), |f| f.name.clone()),
        version: env!("CARGO_PKG_VERSION"),
        source_sha256: sha256(source),
        networks: networks.map(|(n, r)| network(findings, n, r, max_entries)).collect(),
        claims: program.claims.iter().zip(&findings.claims).map(|(c, a)| claim(findings, c, a)).collect(),
        properties: findings.asked.iter().map(|(c, a)| claim(findings, c, a)).collect(),
        differences: None,
    }
}

/// The lowercase hexadecimal SHA-256 of some bytes.
pub fn sha256(bytes: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}

fn network(findings: &Findings<'_>, network: &Network, finding: &Finding, max_entries: usize) -> NetworkObject {
    let symbols = &findings.program.symbols;
    let line = |id: NodeId| findings.program.sources.line(network.nodes[id].span);
    let layers = network.live_nodes().into_iter().filter_map(|id| layer(network, id, line(id)));
    let inputs = network.inputs.iter().map(|input| InputObject {
        name: input.name.clone(),
        shape: input.shape.axes().to_vec(),
        domain: input.domain.as_ref().map(|(low, high)| [low.to_string(), high.to_string()]),
    });
    let reason = match &finding.decision.evidence {
        Evidence::Nothing(undecided) => Some(undecided.reason.clone()),
        Evidence::Structure { limit, .. } | Evidence::FreeStructure { limit, .. } => Some(limit.to_string()),
        _ => None,
    };
    let witness = match &finding.decision.evidence {
        Evidence::Witness(found, weights) => Some(witness(found, weights, symbols)),
        _ => None,
    };
    NetworkObject {
        name: network.name.clone(),
        line: findings.program.sources.line(network.span),
        inputs: inputs.collect(),
        output_shape: network.output_shape().axes().to_vec(),
        verdict: finding.decision.verdict.word(),
        quantified: symbols.tensors_of(network.symbols()).map(|t| t.name.clone()).collect(),
        method: finding.decision.evidence.method(),
        reason,
        map: match &finding.decision.evidence {
            Evidence::Image(found) => Some(image::map(found, max_entries)),
            evidence => evidence.map().map(|m| map(m, max_entries)),
        },
        symbolic_map: match &finding.decision.evidence {
            Evidence::Symbolic(map) | Evidence::SymbolicNormalForm(map, _) => {
                Some(symbolic_map(map, symbols, max_entries))
            }
            _ => None,
        },
        convolution: finding.convolution.as_ref().map(|c| convolution::object(c, network, symbols, max_entries)),
        witness,
        layers: layers.collect(),
        segments: finding.segments.iter().map(|s| segment(network, s)).collect(),
        stable_units: finding.stable.iter().map(|s| stable(network, s)).collect(),
    }
}

/// The upper bound of a rank that is not known.
fn at_most(rank: Rank) -> Option<usize> {
    match rank {
        Rank::Exact(_) => None,
        Rank::Between { most, .. } => Some(most),
    }
}

/// An affine map as an object.
fn map(map: &AffineMap, max_entries: usize) -> MapObject {
    let matrix = &map.matrix;
    let rank = matrix.rank(usize::MAX);
    MapObject {
        rows: matrix.rows(),
        cols: matrix.columns(),
        nonzeros: matrix.nonzeros(),
        rank: rank.exact(),
        rank_at_least: rank.least(),
        rank_at_most: at_most(rank),
        largest: map.largest().to_string(),
        denominator: map.denominator().to_string(),
        sha256: Some(map.sha256()),
        matrix: (matrix.nonzeros() <= max_entries).then(|| entries(matrix)),
        bias: Some(strings(&map.bias)),
        border_classes: None,
    }
}

fn symbolic_map(map: &AffineMap<Polynomial>, symbols: &Symbols, max_entries: usize) -> SymbolicMapObject {
    let formula = |p: &Polynomial| math::plain(&p.to_formula(&|s| symbols.name(s)));
    let rows = 0..map.matrix.rows();
    let entries =
        || rows.flat_map(|r| map.matrix.row(r).map(move |(c, p)| (r, c, p))).map(|(r, c, p)| (r, c, formula(p)));
    let fits = map.matrix.nonzeros() <= max_entries;
    SymbolicMapObject {
        rows: map.matrix.rows(),
        cols: map.matrix.columns(),
        nonzeros: map.matrix.nonzeros(),
        matrix: fits.then(|| entries().collect()),
        bias: fits.then(|| map.bias.numerators().iter().map(formula).collect()),
    }
}

fn entries(matrix: &Matrix) -> Vec<(usize, usize, String)> {
    matrix.entries().map(|(r, c, v)| (r, c, v.to_string())).collect()
}

fn strings(tensor: &Tensor) -> Vec<String> {
    tensor.to_rationals().iter().map(ToString::to_string).collect()
}

fn value(value: &Value) -> String {
    if value.is_exact() { value.low.to_string() } else { format!("[{}, {}]", value.low, value.high) }
}

fn witness(witness: &Witness, weights: &Assignment, symbols: &Symbols) -> WitnessObject {
    WitnessObject {
        base: (!witness.base.is_zero()).then(|| strings(&witness.base)),
        x: strings(&witness.x),
        y: strings(&witness.y),
        output: witness.output,
        f_x: value(&witness.f_x),
        f_y: value(&witness.f_y),
        f_x_plus_y: value(&witness.f_xy),
        f_0: value(&witness.f_base),
        weights: (!weights.is_empty()).then(|| tensors(weights, symbols)),
    }
}

/// The values of all tensors that have a symbol in the assignment; 0 where it gives none.
fn tensors(weights: &Assignment, symbols: &Symbols) -> BTreeMap<String, Vec<String>> {
    let tensor = |t: &SymbolTensor| {
        let value = |s| weights.get(&s).map_or("0".to_string(), ToString::to_string);
        (t.name.clone(), Symbols::of(t).map(value).collect())
    };
    symbols.tensors_of(weights.keys().copied()).map(tensor).collect()
}

fn layer(network: &Network, id: NodeId, line: usize) -> Option<LayerObject> {
    let node = &network.nodes[id];
    let layer = node.layer.as_ref()?;
    let function = layer.function();
    /// Columns and nonzero entries of all operators.
    fn sizes<C: Coefficient>(operators: &[Operator<C>]) -> (usize, usize) {
        operators.iter().fold((0, 0), |(c, n), o| (c + o.columns(), n + o.nonzeros()))
    }
    let sizes = match layer {
        Layer::Affine(affine) => Some(sizes(&affine.lower().operators)),
        Layer::Symbolic(affine) => Some(sizes(&affine.lower().operators)),
        _ => None,
    };
    let linear = sizes.is_some();
    Some(LayerObject {
        name: node.name.clone(),
        kind: function.kind(),
        line,
        input_shape: node.operands.first().map_or(Vec::new(), |&o| network.nodes[o].shape.axes().to_vec()),
        output_shape: node.shape.axes().to_vec(),
        linear,
        rows: linear.then(|| node.shape.elements()),
        cols: sizes.map(|s| s.0),
        nonzeros: sizes.map(|s| s.1),
        parameters: function.parameters(),
    })
}

#[derive(Debug, Serialize)]
struct StableObject {
    layer: String,
    units: usize,
    affine: usize,
    constant: usize,
    undecided: usize,
}

fn stable(network: &Network, layer: &Stable) -> StableObject {
    StableObject {
        layer: network.nodes[layer.node].name.clone(),
        units: layer.units,
        affine: layer.affine,
        constant: layer.constant,
        undecided: layer.undecided(),
    }
}

fn segment(network: &Network, segment: &Segment) -> SegmentObject {
    let name = |id: Option<&NodeId>| id.map_or(String::new(), |&id| network.nodes[id].name.clone());
    let working = segment.working_layers(network);
    let merged = segment.merged.as_ref().ok();
    SegmentObject {
        from: name(segment.layers.first()),
        to: name(segment.layers.last()),
        layers: segment.layers.len(),
        redundant: working.iter().skip(1).map(|id| name(Some(id))).collect(),
        parameters_before: segment.parameters,
        parameters_after: merged.map(|m| m.weights + m.constants),
        macs_before: segment.multiply_adds,
        macs_after: merged.map(|m| m.weights),
    }
}
