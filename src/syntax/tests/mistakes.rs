//! What is said about mistakes, and what is read all the same.

use super::{RESIDUAL, mistakes, show};
use crate::diagnostic::{Diagnostic, Source, Sources};

/// `line:column id: message` for each mistake.
fn summary(text: &str) -> Vec<String> {
    let sources = Sources { files: vec![Source { name: String::new(), text: text.into() }; 8] };
    let place = |d: &Diagnostic| {
        let column = 1 + text[..d.span.start].rsplit('\n').next().map_or(0, |line| line.chars().count());
        format!("{}:{column} {}: {}", sources.line(d.span), d.code, d.message)
    };
    mistakes(text).1.iter().map(place).collect()
}

fn help(text: &str) -> String {
    let (_, diagnostics) = mistakes(text);
    diagnostics.first().and_then(|diagnostic| diagnostic.help.clone()).unwrap_or_default()
}

/// One mistake in a text.
fn one(text: &str, expected: &str) {
    assert_eq!(summary(text), [expected], "{text:?}");
}

#[test]
fn expected_and_found() {
    one("let c 5", "1:7 syntax: expected `=`, found `5`");
    one("let = 5", "1:5 syntax: expected a name, found `=`");
    one("let d =", "1:8 syntax: expected a value, found the end of the file");
    one("let d = # what\n\nlet e = 1", "1:8 syntax: expected a value, found the end of the line");
    one("let e = 3 +\nlet f = 1", "1:12 syntax: expected a value, found the end of the line");
    one("let e = 3 3", "1:11 syntax: expected the end of the line, found `3`");
    one("let k = [[1, 2]\n [3, 4]]", "2:2 syntax: expected `,` or `]`, found `[`");
    one("let k = f(=3)", "1:11 syntax: expected a value or `)`, found `=`");
    one("let k = []", "1:10 syntax: expected a value, found `]`");
    one("let k = x |> 3", "1:14 syntax: expected a layer or a network, found `3`");
    one("forall x: y", "1:11 syntax: expected a shape such as `1x8x8`, found `y`");
    one("forall x: 3.5", "1:11 syntax: expected a shape such as `1x8x8`, found `3.5`");
    one("forall x: 3 in [0 1]", "1:19 syntax: expected `,`, found `1`");
    one("forall x", "1:9 syntax: expected `,` or `:`, found the end of the file");
    one("import other.net", "1:8 syntax: expected a file's name in double quotes, found `other`");
    one("prove f linear", "1:9 syntax: expected `is`, `==` or `!=`, found `linear`");
    one("prove f is", "1:11 syntax: expected a name, found the end of the file");
    one("prove f == g == h", "1:14 syntax: expected the end of the line, found `==`");
    one("prove forall x: 3. f is linear", "1:22 syntax: expected `==` or `!=`, found `is`");
    one("prove forall x: 3 f(x) == 3", "1:19 syntax: expected `,` or `.`, found `f`");
    one("prove f;", "1:8 syntax: expected `is`, `==` or `!=`, found `;`");
    one("network f(x: 3) {\n+ 3\n}", "2:1 syntax: expected a statement, found `+`");
    one("network f(x: 3) { output }", "1:26 syntax: expected a value, found `}`");
    one("network f() { relu }", "1:11 syntax: expected a name, found `)`");
    one("network f(x: 8) relu", "1:17 syntax: expected `{` or `=`, found `relu`");
    one("network f(x: 8) =\nlet a = 1", "1:18 syntax: expected a value, found the end of the line");
}

#[test]
fn words_that_are_none() {
    one("let a := 3", "1:7 syntax: expected `=`, found `:=`");
    one("let a = x -> f", "1:11 syntax: expected the end of the line, found `->`");
    one("let a = 2blur", "1:9 invalid-number: `2blur` is not a number");
    one("let a = 1.2.3", "1:9 invalid-number: `1.2.3` is not a number");
    one("let a = 0x1F", "1:9 invalid-number: `0x1F` is not a number");
    one("let a = load(\"abc)", "1:14 syntax: this text has no closing `\"`");
    one("let a = 3\u{a0}", "1:10 syntax: expected the end of the line, found the character U+00A0");
    one("let a = \u{1b}[0m", "1:9 syntax: expected a value, found the character U+001B");
    one("let a = b\rlet c = 1", "1:10 syntax: expected the end of the line, found the character U+000D");
    one("let in = 5", "1:5 syntax: `in` is a reserved word and cannot be a name");
    one("network f(x: 3) { conv(as=3) }", "1:24 syntax: `as` is a reserved word and cannot be a name");
    one("network f(x: 1 x 8 x 8) { relu }", "1:14 syntax: a shape is one word: integers joined by a small `x`");
    one("network f(x: 1x8 x8) { relu }", "1:14 syntax: a shape is one word: integers joined by a small `x`");
    one("network f(x: 1x8x8) { conv(8 3x3) }", "1:30 syntax: expected `,` or `)`, found `3x3`");
    one("network f(x 1x8x8) { relu }", "1:13 syntax: expected `,` or `:`, found `1x8x8`");
    one("network f(x: (1, 8, 8)) { relu }", "1:14 syntax: expected a shape such as `1x8x8`, found `(`");
    one("network f(x: 3) { conv(k, 3X3) }", "1:27 syntax: a shape is one word: integers joined by a small `x`");
}

