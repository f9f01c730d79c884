#!/usr/bin/env python3
"""Time and memory against depth, channels, image side and weight bits: measures, and draws what was measured.

    scaling.py measure docs/performance.csv     a few minutes; CPU seconds of all threads
    scaling.py draw docs/performance.csv docs/performance.svg

Every network is a stack of 3×3 convolutions, padded by 1, then a mean over the image: 3 channels in, 10 numbers out. One
thing varies at a time; the rest is depth 5, 32 channels, 32×32 pixels, weights of 24 bits. SymPy, and nalgebra over
num-rational with the layers' matrices written out, are measured on smaller stacks: depth 3, 4 channels, 8×8 pixels.
"""

import csv
import subprocess
import sys
import tempfile
from pathlib import Path

LARGE = {"depth": 5, "channels": 32, "side": 32, "bits": 24}
SMALL = {"depth": 3, "channels": 4, "side": 8, "bits": 24}
POINTS = {
    "large": {
        "depth": [2, 3, 5, 8, 12],
        "channels": [8, 16, 32, 64, 128],
        "side": [8, 16, 32, 64, 128],
        "bits": [4, 8, 16, 24, 30],
    },
    "small": {"depth": [2, 3, 4, 6], "channels": [2, 4, 8, 12], "side": [4, 6, 8, 12], "bits": [4, 8, 16, 24]},
}
# Products beyond so many multiplications are left out.
MOST = {"flint": 1e9, "sympy": 1e6, "nalgebra": 8e6}
SERIES = [
    ("netprove", "netprove, exact", "o-"),
    ("flint", "FLINT, exact", "s--"),
    ("nalgebra", "nalgebra/num-rational, exact", "d--"),
    ("sympy", "SymPy, exact", "v--"),
    ("numpy", "float64", "^:"),
]


def widths(depth, channels):
    return [3] + [channels] * (depth - 1) + [10]


def source(depth, channels, side, bits):
    sizes = list(zip(widths(depth, channels)[1:], widths(depth, channels)))
    layers = "; ".join(
        f"conv(random({o}x{i}x3x3, seed={n}, bits={bits}), random({o}, seed={n + 100}, bits={bits}), pad=1)"
        for n, (o, i) in enumerate(sizes)
    )
    return f"network f(x: 3x{side}x{side}) {{ {layers}; global_avgpool; flatten }}\n"


def products(depth, channels, side, bits):
    w = widths(depth, channels)
    return 10 * side * side * 9 * sum(a * b for a, b in zip(w, w[1:]))


def dense(depth, channels, side, bits):
    """Multiplications where the layers' matrices are written out."""
    w = [c * side * side for c in widths(depth, channels)]
    return 10 * (w[-1] + sum(a * b for a, b in zip(w, w[1:])))


def peers(sizes, network, naive):
    """CPU seconds of the peers' matrix products on weights of the same size; none where they take too long."""
    import numpy as np

    from adjoint import adjoint, flint_product, numpy_product, sympy_product

    depth, channels, side, bits = sizes.values()
    w, generator = widths(depth, channels), np.random.default_rng(1)
    weights = [generator.integers(-(1 << bits), 1 << bits, (o, i, 3, 3)) for o, i in zip(w[1:], w)]
    floats = [(k / 2.0**bits, 1, 1, side) for k in weights]
    exact = [(k.astype(object), 1, 1, side) for k in weights]
    found = {"numpy": adjoint(floats, side, numpy_product, np.float64)[1]}
    for name, product in [("flint", flint_product), ("sympy", sympy_product)]:
        if products(**sizes) <= MOST[name]:
            found[name] = adjoint(exact, side, product, object)[1]
    if dense(**sizes) <= MOST["nalgebra"]:
        out = subprocess.run([naive, network], check=True, capture_output=True, text=True).stdout
        found["nalgebra"] = int(out.split()[1]) / 1e6
    return found


def measure(path):
    from compare import middle, naive_binary, netprove

    naive = naive_binary()
    with open(path, "w", newline="") as file, tempfile.TemporaryDirectory() as folder:
        table = csv.writer(file)
        table.writerow(["stack", "varies", "value", "netprove_mb", *[f"{name}_s" for name, _, _ in SERIES]])
        points = [(s, v, n) for s, axes in POINTS.items() for v, values in axes.items() for n in values]
        for stack, varies, value in points:
            sizes = {**(LARGE if stack == "large" else SMALL), varies: value}
            network = Path(folder) / "stack.net"
            network.write_text(source(**sizes))
            runs = [netprove("collapse", network, "-o", Path(folder) / "stack.mtx") for _ in range(3)]
            found = {"netprove": middle([r[0] for r in runs]), **peers(sizes, network, naive)}
            row = [stack, varies, value, max(r[2] for r in runs) / 1e6, *[found.get(name, "") for name, _, _ in SERIES]]
            table.writerow([v if isinstance(v, (str, int)) else f"{v:.4g}" for v in row])
            file.flush()


def draw(path, picture):
    import matplotlib

    matplotlib.use("svg")
    import matplotlib.pyplot as plt

    plt.rcParams.update({"svg.hashsalt": "netprove", "svg.fonttype": "none", "font.family": "sans-serif", "font.size": 9})
    rows = list(csv.DictReader(open(path)))
    figure, axes = plt.subplots(3, 4, figsize=(11, 7.6), sharey="row")
    for column, varies in enumerate(LARGE):
        for line, stack in [(0, "large"), (1, "large"), (2, "small")]:
            of = [row for row in rows if row["varies"] == varies and row["stack"] == stack]
            axis = axes[line][column]
            if line == 1:
                axis.semilogx([int(r["value"]) for r in of], [float(r["netprove_mb"]) for r in of], "o-", markersize=4)
            for n, (name, label, style) in enumerate(SERIES if line != 1 else []):
                there = [(int(row["value"]), float(row[f"{name}_s"])) for row in of if row[f"{name}_s"]]
                if there:
                    axis.loglog(*zip(*there), style, color=f"C{n}", label=label, markersize=4)
            values = POINTS[stack][varies]
            axis.set_xticks(values, [str(v) for v in values])
            axis.minorticks_off()
            axis.grid(alpha=0.3)
            if line > 0:
                axis.set_xlabel({"side": "image side", "bits": "weight bits"}.get(varies, varies))
    axes[0][0].set_ylabel("CPU seconds")
    axes[1][0].set_ylabel("netprove, MB")
    axes[1][0].set_ylim(bottom=0)
    axes[2][0].set_ylabel("small stacks: CPU seconds")
    figure.legend(*axes[2][0].get_legend_handles_labels(), loc="upper center", ncols=len(SERIES), frameon=False)
    figure.tight_layout(rect=(0, 0, 1, 0.96))
    figure.savefig(picture, metadata={"Date": None})


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["measure", path]:
            measure(path)
        case ["draw", path, picture]:
            draw(path, picture)
        case _:
            sys.exit(__doc__)
