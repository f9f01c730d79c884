//! Properties of all programs, of damaged programs and of any text.

use pest::Parser as _;
use proptest::prelude::*;

use super::programs::program;
use super::{REPVGG, RESIDUAL, mistakes, show};
use crate::diagnostic::{Source, Sources};
use crate::report::diagnostics::render;
use crate::syntax::lex::{Kind, Lexer};
use crate::syntax::parse::{NetParser, Rule};
use crate::syntax::recover::Recovery;
use crate::syntax::{format, parse};

/// What must hold of every text, whatever it is.
fn check(text: &str) {
    let (file, diagnostics) = mistakes(text);
    let mut recovery = Recovery::new(text, 7);
    recovery.run();
    match NetParser::parse(Rule::file, text) {
        // The two ways to read a text agree.
        Ok(_) => {
            assert_eq!(recovery.builder.diagnostics, diagnostics);
            assert_eq!(show::file(&recovery.builder.tree), show::file(&file));
        }
        Err(_) => assert!(!recovery.builder.diagnostics.is_empty(), "recovery finds no mistake in {text:?}"),
    }
    let sources = Sources { files: vec![Source { name: "a\u{1b}.net".into(), text: text.into() }; 8] };
    let plain = render(&diagnostics, &sources, false);
    assert!(plain.chars().all(|c| c == '\n' || !c.is_control()), "{plain:?}");
    match format(text) {
        Ok(formatted) => {
            assert!(diagnostics.is_empty());
            assert_eq!(show::file(&parse(&formatted, 0).0), show::file(&file), "{text:?} {formatted:?}");
            assert_eq!(format(&formatted), Ok(formatted));
        }
        Err(found) => assert_eq!(found.len(), diagnostics.len()),
    }
}

/// The text with some tokens deleted, doubled, exchanged or replaced.
fn damaged(text: &str, changes: &[(u8, u16, u16)]) -> String {
    let mut words: Vec<&str> = Lexer::new(text).map(|token| token.text(text)).collect();
    for &(change, a, b) in changes {
        if words.is_empty() {
            break;
        }
        let (a, b) = (a as usize % words.len(), b as usize % words.len());
        match change % 4 {
            0 => drop(words.remove(a)),
            1 => words.insert(a, words[a]),
            2 => words.swap(a, b),
            _ => words[a] = words[b],
        }
    }
    words.join(" ")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn blanks_change_nothing(program in program(), choices: Vec<u8>) {
        let plain = program.filled(&[]);
        let (file, diagnostics) = parse(&plain, 0);
        prop_assert_eq!(&diagnostics, &[], "{}", plain);
        let spaced = program.filled(&choices);
        let (other, diagnostics) = parse(&spaced, 0);
        prop_assert_eq!(&diagnostics, &[], "{}", spaced);
        prop_assert_eq!(show::file(&file), show::file(&other));
        check(&spaced);
    }

    #[test]
    fn damaged_programs_are_explained(
        program in program(),
        choices: Vec<u8>,
        changes in proptest::collection::vec(any::<(u8, u16, u16)>(), 1..5),
    ) {
        check(&damaged(&program.filled(&choices), &changes));
    }

    #[test]
    fn damaged_samples_are_explained(changes in proptest::collection::vec(any::<(u8, u16, u16)>(), 1..8)) {
        check(&damaged(RESIDUAL, &changes));
        check(&damaged(REPVGG, &changes));
    }

    #[test]
    fn truncated_samples_are_explained(start in 0usize..700, length in 0usize..700) {
        for text in [RESIDUAL, REPVGG] {
            let cut: String = text.chars().skip(start % text.len()).take(length).collect();
            check(&cut);
        }
    }

    #[test]
    fn any_text_is_explained(text in any::<String>()) {
        check(&text);
    }

    #[test]
    fn any_bytes_are_explained(bytes: Vec<u8>) {
        check(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn soups_of_words_are_explained(words in proptest::collection::vec(0usize..40, 0..60)) {
        const WORDS: [&str; 40] = [
            "let", "forall", "network", "import", "prove", "output", "in", "is", "as", "within", "x", "f", "3", "1x2",
            "0.5", "\"a\"", "\"", "(", ")", "[", "]", "{", "}", ",", ":", ";", ".", "=", "==", "+", "-", "*", "|>", "\n",
            "\n", "\n", "# c\n", "->", "é", "1x",
        ];
        check(&words.into_iter().map(|word| WORDS[word]).collect::<Vec<_>>().join(" "));
    }

    #[test]
    fn the_lexer_and_the_grammar_have_the_same_words(text in "[0-9.xX×eEpPaf_+-]{1,8}|[a-z_0-9]{1,8}|[-=|>!:+*/.]{1,4}|\"[a\"\r# ]{0,4}") {
        let whole = |token: &crate::syntax::lex::Token| token.start == 0 && token.end == text.len();
        let kind = Lexer::new(&text).next().filter(whole).map(|token| token.kind);
        let reads = |rule| NetParser::parse(rule, &text).is_ok_and(|pairs| pairs.as_str() == text);
        prop_assert_eq!(reads(Rule::number) || reads(Rule::shape), kind == Some(Kind::Number));
        prop_assert_eq!(reads(Rule::name), kind == Some(Kind::Name));
        prop_assert_eq!(reads(Rule::string), kind == Some(Kind::Text));
        prop_assert_eq!(reads(Rule::operator), kind == Some(Kind::Operator));
        prop_assert_eq!(reads(Rule::relation), kind == Some(Kind::Relation));
        prop_assert_eq!(reads(Rule::pipe), kind == Some(Kind::Pipe));
        prop_assert_eq!(reads(Rule::equals), kind == Some(Kind::Equals));
    }
}
