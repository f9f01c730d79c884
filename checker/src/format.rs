//! The certificate's text: `netprove-certificate/1`, field by field as in `docs/certificate.md`.
//!
//! Unknown, missing and repeated fields are refused, so nothing is read that is not checked. The
//! nesting is that of these types; `serde_json` stops at 128 levels in any case.

use serde::{Deserialize, Deserializer};
use sha2::{Digest, Sha256};

use crate::Rejection;

/// The whole certificate.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    pub format: String,
    /// For readers: the file that the networks were written in.
    pub file: String,
    /// For readers: the version of the program that wrote the certificate.
    pub netprove: String,
    pub source_sha256: String,
    pub symbols: Vec<Symbol>,
    pub networks: Vec<Network>,
    pub theorems: Vec<Theorem>,
    /// Of all bytes before this field; see [`read`].
    pub sha256: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Symbol {
    pub name: String,
    /// `null`: any number. Else the symbol is the positive square root of this integer.
    #[serde(deserialize_with = "present")]
    pub root_of: Option<u64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Network {
    pub name: String,
    pub inputs: Vec<Input>,
    pub layers: Vec<Node>,
    pub output: usize,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    pub name: String,
    pub shape: Vec<usize>,
    #[serde(deserialize_with = "present")]
    pub domain: Option<(String, String)>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Node {
    pub name: String,
    pub operands: Vec<usize>,
    pub shape: Vec<usize>,
    pub layer: Kind,
}

/// A number over the denominator that stands beside it, or a polynomial.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Entry {
    Number(String),
    Polynomial(Vec<(String, Vec<(usize, u32)>)>),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tensor {
    pub shape: Vec<usize>,
    pub denominator: String,
    pub numerators: Vec<Entry>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    pub size: Vec<usize>,
    pub stride: Vec<usize>,
    pub dilation: Vec<usize>,
    pub before: Vec<usize>,
    pub after: Vec<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    Zero,
    Circular,
    Reflect,
    Replicate,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Divisor {
    One,
    Window,
    Inside,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Kind {
    Conv {
        kernel: Tensor,
        #[serde(deserialize_with = "present")]
        bias: Option<Tensor>,
        window: Window,
        groups: usize,
        mode: Mode,
    },
    ConvTranspose {
        kernel: Tensor,
        #[serde(deserialize_with = "present")]
        bias: Option<Tensor>,
        window: Window,
        output_pad: Vec<usize>,
        groups: usize,
    },
    Dense {
        matrix: Tensor,
        #[serde(deserialize_with = "present")]
        bias: Option<Tensor>,
    },
    Scale {
        #[serde(deserialize_with = "present")]
        factor: Option<Tensor>,
        #[serde(deserialize_with = "present")]
        offset: Option<Tensor>,
    },
    SumPool {
        window: Window,
        divisor: Divisor,
    },
    Pad {
        before: Vec<usize>,
        after: Vec<usize>,
        value: String,
        mode: Mode,
    },
    Slice {
        start: Vec<usize>,
        step: Vec<usize>,
    },
    Upsample {
        factor: Vec<usize>,
        bilinear: bool,
    },
    Reshape {},
    Permute {
        axes: Vec<usize>,
    },
    PixelShuffle {
        r: usize,
    },
    Add {},
    Sub {},
    Concat {},
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
        window: Window,
    },
    Maxout {
        k: usize,
    },
    Extreme {
        least: bool,
    },
    Sigmoid {},
    Tanh {},
    Silu {},
    Gelu {},
    Softmax {},
    Square {},
    Multiply {},
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Theorem {
    /// For readers: what was claimed, and the answer. Not checked.
    pub note: String,
    pub statement: Statement,
    pub evidence: Evidence,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Statement {
    AffineMap {
        network: usize,
        map: Map,
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
        #[serde(deserialize_with = "present")]
        within: Option<String>,
        nonnegative: Vec<usize>,
    },
    Different {
        left: usize,
        right: usize,
        #[serde(deserialize_with = "present")]
        within: Option<String>,
        nonnegative: Vec<usize>,
    },
    PositivelyHomogeneous {
        network: usize,
    },
}

/// (entries · x + constant) / denominator.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Map {
    pub rows: usize,
    pub columns: usize,
    pub denominator: String,
    pub entries: Vec<(usize, usize, Entry)>,
    pub constant: Vec<Entry>,
}

/// Values of symbols, by their indices.
pub type Values = Vec<(usize, String)>;

#[derive(Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Evidence {
    Composition {},
    NormalForm {},
    Structure {},
    Bounds {},
    Witness { base: Vec<String>, x: Vec<String>, y: Vec<String>, output: usize, symbols: Values },
    Homogeneity { x: Vec<String>, factor: String, output: usize, symbols: Values },
    Counterexample { x: Vec<String>, output: usize, symbols: Values },
}

/// A field that may be `null`, and must be there.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    Option::deserialize(deserializer)
}

/// The most bytes that are read.
pub const MAX_BYTES: usize = 1 << 31;

/// Reads a certificate: its text, its version and its seal.
///
/// The seal is the last field, `"sha256": "…"`, of all bytes before it. It finds damage, not malice.
pub fn read(bytes: &[u8]) -> Result<Certificate, Rejection> {
    let unreadable = |why: String| Rejection::Unreadable(why);
    if bytes.len() > MAX_BYTES {
        return Err(unreadable(format!("it has more than {MAX_BYTES} bytes")));
    }
    let certificate: Certificate = serde_json::from_slice(bytes).map_err(|e| unreadable(e.to_string()))?;
    if certificate.format != "netprove-certificate/1" {
        return Err(unreadable(format!("its format is `{}`, not `netprove-certificate/1`", certificate.format)));
    }
    let mark = b"\"sha256\":";
    let body = bytes.windows(mark.len()).rposition(|w| w == mark).map_or(bytes, |at| &bytes[..at]);
    if sha256(body) != certificate.sha256 {
        return Err(Rejection::at("the seal", "`sha256` is not the hash of the bytes before it: the text was changed"));
    }
    Ok(certificate)
}

/// The lowercase hexadecimal SHA-256.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
