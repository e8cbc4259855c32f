"""SIMD versions of `sgd_article`, `sgd_biased` and `squared_error`, built as LLVM IR.

`recsys.kernels` says what these loops do and is what they are tested against; `recsys.kernels.blocked_sgd`
calls them, and goes back to `recsys.kernels` where they cannot be compiled. They do the same work
in a half to a third of the time, for LLVM, left to itself, does not turn loops over so few features
into good vector code. What is written here are LLVM's own portable vectors: they become AVX-512,
AVX2 or NEON, whatever the machine has.

A row is a record with one field, `row`, of a fixed number of floats. The length is part of its
type, so each length is compiled, and kept in numba's cache, by itself.
"""

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from recsys.kernels.sgd import FAST

WIDEST = 16
CACHE_LINE = 64
# How many pairs ahead the rows are fetched: what a row takes to arrive from the second cache, in updates.
# The codes of the pairs of the first three loops go on for as many after the last pair.
AHEAD = 12

FLAGS = tuple(sorted(FAST))
F32, I1, I8, I32, I64 = ir.FloatType(), ir.IntType(1), ir.IntType(8), ir.IntType(32), ir.IntType(64)


def _address(context, builder, rows_type, rows, index):
    """Return where a row begins, as a pointer to bytes."""
    data = context.make_array(rows_type)(context, builder, rows).data
    offset = builder.mul(builder.zext(index, I64), ir.Constant(I64, rows_type.dtype.size))
    return builder.gep(builder.bitcast(data, I8.as_pointer()), [offset], inbounds=True)


def _load(context, builder, rows_type, rows, index):
    """Load a row as vectors of 16 floats and one of 4 or 8 for the rest; return pointers, vectors."""
    start = _address(context, builder, rows_type, rows, index)
    whole, rest = divmod(rows_type.dtype.fields["row"].type.shape[0], WIDEST)
    widths = [WIDEST] * whole + ([rest] if rest else [])
    pointers, offset = [], 0
    for width in widths:
        place = builder.gep(start, [ir.Constant(I32, offset)])
        pointers.append(builder.bitcast(place, ir.VectorType(F32, width).as_pointer()))
        offset += 4 * width
    return pointers, [
        builder.load(pointer, align=4 * width) for pointer, width in zip(pointers, widths, strict=True)
    ]


def _undefined(kind):
    return ir.Constant(kind, ir.Undefined)


def _splat(builder, kind, number):
    """Return a vector with a number in every lane."""
    first = builder.insert_element(_undefined(kind), number, ir.Constant(I32, 0))
    zeros = ir.Constant(ir.VectorType(I32, kind.count), [0] * kind.count)
    return builder.shuffle_vector(first, _undefined(kind), zeros)


def _folded(builder, vector):
    """Add the upper half of a vector to its lower half."""
    half = vector.type.count // 2
    lower, upper = (
        builder.shuffle_vector(
            vector,
            _undefined(vector.type),
            ir.Constant(ir.VectorType(I32, half), list(range(first, first + half))),
        )
        for first in (0, half)
    )
    return builder.fadd(lower, upper, flags=FLAGS)


def _sum(builder, vectors):
    """Add up all lanes of all vectors; only the last may be narrower than the others."""
    *wide, last = vectors
    while len(wide) > 1:
        pairs = [wide[at : at + 2] for at in range(0, len(wide), 2)]
        wide = [builder.fadd(*pair, flags=FLAGS) if len(pair) == 2 else pair[0] for pair in pairs]
    for total in wide:
        while total.type.count > last.type.count:
            total = _folded(builder, total)
        last = builder.fadd(total, last, flags=FLAGS)
    name = f"llvm.vector.reduce.fadd.v{last.type.count}f32"
    reduce = cgutils.get_or_insert_function(builder.module, ir.FunctionType(F32, [F32, last.type]), name)
    return builder.call(reduce, [ir.Constant(F32, 0.0), last], fastmath=FLAGS)


