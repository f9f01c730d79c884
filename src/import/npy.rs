//! NumPy's `.npy` format, versions 1 to 3 (NEP 1): one tensor.

use num_traits::ToPrimitive;

use super::element::{Element, F16, F32, F64, decode};
use super::{Refusal, read, shape};
use crate::algebra::{Shape, Tensor};

const MAGIC: &[u8] = b"\x93NUMPY";

/// The longest header that is read: NumPy's own are below 10 kB.
const MAX_HEADER: usize = 1 << 16;

/// The tensor of a file.
///
/// # Errors
/// If the file is damaged, its elements are no plain numbers, or it is too large.
pub fn tensor(bytes: &[u8], memory: u64) -> Result<Tensor, Refusal> {
    let header = Header::parse(bytes)?;
    let count = header.shape.elements().checked_mul(header.element.size());
    let end = count.and_then(|n| n.checked_add(header.data)).filter(|&end| end <= bytes.len());
    let Some(end) = end else {
        let message = format!("the file is shorter than its tensor {} needs", header.shape);
        return Err(Refusal::damaged(message).help("it may have been cut off: write it again"));
    };
    if end != bytes.len() {
        return Err(Refusal::damaged(format!("{} bytes follow the tensor {}", bytes.len() - end, header.shape)));
    }
    let data = &bytes[header.data..end];
    let swapped;
    let data = if header.big_endian {
        swapped = data.chunks_exact(header.element.size()).flat_map(|e| e.iter().rev().copied()).collect::<Vec<u8>>();
        &swapped
    } else {
        data
    };
    if !header.fortran {
        return decode(header.element, &header.shape, data, memory);
    }
    // Column-major: the reversed axes, row-major.
    let reversed = shape(header.shape.axes().iter().rev().copied().collect())?;
    let tensor = decode(header.element, &reversed, data, memory)?;
    let source = |flat| {
        let index: Vec<usize> = header.shape.unravel(flat).into_iter().rev().collect();
        Some(reversed.ravel(&index))
    };
    Ok(tensor.gather(header.shape.clone(), source))
}

struct Header {
    element: Element,
    big_endian: bool,
    fortran: bool,
    shape: Shape,
    /// Where the data begins.
    data: usize,
}

impl Header {
    fn parse(bytes: &[u8]) -> Result<Header, Refusal> {
        let cut = || Refusal::damaged("the file ends within its header");
        if !bytes.starts_with(MAGIC) {
            return Err(Refusal::damaged("this is not an npy file: it does not begin with `\\x93NUMPY`"));
        }
        let [major, _] = read::<2>(bytes, 6).ok_or_else(cut)?;
        let (start, length) = match major {
            1 => (10, usize::from(u16::from_le_bytes(read(bytes, 8).ok_or_else(cut)?))),
            2 | 3 => (12, u32::from_le_bytes(read(bytes, 8).ok_or_else(cut)?) as usize),
            other => return Err(Refusal::unsupported(format!("version {other} of the npy format is not known"))),
        };
        if length > MAX_HEADER {
            return Err(Refusal::damaged(format!("the header claims {length} bytes")));
        }
        let header = bytes.get(start..start + length).ok_or_else(cut)?;
        let header = std::str::from_utf8(header).map_err(|_| Refusal::damaged("the header is not text"))?;
        let field = |name: &str| {
            let (_, rest) = header.split_once(&format!("'{name}'"))?;
            Some(rest.trim_start().strip_prefix(':')?.trim_start())
        };
        let lacking = |name: &str| Refusal::damaged(format!("the header has no `{name}` that is understood"));
        let descr = field("descr").ok_or_else(|| lacking("descr"))?;
        let descr = descr.strip_prefix('\'').and_then(|d| d.split_once('\'')).map(|d| d.0);
        let descr =
            descr.ok_or_else(|| Refusal::unsupported("records are not tensors: the file has several fields"))?;
        let (element, big_endian) = kind(descr)?;
        let fortran = field("fortran_order").ok_or_else(|| lacking("fortran_order"))?.starts_with("True");
        let axes = field("shape").and_then(|s| s.strip_prefix('(')?.split_once(')'));
        let axes = axes.ok_or_else(|| lacking("shape"))?.0.split(',').map(str::trim).filter(|a| !a.is_empty());
        let axes: Option<Vec<usize>> = axes.map(|a| a.parse().ok()).collect();
        let shape = shape(axes.ok_or_else(|| lacking("shape"))?)?;
        Ok(Header { element, big_endian, fortran, shape, data: start + length })
    }
}

/// `<f4`: byte order, kind, bytes.
fn kind(descr: &str) -> Result<(Element, bool), Refusal> {
    let element = match descr.get(1..) {
        Some("f2") => Element::Float(F16),
        Some("f4") => Element::Float(F32),
        Some("f8") => Element::Float(F64),
        Some("b1") => Element::Bool,
        Some("i1") => Element::Signed(1),
        Some("i2") => Element::Signed(2),
        Some("i4") => Element::Signed(4),
        Some("i8") => Element::Signed(8),
        Some("u1") => Element::Unsigned(1),
        Some("u2") => Element::Unsigned(2),
        Some("u4") => Element::Unsigned(4),
        Some("u8") => Element::Unsigned(8),
        _ => {
            let message = format!("elements of the type `{descr}` are not read");
            return Err(Refusal::unsupported(message).help("store float16, float32, float64 or integers"));
        }
    };
    match descr.as_bytes().first() {
        Some(b'<' | b'|' | b'=') => Ok((element, false)),
        Some(b'>') => Ok((element, true)),
        _ => Err(Refusal::damaged(format!("`{descr}` is not a type of elements"))),
    }
}

/// A file with elements of float64: each number rounded once, to nearest, ties to even.
pub fn write(tensor: &Tensor) -> Vec<u8> {
    let data = tensor.to_rationals().into_iter().flat_map(|v| v.to_f64().unwrap_or(f64::NAN).to_le_bytes());
    file("<f8", tensor.shape(), data)
}

/// A file of given elements.
pub fn file(descr: &str, shape: &Shape, data: impl IntoIterator<Item = u8>) -> Vec<u8> {
    let axes = shape.axes().iter().map(|n| format!("{n},")).collect::<Vec<_>>().join(" ");
    let mut header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({axes}), }}");
    // The data begins at a multiple of 64 bytes.
    while (10 + header.len() + 1) % 64 != 0 {
        header.push(' ');
    }
    header.push('\n');
    let length = u16::try_from(header.len()).unwrap_or(u16::MAX);
    let mut bytes = [MAGIC, &[1, 0], &length.to_le_bytes(), header.as_bytes()].concat();
    bytes.extend(data);
    bytes
}
