//! Exact linear operators that know their structure.
//!
//! An operator is a matrix that is not written out: a convolution keeps its kernel and, for each
//! axis, which input positions each output position sees (its Toeplitz structure); a pooling keeps
//! one small matrix an axis. Rows are produced on demand, as integers over one denominator. Every
//! kind of operator has a transpose of the same kind.

pub mod adjoint;
mod convolution;
mod operator;
pub mod stencil;
mod taps;

pub use convolution::Convolution;
pub use operator::{Operator, Structure};
pub use stencil::Stencil;
pub use taps::{PadMode, Taps};