def _prediction(builder, p, q, bias_within):
    """Return p.q, and by what the error is multiplied in a step of p and of q.

    If the biases are within, in the last lane, they are added and not multiplied. Their
    derivative is 1: in the last lane a 1 takes the place of the other row's number.
    """
    p_other, q_other = list(q), list(p)
    products = [builder.fmul(a, b, flags=FLAGS) for a, b in zip(p, q, strict=True)]
    if bias_within:
        kind = p[-1].type
        is_last = ir.Constant(ir.VectorType(I1, kind.count), [0] * (kind.count - 1) + [1])
        one, zero = (ir.Constant(kind, [number] * kind.count) for number in (1.0, 0.0))
        p_other[-1] = builder.select(is_last, one, q[-1])
        q_other[-1] = builder.select(is_last, one, p[-1])
        user_bias = builder.select(is_last, p[-1], zero)
        products[-1] = builder.fadd(builder.fmul(q_other[-1], q[-1], flags=FLAGS), user_bias, flags=FLAGS)
    return _sum(builder, products), p_other, q_other


def _step(bias_within, p_first):
    """Make an intrinsic that moves one row of p and one of q, and returns the error it saw."""

    def typed(typing_context, p, q, u, i, target, keep, rate):
        number = types.float32
        return number(p, q, types.uint32, types.uint32, number, number, number), build

    def build(context, builder, signature, arguments):
        p_rows, q_rows, u, i, target, keep, rate = arguments
        p_places, p = _load(context, builder, signature.args[0], p_rows, u)
        q_places, q = _load(context, builder, signature.args[1], q_rows, i)
        predicted, p_other, q_other = _prediction(builder, p, q, bias_within)
        error = builder.fsub(target, predicted, flags=FLAGS)
        stride = builder.fmul(error, rate, flags=FLAGS)

        def moved(row, other):
            kept = builder.fmul(_splat(builder, row.type, keep), row, flags=FLAGS)
            move = builder.fmul(_splat(builder, row.type, stride), other, flags=FLAGS)
            return builder.fadd(kept, move, flags=FLAGS)

        for at in range(len(p)):
            p_new = moved(p[at], p_other[at])
            q_new = moved(q[at], p_new if p_first else q_other[at])
            builder.store(p_new, p_places[at], align=4 * p_new.type.count)
            builder.store(q_new, q_places[at], align=4 * q_new.type.count)
        return error

    return intrinsic(typed)


def _dot(bias_within):
    """Make an intrinsic that predicts one pair, without the mean."""

    def typed(typing_context, p, q, u, i):
        return types.float32(p, q, types.uint32, types.uint32), build

    def build(context, builder, signature, arguments):
        p_rows, q_rows, u, i = arguments
        _, p = _load(context, builder, signature.args[0], p_rows, u)
        _, q = _load(context, builder, signature.args[1], q_rows, i)
        return _prediction(builder, p, q, bias_within)[0]

    return intrinsic(typed)


_step_article = _step(bias_within=False, p_first=True)
_step_beside = _step(bias_within=False, p_first=False)
_step_within = _step(bias_within=True, p_first=False)
_dot_beside = _dot(bias_within=False)
_dot_within = _dot(bias_within=True)


@intrinsic
def _match_and_squares(typing_context, p, q, u, i):
    """Return p.q, p.p and q.q."""

    def build(context, builder, signature, arguments):
        p_rows, q_rows, u, i = arguments
        _, p = _load(context, builder, signature.args[0], p_rows, u)
        _, q = _load(context, builder, signature.args[1], q_rows, i)
        sums = [
            _sum(builder, [builder.fmul(a, b, flags=FLAGS) for a, b in zip(*rows, strict=True)])
            for rows in ((p, q), (p, p), (q, q))
        ]
        return context.make_tuple(builder, signature.return_type, sums)

    return types.UniTuple(types.float32, 3)(p, q, types.uint32, types.uint32), build


