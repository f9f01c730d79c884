//! Integers by their residues modulo many small primes.
//!
//! Let P be the product of some primes. A number x with |x| < P/2 is known by its residues: it is the
//! one such number that has them (the Chinese remainder theorem). So where a bound on a result is
//! proved beforehand, computing modulo enough primes computes the result itself, exactly; the
//! arithmetic is on numbers of 13 bits, of which a processor multiplies dozens at once.

mod basis;
mod digits;
pub mod filtering;
mod kernel;
mod modulus;
mod product;
mod vectors;

pub use basis::Basis;
pub use digits::Digits;
pub use kernel::{Instructions, LANES, Window, sum_products};
pub use modulus::{Modulus, moduli};
pub use product::{Patches, WORTH, product};
pub use vectors::{add_all, combine, dot, multiply_all};

/// The bits after the binary point of a sum of fractions 1/p.
const FRACTION: u32 = 40;
