"""Optimisers that people use, checked: original against optimised models, by `netprove equiv`.

usage: fusions.py NETPROVE

Each model is made here, optimised by onnxruntime (its portable optimisations, and those into operators of its own)
and by onnxsim, and compared over the reals for the stored weights. Folding a BatchNormalization rounds new weights, so equality need not be exact: then the
largest difference on [-1, 1] must be a rounding error. A broken fusion must be found.
"""

import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

NETPROVE = sys.argv[1]
RNG = np.random.default_rng(11)
node = helper.make_node


def weights(*shape):
    return RNG.uniform(-1, 1, shape).astype(np.float32)


def model(nodes, stored, axes):
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, *axes])]
    outputs = [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)]
    tensors = [numpy_helper.from_array(v, k) for k, v in stored.items()]
    graph = helper.make_graph(nodes, "g", inputs, outputs, tensors)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return onnx.shape_inference.infer_shapes(made, data_prop=True)


# Operators of the domain com.microsoft that were met.
OPERATORS = set()
BN = {"g": np.ones(3, np.float32), "b": weights(3), "m": weights(3), "v": np.full(3, 0.75, np.float32)}
MODELS = {
    # A scale of 1 and a power of two fold without rounding; others do not.
    "conv_bn": model(
        [node("Conv", ["x", "w", "c"], ["a"], pads=[1] * 4), node("BatchNormalization", ["a", "g", "b", "m", "v"], ["y"], epsilon=0.25)],
        {"w": weights(3, 2, 3, 3), "c": weights(3), **BN}, (2, 5, 5)),
    "conv_mul_add": model(
        [node("Conv", ["x", "w"], ["a"]), node("Mul", ["a", "s"], ["m"]), node("Add", ["m", "t"], ["y"])],
        {"w": weights(3, 2, 3, 3), "s": np.array([0.5, 2, 4], np.float32).reshape(3, 1, 1), "t": weights(3, 1, 1)}, (2, 5, 5)),
    "pad_conv": model(
        [node("Pad", ["x", "p"], ["a"]), node("Conv", ["a", "w"], ["y"])],
        {"p": np.array([0, 0, 1, 1, 0, 0, 1, 1]), "w": weights(3, 2, 3, 3)}, (2, 5, 5)),
    "conv_relu": model(
        [node("Conv", ["x", "w", "c"], ["a"], pads=[1] * 4), node("Relu", ["a"], ["y"])], {"w": weights(3, 2, 3, 3), "c": weights(3)}, (2, 5, 5)),
    "conv_clip": model(
        [node("Conv", ["x", "w"], ["a"], strides=[2, 2]), node("Clip", ["a", "l", "h"], ["y"])],
        {"w": weights(3, 2, 3, 3), "l": np.float32(0), "h": np.float32(6)}, (2, 5, 5)),
    "gemm_leaky": model(
        [node("Flatten", ["x"], ["f"]), node("Gemm", ["f", "w", "b"], ["a"]), node("LeakyRelu", ["a"], ["y"], alpha=0.25)],
        {"w": weights(8, 3), "b": weights(3)}, (2, 2, 2)),
    "matmul_scale": model(
        [node("MatMul", ["x", "w"], ["a"]), node("Mul", ["a", "s"], ["y"])], {"w": weights(4, 3), "s": np.float32(0.5)}, (2, 4)),
    "transpose_matmul": model(
        [node("Transpose", ["x"], ["t"], perm=[0, 2, 1]), node("MatMul", ["t", "w"], ["y"])], {"w": weights(2, 3)}, (2, 4)),
    "quick_gelu": model(
        [node("Mul", ["x", "s"], ["a"]), node("Sigmoid", ["a"], ["g"]), node("Mul", ["x", "g"], ["y"])], {"s": np.float32(1.702)}, (2, 4)),
    "matmul_add": model(
        [node("Flatten", ["x"], ["f"]), node("MatMul", ["f", "w"], ["a"]), node("Add", ["a", "t"], ["y"])],
        {"w": weights(8, 3), "t": weights(3)}, (2, 2, 2)),
    "shape_reshape": model(
        [node("Identity", ["x"], ["i"]), node("Shape", ["i"], ["s"]), node("Gather", ["s", "z"], ["n"]), node("Concat", ["n", "k"], ["r"], axis=0),
         node("Reshape", ["i", "r"], ["f"]), node("Gemm", ["f", "w"], ["y"], transB=1)],
        {"z": np.array([0]), "k": np.array([-1]), "w": weights(3, 8)}, (2, 2, 2)),
    "transposes": model(
        [node("Transpose", ["x"], ["a"], perm=[0, 2, 3, 1]), node("Transpose", ["a"], ["b"], perm=[0, 3, 1, 2]), node("Relu", ["b"], ["y"])],
        {}, (2, 3, 3)),
}


def by_onnxruntime(source, target, level=onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = level
    options.optimized_model_filepath = str(target)
    options.log_severity_level = 3
    onnxruntime.InferenceSession(str(source), options, providers=["CPUExecutionProvider"])


def by_onnxruntime_extended(source, target):
    by_onnxruntime(source, target, onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED)
    OPERATORS.update(n.op_type for n in onnx.load(target).graph.node if n.domain == "com.microsoft")


def by_onnxsim(source, target):
    import onnxsim

    simplified, _ = onnxsim.simplify(onnx.load(source))
    onnx.save(simplified, target)


def compare(left, right, *options):
    return subprocess.run([NETPROVE, "equiv", str(left), str(right), "-q", *options], capture_output=True, text=True, check=False)


def check(name, tool, left, right):
    run = compare(left, right)
    if run.returncode == 0:
        print(f"{name}, {tool}: equal over Q")
        return True
    run = compare(left, right, "--on=-1,1", "--within", "1e-5")
    print(f"{name}, {tool}: " + ("equal but for rounding, below 1e-5 on [-1, 1]" if run.returncode == 0 else run.stdout + run.stderr))
    return run.returncode == 0


def main():
    right = True
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for name, graph in MODELS.items():
            source = folder / f"{name}.onnx"
            onnx.save(graph, source)
            tools = (("onnxruntime", by_onnxruntime), ("onnxruntime, extended", by_onnxruntime_extended), ("onnxsim", by_onnxsim))
            for tool, optimise in tools:
                target = folder / f"{name}.{tool.replace(', ', '-')}.onnx"
                try:
                    optimise(source, target)
                except ImportError as missing:
                    print(f"{name}: {tool} is not installed ({missing})")
                    continue
                right &= check(name, tool, source, target)
        print("operators of onnxruntime's own that were read:", ", ".join(sorted(OPERATORS)) or "none")
        right &= {"FusedConv", "FusedGemm", "FusedMatMul", "QuickGelu"} <= OPERATORS
        # The formula b + (beta - mean * s) that was copied widely forgets to scale the old bias.
        source, broken = folder / "conv_bn.onnx", folder / "broken.onnx"
        w, c = (numpy_helper.to_array(MODELS["conv_bn"].graph.initializer[i]) for i in (0, 1))
        bias = c + BN["b"] - BN["m"]
        scale = np.float32(2) * np.ones(3, np.float32)
        fused = model([node("Conv", ["x", "w", "c"], ["y"], pads=[1] * 4)], {"w": w * scale.reshape(3, 1, 1, 1), "c": bias}, (2, 5, 5))
        onnx.save(fused, broken)
        found = compare(source, broken, "--on=-1,1", "--within", "1e-5").returncode == 1
        print("a wrong bias: " + ("found" if found else "NOT FOUND"))
        right &= found
    sys.exit(0 if right else 1)


if __name__ == "__main__":
    main()
