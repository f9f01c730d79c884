//! Certificates in tests: made, changed, sealed anew and checked.

use netprove::certificate::Certificate;
use netprove::decide::prove;
use netprove::diagnostic::Source;
use netprove::network::{NoImports, check};
use netprove_check::{Checked, LIMIT, Rejection};
use serde_json::Value;
use sha2::{Digest, Sha256};

pub const MEMORY: u64 = 1 << 30;

/// The certificate of a file, as it is written down: no checker has seen it.
pub fn written(name: &str, text: &str) -> Certificate {
    let source = Source { name: name.into(), text: text.into() };
    let program = check(source, &NoImports, MEMORY).unwrap_or_else(|r| panic!("{name}: {:?}", r.diagnostics));
    Certificate::new(&prove(&program, MEMORY), text.as_bytes())
}

/// The same as JSON, where nothing is left out.
pub fn certify(name: &str, text: &str) -> Value {
    let certificate = written(name, text);
    assert_eq!(certificate.gaps, [], "{name}");
    serde_json::from_slice(&certificate.to_bytes()).expect("JSON")
}

pub fn checked(bytes: &[u8]) -> Result<Checked, Rejection> {
    netprove_check::check(bytes, LIMIT)
}

/// The text of a certificate, sealed anew: an attacker can compute a hash.
pub fn sealed(certificate: &Value) -> Vec<u8> {
    let mut body = certificate.clone();
    body.as_object_mut().expect("an object").remove("sha256");
    let text = serde_json::to_string(&body).expect("JSON");
    let text = format!("{},", text.strip_suffix('}').expect("an object"));
    let seal: String = Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{text}\"sha256\":\"{seal}\"}}").into_bytes()
}

