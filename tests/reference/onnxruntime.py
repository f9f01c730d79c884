"""Writes onnxruntime.json: what ONNX Runtime computes for the affine layers.

    pip install onnxruntime onnx numpy && python onnxruntime.py > onnxruntime.json

The tests read the file and do not run this program. One line a case: the layer, its arguments as the
language names them, the input, the output. An argument is one of

    {"tensor": {"shape", "values"}}   a constant or a number
    {"integers": [...]}               a count, or one number an axis
    {"list": [...]}                   a padding: all befores, then all afters
    {"word": "..."}                   a choice

Weights and inputs are small integers, so every sum is exact in float32; means and interpolations
have small denominators, from which the exact rational is recovered.
"""
import json
import random
from fractions import Fraction

import numpy as np
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper

random.seed(20)


def integers(*shape):
    return np.array([random.randint(-4, 4) for _ in range(int(np.prod(shape)))], dtype=np.float32).reshape(shape)


def run(nodes, x, constants):
    graph = helper.make_graph(
        nodes, "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, x.shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(np.asarray(v), k) for k, v in constants.items()])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19)], ir_version=9)
    return ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"]).run(["y"], {"x": x})[0]


def tensor(a):
    values = [str(Fraction(float(v)).limit_denominator(1000)) for v in np.asarray(a).flatten()]
    return {"shape": list(np.asarray(a).shape), "values": values}


cases = []


def case(layer, x, y, **arguments):
    assert x.shape[0] == 1 and y.shape[0] == 1
    written = {k: {"tensor": tensor(v)} if isinstance(v, np.ndarray) else v for k, v in arguments.items()}
    cases.append({"layer": layer, "arguments": written, "input": tensor(x[0]), "output": tensor(y[0])})


def node(op, *inputs, **attributes):
    return helper.make_node(op, list(inputs), ["y"], **attributes)


# conv: input shape, kernel shape, stride, dilation, groups, pads (all before, then all after)
for shape, kernel, stride, dilation, groups, pads in [
    ((1, 5), (2, 1, 3), [1], [1], 1, [1, 1]), ((2, 9), (4, 1, 3), [2], [2], 2, [3, 0]),
    ((1, 4, 5), (1, 1, 3, 3), [1, 1], [1, 1], 1, [1, 1, 1, 1]), ((2, 5, 6), (3, 2, 3, 2), [2, 1], [1, 2], 1, [2, 0, 1, 1]),
    ((4, 5, 5), (6, 2, 2, 3), [1, 2], [2, 1], 2, [0, 1, 1, 2]), ((3, 4, 4), (6, 1, 3, 3), [1, 1], [1, 1], 3, [1, 1, 1, 1]),
    ((1, 1, 1), (2, 1, 3, 3), [1, 1], [1, 1], 1, [1, 1, 1, 1]),
    ((2, 3, 4, 3), (2, 2, 2, 3, 2), [1, 2, 1], [1, 1, 2], 1, [1, 0, 2, 0, 1, 1]),
]:
    x, k, b = integers(1, *shape), integers(*kernel), integers(kernel[0])
    y = run([node("Conv", "x", "k", "b", strides=stride, dilations=dilation, group=groups, pads=pads)], x, {"k": k, "b": b})
    case("conv", x, y, kernel=k, bias=b, stride={"integers": stride}, dilation={"integers": dilation},
         groups={"integers": [groups]}, pad={"list": pads})
    if groups == shape[0]:
        case("depthwise", x, y, kernel=k[:, 0], bias=b, stride={"integers": stride}, dilation={"integers": dilation},
             pad={"list": pads})

for shape, kernel, stride in [((1, 6), (1, 1, 4), [1]), ((1, 7), (1, 1, 3), [3]), ((2, 5, 6), (2, 2, 2, 3), [2, 2]), ((1, 5, 5), (1, 1, 4, 5), [1, 2])]:
    x, k = integers(1, *shape), integers(*kernel)
    y = run([node("Conv", "x", "k", strides=stride, auto_pad="SAME_UPPER")], x, {"k": k})
    case("conv", x, y, kernel=k, stride={"integers": stride}, pad={"word": "same"})

MODES = {"circular": "wrap", "reflect": "reflect", "replicate": "edge", "zero": "constant"}
for word, mode in MODES.items():
    for shape, pads in [((2, 4), [2, 1]), ((1, 3, 4), [1, 2, 2, 0]), ((1, 2, 3, 3), [1, 2, 0, 0, 1, 2])]:
        n = len(shape) - 1
        onnx_pads = np.array([0, 0] + pads[:n] + [0, 0] + pads[n:], dtype=np.int64)
        x = integers(1, *shape)
        case("pad", x, run([node("Pad", "x", "p", mode=mode)], x, {"p": onnx_pads}), pad={"list": pads}, mode={"word": word})
        k = integers(2, shape[0], *[2] * n)
        nodes = [helper.make_node("Pad", ["x", "p"], ["z"], mode=mode), node("Conv", "z", "k")]
        case("conv", x, run(nodes, x, {"p": onnx_pads, "k": k}), kernel=k, pad={"list": pads}, pad_mode={"word": word})
x = integers(1, 2, 2, 3)
p = np.array([0, 0, 1, 0, 0, 0, 0, 2], dtype=np.int64)
case("pad", x, run([node("Pad", "x", "p", "v")], x, {"p": p, "v": np.float32(-2.5)}), pad={"list": [1, 0, 0, 2]},
     value={"tensor": tensor(np.float32(-2.5))})

for shape, kernel, stride, dilation, groups, pads, extra in [
    ((1, 3), (1, 2, 3), [2], [1], 1, [0, 0], [0]), ((2, 4), (2, 2, 3), [3], [2], 2, [1, 2], [2]),
    ((1, 3, 3), (1, 1, 3, 3), [2, 2], [1, 1], 1, [1, 1, 1, 1], [1, 1]), ((2, 3, 2), (2, 3, 2, 3), [1, 2], [1, 1], 1, [0, 1, 1, 0], [0, 1]),
    ((4, 2, 3), (4, 1, 3, 2), [2, 1], [1, 2], 2, [1, 0, 0, 1], [0, 0]), ((1, 2, 2, 2), (1, 2, 2, 2, 3), [2, 1, 2], [1, 1, 1], 1, [0] * 6, [0, 0, 0]),
]:
    x, k, b = integers(1, *shape), integers(*kernel), integers(kernel[1] * groups)
    y = run([node("ConvTranspose", "x", "k", "b", strides=stride, dilations=dilation, group=groups, pads=pads,
                  output_padding=extra)], x, {"k": k, "b": b})
    case("conv_transpose", x, y, kernel=k, bias=b, stride={"integers": stride}, dilation={"integers": dilation},
         groups={"integers": [groups]}, pad={"list": pads}, output_pad={"integers": extra})

for shape, window, stride, pads in [
    ((2, 6), [2], [2], [0, 0]), ((1, 5), [3], [2], [1, 1]), ((2, 4, 5), [2, 3], [1, 2], [1, 1, 0, 1]),
    ((1, 3, 3), [3, 3], [1, 1], [1, 1, 1, 1]), ((1, 3, 4, 3), [2, 2, 3], [1, 2, 1], [1, 0, 1, 0, 1, 1]),
]:
    x = integers(1, *shape)
    for word, include in [("yes", 1), ("no", 0)]:
        y = run([node("AveragePool", "x", kernel_shape=window, strides=stride, pads=pads, count_include_pad=include)], x, {})
        case("avgpool", x, y, window={"integers": window}, stride={"integers": stride}, pad={"list": pads}, count_pad={"word": word})

x = integers(1, 3, 2, 3)
case("global_avgpool", x, run([node("GlobalAveragePool", "x")], x, {}))
gamma, beta, mean, var = integers(3), integers(3), integers(3), np.array([4, 9 / 4, 25], dtype=np.float32)
y = run([node("BatchNormalization", "x", "g", "b", "m", "v", epsilon=0.0)], x, {"g": gamma, "b": beta, "m": mean, "v": var})
case("batchnorm", x, y, gamma=gamma, beta=beta, mean=mean, var=var, eps={"tensor": tensor(np.float32(0))})

for shape, factors in [((1, 3), [2]), ((2, 4), [3]), ((1, 2, 3), [2, 2]), ((2, 1, 3), [3, 4]), ((1, 2, 1, 3), [2, 3, 2])]:
    scales = np.array([1, 1] + factors, dtype=np.float32)
    x = integers(1, *shape)
    y = run([node("Resize", "x", "", "s", mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor")], x, {"s": scales})
    case("upsample", x, y, factor={"integers": factors}, mode={"word": "nearest"})
    y = run([node("Resize", "x", "", "s", mode="linear", coordinate_transformation_mode="half_pixel")], x, {"s": scales})
    case("upsample", x, y, factor={"integers": factors}, mode={"word": "bilinear"})

x = integers(1, 8, 2, 3)
case("pixel_shuffle", x, run([node("DepthToSpace", "x", blocksize=2, mode="CRD")], x, {}), r={"integers": [2]})
x = integers(1, 2, 3, 4)
case("permute", x, run([node("Transpose", "x", perm=[0, 3, 1, 2])], x, {}), axes={"integers": [2, 0, 1]})
for axis, start, stop, step in [(0, 1, 2, 1), (1, 0, 3, 2), (2, -3, -1, 1), (-1, 1, 4, 3)]:
    ends = {"a": np.array([start]), "b": np.array([stop]), "c": np.array([axis + 1 if axis >= 0 else axis]), "d": np.array([step])}
    y = run([node("Slice", "x", "a", "b", "c", "d")], x, {k: v.astype(np.int64) for k, v in ends.items()})
    scalar = lambda n: {"tensor": tensor(np.float32(n))}
    case("slice", x, y, axis=scalar(axis), start=scalar(start), stop=scalar(stop), step={"integers": [step]})
x, m, b = integers(1, 5), integers(3, 5), integers(3)
case("dense", x, run([node("Gemm", "x", "m", "b", transB=1)], x, {"m": m, "b": b}), matrix=m, bias=b)

print("[\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]")