#[test]
fn help_says_what_to_write() {
    let cases = [
        ("let a := 3", "write `=`"),
        ("let a = x -> f", "a value goes into a layer with `|>`"),
        ("let a = .5", "write `0.5`"),
        ("let a = 1_000", "write `1000`"),
        ("let a = 0x1F", "a hexadecimal number ends with its binary exponent: `0x1Fp0`"),
        ("let a = 2blur", "a product is written with `*`: `2 * blur`; a name does not begin with a digit"),
        ("let a = 3x", "a shape has a length after every `x`: `3x3`"),
        ("let a = b ** 2", "there is no power; write a product or `square`"),
        ("let a = 'b'", "texts stand in double quotes: `\"model.onnx\"`"),
        ("network f(x: 1 x 8 x 8) { relu }", "write `1x8x8`"),
        ("forall x: 3 × 8", "write `3x8`"),
        ("netwrok f(x: 3) {\nrelu\n}", "did you mean `network`?"),
        ("Let a = 3", "did you mean `let`?"),
        ("Network f(x: 3) { relu }", "did you mean `network`?"),
        ("a = 3", "a constant is defined with `let a = ...`"),
        ("conv(k)", "steps stand in the body of a network: `network f(x: 1x8x8) { ... }`"),
        ("output 3", "`output` stands in the body of a network"),
        ("prove f = g", "a claim is written with `==`; `=` defines a name"),
        ("prove f == g\n  within 1", "`within` stands on the line of its claim"),
        ("prove f linear", "write `is linear`"),
        ("network f(x) { relu }", "write each name with its shape: `x: 1x8x8`"),
        ("network f(x: 3) {\n let a = 3\n}", "write `a = ...` without `let`, or put the constant above the network"),
        ("network f(x: 3) {\n conv(k,, pad=1)\n}", "a value is missing here, or there is one comma too many"),
        ("network f(x: 3) {\n a == relu\n}", "`=` defines a name; `==` stands only in a claim: `prove f == g`"),
        ("network f(x: 3) {\n a = b = c\n}", "the left side of `=` is one name"),
        ("network f(x: 3) {\n relu relu\n}", "one statement stands on a line; a value goes into a layer with `|>`"),
        ("let é = 3", "a name has the letters a to z and A to Z, digits and `_`"),
    ];
    for (text, expected) in cases {
        assert_eq!(help(text), expected, "{text}");
    }
}

#[test]
fn both_readings_of_an_ambiguous_pipe_are_written_out() {
    let cases = [
        ("a + x |> f", "write `(a + x) |> f` or `a + (x |> f)`"),
        ("x |> f + y", "write `(x |> f) + y`; what follows `|>` is one layer or network"),
        ("2*x + b |> f |> g(1) + y", "write `((2 * x + b) |> f |> g(1)) + y` or `2 * x + (b |> f |> g(1)) + y`"),
        ("a - -x\n |> conv(k, pad=1, stride=2, dilation=3)", "write `(a - -x) |> conv(…)` or `a - (-x |> conv(…))`"),
    ];
    for (text, expected) in cases {
        let text = format!("let v = {text}");
        assert_eq!(help(&text), expected);
        assert!(summary(&text)[0].contains("ambiguous-pipe"));
    }
    // What the help says is read, and means what it says.
    for (_, help) in &cases[..3] {
        for reading in help.split('`').skip(1).step_by(2).filter(|reading| reading.contains(' ')) {
            assert!(summary(&format!("let v = {reading}")).is_empty(), "{reading}");
        }
    }
    assert_eq!(summary(&format!("let v = {}x |> f", "a + ".repeat(50))).len(), 1);
}

