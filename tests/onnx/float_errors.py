"""Bounds of float32 errors against a real runtime: `python float_errors.py NETPROVE`.

Models of every kind of layer are evaluated by onnxruntime at random inputs, and exactly by netprove; no output may
differ by more than the bound that `netprove equiv` gives. Prints how much of each bound was used.
"""

import fractions
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

NETPROVE = sys.argv[1]
RNG = np.random.default_rng(23)
POINTS = 5
node = helper.make_node


def weights(*shape):
    return RNG.uniform(-1, 1, shape).astype(np.float32)


def model(nodes, stored, axes):
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, *axes])]
    outputs = [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)]
    tensors = [numpy_helper.from_array(v, k) for k, v in stored.items()]
    graph = helper.make_graph(nodes, "g", inputs, outputs, tensors)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)


def between(layer, **attributes):
    """A dense layer, a layer of every entry, and a dense layer."""
    nodes = [node("Gemm", ["x", "a", "b"], ["h"]), node(layer, ["h"], ["k"], **attributes), node("Gemm", ["k", "c"], ["y"])]
    return model(nodes, {"a": 3 * weights(6, 8), "b": weights(8), "c": weights(8, 4)}, (6,))


MODELS = {
    "conv": model(
        [node("Conv", ["x", "w", "c"], ["a"], pads=[1] * 4), node("Relu", ["a"], ["b"]), node("MaxPool", ["b"], ["p"], kernel_shape=[2, 2], strides=[2, 2]),
         node("Conv", ["p", "v"], ["y"])], {"w": weights(4, 2, 3, 3), "c": weights(4), "v": weights(3, 4, 2, 2)}, (2, 8, 8)),
    "batch_normalization": model(
        [node("BatchNormalization", ["x", "g", "b", "m", "v"], ["y"])],
        {"g": weights(2), "b": weights(2), "m": weights(2), "v": np.abs(weights(2)) + np.float32(0.1)}, (2, 4, 4)),
    "average": model([node("AveragePool", ["x"], ["a"], kernel_shape=[3, 3]), node("GlobalAveragePool", ["a"], ["y"])], {}, (2, 7, 7)),
    "resize": model(
        [node("Resize", ["x", "", "s"], ["y"], mode="linear")], {"s": np.array([1, 1, 3, 2], np.float32)}, (2, 5, 4)),
    "divide": model(
        [node("Mul", ["x", "x"], ["q"]), node("Add", ["q", "o"], ["d"]), node("Div", ["x", "d"], ["y"])],
        {"o": np.array([0.5], np.float32)}, (6,)),
    "attention": model(
        [node("MatMul", ["x", "q"], ["a"]), node("MatMul", ["x", "k"], ["b"]), node("Transpose", ["b"], ["t"], perm=[0, 2, 1]), node("MatMul", ["a", "t"], ["s"]),
         node("Softmax", ["s"], ["p"]), node("MatMul", ["p", "x"], ["y"])], {"q": weights(3, 3), "k": weights(3, 3)}, (4, 3)),
    "softmax": between("Softmax"),
    **{layer.lower(): between(layer) for layer in ["Sigmoid", "Tanh", "Softplus", "Elu", "Selu", "HardSigmoid", "HardSwish", "LeakyRelu", "Gelu"]},
    "gelu_tanh": between("Gelu", approximate="tanh"),
}


def run(*arguments):
    done = subprocess.run([NETPROVE, *map(str, arguments)], capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1, 3):
        sys.exit(done.stderr)
    return json.loads(done.stdout)


def bounds_of(result):
    """The lower and upper bound of every output; equal where it is rational."""
    low, high = result.get("values") or result["low"], result.get("values") or result["high"]
    return [(fractions.Fraction(l), fractions.Fraction(h)) for l, h in zip(low, high)]


def main():
    right = True
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for name, graph in MODELS.items():
            path = folder / f"{name}.onnx"
            onnx.save(graph, path)
            report = run("equiv", path, path, "--on=-1,1", "--format", "json")["differences"]["float32"]
            if report["left"] is None:
                print(f"{name}: no bound ({report['unknown']})")
                right = False
                continue
            bounds = [fractions.Fraction(bound) for bound in report["left"]]
            session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
            most = fractions.Fraction(0)
            for _ in range(POINTS):
                x = weights(1, *[d.dim_value for d in graph.graph.input[0].type.tensor_type.shape.dim][1:])
                np.save(folder / "x.npy", x)
                exact = bounds_of(run("eval", path, "--input", folder / "x.npy"))
                floats = session.run(None, {"x": x})[0].flatten().tolist()
                for found, (low, high), bound in zip(map(fractions.Fraction, floats), exact, bounds, strict=True):
                    most = max(most, max(found - high, low - found) / bound)
            print(f"{name}: at most {float(most):.4f} of the bound {float(max(bounds)):.2e}" + (", assumed of " + ", ".join(report["assumed"]) if report["assumed"] else ""))
            right &= most <= 1
    sys.exit(0 if right else 1)


if __name__ == "__main__":
    main()
