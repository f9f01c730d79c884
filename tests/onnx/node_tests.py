"""Runs the ONNX project's own backend node tests through `netprove eval`, and writes docs/onnx.md.

usage: node_tests.py NETPROVE docs/onnx.md [--check]

Every test whose operator netprove names is loaded, evaluated exactly on the given inputs, and compared with
the given outputs within the tolerance that the test itself states. Where an input other than the first must
be known (weights, shapes), the test's value is stored as an initialiser of the graph. With --check nothing
is written; the exit status is 1 if the list is not the one in the file.
"""

import collections
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import onnx
from onnx import numpy_helper

warnings.simplefilter("ignore")
from onnx.backend.test.case.node import collect_testcases  # noqa: E402

OPERATORS = """Abs Add AveragePool BatchNormalization Cast Clip Concat Constant ConstantOfShape Conv ConvTranspose
DepthToSpace Div Dropout Elu Expand Flatten Gather Gelu Gemm GlobalAveragePool GlobalMaxPool HardSigmoid HardSwish
Identity LeakyRelu LpPool MatMul Max MaxPool Mean Min Mul Neg PRelu Pad ReduceMean ReduceSum Relu Reshape Resize Selu
Shape Sigmoid Size Slice Softmax Softplus SpaceToDepth Split Squeeze Sub Sum Tanh Tile Transpose Unsqueeze
Upsample""".split()

FLOATS = (np.float16, np.float32, np.float64)


def reason(stderr):
    """The first line of an error, without names of files."""
    line = next((l for l in stderr.splitlines() if l.startswith("error")), "no reason given")
    line = re.sub(r"^error(\[[a-z-]*\])?: ", "", line)
    return re.sub(r"`\w+`( `[^`]*`)?: ", "", line, count=1)


def with_constants(model, inputs, which):
    """The model with some inputs stored as initialisers."""
    model = onnx.ModelProto.FromString(model.SerializeToString())
    graph = model.graph
    names = [i.name for i in graph.input]
    for name, value in zip(names, inputs):
        if name in which:
            graph.initializer.append(numpy_helper.from_array(np.asarray(value), name))
    return model


def evaluate(netprove, folder, model, names, inputs, outputs):
    """The outputs as netprove computes them, or why it does not."""
    path = folder / "model.onnx"
    onnx.save(model, path)
    arguments = []
    stored = {i.name for i in model.graph.initializer}
    for place, (name, value) in enumerate(zip(names, inputs)):
        if name in stored:
            continue
        np.save(folder / f"{place}.npy", value)
        known = re.sub(r"[^A-Za-z0-9_]+", "_", name).strip("_")
        arguments += ["--input", f"{known}={folder / f'{place}.npy'}"]
    if len(arguments) == 2:
        arguments[1] = arguments[1].split("=", 1)[1]
    results = []
    for name in outputs:
        network = "" if len(model.graph.output) == 1 else ":" + re.sub(r"[^A-Za-z0-9_]+", "_", name).strip("_")
        out = folder / "y.npy"
        command = [netprove, "eval", str(path) + network, *arguments, "--output", str(out)]
        try:
            run = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        except subprocess.TimeoutExpired:
            return None, "it takes more than a minute"
        if run.returncode:
            return None, reason(run.stderr)
        results.append(np.load(out))
    return results, None


def run(netprove, case):
    """(verdict, words): pass, out (of scope), or FAIL."""
    inputs, expected = (
        [numpy_helper.to_array(a) if isinstance(a, onnx.TensorProto) else a for a in side] for side in case.data_sets[0]
    )
    arrays = list(inputs) + list(expected)
    if any(not isinstance(a, (np.ndarray, np.generic)) for a in arrays):
        return "out", "sequences and optional values are not tensors"
    model = case.model
    if model.graph.node[0].op_type == "Pad" and np.asarray(inputs[0]).dtype == np.int32:
        # The same entries as floats: only their places matter.
        model = onnx.ModelProto.FromString(model.SerializeToString())
        for port in (model.graph.input[0], model.graph.output[0]):
            port.type.tensor_type.elem_type = onnx.TensorProto.FLOAT
        inputs[0] = np.asarray(inputs[0]).astype(np.float32)
    graph = model.graph
    if len(graph.node) != 1 and not all(n.op_type in OPERATORS for n in graph.node):
        return "out", "a graph of other operators"
    names = [i.name for i in graph.input]
    outputs = [o.name for o in graph.output]
    if not names:
        return "out", "the graph has no input, so it is no function"
    if np.asarray(inputs[0]).dtype not in FLOATS:
        return "out", f"an input of {np.asarray(inputs[0]).dtype}, not of floats"
    if any(not np.all(np.isfinite(np.asarray(a, dtype=np.float64))) for a in arrays if np.asarray(a).dtype in FLOATS):
        return "out", "infinite values or NaN"
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        floats = [n for n, v in zip(names, inputs) if np.asarray(v).dtype in FLOATS]
        tries = [[n for n in names if n not in floats], names[1:]]
        words = None
        for constants in tries:
            model = with_constants(model, inputs, constants)
            results, why = evaluate(netprove, folder, model, names, inputs, outputs)
            if results is not None:
                break
            words = words or why
        else:
            return "out", words if len(tries) == 1 else why
        for result, wanted in zip(results, expected):
            wanted = np.asarray(wanted).astype(np.float64)
            result = result.reshape(wanted.shape) if result.size == wanted.size else result
            if result.shape != wanted.shape:
                return "FAIL", f"shape {result.shape}, expected {wanted.shape}"
            if case.model.graph.node[0].op_type == "Cast" and not np.array_equal(result, wanted):
                return "out", "it rounds to a narrower float; netprove reads a cast between floats as exact"
            if not np.allclose(result, wanted, rtol=case.rtol, atol=case.atol):
                return "FAIL", f"differs by {np.abs(result - wanted).max()}"
        stored = [n for n in constants if n in names]
        return "pass", f"with {', '.join(f'`{n}`' for n in stored)} stored" if stored else ""


