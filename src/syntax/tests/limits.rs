//! Hostile text: bounded time, memory and stack.

use std::time::{Duration, Instant};

use super::mistakes;
use crate::diagnostic::Code;
use crate::syntax::*;

/// The ids of the mistakes, each of which must be found well within the time given.
fn codes(text: &str) -> Vec<Code> {
    let start = Instant::now();
    let codes = mistakes(text).1.into_iter().map(|diagnostic| diagnostic.code).collect();
    let took = start.elapsed();
    assert!(took < Duration::from_secs(60), "{took:?} for {} bytes", text.len());
    codes
}

#[test]
fn files_that_are_too_large() {
    assert_eq!(codes(&" ".repeat(MAX_BYTES + 1)), [Code::FileTooLarge]);
    assert_eq!(codes(&" ".repeat(MAX_BYTES)), []);
    assert_eq!(codes(&"1,".repeat(MAX_TOKENS)), [Code::FileTooLarge]);
    assert_eq!(decode(vec![b' '; MAX_BYTES + 1], 0).unwrap_err().code, Code::FileTooLarge);
}

#[test]
fn files_that_are_not_utf8() {
    let error = decode(b"let a = 1\nlet b = \"\xff\"\n".to_vec(), 3).unwrap_err();
    assert_eq!((error.code.id().as_str(), error.span.file, error.span.start), ("not-utf8", 3, 19));
    assert_eq!(error.notes, ["byte 0xff at offset 19, on line 2"]);
    assert_eq!(decode("1×8".into(), 0).as_deref(), Ok("1×8"));
}

#[test]
fn brackets_nested_too_deeply() {
    for bracket in ["[", "(", "{", "f(", "[(", "-(", "f(a=["] {
        let text = format!("let a = {}", bracket.repeat(200_000));
        assert_eq!(codes(&text), [Code::NestedTooDeeply], "{bracket}");
    }
    assert_eq!(codes(&"[".repeat(MAX_BYTES)), [Code::NestedTooDeeply]);
    let nested = |depth: usize| format!("let a = {}1{}", "[".repeat(depth), "]".repeat(depth));
    assert_eq!(codes(&nested(MAX_NESTING)), []);
    assert_eq!(codes(&nested(MAX_NESTING + 1)), [Code::NestedTooDeeply]);
    let calls = |depth: usize| format!("let a = {}1{}", "f(1 + -[x |> g(k=(".repeat(depth), "))])".repeat(depth));
    assert_eq!(codes(&calls(16)), []);
}

#[test]
fn brackets_that_were_only_forgotten_are_not_nested() {
    let text = format!("network f(x: 1) {{\n{}}}", "conv(k, pad=1\n".repeat(100));
    let found = codes(&text);
    assert!(found.len() == MAX_DIAGNOSTICS && found.iter().all(|&code| code == Code::Syntax), "{found:?}");
    let text = "let a = [\n".repeat(70);
    assert!(codes(&text).iter().all(|&code| code == Code::Syntax));
}

#[test]
fn expressions_that_are_too_long() {
    for (operator, operand) in [("+", "1"), ("*", "a"), ("|>", "f"), ("-", "-a"), ("/", "(1)")] {
        let chain = |n: usize| format!("let a = x{}", format!(" {operator} {operand}").repeat(n));
        assert_eq!(codes(&chain(400)), [], "{operator}");
        let found = codes(&chain(100_000));
        assert_eq!(found, [Code::NestedTooDeeply], "{operator}");
    }
    assert_eq!(codes(&format!("let a = {}1", "-".repeat(400))), []);
    assert_eq!(codes(&format!("let a = {}1", "-".repeat(1_000_000))), [Code::NestedTooDeeply]);
    // Chains inside brackets inside chains add up.
    let mut text = "1".to_string();
    for _ in 0..30 {
        text = format!("({text}){}", " + 1".repeat(60));
    }
    assert_eq!(codes(&format!("let a = {text}")), [Code::NestedTooDeeply]);
}

#[test]
fn numbers_that_are_too_large() {
    for text in ["1e999999999", "[1e-99999999999999999999, 2]", "0x1p99999", &"9".repeat(20_000), "1/0x1p-123456"] {
        assert_eq!(codes(&format!("let a = {text}")), [Code::InvalidNumber], "{text:.40}");
    }
    assert_eq!(codes("let a = [1e99999, 2, 3e99999]"), [Code::InvalidNumber; 2]);
    assert_eq!(codes("forall a: 99999999999999999999999x3"), [Code::InvalidShape]);
    // Small texts whose values would fill the memory.
    let found = codes(&format!("let a = [{}]", "1e9999,".repeat(100_000)));
    assert!(!found.is_empty() && found.iter().all(|&code| code == Code::InvalidNumber));
}

#[test]
fn declarations_that_multiply_what_they_share() {
    let names = vec!["x"; 100_000].join(", ");
    let found = codes(&format!("forall {names}: 1 in [[{}], 1]", vec!["1"; 100_000].join(",")));
    assert_eq!(found, [Code::FileTooLarge]);
    let found = codes(&format!("forall {names}: {}", vec!["1"; 100_000].join("x")));
    assert_eq!(found, [Code::FileTooLarge]);
}

#[test]
fn garbage_is_refused_in_bounded_time() {
    let random = |alphabet: &str, length: usize| {
        let alphabet: Vec<char> = alphabet.chars().collect();
        let mut state = 1u64;
        let mut next = || {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            alphabet[(state >> 33) as usize % alphabet.len()]
        };
        (0..length).map(|_| next()).collect::<String>()
    };
    for alphabet in
        ["abc01 \n", "{}\n", "()[]\n ,a", "=\n\"#", "\u{0}\u{1b}é×𝄞\n", "|> x\n", "let network{}\n ", "0x.pe-+", "\r\n"]
    {
        codes(&random(alphabet, 300_000));
    }
    for piece in [
        "a = ",
        "a = \n",
        "let ",
        "let a = 1\n",
        "network f(x: 1) {\n",
        "let a = (\n",
        "}\n",
        ")\n",
        "f(\n",
        "x |> ",
        "\n|>",
    ] {
        codes(&piece.repeat(200_000 / piece.len()));
    }
    let codes = codes(&"}\n".repeat(1_000_000));
    assert_eq!(codes.len(), MAX_DIAGNOSTICS);
}

#[test]
fn what_is_left_out_is_counted() {
    let (_, diagnostics) = parse(&"}\n".repeat(60), 0);
    assert_eq!(diagnostics.len(), MAX_DIAGNOSTICS);
    assert_eq!(
        diagnostics.last().map(|last| last.notes.clone()),
        Some(vec!["10 more mistakes are not shown".to_string()])
    );
    let (_, diagnostics) = parse(&"}\n".repeat(100_000), 0);
    assert_eq!(diagnostics[49].notes, ["at least 950 more mistakes are not shown"]);
}

#[test]
fn large_tensors_are_read_quickly() {
    let row = (0..100).map(|i| format!("{}0.{i}", if i % 3 == 0 { "-" } else { "" })).collect::<Vec<_>>().join(", ");
    let text = format!("let w = [{}]", vec![format!("[{row}]"); 1000].join(",\n"));
    let start = Instant::now();
    assert_eq!(codes(&text), []);
    println!("100,000 numbers: {:?}", start.elapsed());
}
