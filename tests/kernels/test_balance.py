"""The basis in which the pull of all zeros is one number for each factor."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recsys.kernels import balance

sizes = given(seed=st.integers(0, 2**31), factors=st.integers(1, 40))


def sides(seed, factors, n=300):
    random = np.random.default_rng(seed)
    mixing = random.normal(size=(factors, factors))
    rows = [(random.normal(size=(n, factors)) @ mixing / n).astype(np.float32) for _ in range(2)]
    weights = [random.random(n) for _ in range(2)]
    known = np.arange(n)
    return (
        rows,
        weights,
        [balance.WeightedRows(*side) for side in zip(rows, (known, known), weights, strict=True)],
    )


@sizes
def test_both_gram_matrices_become_the_diagonals_that_are_told(seed, factors):
    rows, weights, weighted = sides(seed, factors)
    basis = balance.balance(*(side.gram() for side in weighted))
    for side, turn in zip(weighted, (basis.turn_p, basis.turn_q), strict=True):
        side.turn(turn)
    for array, weight, spectrum in zip(rows, weights, (basis.spectrum_p, basis.spectrum_q), strict=True):
        gram = (array.T * weight) @ array
        np.testing.assert_allclose(gram, np.diag(spectrum), atol=1e-3 * np.trace(gram))


@sizes
def test_no_score_changes(seed, factors):
    (p, q), _, weighted = sides(seed, factors)
    before = p.astype(float) @ q.T.astype(float)
    basis = balance.balance(*(side.gram() for side in weighted))
    for side, turn in zip(weighted, (basis.turn_p, basis.turn_q), strict=True):
        side.turn(turn)
    np.testing.assert_allclose(p @ q.T, before, atol=2e-3 * np.abs(before).max())


def test_fewer_rows_than_factors_have_a_basis_too():
    rows = np.random.default_rng(1).normal(size=(3, 20)).astype(np.float32)
    side = balance.WeightedRows(rows, np.arange(3), np.ones(3))
    basis = balance.balance(side.gram(), np.identity(20))
    assert all(np.isfinite(array).all() for array in basis)


def test_where_all_is_zero_the_basis_stays():
    basis = balance.balance(np.zeros((3, 3)), np.identity(3))
    assert basis.turn_p.tolist() == basis.turn_q.tolist() == np.identity(3).tolist()
    assert not basis.spectrum_p.any()


def test_rows_that_do_not_count_stay_as_they_are():
    rows = np.ones((3000, 4), np.float32)
    known = np.arange(0, 3000, 2)
    side = balance.WeightedRows(rows, known, np.full(1500, 0.5))
    np.testing.assert_allclose(side.gram(), np.full((4, 4), 750), rtol=1e-6)
    side.turn(2 * np.identity(4, np.float32))
    assert (rows[known] == 2).all()
    assert (rows[1::2] == 1).all()


def test_principal_axes_make_a_gram_matrix_diagonal():
    rows = np.random.default_rng(1).normal(size=(50, 6)).astype(np.float32)
    axes, spectrum = balance.principal_axes(rows.T @ rows)
    np.testing.assert_allclose((rows @ axes).T @ (rows @ axes), np.diag(spectrum), atol=1e-3)
    assert (spectrum >= 0).all()
