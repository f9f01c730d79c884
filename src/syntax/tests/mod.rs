//! Tests of the language: what is read, what is refused and how, and the layout.

mod formatting;
mod limits;
mod mistakes;
mod programs;
mod properties;
mod reading;
mod show;

use super::{parse, tree::File};
use crate::diagnostic::Diagnostic;

/// The two programs of the language's contract.
pub(super) const RESIDUAL: &str = "\
# residual.net — two stacked convolutions inside a skip connection
let blur    = [[1, 2, 1], [2, 4, 2], [1, 2, 1]] / 16
let laplace = [[0, 1, 0], [1, -4, 1], [0, 1, 0]]

network residual(x: 1x8x8) {
    conv(blur, pad=1)
    conv(laplace, pad=1)
    add(x)
}

network elbow(x: 1x8x8) {
    conv(blur, pad=1)
    maxpool(2x2)
}

prove residual is linear
prove elbow is nonlinear
";

pub(super) const REPVGG: &str = "\
# repvgg.net — true for every choice of the weights, or a counterexample
forall k3: 8x8x3x3, k1: 8x8x1x1

network train(x: 8x6x6) {
    a = x |> conv(k3, pad=1)
    b = x |> conv(k1)
    output a + b + x
}
network deploy(x: 8x6x6) = x |> conv(k3 + pad(k1, 1) + eye(8, 3x3), pad=1)

prove train == deploy
";

/// The tree of a text without mistakes, as [`show::file`] writes it.
fn tree(text: &str) -> String {
    let (file, diagnostics) = parse(text, 0);
    assert_eq!(diagnostics, [], "in {text:?}");
    assert!(file.poisoned.is_empty());
    show::file(&file)
}

/// The value of `let a = TEXT`.
fn value(text: &str) -> String {
    let tree = tree(&format!("let a = {text}"));
    tree.strip_prefix("let a ").map(str::trim_end).map(str::to_string).expect("one item")
}

/// The mistakes of a text, and what could be read.
fn mistakes(text: &str) -> (File, Vec<Diagnostic>) {
    let (file, diagnostics) = parse(text, 7);
    for diagnostic in &diagnostics {
        for span in diagnostic.related.iter().map(|(span, _)| span).chain([&diagnostic.span]) {
            assert_eq!(span.file, 7);
            assert!(text.get(span.start..span.end).is_some(), "{span:?} is not in {text:?}");
        }
    }
    (file, diagnostics)
}
