//! What a layer, verdict, proof rule or error means, in words.

pub mod examples;
pub mod layers;
pub mod rewrites;

use super::math::plain;
use crate::diagnostic::{Code, did_you_mean};
use crate::layer::{Signature, catalogue};
use crate::network::{FUNCTIONS, usage};

/// Verdicts, properties and proof rules.
pub const WORDS: &[(&str, &str)] = &[
    ("linear", "f(x) = M x for one exact matrix M and every input: f(x + y) = f(x) + f(y) and f(a x) = a f(x)."),
    (
        "affine",
        "f(x) = M x + b with b ≠ 0 for every input: linear but for a constant. As a claim, `is affine` also holds for linear networks.",
    ),
    (
        "nonlinear",
        "No matrix M and vector b satisfy f(x) = M x + b. Shown by a witness: exact x and y with f(x + y) + f(0) ≠ f(x) + f(y).",
    ),
    (
        "a_convolution",
        "The affine map between images equals one layer `conv` (kernel, stride, padding, padding mode, bias) at every output. With zero padding its window has at most 2n − 1 taps on an axis of n positions, because with enough stride and padding every linear map is a convolution with its whole matrix for a kernel; with another padding mode its window lies inside of the image at the central output.",
    ),
    (
        "undecided",
        "Neither a proof that the network is affine nor a witness against it was found. The report says what was tried and what may decide it.",
    ),
    ("proved", "The claim holds, with the evidence of the report."),
    ("refuted", "The claim does not hold, with a counterexample that anyone can re-evaluate."),
    (
        "toeplitz-composition",
        "Proof rule: each layer is multiplication by an exact matrix (plus a constant), so their composition is one matrix (plus a constant).",
    ),
    (
        "affine-layers",
        "Proof rule: each layer is affine, so the network is; it is linear exactly if f(0) = 0. The one matrix was too large to write out.",
    ),
    ("additive", "f(x + y) = f(x) + f(y) for all inputs x and y; with a domain, for those whose sum lies in it too."),
    ("homogeneous", "f(a x) = a f(x) for every number a and every input x. A median is homogeneous and not additive."),
    (
        "positively_homogeneous",
        "f(a x) = a f(x) for every a ≥ 0 and every input x. Networks of relu and max-pooling without constants are.",
    ),
    (
        "symbolic-composition",
        "Proof rule: as `toeplitz-composition`, with matrices whose entries are polynomials in the weights; so for every choice of them.",
    ),
    (
        "equal-maps",
        "Proof rule: both sides are affine, and their exact matrices and constants are equal in every entry.",
    ),
    (
        "border-classes",
        "Proof rule: as `toeplitz-composition`, between images. What an output reads depends only on its channel and, along each axis, on its border class (how far it is from either edge, and its place in a stride), so a table with one row for each channel and class is all of M, exactly, whatever the image's size.",
    ),
    (
        "equal-border-classes",
        "Proof rule: both sides are affine maps between images; on border classes common to both, their rows and constants are equal, one row for each channel and class, and so everywhere.",
    ),
    (
        "equal-symbolic-maps",
        "Proof rule: as `equal-maps`, with entries that are polynomials in the weights, equal as polynomials; so for every choice of the weights.",
    ),
    (
        "equal-normal-forms",
        "Proof rule: in the normal form of the difference of the sides every coefficient, of inputs and of atoms, is 0. Atoms are maxima max{0, l, …}, products of variables, and values of smooth layers, entry by entry, with σ(−u) = 1 − σ(u), tanh(u) = 2·σ(2u) − 1, silu(u) = u·σ(u), g(−u) = g(u) − u for softplus and gelu, and softmax as a function of differences.",
    ),
    (
        "supremum",
        "Proof rule: the difference of the sides is affine, so on a box each output of it is largest at a corner; the largest of these is the bound, and it is attained.",
    ),
    (
        "close-on-regions",
        "Proof rule: the difference of the sides is affine on every region, and on each of them no output of it is larger than the bound, by multipliers λ ≥ 0 with h + Σ λ·g = c for the functions g that are ≥ 0 there; on a bounded domain the bound is attained.",
    ),
    (
        "bounds",
        "Proof rule: every layer is bounded over the whole domain, and so is the difference of the sides; the bound need not be attained.",
    ),
    (
        "counterexample",
        "Proof rule: an exact input (and numbers for the symbols) at which the layers’ definitions give the two sides different values.",
    ),
    (
        "symbolic-normal-form",
        "Proof rule: as `normal-form`, with coefficients that are polynomials in the weights; so for every choice of them.",
    ),
    (
        "no-constants",
        "Proof rule: no layer adds a constant, and sums and maxima of linear forms obey f(a x) = a f(x) for a ≥ 0, so their composition does.",
    ),
    (
        "equal-kernels",
        "Proof rule: both sides are one convolution of the image extended by zeros, composed kernel by kernel, and their kernels and constants are equal. It needs no matrix, so it serves images of any size.",
    ),
    (
        "normal-form",
        "Proof rule: every output equals an affine form plus multiples of atoms max{0, l, …}; when the multiples of every atom add up to 0, the network is affine.",
    ),
    (
        "curvature-by-layers",
        "Proof rule: affine functions are convex and concave; a sum of convex functions with weights ≥ 0, a maximum of convex functions and the negative of a concave one are convex; likewise concave.",
    ),
    (
        "convex-by-regions",
        "Proof rule: a piecewise-linear function is convex exactly if it is the largest of the affine functions that it is on its regions; on every region, exact linear programs show that none of them is larger.",
    ),
    (
        "monotone-by-layers",
        "Proof rule: a sum of rising entries with weights ≥ 0, or of falling ones with weights ≤ 0, and maxima and minima of rising entries rise.",
    ),
    (
        "monotone-by-regions",
        "Proof rule: on no region of the domain has an output a negative slope in these inputs, and the network is continuous.",
    ),
    (
        "lipschitz-by-layers",
        "Proof rule: Σ w·u changes by at most Σ |w| times what the u change by, and a maximum by at most what one of its arguments does.",
    ),
    (
        "lipschitz-by-regions",
        "Proof rule: on every region of the domain the absolute values of every output’s slopes add up to at most L; a segment between two inputs crosses finitely many regions.",
    ),
    (
        "exact-rank",
        "Proof rule: an affine map is injective exactly if its matrix has full column rank over the entries that vary, and surjective exactly if it has full row rank over the entries without bounds.",
    ),
    (
        "rank-by-regions",
        "Proof rule: on every region the map has too small a rank, so all values lie in finitely many slabs or hyperplanes, which do not fill the space.",
    ),
    ("bounded-image", "Proof rule: a continuous function of a bounded domain has bounded values."),
    ("affine-map", "Proof rule: the network is affine, and its exact map decides."),
    (
        "affine-along-constants",
        "Proof rule: max{a + t, b + t} = max{a, b} + t. Where the arguments of every maximum change by the same amount along an image that is constant on each channel, the network changes by a fixed vector.",
    ),
    (
        "along-by-regions",
        "Proof rule: on every region of the domain the outputs have the same slopes along images that are constant on each channel, and the network is continuous.",
    ),
    ("points", "Proof rule: exact inputs at which the property fails, evaluated by the layers’ definitions."),
    ("even", "f(−x) = f(x) for every input whose negative lies in the domain."),
    ("odd", "f(−x) = −f(x) for every input whose negative lies in the domain."),
    ("constant", "f(x) is the same for every input of the domain."),
    (
        "shift_equivariant",
        "f(S x) = S f(x) for circular shifts S along every spatial axis. With stride s, a shift by s of the input is one by 1 of the output; an output of one place does not move.",
    ),
    ("convex", "f(t x + (1 − t) y) ≤ t f(x) + (1 − t) f(y) in every output, for 0 ≤ t ≤ 1."),
    ("concave", "f(t x + (1 − t) y) ≥ t f(x) + (1 − t) f(y) in every output, for 0 ≤ t ≤ 1."),
    ("monotone", "x ≤ y implies f(x) ≤ f(y), entry by entry; `monotone x` raises the argument x only."),
    ("injective", "f(x) = f(y) only for x = y."),
    ("surjective", "Every vector of the output’s shape is a value of the network."),
    (
        "lipschitz",
        "`lipschitz L`: no output changes by more than L times the largest change of an input entry (the sup-norm).",
    ),
    (
        "affine_along",
        "`affine_along constants`: f(x + c·1) = f(x) + c·v for images that are constant on each channel (for vectors: all entries equal), with v independent of x. Networks of unpadded convolutions, max-pools and biases are, whatever their weights, and so cannot approximate |mean(x)|.",
    ),
    (
        "region-search",
        "Proof rule: every maximum in the normal form is one of its arguments; in every case whose region of the domain has points inside, found by exact linear programs, the outputs are the same affine forms, and the network is continuous. Cases without such points, and maxima that are known without a new case, carry multipliers λ ≥ 0 with Σ λ·g = c ≤ 0 (Farkas's lemma), which were checked.",
    ),
    ("equal-regions", "Proof rule: as `region-search`, for the difference of the sides, which is 0 on every region."),
    (
        "witness",
        "Proof rule: an affine f satisfies f(p + x + y) + f(p) = f(p + x) + f(p + y) for all p, x, y; one exact failure refutes it.",
    ),
];

