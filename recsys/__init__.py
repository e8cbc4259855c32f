"""See, train and judge a music-artist recommender."""

from recsys.kernels import numba_cache

__version__ = "0.1.0"

# Before any module is imported that has kernels: numba looks for a cache when it meets one.
numba_cache.install()
