"""Stored layout of the sample's items by the recommended model, so that its map is there at once.

A layout belongs to the factors it was computed from. The file keeps a sketch of them, and `find` returns the layout for
factors with this sketch alone: any other model, setting, seed or dataset is laid out as usual.
`make sample-map` writes the file; `tests/analysis/test_stored_map.py` lays the sample out anew and compares.
"""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recsys.system.atomic_files import write_atomic

FILE = Path(__file__).with_name("sample_map.npz")
# Mean difference of the sketches, at most: it was 0.00002 on a processor without vector units, and 0.004 with a
# regularization of 0.44 in place of 0.45.
ROUNDING = 0.002
SCALE = 32_767  # int16 of the position 1


def find(directions: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Return the stored layout for these directions of item factors, or None if it is of others.

    Parameters
    ----------
    directions : float64 array, shape (n_items, factors)
        Unit vectors.

    Returns
    -------
    float64 array, shape (n_items, 2), or None
        Positions, -1 to 1.
    """
    with np.load(FILE) as stored:
        sketch, positions = stored["sketch"], stored["positions"]
    if len(directions) != len(sketch):
        return None
    if np.abs(_sketch(directions) - sketch.astype(np.float64)).mean() > ROUNDING:
        return None
    return positions.astype(np.float64) / SCALE


def store(directions: NDArray[np.float64], positions: NDArray[np.floating], file: Path = FILE) -> None:
    """Write the layout for these directions, -1 to 1, to a file."""
    content = io.BytesIO()
    np.savez(
        content,
        sketch=_sketch(directions).astype(np.float16),
        positions=np.round(SCALE * np.asarray(positions, np.float64)).astype(np.int16),
    )
    write_atomic(file, content.getvalue())


def _sketch(directions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the cosine of each direction and a drawn mixture of all; a rotation of the factors changes none."""
    probe = np.random.default_rng(0).standard_normal(len(directions)) @ directions
    return np.asarray(directions @ (probe / np.linalg.norm(probe)))
