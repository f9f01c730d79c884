//! Claims: which network, and what is said of it.

use super::behaviour::{BEHAVIOURS, Behaviour};
use super::constants::Poisoned;
use super::equation::{Sides, equation};
use super::laws::{LAWS, Law, equations, factor};
use super::program::{Checker, Claim, Property, Statement};
use crate::algebra::Rational;
use crate::diagnostic::{Code, Diagnostic, Span, did_you_mean};
use crate::syntax::tree::{self, Expr, ExprKind, Name};

/// The names of all properties.
fn names() -> impl Iterator<Item = &'static str> {
    let decided = ["linear", "affine", "nonlinear", "a_convolution"];
    decided.into_iter().chain(LAWS.iter().map(|(name, _)| *name)).chain(BEHAVIOURS.iter().copied())
}

impl Checker<'_> {
    /// The claims of the named file, checked.
    pub(super) fn claims(&mut self) -> Vec<Claim> {
        let proofs = std::mem::take(&mut self.proofs);
        proofs.into_iter().filter_map(|(claim, span)| self.claim(claim, span).ok()).collect()
    }

    fn claim(&mut self, claim: tree::Claim, span: Span) -> Result<Claim, Poisoned> {
        let statement = match claim {
            tree::Claim::Property { subject, property, argument } => {
                let network = self.subject(&subject);
                if let Some((_, law)) = LAWS.iter().find(|(name, _)| *name == property.text && argument.is_none()) {
                    return self.law(network?, *law, &property, span);
                }
                if BEHAVIOURS.contains(&property.text.as_str()) {
                    let network = network?;
                    let behaviour = self.behaviour(network, &property, argument.as_ref())?;
                    return Ok(self.stated(Statement::Behaviour { network, behaviour }, span));
                }
                let decided = self.property(&property, argument.as_ref());
                let (network, decided) = (network?, decided?);
                if decided == Property::AConvolution {
                    self.between_images(network, property.span)?;
                }
                Statement::Property { network, property: decided }
            }
            tree::Claim::Comparison { variables, left, right, equal, within } => {
                let sides = Sides { variables, left, right };
                Statement::Equation(Box::new(equation(self, sides, equal, within.as_ref(), span)?))
            }
        };
        Ok(self.stated(statement, span))
    }

    fn subject(&mut self, subject: &Expr) -> Result<usize, Poisoned> {
        let ExprKind::Name(name) = &subject.kind else {
            let mistake = Diagnostic::new(Code::WrongKind, subject.span, "a claim of a property names a network");
            return Err(self.report(mistake.help("define a network for this expression and name it here")));
        };
        if let Some(index) = self.main.iter().position(|n| n == name) {
            return Ok(index);
        }
        if self.items.contains_key(name) || self.networks.get(name).is_some_and(Option::is_some) {
            // A claim about an imported network: it joins this file's report.
            self.main.push(name.clone());
            return Ok(self.main.len() - 1);
        }
        if self.networks.contains_key(name) {
            return Err(Poisoned);
        }
        let mut mistake = Diagnostic::new(Code::UnknownName, subject.span, format!("there is no network `{name}`"));
        if let Some(near) = did_you_mean(name, self.network_names()) {
            mistake = mistake.help(format!("did you mean `{near}`?"));
        }
        Err(self.report(mistake))
    }

    /// A claim that a network obeys a law.
    fn law(&mut self, network: usize, law: Law, property: &Name, span: Span) -> Result<Claim, Poisoned> {
        let Some(subject) = self.networks.get(&self.main[network]).cloned().flatten() else { return Err(Poisoned) };
        let factor = match &self.factor {
            Some(factor) => Ok(*factor),
            None => factor(&mut self.constants.symbols).map_err(|error| error.to_string()),
        };
        self.factor = factor.as_ref().ok().copied();
        if let Some((code, message, help)) = law.misfit(&subject) {
            return Err(self.report(Diagnostic::new(code, property.span, message).help(help)));
        }
        let equations = factor.and_then(|f| equations(&subject, law, f).ok_or("the law cannot be written".into()));
        let equations = match equations {
            Ok(equations) => equations,
            Err(message) => return Err(self.report(Diagnostic::new(Code::MemoryLimit, property.span, message))),
        };
        Ok(self.stated(Statement::Law { network, law, equations }, span))
    }

    fn stated(&self, statement: Statement, span: Span) -> Claim {
        let text = self.sources.text(span).split_whitespace().collect::<Vec<_>>().join(" ");
        Claim { statement, text, span }
    }

    /// Only a map from one image to another with as many axes can be a convolution.
    fn between_images(&mut self, network: usize, span: Span) -> Result<(), Poisoned> {
        let Some(network) = self.networks.get(&self.main[network]).cloned().flatten() else { return Err(Poisoned) };
        let output = network.output_shape();
        if let [input] = network.inputs.as_slice()
            && input.shape.rank() == output.rank()
            && output.rank() > 1
        {
            return Ok(());
        }
        let inputs: Vec<String> = network.inputs.iter().map(|i| i.shape.to_string()).collect();
        let message = format!("`{}` takes {} and gives {output}", network.name, inputs.join(", "));
        let mistake = Diagnostic::new(Code::ShapeMismatch, span, message);
        Err(self.report(
            mistake.help("a convolution takes one image and gives an image with as many axes: C×L, C×H×W or C×D×H×W"),
        ))
    }

    fn property(&mut self, property: &Name, argument: Option<&Expr>) -> Result<Property, Poisoned> {
        let decided = match property.text.as_str() {
            "linear" => Property::Linear,
            "affine" => Property::Affine,
            "nonlinear" => Property::Nonlinear,
            "a_convolution" => Property::AConvolution,
            law if LAWS.iter().any(|(name, _)| *name == law) => {
                let extra = argument.map_or(property.span, |a| a.span);
                return Err(self.no_argument(&property.text, extra));
            }
            other => {
                let known: Vec<&str> = names().collect();
                let mistake =
                    Diagnostic::new(Code::UnknownProperty, property.span, format!("`{other}` is not a property"));
                let help = match did_you_mean(other, known.iter().copied()) {
                    _ if other == "not" => "that a network is not affine is `is nonlinear`".to_string(),
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("the properties are `{}`", known.join("`, `")),
                };
                return Err(self.report(mistake.help(help)));
            }
        };
        match argument {
            None => Ok(decided),
            Some(extra) => Err(self.no_argument(&property.text, extra.span)),
        }
    }

    fn no_argument(&mut self, property: &str, span: Span) -> Poisoned {
        let message = format!("`{property}` takes no argument");
        self.report(Diagnostic::new(Code::InvalidArgument, span, message).help("remove it"))
    }

    /// A property with its argument.
    fn behaviour(&mut self, network: usize, property: &Name, argument: Option<&Expr>) -> Result<Behaviour, Poisoned> {
        let missing = |help: &str| {
            let message = format!("`{}` needs an argument", property.text);
            Diagnostic::new(Code::InvalidArgument, property.span, message).help(help)
        };
        let plain = match property.text.as_str() {
            "convex" => Behaviour::Convex,
            "concave" => Behaviour::Concave,
            "injective" => Behaviour::Injective,
            "surjective" => Behaviour::Surjective,
            "monotone" => match argument {
                None => Behaviour::Monotone(None),
                Some(input) => return self.named_input(network, input).map(|i| Behaviour::Monotone(Some(i))),
            },
            "affine_along" => match argument.map(|a| (&a.kind, a.span)) {
                Some((ExprKind::Name(name), _)) if name == "constants" => return Ok(Behaviour::AffineAlongConstants),
                Some((_, span)) => {
                    let message = "a network is affine along `constants`: the inputs that are constant on each channel";
                    let mistake = Diagnostic::new(Code::InvalidArgument, span, message);
                    return Err(self.report(mistake.help("write `is affine_along constants`")));
                }
                None => return Err(self.report(missing("write `is affine_along constants`"))),
            },
            _ => match argument {
                Some(bound) => match self.constants.scalar(bound) {
                    Ok(value) if value >= Rational::default() => return Ok(Behaviour::Lipschitz(value)),
                    Ok(value) => {
                        let message = format!("a Lipschitz constant is at least 0, but this is {value}");
                        return Err(self.report(Diagnostic::new(Code::InvalidNumber, bound.span, message)));
                    }
                    Err(mistakes) => {
                        self.diagnostics.extend(mistakes);
                        return Err(Poisoned);
                    }
                },
                None => return Err(self.report(missing("give the constant: `is lipschitz 3/2`"))),
            },
        };
        match argument {
            None => Ok(plain),
            Some(extra) => Err(self.no_argument(&property.text, extra.span)),
        }
    }

    /// The index of an argument of a network, by name.
    fn named_input(&mut self, network: usize, input: &Expr) -> Result<usize, Poisoned> {
        let Some(subject) = self.networks.get(&self.main[network]).cloned().flatten() else { return Err(Poisoned) };
        let names: Vec<&str> = subject.inputs.iter().map(|i| i.name.as_str()).collect();
        if let ExprKind::Name(name) = &input.kind
            && let Some(index) = names.iter().position(|n| n == name)
        {
            return Ok(index);
        }
        let message = format!("`{}` is monotone in one of its arguments, or in all", subject.name);
        let help = format!("name one of `{}`, or none", names.join("`, `"));
        Err(self.report(Diagnostic::new(Code::InvalidArgument, input.span, message).help(help)))
    }
}
