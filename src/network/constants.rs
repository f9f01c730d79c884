//! Constants: tensor expressions evaluated exactly.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use num_traits::{ToPrimitive, Zero};

use super::constant::{Constant, pair};
use super::functions;
use super::program::Loader;
use super::symbols::{SymbolError, Symbols};
use crate::algebra::{MAX_BITS, Polynomial, Rational, Shape, Tensor, bounded_denominator};
use crate::diagnostic::{Code, Diagnostic, Span, did_you_mean, size};
use crate::import;
use crate::syntax::tree::{Argument, BinaryOp, Expr, ExprKind};

/// What was wrong has been reported; what depends on it is passed over in silence.
#[derive(Clone, Copy, Debug)]
pub(super) struct Poisoned;

/// The named constants, and the memory that constants may still take.
pub(super) struct Constants<'a> {
    loader: &'a dyn Loader,
    /// The name of the file being read, which paths are relative to.
    pub(super) file: String,
    /// The weight file read last: its tensors are often asked for one after the other.
    loaded: RefCell<Option<(String, Rc<Vec<u8>>)>>,
    values: BTreeMap<String, Constant>,
    pub(super) symbols: Symbols,
    poisoned: BTreeSet<String>,
    memory: u64,
}

/// The mistakes of one expression; empty when it only uses something already reported.
pub(super) type Mistakes = Vec<Diagnostic>;

/// A generous estimate of the bytes that one exact element takes: two words and a small allocation.
const ELEMENT_BYTES: u64 = 64;

/// The bytes of an element that is kept as a machine word.
pub(super) const WORD_BYTES: u64 = 8;

/// The same for a term of a polynomial: monomial, coefficient, and their allocations.
const SYMBOL_BYTES: u64 = 200;

impl<'a> Constants<'a> {
    pub(super) fn new(loader: &'a dyn Loader, memory: u64) -> Constants<'a> {
        let (values, symbols, poisoned) = (BTreeMap::new(), Symbols::default(), BTreeSet::new());
        let (file, loaded) = (String::new(), RefCell::default());
        Constants { loader, file, loaded, values, symbols, poisoned, memory }
    }

    pub(super) fn define(&mut self, name: &str, value: Constant) {
        self.values.insert(name.to_string(), value);
    }

    /// Forgets a name that was defined for one claim.
    pub(super) fn undefine(&mut self, name: &str) {
        self.values.remove(name);
    }

    /// Marks a name as defined wrongly: its uses are not mistakes of their own.
    pub(super) fn poison(&mut self, name: &str) {
        self.poisoned.insert(name.to_string());
    }

    /// Whether the name is a constant, rightly or wrongly defined.
    pub(super) fn knows(&self, name: &str) -> bool {
        self.values.contains_key(name) || self.poisoned.contains(name)
    }

    /// The names of all constants.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str)
    }

    /// The bytes that constants may take.
    pub(super) fn memory(&self) -> u64 {
        self.memory
    }

    /// A tensor of fresh symbols.
    pub(super) fn fresh(&mut self, name: &str, shape: Shape, span: Span) -> Result<Constant, Mistakes> {
        self.affordable_bytes(&shape, SYMBOL_BYTES, span)?;
        let first = self.symbols.add(name, shape.clone()).map_err(|error| {
            let code = match error {
                SymbolError::TooMany => Code::MemoryLimit,
                SymbolError::OtherShape { .. } => Code::ShapeMismatch,
            };
            vec![Diagnostic::new(code, span, error.to_string())]
        })?;
        Ok(Constant::Symbols(Tensor::symbols(shape, first)))
    }

    /// The value of a tensor expression.
    pub(super) fn evaluate(&self, expr: &Expr) -> Result<Constant, Mistakes> {
        let value = self.value(expr)?;
        let bits = value.bits();
        if bits > MAX_BITS {
            return Err(vec![too_long(expr.span)]);
        }
        let bytes = match &value {
            Constant::Numbers(tensor) => (tensor.len() as u64).saturating_mul(tensor.element_bytes()),
            Constant::Symbols(_) => (value.terms().1 as u64).saturating_mul(SYMBOL_BYTES.saturating_add(bits / 8)),
        };
        if bytes > self.memory { Err(vec![self.too_large(value.shape(), bytes, expr.span)]) } else { Ok(value) }
    }

