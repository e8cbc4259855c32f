"""Linear algebra below NumPy, SciPy and numba: its threads, and routines of LAPACK that let other threads work."""

from __future__ import annotations

import ctypes
from functools import cache
from typing import Any

import numpy as np
from numba.extending import get_cython_function_address
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

_Int = ctypes.POINTER(ctypes.c_int)
_ROUTINE = ctypes.CFUNCTYPE(None, ctypes.c_char_p, _Int, ctypes.c_void_p, _Int, _Int)


@cache
def keep_to_one_thread() -> None:
    """Limit BLAS to one thread: on two threads the small products of the SGD kernel took six times as long."""
    import scipy.linalg.cython_blas  # noqa: F401 - the library whose products numba and `implicit` call

    threadpool_limits(1, user_api="blas")


def factorize(matrix: NDArray[np.float32]) -> bool:
    """Replace the lower triangle of a symmetric matrix by its Cholesky factor; return whether it has one.

    Unlike `scipy.linalg.cholesky` it releases the GIL: on a large matrix that would hold up all other threads for
    seconds, those that answer a page included.

    Parameters
    ----------
    matrix : float32 array, shape (n, n)
        In Fortran's order; changed in place. Its upper triangle is neither read nor changed.
    """
    return _in_place("spotrf", matrix)


def invert_factor(matrix: NDArray[np.float32]) -> bool:
    """Replace a Cholesky factor by the lower triangle of the inverse of its matrix; return whether there is one.

    Parameters
    ----------
    matrix : float32 array, shape (n, n)
        As `factorize` leaves it; changed in place.
    """
    return _in_place("spotri", matrix)


def _in_place(name: str, matrix: NDArray[np.float32]) -> bool:
    if matrix.dtype != np.float32 or not matrix.flags.f_contiguous or matrix.ndim != 2:
        raise TypeError("a float32 matrix in Fortran's order is needed")
    size, info = ctypes.c_int(len(matrix)), ctypes.c_int()
    _lapack(name)(b"L", size, matrix.ctypes.data, size, info)
    return info.value == 0


@cache
def _lapack(name: str) -> Any:
    """Return a routine of the LAPACK that SciPy comes with; ctypes releases the GIL while it runs."""
    return _ROUTINE(get_cython_function_address("scipy.linalg.cython_lapack", name))
