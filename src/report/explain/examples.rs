//! An example of every verdict, property, proof rule and mistake. The tests run them.

/// A word or proof rule, and a file in which it is the answer or the reason.
pub const WORDS: &[(&str, &str)] = &[
    ("linear", "network f(x: 1x4) { conv([1, -2, 1], pad=1) }\nprove f is linear"),
    ("affine", "network f(x: 2) { dense([[1, 2]], bias=[1]) }\nprove f is affine"),
    ("nonlinear", "network f(x: 1) { relu }\nprove f is nonlinear"),
    ("a_convolution", "network f(x: 1x8) { conv([1, 1]); conv([1, -1]) }\nprove f is a_convolution"),
    ("additive", "network f(x: 3) { dense([[1, 2, 3]]) }\nprove f is additive"),
    ("homogeneous", "network f(x: 3) { dense([[1, 2, 3]]) }\nprove f is homogeneous"),
    ("positively_homogeneous", "network f(x: 1x4) { relu; maxpool(2) }\nprove f is positively_homogeneous"),
    ("proved", "network f(x: 1) { scale(2) }\nprove f is linear"),
    ("refuted", "network f(x: 1) { relu }\nprove f is linear"),
    ("toeplitz-composition", "network f(x: 1x4) { conv([1, 2]); conv([1, -1]) }\nprove f is linear"),
    ("normal-form", "network f(x: 1) = (x |> relu) - ((-x) |> relu)\nprove f is linear"),
    ("witness", "network f(x: 1) { relu }\nprove f is nonlinear"),
    ("symbolic-composition", "forall k: 2\nnetwork f(x: 1x4) { conv(k) }\nprove f is linear"),
    (
        "symbolic-normal-form",
        "forall k: 1\nnetwork f(x: 1) = ((k * x) |> relu) - ((-(k * x)) |> relu)\nprove f is linear",
    ),
    (
        "equal-maps",
        "network f(x: 1x3) { conv([1, 2]); flatten }\nnetwork g(x: 1x3) { flatten; dense([[1, 2, 0], [0, 1, 2]]) }\nprove f == g",
    ),
    (
        "equal-symbolic-maps",
        "forall a: 1, b: 1\nnetwork f(x: 2) = a * (b * x)\nnetwork g(x: 2) = b * (a * x)\nprove f == g",
    ),
    (
        "equal-kernels",
        "network f(x: 1x8) { conv([1, 1]); conv([1, -1]) }\nnetwork g(x: 1x8) { conv([1, 0, -1]) }\nprove f == g",
    ),
    (
        "equal-normal-forms",
        "network f(x: 1x4) { relu; maxpool(2) }\nnetwork g(x: 1x4) { maxpool(2); relu }\nprove f == g",
    ),
    (
        "supremum",
        "network f(x: 2 in [0, 1]) { dense([[1, 1]]) }\nnetwork g(x: 2 in [0, 1]) { dense([[1, 3/2]]) }\nprove f == g within 1/2",
    ),
    (
        "close-on-regions",
        "network f(x: 1 in [-1, 1]) { relu }\nnetwork g(x: 1 in [-1, 1]) { scale(1/2) }\nprove f == g within 1/2",
    ),
    (
        "bounds",
        "network f(x: 2 in [0, 1]) { sigmoid }\nnetwork g(x: 2 in [0, 1]) { sigmoid; scale(1.01) }\nprove f == g within 1",
    ),
    ("counterexample", "network f(x: 1) { relu }\nnetwork g(x: 1) { abs }\nprove f != g"),
    ("no-constants", "network f(x: 1) { relu }\nprove f is positively_homogeneous"),
    (
        "undecided",
        "network f(x: 1) {\n    t = x |> tanh\n    s = t |> square |> bias(1)\n    d = x |> scale(2) |> tanh |> multiply(s)\n    output d - 2 * t\n}\nprove f is linear",
    ),
    ("affine-layers", "network f(x: 3) { scale(1/3e9999); scale(1/3e9999) }\nprove f is linear"),
    ("border-classes", "network f(x: 1x200x200) { conv(ones(3x3), pad=1); conv(ones(3x3), pad=1) }\nprove f is linear"),
    (
        "equal-border-classes",
        "let k = ones(3x3)\nnetwork f(x: 1x300x300) { conv(k, pad=1); conv(k, pad=1) }\nnetwork g(x: 1x300x300) { conv(2 * k, pad=1); conv(k / 2, pad=1) }\nprove f == g",
    ),
    (
        "region-search",
        "network f(x: 1, y: 1) {\n    a = (x |> abs) + (y |> abs)\n    b = (a - x) |> relu\n    output ((b + x) |> relu) - a\n}\nprove f is linear",
    ),
    (
        "equal-regions",
        "network f(x: 1, y: 1) {\n    a = (x |> abs) + (y |> abs)\n    b = (a - x) |> relu\n    output (b + x) |> relu\n}\nnetwork g(x: 1, y: 1) = (x |> abs) + (y |> abs)\nprove f == g",
    ),
    ("curvature-by-layers", "network f(x: 2) { dense([[1, -2]]); relu }\nprove f is convex"),
    (
        "convex-by-regions",
        "network f(x: 1) {\n    a = x |> relu\n    b = x |> bias(1) |> relu\n    c = x |> bias(-1) |> relu\n    output 2 * a - b + c + b\n}\nprove f is convex",
    ),
    ("monotone-by-layers", "network f(x: 2) { dense([[1, 2]]); relu }\nprove f is monotone"),
    ("monotone-by-regions", "network f(x: 1) = 2 * x - (x |> relu)\nprove f is monotone"),
    ("lipschitz-by-layers", "network f(x: 2) { dense([[1, -2]]); relu }\nprove f is lipschitz 3"),
    ("lipschitz-by-regions", "network f(x: 1) = (x |> relu) - ((-x) |> relu |> scale(-1))\nprove f is lipschitz 1"),
    ("exact-rank", "network f(x: 2) { dense([[1, 2], [3, 4]]) }\nprove f is injective"),
    ("rank-by-regions", "network f(x: 2) { dense([[1, 1], [1, 1]]); relu }\nprove f is surjective"),
    ("bounded-image", "network f(x: 1 in [0, 1]) { relu }\nprove f is surjective"),
    ("affine-map", "network f(x: 2) = 2 * x - x\nprove f is monotone"),
    (
        "affine-along-constants",
        "forall k: 2\nnetwork f(x: 1x6) { conv(k); maxpool(2) }\nprove f is affine_along constants",
    ),
    (
        "along-by-regions",
        "network f(x: 2) {\n    a = x |> dense([[1, -1]]) |> abs\n    b = x |> dense([[2, 1]])\n    output a + (b |> relu) - ((-b) |> relu)\n}\nprove f is affine_along constants",
    ),
    ("points", "network f(x: 1) { relu }\nprove f is concave"),
    ("even", "network f(x: 2) { abs }\nprove f is even"),
    ("odd", "network f(x: 2) { clip(-1, 1) }\nprove f is odd"),
    ("constant", "network f(x: 2 in [0, 1]) { scale(-1); relu }\nprove f is constant"),
    (
        "shift_equivariant",
        "network f(x: 1x5) { conv([1, 2, 1], pad=1, pad_mode=circular); relu }\nprove f is shift_equivariant",
    ),
    ("convex", "network f(x: 1x4) { maxpool(2) }\nprove f is convex"),
    ("concave", "network f(x: 1x4) { minpool(2) }\nprove f is concave"),
    ("monotone", "network f(x: 1x4) { conv([1, 2]); relu }\nprove f is monotone"),
    ("injective", "network f(x: 2) { dense([[1, 2], [3, 4]]) }\nprove f is injective"),
    ("surjective", "network f(x: 2) { dense([[1, 2]]) }\nprove f is surjective"),
    ("lipschitz", "network f(x: 2) { dense([[1, -2]]); relu }\nprove f is lipschitz 3"),
    ("affine_along", "network f(x: 1x6) { maxpool(2); conv([1, 2]) }\nprove f is affine_along constants"),
];

