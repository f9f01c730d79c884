//! What is read, and as what.

use super::{REPVGG, RESIDUAL, tree, value};
use crate::syntax::parse;
use crate::syntax::tree::{Claim, ExprKind, Item};

#[test]
fn the_first_sample() {
    assert_eq!(
        tree(RESIDUAL),
        "\
let blur (/ [[1 2 1] [2 4 2] [1 2 1]] 16)
let laplace [[0 1 0] [1 (neg 4) 1] [0 1 0]]
network residual(x:1x8x8) {conv(blur pad=1); conv(laplace pad=1); add(x)}
network elbow(x:1x8x8) {conv(blur pad=1); maxpool(2x2)}
prove residual is linear
prove elbow is nonlinear
"
    );
}

#[test]
fn the_second_sample() {
    assert_eq!(
        tree(REPVGG),
        "\
forall k3:8x8x3x3 k1:8x8x1x1
network train(x:8x6x6) {a = (x > conv(k3 pad=1)); b = (x > conv(k1)); output (+ (+ a b) x)}
network deploy(x:8x6x6) {output (x > conv((+ (+ k3 pad(k1 1)) eye(8 3x3)) pad=1))}
prove [] train == deploy
"
    );
}

#[test]
fn numbers_and_shapes() {
    let cases = [
        ("3", "3"),
        ("-2", "(neg 2)"),
        ("1/3", "(/ 1 3)"),
        ("0.1", "1/10"),
        ("2.5e-3", "1/400"),
        ("0x1.8p-3", "3/16"),
        ("0x1.p3", "8"),
        ("0x3p2", "12"),
        ("0x3", "0x3"),
        ("3x32x32", "3x32x32"),
        ("3×32×32", "3x32x32"),
        ("3×32x32", "3x32x32"),
        ("10", "10"),
        ("1e2-3", "(- 100 3)"),
        ("3-2", "(- 3 2)"),
    ];
    for (text, expected) in cases {
        assert_eq!(value(text), expected, "{text}");
    }
}

#[test]
fn precedence() {
    let cases = [
        ("a + b * c", "(+ a (* b c))"),
        ("a * b + c", "(+ (* a b) c)"),
        ("a - b - c", "(- (- a b) c)"),
        ("a / b * c", "(* (/ a b) c)"),
        ("a - b * c / d + e", "(+ (- a (/ (* b c) d)) e)"),
        ("-a * b", "(* (neg a) b)"),
        ("a * -b", "(* a (neg b))"),
        ("a - -b", "(- a (neg b))"),
        ("--a", "(neg (neg a))"),
        ("(a + b) * c", "(* (+ a b) c)"),
        ("a - (b - c)", "(- a (- b c))"),
        ("x |> f |> g(1)", "((x > f) > g(1))"),
        ("-x |> f", "((neg x) > f)"),
        ("(a + x) |> f", "((+ a x) > f)"),
        ("a + (x |> f)", "(+ a (x > f))"),
        ("f(a + x, y |> g)", "f((+ a x) (y > g))"),
        ("[x |> f, a + b]", "[(x > f) (+ a b)]"),
    ];
    for (text, expected) in cases {
        assert_eq!(value(text), expected, "{text}");
    }
}

#[test]
fn calls_lists_and_texts() {
    let cases = [
        ("relu()", "relu()"),
        ("relu (x)", "relu(x)"),
        ("conv(k, pad=[1, 2, 3, 4], pad_mode = reflect,)", "conv(k pad=[1 2 3 4] pad_mode=reflect)"),
        ("load(\"w.safetensors\", \"layer # 1\")", "load(\"w.safetensors\" \"layer # 1\")"),
        ("load(\"C:\\dir\\ü.npy\")", "load(\"C:\\\\dir\\\\ü.npy\")"),
        ("[1, [2],]", "[1 [2]]"),
        ("random(2x3, seed=-1)", "random(2x3 seed=(neg 1))"),
        ("f(x)", "f(x)"),
        ("inner + island + letter", "(+ (+ inner island) letter)"),
    ];
    for (text, expected) in cases {
        assert_eq!(value(text), expected, "{text}");
    }
}

#[test]
fn line_breaks_do_not_end_statements_in_brackets_or_around_operators() {
    let cases = [
        ("[1,\n\n 2 # two\n , 3]", "[1 2 3]"),
        ("f(\n  a\n  ,\n  pad\n =\n 1\n)", "f(a pad=1)"),
        ("(\na\n-b\n)", "(- a b)"),
        ("\n\n  # a comment\n  3", "3"),
        ("a +\n  b *\n\n c", "(+ a (* b c))"),
        ("x\n  |> f\n\n  # why\n  |>\n g", "((x > f) > g)"),
        ("(x\n |> f\n)", "(x > f)"),
        ("[[1, 2]\r\n,\r\n[3, 4]]", "[[1 2] [3 4]]"),
    ];
    for (text, expected) in cases {
        assert_eq!(value(text), expected, "{text}");
    }
}

