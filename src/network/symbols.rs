//! The symbols of a program: weights that theorems are quantified over.

use crate::algebra::{Integer, Rational, Shape, Symbol, ratio, split_mix};

/// A tensor of symbols: `forall k: 8x3x3x3`, or the weights of a layer written by size.
#[derive(Clone, Debug)]
pub struct SymbolTensor {
    /// Its name.
    pub name: String,
    /// Its shape.
    pub shape: Shape,
    /// The index of its first symbol; the others follow, row-major.
    pub first: u32,
}

/// All symbols of a program, in order.
#[derive(Clone, Debug, Default)]
pub struct Symbols {
    /// The tensors, their symbols ascending.
    pub tensors: Vec<SymbolTensor>,
    /// How many of them are another file's, which this one shares by name.
    shared: usize,
    /// How many of them its constants and networks use; the others belong to single claims.
    own: usize,
}

/// Why a tensor of symbols cannot be added.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SymbolError {
    /// There are no more numbers for symbols.
    #[error("there are more than 2^32 symbols")]
    TooMany,
    /// The other file gives the name another shape.
    #[error("`{name}` is {shape} here, and {other} in the file that this one is compared with")]
    OtherShape {
        /// The name.
        name: String,
        /// Its shape here.
        shape: Shape,
        /// Its shape there.
        other: Shape,
    },
}

impl Symbols {
    /// The symbols of one file, for another that is compared with it: a tensor of the same name
    /// stands for the same numbers.
    pub fn share(&self) -> Symbols {
        Symbols { tensors: self.tensors[..self.own].to_vec(), shared: self.own, own: self.own }
    }

    /// Ends the symbols of constants and networks: what follows belongs to claims.
    pub(super) fn close(&mut self) {
        self.own = self.tensors.len();
    }

    /// Adds a tensor, or finds the other file's; the index of its first symbol.
    pub fn add(&mut self, name: &str, shape: Shape) -> Result<u32, SymbolError> {
        if let Some(known) = self.tensors[..self.shared].iter().find(|t| t.name == name) {
            let (name, other) = (name.to_string(), known.shape.clone());
            return if shape == other { Ok(known.first) } else { Err(SymbolError::OtherShape { name, shape, other }) };
        }
        let size = |shape: &Shape| u32::try_from(shape.elements()).ok();
        let first = match self.tensors.last() {
            None => Some(0),
            Some(last) => size(&last.shape).and_then(|n| last.first.checked_add(n)),
        };
        let first = first.filter(|first| size(&shape).and_then(|n| first.checked_add(n)).is_some());
        let first = first.ok_or(SymbolError::TooMany)?;
        self.tensors.push(SymbolTensor { name: name.to_string(), shape, first });
        Ok(first)
    }

    /// The tensor of a free symbol, and its index in it.
    pub fn find(&self, symbol: Symbol) -> Option<(&SymbolTensor, Vec<usize>)> {
        let Symbol::Free(symbol) = symbol else { return None };
        let at = self.tensors.partition_point(|t| t.first <= symbol).checked_sub(1)?;
        let tensor = &self.tensors[at];
        Some((tensor, tensor.shape.unravel((symbol - tensor.first) as usize)))
    }

    /// The tensors that some symbols (ascending) belong to, each once.
    pub fn tensors_of(&self, symbols: impl IntoIterator<Item = Symbol>) -> impl Iterator<Item = &SymbolTensor> {
        let mut last = None;
        symbols.into_iter().filter_map(move |symbol| {
            let (tensor, _) = self.find(symbol)?;
            (last.replace(tensor.first) != Some(tensor.first)).then_some(tensor)
        })
    }

    /// The symbols of a tensor, row-major.
    pub fn of(tensor: &SymbolTensor) -> impl Iterator<Item = Symbol> {
        (tensor.first..).take(tensor.shape.elements()).map(Symbol::Free)
    }

    /// A symbol as people write it: `k[0,1]`, or `a` for a single one.
    pub fn name(&self, symbol: Symbol) -> String {
        match self.find(symbol) {
            None => format!("{symbol:?}"),
            Some((tensor, _)) if tensor.shape.elements() == 1 => tensor.name.clone(),
            Some((tensor, index)) => {
                // Axes of length 1 say nothing.
                let telling =
                    index.iter().zip(tensor.shape.axes()).filter(|(_, n)| **n > 1).map(|(i, _)| i.to_string());
                format!("{}[{}]", tensor.name, telling.collect::<Vec<_>>().join(","))
            }
        }
    }
}

/// Small integers, then fractions, for symbols: deterministic, different in every round.
pub fn sample(symbol: u32, round: u64) -> Rational {
    let z = split_mix(1, (u64::from(symbol) << 16).wrapping_add(round).wrapping_sub(1));
    let range = if round < 4 { 5 } else { 19 };
    let numerator = i64::try_from(z % (2 * range + 1)).unwrap_or(0) - i64::try_from(range).unwrap_or(0);
    let denominator = if round < 2 { 1 } else { 1 + (z >> 32) % 3 };
    ratio(Integer::from(numerator), Integer::from(denominator))
}