/// A mistake's id, a file that has it, and the file without it.
pub const MISTAKES: &[(&str, &str, &str)] = &[
    ("syntax", "let a = [1, 2", "let a = [1, 2]"),
    ("unknown-name", "network f(x: 1x4) { conv(k) }", "let k = [1, 2]\nnetwork f(x: 1x4) { conv(k) }"),
    ("duplicate-name", "let a = 1\nlet a = 2", "let a = 1\nlet b = 2"),
    ("unknown-layer", "network f(x: 1x4x4) { maxpol(2x2) }", "network f(x: 1x4x4) { maxpool(2x2) }"),
    (
        "unknown-argument",
        "network f(x: 1x4x4) { avgpool(2x2, padding=1) }",
        "network f(x: 1x4x4) { avgpool(2x2, pad=1) }",
    ),
    (
        "duplicate-argument",
        "network f(x: 1x4x4) { avgpool(2x2, pad=1, pad=1) }",
        "network f(x: 1x4x4) { avgpool(2x2, pad=1) }",
    ),
    ("missing-argument", "network f(x: 2) { dense() }", "network f(x: 2) { dense([[1, 2]]) }"),
    (
        "invalid-argument",
        "network f(x: 1x4x4) { avgpool(2x2, stride=0) }",
        "network f(x: 1x4x4) { avgpool(2x2, stride=1) }",
    ),
    ("shape-mismatch", "network f(x: 3) { dense([[1, 2]]) }", "network f(x: 2) { dense([[1, 2]]) }"),
    ("invalid-shape", "network f(x: 0) { relu }", "network f(x: 1) { relu }"),
    ("invalid-number", "let a = 1 / 0", "let a = 1 / 2"),
    ("ragged-list", "let a = [[1, 2], [3]]", "let a = [[1, 2], [3, 4]]"),
    ("wrong-kind", "let k = 2\nnetwork f(x: 2) = k |> relu", "let k = 2\nnetwork f(x: 2) = k * x"),
    ("missing-input", "network f(x: 2, y: 2) { relu }", "network f(x: 2, y: 2) { x |> relu }"),
    ("recursive-network", "network f(x: 1) = f(x)", "network f(x: 1) = x"),
    ("empty-network", "network f(x: 1) { }", "network f(x: 1) { identity }"),
    ("empty-domain", "network f(x: 1 in [1, 0]) { relu }", "network f(x: 1 in [0, 1]) { relu }"),
    (
        "unknown-property",
        "network f(x: 1) { relu }\nprove f is wobbly",
        "network f(x: 1) { relu }\nprove f is nonlinear",
    ),
    ("ambiguous-pipe", "network f(x: 1) = x |> relu + x", "network f(x: 1) = (x |> relu) + x"),
    ("memory-limit", "let a = zeros(100000x100000)", "let a = zeros(100x100)"),
    (
        "irrational-scale",
        "network f(x: 1) { batchnorm(gamma=1, beta=0, mean=0, var=18446744073709551629, eps=0) }",
        "network f(x: 1) { batchnorm(scale=1/4294967296, shift=0) }",
    ),
    ("not-yet-supported", "forall k: 1 in [0, 1]\nnetwork f(x: 1) = k * x", "forall k: 1\nnetwork f(x: 1) = k * x"),
    ("unreadable", "import \"nowhere.net\"\nlet a = 1", "let a = 1"),
];

/// What needs more than one small file: a mistake's id, and a line for a shell that makes it.
pub const COMMANDS: &[(&str, &str)] = &[
    ("file-too-large", "head -c 17000000 /dev/zero | netprove -"),
    ("not-utf8", r"printf '\377' | netprove -"),
    ("nested-too-deeply", "(printf 'let a = '; printf '(%.0s' $(seq 65)) | netprove -"),
    ("network-too-large", "(echo 'network f(x: 1) {'; yes relu | head -n 20001; echo '}') | netprove -"),
    ("invalid-file", r#"echo 1 2 3 > w.npy; echo 'let k = load("w.npy")' | netprove -"#),
    ("recursive-import", r#"echo 'import "again.net"' > again.net; netprove again.net"#),
];

/// Lines of a file, indented as explanations are.
pub fn indented(program: &str) -> String {
    program.lines().map(|line| format!("        {line}\n")).collect()
}
