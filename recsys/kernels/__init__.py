"""Compiled numerical kernels."""

from recsys.kernels import numba_cache

# Before any module that has kernels is imported: numba looks for a cache when it meets one.
numba_cache.install()
