//! Mistakes that are common enough to be recognised, each with what to write instead.

use super::explain::{Context, Mistake, quoted};
use super::lex::{ITEM_WORDS, Kind, Lexer, Token};
use super::parse::Rule;
use crate::diagnostic::{Code, Diagnostic, Span, did_you_mean};

/// The message for a mistake that is one of the common ones.
pub(super) fn hint(mistake: &Mistake) -> Option<Diagnostic> {
    spaced_shape(mistake)
        .or_else(|| unreadable(mistake))
        .or_else(|| unmatched(mistake))
        .or_else(|| out_of_place(mistake))
        .or_else(|| reserved_name(mistake))
        .or_else(|| plain(mistake))
}

fn syntax(mistake: &Mistake, message: impl Into<String>) -> Diagnostic {
    Diagnostic::new(Code::Syntax, mistake.span(), message)
}

/// `1 x 8 x 8`, `1x8 x8`, `3X3`
fn spaced_shape(mistake: &Mistake) -> Option<Diagnostic> {
    let in_shape = |token: &Token| token.text(mistake.text).chars().all(|c| c.is_ascii_digit() || "xX×".contains(c));
    let found = mistake.found.filter(|token| mistake.inside() && in_shape(token))?;
    let first = mistake.before.filter(|token| token.kind == Kind::Number && in_shape(token)).unwrap_or(found);
    let tokens = Lexer::from(&mistake.text[..mistake.region.end.max(found.end)], first.start);
    let tokens: Vec<Token> = tokens.take_while(in_shape).take(32).collect();
    let last = tokens.last()?;
    let ends = |token: &Token, first: bool| {
        let text = token.text(mistake.text);
        if first { text.starts_with(['x', 'X', '×']) } else { text.ends_with(['x', 'X', '×']) }
    };
    // `8 3x3` are two arguments, and `1x8x8` is a shape in the wrong place.
    if !tokens.windows(2).all(|pair| ends(&pair[0], false) || ends(&pair[1], true)) {
        return None;
    }
    let written: String = tokens.iter().map(|token| token.text(mistake.text)).collect();
    if tokens.len() == 1 && !written.contains('X') {
        return None;
    }
    let shape = written;
    let shape = shape.replace(['X', '×'], "x");
    let span = Span { file: mistake.file, start: first.start, end: last.end };
    let whole = |token: Token| token.kind == Kind::Number && token.end == shape.len();
    if !shape.contains('x') || !Lexer::new(&shape).next().is_some_and(whole) {
        return None;
    }
    let diagnostic = Diagnostic::new(Code::Syntax, span, "a shape is one word: integers joined by a small `x`");
    Some(diagnostic.label("not a shape").help(format!("write `{shape}`")))
}

/// What is not a word of the language at all.
fn unreadable(mistake: &Mistake) -> Option<Diagnostic> {
    let token = mistake.found?;
    let word = mistake.word();
    match token.kind {
        Kind::OpenText => Some(
            syntax(mistake, "this text has no closing `\"`")
                .label("it must end on this line")
                .help("write `\"model.onnx\"`"),
        ),
        Kind::BadNumber => {
            let diagnostic =
                Diagnostic::new(Code::InvalidNumber, mistake.span(), format!("{} is not a number", quoted(word)));
            Some(match number_help(word) {
                Some(help) => diagnostic.label("not a number").help(help),
                None => diagnostic.label("not a number"),
            })
        }
        Kind::Unknown => {
            let diagnostic = syntax(mistake, mistake.message()).label("this has no meaning here");
            Some(match foreign_help(word) {
                Some(help) => diagnostic.help(help),
                None => diagnostic,
            })
        }
        _ => None,
    }
}

