//! Certificates attacked: thousands of random changes of one field, malformed and huge ones, and
//! theorems of other networks. The checker must refuse whatever is no longer true.

mod common;
mod reader;

use common::certificates::{FILES, certify, checked, sealed};
use netprove_check::Rejection;
use serde_json::Value;

/// SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((z ^ (z >> 31)) % n as u64).expect("small")
    }
}

/// The paths of all values, as JSON pointers.
fn paths(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_string());
    match value {
        Value::Array(items) => items.iter().enumerate().for_each(|(i, v)| paths(v, &format!("{at}/{i}"), found)),
        Value::Object(fields) => fields.iter().for_each(|(k, v)| paths(v, &format!("{at}/{k}"), found)),
        _ => {}
    }
}

/// What readers see and no checker can check: names, and what the certificate says it is of.
fn is_note(path: &str) -> bool {
    let note = ["/name", "/note", "/file", "/netprove", "/source_sha256"];
    note.iter().any(|end| path.ends_with(end))
}

const WORDS: &[&str] = &[
    "zero",
    "circular",
    "reflect",
    "replicate",
    "one",
    "window",
    "inside",
    "affine",
    "linear",
    "affine_map",
    "not_affine",
    "not_linear",
    "equal",
    "different",
    "composition",
    "normal_form",
    "structure",
    "bounds",
    "witness",
    "add",
    "sub",
    "concat",
    "reshape",
    "slopes",
    "extreme",
    "square",
    "sigmoid",
    "tanh",
    "silu",
    "gelu",
    "softmax",
    "multiply",
    "positively_homogeneous",
    "convex",
    "concave",
    "monotone",
    "lipschitz",
    "injective",
    "surjective",
    "affine_along_constants",
    "not_convex",
    "not_monotone",
    "not_injective",
    "not_surjective",
    "not_additive",
    "not_homogeneous",
    "not_a_convolution",
    "layers",
    "map",
    "matrix",
    "regions",
    "points",
    "leaf",
    "empty",
    "fixed",
    "split",
    "elu",
    "softplus",
    "divide",
];

/// Changes one value; what it became, or `None` where nothing was changed.
fn mutate(certificate: &mut Value, path: &str, random: &mut Random) -> Option<String> {
    let all = certificate.clone();
    let target = certificate.pointer_mut(path)?;
    let old = target.clone();
    match target {
        Value::Null => {
            *target = [Value::from(1), "1".into(), Value::Array(vec!["0".into(), "1".into()])][random.below(3)].clone()
        }
        Value::Bool(b) => *b = !*b,
        Value::Number(n) => {
            let n = n.as_u64()?;
            let new = [n + 1, n.wrapping_sub(1).min(n + 2), 0, n * 2, 1 << 40, u64::MAX][random.below(6)];
            *target = new.into();
        }
        Value::String(text) => {
            let number = text.parse::<i64>();
            *target = match (number, random.below(5)) {
                (Ok(n), 0) => (n.wrapping_add(1)).to_string(),
                (Ok(n), 1) => (n.wrapping_sub(1)).to_string(),
                (Ok(n), 2) => n.wrapping_neg().to_string(),
                (Ok(n), 3) => format!("{n}/7"),
                (Ok(_), _) => "0".into(),
                (Err(_), 0) => "1/3".into(),
                (Err(_), 1) => "-5".into(),
                (Err(_), _) => WORDS[random.below(WORDS.len())].into(),
            }
            .into();
        }
        Value::Array(items) => match (items.len(), random.below(4)) {
            (0, _) => items.push(Value::from(0)),
            (n, 0) => _ = items.remove(random.below(n)),
            (n, 1) => {
                let (from, to) = (random.below(n), random.below(n));
                items.insert(to, items[from].clone());
            }
            (n, 2) => items.swap(random.below(n), random.below(n)),
            (_, _) => items.clear(),
        },
        Value::Object(fields) => match random.below(3) {
            0 => {
                let name = fields.keys().nth(random.below(fields.len().max(1)))?.clone();
                fields.remove(&name);
            }
            1 => _ = fields.insert("extra".into(), Value::from(1)),
            // Another value of the same kind: an edge, a layer, a theorem of elsewhere.
            _ => {
                let (last, mut others) = (path.rsplit('/').next()?, Vec::new());
                paths(&all, "", &mut others);
                others.retain(|p| p.rsplit('/').next() == Some(last) && p != path);
                *target =
                    all.pointer(&others[random.below(others.len().max(1)).min(others.len().checked_sub(1)?)])?.clone();
            }
        },
    }
    (*target != old).then(|| format!("{path}: {} became {}", brief(&old), brief(target)))
}

