#!/usr/bin/env python3
"""Collapses examples/all_cnn_c.net with netprove, FLINT and numpy in one run, and compares times and results.

    cargo build --release && benches/compare/run

FLINT and numpy go through the same rows: the adjoint of each layer, from the 10 outputs backwards, as one matrix product
of patches (im2col). For them only the matrix products are counted; for netprove the whole command, from reading the file to
writing the matrix. The results of netprove and FLINT must be the same numbers.
"""

import subprocess
import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path

import flint
import numpy as np

ROOT = Path(__file__).resolve().parents[2]
NETPROVE = ROOT / "target" / "release" / "netprove"
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
BITS, SIGNIFICANT = 30, 24


def random(count, seed):
    """The numerators of `random(…, seed=…, bits=24)` over 2^30, by docs/language.md."""
    with np.errstate(over="ignore"):
        z = np.uint64(seed) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z ^= z >> np.uint64(31)
    exact = (z >> np.uint64(63 - BITS)).astype(np.int64) - (1 << BITS)
    return exact.astype(np.float32).astype(np.int64)  # float32 keeps 24 bits, and rounds to even


def patches(u, kernel, stride, pad, size):
    """im2col of the adjoint: what each input position reads of the rows u (rows, channels, h, w)."""
    rows, channels, h, w = u.shape
    spread = np.zeros((rows, channels, size + 2 * kernel, size + 2 * kernel), dtype=u.dtype)
    first = kernel - 1 - pad
    spread[:, :, first : first + stride * h : stride, first : first + stride * w : stride] = u
    windows = np.lib.stride_tricks.sliding_window_view(spread, (kernel, kernel), axis=(2, 3))[:, :, :size, :size]
    return np.ascontiguousarray(windows.transpose(0, 2, 3, 1, 4, 5)).reshape(rows * size * size, -1)


def adjoint(weights, product, dtype):
    """The rows of the map, backwards; `product` multiplies and says how long it took."""
    u = np.zeros((10, 10, 6, 6), dtype=dtype)
    for row in range(10):
        u[row, row] = 1  # the average pool, times 36
    seconds = 0.0
    for (outputs, inputs, kernel, stride, pad, _, _), size, weight in reversed(list(zip(SHAPES, SIZES, weights))):
        matrix = weight[:, :, ::-1, ::-1].transpose(0, 2, 3, 1).reshape(outputs * kernel * kernel, inputs)
        result, took = product(patches(u, kernel, stride, pad, size), matrix)
        u = result.reshape(10, size, size, inputs).transpose(0, 3, 1, 2)
        seconds += took
    return u.reshape(10, -1), seconds


def numpy_product(a, b):
    start = time.perf_counter()
    c = a @ b
    return c, time.perf_counter() - start


def flint_product(a, b):
    a, b = flint.fmpz_mat(a.tolist()), flint.fmpz_mat(b.tolist())
    start = time.perf_counter()
    c = a * b
    took = time.perf_counter() - start
    return np.array([int(n) for n in c.entries()], dtype=object).reshape(c.nrows(), c.ncols()), took


def netprove(path):
    start = time.perf_counter()
    subprocess.run([NETPROVE, "collapse", ROOT / "examples" / "all_cnn_c.net", "-o", path], check=True)
    return time.perf_counter() - start


def main():
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    integers = [random(o * i * k * k, seed).reshape(o, i, k, k) for o, i, k, _, _, _, seed in SHAPES]
    floats = [w / 2.0 ** (BITS + s[5]) for w, s in zip(integers, SHAPES)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "all_cnn_c.mtx"
        ours = sorted(netprove(path) for _ in range(runs))
        numpy = sorted(adjoint(floats, numpy_product, np.float64)[1] for _ in range(runs))
        rows, flint_seconds = adjoint([w.astype(object) for w in integers], flint_product, object)
        denominator = 36 << sum(BITS + s[5] for s in SHAPES)
        with open(path) as lines:
            next(lines)
            over = int(next(lines).split("divided by ")[1].split(";")[0])
            next(lines)
            checked = 0
            for line in lines:
                row, column, n = map(int, line.split())
                if column <= 3072:
                    assert Fraction(n, over) == Fraction(rows[row - 1, column - 1], denominator), (row, column)
                    checked += 1
        assert checked == np.count_nonzero(rows), "every entry that is not 0 is listed"
    longest = max(int(n).bit_length() for n in rows.flat)
    print(f"{checked} entries of up to {longest} bits: the same numbers from netprove and FLINT")
    middle = ours[len(ours) // 2]
    print(f"netprove, the whole command    {middle:8.3f} s   (from {ours[0]:.3f} to {ours[-1]:.3f})")
    for name, seconds in [("FLINT, products only, exact", flint_seconds), ("numpy float64, products only", numpy[len(numpy) // 2])]:
        print(f"{name:30} {seconds:8.3f} s   {seconds / middle:8.2f} times netprove's")


if __name__ == "__main__":
    main()
