#!/usr/bin/env python3
"""Collapses examples/all_cnn_c.net with netprove, FLINT and numpy in one run, then three small layers with netprove,
FLINT, SymPy and nalgebra over BigRational; compares results, and times in CPU seconds of all threads.

    benches/compare/run [RUNS]

For the peers only the matrix products are counted; for netprove the whole command, from reading the file to writing the
matrix. The results of netprove and FLINT must be the same numbers.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path

import flint
import numpy as np
import sympy

from adjoint import BITS, adjoint, flint_product, numpy_product, random

ROOT = Path(__file__).resolve().parents[2]
NETPROVE = os.environ.get("NETPROVE", ROOT / "target" / "release" / "netprove")
SHAPES = [
    # outputs, inputs, kernel, stride, pad, binary places of the scale, seed
    (96, 3, 3, 1, 1, 3, 1),
    (96, 96, 3, 1, 1, 4, 2),
    (96, 96, 3, 2, 1, 4, 3),
    (192, 96, 3, 1, 1, 4, 4),
    (192, 192, 3, 1, 1, 5, 5),
    (192, 192, 3, 2, 1, 5, 6),
    (192, 192, 3, 1, 0, 5, 7),
    (192, 192, 1, 1, 0, 3, 8),
    (10, 192, 1, 1, 0, 3, 9),
]
SIZES = [32, 32, 32, 16, 16, 16, 8, 6, 6]  # of each layer's input


# A small process of its own: what a process takes counts the memory that it was forked with.
MEASURE = """
import resource, subprocess, sys, time
start = time.perf_counter()
status = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode
seconds, usage = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
print(status, usage.ru_utime + usage.ru_stime, seconds, usage.ru_maxrss * 1024)
"""


def netprove(*arguments):
    """CPU seconds, seconds, and bytes of memory of a command."""
    command = [sys.executable, "-c", MEASURE, str(NETPROVE), *map(str, arguments)]
    status, cpu, seconds, memory = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    assert status == "0", arguments
    return float(cpu), float(seconds), int(memory)


def middle(values):
    return sorted(values)[len(values) // 2]


def check(path, rows, denominator):
    """How many entries there are; all of them must be those of `rows` over the denominator."""
    checked = 0
    with open(path) as lines:
        next(lines)
        over = int(next(lines).split("divided by ")[1].split(";")[0])
        next(lines)
        for line in lines:
            row, column, n = map(int, line.split())
            if column <= rows.shape[1]:
                assert Fraction(n, over) == Fraction(rows[row - 1, column - 1], denominator), (row, column)
                checked += 1
    assert checked == np.count_nonzero(rows), "every entry that is not 0 is listed"
    return checked


def naive_binary():
    """The program of benches/naive.rs, built."""
    command = ["cargo", "bench", "--quiet", "--no-run", "--bench", "naive", "--message-format", "json"]
    lines = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
    built = [json.loads(line) for line in lines if line.startswith("{")]
    return next(b["executable"] for b in built if b.get("executable") and b["target"]["name"] == "naive")


def table(rows, base):
    print("\n| | CPU seconds | times netprove's |\n|---|---|---|")
    for name, seconds, note in rows:
        print(f"| {name}{note} | {seconds:.3g} | {seconds / base:.3g} |")


def large(runs, folder):
    integers = [random(o * i * k * k, seed).reshape(o, i, k, k) for o, i, k, _, _, _, seed in SHAPES]
    layers = [(w, s[3], s[4], size) for w, s, size in zip(integers, SHAPES, SIZES)]
    floats = [(w / 2.0 ** (BITS + s[5]), *rest) for (w, *rest), s in zip(layers, SHAPES)]
    exact = [(w.astype(object), *rest) for w, *rest in layers]
    path, file = folder / "all_cnn_c.mtx", ROOT / "examples" / "all_cnn_c.net"
    prove = [netprove(file) for _ in range(runs)]
    collapse = [netprove("collapse", file, "-o", path) for _ in range(runs)]
    numpy = [adjoint(floats, 6, numpy_product, np.float64)[1] for _ in range(runs)]
    rows, flint_seconds = adjoint(exact, 6, flint_product, object)
    entries = check(path, rows, 36 << sum(BITS + s[5] for s in SHAPES))
    longest = max(int(n).bit_length() for n in rows.flat)
    base = middle([cpu for cpu, _, _ in prove])
    clock = middle([s for _, s, _ in prove])
    print(f"All-CNN-C: {entries} entries of up to {longest} bits, the same from netprove and FLINT. CPU seconds of all")
    print(f"threads; by the clock netprove took {clock:.2f} s, 1/{flint_seconds / clock:.0f} of FLINT's on its one thread.")
    memory = f" ({max(m for _, _, m in prove) / 1e6:.0f} MB)"
    table(
        [
            ("netprove FILE, from start to report", base, memory),
            ("netprove collapse, from start to file", middle([cpu for cpu, _, _ in collapse]), ""),
            ("FLINT, matrix products only, exact", flint_seconds, ""),
            ("numpy float64, matrix products only, not exact", middle(numpy), ""),
        ],
        base,
    )


def small(runs, folder):
    """Three 64×64 Toeplitz matrices: 3×3 convolutions, padded by 1, on 8×8."""
    file, path = folder / "small.net", folder / "small.json"
    layers = "; ".join(f"conv(random(1x1x3x3, seed={seed}) / {seed + 2}, pad=1)" for seed in (1, 2, 3))
    file.write_text(f"network f(x: 1x8x8) {{ {layers} }}\n")
    ours = [netprove("collapse", file, "-o", path) for _ in range(max(runs, 9))]
    matrix = [[Fraction(0)] * 64 for _ in range(64)]
    for row, column, value in json.loads(path.read_text())["matrix"]:
        matrix[row][column] = Fraction(value)
    factors = []
    for seed in (1, 2, 3):
        file.write_text(f"network f(x: 1x8x8) {{ conv(random(1x1x3x3, seed={seed}) / {seed + 2}, pad=1) }}\n")
        netprove("collapse", file, "-o", path)
        factor = [[Fraction(0)] * 64 for _ in range(64)]
        for row, column, value in json.loads(path.read_text())["matrix"]:
            factor[row][column] = Fraction(value)
        factors.append(factor)

    def timed(make, entries):
        a, b, c = (make(f) for f in factors)
        start = time.process_time()
        product = c * (b * a)
        took = time.process_time() - start
        assert [Fraction(str(v)) for v in entries(product)] == [v for row in matrix for v in row]
        return took

    def fmpq(factor):
        return flint.fmpq_mat(64, 64, [flint.fmpq(v.numerator, v.denominator) for row in factor for v in row])

    def symbolic(factor):
        return sympy.Matrix(64, 64, [sympy.Rational(v.numerator, v.denominator) for row in factor for v in row])

    naive = subprocess.run([naive_binary()], check=True, capture_output=True, text=True).stdout
    micros = dict(line.split() for line in naive.splitlines())
    base = int(micros["netprove"]) / 1e6
    print("\nThree 64×64 Toeplitz matrices of fractions, the same product from all; products only:")
    table(
        [
            ("netprove, from layers to matrix", base, ""),
            ("FLINT fmpq_mat", min(timed(fmpq, lambda m: m.entries()) for _ in range(runs)), ""),
            ("nalgebra over num-rational's BigRational", int(micros["nalgebra"]) / 1e6, ""),
            ("SymPy", timed(symbolic, lambda m: list(m)), ""),
        ],
        base,
    )
    clock, cpu = middle([s for _, s, _ in ours]), middle([cpu for cpu, _, _ in ours])
    print(f"\nThe whole command `netprove collapse`: {clock * 1000:.1f} ms by the clock, {cpu * 1000:.1f} ms of CPU")


def nonlinear(runs, folder):
    """All-CNN-C with its ReLUs, and ten rows of a stack on 224×224 in bounded memory."""
    print("\n| | seconds by the clock | CPU seconds | MB |\n|---|---|---|---|")
    stack = ["collapse", ROOT / "benches" / "vgg_linear.net", "--outputs", "0..10", "-o", folder / "ten.rows"]
    for name, count, command in [
        ("All-CNN-C with its ReLUs: nonlinear, with its witness", runs, [ROOT / "benches" / "all_cnn_c_relu.net"]),
        ("`vgg_linear.net`, 224×224: ten of its 1000 rows, `--memory 500MB`", 1, [*stack, "--memory", "500MB"]),
        ("the same, `--memory 4GB`", 1, [*stack, "--memory", "4GB"]),
    ]:
        measured = [netprove(*command) for _ in range(count)]
        cpu, clock = middle([m[0] for m in measured]), middle([m[1] for m in measured])
        print(f"| {name} | {clock:.3g} | {cpu:.3g} | {max(m[2] for m in measured) / 1e6:.0f} |")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        number = int(sys.argv[1]) if len(sys.argv) > 1 else 5
        large(number, Path(temporary))
        small(number, Path(temporary))
        nonlinear(number, Path(temporary))
