"""The rows of a stack of convolutions and a mean over the image, backwards from the outputs, with any product.

FLINT and numpy go through the same rows as netprove: the adjoint of each layer as one matrix product of patches
(im2col). Only the products are counted.
"""

import time

import numpy as np

BITS = 30  # `random(…, bits=24)` is a multiple of 2^-30


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


def adjoint(layers, last, product, dtype):
    """The rows, and the CPU seconds of the products; `layers` are (weights, stride, pad, size of the input), `last` is
    the size of the image that is averaged."""
    outputs = layers[-1][0].shape[0]
    u = np.zeros((outputs, outputs, last, last), dtype=dtype)
    for row in range(outputs):
        u[row, row] = 1  # the mean, times last²
    seconds = 0.0
    for weight, stride, pad, size in reversed(layers):
        _, inputs, kernel, _ = weight.shape
        matrix = weight[:, :, ::-1, ::-1].transpose(0, 2, 3, 1).reshape(-1, inputs)
        result, took = product(patches(u, kernel, stride, pad, size), matrix)
        u = result.reshape(outputs, size, size, inputs).transpose(0, 3, 1, 2)
        seconds += took
    return u.reshape(outputs, -1), seconds


def numpy_product(a, b):
    start = time.process_time()
    c = a @ b
    return c, time.process_time() - start


def flint_product(a, b):
    import flint

    a, b = flint.fmpz_mat(a.tolist()), flint.fmpz_mat(b.tolist())
    start = time.process_time()
    c = a * b
    took = time.process_time() - start
    return np.array([int(n) for n in c.entries()], dtype=object).reshape(c.nrows(), c.ncols()), took


def sympy_product(a, b):
    import sympy

    a, b = sympy.Matrix(a.tolist()), sympy.Matrix(b.tolist())
    start = time.process_time()
    c = a * b
    took = time.process_time() - start
    return np.array([int(n) for n in c], dtype=object).reshape(c.shape), took
