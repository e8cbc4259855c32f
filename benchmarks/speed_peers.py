"""The libraries that Encore is measured against: each trains on arrays for a number of epochs, in one thread."""

from __future__ import annotations

import contextlib
import ctypes
import io
import os
import platform
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import cornac
import numpy as np
import surprise
from numpy.typing import NDArray

with contextlib.redirect_stdout(io.StringIO()):
    from libmf import mf as libmf


@dataclass(frozen=True, eq=False)
class Ratings:
    """Input of a peer: the pairs in one order, and the settings.

    `p` and `q` are the start that Encore has, for those that let it be given.
    """

    user_codes: NDArray[np.int32]
    item_codes: NDArray[np.int32]
    targets: NDArray[np.float32]
    p: NDArray[np.float32]
    q: NDArray[np.float32]
    learning_rate: float
    regularization: float


Predict = Callable[[NDArray[np.int32], NDArray[np.int32]], NDArray[Any]]


def _predictor(mean: float, bu: Any, bi: Any, p: Any, q: Any) -> Predict:
    def predict(u: NDArray[np.int32], i: NDArray[np.int32]) -> NDArray[Any]:
        return mean + bu[u] + bi[i] + np.einsum("ij,ij->i", p[u], q[i])

    return predict


@lru_cache(maxsize=2)
def _cornac_data(ratings: Ratings) -> Any:
    """Hand the pairs to Cornac, once: at 20 M pairs that takes many times as long as an epoch."""
    users, items = (
        {code: code for code in range(len(rows))} for rows in (ratings.p, ratings.q)
    )  # its own ids, of no use here
    pairs = ratings.user_codes.astype(np.int64), ratings.item_codes.astype(np.int64), ratings.targets
    return cornac.data.Dataset(len(users), len(items), users, items, pairs, seed=0)


def cornac_mf(ratings: Ratings, epochs: int) -> Predict:
    """Train Cornac's MF with biases: the same rule as `funk`, from the same start."""
    model = cornac.models.MF(
        k=ratings.p.shape[1],
        max_iter=epochs,
        learning_rate=ratings.learning_rate,
        lambda_reg=ratings.regularization,
        use_bias=True,
        num_threads=1,
        seed=0,
        init_params={"U": ratings.p.copy(), "V": ratings.q.copy()},
    ).fit(_cornac_data(ratings))
    return _predictor(model.global_mean, model.u_biases, model.i_biases, model.u_factors, model.i_factors)


class _Trainset:
    """The part of a Trainset that Surprise's SVD reads, without its hundred bytes of Python objects for each rating."""

    def __init__(self, ratings: Ratings) -> None:
        self.ratings = ratings
        self.n_users, self.n_items = len(ratings.p), len(ratings.q)
        self.global_mean = float(ratings.targets.mean(dtype=np.float64))

    def all_ratings(self) -> Iterator[tuple[int, int, float]]:
        columns = self.ratings.user_codes, self.ratings.item_codes, self.ratings.targets
        for first in range(0, len(columns[0]), 100_000):
            here = (column[first : first + 100_000].tolist() for column in columns)
            yield from zip(*here, strict=True)


def surprise_svd(ratings: Ratings, epochs: int) -> Predict:
    """Train Surprise's SVD: the same rule as `funk`, from a start of the same spread."""
    model = surprise.PureSVD(
        n_factors=ratings.p.shape[1],
        n_epochs=epochs,
        init_std_dev=float(ratings.p.std()),
        lr_all=ratings.learning_rate,
        reg_all=ratings.regularization,
        random_state=0,
    ).fit(_Trainset(ratings))
    return _predictor(model.trainset.global_mean, model.bu, model.bi, model.pu, model.qi)


class _Problem(ctypes.Structure):
    _fields_ = [
        ("m", ctypes.c_int),
        ("n", ctypes.c_int),
        ("nnz", ctypes.c_longlong),
        ("R", ctypes.c_void_p),
    ]


NODE = np.dtype([("u", np.int32), ("v", np.int32), ("r", np.float32)])


