//! The witness of a nonlinear network as images, and the network along its line as a plot.

use num_traits::Zero;

use super::Writer;
use super::figures::largest;
use crate::algebra::{Rational, Tensor, ratio};
use crate::decide::search::{Witness, polyline};
use crate::network::{Assignment, Network};
use crate::report::document::{math, text};
use crate::report::figure::{Cells, Drawing, Entry, Figure, Indices, Picture, Plot};
use crate::report::numbers::number;

/// The most rows and columns of an image.
const SIDE: usize = 64;
/// The most breakpoints of a plot, and entries of all layers together.
const BREAKPOINTS: usize = 64;
const ENTRIES: usize = 5_000;

impl Writer<'_> {
    /// x, y and x + y, then both sides of the law and their difference.
    pub fn witness_figures(&mut self, witness: &Witness, weights: &Assignment) {
        let network = self.network.at(weights);
        self.witness_images(witness, &network);
        self.witness_plot(witness, &network);
    }

    fn witness_images(&mut self, witness: &Witness, network: &Network) {
        let (p, plus) = if witness.base.is_zero() { ("0", "") } else { ("p", "p + ") };
        let f = |x: &str| format!("\\mathrm{{{}}}({x})", self.network.name);
        let at = |x: &Tensor| network.evaluate(&witness.base.plus(x));
        let both = witness.x.plus(&witness.y);
        let values = [at(&Tensor::zeros(both.shape().clone())), at(&witness.x), at(&witness.y), at(&both)];
        let [Some(f_p), Some(f_x), Some(f_y), Some(f_xy)] = values else { return };
        let (left, right) = (f_xy.plus(&f_p), f_x.plus(&f_y));
        let difference = left.minus(&right);
        let mut pictures = Vec::new();
        for (name, flat) in [("x", &witness.x), ("y", &witness.y), ("x + y", &both)] {
            let parts = self.network.split_input(flat);
            let several = parts.len() > 1;
            let named = parts.into_iter().zip(&self.network.inputs).map(|(part, input)| {
                (if several { format!("({name})_{{{}}}", input.name) } else { name.to_string() }, part)
            });
            pictures.extend(named);
        }
        let zero = f_p.is_zero();
        let with_base = if zero { String::new() } else { format!(" + {}", f(p)) };
        let sides = [
            (format!("{}{with_base}", f(&format!("{plus}x + y"))), left),
            (format!("{} + {}", f(&format!("{plus}x")), f(&format!("{plus}y"))), right),
            ("\\text{difference}".to_string(), difference),
        ];
        let inputs = images(&pictures);
        let outputs = images(&sides);
        if inputs.iter().chain(&outputs).any(|p| p.rows > SIDE || p.columns > SIDE) {
            return;
        }
        let words = if zero {
            "Were the network affine, the first two images would be the same and their difference blank."
        } else {
            "The value at the base point is added so that constants cancel. Were the network affine, the first two images would be the same and their difference blank."
        };
        for (title, pictures, caption) in [
            ("The witness: inputs", inputs, vec![text("Two inputs, and their sum.")]),
            ("The witness: outputs", outputs, vec![text(words)]),
        ] {
            self.document.figure(Figure { title: title.into(), caption, drawing: Drawing::Pictures(pictures) });
        }
    }

    /// One output along the line through the two points that shows the kink.
    fn witness_plot(&mut self, witness: &Witness, network: &Network) {
        let live = network.live_nodes();
        if live.iter().map(|&id| network.nodes[id].shape.elements()).sum::<usize>() > ENTRIES {
            return;
        }
        let plus = if witness.base.is_zero() { "" } else { "p + " };
        let base = if witness.base.is_zero() { "0" } else { "p" };
        let (p_x, p_y) = (witness.base.plus(&witness.x), witness.base.plus(&witness.y));
        let p_xy = p_x.plus(&witness.y);
        // Both lines have one midpoint, so on one of them the function leaves its chord.
        let lines = [
            (p_x, p_y, format!("{plus}x"), format!("{plus}y")),
            (witness.base.clone(), p_xy, base.to_string(), format!("{plus}x + y")),
        ];
        for (from, to, from_name, to_name) in lines {
            let direction = to.minus(&from);
            if direction.is_zero() {
                continue;
            }
            let one = Rational::from_integer(1.into());
            let Some(points) = polyline(network, &from, &direction, witness.output, &one, BREAKPOINTS) else { return };
            let (Some(first), Some(last)) = (points.first().cloned(), points.last().cloned()) else { return };
            let kinks: Vec<String> = points.iter().filter(|p| p.2).map(|p| number(&p.0)).collect();
            let chord = [(first.0, first.1), (last.0.clone(), last.1.clone())];
            let on_chord = |t: &Rational| &chord[0].1 + (&chord[1].1 - &chord[0].1) * t;
            if points.iter().all(|(t, value, _)| *value == on_chord(t)) {
                continue;
            }
            let f = format!("\\mathrm{{{}}}", self.network.name);
            let place = self.output_name(witness.output);
            let caption = vec![
                text(format!("Output {place} along the line from ")),
                math(from_name.clone()),
                text(" (t = 0) to "),
                math(to_name.clone()),
                text(format!(
                    " (t = 1): exact, with {} at t = {}. An affine function would follow the dashed line.",
                    if kinks.len() == 1 { "a kink" } else { "kinks" },
                    kinks.join(", ")
                )),
            ];
            let marks = vec![(chord[0].0.clone(), from_name), (last.0, to_name)];
            let name = format!("{f}[{}]", place.trim_matches(['[', ']']));
            let plot = Plot { name, points, marks, chord };
            self.document.figure(Figure { title: "The kink".into(), caption, drawing: Drawing::Plot(Box::new(plot)) });
            return;
        }
    }
}

/// Images side by side, on one scale.
fn images(named: &[(String, Tensor)]) -> Vec<Picture> {
    let mut pictures: Vec<Picture> = named.iter().map(|(name, tensor)| image(name, tensor)).collect();
    let most = pictures.iter().map(|p| largest(&p.cells)).max().unwrap_or_default();
    pictures.iter_mut().for_each(|p| p.largest = most.clone());
    pictures
}

fn image(name: &str, tensor: &Tensor) -> Picture {
    let axes = tensor.shape().axes();
    let width = axes.last().copied().unwrap_or(1).max(1);
    let planes: usize = axes.iter().rev().skip(2).product();
    let height = (tensor.len() / (width * planes)).max(1);
    let mut entries = Vec::new();
    for row in 0..height {
        for column in 0..width * planes {
            let flat = (column / width * height + row) * width + column % width;
            let numerator = &tensor.numerators()[flat];
            if !numerator.is_zero() {
                let value = ratio(numerator.clone(), tensor.denominator().clone());
                entries.push(Entry { row, column, formula: value.to_string(), value: Ok(value) });
            }
        }
    }
    Picture {
        sign: "",
        name: name.into(),
        rows: height,
        columns: width * planes,
        blocks: vec![(height, width), (1, 1)],
        indices: Indices::Image(axes.to_vec()),
        cells: Cells::Entries(entries),
        largest: Rational::zero(),
        frames: Vec::new(),
        elided: None,
    }
}
