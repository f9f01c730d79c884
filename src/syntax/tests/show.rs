//! Trees as short text, without spans.

use crate::syntax::tree::*;

pub(super) fn file(file: &File) -> String {
    let mut lines: Vec<String> = file.items.iter().map(item).collect();
    lines.extend((!file.poisoned.is_empty()).then(|| format!("poisoned {}", file.poisoned.join(" "))));
    lines.iter().map(|line| line.clone() + "\n").collect()
}

fn item(item: &Item) -> String {
    match item {
        Item::Let { name, value } => format!("let {} {}", name.text, expr(value)),
        Item::Forall { symbols, .. } => format!("forall {}", declarations(symbols)),
        Item::Import { path, alias, .. } => {
            format!("import {path:?}{}", alias.as_ref().map_or(String::new(), |name| format!(" as {}", name.text)))
        }
        Item::Prove { claim, .. } => format!("prove {}", self::claim(claim)),
        Item::Network(network) => {
            let body: Vec<String> = network.body.iter().map(statement).collect();
            let broken = if network.broken { "broken " } else { "" };
            let parameters = declarations(&network.parameters);
            format!("{broken}network {}({parameters}) {{{}}}", network.name.text, body.join("; "))
        }
    }
}

fn declarations(declarations: &[Declaration]) -> String {
    let show = |d: &Declaration| {
        let domain =
            d.domain.as_ref().map_or(String::new(), |(low, high)| format!(" in {}..{}", expr(low), expr(high)));
        format!("{}:{}{domain}", d.name.text, axes(&d.shape))
    };
    declarations.iter().map(show).collect::<Vec<_>>().join(" ")
}

fn axes(axes: &[usize]) -> String {
    axes.iter().map(usize::to_string).collect::<Vec<_>>().join("x")
}

fn statement(statement: &Statement) -> String {
    match &statement.kind {
        StatementKind::Step => expr(&statement.value),
        StatementKind::Binding(name) => format!("{} = {}", name.text, expr(&statement.value)),
        StatementKind::Output => format!("output {}", expr(&statement.value)),
    }
}

fn claim(claim: &Claim) -> String {
    match claim {
        Claim::Property { subject, property, argument } => {
            let argument = argument.as_ref().map_or(String::new(), |argument| format!(" {}", expr(argument)));
            format!("{} is {}{argument}", expr(subject), property.text)
        }
        Claim::Comparison { variables, left, right, equal, within } => format!(
            "[{}] {} {} {}{}",
            declarations(variables),
            expr(left),
            if *equal { "==" } else { "!=" },
            expr(right),
            within.as_ref().map_or(String::new(), |within| format!(" within {}", expr(within)))
        ),
    }
}

pub(super) fn expr(e: &Expr) -> String {
    let all = |list: &[Expr]| list.iter().map(expr).collect::<Vec<_>>().join(" ");
    match &e.kind {
        ExprKind::Number(number) => number.to_string(),
        ExprKind::Shape(shape) => axes(shape),
        ExprKind::Text(text) => format!("{text:?}"),
        ExprKind::Name(name) => name.clone(),
        ExprKind::List(list) => format!("[{}]", all(list)),
        ExprKind::Call { callee, arguments } => {
            let show = |a: &Argument| {
                a.name.as_ref().map_or(String::new(), |name| format!("{}=", name.text)) + &expr(&a.value)
            };
            format!("{}({})", callee.text, arguments.iter().map(show).collect::<Vec<_>>().join(" "))
        }
        ExprKind::Negate(inner) => format!("(neg {})", expr(inner)),
        ExprKind::Binary { op, left, right } => {
            let op = match op {
                BinaryOp::Add => "+",
                BinaryOp::Subtract => "-",
                BinaryOp::Multiply => "*",
                BinaryOp::Divide => "/",
            };
            format!("({op} {} {})", expr(left), expr(right))
        }
        ExprKind::Pipe { input, step } => format!("({} > {})", expr(input), expr(step)),
    }
}
