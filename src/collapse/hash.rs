//! The hash of a map: of a canonical text of its entries.

use sha2::{Digest, Sha256};

use crate::algebra::Rational;

/// A hash that entries are added to: row by row, columns ascending, then the constants.
pub(super) struct Hash(Sha256);

impl Hash {
    /// Of a matrix of this size.
    pub fn new(rows: usize, columns: usize) -> Hash {
        let mut hash = Sha256::new();
        hash.update(format!("{rows} {columns}\n"));
        Hash(hash)
    }

    /// The next nonzero entry.
    pub fn entry(&mut self, row: usize, column: usize, value: Rational) {
        self.0.update(format!("{row} {column} {value}\n"));
    }

    /// The next entry of b.
    pub fn constant(&mut self, value: &Rational) {
        self.0.update(format!("{value}\n"));
    }

    /// Lowercase hexadecimal.
    pub fn finish(self) -> String {
        self.0.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
