//! The row vectors of a batch of rows at one value, by residues, with a bound that is proved.

use std::ops::Range;

use num_traits::One;
use rayon::prelude::*;

use super::{TooLong, one_residue};
use crate::algebra::Integer;
use crate::algebra::residue::{Basis, Modulus, multiply_all};
use crate::toeplitz::adjoint::{Adjoint, Layout};

/// The row vectors of a batch of rows at one value.
#[derive(Clone)]
pub(super) struct Vectors {
    /// For each prime of a basis, the residues.
    pub residues: Vec<Vec<i16>>,
    /// No numerator's absolute value is larger.
    pub bound: Integer,
}

impl Vectors {
    /// The rows of the identity.
    pub fn unit(layout: Layout, rows: Range<usize>) -> Vectors {
        let mut residues = vec![0; layout.size(rows.len())];
        rows.clone().enumerate().for_each(|(n, row)| residues[layout.index(rows.len(), n, row)] = 1);
        Vectors { residues: vec![residues], bound: Integer::one() }
    }

    /// The basis for numbers up to the bound.
    fn basis(&self) -> Result<Basis, TooLong> {
        Basis::of(&self.bound).ok_or(TooLong)
    }

    /// Measures the bound, and finds residues enough for a second bound, which depends on it.
    pub fn prepare(&mut self, needed: impl FnOnce(&Integer) -> Integer) -> Result<(), TooLong> {
        let basis = self.basis()?;
        self.residues.truncate(basis.moduli().len());
        let measured = basis.measure(&self.residues);
        if *measured.bound() < self.bound {
            self.bound = measured.bound().clone();
        }
        let wider = Basis::of(&needed(&self.bound)).ok_or(TooLong)?;
        self.residues.extend(measured.extend(&wider));
        Ok(())
    }

    /// The product with a layer's operator and with a positive factor; the vectors are prepared for it.
    pub fn through(self, adjoint: &Adjoint, factor: &Integer, rows: usize) -> Result<Vectors, TooLong> {
        let bound = &self.bound * adjoint.norm() * factor;
        let basis = Basis::of(&bound).ok_or(TooLong)?;
        // What a prime has read makes room for what the next one writes.
        let product = |room: &mut Vec<i16>, (modulus, u): (&Modulus, Vec<i16>)| {
            let product = adjoint.apply(modulus, rows, &u, std::mem::take(room));
            *room = u;
            match one_residue(factor, modulus) {
                1 => product,
                factor => multiply_all(modulus, factor, &product),
            }
        };
        let residues = basis.moduli().par_iter().zip(self.residues).map_init(Vec::new, product).collect();
        Ok(Vectors { residues, bound })
    }

    /// The sum of two batches at one value.
    pub fn plus(mut self, mut other: Vectors) -> Result<Vectors, TooLong> {
        let bound = &self.bound + &other.bound;
        let basis = Basis::of(&bound).ok_or(TooLong)?;
        for vectors in [&mut self, &mut other] {
            vectors.prepare(|_| bound.clone())?;
        }
        let add = |((modulus, mut sum), other): ((&Modulus, Vec<i16>), Vec<i16>)| {
            sum.iter_mut().zip(other).for_each(|(s, o)| *s = modulus.reduce(i32::from(*s) + i32::from(o)));
            sum
        };
        let residues = basis.moduli().par_iter().zip(self.residues).zip(other.residues).map(add).collect();
        Ok(Vectors { residues, bound })
    }

    /// The numbers, where they lie.
    pub fn numbers(mut self) -> Result<Vec<Integer>, TooLong> {
        let basis = self.basis()?;
        self.residues.truncate(basis.moduli().len());
        Ok(basis.lift(&self.residues.iter().map(Vec::as_slice).collect::<Vec<_>>()))
    }
}
