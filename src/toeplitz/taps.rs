//! One axis of a convolution: which input position each tap sees at each output position.

/// How positions outside the input are filled (the names and meanings of PyTorch's `padding_mode`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PadMode {
    /// Zeros.
    Zero,
    /// The other end of the axis: position −1 is the last.
    Circular,
    /// Mirrored at the edge, which is not repeated: position −1 is position 1.
    Reflect,
    /// The edge's value.
    Replicate,
}

/// For each output position, the pairs (tap, input position) that it reads: row o of Σₖ wₖ Tₖ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taps {
    rows: Vec<Vec<(usize, usize)>>,
    inputs: usize,
}

impl Taps {
    /// The axis of a convolution with `size` taps over an input of length `inputs`.
    ///
    /// The padded axis must be at least as long as the dilated window, and padding must be within
    /// the mode's limits: both are checked where layers are built.
    pub fn convolution(
        inputs: usize,
        size: usize,
        stride: usize,
        dilation: usize,
        padding: (usize, usize),
        mode: PadMode,
    ) -> Taps {
        // What stands before and after the input, by the position in the border. The padded axis is
        // not written out: a border may be far wider than the positions that are read.
        let (before, after) = padding;
        let head = |i: usize| match mode {
            PadMode::Zero => None,
            PadMode::Circular => Some(inputs - before + i),
            PadMode::Reflect => Some(before - i),
            PadMode::Replicate => Some(0),
        };
        let tail = |i: usize| match mode {
            PadMode::Zero => None,
            PadMode::Circular => Some(i),
            PadMode::Reflect => Some(inputs - 2 - i),
            PadMode::Replicate => Some(inputs - 1),
        };
        let padded = |i: usize| match i.checked_sub(before) {
            None => head(i),
            Some(i) if i < inputs => Some(i),
            Some(i) => tail(i - inputs),
        };
        let reach = dilation * (size - 1);
        let starts = (0..before + inputs + after - reach).step_by(stride);
        let row = |start: usize| (0..size).filter_map(|tap| padded(start + tap * dilation).map(|p| (tap, p))).collect();
        let rows: Vec<Vec<(usize, usize)>> = starts.map(row).collect();
        #[cfg(debug_assertions)]
        let rows = crate::fault::taps(rows, inputs, size);
        Taps { rows, inputs }
    }

    /// A table that is written out: for each output position, the pairs (tap, input position).
    pub(crate) fn of_rows(rows: Vec<Vec<(usize, usize)>>, inputs: usize) -> Taps {
        Taps { rows, inputs }
    }

    /// The number of output positions.
    pub fn outputs(&self) -> usize {
        self.rows.len()
    }

    /// The number of input positions.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// The pairs (tap, input position) of one output position.
    pub fn row(&self, output: usize) -> &[(usize, usize)] {
        &self.rows[output]
    }

    /// The first `outputs` output positions.
    pub fn truncated(&self, outputs: usize) -> Taps {
        Taps { rows: self.rows[..outputs].to_vec(), inputs: self.inputs }
    }

    /// The same pairs, seen from the input positions.
    pub fn transpose(&self) -> Taps {
        self.transposed_to(self.inputs)
    }

    /// The transpose, with its rows extended by empty ones to `outputs`: a transposed convolution's
    /// extra output positions, which no tap reaches.
    pub(super) fn transposed_to(&self, outputs: usize) -> Taps {
        let mut rows = vec![Vec::new(); outputs];
        for (output, row) in self.rows.iter().enumerate() {
            row.iter().for_each(|&(tap, input)| rows[input].push((tap, output)));
        }
        Taps { rows, inputs: self.rows.len() }
    }

    /// For each of `size` taps, how many output positions read through it.
    pub fn uses(&self, size: usize) -> Vec<usize> {
        let mut uses = vec![0; size];
        self.rows.iter().flatten().for_each(|&(tap, _)| uses[tap] += 1);
        uses
    }

    /// Whether some output position reads one input position twice (at a reflected or wrapped border).
    pub fn repeats(&self) -> bool {
        self.rows.iter().any(|row| row.iter().enumerate().any(|(i, a)| row[..i].iter().any(|b| a.1 == b.1)))
    }
}