    /// The value of an expression that must be without symbols.
    pub(super) fn numbers(&self, expr: &Expr) -> Result<Tensor, Mistakes> {
        match self.evaluate(expr)? {
            Constant::Numbers(tensor) => Ok(tensor),
            Constant::Symbols(_) => {
                let mistake = wrong_kind(expr.span, "symbols", "numbers");
                Err(vec![mistake.help("only the weights of affine layers may be symbols")])
            }
        }
    }

    fn value(&self, expr: &Expr) -> Result<Constant, Mistakes> {
        match &expr.kind {
            ExprKind::Number(value) => Ok(Constant::Numbers(Tensor::scalar(value))),
            ExprKind::Name(name) => self.named(name, expr.span),
            ExprKind::List(elements) => self.list(elements, expr.span),
            ExprKind::Negate(inner) => Ok(self.evaluate(inner)?.scaled(&Rational::from_integer((-1).into()))),
            ExprKind::Binary { op, left, right } => {
                let (left_value, right_value) = both(self.evaluate(left), self.evaluate(right))?;
                self.binary(*op, (&left_value, left.span), (&right_value, right.span), expr.span)
            }
            ExprKind::Call { callee, arguments } => functions::call(self, callee, arguments, expr.span),
            ExprKind::Shape(_) => Err(vec![
                wrong_kind(expr.span, "a shape", "a tensor")
                    .help("a tensor of this shape is `zeros(SHAPE)` or `ones(SHAPE)`"),
            ]),
            ExprKind::Text(_) => Err(vec![wrong_kind(expr.span, "text", "a tensor")]),
            ExprKind::Pipe { .. } => {
                let help =
                    "a constant is made of numbers, lists and the functions `zeros`, `ones`, `eye`, `pad`, `flip`, …";
                Err(vec![wrong_kind(expr.span, "a value of a network", "a constant").help(help)])
            }
        }
    }

    /// A number: a scalar constant expression.
    pub(super) fn scalar(&self, expr: &Expr) -> Result<Rational, Mistakes> {
        let value = self.numbers(expr)?;
        if value.len() == 1 {
            return Ok(value.get(0));
        }
        let message = format!("a single number is needed, but this is a tensor {}", value.shape());
        Err(vec![Diagnostic::new(Code::WrongKind, expr.span, message)])
    }

    /// An integer ≥ 0 that fits a machine word.
    pub(super) fn integer(&self, expr: &Expr) -> Result<usize, Mistakes> {
        let value = self.scalar(expr)?;
        let integer = if value.is_integer() { value.to_integer().to_usize() } else { None };
        integer.ok_or_else(|| {
            let message = format!("a whole number ≥ 0 is needed, but this is {}", shortened(&value));
            vec![Diagnostic::new(Code::InvalidNumber, expr.span, message)]
        })
    }

    /// A shape: `3x3`, or a whole number for one axis.
    pub(super) fn shape(&self, expr: &Expr) -> Result<Shape, Mistakes> {
        let axes = match &expr.kind {
            ExprKind::Shape(axes) => axes.clone(),
            ExprKind::Number(_) => vec![self.integer(expr)?],
            _ => {
                return Err(vec![
                    wrong_kind(expr.span, "this", "a shape").help("write a shape such as `8` or `3x8x8`"),
                ]);
            }
        };
        checked_shape(axes, expr.span)
    }

    /// Refuses a tensor that would take more than the memory limit, before it is made.
    pub(super) fn affordable(&self, shape: &Shape, span: Span) -> Result<(), Mistakes> {
        self.affordable_bytes(shape, ELEMENT_BYTES, span)
    }

    /// The same, for a tensor each of whose elements takes so many bytes.
    pub(super) fn affordable_bytes(&self, shape: &Shape, element: u64, span: Span) -> Result<(), Mistakes> {
        let bytes = (shape.elements() as u64).saturating_mul(element);
        if bytes <= self.memory { Ok(()) } else { Err(vec![self.too_large(shape, bytes, span)]) }
    }

    fn too_large(&self, shape: &Shape, bytes: u64, span: Span) -> Diagnostic {
        let (needed, limit) = (size(bytes), size(self.memory));
        let message = format!("a tensor {shape} needs about {needed}, above the limit of {limit}");
        Diagnostic::new(Code::MemoryLimit, span, message).help("raise the limit with `--memory`")
    }

