//! Damaged examples: whatever stands in a file, it is proved or explained, and never a panic.

mod common;

use netprove::decide::prove;
use netprove::diagnostic::{Source, Sources, Span};
use netprove::network::{NoImports, Rejected, check};
use netprove::report::{self, Detail, document::Document, text};
use proptest::prelude::*;

const MEMORY: u64 = 4 << 20;

/// What numbers are changed to: the ends of what is allowed, and beyond.
const NUMBERS: &[&str] = &[
    "0",
    "-1",
    "1",
    "2",
    "7",
    "1/3",
    "0.5",
    "1/0",
    "1e400",
    "18446744073709551615",
    "18446744073709551616",
    "4294967296",
    "1x1",
    "0x0",
    "3x3",
    "1x4x4",
    "2x3x4x5",
    "65536x65536x65536",
    "4294967296x4294967296",
    "1x1x1x1x1x1x1x1x1",
];

/// What names are changed to: every kind of name there is.
const NAMES: &[&str] = &[
    "x",
    "k",
    "relu",
    "conv",
    "conv_transpose",
    "depthwise",
    "dense",
    "batchnorm",
    "avgpool",
    "maxpool",
    "softmax",
    "slice",
    "permute",
    "upsample",
    "pixel_shuffle",
    "maxout",
    "concat",
    "multiply",
    "sigmoid",
    "pad",
    "crop",
    "reshape",
    "zeros",
    "ones",
    "eye",
    "flip",
    "transpose",
    "outer",
    "random",
    "load",
    "linear",
    "none",
    "same",
    "circular",
    "stride",
    "groups",
    "output",
    "network",
    "let",
    "prove",
    "import",
    "in",
];

/// A change to a list of tokens; the numbers choose places and replacements.
#[derive(Clone, Copy, Debug)]
enum Change {
    Delete(usize),
    Double(usize),
    Swap(usize, usize),
    Number(usize, usize),
    Name(usize, usize),
    /// A line of this example becomes a line of another.
    Splice(usize, usize, usize),
}

fn change() -> impl Strategy<Value = Change> {
    let n = any::<usize>;
    prop_oneof![
        1 => n().prop_map(Change::Delete),
        1 => n().prop_map(Change::Double),
        1 => (n(), n()).prop_map(|(a, b)| Change::Swap(a, b)),
        4 => (n(), n()).prop_map(|(a, b)| Change::Number(a, b)),
        3 => (n(), n()).prop_map(|(a, b)| Change::Name(a, b)),
        2 => (n(), n(), n()).prop_map(|(a, b, c)| Change::Splice(a, b, c)),
    ]
}

/// Words, numbers, marks and blanks; together they are the text.
fn tokens(text: &str) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    let kind = |c: char| match c {
        c if c.is_alphanumeric() || c == '_' || c == '.' => 0,
        ' ' => 1,
        _ => 2,
    };
    let mut last = 2;
    for c in text.chars() {
        match tokens.last_mut() {
            Some(token) if kind(c) == last && last < 2 => token.push(c),
            _ => tokens.push(c.to_string()),
        }
        last = kind(c);
    }
    tokens
}

fn apply(text: &str, change: Change, others: &[String]) -> String {
    if let Change::Splice(at, file, line) = change {
        let mut lines: Vec<&str> = text.lines().collect();
        let other: Vec<&str> = others[file % others.len()].lines().collect();
        let at = at % lines.len().max(1);
        if let Some(target) = lines.get_mut(at) {
            *target = other[line % other.len()];
        }
        return lines.join("\n");
    }
    let mut tokens = tokens(text);
    let places = |wanted: fn(char) -> bool| -> Vec<usize> {
        (0..tokens.len()).filter(|&i| tokens[i].starts_with(wanted)).collect()
    };
    let (any, numbers, names) =
        (places(|c| c != ' '), places(|c| c.is_ascii_digit()), places(|c| c.is_ascii_alphabetic()));
    let pick = |from: &[usize], n: usize| from.get(n % from.len().max(1)).copied();
    match change {
        Change::Delete(n) => drop(pick(&any, n).map(|i| tokens.remove(i))),
        Change::Double(n) => drop(pick(&any, n).map(|i| tokens.insert(i, tokens[i].clone()))),
        Change::Swap(a, b) => drop(pick(&any, a).zip(pick(&any, b)).map(|(a, b)| tokens.swap(a, b))),
        Change::Number(n, to) => drop(pick(&numbers, n).map(|i| tokens[i] = NUMBERS[to % NUMBERS.len()].into())),
        Change::Name(n, to) => drop(pick(&names, n).map(|i| tokens[i] = NAMES[to % NAMES.len()].into())),
        Change::Splice(..) => {}
    }
    tokens.concat()
}

fn check_span(sources: &Sources, span: Span) {
    let text = &sources.files[span.file as usize].text;
    assert!(span.start <= span.end && text.get(span.start..span.end).is_some(), "{span:?} in {text:?}");
}

/// Everything that netprove does with a file, but reading and printing it.
fn run(text: &str) {
    match check(Source { name: "fuzz.net".into(), text: text.into() }, &NoImports, MEMORY) {
        Err(Rejected { sources, diagnostics }) => {
            assert!(!diagnostics.is_empty());
            for diagnostic in &diagnostics {
                check_span(&sources, diagnostic.span);
                diagnostic.related.iter().for_each(|(span, _)| check_span(&sources, *span));
            }
            assert!(!report::diagnostics::render(&diagnostics, &sources, true).is_empty());
        }
        Ok(program) => {
            let report = prove(&program, MEMORY);
            let style = text::Style { width: 40, color: false };
            let networks = program.networks.iter().zip(&report.networks);
            let mut documents: Vec<Document> =
                networks.map(|(n, r)| report::network(n, r, &program, Detail::NORMAL)).collect();
            documents.extend(report::claims(&report, Detail::NORMAL));
            documents.iter().for_each(|document| drop(text::render(document, style)));
            drop(serde_json::to_value(report::json::object(&report, text.as_bytes(), 100)).expect("JSON"));
        }
    }
}

