//! Weight files: every float exactly, every damage a refusal.

use netprove::algebra::{Integer, Rational, Shape, Tensor};
use netprove::diagnostic::{Code, Source};
use netprove::import::{npy, npz, tensor};
use netprove::network::{Loader, check};
use proptest::prelude::*;

const MEMORY: u64 = 1 << 24;

fn shape(axes: &[usize]) -> Shape {
    Shape::new(axes).expect("a shape")
}

fn dyadic(mantissa: i64, exponent: u32) -> Rational {
    Rational::new(mantissa.into(), Integer::from(1) << exponent)
}

fn npy_of(descr: &str, axes: &[usize], data: impl IntoIterator<Item = u8>) -> Vec<u8> {
    npy::file(descr, &shape(axes), data)
}

fn read(path: &str, bytes: &[u8]) -> Result<Vec<Rational>, Code> {
    tensor(path, bytes, None, MEMORY).map(|t| t.to_rationals()).map_err(|r| r.code)
}

fn safetensors(header: &str, data: &[u8]) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), data].concat()
}

#[test]
fn every_format_of_floats_is_read_to_its_exact_value() {
    // One tenth is none of them; the smallest subnormal, the largest number and −0 are.
    let f32s = [0.1_f32, f32::from_bits(1), f32::MAX, -0.0, -1.5];
    let expected = vec![
        dyadic(13_421_773, 27),
        Rational::new(1.into(), Integer::from(1) << 149),
        Rational::from_integer(Integer::from((1 << 24) - 1) << 104),
        dyadic(0, 0),
        dyadic(-3, 1),
    ];
    assert_eq!(read("w.npy", &npy_of("<f4", &[5], f32s.iter().flat_map(|v| v.to_le_bytes()))), Ok(expected.clone()));
    assert_eq!(read("w.npy", &npy_of(">f4", &[5], f32s.iter().flat_map(|v| v.to_be_bytes()))), Ok(expected));
    let f64s = [0.1_f64, -f64::from_bits(1)];
    let expected = vec![dyadic(3_602_879_701_896_397, 55), Rational::new((-1).into(), Integer::from(1) << 1074)];
    assert_eq!(read("w.npy", &npy_of("<f8", &[2], f64s.iter().flat_map(|v| v.to_le_bytes()))), Ok(expected));
    // float16: 0x2E66 is the nearest to 0.1, 0x0001 the smallest, 0x7BFF is 65504.
    let halves = [0x2E66_u16, 0x0001, 0x7BFF, 0xC000];
    let expected = vec![dyadic(819, 13), dyadic(1, 24), dyadic(65_504, 0), dyadic(-2, 0)];
    assert_eq!(read("w.npy", &npy_of("<f2", &[4], halves.iter().flat_map(|v| v.to_le_bytes()))), Ok(expected));
    // bfloat16 is the upper half of float32: 0x3DCD is the nearest to 0.1.
    let header = r#"{"w":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]}}"#;
    let data: Vec<u8> = [0x3DCD_u16, 0xBF80].iter().flat_map(|v| v.to_le_bytes()).collect();
    assert_eq!(read("w.safetensors", &safetensors(header, &data)), Ok(vec![dyadic(205, 11), dyadic(-1, 0)]));
}

#[test]
fn integers_and_truth_values_are_read() {
    let expected = |v: &[i64]| Ok(v.iter().map(|&n| dyadic(n, 0)).collect::<Vec<_>>());
    assert_eq!(read("w.npy", &npy_of("|i1", &[3], [0x80, 0xFF, 0x7F])), expected(&[-128, -1, 127]));
    assert_eq!(read("w.npy", &npy_of("|u1", &[2], [0x80, 0xFF])), expected(&[128, 255]));
    assert_eq!(read("w.npy", &npy_of("|b1", &[2], [0, 1])), expected(&[0, 1]));
    assert_eq!(read("w.npy", &npy_of("<i8", &[1], i64::MIN.to_le_bytes())), expected(&[i64::MIN]));
    let largest = vec![Rational::from_integer(u64::MAX.into())];
    assert_eq!(read("w.npy", &npy_of("<u8", &[1], u64::MAX.to_le_bytes())), Ok(largest));
}

#[test]
fn column_major_order_is_transposed() {
    let bytes = npy_of("|i1", &[2, 3], [1, 4, 2, 5, 3, 6]);
    let text = String::from_utf8_lossy(&bytes).into_owned();
    assert!(text.contains("'fortran_order': False"));
    let at = bytes.windows(5).position(|w| w == b"False").expect("written");
    let bytes = [&bytes[..at], b"True ", &bytes[at + 5..]].concat();
    assert_eq!(read("w.npy", &bytes), Ok((1..=6).map(|n| dyadic(n, 0)).collect()));
}

#[test]
fn archives_are_read_by_name() {
    let file = |n: u8| npy_of("|u1", &[1], [n]);
    let bytes = npz::write(vec![("a".into(), file(1)), ("b.c".into(), file(2))]).expect("small");
    let named = |name| tensor("w.npz", &bytes, name, MEMORY).map(|t| t.to_rationals()).map_err(|r| (r.code, r.help));
    assert_eq!(named(Some("b.c")), Ok(vec![dyadic(2, 0)]));
    assert_eq!(named(None), Err((Code::MissingArgument, Some("there are `a`, `b.c`".into()))));
    assert_eq!(named(Some("z")).map_err(|e| e.0), Err(Code::UnknownName));
}