    /// `load("w.npz", "name")`: a tensor of a weight file.
    pub(super) fn load(&self, path: &Expr, name: Option<&Expr>) -> Result<Tensor, Mistakes> {
        let text = |expr: &Expr| match &expr.kind {
            ExprKind::Text(text) => Ok(text.clone()),
            _ => Err(vec![wrong_kind(expr.span, "this", "text in quotation marks")]),
        };
        let (file, tensor) = both(text(path), name.map(text).transpose())?;
        let bytes = self.bytes(&file).map_err(|reason| {
            let mistake = Diagnostic::new(Code::Unreadable, path.span, format!("`{file}` cannot be read"));
            vec![mistake.label(reason).note("paths are relative to the `.net` file")]
        })?;
        let span = name.map_or(path.span, |name| name.span);
        import::tensor(&file, &bytes, tensor.as_deref(), self.memory).map_err(|refusal| vec![refusal.at(span)])
    }

    fn bytes(&self, file: &str) -> Result<Rc<Vec<u8>>, String> {
        let key = format!("{}\0{file}", self.file);
        if let Some((name, bytes)) = &*self.loaded.borrow()
            && *name == key
        {
            return Ok(bytes.clone());
        }
        let bytes = Rc::new(self.loader.bytes(&self.file, file, false, self.memory)?);
        *self.loaded.borrow_mut() = Some((key, bytes.clone()));
        Ok(bytes)
    }

    fn named(&self, name: &str, span: Span) -> Result<Constant, Mistakes> {
        if let Some(value) = self.values.get(name) {
            return Ok(value.clone());
        }
        if self.poisoned.contains(name) {
            return Err(Vec::new());
        }
        let mistake = Diagnostic::new(Code::UnknownName, span, format!("there is no constant `{name}`"));
        Err(vec![match did_you_mean(name, self.names()) {
            Some(near) => mistake.help(format!("did you mean `{near}`?")),
            None => mistake.help(format!("define it before its use: `let {name} = …`")),
        }])
    }

    fn list(&self, elements: &[Expr], span: Span) -> Result<Constant, Mistakes> {
        let mut values = Vec::with_capacity(elements.len());
        let mut mistakes = Vec::new();
        let mut failed = false;
        for element in elements {
            match self.evaluate(element) {
                Ok(value) => values.push(value),
                Err(found) => {
                    failed = true;
                    mistakes.extend(found);
                }
            }
        }
        if failed {
            return Err(mistakes);
        }
        let Some(first) = values.first() else {
            return Err(vec![Diagnostic::new(Code::InvalidShape, span, "a list needs at least one element")]);
        };
        if let Some(at) = values.iter().position(|v| v.shape() != first.shape()) {
            let describe = |t: &Constant| if t.is_scalar() { "a number".into() } else { format!("{}", t.shape()) };
            let mistake =
                Diagnostic::new(Code::RaggedList, elements[at].span, "the elements of a list must have one shape");
            let mistake = mistake.label(format!("this is {}", describe(&values[at])));
            return Err(vec![mistake.related(elements[0].span, format!("but this is {}", describe(first)))]);
        }
        let axes: Vec<usize> = std::iter::once(values.len()).chain(first.shape().axes().iter().copied()).collect();
        let shape = checked_shape(axes, span)?;
        let numbers: Option<Vec<&Tensor>> = values.iter().map(Constant::numbers).collect();
        let Some(numbers) = numbers else {
            let elements = values.iter().flat_map(|v| v.lifted().numerators().to_vec()).collect();
            return Ok(Constant::from_symbols(Tensor::from_integers(shape, elements)));
        };
        let denominator = bounded_denominator(numbers.iter().map(|t| t.denominator()));
        let denominator = denominator.ok_or_else(|| vec![too_long(span)])?;
        let numerators = numbers.iter().flat_map(|v| v.numerators_over(&denominator)).collect();
        Ok(Constant::Numbers(Tensor::new(shape, numerators, denominator)))
    }

