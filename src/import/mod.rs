//! Files that others write: weights (npy, npz, safetensors) as exact tensors, models as networks.
//!
//! Every finite float is a dyadic rational, m·2ᵉ, and is read as exactly that: the float32 nearest
//! to 0.1 is 13421773/134217728. Sizes that a file declares are checked against the bytes that it
//! has, and against the memory limit, before anything is allocated. The library reads no files:
//! bytes come from a [`Loader`](crate::network::Loader).

pub mod element;
pub mod npy;
pub mod npz;
pub mod onnx;
pub mod safetensors;
mod zip;

use crate::algebra::{Shape, Tensor};
use crate::diagnostic::{Code, Diagnostic, Span};

/// Why a file, or a part of it, is not used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The kind of mistake.
    pub code: Code,
    /// What is wrong, in one sentence.
    pub message: String,
    /// What to do instead.
    pub help: Option<String>,
}

impl Refusal {
    /// A file that is damaged, or no file of its format.
    pub fn damaged(message: impl Into<String>) -> Refusal {
        Refusal { code: Code::InvalidFile, message: message.into(), help: None }
    }

    /// Something that is not among what this version reads.
    pub fn unsupported(message: impl Into<String>) -> Refusal {
        Refusal { code: Code::NotYetSupported, message: message.into(), help: None }
    }

    /// Says what to do instead.
    pub fn help(mut self, help: impl Into<String>) -> Refusal {
        self.help = Some(help.into());
        self
    }

    /// The refusal as a diagnostic at a place.
    pub fn at(self, span: Span) -> Diagnostic {
        let diagnostic = Diagnostic::new(self.code, span, self.message);
        match self.help {
            Some(help) => diagnostic.help(help),
            None => diagnostic,
        }
    }
}

/// A tensor of a weight file, by the file's extension; `name` is the tensor's, where the format has names.
///
/// # Errors
/// If the file is damaged, has no tensor of this name, a number that is not finite, or a tensor
/// that would take more than `memory` bytes.
pub fn tensor(path: &str, bytes: &[u8], name: Option<&str>, memory: u64) -> Result<Tensor, Refusal> {
    let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension);
    match (extension, name) {
        ("npy", None) => npy::tensor(bytes, memory),
        ("npy", Some(_)) => Err(Refusal {
            code: Code::UnknownArgument,
            message: "an npy file is one tensor, without a name".into(),
            help: Some(format!("write `load(\"{path}\")`")),
        }),
        ("npz", name) => npz::tensor(bytes, name, memory),
        ("safetensors", name) => safetensors::tensor(bytes, name, memory),
        _ => Err(Refusal::unsupported("weights are read from `.npy`, `.npz` and `.safetensors` files")),
    }
}

/// The one that is asked for, among those that there are.
fn choose<'n>(wanted: Option<&str>, names: &[&'n str]) -> Result<&'n str, Refusal> {
    const SHOWN: usize = 8;
    let mut list = names.iter().take(SHOWN).map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ");
    if names.len() > SHOWN {
        list.push_str(&format!(" and {} more", names.len() - SHOWN));
    }
    match (wanted, names) {
        (_, []) => Err(Refusal::damaged("the file has no tensor")),
        (None, [only]) => Ok(only),
        (None, _) => {
            let message = format!("the file has {} tensors: say which", names.len());
            Err(Refusal { code: Code::MissingArgument, message, help: Some(format!("there are {list}")) })
        }
        (Some(wanted), _) => names.iter().copied().find(|n| *n == wanted).ok_or_else(|| {
            let help = match crate::diagnostic::did_you_mean(wanted, names.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("there are {list}"),
            };
            Refusal { code: Code::UnknownName, message: format!("the file has no tensor `{wanted}`"), help: Some(help) }
        }),
    }
}

/// A shape of axes that a file declares.
fn shape(axes: Vec<usize>) -> Result<Shape, Refusal> {
    let written = axes.iter().map(usize::to_string).collect::<Vec<_>>().join("x");
    Shape::new(axes).map_err(|e| Refusal {
        code: Code::InvalidShape,
        message: format!("the shape `{written}` is not one: {e}"),
        help: None,
    })
}

/// Little-endian integers at a place; `None` past the end.
fn read<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}
