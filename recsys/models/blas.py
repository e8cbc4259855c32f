"""Threads of the linear algebra below NumPy, SciPy and numba."""

from __future__ import annotations

from functools import cache

from threadpoolctl import threadpool_limits


@cache
def keep_to_one_thread() -> None:
    """Limit BLAS to one thread: on two threads the small products of the SGD kernel took six times as long."""
    import scipy.linalg.cython_blas  # noqa: F401 - the library whose products numba and `implicit` call

    threadpool_limits(1, user_api="blas")
