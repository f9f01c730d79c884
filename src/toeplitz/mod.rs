//! Exact linear operators that know their structure.

/// placeholder
#[derive(Clone, Debug)]
pub struct Operator;