def page(results):
    """docs/onnx.md."""
    counts = collections.Counter(v for v, _ in results.values())
    lines = [
        "# ONNX",
        "",
        "Generated by `tests/onnx/node_tests.py` from a run of the ONNX project's backend node tests",
        f"(onnx {onnx.__version__}) through `netprove eval`; do not edit by hand.",
        "",
        "Each test is loaded, evaluated exactly on the given inputs, and compared with the given outputs within the",
        "tolerance that the test states. Weights and shapes that a test gives as inputs are stored in the graph where",
        "netprove needs to know them. Semantics: operators are functions of real numbers, so a `Cast` between floats",
        "changes nothing; a symbolic batch is 1; integers that depend on the input are not supported.",
        "",
        "Models that ONNX Runtime has optimised may have operators of its own (`com.microsoft`). Read as what they replace:",
        "FusedConv and FusedGemm (with the activations Relu, LeakyRelu, Clip, Sigmoid, Tanh and HardSigmoid), FusedMatMul, Gelu,",
        "BiasGelu, QuickGelu, and FastGelu, which is Gelu with `approximate=\"tanh\"`. `tests/onnx/fusions.py` compares models",
        "before and after its optimisations and onnxsim's; `tests/onnx/float_errors.py` holds what it computes in float32",
        "against the bounds of `netprove equiv`.",
        "",
        f"**{counts['pass']} tests pass, {counts['FAIL']} fail, {counts['out']} are out of scope** (with the reason below).",
        "",
        "| operator | pass | out of scope |",
        "|---|---|---|",
    ]
    by_operator = collections.defaultdict(dict)
    for (operator, name), result in results.items():
        by_operator[operator][name] = result
    for operator in OPERATORS:
        tests = by_operator.get(operator, {})
        passed = sum(v == "pass" for v, _ in tests.values())
        out = sum(v == "out" for v, _ in tests.values())
        lines.append(f"| {operator} | {passed} | {out or ''} |")
    lines += ["", "## What passes", ""]
    for operator in OPERATORS:
        names = [n + (f" ({w})" if w else "") for n, (v, w) in by_operator.get(operator, {}).items() if v == "pass"]
        if names:
            lines.append(f"- **{operator}**: {'; '.join(names)}")
    lines += ["", "## What is out of scope, and why", ""]
    reasons = collections.defaultdict(list)
    for (operator, name), (verdict, words) in results.items():
        if verdict == "out":
            reasons[words].append(name)
    for words, names in sorted(reasons.items(), key=lambda r: (-len(r[1]), r[0])):
        lines.append(f"- {words}: {', '.join(names)}")
    failures = [f"- {n}: {w}" for (_, n), (v, w) in results.items() if v == "FAIL"]
    if failures:
        lines += ["", "## What fails", "", *failures]
    return "\n".join(lines) + "\n"


def main():
    netprove, target = sys.argv[1], pathlib.Path(sys.argv[2])
    cases = {}
    for case in collect_testcases(None):
        operator = case.model.graph.node[0].op_type
        # Operators of functions are expanded to graphs of others: those are other tests.
        if operator in OPERATORS and "_expanded" not in case.name and case.name not in {n for _, n in cases}:
            cases[operator, case.name.removeprefix("test_")] = case
    with ThreadPoolExecutor(2) as pool:
        results = dict(zip(cases, pool.map(lambda c: run(netprove, c), cases.values())))
    results = dict(sorted(results.items()))
    text = page(results)
    counts = collections.Counter(v for v, _ in results.values())
    print(dict(counts))
    for (_, name), (verdict, words) in results.items():
        if verdict == "FAIL":
            print("FAIL", name, words)
    if "--check" in sys.argv:
        if target.read_text() != text:
            print(f"{target} is not what this run gives: write it again without --check")
            sys.exit(1)
    else:
        target.write_text(text)
    sys.exit(1 if counts["FAIL"] else 0)


if __name__ == "__main__":
    main()