    fn binary(
        &self,
        op: BinaryOp,
        left: (&Constant, Span),
        right: (&Constant, Span),
        span: Span,
    ) -> Result<Constant, Mistakes> {
        let (a, b) = (left.0, right.0);
        if !a.is_scalar() && !b.is_scalar() && a.shape() != b.shape() {
            let message = format!("the shapes {} and {} differ", a.shape(), b.shape());
            let mistake = Diagnostic::new(Code::ShapeMismatch, span, message);
            return Err(vec![
                mistake
                    .related(left.1, format!("this is {}", a.shape()))
                    .related(right.1, format!("this is {}", b.shape()))
                    .note("constants combine elementwise; only a single number is broadcast"),
            ]);
        }
        let shape = if a.is_scalar() { b.shape() } else { a.shape() };
        match op {
            BinaryOp::Add => Ok(pair!((&a.spread(shape), &b.spread(shape)), (x, y) => x.plus(y))),
            BinaryOp::Subtract => Ok(pair!((&a.spread(shape), &b.spread(shape)), (x, y) => x.minus(y))),
            BinaryOp::Multiply => {
                few_terms(a, b, span)?;
                Ok(a.times(b))
            }
            BinaryOp::Divide => Ok(a.times(&inverse(b, right.1)?)),
        }
    }
}

/// 1 / divisor, elementwise.
pub(super) fn inverse(divisor: &Constant, span: Span) -> Result<Constant, Mistakes> {
    let divisor = match divisor {
        Constant::Numbers(divisor) => divisor,
        Constant::Symbols(divisor) => {
            let inverses: Option<Vec<_>> = divisor.numerators().iter().map(Polynomial::inverse).collect();
            let inverses = inverses.map(|i| Constant::from_symbols(Tensor::from_integers(divisor.shape().clone(), i)));
            let mistake = wrong_kind(span, "symbols", "numbers");
            let help = "a quotient by a symbol is no polynomial; name the quotient: `forall s: 8`";
            return inverses.ok_or_else(|| vec![mistake.help(help)]);
        }
    };
    if divisor.numerators().iter().any(Zero::is_zero) {
        let message = if divisor.len() == 1 { "division by zero" } else { "division by a tensor that contains zeros" };
        return Err(vec![Diagnostic::new(Code::InvalidNumber, span, message)]);
    }
    if bounded_denominator(divisor.numerators()).is_none() {
        return Err(vec![too_long(span)]);
    }
    Ok(Constant::Numbers(divisor.map(|value| value.recip())))
}

/// Refuses products of polynomials that would have very many terms.
pub(super) fn few_terms(a: &Constant, b: &Constant, span: Span) -> Result<(), Mistakes> {
    const MOST: usize = 100_000;
    if a.terms().0.saturating_mul(b.terms().0) <= MOST {
        return Ok(());
    }
    let message = format!("this product of symbols would have more than {MOST} terms");
    Err(vec![Diagnostic::new(Code::MemoryLimit, span, message).help("name a part of it as a symbol of its own")])
}

/// Both results, or the mistakes of both.
pub(super) fn both<A, B>(a: Result<A, Mistakes>, b: Result<B, Mistakes>) -> Result<(A, B), Mistakes> {
    match (a, b) {
        (Ok(a), Ok(b)) => Ok((a, b)),
        (Err(mut a), Err(b)) => {
            a.extend(b);
            Err(a)
        }
        (Err(mistakes), _) | (_, Err(mistakes)) => Err(mistakes),
    }
}

fn too_long(span: Span) -> Diagnostic {
    let message = format!("this constant needs numbers of more than {MAX_BITS} bits");
    Diagnostic::new(Code::InvalidNumber, span, message)
        .note("a tensor's elements are stored over one common denominator")
}

pub(super) fn checked_shape(axes: Vec<usize>, span: Span) -> Result<Shape, Mistakes> {
    let written = axes.iter().map(usize::to_string).collect::<Vec<_>>().join("x");
    Shape::new(axes)
        .map_err(|e| vec![Diagnostic::new(Code::InvalidShape, span, format!("`{written}` is not a shape: {e}"))])
}

pub(super) fn wrong_kind(span: Span, found: &str, expected: &str) -> Diagnostic {
    Diagnostic::new(Code::WrongKind, span, format!("expected {expected}, found {found}"))
}

/// A number for a message: long ones are cut.
pub(super) fn shortened(value: &Rational) -> String {
    let text = value.to_string();
    if text.len() <= 40 { text } else { format!("{}… ({} digits)", &text[..32], text.len()) }
}

/// The one positional or keyword argument of this name or position.
pub(super) fn pick<'a>(arguments: &'a [Argument], name: &str, position: Option<usize>) -> Option<&'a Expr> {
    let by_name = arguments.iter().find(|a| a.name.as_ref().is_some_and(|n| n.text == name));
    let by_position = || arguments.iter().filter(|a| a.name.is_none()).nth(position?);
    by_name.or_else(by_position).map(|a| &a.value)
}