#[test]
fn brackets() {
    one("let a = [1, 2]]", "1:15 syntax: this `]` closes nothing");
    one("let a = ([1, 2)", "1:15 syntax: expected `,` or `]`, found `)`");
    one("let a = [1, 2\nlet b = 1", "1:14 syntax: expected `,` or `]`, found the end of the line");
    one("let a = [1, 2;\nlet b = 1", "1:14 syntax: expected `,` or `]`, found `;`");
    one("network f(x: 3 {\nrelu\n}", "1:16 syntax: expected `,` or `)`, found `{`");
    one("network f(x: 3\n relu\n}", "1:15 syntax: expected `,` or `)`, found the end of the line");
    one("network f(x: 3)\n relu\n}", "1:16 syntax: this network has no body");
    one("network f(x: 3) {\n conv(\n  k\n  pad=1\n )\n}", "3:4 syntax: expected `,` or `)`, found the end of the line");
    one("let a = 1\n}\nlet b = 2", "2:1 syntax: this `}` closes nothing");
    let (_, diagnostics) = mistakes("let a = f(1, [2, 3\nlet b = 1");
    assert_eq!(diagnostics[0].related.len(), 1);
    assert_eq!(
        (diagnostics[0].related[0].0.start, diagnostics[0].related[0].1.as_str()),
        (13, "this `[` is not closed")
    );
}

#[test]
fn missing_braces() {
    let text = "network f(x: 3) {\n relu\n\nnetwork g(x: 3) {\n relu\nlet a = 1\n";
    assert_eq!(
        summary(text),
        [
            "4:1 syntax: the body of `f` is never closed: expected `}`, found `network`",
            "6:1 syntax: the body of `g` is never closed: expected `}`, found `let`"
        ]
    );
    assert_eq!(show::file(&mistakes(text).0), "let a 1\npoisoned f g\n");
    one(
        "network f(x: 3) {\n relu\n# end\n",
        "3:6 syntax: the body of `f` is never closed: expected `}`, found the end of the file",
    );
    one("network (x: 3) { relu }", "1:9 syntax: expected a name, found `(`");
}

#[test]
fn every_independent_mistake_is_found_in_one_run() {
    let text = "\
let a = 2blur
let b = [1, 2
let c = 3
network f(x: 3) {
    conv(c,, pad=1)
    relu
    y = x + relu |> f
    let d = 1
}
network g(x: 3 {
    conv(c
    relu
}
network h(x: 3) {
    relu
prove h is linear
prove f = g
prove f is linear
";
    assert_eq!(
        summary(text),
        [
            "1:9 invalid-number: `2blur` is not a number",
            "2:14 syntax: expected `,` or `]`, found the end of the line",
            "5:12 syntax: expected a value or `)`, found `,`",
            "7:18 ambiguous-pipe: `|>` beside an infix operator could mean two things",
            "8:5 syntax: `let` cannot stand inside a network",
            "10:16 syntax: expected `,` or `)`, found `{`",
            "11:11 syntax: expected `,` or `)`, found the end of the line",
            "16:1 syntax: the body of `h` is never closed: expected `}`, found `prove`",
            "17:9 syntax: expected `is`, `==` or `!=`, found `=`",
        ]
    );
    assert_eq!(
        show::file(&mistakes(text).0),
        "let c 3\nbroken network f(x:3) {relu}\nprove h is linear\nprove f is linear\npoisoned a b g h\n"
    );
}

#[test]
fn what_cannot_be_read_is_poisoned() {
    let cases = [
        ("let a = ", "poisoned a\n"),
        ("let a = 1e99999", "poisoned a\n"),
        ("lett a = 3", "poisoned lett a\n"),
        ("forall p, q: 3x, r: 4", "poisoned p q r\n"),
        ("forall p: 3, q: 99999999999999999999999x3", "forall p:3\npoisoned q\n"),
        ("network f(x: 99999999999999999999999x3) { relu }", "poisoned f\n"),
        ("network f(x: 3 in [1e99999, 1]) = x", "poisoned f\n"),
        ("network f(x: 3) = x |> 3", "broken network f(x:3) {}\n"),
        ("network f(x: 3) = 1e99999", "broken network f(x:3) {}\n"),
        ("network f(x: 3) {\n conv(1e99999)\n relu\n}", "broken network f(x:3) {relu}\n"),
        ("import \"a\" as b c", "poisoned b\n"),
        ("prove f ==", ""),
        ("prove f is lipschitz 1e99999", ""),
    ];
    for (text, expected) in cases {
        let (file, diagnostics) = mistakes(text);
        assert_eq!((show::file(&file).as_str(), diagnostics.len()), (expected, 1), "{text}");
    }
}

#[test]
fn one_deleted_bracket_is_one_mistake_or_two() {
    for (i, _) in RESIDUAL.match_indices(['(', ')', '[', ']', '{', '}']) {
        let text = format!("{}{}", &RESIDUAL[..i], &RESIDUAL[i + 1..]);
        let found = summary(&text);
        assert!((1..=2).contains(&found.len()), "{text}{found:#?}");
    }
}
