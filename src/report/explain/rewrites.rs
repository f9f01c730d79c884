//! The rewrites of the normal form: each a name, an equation, its proof in one line, and an example.
//!
//! They are applied in `decide::normal_form`, where atoms are made canonical. The examples are run by the tests.

/// A rewrite of the normal form.
#[derive(Clone, Copy, Debug)]
pub struct Rewrite {
    /// Its name.
    pub name: &'static str,
    /// The equation, which holds for all real numbers that it speaks of.
    pub rule: &'static str,
    /// Why it holds.
    pub proof: &'static str,
    /// Two networks that it makes equal.
    pub example: &'static str,
}

/// All of them.
pub const REWRITES: &[Rewrite] = &[
    Rewrite {
        name: "common-part",
        rule: "max(g + a, g + b) = g + max(a, b).",
        proof: "adding g to all arguments does not change which is the largest.",
        example: "network f(x: 1, y: 1) = (x + y) |> maximum(x)\nnetwork g(x: 1, y: 1) = x + (y |> relu)\nprove f == g",
    },
    Rewrite {
        name: "positive-scale",
        rule: "max(s·a, s·b) = s·max(a, b) for s > 0; for weights without numbers, where s is a square, or is taken to be at least 0.",
        proof: "a factor s ≥ 0 keeps the order of numbers.",
        example: "network f(x: 2) { scale(3); relu }\nnetwork g(x: 2) { relu; scale(3) }\nprove f == g",
    },
    Rewrite {
        name: "one-sign",
        rule: "max(0, −u) = max(0, u) − u.",
        proof: "add u to both sides: max(u, 0) = max(0, u).",
        example: "network f(x: 2) = (x |> relu) - (-x |> relu)\nnetwork g(x: 2) { identity }\nprove f == g",
    },
    Rewrite {
        name: "nested-maxima",
        rule: "max(g + s·max(0, l), …) = max(g, g + s·l, …) for s > 0.",
        proof: "g + s·max(0, l) is the larger of g and g + s·l.",
        example: "network f(x: 1x4) { maxpool(2, stride=1); maxpool(2, stride=1) }\nnetwork g(x: 1x4) { maxpool(3, stride=1) }\nprove f == g",
    },
    Rewrite {
        name: "one-of-equals",
        rule: "max(a, a, …) = max(a, …), and atoms of equal arguments are one atom.",
        proof: "the largest of some numbers does not depend on how often one is listed.",
        example: "network f(x: 2) = x |> maximum(x) |> relu\nnetwork g(x: 2) { relu }\nprove f == g",
    },
    Rewrite {
        name: "never-largest",
        rule: "an argument that is at most another one everywhere on the domain is left out.",
        proof: "exact bounds of their difference say so; the larger one is then the largest wherever the smaller one is.",
        example: "network f(x: 2 in [1, 2]) { relu }\nnetwork g(x: 2 in [1, 2]) { identity }\nprove f == g",
    },
    Rewrite {
        name: "between-two",
        rule: "an argument t·a + (1 − t)·b with 0 ≤ t ≤ 1 beside a and b is left out.",
        proof: "it lies between a and b, so it is at most the larger of them.",
        example: "network f(x: 1, y: 1) = x |> maximum((x + y) / 2) |> maximum(y)\nnetwork g(x: 1, y: 1) = x |> maximum(y)\nprove f == g",
    },
    Rewrite {
        name: "products-of-variables",
        rule: "a product of forms is the sum of the products of their terms; products of the same variables are one atom.",
        proof: "multiplication distributes over addition and does not mind the order.",
        example: "network f(x: 1) { bias(1); square }\nnetwork g(x: 1) = ((x |> square) + 2 * x) |> bias(1)\nprove f == g",
    },
    Rewrite {
        name: "sigmoid-symmetry",
        rule: "σ(−u) = 1 − σ(u), and tanh(u) = 2·σ(2u) − 1.",
        proof: "1/(1 + e^u) + 1/(1 + e^−u) = 1; tanh(u) = (1 − e^−2u)/(1 + e^−2u).",
        example: "network f(x: 2) { tanh }\nnetwork g(x: 2) { scale(2); sigmoid; scale(2); bias(-1) }\nprove f == g",
    },
    Rewrite {
        name: "gate",
        rule: "silu(u) = u·σ(u).",
        proof: "this is its definition, u/(1 + e^−u).",
        example: "network f(x: 2) { s = x |> sigmoid; output x |> multiply(s) }\nnetwork g(x: 2) { silu }\nprove f == g",
    },
    Rewrite {
        name: "odd-part",
        rule: "g(−u) = g(u) − u for g = softplus, silu, and gelu in both forms.",
        proof: "ln(1 + e^−u) = ln(1 + e^u) − u; the others are u·p(u) with p(u) + p(−u) = 1.",
        example: "network f(x: 2) = (x |> gelu) - (-x |> gelu)\nnetwork g(x: 2) { identity }\nprove f == g",
    },
    Rewrite {
        name: "softmax-differences",
        rule: "softmax(u)ᵢ depends on the differences uⱼ − uᵢ alone, in any order; of two entries it is σ(uᵢ − uⱼ).",
        proof: "divide numerator and denominator by e^uᵢ: it is 1/Σⱼ e^(uⱼ − uᵢ).",
        example: "network f(x: 3) { bias(5); softmax }\nnetwork g(x: 3) { softmax }\nprove f == g",
    },
];