#[test]
fn what_is_not_a_number_is_named() {
    let refused = tensor(
        "w.npy",
        &npy_of("<f4", &[2, 2], [0.0, 1.0, f32::NAN, 2.0].iter().flat_map(|v: &f32| v.to_le_bytes())),
        None,
        MEMORY,
    );
    let refused = refused.expect_err("NaN");
    assert_eq!(
        (refused.code, refused.message.as_str()),
        (Code::InvalidNumber, "the element [1, 0] is infinite or not a number")
    );
    assert_eq!(read("w.npy", &npy_of("<f8", &[1], f64::INFINITY.to_le_bytes())), Err(Code::InvalidNumber));
}

#[test]
fn sizes_are_checked_before_anything_is_allocated() {
    // 2⁴⁰ elements that are not there, and few that would be very long over one denominator.
    let bytes = npy_of("<f4", &[1 << 20, 1 << 20], []);
    assert_eq!(read("w.npy", &bytes), Err(Code::InvalidFile));
    let header = r#"{"w":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}}"#;
    assert_eq!(read("w.safetensors", &safetensors(header, &[])), Err(Code::InvalidShape));
    assert_eq!(read("w.safetensors", &u64::MAX.to_le_bytes()), Err(Code::InvalidFile));
    let wide: Vec<u8> =
        (0..100_000_u32).flat_map(|i| if i == 0 { f64::from_bits(1) } else { 1.0 }.to_le_bytes()).collect();
    assert_eq!(read("w.npy", &npy_of("<f8", &[100_000], wide)), Err(Code::MemoryLimit));
}

/// Files by name.
struct Files(Vec<(&'static str, Vec<u8>)>);

impl Loader for Files {
    fn load(&self, _: &str, _: &str) -> Result<Source, String> {
        Err("no such file".into())
    }

    fn bytes(&self, _: &str, path: &str, _: bool, _: u64) -> Result<Vec<u8>, String> {
        self.0.iter().find(|f| f.0 == path).map(|f| f.1.clone()).ok_or_else(|| "no such file".into())
    }
}

#[test]
fn a_program_loads_its_weights() {
    let kernel = npy_of("<f4", &[1, 1, 1], 0.1_f32.to_le_bytes());
    let files =
        Files(vec![("k.npy", kernel.clone()), ("w.npz", npz::write(vec![("k".into(), kernel)]).expect("small"))]);
    let checked = |text: &str| {
        let source = Source { name: "t.net".into(), text: text.into() };
        check(source, &files, MEMORY).map_err(|r| r.diagnostics.iter().map(|d| d.code).collect::<Vec<_>>())
    };
    let program =
        checked("let k = load(\"k.npy\") + load(\"w.npz\", \"k\")\nnetwork f(x: 1x3) = x |> conv(k)").expect("right");
    let y = program.networks[0].evaluate(&Tensor::constant(shape(&[3]), &dyadic(1, 0)));
    assert_eq!(y.expect("exact").get(0), dyadic(13_421_773, 26));
    let mistakes = [
        ("let k = load(\"z.npy\")", Code::Unreadable),
        ("let k = load(\"k.npy\", \"k\")", Code::UnknownArgument),
        ("let k = load(3)", Code::WrongKind),
        ("let k = load(\"w.npz\", \"q\")", Code::UnknownName),
    ];
    for (text, code) in mistakes {
        assert_eq!(checked(text).err(), Some(vec![code]), "{text}");
    }
}

proptest! {
    #[test]
    fn floats_are_read_as_the_library_of_numbers_reads_them(bits in any::<[u32; 4]>()) {
        let finite: Vec<f32> = bits.iter().map(|&b| f32::from_bits(b)).filter(|v| v.is_finite()).collect();
        if !finite.is_empty() {
            let bytes = npy_of("<f4", &[finite.len()], finite.iter().flat_map(|v| v.to_le_bytes()));
            let expected: Vec<Rational> = finite.iter().map(|&v| Rational::from_float(v).expect("finite")).collect();
            prop_assert_eq!(read("w.npy", &bytes), Ok(expected));
        }
    }

    /// Whatever a damaged file says, the answer is a tensor or a refusal.
    #[test]
    fn damage_is_refused(kind in 0_usize..3, cut in any::<prop::sample::Index>(), at in any::<prop::sample::Index>(), byte in any::<u8>(), truncate in any::<bool>()) {
        let npy = npy_of("<f4", &[2, 2], [1.0_f32, 0.5, -2.0, 0.1].iter().flat_map(|v| v.to_le_bytes()));
        let header = r#"{"w":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]}}"#;
        let (path, mut bytes) = match kind {
            0 => ("w.npy", npy),
            1 => ("w.npz", npz::write(vec![("w".into(), npy)]).expect("small")),
            _ => ("w.safetensors", safetensors(header, &[7; 16])),
        };
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if truncate {
            bytes.truncate(cut.index(bytes.len()));
        }
        let _ = read(path, &bytes);
    }
}
