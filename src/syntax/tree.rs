//! The syntax tree: what was written, with its place, before any name or shape has a meaning.

use crate::algebra::Rational;
use crate::diagnostic::Span;

/// A name where it was written.
#[derive(Clone, Debug)]
pub struct Name {
    /// The name.
    pub text: String,
    /// Its place.
    pub span: Span,
}

/// A whole file.
#[derive(Clone, Debug, Default)]
pub struct File {
    /// The items, in order; items that could not be read are left out.
    pub items: Vec<Item>,
    /// Names that unreadable items would have defined, so that their uses are not mistakes too.
    pub poisoned: Vec<String>,
}

/// A top-level item.
#[derive(Clone, Debug)]
pub enum Item {
    /// `let NAME = TENSOR`
    Let {
        /// The constant's name.
        name: Name,
        /// Its value.
        value: Expr,
    },
    /// `forall NAME: SHAPE, ...`
    Forall {
        /// The symbols.
        symbols: Vec<Declaration>,
        /// The whole item.
        span: Span,
    },
    /// `network NAME(ARG: SHAPE, ...) { ... }` or `network NAME(...) = VALUE`
    Network(NetworkItem),
    /// `import "PATH" [as NAME]`
    Import {
        /// The path as written, relative to the file.
        path: String,
        /// The path's place.
        path_span: Span,
        /// The name after `as`.
        alias: Option<Name>,
    },
    /// `prove CLAIM`
    Prove {
        /// What is claimed.
        claim: Claim,
        /// The place of the claim, without `prove`.
        span: Span,
    },
}

/// `NAME: SHAPE [in [LOW, HIGH]]`
#[derive(Clone, Debug)]
pub struct Declaration {
    /// The name.
    pub name: Name,
    /// The axis lengths.
    pub shape: Vec<usize>,
    /// The shape's place.
    pub shape_span: Span,
    /// The closed interval of every entry: constant expressions.
    pub domain: Option<(Expr, Expr)>,
}

/// A network's definition.
#[derive(Clone, Debug)]
pub struct NetworkItem {
    /// The network's name.
    pub name: Name,
    /// Its arguments.
    pub parameters: Vec<Declaration>,
    /// Its statements; a body `= VALUE` is one `output`.
    pub body: Vec<Statement>,
    /// Whether a statement could not be read: what follows from the others is not reliable.
    pub broken: bool,
    /// The whole definition.
    pub span: Span,
}

/// A statement inside a network.
#[derive(Clone, Debug)]
pub struct Statement {
    /// What kind, with its name.
    pub kind: StatementKind,
    /// The expression.
    pub value: Expr,
    /// The whole statement.
    pub span: Span,
}

/// The kinds of statements.
#[derive(Clone, Debug)]
pub enum StatementKind {
    /// `conv(k)`: a step or a value that the next step continues from.
    Step,
    /// `c1 = conv(k)` or `a = x |> conv(k)`.
    Binding(Name),
    /// `output VALUE`.
    Output,
}

/// An expression: a tensor, a value of the network, or a layer's argument.
#[derive(Clone, Debug)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Its place.
    pub span: Span,
}

/// The kinds of expressions.
#[derive(Clone, Debug)]
pub enum ExprKind {
    /// An exact number.
    Number(Rational),
    /// `3x3`: two or more axes (one axis is a [`ExprKind::Number`]).
    Shape(Vec<usize>),
    /// `"file.npy"`
    Text(String),
    /// A name: a constant, a value, a layer without arguments, or a word such as `same`.
    Name(String),
    /// `[a, b, ...]`
    List(Vec<Expr>),
    /// `callee(arguments)`
    Call {
        /// What is called: a layer, a function or a network.
        callee: Name,
        /// The arguments, in order.
        arguments: Vec<Argument>,
    },
    /// `-a`
    Negate(Box<Expr>),
    /// `a op b`
    Binary {
        /// The operator.
        op: BinaryOp,
        /// The left operand.
        left: Box<Expr>,
        /// The right operand.
        right: Box<Expr>,
    },
    /// `input |> step`
    Pipe {
        /// The value.
        input: Box<Expr>,
        /// The call or name that it goes into.
        step: Box<Expr>,
    },
}

/// An argument of a call.
#[derive(Clone, Debug)]
pub struct Argument {
    /// The keyword of `keyword=value`.
    pub name: Option<Name>,
    /// The value.
    pub value: Expr,
}

/// An infix operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BinaryOp {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
}

/// What a `prove` claims.
#[derive(Clone, Debug)]
pub enum Claim {
    /// `SUBJECT is PROPERTY [ARGUMENT]`
    Property {
        /// The network.
        subject: Expr,
        /// The property's name.
        property: Name,
        /// What follows it: `3/2` in `lipschitz 3/2`.
        argument: Option<Expr>,
    },
    /// `[forall x: S.] LEFT == RIGHT [within EPS]`
    Comparison {
        /// The quantified variables.
        variables: Vec<Declaration>,
        /// The left side.
        left: Expr,
        /// The right side.
        right: Expr,
        /// Whether the relation is `==` (else `!=`).
        equal: bool,
        /// The tolerance.
        within: Option<Expr>,
    },
}
