"""The vector steps against the plain kernels, and how rows and pairs are laid out."""

import os
import subprocess
import sys
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numba.core.errors import LoweringError

from recsys.kernels import blocked_sgd, sgd, simd
from recsys.models.funk_svd import FunkSVD
from recsys.models.plain_mf import PlainMF
from tests import naive
from tests.conftest import ROOT
from tests.kernels.problems import implicit_problem

# Each length of a row is compiled by itself, so these are few: all widths of vectors, with and without padding.
FACTORS = (1, 3, 4, 7, 8, 12, 15, 16, 17, 20, 50, 128, 256)
sizes = given(seed=st.integers(0, 2**31), factors=st.sampled_from(FACTORS))
RATE, DECAY = 0.01, 0.2


class Problem:
    """Random pairs and rows, and plain copies of what the rows hold."""

    def __init__(self, seed, factors, biased, pairs=60):
        self.random = np.random.default_rng(seed)
        n_users, n_items = 7, 9
        self.user_codes = self.random.integers(0, n_users, pairs).astype(np.int32)
        self.item_codes = self.random.integers(0, n_items, pairs).astype(np.int32)
        self.targets = self.random.random(pairs, np.float32)
        p, q = (self.random.normal(size=(n, factors)).astype(np.float32) for n in (n_users, n_items))
        self.users, self.items = blocked_sgd.Rows(p / factors, biased), blocked_sgd.Rows(q / factors, biased)
        if biased:
            self.users.bias[:] = self.random.normal(size=n_users)
            self.items.bias[:] = self.random.normal(size=n_items)
        self.pairs = blocked_sgd.arrange(
            self.user_codes, self.item_codes, self.targets, self.users, self.items, self.random
        )

    def visits(self, most=1000):
        return [(visit, visit.done) for visit in self.pairs.visits(self.random, most)]

    def learned(self):
        rows = self.users, self.items
        return [array.copy() for side in rows for array in (side.bias, side.factors)]

    def known(self, visit):
        order = np.concatenate([np.arange(*span) for span in zip(visit.starts, visit.ends, strict=True)])
        return (array[order] for array in (self.pairs.user_codes, self.pairs.item_codes, self.pairs.targets))


@pytest.fixture
def no_vectors(monkeypatch):
    """Let every vector kernel fail as it would where it cannot be compiled."""

    def fail(*_):
        raise LoweringError("no such vectors here")

    for name in ("article", "biased_within", "biased_beside", "implicit"):
        monkeypatch.setattr(simd, f"sgd_{name}", fail)
    for name in ("within", "beside"):
        monkeypatch.setattr(simd, f"squared_error_{name}", fail)
    monkeypatch.setattr(blocked_sgd, "_plain_only", threading.Event())


@sizes
def test_the_article_step_in_vectors_agrees_with_its_slow_twin(seed, factors):
    given = Problem(seed, factors, biased=False)
    _, p, _, q = given.learned()
    [(visit, _)] = given.visits()
    expected = naive.sgd_article(*given.known(visit), p, q, RATE, DECAY)
    blocked_sgd.sgd_article(visit, given.pairs, given.users, given.items, RATE, DECAY)
    assert not blocked_sgd._plain_only.is_set()
    for rows, wanted in zip((given.users, given.items), expected, strict=True):
        np.testing.assert_allclose(rows.factors, wanted, rtol=1e-3, atol=1e-4)


@sizes
def test_the_biased_step_in_vectors_agrees_with_its_slow_twin(seed, factors):
    given = Problem(seed, factors, biased=True)
    bu, p, bi, q = given.learned()
    [(visit, _)] = given.visits()
    expected = naive.sgd_biased(*given.known(visit), 0, bu, bi, p, q, RATE, DECAY)
    blocked_sgd.sgd_biased(visit, given.pairs, given.users, given.items, RATE, DECAY)
    assert not blocked_sgd._plain_only.is_set()
    learned = given.users.bias, given.items.bias, given.users.factors, given.items.factors
    for array, wanted in zip(learned, expected, strict=True):
        np.testing.assert_allclose(array, wanted, rtol=1e-3, atol=1e-4)


@sizes
def test_the_implicit_step_in_vectors_agrees_with_its_slow_twin(seed, factors):
    given = Problem(seed, factors, biased=False)
    _, p, _, q = given.learned()
    _, _, *steps, user_spectrum, item_spectrum = implicit_problem(given.random, factors)
    [(visit, _)] = given.visits()
    expected = naive.sgd_implicit(*given.known(visit), p, q, *steps, user_spectrum, item_spectrum, 0.05)
    spectra = user_spectrum, item_spectrum
    blocked_sgd.sgd_implicit(visit, given.pairs, given.users, given.items, steps, spectra, 0.05)
    assert not blocked_sgd._plain_only.is_set()
    learned = given.users.factors, given.items.factors, steps[0]["total"], steps[1]["total"]
    for array, wanted in zip(learned, expected, strict=True):
        np.testing.assert_allclose(array, wanted, rtol=2e-3, atol=2e-4)


