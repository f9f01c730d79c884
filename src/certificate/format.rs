//! The certificate's text, as `docs/certificate.md` says field by field.

use serde::Serialize;

use crate::algebra::{Integer, Rational};

/// The whole certificate; its seal follows.
#[derive(Debug, Serialize)]
pub struct CertificateText {
    pub format: &'static str,
    pub file: String,
    pub netprove: &'static str,
    pub source_sha256: String,
    pub symbols: Vec<SymbolText>,
    pub networks: Vec<NetworkText>,
    pub theorems: Vec<TheoremText>,
}

#[derive(Debug, Serialize)]
pub struct SymbolText {
    pub name: String,
    pub root_of: Option<u64>,
}

#[derive(Debug, PartialEq, Serialize)]
pub struct NetworkText {
    pub name: String,
    pub inputs: Vec<InputText>,
    pub layers: Vec<LayerText>,
    pub output: usize,
}

#[derive(Debug, PartialEq, Serialize)]
pub struct InputText {
    pub name: String,
    pub shape: Vec<usize>,
    pub domain: Option<(String, String)>,
}

#[derive(Debug, PartialEq, Serialize)]
pub struct LayerText {
    pub name: String,
    pub operands: Vec<usize>,
    pub shape: Vec<usize>,
    pub layer: KindText,
}

/// A numerator over the denominator beside it, or a polynomial: terms of a coefficient and powers.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum EntryText {
    Number(String),
    Polynomial(Vec<(String, Vec<(usize, u32)>)>),
}

impl From<&Integer> for EntryText {
    fn from(n: &Integer) -> EntryText {
        EntryText::Number(n.to_string())
    }
}

#[derive(Debug, PartialEq, Serialize)]
pub struct TensorText {
    pub shape: Vec<usize>,
    pub denominator: String,
    pub numerators: Vec<EntryText>,
}

#[derive(Debug, PartialEq, Serialize)]
pub struct WindowText {
    pub size: Vec<usize>,
    pub stride: Vec<usize>,
    pub dilation: Vec<usize>,
    pub before: Vec<usize>,
    pub after: Vec<usize>,
}

#[derive(Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum KindText {
    Conv {
        kernel: TensorText,
        bias: Option<TensorText>,
        window: WindowText,
        groups: usize,
        mode: &'static str,
    },
    ConvTranspose {
        kernel: TensorText,
        bias: Option<TensorText>,
        window: WindowText,
        output_pad: Vec<usize>,
        groups: usize,
    },
    Dense {
        matrix: TensorText,
        bias: Option<TensorText>,
    },
    Scale {
        factor: Option<TensorText>,
        offset: Option<TensorText>,
    },
    SumPool {
        window: WindowText,
        divisor: &'static str,
    },
    Pad {
        before: Vec<usize>,
        after: Vec<usize>,
        value: String,
        mode: &'static str,
    },
    Slice {
        start: Vec<usize>,
        step: Vec<usize>,
    },
    Upsample {
        factor: Vec<usize>,
        bilinear: bool,
    },
    Reshape,
    Permute {
        axes: Vec<usize>,
    },
    PixelShuffle {
        r: usize,
    },
    Add,
    Sub,
    Concat,
    Slopes {
        below: Vec<String>,
    },
    Clip {
        slope: String,
        offset: String,
        low: String,
        high: String,
    },
    ExtremePool {
        least: bool,
        window: WindowText,
    },
    Maxout {
        k: usize,
    },
    Extreme {
        least: bool,
    },
    Sigmoid,
    Tanh,
    Silu,
    Gelu,
    GeluTanh,
    Elu,
    Softplus,
    Softmax,
    Square,
    Multiply,
    Divide,
}

#[derive(Debug, Serialize)]
pub struct TheoremText {
    pub note: String,
    pub statement: StatementText,
    pub evidence: EvidenceText,
}

#[derive(Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum StatementText {
    AffineMap {
        network: usize,
        map: MapText,
    },
    Affine {
        network: usize,
    },
    Linear {
        network: usize,
    },
    NotAffine {
        network: usize,
    },
    NotLinear {
        network: usize,
    },
    Equal {
        left: usize,
        right: usize,
        within: Option<String>,
        nonnegative: Vec<usize>,
    },
    Different {
        left: usize,
        right: usize,
        within: Option<String>,
        nonnegative: Vec<usize>,
    },
    PositivelyHomogeneous {
        network: usize,
    },
    /// `convex`, `not_convex`, …
    #[serde(untagged)]
    Property {
        kind: String,
        network: usize,
        /// Of `monotone`: in which inputs.
        #[serde(skip_serializing_if = "Option::is_none")]
        inputs: Option<Vec<usize>>,
        /// Of `lipschitz`.
        #[serde(skip_serializing_if = "Option::is_none")]
        bound: Option<String>,
    },
}

#[derive(Debug, PartialEq, Serialize)]
pub struct MapText {
    pub rows: usize,
    pub columns: usize,
    pub denominator: String,
    pub entries: Vec<(usize, usize, EntryText)>,
    pub constant: Vec<EntryText>,
}

pub type ValuesText = Vec<(usize, String)>;

#[derive(Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum EvidenceText {
    Composition,
    NormalForm,
    Structure,
    Bounds,
    Witness { base: Vec<String>, x: Vec<String>, y: Vec<String>, output: usize, symbols: ValuesText },
    Homogeneity { x: Vec<String>, factor: String, output: usize, symbols: ValuesText },
    Constant { theorem: usize, x: Vec<String>, factor: String, output: usize, symbols: ValuesText },
    Counterexample { x: Vec<String>, output: usize, symbols: ValuesText },
    Regions { program: ProgramText, tree: Vec<NodeText> },
    Layers,
    Map { theorem: usize },
    Matrix { theorem: usize, symbols: ValuesText },
    Points { points: Vec<Vec<String>>, factor: Option<String>, output: usize, symbols: ValuesText },
}

/// `[constant, [[variable, coefficient], …]]`: variables are the inputs' entries, then the atoms.
pub type FormText = (String, Vec<(usize, String)>);

#[derive(Debug, PartialEq, Serialize)]
pub struct ProgramText {
    pub atoms: Vec<Vec<FormText>>,
    pub outputs: Vec<FormText>,
}

/// `[[index, factor], …]`
pub type SumText = Vec<(usize, String)>;

/// A node of a tree; its branches follow it, one after the other.
#[derive(Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum NodeText {
    Leaf,
    Empty { sum: SumText },
    Fixed { atom: usize, argument: usize, others: Vec<SumText> },
    Split { atom: usize },
}

/// Rationals as text.
pub fn strings(numbers: &[Rational]) -> Vec<String> {
    numbers.iter().map(ToString::to_string).collect()
}
