"""Makes the small models that the tests read, with inputs and outputs by onnxruntime.

usage: make_models.py FOLDER
"""

import pathlib
import sys

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

FOLDER = pathlib.Path(sys.argv[1])
RNG = np.random.default_rng(7)


def weights(*shape):
    return RNG.uniform(-1, 1, shape).astype(np.float32)


def save(name, nodes, initializers, axes, opset, **options):
    """One model with the input x and the output y."""
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", *axes])]
    outputs = [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)]
    stored = [numpy_helper.from_array(v, k) for k, v in initializers.items()]
    graph = helper.make_graph(nodes, name, inputs, outputs, stored)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    x = weights(1, *axes)
    onnx.save(model, FOLDER / f"{name}.onnx", **options)
    y = onnxruntime.InferenceSession(FOLDER / f"{name}.onnx").run(None, {"x": x})[0]
    np.save(FOLDER / f"{name}.x.npy", x)
    np.save(FOLDER / f"{name}.y.npy", y.astype(np.float32))


node = helper.make_node

save(
    "cnn",
    [
        node("Conv", ["x", "w1", "b1"], ["c1"], name="/features/0/Conv", pads=[1, 1, 1, 1]),
        node("BatchNormalization", ["c1", "gamma", "beta", "mean", "var"], ["n1"], name="bn", epsilon=0.25),
        node("Relu", ["n1"], ["r1"]),
        node("MaxPool", ["r1"], ["p1"], kernel_shape=[2, 2], strides=[2, 2]),
        node("Conv", ["p1", "w2"], ["c2"], strides=[2, 2], group=2, auto_pad="SAME_UPPER"),
        node("LeakyRelu", ["c2"], ["r2"], alpha=0.1),
        node("GlobalAveragePool", ["r2"], ["g"]),
        node("Flatten", ["g"], ["f"]),
        node("Gemm", ["f", "w3", "b3"], ["y"], transB=1),
    ],
    {
        "w1": weights(4, 2, 3, 3), "b1": weights(4), "gamma": weights(4), "beta": weights(4), "mean": weights(4),
        "var": np.array([0.75, 2.0, 3.75, 6.0], dtype=np.float32), "w2": weights(4, 2, 3, 3), "w3": weights(3, 4),
        "b3": weights(3),
    },
    (2, 6, 6),
    13,
)
save(
    "linear",
    [
        node("Conv", ["x", "w1", "b1"], ["c1"], pads=[1, 1, 1, 1]),
        node("AveragePool", ["c1"], ["a"], kernel_shape=[2, 2], strides=[2, 2], pads=[0, 0, 1, 1], ceil_mode=1),
        node("Shape", ["a"], ["s"]),
        node("Gather", ["s", "zero"], ["n"]),
        node("Unsqueeze", ["n", "axes"], ["n1"]),
        node("Concat", ["n1", "minus"], ["target"], axis=0),
        node("Reshape", ["a", "target"], ["f"]),
        node("MatMul", ["f", "w2"], ["m"]),
        node("Add", ["m", "b2"], ["y"]),
    ],
    {
        "w1": weights(2, 1, 3, 3), "b1": weights(2), "zero": np.array(0), "axes": np.array([0]), "minus": np.array([-1]),
        "w2": weights(18, 3), "b2": weights(3),
    },
    (1, 5, 5),
    17,
)
save(
    "attention",
    [
        node("MatMul", ["x", "wq"], ["q"]),
        node("MatMul", ["x", "wk"], ["k"]),
        node("Transpose", ["k"], ["kt"], perm=[0, 2, 1]),
        node("MatMul", ["q", "kt"], ["s"]),
        node("Div", ["s", "two"], ["sd"]),
        node("Softmax", ["sd"], ["p"], axis=-1),
        node("MatMul", ["p", "x"], ["o"]),
        node("Gelu", ["o"], ["g"]),
        node("Add", ["g", "x"], ["r"]),
        node("ReduceMean", ["r", "last"], ["m"], keepdims=0),
        node("Elu", ["m"], ["e"], alpha=0.5),
        node("Softplus", ["e"], ["y"]),
    ],
    {"wq": weights(4, 2), "wk": weights(4, 2), "two": np.array(2, dtype=np.float32), "last": np.array([-1])},
    (3, 4),
    20,
)
save(
    "external",
    [node("Gemm", ["x", "w", "b"], ["y"], transB=1)],
    {"w": weights(3, 8), "b": weights(3)},
    (8,),
    11,
    save_as_external_data=True,
    location="external.bin",
    size_threshold=0,
)
