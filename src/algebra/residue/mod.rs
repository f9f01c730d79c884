//! Integers by their residues modulo many small primes.
//!
//! Let P be the product of some primes. A number x with |x| < P/2 is known by its residues: it is the
//! one such number that has them (the Chinese remainder theorem). So where a bound on a result is
//! proved beforehand, computing modulo enough primes computes the result itself, exactly; the
//! arithmetic is on numbers of 13 bits, of which a processor multiplies dozens at once.

mod basis;
mod digits;
mod kernel;
mod modulus;

pub use basis::Basis;
pub use digits::Digits;
pub use kernel::{Instructions, LANES, Window, sum_products};
pub use modulus::{Modulus, moduli};