@given(seed=st.integers(0, 2**31), factors=st.sampled_from(FACTORS), biased=st.booleans())
def test_the_squared_error_in_vectors_agrees_with_its_slow_twin(seed, factors, biased):
    given = Problem(seed, factors, biased)
    bu, p, bi, q = given.learned()
    known = given.user_codes, given.item_codes, given.targets
    total = blocked_sgd.squared_error(*known, 0.3, given.users, given.items)
    assert not blocked_sgd._plain_only.is_set()
    assert total == pytest.approx(naive.squared_error(*known, 0.3, bu, bi, p, q), rel=1e-4)


@pytest.mark.parametrize("biased", [False, True])
@pytest.mark.parametrize("factors", [3, 4, 16])
def test_where_vectors_do_not_compile_the_plain_kernels_learn_the_same(factors, biased, no_vectors, request):
    def train():
        given = Problem(5, factors, biased)
        for visit, _ in given.visits(most=17):
            if biased:
                blocked_sgd.sgd_biased(visit, given.pairs, given.users, given.items, RATE, DECAY)
            else:
                blocked_sgd.sgd_article(visit, given.pairs, given.users, given.items, RATE, DECAY)
        known = given.user_codes, given.item_codes, given.targets
        return [*given.learned(), blocked_sgd.squared_error(*known, 0.3, given.users, given.items)]

    plain = train()
    assert blocked_sgd._plain_only.is_set()
    request.getfixturevalue("monkeypatch").undo()
    for array, wanted in zip(train(), plain, strict=True):
        np.testing.assert_allclose(array, wanted, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("factors", [3, 16])
def test_where_vectors_do_not_compile_the_plain_implicit_step_learns_the_same(factors, no_vectors, request):
    def train():
        given = Problem(5, factors, biased=False)
        _, _, *steps, user_spectrum, item_spectrum = implicit_problem(given.random, factors)
        spectra = user_spectrum, item_spectrum
        for visit, _ in given.visits(most=17):
            blocked_sgd.sgd_implicit(visit, given.pairs, given.users, given.items, steps, spectra, 0.05)
        return given.learned()

    plain = train()
    assert blocked_sgd._plain_only.is_set()
    request.getfixturevalue("monkeypatch").undo()
    for array, wanted in zip(train(), plain, strict=True):
        np.testing.assert_allclose(array, wanted, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("biased", [False, True])
@pytest.mark.parametrize("factors", FACTORS)
def test_rows_begin_where_a_vector_may_and_their_padding_stays_zero(factors, biased):
    given = Problem(1, factors, biased, pairs=500)
    for visit, _ in given.visits():
        if biased:
            blocked_sgd.sgd_biased(visit, given.pairs, given.users, given.items, RATE, DECAY)
        else:
            blocked_sgd.sgd_article(visit, given.pairs, given.users, given.items, RATE, DECAY)
    for rows in (given.users, given.items):
        assert rows.factors.shape[1] == factors
        assert rows.factors.ctypes.data % simd.CACHE_LINE == 0
        assert 4 * rows.stride % min(simd.CACHE_LINE, 4 * rows.stride) == 0
        whole = np.ndarray((len(rows), rows.stride), np.float32, rows.records)
        padding = np.delete(whole, np.s_[:factors], axis=1)
        if rows.within:
            lane = rows.records.dtype["row"].shape[0] - 1
            assert whole[:, lane].tobytes() == rows.bias.tobytes()
            padding = np.delete(padding, lane - factors, axis=1)
        assert not padding.any()


@pytest.mark.parametrize("model", [PlainMF, FunkSVD])
@pytest.mark.parametrize("factors", [3, 16])
def test_what_is_learned_has_no_padding(model, factors, checkerboard):
    trained = model(factors=factors, epochs=2).fit(checkerboard)
    state = trained.state()
    assert state["user_factors"].shape == (checkerboard.n_users, factors)
    assert state["item_factors"].shape == (checkerboard.n_items, factors)
    assert state["user_bias"].shape == (checkerboard.n_users,)
    assert state["item_bias"].shape == (checkerboard.n_items,)


@pytest.mark.parametrize("model", [PlainMF, FunkSVD])
def test_an_earlier_state_that_is_taken_back_is_what_the_error_is_measured_of(model, checkerboard):
    trained = model(epochs=4)
    epochs = trained.train(checkerboard)
    next(epochs)
    early, error = trained.state(), trained.rmse(checkerboard)
    for _ in epochs:
        pass
    assert trained.rmse(checkerboard) != pytest.approx(error, rel=1e-4)
    trained.load_state(early)
    assert trained.rmse(checkerboard) == pytest.approx(error, rel=1e-5)


@given(
    seed=st.integers(0, 2**31),
    pairs=st.integers(1, 3000),
    group=st.integers(1, 8),
    block=st.integers(1, 10),
    most=st.integers(1, 4000),
)
def test_every_pair_is_visited_once_in_an_epoch(seed, pairs, group, block, most):
    saved = blocked_sgd.GROUP_BYTES, blocked_sgd.BLOCK_BYTES
    blocked_sgd.GROUP_BYTES, blocked_sgd.BLOCK_BYTES = 16 * group, 16 * block
    try:
        given = Problem(seed, 3, biased=True, pairs=pairs)
    finally:
        blocked_sgd.GROUP_BYTES, blocked_sgd.BLOCK_BYTES = saved
    visits = given.visits(most)
    assert [done for _, done in visits] == [*range(most, pairs, most), pairs]
    visited = np.concatenate([np.stack(list(given.known(visit)), axis=1) for visit, _ in visits])
    wanted = np.stack([given.user_codes, given.item_codes, given.targets], axis=1)
    assert sorted(visited.tolist()) == sorted(wanted.tolist())


def test_stripes_of_a_round_share_no_row_and_have_about_as_many_pairs():
    random = np.random.default_rng(3)
    user_codes = np.minimum(random.exponential(60, 40_000), 399).astype(np.int32)
    item_codes = np.minimum(random.exponential(40, 40_000), 299).astype(np.int32)
    rows = [blocked_sgd.Rows(np.zeros((n, 8), np.float32), biased=False) for n in (400, 300)]
    pairs = blocked_sgd.arrange(user_codes, item_codes, np.zeros(40_000, np.float32), *rows, random)
    [(starts, ends, *_)] = pairs.visits(random, 40_000)
    spans = [slice(*span) for span in zip(starts, ends, strict=True)]
    parts = blocked_sgd.STRIPES
    assert len(spans) == parts * parts * blocked_sgd.PARTS
    for first in range(0, len(spans), parts):
        for codes in (pairs.user_codes, pairs.item_codes):
            met = [set(codes[span].tolist()) for span in spans[first : first + parts]]
            assert sum(map(len, met)) == len(set.union(*met))
        sizes = [span.stop - span.start for span in spans[first : first + parts]]
        assert max(sizes) < 2 * np.mean(sizes)


@given(
    seed=st.integers(0, 2**31), pairs=st.integers(0, 300), groups=st.integers(1, 4), blocks=st.integers(1, 4)
)
def test_pairs_are_sorted_into_the_cells_of_the_slow_twin(seed, pairs, groups, blocks):
    random = np.random.default_rng(seed)
    user_codes, item_codes = (random.integers(0, 9, pairs).astype(np.int32) for _ in range(2))
    targets = (10 * user_codes + item_codes).astype(np.float32)
    group_of_user, block_of_item = (random.integers(0, n, 9).astype(np.int32) for n in (groups, blocks))
    starts = np.zeros(groups * blocks + 1, np.int64)
    new = np.empty_like(user_codes), np.empty_like(item_codes), np.empty_like(targets)
    sgd.arrange(
        user_codes, item_codes, targets, group_of_user, block_of_item, groups, starts, *new, np.uint64(seed)
    )
    expected = naive.arrange(user_codes, item_codes, group_of_user, block_of_item, groups)
    assert starts[-1] == pairs
    for cell in range(groups * blocks):
        here = slice(starts[cell], starts[cell + 1])
        found = list(zip(new[0][here].tolist(), new[1][here].tolist(), strict=True))
        assert sorted(found) == sorted(expected.get(cell, []))
        assert new[2][here].tolist() == [10 * u + i for u, i in found]


def test_a_cell_is_shuffled_evenly():
    n, rounds = 6, 6000
    codes, zeros = np.arange(n, dtype=np.int32), np.zeros(n, np.int32)
    targets = np.zeros(n, np.float32)
    seen = np.zeros((n, n), int)
    for seed in range(rounds):
        new = np.empty(n, np.int32), np.empty(n, np.int32), np.empty(n, np.float32)
        sgd.arrange(
            codes, codes, targets, zeros, zeros, 1, np.zeros(2, np.int64), *new, np.uint64(seed << 32)
        )
        seen[np.arange(n), new[0]] += 1
    assert abs(seen - rounds / n).max() < 6 * np.sqrt(rounds / n)


def test_the_next_process_finds_the_compiled_kernels(tmp_path):
    program = (
        "import numpy as np\n"
        "from recsys.kernels import blocked_sgd, simd\n"
        "for factors in (3, 16):\n"
        "    codes = np.arange(3, dtype=np.int32)\n"
        "    rows = [blocked_sgd.Rows(np.ones((3, factors), np.float32), True) for _ in range(2)]\n"
        "    random = np.random.default_rng(0)\n"
        "    pairs = blocked_sgd.arrange(codes, codes, codes.astype(np.float32), *rows, random)\n"
        "    [visit] = pairs.visits(random, 9)\n"
        "    blocked_sgd.sgd_biased(visit, pairs, *rows, 0.1, 0.1)\n"
        "for kernel in (simd.sgd_biased_within, simd.sgd_biased_beside):\n"
        "    print(sum(kernel.stats.cache_hits.values()), sum(kernel.stats.cache_misses.values()))\n"
    )
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path), "PYTHONPATH": str(ROOT)}
    first, second = (
        subprocess.run(
            [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
        ).stdout.split()
        for _ in range(2)
    )
    assert first == ["0", "1"] * 2
    assert second == ["1", "0"] * 2
