//! Random programs: every construct, with blanks, comments and line breaks wherever they may stand.

use proptest::prelude::*;

use crate::syntax::lex::RESERVED;

/// A program with marks where blanks may stand: `~` blanks on the line, `^` line breaks too,
/// `$` the end of a statement, `%` as many ends as one likes.
#[derive(Clone, Debug)]
pub(super) struct Program(String);

impl Program {
    /// The program with each mark replaced by one of its fillings, chosen by `choices` in turn.
    pub fn filled(&self, choices: &[u8]) -> String {
        let mut choices = choices.iter().copied().chain(std::iter::repeat(0));
        let mut pick = |fillings: &[&'static str]| fillings[choices.next().unwrap_or(0) as usize % fillings.len()];
        let fill = |c: char| match c {
            '~' => pick(&["", " ", "\t", "   "]).to_string(),
            '^' => pick(&["", " ", "\n", "\r\n  ", " # one (\"\n", "\n\n\n\t", "#\n # two ]\n"]).to_string(),
            '$' => pick(&["\n", ";", " ;\t;\n", "\r\n", " # end }\n", "\n\n\n  # alone {\n\n", "\n;\n"]).to_string(),
            '%' => pick(&["", "\n", ";", "# start\n", "\n\n", "; \n"]).to_string(),
            c => c.to_string(),
        };
        self.0.chars().map(fill).collect()
    }
}

fn name() -> impl Strategy<Value = String> {
    "[a-zA-Z_][a-z0-9_]{0,4}".prop_filter("reserved", |name| !RESERVED.contains(&name.as_str()))
}

fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        "[0-9]{1,4}",
        "[0-9]{1,2}\\.[0-9]{1,3}",
        "[0-9]{1,2}(\\.[0-9])?[eE][+-]?[0-9]",
        "0x[0-9a-fA-F]{1,3}(\\.[0-9a-f]?)?[pP][+-]?[0-9]",
    ]
}

fn axes() -> impl Strategy<Value = String> {
    "[1-9][0-9]?((x|×)[1-9][0-9]?){1,3}"
}

fn extent() -> impl Strategy<Value = String> {
    prop_oneof!["[1-9][0-9]?", axes()]
}

/// An operand: what stands between operators, at any depth.
fn operand() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        4 => name(),
        4 => number(),
        1 => axes(),
        1 => "\"[a-z #(.]{0,5}\"",
    ];
    leaf.prop_recursive(3, 12, 3, |operand| {
        let inner = chain(operand, "^").boxed();
        let argument = (proptest::option::of(name()), inner.clone())
            .prop_map(|(name, value)| name.map_or(value.clone(), |name| format!("{name}^=^{value}")));
        let list = (proptest::collection::vec(inner.clone(), 1..4), any::<bool>());
        prop_oneof![
            list.prop_map(|(list, comma)| format!("[^{}{}^]", list.join("^,^"), if comma { "^," } else { "" })),
            inner.prop_map(|inner| format!("(^{inner}^)")),
            (name(), proptest::collection::vec(argument, 0..3)).prop_map(|(f, a)| format!("{f}~(^{}^)", a.join("^,^"))),
        ]
    })
}

/// Operands with infix operators between them, or with `|>`; `before` is the mark before an operator.
fn chain(
    operand: impl Strategy<Value = String> + Clone + 'static,
    before: &'static str,
) -> impl Strategy<Value = String> {
    let signed = ("-?-?", operand.clone()).prop_map(|(sign, operand)| format!("{sign}{operand}"));
    let sum = (signed.clone(), proptest::collection::vec(("[-+*/]", signed.clone()), 0..3));
    let step = prop_oneof![name(), name().prop_map(|f| format!("{f}(^3^)"))];
    let pipe = (signed, proptest::collection::vec(step, 1..3));
    prop_oneof![
        3 => sum.prop_map(move |(first, rest)| {
            rest.into_iter().fold(first, |chain, (op, operand)| format!("{chain}{before}{op}^{operand}"))
        }),
        1 => pipe.prop_map(|(first, steps)| steps.into_iter().fold(first, |chain, step| format!("{chain}^|>^{step}"))),
    ]
}

fn expression() -> impl Strategy<Value = String> + Clone {
    chain(operand().boxed(), "~").boxed()
}

fn declarations(gap: &'static str, separator: &'static str) -> impl Strategy<Value = String> + Clone {
    let domain = (number(), number()).prop_map(|(low, high)| format!("[^-{low}^,^{high}^]"));
    let names = proptest::collection::vec(name(), 1..3);
    let one = (names, extent(), proptest::option::of(domain)).prop_map(move |(names, extent, domain)| {
        let domain = domain.map_or(String::new(), |domain| format!(" {gap}in{gap}{domain}"));
        format!("{}{gap}:{gap}{extent}{domain}", names.join(separator))
    });
    proptest::collection::vec(one, 1..3).prop_map(move |all| all.join(separator)).boxed()
}

fn claim() -> impl Strategy<Value = String> {
    let tolerance = proptest::option::of(number());
    let comparison = (expression(), "(==|!=)", expression(), tolerance).prop_map(|(left, relation, right, within)| {
        format!("{left}~{relation}^{right}{}", within.map_or(String::new(), |eps| format!(" within {eps}")))
    });
    let comparison = comparison.boxed();
    let property = (expression(), name(), proptest::option::of(operand()));
    let quantified = (declarations("~", "~,^"), comparison.clone());
    prop_oneof![
        property.prop_map(|(f, property, argument)| format!("{f} is {property} {}", argument.unwrap_or_default())),
        comparison,
        quantified.prop_map(|(declarations, claim)| format!("forall {declarations}~. ^{claim}")),
    ]
}

fn network() -> impl Strategy<Value = String> {
    let statement = prop_oneof![
        expression(),
        (name(), expression()).prop_map(|(name, value)| format!("{name}~=^{value}")),
        expression().prop_map(|value| format!("output {value}")),
    ];
    let body = prop_oneof![
        proptest::collection::vec(statement, 0..5).prop_map(|list| format!("^{{%{}%}}~", list.join("$"))),
        expression().prop_map(|value| format!("~=^{value}")),
    ];
    (name(), declarations("^", "^,^"), any::<bool>(), body).prop_map(|(name, parameters, comma, body)| {
        format!("network {name}~(^{parameters}^{}){body}", if comma { ",^" } else { "" })
    })
}

/// Whole programs.
pub(super) fn program() -> impl Strategy<Value = Program> {
    let item = prop_oneof![
        2 => (name(), expression()).prop_map(|(name, value)| format!("let {name}~=^{value}")),
        1 => declarations("~", "~,^").prop_map(|declarations| format!("forall {declarations}")),
        3 => network(),
        1 => proptest::option::of(name()).prop_map(|alias| {
            format!("import~\"a.net\"{}", alias.map_or(String::new(), |name| format!("~as {name}")))
        }),
        2 => claim().prop_map(|claim| format!("prove {claim}")),
    ];
    proptest::collection::vec(item, 0..5).prop_map(|items| Program(format!("%{}%", items.join("$"))))
}