def libmf_trainer(library: ctypes.CDLL, bins: int) -> Callable[[Ratings, int], Predict]:
    """Return a function that trains LIBMF's matrix factorization: no biases, AdaGrad, its own defaults.

    `bins` is the number of parts it cuts users and items into: few suit small data, many large.
    It is called below its Python class, which copies the data twice and never gives memory back.
    """
    train, destroy = library.mf_train, library.mf_destroy_model
    train.restype = ctypes.POINTER(libmf.MFModel)
    train.argtypes = [ctypes.POINTER(_Problem), libmf.MFParam]
    destroy.argtypes = [ctypes.POINTER(ctypes.POINTER(libmf.MFModel))]
    destroy.restype = None

    def fit(ratings: Ratings, epochs: int) -> Predict:
        nodes = np.empty(len(ratings.targets), NODE)
        nodes["u"], nodes["v"], nodes["r"] = ratings.user_codes, ratings.item_codes, ratings.targets
        problem = _Problem(len(ratings.p), len(ratings.q), len(nodes), nodes.ctypes.data)
        options = {name: value for name, _, value in libmf.get_default_options()}
        options |= {
            "k": ratings.p.shape[1],
            "nr_threads": 1,
            "nr_bins": bins,
            "nr_iters": epochs,
            "quiet": True,
        }
        model = train(ctypes.byref(problem), libmf.MFParam(*options.values()))
        found = model.contents
        p, q = (
            np.ctypeslib.as_array(rows, (n, found.k)).copy()
            for rows, n in ((found.P, found.m), (found.Q, found.n))
        )
        mean = found.b
        destroy(ctypes.byref(model))
        predict = _predictor(0.0, np.zeros(len(p)), np.zeros(len(q)), p, q)

        def or_mean(u: NDArray[np.int32], i: NDArray[np.int32]) -> NDArray[Any]:
            # As LIBMF does for users and items it has not seen: their rows are not numbers.
            predicted = predict(u, i)
            return np.where(np.isnan(predicted), mean, predicted)

        return or_mean

    return fit


def _build_libmf(flags: list[str], folder: Path) -> ctypes.CDLL | None:
    """Build LIBMF's vector code, which the package on PyPI leaves out; None where that fails."""
    library = folder / f"libmf{flags[-1]}.so"
    if not library.exists():
        folder.mkdir(parents=True, exist_ok=True)
        download = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:"]
        compiler = shutil.which("c++") or shutil.which("g++")
        if compiler is None:
            return None
        try:
            subprocess.run(  # noqa: S603 - pip, in a folder of ours
                [*download, "--dest", str(folder), "libmf==0.9.2"], check=True
            )
            with tarfile.open(folder / "libmf-0.9.2.tar.gz") as archive:
                archive.extractall(folder, filter="data")
            source = str(folder / "libmf-0.9.2" / "src_cpp" / "mf.cpp")
            options = ["-O3", "-std=c++11", "-fPIC", "-shared", "-march=native", *flags]
            subprocess.run(  # noqa: S603 - a compiler that was found
                [compiler, *options, source, "-o", str(library)], check=True
            )
        except (OSError, subprocess.CalledProcessError, tarfile.TarError):
            return None
    return ctypes.CDLL(str(library))


def peers(folder: Path) -> dict[str, Callable[[Ratings, int], Predict]]:
    """Return how to train each peer, by name.

    Parameters
    ----------
    folder : Path
        Where builds of LIBMF are kept.
    """
    found = {"LIBMF (PyPI)": libmf_trainer(libmf.mf, 20)}
    # On every machine tried its AVX code is faster than its SSE code.
    library = (
        _build_libmf(["-mavx", "-DUSEAVX"], folder) if platform.machine() in ("x86_64", "AMD64") else None
    )
    for bins in (5, 20):
        if library is None:
            break
        found[f"LIBMF (AVX, {bins} bins)"] = libmf_trainer(library, bins)
    return found | {"Cornac MF": cornac_mf, "Surprise SVD": surprise_svd}


def versions() -> dict[str, str]:
    """Return the version of each peer."""
    from importlib.metadata import version

    return {name: version(name) for name in ("libmf", "cornac", "scikit-surprise", "numba", "numpy")} | {
        "python": sys.version.split()[0],
        "cores": str(os.cpu_count()),
    }