fn number_help(word: &str) -> Option<String> {
    let lower = word.to_ascii_lowercase();
    if word.starts_with('.') {
        return Some(format!("write `0{word}`"));
    }
    if word.contains('_') {
        return Some(format!("write `{}`", word.replace('_', "")));
    }
    if lower.starts_with("0x") && lower[2..].chars().all(|c| c.is_ascii_hexdigit() || c == '.') {
        return Some(format!("a hexadecimal number ends with its binary exponent: `{word}p0`"));
    }
    if lower.ends_with('x') || lower.ends_with('×') {
        return Some(format!("a shape has a length after every `x`: `{word}3`"));
    }
    let digits = word.find(|c: char| !c.is_ascii_digit()).unwrap_or(word.len());
    let (number, name) = word.split_at(digits);
    let is_name =
        name.chars().all(|c| c.is_ascii_alphanumeric()) && name.starts_with(|c: char| c.is_ascii_alphabetic());
    is_name.then(|| format!("a product is written with `*`: `{number} * {name}`; a name does not begin with a digit"))
}

fn foreign_help(word: &str) -> Option<String> {
    let help = match word {
        ":=" => "write `=`",
        "->" | "=>" | "|" | "→" | ">" | ">=" | "|>=" => "a value goes into a layer with `|>`",
        "**" | "^" => "there is no power; write a product or `square`",
        "//" | "/*" | "*/" => "a comment begins with `#`",
        "'" | "“" | "”" | "‘" | "’" => "texts stand in double quotes: `\"model.onnx\"`",
        "===" => "write `==`",
        "!==" | "≠" | "~" => "write `!=`",
        "≡" => "write `==`",
        "−" | "–" => "write the ASCII minus sign `-`",
        "·" | "@" => "a product is written `*`; a matrix is applied by `|> dense(m)`",
        "∀" => "write `forall`",
        "++" => "there is no unary `+`; write `+` once",
        "\u{a0}" | "\u{2009}" | "\u{202f}" | "\u{3000}" => "this is a special space; write an ordinary one",
        "\r" => "lines end with a line feed, with or without a carriage return before it",
        _ if word.chars().all(char::is_alphabetic) => "a name has the letters a to z and A to Z, digits and `_`",
        "\u{feff}" => "a byte order mark stands only at the beginning of a file",
        _ => return None,
    };
    Some(help.to_string())
}

/// `)` without `(`, or `(1, 2]`.
fn unmatched(mistake: &Mistake) -> Option<Diagnostic> {
    mistake.found.filter(|token| token.kind == Kind::Close && mistake.inside())?;
    let word = mistake.word();
    let Some(open) = mistake.open.last() else {
        return Some(
            syntax(mistake, format!("this `{word}` closes nothing"))
                .label("unexpected")
                .help("remove it, or write its opening bracket before it"),
        );
    };
    let opener = open.text(mistake.text);
    let fits = matches!((opener, word), ("(", ")") | ("[", "]"));
    let span = Span { file: mistake.file, start: open.start, end: open.end };
    (!fits).then(|| {
        syntax(mistake, mistake.message())
            .label("this closes another bracket")
            .related(span, format!("this `{opener}` is still open"))
    })
}

/// Words that belong elsewhere: a step at the top level, a `let` in a network.
fn out_of_place(mistake: &Mistake) -> Option<Diagnostic> {
    let found = mistake.found.filter(|_| mistake.at_start() && mistake.inside())?;
    let word = mistake.word();
    if mistake.context == Context::Statement && ITEM_WORDS.contains(&word) {
        let help = match word {
            "let" => "write `a = ...` without `let`, or put the constant above the network",
            _ => "close the network with `}` first",
        };
        return Some(
            syntax(mistake, format!("`{word}` cannot stand inside a network")).label("not a statement").help(help),
        );
    }
    if mistake.context != Context::Item {
        return None;
    }
    let after = Lexer::from(mistake.text, found.end).significant();
    let defines = after.is_some_and(|token| token.kind == Kind::Equals);
    let lower = word.to_ascii_lowercase();
    let help = match (word, did_you_mean(&lower, ITEM_WORDS)) {
        ("within", _) => "`within` stands on the line of its claim".to_string(),
        ("output", _) => "`output` stands in the body of a network".to_string(),
        ("def" | "fn" | "func" | "function" | "model" | "class", _) => "did you mean `network`?".to_string(),
        ("const" | "var", _) => "did you mean `let`?".to_string(),
        ("assert" | "claim" | "theorem" | "check", _) => "did you mean `prove`?".to_string(),
        (_, Some(item)) if !defines => format!("did you mean `{item}`?"),
        _ if defines => format!("a constant is defined with `let {word} = ...`"),
        _ if found.kind == Kind::Name => {
            "steps stand in the body of a network: `network f(x: 1x8x8) { ... }`".to_string()
        }
        _ => return None,
    };
    Some(syntax(mistake, mistake.message()).label("not an item").help(help))
}

