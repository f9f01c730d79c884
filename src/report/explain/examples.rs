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
];

/// Lines of a file, indented as explanations are.
pub fn indented(program: &str) -> String {
    program.lines().map(|line| format!("        {line}\n")).collect()
}
