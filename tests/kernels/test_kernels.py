"""Each kernel against its slow twin."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.kernels import sgd, solve, top_n
from tests import naive
from tests.kernels.problems import implicit_problem


def problem(seed: int, factors: int):
    random = np.random.default_rng(seed)
    n_users, n_items, n = 7, 9, 60
    return {
        "user_codes": random.integers(0, n_users, n).astype(np.int32),
        "item_codes": random.integers(0, n_items, n).astype(np.int32),
        "targets": random.random(n, np.float32),
        "mean": np.float32(0.3),
        "user_bias": random.normal(size=n_users).astype(np.float32),
        "item_bias": random.normal(size=n_items).astype(np.float32),
        "p": random.normal(size=(n_users, factors)).astype(np.float32),
        "q": random.normal(size=(n_items, factors)).astype(np.float32),
    }


sizes = given(seed=st.integers(0, 2**31), factors=st.integers(1, 40))


@sizes
def test_the_article_step_agrees_with_its_slow_twin(seed, factors):
    given = problem(seed, factors)
    pairs = given["user_codes"], given["item_codes"], given["targets"]
    p, q = given["p"].copy(), given["q"].copy()
    expected = naive.sgd_article(*pairs, p, q, 0.01, 0.2)
    sgd.sgd_article(*pairs, p, q, np.float32(0.01), np.float32(0.2))
    np.testing.assert_allclose(p, expected[0], rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(q, expected[1], rtol=1e-3, atol=1e-4)


@sizes
def test_the_biased_step_agrees_with_its_slow_twin(seed, factors):
    given = problem(seed, factors)
    expected = naive.sgd_biased(*given.values(), 0.01, 0.2)
    sgd.sgd_biased(*given.values(), np.float32(0.01), np.float32(0.2))
    for learned, wanted in zip(
        (given["user_bias"], given["item_bias"], given["p"], given["q"]), expected, strict=True
    ):
        np.testing.assert_allclose(learned, wanted, rtol=1e-3, atol=1e-4)


@sizes
def test_the_squared_error_agrees_with_its_slow_twin(seed, factors):
    given = problem(seed, factors)
    assert sgd.squared_error(*given.values()) == pytest.approx(naive.squared_error(*given.values()), rel=1e-4)


@given(
    seed=st.integers(0, 2**31),
    n=st.integers(1, 12),
    levels=st.integers(1, 20),
    seen_share=st.floats(0, 1),
)
def test_the_best_items_agree_with_their_slow_twin(seed, n, levels, seen_share):
    random = np.random.default_rng(seed)
    scores = random.integers(0, levels, (3, 10)).astype(np.float32)
    seen = [np.flatnonzero(random.random(10) < seen_share).astype(np.int32) for _ in range(3)]
    starts = np.cumsum([0] + [len(known) for known in seen])
    order = random.permutation(10).astype(np.int32)
    expected = [naive.top_n(scores[row], set(seen[row].tolist()), order, n) for row in range(3)]
    wanted_scores = [scores[row, expected[row]] for row in range(3)]
    items, best = np.empty((3, n), np.int32), np.empty((3, n), np.float32)
    top_n.top_n(scores, starts, np.concatenate(seen), order, items, best)
    for row in range(3):
        found = len(expected[row])
        assert items[row, :found].tolist() == expected[row]
        assert best[row, :found].tolist() == wanted_scores[row].tolist()
        assert (items[row, found:] == -1).all()


@given(
    seed=st.integers(0, 2**31),
    factors=st.integers(1, 20),
    n_items=st.sampled_from([1, 9, 127, 128, 129, 400]),
    biased=st.booleans(),
    coarse=st.booleans(),
)
def test_leaving_out_short_items_changes_nothing(seed, factors, n_items, biased, coarse):
    random = np.random.default_rng(seed)
    n = 4
    # Coarse numbers make many scores equal, and their sums exact.
    drawn = (
        random.integers(-2, 3, (3 + n_items, factors))
        if coarse
        else random.normal(size=(3 + n_items, factors))
    )
    p, q = drawn[:3].astype(np.float32), drawn[3:].astype(np.float32)
    q[random.random(n_items) < 0.5] *= np.float32(0.25)
    bias = np.asarray(random.integers(-3, 4, n_items) * biased, np.float32)
    seen = [np.flatnonzero(random.random(n_items) < 0.3).astype(np.int32) for _ in range(3)]
    starts = np.cumsum([0] + [len(known) for known in seen])
    order = random.permutation(n_items).astype(np.int32)
    turns = np.argsort(order).astype(np.int32)
    lengths = np.sqrt(np.square(q).sum(axis=1) + np.square(bias))
    codes = np.argsort(-lengths).astype(np.int32)
    found = np.empty((3, n), np.int32), np.empty((3, n), np.float32)
    columns = np.ascontiguousarray(q[codes].T)
    ordered = bias[codes], lengths[codes], codes, turns[codes]
    top_n.top_n_by_length(p, columns, *ordered, starts[:-1], starts[1:], np.concatenate(seen), *found)
    wanted = np.empty((3, n), np.int32), np.empty((3, n), np.float32)
    top_n.top_n(p @ q.T + bias, starts, np.concatenate(seen), order, *wanted)
    if coarse:
        assert found[0].tolist() == wanted[0].tolist()
    np.testing.assert_allclose(found[1], wanted[1], rtol=1e-4, atol=1e-4)
    assert ((found[0] == -1) == (wanted[0] == -1)).all()


def test_scores_that_are_not_numbers_are_never_recommended():
    scores = np.array([[np.nan, 1.0, np.nan, 0.5]], np.float32)
    items, best = np.empty((1, 3), np.int32), np.empty((1, 3), np.float32)
    top_n.top_n(scores, np.array([0, 0]), np.empty(0, np.int32), np.arange(4, dtype=np.int32), items, best)
    assert items.tolist() == [[1, 3, -1]]


@given(seed=st.integers(0, 2**31), factors=st.integers(1, 40), pairs=st.integers(1, 150))
def test_the_implicit_step_agrees_with_its_slow_twin(seed, factors, pairs):
    random = np.random.default_rng(seed)
    p, q, *rest = implicit_problem(random, factors)
    codes = [random.integers(0, len(rows), pairs).astype(np.int32) for rows in (p, q)]
    given = (*codes, random.random(pairs, np.float32), p, q, *rest, np.float32(0.05))
    expected = naive.sgd_implicit(*given)
    sgd.sgd_implicit(*given)
    learned = p, q, rest[0]["total"], rest[1]["total"]
    for array, wanted in zip(learned, expected, strict=True):
        np.testing.assert_allclose(array, wanted, rtol=2e-3, atol=2e-4)


def test_no_pull_of_the_zeros_is_too_strong_for_a_step():
    p, q, users, items, *spectra = implicit_problem(np.random.default_rng(1), 8)
    users["zeros"] = items["zeros"] = 1e6
    codes = np.zeros(1, np.int32)
    sgd.sgd_implicit(codes, codes, np.ones(1, np.float32), p, q, users, items, *spectra, np.float32(1))
    # All that a row was is gone; it has only what the pair gives it.
    assert np.abs(p[0]).max() < 1
    assert np.abs(q[0]).max() < 1


def history_problem(seed: int, factors: int):
    random = np.random.default_rng(seed)
    n_users, n_items = 6, 11
    has = random.random((n_users, n_items)) < random.random((n_users, 1))
    user_codes, item_codes = (codes.astype(np.int32) for codes in np.nonzero(has))
    starts = np.concatenate([[0], np.cumsum(has.sum(axis=1))])
    targets = random.random(len(user_codes), np.float32)
    biases = [random.normal(size=n).astype(np.float32) for n in (n_users, n_items)]
    q, y = (random.normal(size=(n_items, factors)).astype(np.float32) for _ in range(2))
    return random, user_codes, item_codes, starts, targets, biases, q, y


@sizes
def test_the_history_step_agrees_with_its_slow_twin(seed, factors):
    random, _, item_codes, starts, targets, biases, q, y = history_problem(seed, factors)
    given = (
        random.permutation(len(starts) - 1),
        starts,
        item_codes,
        targets,
        random.normal(size=len(targets)).astype(np.float32),
        np.float32(0.4),
        *biases,
        q,
        y,
        np.full(len(q), 0.1, np.float32),
        np.full(len(q), 0.1, np.float32),
        random.random(len(starts) - 1, np.float32),
        random.random(len(q), np.float32),
        random.random(len(q), np.float32),
        np.float32(0.02),
        np.float32(0.05),
    )
    expected = naive.sgd_biased_by_history(*given)
    sgd.sgd_biased_by_history(*given)
    for learned, wanted in zip(given[6:12], expected, strict=True):
        np.testing.assert_allclose(learned, wanted, rtol=2e-3, atol=5e-4)


@sizes
def test_solving_agrees_with_its_slow_twin(seed, factors):
    random, _, item_codes, starts, targets, _, q, _ = history_problem(seed, factors)
    n_users = len(starts) - 1
    weights, spectrum = 1 + random.random(len(q), np.float32), 5 * random.random(factors, np.float32)
    zero, decay = random.random(n_users, np.float32), 1 + random.random(n_users, np.float32)
    given = (starts, item_codes, targets, weights, q, spectrum, zero, decay)
    p = np.full((n_users, factors), np.nan, np.float32)
    solve.solve_users(*given, p)
    np.testing.assert_allclose(p, naive.solve_users(*given), rtol=2e-3, atol=2e-4)


def history_step(factors):
    random, _, item_codes, starts, targets, biases, q, y = history_problem(5, factors)
    history = random.normal(size=len(targets)).astype(np.float32)
    sums = [np.full(len(q), 0.1, np.float32) for _ in range(2)]
    decays = [random.random(n, np.float32) for n in (len(starts) - 1, len(q), len(q))]
    given = (np.arange(len(starts) - 1), starts, item_codes, targets, history, np.float32(0.4), *biases, q, y)
    sgd.sgd_biased_by_history(*given, *sums, *decays, np.float32(0.02), np.float32(0.05))
    return q, y


def solution(factors):
    random, _, item_codes, starts, targets, _, q, _ = history_problem(5, factors)
    weights, spectrum = 1 + random.random(len(q), np.float32), 5 * random.random(factors, np.float32)
    zero, decay = random.random((2, len(starts) - 1), np.float32)
    p = np.empty((len(starts) - 1, factors), np.float32)
    solve.solve_users(starts, item_codes, targets, weights, q, spectrum, zero, decay, p)
    return (p,)


@pytest.mark.parametrize("learn", [history_step, solution])
@pytest.mark.parametrize("factors", [8, 13])
def test_where_the_arrays_lie_changes_no_byte(learn, factors):
    between, found = [], set()
    for size in range(500):
        between.append(np.empty(1 + 613 * size % 3000, np.uint8))
        found.add(tuple(array.tobytes() for array in learn(factors)))
    assert len(found) == 1


def test_solving_works_without_regularization():
    given = (np.array([0, 1]), np.zeros(1, np.int32), np.ones(1, np.float32), np.ones(1, np.float32))
    nothing = np.zeros(1, np.float32)
    q, p = np.ones((1, 3), np.float32), np.empty((1, 3), np.float32)
    solve.solve_users(*given, q, np.zeros(3, np.float32), nothing, nothing, p)
    assert (p @ q.T).item() == pytest.approx(1, rel=1e-3)


def test_solving_against_items_that_are_all_zero_gives_zero():
    given = (np.array([0, 1]), np.zeros(1, np.int32), np.ones(1, np.float32), np.ones(1, np.float32))
    nothing = np.zeros(1, np.float32)
    p = np.full((1, 3), np.nan, np.float32)
    solve.solve_users(*given, np.zeros((1, 3), np.float32), np.zeros(3, np.float32), nothing, nothing, p)
    assert not p.any()


@sizes
def test_matching_without_ones_own_item_agrees_with_its_slow_twin(seed, factors):
    random, user_codes, item_codes, starts, targets, _, q, y = history_problem(seed, factors)
    history = random.normal(size=len(targets)).astype(np.float32)
    p = np.empty((len(starts) - 1, factors), np.float32)
    sgd.mean_rows(starts, item_codes, history, y, p)
    expected = naive.mean_rows(starts, item_codes, history, y, len(p))
    np.testing.assert_allclose(p, expected, rtol=1e-4, atol=1e-4)
    matches = np.empty(len(user_codes), np.float32)
    sgd.match_without_own(user_codes, item_codes, history, p, q, y, np.diff(starts), matches)
    expected = naive.match_without_own(user_codes, item_codes, history, starts, q, y)
    np.testing.assert_allclose(matches, expected, rtol=1e-3, atol=1e-3)


@given(
    seed=st.integers(0, 2**31), count=st.integers(1, 6), extra=st.integers(0, 4), levels=st.integers(1, 50)
)
def test_the_smallest_keys_agree_with_their_slow_twin(seed, count, extra, levels):
    random = np.random.default_rng(seed)
    starts = np.concatenate([[0], np.cumsum(random.integers(0, 15, 8))])
    keys = random.integers(0, levels, starts[-1]).astype(float)
    marks = np.zeros(len(keys), bool)
    top_n.mark_smallest(keys, starts, count + extra, count, marks)
    assert marks.tolist() == naive.mark_smallest(keys, starts, count + extra, count).tolist()