@intrinsic
def _shrink_and_add(typing_context, p, q, p_spectrum, q_spectrum, u, i, p_numbers, q_numbers):
    """Move both rows: p to max(a l_f + b, 0)^2 p + c q with p's three numbers a, b, c, and q likewise."""

    def build(context, builder, signature, arguments):
        p_rows, q_rows, p_spectrum, q_spectrum, u, i, p_numbers, q_numbers = arguments
        first = ir.Constant(I32, 0)
        p_places, p = _load(context, builder, signature.args[0], p_rows, u)
        q_places, q = _load(context, builder, signature.args[1], q_rows, i)
        _, p_pulls = _load(context, builder, signature.args[2], p_spectrum, first)
        _, q_pulls = _load(context, builder, signature.args[3], q_spectrum, first)

        def moved(row, other, pulls, numbers):
            kind = row.type
            a, b, c = (
                _splat(builder, kind, number) for number in cgutils.unpack_tuple(builder, numbers, count=3)
            )
            kept = builder.fadd(builder.fmul(a, pulls, flags=FLAGS), b, flags=FLAGS)
            name = f"llvm.maxnum.v{kind.count}f32"
            larger = cgutils.get_or_insert_function(builder.module, ir.FunctionType(kind, [kind, kind]), name)
            # `maxnum` heeds NaN, which costs two instructions more; rows that hold one are lost anyway.
            kept = builder.call(
                larger, [kept, ir.Constant(kind, [0.0] * kind.count)], fastmath=(*FLAGS, "nnan")
            )
            kept = builder.fmul(builder.fmul(kept, kept, flags=FLAGS), row, flags=FLAGS)
            return builder.fadd(kept, builder.fmul(c, other, flags=FLAGS), flags=FLAGS)

        for at in range(len(p)):
            p_new = moved(p[at], q[at], p_pulls[at], p_numbers)
            q_new = moved(q[at], p[at], q_pulls[at], q_numbers)
            builder.store(p_new, p_places[at], align=4 * p_new.type.count)
            builder.store(q_new, q_places[at], align=4 * q_new.type.count)
        return context.get_dummy_value()

    code, numbers = types.uint32, types.UniTuple(types.float32, 3)
    return types.void(p, q, p_spectrum, q_spectrum, code, code, numbers, numbers), build


@intrinsic
def _fetch(typing_context, rows, index):
    """Ask for a row that is needed soon."""

    def build(context, builder, signature, arguments):
        start = _address(context, builder, signature.args[0], *arguments)
        kind = ir.FunctionType(ir.VoidType(), [I8.as_pointer(), I32, I32, I32])
        prefetch = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        for offset in range(0, signature.args[0].dtype.size, CACHE_LINE):
            place = builder.gep(start, [ir.Constant(I32, offset)])
            # to be written, kept in all caches, data
            builder.call(prefetch, [place, *(ir.Constant(I32, hint) for hint in (1, 3, 1))])
        return context.get_dummy_value()

    return types.void(rows, types.uint32), build


@numba.njit(nogil=True, cache=True, fastmath=FAST)
def sgd_article(starts, ends, user_codes, item_codes, targets, p, q, learning_rate, regularization):
    """Go over the pairs of some spans as the article does."""
    keep = np.float32(1) - learning_rate * regularization
    for span in range(starts.shape[0]):
        for row in range(np.uint64(starts[span]), np.uint64(ends[span])):
            _fetch(p, np.uint32(user_codes[row + np.uint64(AHEAD)]))
            _fetch(q, np.uint32(item_codes[row + np.uint64(AHEAD)]))
            u, i = np.uint32(user_codes[row]), np.uint32(item_codes[row])
            _step_article(p, q, u, i, targets[row], keep, learning_rate)


@numba.njit(nogil=True, cache=True, fastmath=FAST)
def sgd_biased_within(starts, ends, user_codes, item_codes, targets, p, q, learning_rate, regularization):
    """Go over the pairs of some spans; the biases are the last lanes of the rows."""
    keep = np.float32(1) - learning_rate * regularization
    for span in range(starts.shape[0]):
        for row in range(np.uint64(starts[span]), np.uint64(ends[span])):
            _fetch(p, np.uint32(user_codes[row + np.uint64(AHEAD)]))
            _fetch(q, np.uint32(item_codes[row + np.uint64(AHEAD)]))
            u, i = np.uint32(user_codes[row]), np.uint32(item_codes[row])
            _step_within(p, q, u, i, targets[row], keep, learning_rate)


