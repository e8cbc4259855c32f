"""How far plain numba goes, and how far the machine would let anything go: `python -m benchmarks.limits`.

Runs on HetRec 2011, or on made-up data of its size. Million updates a second of the article's rule, the
fastest of several interleaved passes, in processor time.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from benchmarks import speed, synthetic
from recsys.data.sources.load import load
from recsys.kernels import blocked_sgd, sgd

RATE, DECAY = np.float32(0.00001), np.float32(0.05)
CHAINS = 12


@numba.njit(cache=True)
def usual_loop(user_codes, item_codes, targets, p, q, rate, decay):
    """Do what most people write: float64, NumPy rows, no flags."""
    for row in range(targets.shape[0]):
        u, i = user_codes[row], item_codes[row]
        error = targets[row] - np.dot(p[u], q[i])
        for f in range(p.shape[1]):
            p[u, f] += rate * (error * q[i, f] - decay * p[u, f])
            q[i, f] += rate * (error * p[u, f] - decay * q[i, f])


@numba.njit(cache=True, fastmath=sgd.FAST)
def constant_length(user_codes, item_codes, targets, p, q, rate, decay):
    """Do as `kernels.sgd_article` over records: the length of a row is known when it is compiled."""
    for row in range(targets.shape[0]):
        a, b = p[np.uint32(user_codes[row])].row, q[np.uint32(item_codes[row])].row
        error = targets[row]
        for f in range(a.shape[0]):
            error -= a[f] * b[f]
        for f in range(a.shape[0]):
            p_new = a[f] + rate * (error * b[f] - decay * a[f])
            b[f] += rate * (error * p_new - decay * b[f])
            a[f] = p_new


@intrinsic
def _multiply_add(typing_context, rounds):
    """Do `rounds` times `CHAINS` independent multiply-adds of 16 floats; return their sum."""

    def build(context, builder, signature, arguments):
        vector = ir.VectorType(ir.FloatType(), 16)
        start, loop, end = builder.block, *(builder.append_basic_block() for _ in range(2))
        builder.branch(loop)
        builder.position_at_end(loop)
        count = builder.phi(ir.IntType(64))
        sums = [builder.phi(vector) for _ in range(CHAINS)]
        count.add_incoming(ir.Constant(ir.IntType(64), 0), start)
        factor = ir.Constant(vector, [0.5] * 16)
        for chain, total in enumerate(sums):
            total.add_incoming(ir.Constant(vector, [1.0 + chain] * 16), start)
            product = builder.fmul(total, factor, flags=("contract",))
            total.add_incoming(builder.fadd(product, factor, flags=("contract",)), loop)
        following = builder.add(count, ir.Constant(ir.IntType(64), 1))
        count.add_incoming(following, loop)
        builder.cbranch(builder.icmp_signed("<", following, arguments[0]), loop, end)
        builder.position_at_end(end)
        whole = sums[0]
        for total in sums[1:]:
            whole = builder.fadd(whole, total)
        return builder.extract_element(whole, ir.Constant(ir.IntType(32), 0))

    return types.float32(types.int64), build


@numba.njit(cache=True)
def multiply_add(rounds):
    """Run the multiply-adds."""
    return _multiply_add(rounds)


@numba.njit(cache=True, fastmath=sgd.FAST)
def move(a, times):
    """Read and write an array again and again."""
    for turn in range(times):
        step = np.float32(turn)
        for at in range(a.shape[0]):
            a[at] += step


def fastest(tasks: dict[str, Callable[[], Any]], rounds: int = 15) -> dict[str, float]:
    """Return the fewest seconds each task took, run in turn."""
    seconds = dict.fromkeys(tasks, np.inf)
    for task in tasks.values():
        task()
    for _ in range(rounds):
        for name, task in tasks.items():
            started = time.process_time()
            task()
            seconds[name] = min(seconds[name], time.process_time() - started)
    return seconds


def main() -> None:
    """Measure and print."""
    near = Path(speed.LASTFM).is_dir()
    data = load(speed.LASTFM).interactions if near else synthetic.make(92_834, 1_892, 17_632)
    random = np.random.default_rng(0)
    order = random.permutation(len(data))
    targets = np.log1p(data.values)
    sorted_pairs = data.user_codes, data.item_codes, targets
    shuffled = tuple(column[order] for column in sorted_pairs)
    for k in speed.FACTORS:
        p, q = (random.random((n, k), np.float32) for n in (data.n_users, data.n_items))
        users, items = blocked_sgd.Rows(p, False), blocked_sgd.Rows(q, False)
        pairs = blocked_sgd.arrange(*sorted_pairs, users, items, random)
        [visit] = pairs.visits(random, len(data))
        small, shapes = (p, q, RATE, DECAY), (users.records, items.records, RATE, DECAY)
        usual = p.astype(float), q.astype(float), float(RATE), float(DECAY)
        tasks: dict[str, Callable[[], Any]] = {
            "float64 as usual": partial(usual_loop, *sorted_pairs, *usual),
            "float32, flags": partial(sgd.sgd_article, *sorted_pairs, *small),
            "shuffled": partial(sgd.sgd_article, *shuffled, *small),
            "constant length": partial(constant_length, *shuffled, *shapes),
            "vectors, cells": partial(
                blocked_sgd.sgd_article, visit, pairs, users, items, float(RATE), float(DECAY)
            ),
        }
        found = {name: f"{len(data) / seconds / 1e6:.0f}" for name, seconds in fastest(tasks).items()}
        print(f"k = {k}:", found, flush=True)
    rounds = 1_000_000
    [seconds] = fastest({"": partial(multiply_add, rounds)}).values()
    print(f"multiply-add: {2 * 16 * CHAINS * rounds / seconds / 1e9:.0f} GFLOP/s")
    for size in (16 * 1024, 512 * 1024, 256 * 1024 * 1024):
        array, times = np.ones(size // 4, np.float32), max(1, 2**29 // size)
        [seconds] = fastest({"": partial(move, array, times)}, 5).values()
        print(f"read and write {size // 1024:,} KB: {2 * size * times / seconds / 1e9:.0f} GB/s")


if __name__ == "__main__":
    main()
