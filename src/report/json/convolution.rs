//! The convolution that a map is, or is nearest to, for machines.

use serde::Serialize;

use super::claim::{RowObject, row};
use crate::decide::OneConvolution;
use crate::decide::convolution::{Agreement, Convolution};
use crate::network::{Network, Symbols};
use crate::report::numbers::Formula;
use crate::report::proof::why_no_convolution;

#[derive(Debug, Serialize)]
pub(super) struct ConvolutionObject {
    kernel_shape: Vec<usize>,
    kernel: Option<Vec<String>>,
    stride: Vec<usize>,
    pad: Vec<usize>,
    pad_mode: String,
    groups: usize,
    bias: Vec<String>,
    exact: bool,
    exceptional_outputs: Option<usize>,
    outputs: usize,
    reason: Option<String>,
    exception: Option<ExceptionObject>,
}

#[derive(Debug, Serialize)]
struct ExceptionObject {
    output: usize,
    map: RowObject,
    convolution: RowObject,
}

/// The object of a network; kernels with more than `max_entries` entries are left out.
pub(super) fn object(
    found: &OneConvolution,
    network: &Network,
    symbols: &Symbols,
    max_entries: usize,
) -> ConvolutionObject {
    match found {
        OneConvolution::Numbers(found) => of(found, network, symbols, max_entries),
        OneConvolution::Symbols(found) => of(found, network, symbols, max_entries),
    }
}

fn of<C: Formula>(
    found: &Convolution<C>,
    network: &Network,
    symbols: &Symbols,
    max_entries: usize,
) -> ConvolutionObject {
    let (outputs, reason) = match &found.agreement {
        Agreement::Exact => (Some(0), None),
        Agreement::Except(outputs, reason) => (Some(outputs.len()), Some(why_no_convolution(reason, network))),
        Agreement::Interior(reason) => (None, Some(why_no_convolution(reason, network))),
    };
    let exception = found.exception.as_ref().map(|e| ExceptionObject {
        output: e.output,
        map: row(&e.map, symbols),
        convolution: row(&e.convolution, symbols),
    });
    ConvolutionObject {
        kernel_shape: found.kernel.shape().axes().to_vec(),
        kernel: (found.kernel.len() <= max_entries).then(|| C::written(&found.kernel, symbols)),
        stride: found.stride.clone(),
        pad: [found.before.clone(), found.after.clone()].concat(),
        pad_mode: format!("{:?}", found.mode).to_lowercase(),
        groups: found.groups(),
        bias: C::written(&found.bias, symbols),
        exact: found.is_exact(),
        exceptional_outputs: outputs,
        outputs: found.output.elements(),
        reason,
        exception,
    }
}