/// Small files whose certificates have every statement, every kind of evidence and most layers.
pub const FILES: &[(&str, &str)] = &[
    (
        "conv",
        "network f(x: 2x4x5) { conv(random(4x1x3x2, seed=1), [1, -2, 3, 1/2], stride=2x1, pad=[1, 0, 0, 1], groups=2); flatten }",
    ),
    ("circular", "network f(x: 1x5) { conv([1, 2, 3], pad=1, pad_mode=circular); conv([1, -1], dilation=2) }"),
    (
        "transpose",
        "network f(x: 2x3x2) { conv_transpose(random(2x1x2x3, seed=2), [1], stride=2, pad=[0, 1, 1, 0], output_pad=1x0) }",
    ),
    (
        "pools",
        "network f(x: 2x4x4) { avgpool(3, stride=2, pad=1, count_pad=no); sumpool(2, stride=1); global_avgpool }",
    ),
    (
        "moves",
        "network f(x: 4x2x2) { pixel_shuffle(2); upsample(2, mode=bilinear); pad(1, value=1/3); slice(1, 1, 8, step=3); permute(1, 2, 0) }",
    ),
    (
        "joined",
        "network f(x: 2x2, y: 1x2) { x |> concat(y); scale([1, 2, -1/2]); bias([0, 1, 0]); reshape(6); dense(random(2x6, seed=3)) }",
    ),
    (
        "witness",
        "network f(x: 1x4x4 in [1/2, 2]) { conv(random(1x1x3x3, seed=5), pad=1); maxpool(2); leaky_relu(1/10); clip(-1/4, 1/2) }",
    ),
    (
        "smooth",
        "network f(x: 3) { dense([[1, 2, -1], [0, 1, 1]]); sigmoid; tanh; dense([[1, -1]]); gelu }\nnetwork g(x: 2) { softmax; square }",
    ),
    ("inactive", "network f(x: 1x3x3 in [0, 1]) { conv(ones(2x2) / 4); relu; relu6; bias(-2); hard_tanh }"),
    (
        "cancel",
        "network f(x: 4) = (x |> relu) - (-x |> relu)\nnetwork g(x: 4, y: 4) { x |> maximum(y) }\nnetwork h(x: 4, y: 4) { d = (y - x) |> relu; output x + d }\nnetwork m(x: 1, y: 1) { b = y |> relu; output (x - b) |> relu }\nnetwork n(x: 1, y: 1) { b = y |> relu; output (-b + x) |> relu }\nnetwork o(x: 1, y: 1) { b = x - y; c = x |> maximum(b); output c |> relu }\nprove f is linear\nprove g == h\nprove m == n\nprove m == o",
    ),
    // More terms than a sum of residues has room for, as large as residues can be; and a denominator that divides 2^28 − 1.
    ("long", "network f(x: 1) { dense(-ones(600x1)); dense(-ones(1x600) / 3) }\nprove f is linear"),
    (
        "symbols",
        "forall k: 1x1x2x2, b: 1\nnetwork f(x: 1x3x3) { conv(k, bias=b); batchnorm(gamma=[2], beta=[1], mean=[0], var=[2], eps=0) }\nprove f is affine",
    ),
    (
        "laws",
        "forall k: 1x1x2\nnetwork f(x: 1x4) { conv(k) }\nnetwork g(x: 1x4) { maxpool(2) }\nprove f is homogeneous\nprove g is positively_homogeneous\nprove g is additive",
    ),
    (
        "equal",
        "network f(x: 1x4 in [0, 1]) { conv([1, 2]); conv([1, -1]) }\nnetwork g(x: 1x4 in [0, 1]) { conv([1, 1, -2]) }\nnetwork h(x: 1x4 in [0, 1]) { conv([1, 1, -1.99]) }\nprove f == g\nprove f != h\nprove f == h within 0.01\nprove f is a_convolution",
    ),
    (
        "close",
        "network f(x: 3 in [0, 1]) { relu; scale(1/100) }\nnetwork g(x: 3 in [0, 1]) { sigmoid; scale(1/100) }\nprove f == g within 1/50",
    ),
    (
        "regions",
        "network f(x: 2) {\n a = x |> abs\n output (a |> relu) - a + x\n}\nnetwork g(x: 2 in [-1, 1]) {\n a = x |> abs\n output (a |> bias(-1) |> relu) + x\n}",
    ),
    (
        "deep",
        "network f(x: 1, y: 1) {\n a = (x |> abs) + (y |> abs)\n b = (a - x) |> relu\n c = (b + x) |> relu\n output c + x\n}\nnetwork g(x: 1, y: 1) = (x |> abs) + (y |> abs) + x\nprove f == g",
    ),
    (
        "shapes",
        "network f(x: 2) { dense([[1, 2], [0, 1], [1, -1]]); relu; dense([[1, 2, 1/2]]) }\nnetwork g(x: 2 in [-1, 1]) { dense([[1, -2], [1/3, 0]]); tanh; dense([[1, -1/2]]); leaky_relu(2) }\nprove f is convex\nprove f is concave\nprove f is monotone\nprove f is lipschitz 8\nprove f is lipschitz 2\nprove f is injective\nprove g is monotone\nprove g is lipschitz 13/2\nprove g is convex\nprove g is surjective",
    ),
    (
        "maps",
        "network f(x: 2) { dense([[1, 2], [0, 1]]) }\nnetwork g(x: 3 in [0, 1]) { dense([[1, 2, 0]], bias=[1]) }\nprove f is injective\nprove f is surjective\nprove f is convex\nprove g is monotone\nprove f is monotone\nprove g is lipschitz 3\nprove g is lipschitz 2\nprove g is injective\nprove g is surjective",
    ),
    (
        "cases",
        "network f(x: 2) {\n a = x |> abs\n output (a |> bias(1) |> abs) + 2 * x - a\n}\nnetwork h(x: 2) {\n a = x |> abs\n b = a |> bias(-1) |> abs\n output b + 3 * x\n}\nnetwork i(x: 2 in [-4, 4]) {\n a = x |> abs\n output (a |> bias(1) |> abs) - a + (x |> relu) - 3 * x\n}\nprove i is lipschitz 3\nprove h is monotone\nprove h is lipschitz 4\nprove h is lipschitz 7/2\nprove f is affine",
    ),
    (
        "along",
        "network f(x: 2x4) { conv(random(2x2x3, seed=3)); maxpool(2, stride=1); bias([1, 2]) }\nnetwork g(x: 1x4) { conv([1, 2], pad=1); maxpool(2) }\nprove f is affine_along constants\nprove g is affine_along constants",
    ),
    (
        "products",
        "network f(x: 2, y: 2) { s = x + y\n output s |> multiply(s) }\nnetwork g(x: 2, y: 2) = (x |> square) + 2 * (x |> multiply(y)) + (y |> square)\nnetwork h(x: 2 in [1, 2]) { d = x |> square |> bias(1)\n output x |> elu |> softplus |> gelu_tanh |> divide(d) }\nprove f == g",
    ),
    (
        "within",
        "network f(x: 2 in [-2, 2]) { abs; dense([[1, 1], [1, -1]]); relu }\nnetwork g(x: 2 in [-2, 2]) { dense([[1, 0], [0, 1], [1/20, 1/10]]); abs; dense([[1, 1, 1], [1, -1, 0]]); relu }\nnetwork h(x: 1) { abs }\nnetwork i(x: 1) { bias(-1); abs }\nprove f == g within 3/10\nprove h == i within 2",
    ),
    (
        "pieces",
        "network f(x: 1) { output (x |> relu) - (x |> bias(-1) |> relu) + ((2 * x) |> bias(-2) |> relu) }\nnetwork g(x: 2) { a = x |> abs\n output a - (a |> relu) - (a |> bias(1) |> relu) }\nprove f is convex\nprove g is concave",
    ),
    (
        "ranks",
        "network f(x: 3, y: 1 in [0, 1]) { a = x |> dense([[1, 2, 3], [2, 4, 6]]); b = y |> dense([[0], [5]])\n output a + b }\nnetwork g(x: 3) { dense([[1, 2, -1], [3, 1/2, 0]]) }\nnetwork h(x: 1, y: 1) { a = x |> concat(y)\n a |> relu\n dense([[1, 1], [2, 2]]) }\nprove f is surjective\nprove g is surjective\nprove g is injective\nprove h is surjective",
    ),
    (
        "kernels",
        "network f(x: 1x4x3) { conv([[1, 2], [0, 3]], pad=[1, 1, 0, 0]); conv([[1, -1], [2, 1]], pad=[0, 0, 1, 1]) }\nnetwork g(x: 1x5 in [0, 1]) { conv([1, 2]); bias([[1, 2, 1, 1]]) }\nnetwork h(x: 2x3) { conv([[[1, 2, 0], [3, 1, 1]]], pad=1); conv([1, 1, 1], pad=1) }\nnetwork i(x: 1x6) { conv([1, 2, 1], stride=2, pad=1) }\nnetwork j(x: 1x5) { conv([1, 2, 3], pad=1, pad_mode=circular) }\nnetwork k(x: 1x5) { conv([1, 2, 3], pad=1, pad_mode=reflect) }\nnetwork l(x: 1x3) { flatten; dense([[1, 2, 3], [4, 5, 6], [7, 8, 10]]); reshape(1x3) }\nprove l is a_convolution\nprove f is a_convolution\nprove g is a_convolution\nprove h is a_convolution",
    ),
    (
        "inside",
        "forall c: 1\nnetwork f(x: 2 in [1, 8]) { relu6 }\nnetwork g(x: 1 in [-9, 2]) { bias(1); abs }\nnetwork h(x: 1) { bias(c) }\nnetwork i(x: 1 in [1, 2]) { batchnorm(mean=0, var=2, eps=0); bias(1) }\nprove f is additive\nprove f is homogeneous\nprove f is positively_homogeneous\nprove g is homogeneous\nprove g is even\nprove h is additive\nprove i is linear",
    ),
    (
        "free",
        "forall k: 1x1x3\nnetwork f(x: 1x4) { conv(k, pad=1); batchnorm(mean=0, var=2, eps=0); conv([1, 2, 3], pad=1) }\nnetwork g(x: 1x4) { batchnorm(mean=1, var=3, eps=0); conv([1, 1, 1], pad=1) }\nprove f is a_convolution\nprove g is a_convolution",
    ),
    (
        "turned",
        "network f(x: 1 in [0, 3]) { clip(-1, 2); clip(-1, 2); dense([[-2]], [1]); relu }\nnetwork g(x: 1) {\n a = x |> clip(-1, 2) |> dense([[1/2], [3]], [-1, 1/2]) |> relu |> relu\n b = x |> dense([[2], [-2]]) |> abs\n output a - b }\nprove f is convex\nprove g is surjective",
    ),
];
