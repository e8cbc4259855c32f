"""See, train and judge a music-artist recommender."""

from recsys import kernel_cache

__version__ = "0.1.0"

# Before any module is imported that has kernels: numba looks for a cache when it meets one.
kernel_cache.install()
