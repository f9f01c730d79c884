#!/usr/bin/env python3
"""Time and memory against depth, channels, image side and weight bits: measures, and draws what was measured.

    scaling.py measure docs/performance.csv     a few minutes; CPU seconds of all threads
    scaling.py draw docs/performance.csv docs/performance.svg

Every network is a stack of 3×3 convolutions, padded by 1, then a mean over the image: 3 channels in, 10 numbers out. One
thing varies at a time; the rest is depth 5, 32 channels, 32×32 pixels, weights of 24 bits.
"""

import csv
import sys
import tempfile
from pathlib import Path

BASE = {"depth": 5, "channels": 32, "side": 32, "bits": 24}
POINTS = {
    "depth": [2, 3, 5, 8, 12],
    "channels": [8, 16, 32, 64, 128],
    "side": [8, 16, 32, 64, 128],
    "bits": [4, 8, 16, 24, 30],
}
# FLINT's products beyond this many multiplications are left out: minutes each.
MOST = 1e9


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


def peers(depth, channels, side, bits):
    """CPU seconds of FLINT's and numpy's matrix products on weights of the same size."""
    import numpy as np

    from adjoint import adjoint, flint_product, numpy_product

    w, generator = widths(depth, channels), np.random.default_rng(1)
    weights = [generator.integers(-(1 << bits), 1 << bits, (o, i, 3, 3)) for o, i in zip(w[1:], w)]
    floats = [(k / 2.0**bits, 1, 1, side) for k in weights]
    _, numpy_seconds = adjoint(floats, side, numpy_product, np.float64)
    if products(depth, channels, side, bits) > MOST:
        return "", numpy_seconds
    _, flint_seconds = adjoint([(k.astype(object), 1, 1, side) for k in weights], side, flint_product, object)
    return flint_seconds, numpy_seconds


def measure(path):
    from compare import middle, netprove

    with open(path, "w", newline="") as file, tempfile.TemporaryDirectory() as folder:
        table = csv.writer(file)
        table.writerow(["varies", "value", "netprove_s", "netprove_mb", "flint_s", "numpy_s"])
        for varies, values in POINTS.items():
            for value in values:
                sizes = {**BASE, varies: value}
                network = Path(folder) / "stack.net"
                network.write_text(source(**sizes))
                runs = [netprove("collapse", network, "-o", Path(folder) / "stack.mtx") for _ in range(3)]
                flint, numpy = peers(**sizes)
                row = [varies, value, middle([r[0] for r in runs]), max(r[2] for r in runs) / 1e6, flint, numpy]
                table.writerow([v if isinstance(v, (str, int)) else f"{v:.4g}" for v in row])
                file.flush()


def draw(path, picture):
    import matplotlib

    matplotlib.use("svg")
    import matplotlib.pyplot as plt

    plt.rcParams.update({"svg.hashsalt": "netprove", "svg.fonttype": "none", "font.family": "sans-serif", "font.size": 9})
    rows = list(csv.DictReader(open(path)))
    figure, axes = plt.subplots(2, len(POINTS), figsize=(11, 5.2), sharey="row", sharex="col")
    series = [("netprove_s", "netprove, exact", "o-"), ("flint_s", "FLINT, exact", "s--"), ("numpy_s", "float64", "^:")]
    for column, varies in enumerate(POINTS):
        of = [row for row in rows if row["varies"] == varies]
        for name, label, style in series:
            there = [(int(row["value"]), float(row[name])) for row in of if row[name]]
            axes[0][column].loglog(*zip(*there), style, label=label, markersize=4)
        axes[1][column].semilogx(
            [int(row["value"]) for row in of], [float(row["netprove_mb"]) for row in of], "o-", markersize=4
        )
        values = POINTS[varies]
        axes[1][column].set_xticks(values, [str(v) for v in values])
        axes[1][column].minorticks_off()
        axes[1][column].set_xlabel({"side": "image side", "bits": "weight bits"}.get(varies, varies))
    axes[0][0].set_ylabel("CPU seconds")
    axes[1][0].set_ylabel("netprove, MB")
    axes[1][0].set_ylim(bottom=0)
    axes[0][0].legend(frameon=False)
    for axis in axes.flat:
        axis.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(picture, metadata={"Date": None})


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["measure", path]:
            measure(path)
        case ["draw", path, picture]:
            draw(path, picture)
        case _:
            sys.exit(__doc__)
