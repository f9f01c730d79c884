//! Text to syntax tree, and back to tidy text.
//!
//! [`parse`] reads a file by `grammar/net.pest` and reports every mistake in one run; [`format()`]
//! rewrites one in the usual layout. Neither knows what a name or a shape means.

mod build;
mod chain;
mod explain;
mod format;
mod hints;
mod lex;
mod number;
mod parse;
mod readings;
mod recover;
pub mod tree;

pub use format::format;
pub use number::{MAX_DIGITS, parse_number};
pub use parse::{MAX_BYTES, MAX_DIAGNOSTICS, MAX_NESTING, MAX_TOKENS, decode, parse};

#[cfg(test)]
mod tests;
