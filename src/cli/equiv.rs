//! `netprove equiv A[:NET] B[:NET]`: are the networks of two files the same function?

use std::path::Path;

use clap::Args;
use netprove::algebra::{Budget, Rational};
use netprove::decide::{difference, float_error};
use netprove::network::{Claim, Equation, Network, Program, Rejected, Statement};
use netprove::report::Differences;
use netprove::syntax;

use super::{Exit, Limits, Report, collapse, files, prove};

/// The question: two targets, a tolerance, and the interval of every input.
#[derive(Args, Debug)]
pub struct Question {
    /// One file, and the network if it has several: `FILE[:NETWORK]`; `-` is standard input.
    #[arg(value_name = "A[:NET]", allow_hyphen_values = true)]
    left: String,
    /// The other.
    #[arg(value_name = "B[:NET]", allow_hyphen_values = true)]
    right: String,
    /// Accept outputs that differ by at most this, on bounded inputs: `1e-6`.
    #[arg(long, value_name = "EPS", value_parser = parse_tolerance, allow_hyphen_values = true)]
    within: Option<Rational>,
    /// The closed interval that every input entry lies in: `0,1`. Otherwise the files' own domains.
    #[arg(long, value_name = "LO,HI", value_parser = parse_interval, allow_hyphen_values = true)]
    on: Option<(Rational, Rational)>,
    #[command(flatten)]
    report: Report,
    #[command(flatten)]
    limits: Limits,
}

/// Compares two networks and reports as a claim `f == g` does.
pub fn run(question: &Question) -> u8 {
    let budget = question.limits.budget();
    match compared(question, budget.memory) {
        Ok((program, bytes)) => {
            let more = || by_how_much(&program, budget);
            let (text, exit) = prove::reported(&program, &bytes, &question.report, budget, more);
            prove::deliver(&text, exit, question.report.output.as_deref())
        }
        Err(exit) => exit.into(),
    }
}

/// On a bounded domain: the largest difference, and whether rounding explains it.
fn by_how_much(program: &Program, budget: Budget) -> Option<Differences<'_>> {
    let Statement::Equation(equation) = &program.claims.first()?.statement else { return None };
    let found = difference(&equation.difference, budget)?;
    let (left, right) = (float_error(&equation.left), float_error(&equation.right));
    Some(Differences { equation, found, left, right })
}

/// A program whose one claim is the question, and the bytes of both files.
fn compared(question: &Question, memory: u64) -> Result<(Program, Vec<u8>), Exit> {
    let (left_file, left_name) = collapse::split(&question.left);
    let (right_file, right_name) = collapse::split(&question.right);
    if left_file == "-" && right_file == "-" {
        return Err(wrong("only one of the two files can be standard input"));
    }
    let (left, mut bytes) = files::load(Path::new(left_file), memory)?;
    let (right, more) = files::load_beside(Some(&left), Path::new(right_file), memory)?;
    bytes.extend(more);
    let mut left = on(collapse::choose(&left, left_name).map_err(|m| wrong(&format!("{left_file}: {m}")))?, question);
    let chosen = collapse::choose(&right, right_name).map_err(|m| wrong(&format!("{right_file}: {m}")))?;
    let mut right_network = on(chosen, question);
    let (sources, symbols) = (right.sources.clone(), right.symbols.clone());
    let span = left.span;
    let mut text = format!("{} == {}", shown(left_file, &left), shown(right_file, &right_network));
    if let Some(within) = &question.within {
        text.push_str(&format!(" within {within}"));
    }
    if left.name == right_network.name {
        left.name = shown(left_file, &left);
        right_network.name = shown(right_file, &right_network);
    }
    let equation = Equation::between(left, right_network, true, question.within.clone(), span)
        .map_err(|mistake| files::reject(&Rejected { sources: sources.clone(), diagnostics: vec![*mistake] }))?;
    let claim = Claim { statement: Statement::Equation(Box::new(equation)), text, span };
    Ok((Program { sources, networks: Vec::new(), claims: vec![claim], symbols }, bytes))
}

/// `train.net:block`
fn shown(file: &str, network: &Network) -> String {
    format!("{file}:{}", network.name)
}

/// The network with the interval asked for as every input's domain.
fn on(network: &Network, question: &Question) -> Network {
    let mut network = network.clone();
    if let Some(domain) = &question.on {
        network.inputs.iter_mut().for_each(|input| input.domain = Some(domain.clone()));
    }
    network
}

fn wrong(message: &str) -> Exit {
    files::fail(message);
    Exit::Wrong
}

/// `LO,HI`, two exact numbers.
fn parse_interval(text: &str) -> Result<(Rational, Rational), String> {
    let (low, high) = text.split_once(',').ok_or("write two numbers with a comma, such as 0,1 or -1/2,1/2")?;
    let (low, high) = (parse_number(low)?, parse_number(high)?);
    if low > high { Err(format!("{low} is above {high}")) } else { Ok((low, high)) }
}

/// A number as `.net` files write it, or a fraction of two.
fn parse_number(text: &str) -> Result<Rational, String> {
    let (sign, digits) = match text.trim().strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.trim()),
    };
    let parse = |text: &str| {
        let plain = !text.contains('_');
        let value = if plain { syntax::parse_number(text) } else { Err("it is not a number".into()) };
        value.map_err(|reason| format!("`{text}`: {reason}; write 1/3, 0.1 or 2.5e-3"))
    };
    let value = match digits.split_once('/') {
        Some((top, bottom)) => {
            let bottom = parse(bottom)?;
            if bottom == Rational::default() {
                return Err("a fraction over 0".into());
            }
            parse(top)? / bottom
        }
        None => parse(digits)?,
    };
    Ok(value * Rational::from_integer(sign.into()))
}

/// A tolerance: at least 0.
fn parse_tolerance(text: &str) -> Result<Rational, String> {
    let value = parse_number(text)?;
    if value < Rational::default() { Err("a tolerance is at least 0".into()) } else { Ok(value) }
}