fn brief(value: &Value) -> String {
    value.to_string().chars().take(120).collect()
}

#[test]
fn random_mutants_are_refused_or_still_true() {
    const EACH: usize = 400;
    let (mut refused, mut unreadable, mut noted, mut true_still) = (0, 0, 0, 0);
    for (name, text) in FILES {
        let original = certify(name, text);
        checked(&sealed(&original)).unwrap_or_else(|e| panic!("{name}: {e}"));
        let mut all = Vec::new();
        paths(&original, "", &mut all);
        all.retain(|path| !path.ends_with("/sha256"));
        let mut random = Random(text.len() as u64);
        for _ in 0..EACH {
            let path = &all[random.below(all.len())];
            let mut mutant = original.clone();
            let Some(change) = mutate(&mut mutant, path, &mut random) else { continue };
            match checked(&sealed(&mutant)) {
                Err(Rejection::Unreadable(_)) => unreadable += 1,
                Err(Rejection::Wrong { step, reason }) => {
                    assert!(!step.is_empty() && !reason.is_empty(), "{name}: {change}: no step is named");
                    refused += 1;
                }
                Ok(_) if is_note(path) => noted += 1,
                Ok(_) => {
                    if let Err(why) = reader::holds(&mutant) {
                        panic!("{name}: {change}: accepted, but {why}");
                    }
                    true_still += 1;
                }
            }
        }
    }
    let total = refused + unreadable + noted + true_still;
    println!(
        "{total} mutants: {refused} refused at a named step, {unreadable} unreadable, {noted} changed names or notes only, \
         {true_still} accepted and true by netprove's own definitions"
    );
    assert!(total > 4000 && refused > 1500, "{total} mutants, {refused} refused");
    assert!(true_still * 10 < total, "{true_still} of {total} mutants stay true: too many to say much");
}

/// The seal finds any change by itself.
#[test]
fn unsealed_changes_are_refused() {
    let text = String::from_utf8(sealed(&certify("conv", FILES[0].1))).expect("UTF-8");
    let mut refused = 0;
    for (at, byte) in text.bytes().enumerate().step_by(7) {
        let mut bytes = text.clone().into_bytes();
        bytes[at] = if byte == b'1' { b'2' } else { b'1' };
        assert!(checked(&bytes).is_err(), "byte {at}");
        refused += 1;
    }
    assert!(refused > 100);
}

#[test]
fn malformed_certificates_are_unreadable() {
    let original = String::from_utf8(sealed(&certify("conv", FILES[0].1))).expect("UTF-8");
    let deep = "[".repeat(100_000);
    let nested = original.replacen("\"symbols\":[]", &format!("\"symbols\":{deep}"), 1);
    let twice = original.replacen("\"symbols\":[]", "\"symbols\":[],\"symbols\":[]", 1);
    let later = original.replacen("netprove-certificate/1", "netprove-certificate/2", 1);
    let float = original.replacen("\"groups\":2", "\"groups\":2.0", 1);
    let texts = [
        "",
        "{}",
        "null",
        "[]",
        "{\"format\":\"netprove-certificate/1\"}",
        "\u{0}",
        &deep,
        &nested,
        &twice,
        &later,
        &float,
    ];
    for text in texts {
        let result = checked(text.as_bytes());
        assert!(matches!(result, Err(Rejection::Unreadable(_))), "{:?}: {result:?}", text.get(..60));
    }
    for end in (0..original.len()).step_by(101) {
        assert!(checked(&original.as_bytes()[..end]).is_err(), "cut at {end}");
    }
    assert!(checked(&[0xff; 100]).is_err());
}

