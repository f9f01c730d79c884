//! Maps as theorems state them.

use num_traits::One;

use crate::Rejection;
use crate::form::{CONSTANT, Form};
use crate::format::{Entry, Map, Symbol};
use crate::network::Network;
use crate::number::{Int, Poly, integer};
use crate::theorem::no;

/// A stated map: for each row its entries by variable, the constant first, over its denominator.
pub struct Stated {
    pub rows: Vec<Form>,
}

impl Stated {
    pub fn read(network: &Network, map: &Map, symbols: &[Symbol]) -> Result<Stated, Rejection> {
        let (rows, columns) = (network.rows(), network.columns());
        if (map.rows, map.columns, map.constant.len()) != (rows, columns, rows) {
            return no(format!("the map is {}×{}, but the network's is {rows}×{columns}", map.rows, map.columns));
        }
        let poly = |entry: &Entry| match entry {
            Entry::Number(text) => Ok(Poly::number(integer(text)?.into())),
            entry => Poly::read(entry, &Int::one(), symbols),
        };
        let mut read: Vec<Form> = Vec::with_capacity(rows);
        for constant in &map.constant {
            let constant = poly(constant)?;
            read.push(if constant.is_zero() { Vec::new() } else { vec![(CONSTANT, constant)] });
        }
        let mut last = None;
        for (row, column, entry) in &map.entries {
            let entry = poly(entry)?;
            if *row >= rows || *column >= columns || last >= Some((*row, *column)) || entry.is_zero() {
                return no(format!("the entry ({row}, {column}) is out of order, out of range or 0"));
            }
            last = Some((*row, *column));
            read[*row].push((column + 1, entry));
        }
        Ok(Stated { rows: read })
    }
}