@numba.njit(nogil=True, cache=True, fastmath=FAST)
def sgd_biased_beside(
    starts,
    ends,
    user_codes,
    item_codes,
    targets,
    user_bias,
    item_bias,
    p,
    q,
    learning_rate,
    regularization,
):
    """Go over the pairs of some spans; the biases are arrays of their own."""
    keep = np.float32(1) - learning_rate * regularization
    for span in range(starts.shape[0]):
        for row in range(np.uint64(starts[span]), np.uint64(ends[span])):
            _fetch(p, np.uint32(user_codes[row + np.uint64(AHEAD)]))
            _fetch(q, np.uint32(item_codes[row + np.uint64(AHEAD)]))
            u, i = np.uint32(user_codes[row]), np.uint32(item_codes[row])
            rest = targets[row] - user_bias[u] - item_bias[i]
            stride = learning_rate * _step_beside(p, q, u, i, rest, keep, learning_rate)
            user_bias[u] = keep * user_bias[u] + stride
            item_bias[i] = keep * item_bias[i] + stride


@numba.njit(nogil=True, cache=True, fastmath=FAST)
def sgd_implicit(
    starts,
    ends,
    user_codes,
    item_codes,
    targets,
    p,
    q,
    user_steps,
    item_steps,
    user_spectrum,
    item_spectrum,
    share,
    learning_rate,
):
    """Go over the pairs of some spans; the spectra are single rows, and `share` is 1 / factors."""
    one, half, two = np.float32(1), np.float32(0.5), np.float32(2)
    for span in range(starts.shape[0]):
        for row in range(np.uint64(starts[span]), np.uint64(ends[span])):
            _fetch(p, np.uint32(user_codes[row + np.uint64(AHEAD)]))
            _fetch(q, np.uint32(item_codes[row + np.uint64(AHEAD)]))
            u, i = np.uint32(user_codes[row]), np.uint32(item_codes[row])
            match, p_square, q_square = _match_and_squares(p, q, u, i)
            user, item = user_steps[u], item_steps[i]
            error = user.weight * item.weight * (targets[row] - match)
            p_decay, q_decay = user.decay, item.decay
            p_gradient = error * (error * q_square - two * p_decay * match) + p_decay * p_decay * p_square
            q_gradient = error * (error * p_square - two * q_decay * match) + q_decay * q_decay * q_square
            user.total += share * p_gradient
            item.total += share * q_gradient
            p_rate = learning_rate / np.sqrt(user.total)
            q_rate = learning_rate / np.sqrt(item.total)
            p_half, q_half = half * p_rate, half * q_rate
            p_numbers = -p_half * user.zeros, one - p_half * p_decay, p_rate * error
            q_numbers = -q_half * item.zeros, one - q_half * q_decay, q_rate * error
            _shrink_and_add(p, q, user_spectrum, item_spectrum, u, i, p_numbers, q_numbers)


@numba.njit(nogil=True, cache=True, fastmath=FAST)
def squared_error_within(user_codes, item_codes, targets, mean, p, q):
    """Sum of squared errors over the pairs; the biases are the last lanes of the rows."""
    total = 0.0
    for row in range(np.uint64(targets.shape[0])):
        ahead = min(row + np.uint64(AHEAD), np.uint64(targets.shape[0] - 1))
        _fetch(p, np.uint32(user_codes[ahead]))
        _fetch(q, np.uint32(item_codes[ahead]))
        u, i = np.uint32(user_codes[row]), np.uint32(item_codes[row])
        error = np.float64(targets[row] - mean - _dot_within(p, q, u, i))
        total += error * error
    return total


@numba.njit(nogil=True, cache=True, fastmath=FAST)
def squared_error_beside(user_codes, item_codes, targets, mean, user_bias, item_bias, p, q):
    """Sum of squared errors over the pairs; the biases are arrays of their own."""
    total = 0.0
    for row in range(np.uint64(targets.shape[0])):
        ahead = min(row + np.uint64(AHEAD), np.uint64(targets.shape[0] - 1))
        _fetch(p, np.uint32(user_codes[ahead]))
        _fetch(q, np.uint32(item_codes[ahead]))
        u, i = np.uint32(user_codes[row]), np.uint32(item_codes[row])
        rest = targets[row] - mean - user_bias[u] - item_bias[i]
        error = np.float64(rest - _dot_beside(p, q, u, i))
        total += error * error
    return total