#[test]
fn statements_end_with_the_line_a_semicolon_or_the_brace() {
    let body = |text: &str| tree(&format!("network f(x: 1) {{{text}}}"));
    let expected = |text: &str| format!("network f(x:1) {{{text}}}\n");
    assert_eq!(body("relu; conv(k);; tanh"), expected("relu; conv(k); tanh"));
    assert_eq!(body("\n a = x\n -b\n"), expected("a = x; (neg b)"));
    assert_eq!(body(" relu # one\n;\n relu "), expected("relu; relu"));
    assert_eq!(body("a =\n x\n output a"), expected("a = x; output a"));
    assert_eq!(body("output x + # more\n y"), expected("output (+ x y)"));
    assert_eq!(body(""), expected(""));
    assert_eq!(body("\n;\n"), expected(""));
    assert_eq!(body("relu\r\nrelu\r\n"), expected("relu; relu"));
    assert_eq!(tree("network f(x: 1) { relu } let a = 1; let b = 2"), "network f(x:1) {relu}\nlet a 1\nlet b 2\n");
    assert_eq!(tree("network f(x: 1)\n\n{\nrelu\n}\n"), "network f(x:1) {relu}\n");
    assert_eq!(tree("let a = 1 # end"), "let a 1\n");
    assert_eq!(tree(""), "");
    assert_eq!(tree("\u{feff}\r\n# nothing"), "");
    assert_eq!(tree("\u{feff}let a = 1\r\nlet b = 2"), "let a 1\nlet b 2\n");
}

#[test]
fn declarations_share_a_shape_and_may_have_a_domain() {
    let cases = [
        ("forall k: 8x8x3x3", "forall k:8x8x3x3"),
        ("forall x, y: 1x8x8, a: 1", "forall x:1x8x8 y:1x8x8 a:1"),
        ("forall x, y: 1x8x8,\n  a: 1", "forall x:1x8x8 y:1x8x8 a:1"),
        ("forall x: 10 in [0, 1], y: 3", "forall x:10 in 0..1 y:3"),
        ("network f(x: 1x8x8 in [0, 1]) { relu }", "network f(x:1x8x8 in 0..1) {relu}"),
        (
            "network f(x, y: 3 in [-1/2, 1/2], z: 4) = x",
            "network f(x:3 in (/ (neg 1) 2)..(/ 1 2) y:3 in (/ (neg 1) 2)..(/ 1 2) z:4) {output x}",
        ),
        ("network f(\n  x\n  :\n  3\n  in\n [0,\n 1]\n  ,\n  y: 4,\n) =\n x", "network f(x:3 in 0..1 y:4) {output x}"),
    ];
    for (text, expected) in cases {
        assert_eq!(tree(text), format!("{expected}\n"), "{text}");
    }
}

#[test]
fn imports() {
    assert_eq!(tree("import \"other.net\""), "import \"other.net\"\n");
    assert_eq!(tree("import \"model.onnx\" as m"), "import \"model.onnx\" as m\n");
}

#[test]
fn claims() {
    let cases = [
        ("f is linear", "f is linear"),
        ("f is positively_homogeneous", "f is positively_homogeneous"),
        ("f is lipschitz 3/2", "f is lipschitz (/ 3 2)"),
        ("f is affine_along constants", "f is affine_along constants"),
        ("f == g", "[] f == g"),
        ("f != g", "[] f != g"),
        ("f == g within 1e-6", "[] f == g within 1/1000000"),
        ("f ==\n g", "[] f == g"),
        ("forall x, y: 1x8x8. f(x + y) == f(x) + f(y)", "[x:1x8x8 y:1x8x8] f((+ x y)) == (+ f(x) f(y))"),
        (
            "forall x, y: 1x8x8, a: 1. f(a * x + y) == a * f(x) + f(y)",
            "[x:1x8x8 y:1x8x8 a:1] f((+ (* a x) y)) == (+ (* a f(x)) f(y))",
        ),
        ("forall x: 8 in [0, 1.5].\n  f(x) != g(x) within 0.5", "[x:8 in 0..3/2] f(x) != g(x) within 1/2"),
        ("forall a: 1.f(a) == a", "[a:1] f(a) == a"),
    ];
    for (text, expected) in cases {
        assert_eq!(tree(&format!("prove {text}")), format!("prove {expected}\n"), "{text}");
    }
}

#[test]
fn spans_cover_what_was_written() {
    let text = "let a = -(b + c) # sum\nnetwork f(x: 1x8 in [0, 1]) {\n  c1 = x |> conv(k)  # step\n  output c1\n}\nprove forall x: 3. f(x) == g(x) within 1\nprove f is lipschitz 2  # two\nforall p, q: 3\n";
    let (file, diagnostics) = parse(text, 4);
    assert!(diagnostics.is_empty());
    let at = |span: crate::diagnostic::Span| {
        assert_eq!(span.file, 4);
        &text[span.start..span.end]
    };
    let Item::Let { name, value } = &file.items[0] else { panic!() };
    assert_eq!((at(name.span), at(value.span)), ("a", "-(b + c)"));
    let ExprKind::Negate(sum) = &value.kind else { panic!() };
    assert_eq!(at(sum.span), "(b + c)");
    let Item::Network(network) = &file.items[1] else { panic!() };
    assert!(at(network.span).starts_with("network f(") && at(network.span).ends_with('}'));
    assert_eq!((at(network.parameters[0].shape_span), at(network.body[0].span)), ("1x8", "c1 = x |> conv(k)"));
    assert_eq!((at(network.body[0].value.span), at(network.body[1].span)), ("x |> conv(k)", "output c1"));
    let Item::Prove { span, .. } = &file.items[2] else { panic!() };
    assert_eq!(at(*span), "forall x: 3. f(x) == g(x) within 1");
    let Item::Prove { span, claim: Claim::Property { property, argument, .. } } = &file.items[3] else { panic!() };
    assert_eq!((at(*span), at(property.span)), ("f is lipschitz 2", "lipschitz"));
    assert_eq!(argument.as_ref().map(|argument| at(argument.span)), Some("2"));
    let Item::Forall { span, .. } = &file.items[4] else { panic!() };
    assert_eq!(at(*span), "forall p, q: 3");
}