/// What no example shows: most layers, each with its arguments, and every function.
const TOUR: &str = "\
let k = pad(flip(outer([1, 2, 1], [1, 0, -1]) / 4), 1)
let m = transpose(eye(3)) - 0x1.8p-1 * ones(3x3)

network maps(x: 2x4x4 in [-1, 1]) {
    conv(random(4x1x3x3, seed=1), stride=1x2, pad=[1, 1, 0, 1], dilation=1, groups=2, pad_mode=reflect)
    conv_transpose(random(4x2x2x2, seed=2), stride=2, output_pad=1)
    depthwise(random(2x3x3, seed=3), pad=same, bias=[1, -1/2])
    batchnorm(scale=[1, 2], shift=[0, 1/3])
    pad(1, value=0, mode=zero)
    crop(1)
    upsample(2, mode=bilinear)
    slice(1, 0, 4, step=2)
    permute(1, 2, 0)
    permute([2, 0, 1])
    permute(axes=[0, 2, 1])
}

network moves(x: 4x2x2) {
    pixel_shuffle(2)
    sumpool(2, stride=2)
    reshape(2x2)
    bias([1, 2])
    scale(1/3)
    dropout(p=0.5)
    flatten
    slice(0, 1, 4)
    dense(m, bias=none)
}

network bends(x: 2x3, y: 2x3) {
    a = x |> leaky_relu(1/10)
    b = y |> prelu([1/4, -1]) |> clip(-1, 2)
    c = a |> maximum(b, x) |> minimum(y)
    d = c |> maxpool(2, stride=1, pad=1, dilation=1) |> minpool(2, stride=1)
    e = (d |> hard_sigmoid) - (d |> hard_tanh) + (d |> relu6)
    output e |> maxout(2) |> global_maxpool
}

network smooth(x: 2 in [0, 1]) = (x |> sigmoid |> tanh) + (x |> gelu |> multiply(x)) - (x |> silu |> square |> softmax)

prove maps is affine
prove moves is affine
prove bends is nonlinear
prove smooth is nonlinear
";

fn texts() -> Vec<String> {
    let read = |path| std::fs::read_to_string(path).expect("readable");
    // The tour as often as all examples together.
    let mut texts: Vec<String> = common::examples().into_iter().map(read).collect();
    texts.extend(vec![TOUR.to_string(); texts.len()]);
    texts
}

proptest! {
    #![proptest_config(ProptestConfig { cases: std::env::var("CASES").ok().and_then(|c| c.parse().ok()).unwrap_or(400), max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn damaged_examples_never_panic(file: usize, changes in prop::collection::vec(change(), 1..4)) {
        let texts = texts();
        let start = texts[file % texts.len()].clone();
        run(&changes.iter().fold(start, |text, &change| apply(&text, change, &texts)));
    }
}

#[test]
fn the_tour_is_accepted() {
    let source = Source { name: "tour.net".into(), text: TOUR.into() };
    let program = check(source, &NoImports, MEMORY).unwrap_or_else(|r| panic!("{:#?}", r.diagnostics));
    run(TOUR);
    assert_eq!(program.claims.len(), 4);
}

/// Programs that once were a panic, and the likes of them.
#[test]
fn what_once_panicked() {
    let rows = [
        "network f(x: 1x4x4) { conv(ones(3x3), pad=1) }",
        "let k = zeros(3x3)\nlet l = flip(k)\nlet m = transpose(k)",
        "let k = zeros()\nlet l = flip()\nlet m = eye()\nlet n = eye(2)",
    ];
    rows.iter().for_each(|text| run(text));
}

/// Networks that call one another, and files that import one another, however deep.
#[test]
fn calls_and_imports_are_nested_without_end() {
    use netprove::diagnostic::Code;
    use netprove::network::Loader;
    let chain = |calls: &dyn Fn(usize) -> Option<usize>| {
        let body = |i| calls(i).map_or("relu".to_string(), |j| format!("f{j}"));
        (0..3000).map(|i| format!("network f{i}(x: 2) {{ {} }}\n", body(i))).collect::<String>()
    };
    let accepted = |text: &str| check(Source { name: "calls.net".into(), text: text.into() }, &NoImports, MEMORY);
    assert!(accepted(&chain(&|i| i.checked_sub(1))).is_ok(), "defined before their use");
    for text in [chain(&|i| Some((i + 1) % 3000)), chain(&|i| (i < 2999).then_some(i + 1))] {
        let rejected = accepted(&text).expect_err("too deep");
        assert_eq!(rejected.diagnostics[0].code, Code::NestedTooDeeply);
    }
    struct Endless;
    impl Loader for Endless {
        fn load(&self, from: &str, _: &str) -> Result<Source, String> {
            Ok(Source { name: format!("{from}i"), text: "import \"next.net\"".into() })
        }
    }
    let first = Source { name: "a".into(), text: "import \"next.net\"".into() };
    let rejected = check(first, &Endless, MEMORY).expect_err("endless");
    assert_eq!(rejected.diagnostics[0].code, Code::NestedTooDeeply);
}