/// `in = 3`
fn reserved_name(mistake: &Mistake) -> Option<Diagnostic> {
    let found = mistake.found.filter(|token| token.kind == Kind::Reserved && mistake.inside())?;
    let names = [Rule::name, Rule::call, Rule::keyword, Rule::parameter, Rule::declaration];
    let word = mistake.word();
    let defines = Lexer::from(mistake.text, found.end).significant().is_some_and(|token| token.kind == Kind::Equals);
    let links = matches!(word, "is" | "as" | "within") && mistake.expects_value() && !defines;
    (mistake.expects(&names) && !links).then(|| {
        syntax(mistake, format!("`{word}` is a reserved word and cannot be a name"))
            .label("reserved")
            .help(format!("write another name, such as `{word}_`"))
    })
}

/// "expected X, found Y" with something to add.
fn plain(mistake: &Mistake) -> Option<Diagnostic> {
    let kind = mistake.found.map(|token| token.kind)?;
    let ends = mistake.expects(&[Rule::EOI]);
    let help = match (kind, mistake.word()) {
        (Kind::Equals, _) if mistake.expects(&[Rule::relation, Rule::comparison]) => {
            "a claim is written with `==`; `=` defines a name"
        }
        (Kind::Relation, _) if mistake.expects(&[Rule::equals]) && !mistake.expects_value() => {
            "`=` defines a name; `==` stands only in a claim: `prove f == g`"
        }
        (Kind::Relation, _) if ends => "`==` stands only in a claim, once: `prove f == g`",
        (Kind::Equals, _) if ends || mistake.context == Context::Statement && mistake.open.is_empty() => {
            "the left side of `=` is one name"
        }
        (Kind::Comma, _) if mistake.expects_value() => "a value is missing here, or there is one comma too many",
        (Kind::Operator, "+") if mistake.expects_value() => "there is no unary `+`; leave it out",
        (Kind::Name, word) if mistake.expects(&[Rule::property, Rule::is_word]) && mistake.inside() => {
            let help = format!("write `is {word}`");
            return Some(syntax(mistake, mistake.message()).label("expected `is`, `==` or `!=`").help(help));
        }
        (Kind::Name | Kind::Text, _) if mistake.expects(&[Rule::string]) && !mistake.expects_value() => {
            "write `import \"other.net\"`"
        }
        (Kind::Open, "(" | "[") if mistake.expects(&[Rule::shape]) && !mistake.expects_value() => {
            "a shape is one word, channels first: `1x28x28`"
        }
        (Kind::Reserved, "is") if mistake.expects(&[Rule::comparison, Rule::relation]) => {
            "after `forall ... .` stands an equation: `forall x: 8. f(x) == g(x)`"
        }
        _ if mistake.expects(&[Rule::colon]) || (kind == Kind::Close && mistake.context == Context::Header) => {
            "write each name with its shape: `x: 1x8x8`"
        }
        (Kind::Name | Kind::Number, _) if ends && mistake.context == Context::Statement && mistake.inside() => {
            "one statement stands on a line; a value goes into a layer with `|>`"
        }
        _ => return None,
    };
    Some(syntax(mistake, mistake.message()).label(format!("unexpected {}", mistake.found_words())).help(help))
}