/// The explanation of a name, or which names are close to it.
pub fn explain(name: &str) -> Result<String, String> {
    if name == "layers" {
        return Ok(catalogue::all().map(|s| format!("{:<16} {}\n", s.name, s.summary)).collect());
    }
    if name == "rules" {
        let proofs = WORDS.iter().filter_map(|(name, words)| Some((*name, words.strip_prefix("Proof rule: ")?)));
        let rewrites = rewrites::REWRITES.iter().map(|rewrite| (rewrite.name, rewrite.rule));
        return Ok(proofs.chain(rewrites).map(|(name, words)| format!("{name:<24} {words}\n")).collect());
    }
    if let Some(rewrite) = rewrites::REWRITES.iter().find(|rewrite| rewrite.name == name) {
        let (rule, proof, example) = (rewrite.rule, rewrite.proof, examples::indented(rewrite.example));
        return Ok(format!("{name}\n    Rewrite: {rule}\n    Proof: {proof}\n    example:\n{example}"));
    }
    if let Some(signature) = catalogue::find(name) {
        let function = FUNCTIONS
            .iter()
            .find(|f| f.0 == name)
            .map_or(String::new(), |f| format!("\nIn constants, `{}({})` is {}.\n", f.0, f.1.join(", "), f.2));
        return Ok(layer(signature) + &function);
    }
    if let Some((_, words)) = WORDS.iter().find(|w| w.0 == name) {
        let example = examples::WORDS.iter().find(|e| e.0 == name);
        let example = example.map_or(String::new(), |e| format!("    example:\n{}", examples::indented(e.1)));
        return Ok(format!("{name}\n    {words}\n{example}"));
    }
    if let Some(function) = FUNCTIONS.iter().find(|f| f.0 == name) {
        return Ok(format!("{}({})\n    {}.\n", function.0, function.1.join(", "), function.2));
    }
    if let Some(code) = Code::ALL.iter().find(|c| c.id() == name) {
        let example = examples::MISTAKES.iter().find(|e| e.0 == name).map_or(String::new(), |(_, wrong, right)| {
            let (wrong, right) = (examples::indented(wrong), examples::indented(right));
            format!("    for example:\n{wrong}    instead:\n{right}")
        });
        let command = examples::COMMANDS.iter().find(|e| e.0 == name);
        let command = command.map_or(String::new(), |c| format!("    for example:\n        $ {}\n", c.1));
        return Ok(format!("error {}\n    {}\n{example}{command}", code.id(), code.meaning()));
    }
    let codes: Vec<String> = Code::ALL.iter().map(|c| c.id()).collect();
    let words = WORDS.iter().map(|w| w.0).chain(rewrites::REWRITES.iter().map(|rewrite| rewrite.name));
    let names = catalogue::all().map(|s| s.name).chain(words).chain(codes.iter().map(String::as_str));
    Err(match did_you_mean(name, names) {
        Some(near) => format!("nothing is called `{name}`; did you mean `{near}`?"),
        None => format!(
            "nothing is called `{name}`; `netprove explain layers` lists the layers, `netprove explain rules` the proof rules"
        ),
    })
}

/// What there is to know about a layer.
pub fn layer(signature: &Signature) -> String {
    let mut out = format!("{}\n    {}\n", usage(signature), signature.summary);
    out.push_str(&format!("    definition: {}\n", plain(signature.formula)));
    out.push_str(&format!("    linear?     {}\n", signature.linear));
    if !signature.onnx.is_empty() {
        out.push_str(&format!("    in ONNX:    {}\n", signature.onnx));
    }
    if let Some(example) = layers::find(signature.name) {
        out.push_str(&format!("    shapes:     {}\n", example.shape));
        let (from, to) = (example.shapes.0, example.shapes.1);
        out.push_str(&format!(
            "    example:    network f(x: {from}) {{ {} }}    # {to}, {}\n",
            example.step, example.verdict
        ));
    }
    out
}
