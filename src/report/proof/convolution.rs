//! Whether the collapsed map is one convolution.

use super::Writer;
use crate::algebra::Shape;
use crate::decide::convolution::{Agreement, Convolution, Exception, Reason};
use crate::decide::{Finding, OneConvolution, Row, Status};
use crate::layer::Layer;
use crate::network::Network;
use crate::report::document::{Block, code, math, text};
use crate::report::numbers::{Formula, count, plural, tensor_grid};
use crate::toeplitz::PadMode;

/// Kernels with at most this many numbers are printed.
const SMALL: usize = 100;

impl Writer<'_> {
    pub fn convolution(&mut self, found: &OneConvolution) {
        match found {
            OneConvolution::Numbers(found) => self.one_convolution(found),
            OneConvolution::Symbols(found) => self.one_convolution(found),
        }
    }

    fn one_convolution<C: Formula>(&mut self, found: &Convolution<C>) {
        let layers = self.network.live_nodes().iter().filter(|&&id| self.network.nodes[id].layer.is_some()).count();
        let name = self.network.name.clone();
        let (written, window) = written(found);
        let written = code(written);
        match &found.agreement {
            // One layer is no news.
            _ if layers == 1 => {}
            Agreement::Exact => {
                let words = vec![
                    code(name),
                    text(" is one convolution, "),
                    written,
                    text(format!(" with {window}, at every output.")),
                ];
                self.document.state("One convolution", words);
                self.kernel(found);
            }
            Agreement::Except(outputs, reason) => {
                let total = found.output.elements();
                let words = vec![
                    code(name),
                    text(format!(
                        " is not one convolution: {} of {} outputs are not those of ",
                        count(outputs.len()),
                        count(total)
                    )),
                    written,
                    text(format!(" with {window}, which the middle of the image shows.")),
                ];
                self.document.state("No convolution", words);
                self.kernel(found);
                self.exceptions(&found.output, outputs);
                if let Some(exception) = &found.exception {
                    self.exception(&found.output, exception);
                }
                self.say(vec![text(format!("{} {}", why(reason, self.network), repair(reason)))]);
            }
            Agreement::Interior(reason) => {
                let words = vec![
                    text("In the middle of the image "),
                    code(name),
                    text(" is the convolution "),
                    written,
                    text(format!(
                        " with {window}. Outputs near the border were not compared with it, because the matrix is too large."
                    )),
                ];
                self.document.state("Interior kernel", words);
                self.kernel(found);
                self.say(vec![text(format!("{} {}", why(reason, self.network), repair(reason)))]);
            }
        }
    }

    /// K and the constants, where they are small.
    fn kernel<C: Formula>(&mut self, found: &Convolution<C>) {
        if found.kernel.len() > SMALL {
            return;
        }
        self.document.grid(tensor_grid("K", &found.kernel, self.symbols));
        if !found.bias.is_zero() {
            self.document.grid(tensor_grid("c", &found.bias, self.symbols));
        }
    }

    fn exceptions(&mut self, shape: &Shape, outputs: &[usize]) {
        if let Some((words, map)) = super::picture::map(shape, outputs) {
            self.say(vec![text(words)]);
            self.document.blocks.push(Block::Map(map));
        }
    }

    /// The first output that is none of the convolution's.
    fn exception(&mut self, shape: &Shape, exception: &Exception) {
        let at = super::equation::index(shape, exception.output);
        let column = exception.map.first_difference(&exception.convolution);
        let which = match column {
            Some(column) => format!("the weight of {}", super::equation::entry(self.network, column)),
            None => "the constant".into(),
        };
        let value = |row: &Row| column.map_or_else(|| row.constant.clone(), |column| row.weight(column));
        let formula = |row: &Row| math(value(row).to_formula(&|s| self.symbols.name(s)));
        let (own, other) = (formula(&exception.map), formula(&exception.convolution));
        let words = vec![
            text(format!("For example at output {at}, {which} is ")),
            own,
            text(", where the convolution has "),
            other,
            text("."),
        ];
        self.say(words);
    }
}

/// `conv(K, bias=c, stride=2, pad=1)`, and what K is.
fn written<C: Formula>(found: &Convolution<C>) -> (String, String) {
    let mut arguments = vec!["K".to_string()];
    if !found.bias.is_zero() {
        arguments.push("bias=c".into());
    }
    let per_axis = |values: &[usize]| values.iter().map(usize::to_string).collect::<Vec<_>>().join("x");
    let same = |values: &[usize]| values.iter().all(|v| *v == values[0]);
    let numbers = |values: &[usize]| if same(values) { values[0].to_string() } else { per_axis(values) };
    if found.stride.iter().any(|&s| s != 1) {
        arguments.push(format!("stride={}", numbers(&found.stride)));
    }
    if found.before == found.after {
        if found.before.iter().any(|&n| n > 0) {
            arguments.push(format!("pad={}", numbers(&found.before)));
        }
    } else {
        let all: Vec<String> = found.before.iter().chain(&found.after).map(usize::to_string).collect();
        arguments.push(format!("pad=[{}]", all.join(", ")));
    }
    if found.mode != PadMode::Zero {
        arguments.push(format!("pad_mode={}", format!("{:?}", found.mode).to_lowercase()));
    }
    let groups = found.groups();
    if groups > 1 {
        arguments.push(format!("groups={groups}"));
    }
    let axes = found.kernel.shape().axes();
    let window = axes[2..].iter().map(usize::to_string).collect::<Vec<_>>().join("×");
    let (from, to) = (plural(axes[1], "channel"), count(axes[0]));
    (format!("conv({})", arguments.join(", ")), format!("a {window} kernel K from {from} to {to}"))
}

/// The answer in a few words.
pub(super) fn reason(finding: &Finding, status: Status) -> Option<String> {
    Some(match finding.convolution.as_ref()?.agreement() {
        Agreement::Exact => "the kernel above, at every output".into(),
        Agreement::Except(..) if status == Status::Proved => "it is one layer".into(),
        Agreement::Except(..) if status == Status::Undecided => {
            "kernels that reach past the border at every output are not searched".into()
        }
        Agreement::Except(outputs, _) => format!("not at {}", plural(outputs.len(), "output")),
        Agreement::Interior(_) => "its matrix is too large to compare".into(),
    })
}

/// Why a map is not one convolution, as a sentence.
pub(in crate::report) fn why(reason: &Reason, network: &Network) -> String {
    match reason {
        Reason::PaddingBetween(id) => {
            let node = &network.nodes[*id];
            let own = matches!(&node.layer, Some(Layer::Affine(_) | Layer::Symbolic(_)));
            debug_assert!(own, "only affine layers pad with zeros");
            format!(
                "`{}` pads with zeros what the layers before it compute, and past the border their formula does not give zeros.",
                node.name
            )
        }
        Reason::Constants => "The weights are a convolution’s, but the constants depend on the position.".into(),
        Reason::Positions => "The weights depend on the position.".into(),
    }
}

fn repair(reason: &Reason) -> &'static str {
    match reason {
        Reason::PaddingBetween(_) => {
            "With all of the padding first and none between the layers (or circular padding, or a value to pad with that is the bias), it would be one."
        }
        Reason::Constants => "Without the constant it would be one.",
        Reason::Positions => "No kernel serves all positions.",
    }
}