/// A few bytes may ask for more than any machine has: they are refused before anything is allocated.
#[test]
fn huge_networks_are_refused() {
    let original = certify("pool", "network f(x: 1x4x4) { maxpool(2) }");
    let huge: &[(&str, Value)] = &[
        ("/networks/0/inputs/0/shape", serde_json::json!([1, 4_294_967_295_u64, 4_294_967_295_u64])),
        ("/networks/0/inputs/0/shape", serde_json::json!([1 << 26, 1 << 26, 1 << 26])),
        ("/networks/0/layers/0/layer/window/size", serde_json::json!([1 << 25, 1 << 25])),
        ("/networks/0/layers/0/layer/window/before", serde_json::json!([u64::MAX, u64::MAX])),
        ("/networks/0/layers/0/layer/window/stride", serde_json::json!([0, 0])),
        ("/networks/0/layers/0/operands", serde_json::json!([u64::MAX])),
        ("/networks/0/output", serde_json::json!(1)),
    ];
    for (path, value) in huge {
        let mut mutant = original.clone();
        let place = mutant.pointer_mut(path).expect(path);
        let change = *place != *value;
        *place = value.clone();
        assert!(!change || checked(&sealed(&mutant)).is_err(), "{path} = {value}");
    }
}

/// What netprove proves of one network, stated of another: as if its lowering had computed the other one.
#[test]
fn theorems_of_a_faulty_lowering_are_refused() {
    let faults = [
        ("the flip", "conv([[1, 2], [3, 4]])", "conv([[4, 3], [2, 1]])"),
        ("the transpose", "conv([[1, 2], [3, 4]])", "conv([[1, 3], [2, 4]])"),
        (
            "the stride",
            "conv([[1, 2], [3, 4]], stride=2); slice(1, 0, 1)",
            "conv([[1, 2], [3, 4]]); slice(1, 0, 2, step=2); slice(2, 0, 2)",
        ),
        ("one side's padding", "conv([[1, 2], [3, 4]], pad=[1, 0, 0, 1])", "conv([[1, 2], [3, 4]], pad=[0, 1, 0, 1])"),
        ("the padding's mode", "conv(ones(3x3), pad=1)", "conv(ones(3x3), pad=1, pad_mode=replicate)"),
        (
            "reflection at the border",
            "conv(ones(3x3), pad=1, pad_mode=reflect)",
            "conv(ones(3x3), pad=1, pad_mode=replicate)",
        ),
        ("the dilation", "conv([[1, 2], [3, 4]], dilation=2)", "conv([[1, 2], [3, 4]]); conv([[1, 0], [0, 0]])"),
        (
            "the groups",
            "conv(random(2x1x1x1, seed=1)); conv(random(2x1x2x2, seed=4), groups=2)",
            "conv(random(2x1x1x1, seed=1)); conv(flip(random(2x1x2x2, seed=4)), groups=2)",
        ),
        ("the bias", "conv([[1, 2], [3, 4]], bias=[1])", "conv([[1, 2], [3, 4]])"),
        ("the padding's value", "pad(1, value=1); conv(ones(3x3))", "pad(1); conv(ones(3x3))"),
        ("the divisor", "avgpool(3, stride=1, pad=1, count_pad=no)", "avgpool(3, stride=1, pad=1)"),
        ("the transposed stride", "conv_transpose([[1, 2], [3, 4]], stride=2)", "upsample(2); scale(2)"),
        ("interpolation", "upsample(2, mode=bilinear)", "upsample(2)"),
        ("the order of axes", "permute(0, 2, 1)", "identity"),
        (
            "the order of a shuffle",
            "conv(random(4x1x1x1, seed=9)); pixel_shuffle(2)",
            "conv(random(4x1x1x1, seed=9)); reshape(1x6x6)",
        ),
        ("the sign", "a = conv([[1]]); output a - x", "a = conv([[1]]); output a + x"),
        ("a lost branch", "a = conv([[2]]); output a + x", "conv([[2]])"),
        ("a kink that acts", "conv([[-1]]); relu", "scale(0)"),
        ("a slope", "leaky_relu(1/2)", "identity"),
        ("the padding of a pool", "pad(1, value=-1); maxpool(1, stride=1); crop(1); relu", "identity"),
    ];
    for (fault, right, wrong) in faults {
        let certificate = |body: &str| certify(fault, &format!("network f(x: 1x3x3 in [-1, 1]) {{ {body} }}"));
        let (mut right, wrong) = (certificate(right), certificate(wrong));
        checked(&sealed(&right)).unwrap_or_else(|e| panic!("{fault}: {e}"));
        right["theorems"] = wrong["theorems"].clone();
        let result = checked(&sealed(&right));
        assert!(matches!(result, Err(Rejection::Wrong { .. })), "{fault}: {result:?}");
    }
}
