//! Wrong uses of every layer, as programs: which diagnostic they get, and what it says.

use std::time::{Duration, Instant};

use netprove::diagnostic::{Diagnostic, Source};
use netprove::layer::catalogue;
use netprove::network::{NoImports, check};

const MEMORY: u64 = 1 << 30;

/// The diagnostics of a program; none if it is right.
fn diagnostics(text: &str) -> Vec<Diagnostic> {
    let source = Source { name: "t.net".into(), text: text.into() };
    check(source, &NoImports, MEMORY).map_or_else(|r| r.diagnostics, |_| Vec::new())
}

/// Everything that one diagnostic says.
fn said(d: &Diagnostic) -> String {
    let related = d.related.iter().map(|r| r.1.as_str());
    let help = d.help.iter().chain(&d.notes).map(String::as_str);
    std::iter::once(d.message.as_str())
        .chain([d.label.as_str()])
        .chain(related)
        .chain(help)
        .collect::<Vec<_>>()
        .join(" | ")
}

/// The input's shape, the step, the id of its only diagnostic, and what this must say.
type Row = (&'static str, &'static str, &'static str, &'static [&'static str]);

fn hold(rows: &[Row]) {
    let mut wrong = Vec::new();
    for (input, step, id, words) in rows {
        let found = diagnostics(&format!("network f(x: {input}) = x |> {step}"));
        let text = found.iter().map(|d| format!("{}: {}", d.code, said(d))).collect::<Vec<_>>().join("\n    ");
        let right =
            matches!(found.as_slice(), [one] if one.code.id() == *id && words.iter().all(|w| said(one).contains(w)));
        if !right {
            wrong.push(format!("{input} |> {step}\n  wanted {id}: {words:?}\n  found\n    {text}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {} rows\n{}", wrong.len(), rows.len(), wrong.join("\n"));
}

const FOREIGN: &[Row] = &[
    // As other programs write it.
    ("8", "relu(x)", "unknown-argument", &["`x` is a value", "write `x |> relu`"]),
    ("1x8x8", "conv(x, ones(3x3))", "unknown-argument", &["`x` is a value", "write `x |> conv(…)`"]),
    ("8", "Linear(10)", "unknown-layer", &["did you mean `dense`?"]),
    ("8", "ReLU", "unknown-layer", &["did you mean `relu`?"]),
    ("1x8", "MaxPool1d(2)", "unknown-layer", &["did you mean `maxpool`?"]),
    ("1x8x8", "Conv2d(8, 3x3, padding=1)", "unknown-layer", &["did you mean `conv`?"]),
    ("1x8x8", "conv(8, 3x3, padding=1)", "unknown-argument", &["did you mean `pad`?"]),
    ("1x8x8", "conv(3x3)", "wrong-kind", &["expected weights, found a shape", "`conv(8, 3x3)`"]),
    ("8", "dense(10x8)", "wrong-kind", &["expected weights, found a shape", "`dense(10)`"]),
    ("2x8x8", "conv(4, 3x3, groups=3)", "invalid-argument", &["2 channels", "3 groups", "`x` is 2×8×8"]),
    ("6x8x8", "conv_transpose(4, 3x3, groups=3)", "invalid-argument", &["4 channels", "3 groups"]),
    ("8", "reshape(2, 4)", "unknown-argument", &["takes one argument", "`reshape(2x4)`"]),
];

const CONVOLUTIONS: &[Row] = &[
    // Ranks and channels.
    ("4x8x8", "conv(zeros(8x3x3x3))", "shape-mismatch", &["8×3×3×3", "4×8×8", "second axis must be 4"]),
    ("64", "conv(zeros(8x3x3x3))", "shape-mismatch", &["input is 64", "C×H×W", "reshape"]),
    ("1x2x2x2x2", "conv(zeros(3x3))", "shape-mismatch", &["1×2×2×2×2", "C×D×H×W"]),
    ("3x8x8", "conv(zeros(3x3))", "shape-mismatch", &["3×3", "3×8×8", "O x I/g x KxK"]),
    ("1x8x8", "conv(zeros(3))", "shape-mismatch", &["kernel 3", "1×8×8", "bare window"]),
    ("3x8x8", "conv(zeros(3x3x3))", "shape-mismatch", &["3×3×3", "3×8×8", "depthwise"]),
    ("1x8x8", "conv(1/2)", "shape-mismatch", &["kernel scalar", "1×8×8"]),
    ("3x8x8", "conv_transpose(zeros(8x3x3x3))", "shape-mismatch", &["8×3×3×3", "3×8×8", "first axis"]),
    ("3x8x8", "conv_transpose(zeros(3x3))", "shape-mismatch", &["3×3", "3×8×8", "I x O/g"]),
    ("64", "conv_transpose(zeros(3))", "shape-mismatch", &["input is 64"]),
    ("3x8x8", "depthwise(zeros(4x3x3))", "shape-mismatch", &["4×3×3", "3×8×8", "3xKxK"]),
    ("3x8x8", "depthwise(zeros(3x3))", "shape-mismatch", &["3×3", "3×8×8"]),
    ("3x8x8", "depthwise(zeros(3x2x3x3))", "shape-mismatch", &["3×2×3×3", "3×8×8", "3x1xKxK"]),
    ("8", "depthwise(zeros(8x3))", "shape-mismatch", &["input is 8"]),
    // Windows and padding.
    ("1x2x8", "conv(zeros(3x3))", "shape-mismatch", &["3×3", "2×8", "1×2×8", "pad"]),
    ("1x4x4", "conv(zeros(3x3), dilation=2)", "shape-mismatch", &["5×5", "4×4"]),
    ("1x2x2", "conv(zeros(5x5), pad=1)", "shape-mismatch", &["5×5", "2×2", "with its padding"]),
    (
        "1x2x8",
        "conv(zeros(3x3), pad=2, pad_mode=reflect)",
        "invalid-argument",
        &["reflect", "2×8", "at most 1", "replicate"],
    ),
    ("1x2x8", "conv(zeros(3x3), pad=3, pad_mode=circular)", "invalid-argument", &["circular", "2×8", "at most 2"]),
    ("2x1x8", "depthwise(zeros(2x3x3), pad=1, pad_mode=reflect)", "invalid-argument", &["reflect", "1×8", "at most 0"]),
    ("1x8x8", "conv(zeros(3x3), pad=-1)", "invalid-number", &["-1", "≥ 0"]),
    ("1x8x8", "conv(zeros(3x3), pad=1/2)", "invalid-number", &["1/2", "whole"]),
    ("1x8x8", "conv(zeros(3x3), pad=1x1x1)", "invalid-argument", &["3 numbers", "2 spatial", "4: all befores"]),
    ("1x8x8", "conv(zeros(3x3), pad=[1, 2, 3])", "invalid-argument", &["3 numbers", "2 spatial"]),
    ("1x8x8", "conv(zeros(3x3), pad_mode=mirror)", "invalid-argument", &["`zero`", "`reflect`"]),
    ("1x8x8", "conv(zeros(3x3), pad_mode=reflct)", "invalid-argument", &["did you mean `reflect`"]),
    ("1x8x8", "conv_transpose(zeros(3x3), pad=5)", "invalid-argument", &["leaves nothing", "1×8×8"]),
    ("1x8x8", "conv_transpose(zeros(3x3), pad=same)", "invalid-argument", &["same", "numbers"]),
    ("1x8x8", "conv_transpose(zeros(3x3), output_pad=1)", "invalid-argument", &["`output_pad` is 1", "stride 1"]),
    // Strides, dilations, groups, biases.
    ("1x8x8", "conv(zeros(3x3), stride=0)", "invalid-argument", &["stride", "at least 1"]),
    ("1x8x8", "conv(zeros(3x3), dilation=[1, 0])", "invalid-argument", &["dilation", "at least 1"]),
    ("1x8x8", "conv(zeros(3x3), stride=[1, 2, 3])", "invalid-argument", &["3 numbers", "2 spatial"]),
    ("1x8x8", "conv_transpose(zeros(3x3), stride=0)", "invalid-argument", &["stride", "at least 1"]),
    ("1x8x8", "depthwise(zeros(1x3x3), stride=0)", "invalid-argument", &["stride", "at least 1"]),
    ("3x8x8", "conv(zeros(8x3x3x3), groups=2)", "invalid-argument", &["2 groups", "3×8×8", "8×3×3×3"]),
    ("4x8x8", "conv(zeros(3x2x3x3), groups=2)", "invalid-argument", &["2 groups", "3×2×3×3"]),
    ("4x8x8", "conv(zeros(4x4x3x3), groups=2)", "shape-mismatch", &["4×4×3×3", "4×8×8", "second axis must be 2"]),
    ("4x8x8", "conv(zeros(4x4x3x3), groups=0)", "invalid-argument", &["groups", "at least 1"]),
    ("3x8x8", "conv_transpose(zeros(3x8x3x3), groups=2)", "invalid-argument", &["2 groups", "3×8×8"]),
    ("3x8x8", "conv(zeros(8x3x3x3), bias=zeros(7))", "shape-mismatch", &["bias is 7", "8 output channels", "3×8×8"]),
    ("3x8x8", "conv_transpose(zeros(3x8x3x3), bias=1)", "shape-mismatch", &["bias is scalar", "8 output channels"]),
    ("3x8x8", "depthwise(zeros(3x3x3), bias=zeros(2))", "shape-mismatch", &["bias is 2", "3 output channels"]),
    // Kinds and names.
    ("3x8x8", "conv", "missing-argument", &["`kernel`", "conv(kernel"]),
    ("3x8x8", "conv_transpose", "missing-argument", &["`kernel`"]),
    ("3x8x8", "depthwise", "missing-argument", &["`kernel`"]),
    ("3x8x8", "conv(3x3)", "wrong-kind", &["shape", "weights", "conv(8, 3x3)"]),
    ("1x8x8", "conv(zeros(3x3), 3x3)", "wrong-kind", &["shape", "tensor"]),
    ("1x8x8", "conv(\"k\")", "wrong-kind", &["text", "tensor"]),
    ("1x8x8", "conv(zeros(3x3), padding=1)", "unknown-argument", &["padding", "`pad`"]),
    ("1x8x8", "conv(zeros(3x3), pad=1, pad=2)", "duplicate-argument", &["pad", "twice"]),
    ("1x8x8", "conv(zeros(3x3), kernel=zeros(3x3))", "duplicate-argument", &["kernel", "twice"]),
    ("1x8x8", "conv(blurr)", "unknown-name", &["blurr"]),
];

const MATRICES: &[Row] = &[
    ("1x8x8", "dense(zeros(10x64))", "shape-mismatch", &["1×8×8", "flatten"]),
    ("64", "dense(zeros(10x63))", "shape-mismatch", &["10×63", "64", "second axis"]),
    ("64", "dense(zeros(64x10))", "shape-mismatch", &["64×10", "transpose"]),
    ("64", "dense(zeros(64))", "shape-mismatch", &["is 64", "outputs x inputs"]),
    ("64", "dense(zeros(10x64), bias=zeros(9))", "shape-mismatch", &["bias is 9", "10×64", "10 outputs"]),
    ("64", "dense", "missing-argument", &["`matrix`"]),
    ("64", "dense(zeros(10x64), units=3)", "unknown-argument", &["units", "dense(matrix"]),
    ("3x8x8", "batchnorm", "missing-argument", &["scale=", "gamma="]),
    ("3x8x8", "batchnorm(mean=0)", "missing-argument", &["`var`"]),
    ("3x8x8", "batchnorm(var=1)", "missing-argument", &["`mean`"]),
    (
        "3x8x8",
        "batchnorm(mean=0, var=18446744073709551629, eps=0)",
        "irrational-scale",
        &["18446744073709551629", "scale="],
    ),
    ("3x8x8", "batchnorm(mean=0, var=-1)", "invalid-argument", &["positive", "channel 0"]),
    ("3x8x8", "batchnorm(scale=1, var=1)", "invalid-argument", &["`var`", "`scale`"]),
    ("3x8x8", "batchnorm(scale=zeros(2))", "shape-mismatch", &["`scale` is 2", "3×8×8", "3 channels"]),
    ("3x8x8", "batchnorm(mean=0, var=1, eps=zeros(3))", "wrong-kind", &["single number", "tensor 3"]),
    ("3x8x8", "scale(zeros(2))", "shape-mismatch", &["constant 2", "3×8×8", "one a channel"]),
    ("3x8x8", "scale", "missing-argument", &["`factor`"]),
    ("3x8x8", "bias(zeros(8x8))", "shape-mismatch", &["8×8", "3×8×8"]),
    ("3x8x8", "bias(x)", "unknown-argument", &["`x` is a value", "`add(x)`"]),
    ("3x8x8", "bias", "missing-argument", &["`value`"]),
];

const POOLS: &[Row] = &[
    ("1x8x8", "avgpool(9)", "shape-mismatch", &["9×9", "8×8", "1×8×8"]),
    ("1x8x8", "avgpool(3, pad=2)", "invalid-argument", &["half of the window", "2 is more than half of 3"]),
    ("1x8x8", "avgpool(2, count_pad=maybe)", "invalid-argument", &["`yes`", "`no`"]),
    ("1x8x8", "avgpool(2, dilation=2)", "unknown-argument", &["dilation"]),
    ("1x8x8", "avgpool", "missing-argument", &["`window`"]),
    ("8", "avgpool(2)", "shape-mismatch", &["input is 8", "C×L"]),
    ("1x8x8", "sumpool(0)", "invalid-argument", &["at least 1"]),
    ("1x8x8", "sumpool(2x2x2)", "invalid-argument", &["3 numbers", "2 spatial"]),
    ("1x8x8", "sumpool(2, count_pad=no)", "unknown-argument", &["count_pad"]),
    ("8", "global_avgpool", "shape-mismatch", &["input is 8"]),
    ("1x8x8", "global_avgpool(2)", "unknown-argument", &["no arguments"]),
    ("8", "global_maxpool", "shape-mismatch", &["input is 8"]),
    ("1x8x8", "maxpool(2, pad=2)", "invalid-argument", &["half of the window"]),
    ("1x8x8", "maxpool(9)", "shape-mismatch", &["9×9", "1×8×8"]),
    ("1x8x8", "maxpool(2, stride=0)", "invalid-argument", &["stride", "at least 1"]),
    ("1x8x8", "maxpool(0)", "invalid-argument", &["at least 1"]),
    ("1x1x1", "maxpool(2, dilation=2, pad=1)", "shape-mismatch", &["padding", "no entry"]),
    ("1x8x8", "minpool(2, pad=-1)", "invalid-number", &["-1"]),
    ("1x8x8", "minpool(2, stride=1.5)", "invalid-number", &["3/2", "whole"]),
    ("4x8x8", "maxout(3)", "invalid-argument", &["4×8×8", "k = 3"]),
    ("4x8x8", "maxout(0)", "invalid-argument", &["at least 1"]),
    ("4x8x8", "maxout", "missing-argument", &["`k`"]),
];

const ARRANGEMENTS: &[Row] = &[
    ("1x8x8", "flatten(1)", "unknown-argument", &["no arguments"]),
    ("1x8x8", "reshape(3x20)", "shape-mismatch", &["1×8×8", "64", "3×20", "60"]),
    ("1x8x8", "reshape(0x64)", "invalid-shape", &["0x64", "length 0"]),
    ("1x8x8", "reshape([1, 64])", "wrong-kind", &["a shape", "3x8x8"]),
    ("1x8x8", "reshape", "missing-argument", &["`shape`"]),
    ("1x8x8", "permute(0, 0, 1)", "invalid-argument", &["[0, 0, 1]", "1×8×8", "every axis once"]),
    ("1x8x8", "permute(1, 0)", "invalid-argument", &["[1, 0]", "1×8×8"]),
    ("1x8x8", "permute", "missing-argument", &["`axes`"]),
    ("1x8x8", "identity(1)", "unknown-argument", &["no arguments"]),
    ("1x8x8", "dropout(3/2)", "invalid-argument", &["3/2", "between 0 and 1"]),
    ("1x8x8", "dropout(q=1)", "unknown-argument", &["`q`"]),
    ("1x8x8", "pad(1, mode=reflect, value=1)", "invalid-argument", &["only zero mode"]),
    ("1x8x8", "pad(8, mode=reflect)", "invalid-argument", &["reflect", "8×8", "at most 7", "1×8×8"]),
    ("1x8x8", "pad(same)", "invalid-argument", &["same", "numbers"]),
    ("1x8x8", "pad(-1)", "invalid-number", &["-1"]),
    ("64", "pad(1)", "shape-mismatch", &["input is 64"]),
    ("1x8x8", "pad", "missing-argument", &["`pad`"]),
    ("1x8x9", "crop(4)", "shape-mismatch", &["1×8×9", "leaves nothing"]),
    ("1x8x9", "crop(same)", "invalid-argument", &["numbers"]),
    ("1x8x9", "crop", "missing-argument", &["`amount`"]),
    ("1x8x8", "slice(3, 0, 1)", "invalid-argument", &["1×8×8", "no axis 3"]),
    ("1x8x8", "slice(-4, 0, 1)", "invalid-argument", &["1×8×8", "no axis -4"]),
    ("1x8x8", "slice(1, 0, 9)", "invalid-argument", &["0 to 9", "1×8×8", "length is 8"]),
    ("1x8x8", "slice(1, -9, 2)", "invalid-argument", &["-9 to 2", "1×8×8", "from the end"]),
    ("1x8x8", "slice(1, 5, 5)", "invalid-argument", &["empty", "1×8×8"]),
    ("1x8x8", "slice(1, 1/2, 5)", "invalid-argument", &["start", "whole number"]),
    ("1x8x8", "slice(1, 0, 5, step=0)", "invalid-argument", &["step", "at least 1"]),
    ("1x8x8", "slice(1, 0)", "missing-argument", &["`stop`", "slice(axis, start, stop"]),
    ("1x8x8", "upsample(0)", "invalid-argument", &["factor 0"]),
    ("1x8x8", "upsample(2x2x2)", "invalid-argument", &["3 numbers", "2 spatial"]),
    ("1x8x8", "upsample(2, mode=cubic)", "invalid-argument", &["`nearest`", "`bilinear`"]),
    ("8", "upsample(2)", "shape-mismatch", &["input is 8"]),
    ("6x8x8", "pixel_shuffle(2)", "invalid-argument", &["6×8×8", "r = 2"]),
    ("4x8", "pixel_shuffle(2)", "shape-mismatch", &["4×8", "C×H×W"]),
    ("4x8x8", "pixel_shuffle(0)", "invalid-argument", &["at least 1"]),
];

const ENTRYWISE: &[Row] = &[
    ("3x8x8", "relu(1)", "unknown-argument", &["`relu` takes no arguments"]),
    ("3x8x8", "relu(alpha=1)", "unknown-argument", &["alpha"]),
    ("3x8x8", "abs(1)", "unknown-argument", &["no arguments"]),
    ("3x8x8", "relu6(6)", "unknown-argument", &["no arguments"]),
    ("3x8x8", "hard_tanh(1)", "unknown-argument", &["no arguments"]),
    ("3x8x8", "hard_sigmoid(1)", "unknown-argument", &["no arguments"]),
    ("3x8x8", "leaky_relu", "missing-argument", &["`a`"]),
    ("3x8x8", "leaky_relu([1, 2, 3])", "wrong-kind", &["single number", "tensor 3"]),
    ("3x8x8", "prelu([1, 2])", "shape-mismatch", &["`a` is 2", "3×8×8"]),
    ("3x8x8", "prelu", "missing-argument", &["`a`"]),
    ("3x8x8", "clip(2, 1)", "invalid-argument", &["`lo` is 2", "1"]),
    ("3x8x8", "clip(2)", "missing-argument", &["`hi`"]),
    ("3x8x8", "clip(0, hi=1, hi=2)", "duplicate-argument", &["hi", "twice"]),
    ("3x8x8", "sigmoid(1)", "unknown-argument", &["no arguments"]),
    ("3x8x8", "tanh(1)", "unknown-argument", &["no arguments"]),
    ("3x8x8", "gelu(approximate=yes)", "unknown-argument", &["approximate"]),
    ("3x8x8", "gelu_tanh(1)", "unknown-argument", &["no arguments"]),
    ("3x8x8", "silu(1)", "unknown-argument", &["no arguments"]),
    ("3x8x8", "elu(1)", "unknown-argument", &["no arguments"]),
    ("3x8x8", "softplus(beta=1)", "unknown-argument", &["beta"]),
    ("3x8x8", "softmax(axis=1)", "unknown-argument", &["axis"]),
    ("3x8x8", "square(2)", "unknown-argument", &["no arguments"]),
    ("3x8x8", "add", "missing-argument", &["`add`", "value"]),
    ("3x8x8", "add(x |> crop(1))", "shape-mismatch", &["3×8×8", "3×6×6", "crop"]),
    ("3x8x8", "add(3)", "wrong-kind", &["constant"]),
    ("3x8x8", "sub(x |> crop(1))", "shape-mismatch", &["3×8×8", "3×6×6"]),
    ("3x8x8", "sub(x, x)", "missing-argument", &["exactly one value"]),
    ("3x8x8", "concat(x |> crop(1))", "shape-mismatch", &["3×8×8", "3×6×6", "other axes"]),
    ("3x8x8", "concat(x |> flatten)", "shape-mismatch", &["3×8×8", "192"]),
    ("3x8x8", "concat", "missing-argument", &["`concat`"]),
    ("3x8x8", "maximum(x |> crop(1))", "shape-mismatch", &["3×8×8", "3×6×6"]),
    ("3x8x8", "maximum", "missing-argument", &["`maximum`"]),
    ("3x8x8", "minimum(x |> crop(1))", "shape-mismatch", &["3×8×8", "3×6×6"]),
    ("3x8x8", "minimum(0)", "wrong-kind", &["constant"]),
    ("3x8x8", "multiply(x |> crop(1))", "shape-mismatch", &["3×8×8", "3×6×6"]),
    ("3x8x8", "multiply", "missing-argument", &["exactly one value"]),
    ("3x8x8", "divide(x |> crop(1))", "shape-mismatch", &["3×8×8", "3×6×6"]),
];

/// Sizes that overflow, or that no machine holds: 2^40 is 1099511627776.
const ABSURD: &[Row] = &[
    ("1x1099511627776", "relu", "memory-limit", &["1×1099511627776"]),
    ("1048576x1048577", "relu", "invalid-shape", &["2^40"]),
    ("1x18446744073709551615", "relu", "invalid-shape", &["2^40"]),
    ("1x8x8", "upsample(1000000000)", "shape-mismatch", &["1×8000000000×8000000000", "2^40"]),
    ("1x8", "upsample(1000000000)", "memory-limit", &["1×8000000000"]),
    ("1x8", "upsample(18446744073709551615)", "invalid-argument", &["2^40"]),
    ("1x8x8", "pad(1000000000000)", "shape-mismatch", &["2000000000008", "2^40"]),
    ("1x8", "pad([1000000000000, 0], mode=replicate)", "memory-limit", &["1×1000000000008"]),
    ("1x8", "pad(18446744073709551615)", "invalid-argument", &["too large"]),
    ("1x8", "crop(18446744073709551615)", "invalid-argument", &["too large"]),
    ("1x8x8", "conv(zeros(100000x100000))", "memory-limit", &["100000×100000"]),
    ("4", "dense(zeros(1000000000000x4))", "invalid-shape", &["2^40"]),
    ("1x8", "conv(pad([1, 2], 18446744073709551615))", "invalid-shape", &["2^40"]),
    ("1x8", "conv(outer(zeros(1000000), zeros(1000000)))", "memory-limit", &["1000000×1000000"]),
    ("1x8x8", "conv(eye(1000000, 3x3))", "invalid-shape", &["2^40"]),
    ("1x4", "conv([1, 2], dilation=18446744073709551615)", "invalid-argument", &["18446744073709551615", "too large"]),
    ("1x4", "conv([1, 2], dilation=18446744073709551614, pad=same)", "invalid-argument", &["too large"]),
    ("1x4", "conv([1, 2], pad=1000000000000, stride=1)", "invalid-argument", &["too large"]),
    ("1x4", "conv([1, 2], pad=400000000000)", "memory-limit", &["1×800000000003"]),
    ("1x4", "conv_transpose([1, 2], stride=18446744073709551615)", "invalid-argument", &["large"]),
    ("1x4", "conv_transpose([1, 2], stride=300000000000)", "memory-limit", &["900000000002"]),
    (
        "1x4",
        "conv_transpose([1, 2], stride=18446744073709551615, output_pad=18446744073709551614)",
        "invalid-argument",
        &["large"],
    ),
    ("1x4", "avgpool(1000000000, pad=500000000)", "invalid-argument", &["1000000000", "too large"]),
    ("1x4", "maxpool(18446744073709551615, pad=1)", "invalid-argument", &["too large"]),
    ("1x4x4", "sumpool(16777216, pad=8388608)", "invalid-argument", &["16777216×16777216", "too large"]),
    ("4", "slice(0, 0, 18446744073709551615)", "invalid-argument", &["stop", "too large"]),
    ("4x1x1", "pixel_shuffle(18446744073709551615)", "invalid-argument", &["4×1×1"]),
    ("4", "maxout(18446744073709551615)", "invalid-argument", &["input 4"]),
    ("4", "reshape(4x18446744073709551615)", "invalid-shape", &["2^40"]),
    ("4", "permute(18446744073709551615)", "invalid-argument", &["input"]),
];

#[test]
fn what_other_programs_write() {
    hold(FOREIGN);
    let claims = diagnostics("network f(x: 8) { ReLU }\nnetwork g(x: 8) { relu }\nprove g is not linear");
    let helps: Vec<&str> = claims.iter().filter_map(|d| d.help.as_deref()).collect();
    assert_eq!(helps, ["did you mean `relu`?", "that a network is not affine is `is nonlinear`"]);
}

#[test]
fn convolutions() {
    hold(CONVOLUTIONS);
}

#[test]
fn matrices() {
    hold(MATRICES);
}

#[test]
fn pools() {
    hold(POOLS);
}

#[test]
fn arrangements() {
    hold(ARRANGEMENTS);
}

#[test]
fn entrywise() {
    hold(ENTRYWISE);
}

#[test]
fn absurd_sizes_are_refused_at_once() {
    for row in ABSURD {
        let start = Instant::now();
        hold(std::slice::from_ref(row));
        assert!(start.elapsed() < Duration::from_secs(2), "{} took {:?}", row.1, start.elapsed());
    }
}

/// A constant is refused by what it takes: 8 bytes an element where all are machine words.
#[test]
fn constants_are_priced_as_they_are_kept() {
    for (constant, needed) in [
        ("zeros(100x100)", 80_000),
        ("ones(100x100)", 80_000),
        ("eye(100)", 80_000),
        ("eye(4, 3x3)", 8 * 4 * 4 * 9),
        ("random(100x100, seed=1)", 80_000),
        ("transpose(random(100x100, seed=1, bits=24) / 3)", 80_000),
        ("pad(random(10x10x3x3, seed=1), 1)", 8 * 100 * 25),
        // 3·2⁸⁰ and 1 over 3: 64 bytes each, and 10 for the digits.
        ("[0x1p80, 1/3]", 148),
    ] {
        let fits = |memory| {
            let source =
                Source { name: "t.net".into(), text: format!("let w = {constant}\nnetwork f(x: 1) = x |> relu") };
            let found = check(source, &NoImports, memory).map_or_else(|r| r.diagnostics, |_| Vec::new());
            assert!(found.iter().all(|d| d.code.id() == "memory-limit"), "{constant}: {found:?}");
            found.is_empty()
        };
        assert!(fits(needed) && !fits(needed - 1), "{constant}");
    }
}

/// A stride, a step or a border may be absurd where the result is small.
#[test]
fn large_numbers_with_small_results_are_fine() {
    for (input, step) in [
        ("1x4", "conv([1, 2], stride=18446744073709551615)"),
        ("1x4", "conv([1, 2], stride=400000000000, pad=400000000000, pad_mode=replicate)"),
        ("1x4", "maxpool(2, stride=18446744073709551615)"),
        ("1x4", "slice(1, -3, -1, step=18446744073709551615)"),
        ("1x1", "conv_transpose([1, 2], stride=18446744073709551615)"),
    ] {
        let text = format!("network f(x: {input}) = x |> {step}\nprove f is nonlinear");
        let source = Source { name: "t.net".into(), text };
        let program = check(source, &NoImports, MEMORY).unwrap_or_else(|r| panic!("{step}: {:?}", r.diagnostics));
        let report = netprove::decide::prove(&program, MEMORY);
        assert_eq!(report.networks.len(), 1, "{step}");
    }
}

#[test]
fn every_layer_has_its_mistakes() {
    let rows = [CONVOLUTIONS, MATRICES, POOLS, ARRANGEMENTS, ENTRYWISE].concat();
    for signature in catalogue::all() {
        let uses = |row: &&Row| row.1.split('(').next() == Some(signature.name);
        assert!(rows.iter().any(|row| uses(&row)), "{} has no row", signature.name);
    }
}
