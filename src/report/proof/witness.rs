//! The witness of a nonlinear network, followed layer by layer.

use num_traits::Zero;

use super::Writer;
use crate::algebra::{Integer, Rational, Tensor};
use crate::decide::search::{Value, Witness};
use crate::network::{Assignment, Input, NodeId};
use crate::report::document::{Block, Grid, code, math, text};
use crate::report::numbers::{number, tensor_grid};

impl Writer<'_> {
    pub fn witness(&mut self, witness: &Witness, weights: &Assignment) {
        let f = |x: &str| format!("\\mathrm{{{}}}({x})", self.network.name);
        let based = !witness.base.is_zero();
        let (p, plus) = if based { ("p", "p + ") } else { ("0", "") };
        let law = format!(
            "{} + {} = {} + {}",
            f(&format!("{plus}x + y")),
            f(p),
            f(&format!("{plus}x")),
            f(&format!("{plus}y"))
        );
        self.document.state(
            "Witness",
            vec![
                text("If "),
                code(&self.network.name),
                text(" were affine, then "),
                math(law),
                text(" for all inputs. Take"),
            ],
        );
        self.weights(weights);
        let mut inputs = vec![("x", &witness.x), ("y", &witness.y)];
        if based {
            inputs.insert(0, ("p", &witness.base));
        }
        self.vectors(&inputs);
        self.trace(witness, weights);
        let output = self.output_name(witness.output);
        let rows = [
            (p.to_string(), &witness.f_base),
            (format!("{plus}x"), &witness.f_x),
            (format!("{plus}y"), &witness.f_y),
            (format!("{plus}x + y"), &witness.f_xy),
        ];
        let rows =
            rows.into_iter().map(|(point, value)| vec![format!("{}({})", self.network.name, point), shown(value)]);
        let head = vec!["value".to_string(), format!("at output {output}")];
        let rows = rows.collect();
        self.document.blocks.push(Block::Table { head, rows });
        let left = shown(&witness.f_xy.plus(&witness.f_base));
        let right = shown(&witness.f_x.plus(&witness.f_y));
        let (l, r) = (
            format!("{} + {}", f(&format!("{plus}x + y")), f(p)),
            format!("{} + {}", f(&format!("{plus}x")), f(&format!("{plus}y"))),
        );
        self.say(vec![text("So "), math(l), text(format!(" = {left}, but ")), math(r), text(format!(" = {right}."))]);
        if !witness.f_x.is_exact() || !witness.f_xy.is_exact() {
            self.say(vec![text("Intervals are proved enclosures with rational ends; the two sides do not overlap.")]);
        }
        if !based && witness.f_base == (Value { low: Zero::zero(), high: Zero::zero() }) {
            let law = format!("{} = {} + {}", f("x + y"), f("x"), f("y"));
            self.say(vec![
                text("Since "),
                math(f("0")),
                text(" = 0 there, this is the failure of additivity, "),
                math(law),
                text("."),
            ]);
        }
        if self.detail.figures {
            self.witness_figures(witness, weights);
        }
    }

    /// Input vectors: as grids where they are small, else their nonzero entries.
    pub(super) fn vectors(&mut self, inputs: &[(&str, &Tensor)]) {
        if inputs.iter().all(|(_, value)| value.len() <= self.detail.values) {
            let grids = inputs.iter().flat_map(|(name, value)| self.input_grids(name, value)).collect();
            self.document.blocks.push(Block::Row(grids));
            return;
        }
        let rows = inputs.iter().flat_map(|(name, value)| self.nonzero_rows(name, value)).collect();
        let head = ["vector", "entry", "value"].map(str::to_string).to_vec();
        self.document.blocks.push(Block::Table { head, rows });
        self.say(vec![text("All other entries are 0.")]);
    }

    /// An input vector as one grid an argument.
    fn input_grids(&self, name: &str, flat: &Tensor) -> Vec<Grid> {
        let parts = self.network.split_input(flat);
        let several = parts.len() > 1;
        let grid = |(part, input): (Tensor, &Input)| {
            let name = if several { format!("{name}_{{{}}}", input.name) } else { name.to_string() };
            tensor_grid(&name, &part, self.symbols)
        };
        parts.into_iter().zip(&self.network.inputs).map(grid).collect()
    }

    /// The nonzero entries of an input vector, one a row.
    fn nonzero_rows(&self, name: &str, flat: &Tensor) -> Vec<Vec<String>> {
        let parts = self.network.split_input(flat);
        let rows = parts.iter().zip(&self.network.inputs).flat_map(|(part, input)| {
            let nonzero = (0..part.len()).filter(|&i| !part.numerators()[i].is_zero());
            nonzero.map(move |i| {
                vec![name.to_string(), format!("{}{:?}", input.name, part.shape().unravel(i)), number(&part.get(i))]
            })
        });
        rows.collect()
    }

    /// The values of every layer at the witness's points, where they are small enough to follow.
    fn trace(&mut self, witness: &Witness, weights: &Assignment) {
        let points = [
            &witness.base.plus(&witness.x),
            &witness.base.plus(&witness.y),
            &witness.base.plus(&witness.x).plus(&witness.y),
        ];
        let network = self.network.at(weights);
        let labels = if witness.base.is_zero() { ["x", "y", "x + y"] } else { ["p + x", "p + y", "p + x + y"] };
        let traces: Option<Vec<Vec<(NodeId, Tensor)>>> = points.into_iter().map(|p| network.trace(p)).collect();
        let Some(traces) = traces else { return };
        let small = traces[0].iter().all(|(_, value)| value.len() <= self.detail.values) && traces[0].len() <= 12;
        if !small {
            return;
        }
        self.say(vec![text("Layer by layer, from the definitions:")]);
        for (step, (id, _)) in traces[0].iter().enumerate() {
            let name = &self.network.nodes[*id].name;
            let grids = traces
                .iter()
                .zip(labels)
                .map(|(t, label)| tensor_grid(&format!("\\mathrm{{{name}}}({label})"), &t[step].1, self.symbols));
            self.document.blocks.push(Block::Row(grids.collect()));
        }
    }
}

pub(super) fn shown(value: &Value) -> String {
    if value.is_exact() {
        number(&value.low)
    } else {
        format!("[{}, {}]", decimal(&value.low, false), decimal(&value.high, true))
    }
}

/// Nine decimals, rounded outward: for reading; the exact ends are in the JSON report.
fn decimal(value: &Rational, up: bool) -> String {
    let scale = Integer::from(1_000_000_000);
    let scaled = value * Rational::from_integer(scale.clone());
    let rounded = if up { scaled.ceil() } else { scaled.floor() }.to_integer();
    let sign = if rounded.sign() == num_bigint::Sign::Minus { "−" } else { "" };
    let digits = rounded.magnitude() / scale.magnitude();
    let fraction = rounded.magnitude() % scale.magnitude();
    format!("{sign}{digits}.{fraction:0>9}")
}
