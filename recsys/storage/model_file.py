"""File format of trained models: safetensors, with the metadata of the run as JSON in the header."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

import numba
import numpy as np
import safetensors
from numpy.typing import NDArray
from safetensors.numpy import load, save
from scipy import sparse

from recsys import __version__
from recsys.data.dataset import Dataset
from recsys.data.splitting import Split
from recsys.data.ways import make_split
from recsys.errors import InputError
from recsys.experiments.training import Epoch
from recsys.models import MODELS, make_model
from recsys.models.base import Model, SparseShape
from recsys.system.atomic_files import reason, write_atomic

RUN_FORMAT = 3
READABLE_FORMATS = (2, 3)  # 2: `implicit` had other statistics of the data
SPARSE_PARTS = ("data", "indices", "indptr")
MAX_HEADER_BYTES = 4 << 20  # the curve of 5,000 epochs takes one million
MAX_ABS_VALUE = 1e12  # of learned parameters; their products are finite in single precision
# exceptions from reading a damaged file
DAMAGED = (
    *(safetensors.SafetensorError, KeyError, TypeError, ValueError),
    *(AttributeError, IndexError, OverflowError, RecursionError),
)


@dataclass(frozen=True, eq=False)
class SavedRun:
    """A loaded run: the trained model, its hold-out split, its history, and the epoch that was kept."""

    model: Model
    split: Split
    history: list[Epoch]
    kept: int | None = None


def save_run(
    path: Path,
    dataset: Dataset,
    split: Split,
    model: Model,
    history: Sequence[Epoch],
    more: dict[str, Any] | None = None,
) -> None:
    """Write a run to a file, atomically.

    Parameters
    ----------
    path : Path
        Replaced if it exists.
    dataset, split, model, history
        The trained model, its data and its learning curve.
    more : dict, optional
        Additional metadata by name; read back by `read_metadata`.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    metadata = (more or {}) | {
        "format": RUN_FORMAT,
        "model": model.name,
        "settings": model.settings,
        "split": split.settings,
        "data": {"title": dataset.title, "fingerprint": dataset.interactions.fingerprint},
        "history": [asdict(epoch) for epoch in history],
        "versions": {"encore": __version__, "numpy": np.__version__, "numba": numba.__version__},
    }
    content = save(_to_arrays(model))
    start = 8 + int.from_bytes(content[:8], "little")
    arrays = memoryview(content)[start:]
    metadata["arrays"] = hashlib.sha256(arrays).hexdigest()
    write_atomic(path, [_head(json.loads(content[8:start]), metadata), arrays])


def read_metadata(path: Path) -> dict[str, Any]:
    """Read the metadata of a saved run, without its arrays.

    Raises
    ------
    InputError
        If the file is missing or is no saved run.
    """
    return _split_file(path)[0]


def check_content(content: bytes, name: str) -> dict[str, Any]:
    """Validate a saved run in memory and return its metadata.

    Raises
    ------
    InputError
        If it is no saved run, or it is damaged; `name` names it in the sentence.
    """
    with _explained(name):
        metadata, _, start = _split(io.BytesIO(content), name)
        _compare(metadata, hashlib.sha256(memoryview(content)[start:]).hexdigest())
        load(content)
        return metadata


def rewrite_metadata(path: Path, metadata: dict[str, Any]) -> None:
    """Replace the metadata of a saved run; the arrays stay as they are.

    Raises
    ------
    InputError
        If the file is no saved run, or cannot be written.
    """
    _, header, start = _split_file(path)
    try:
        with path.open("rb") as file:
            file.seek(start)
            arrays = file.read()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {reason(error)}") from error
    write_atomic(path, [_head(header, metadata), arrays])


def _head(header: dict[str, Any], metadata: dict[str, Any]) -> bytes:
    """Return the bytes before the arrays: length of the header, and the header with this metadata."""
    text = json.dumps(metadata)
    header["__metadata__"] = {"run": text, "checksum": _checksum(text, header)}
    head = json.dumps(header, separators=(",", ":")).encode()
    head += b" " * (-len(head) % 8)  # arrays start at a multiple of 8
    return len(head).to_bytes(8, "little") + head


def _checksum(text: str, header: dict[str, Any]) -> str:
    """Return the checksum of a header without the checksum itself."""
    entries = {name: entry for name, entry in header.items() if name != "__metadata__"}
    content = text + json.dumps(entries, sort_keys=True)
    return hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()


def _split_file(path: Path) -> tuple[dict[str, Any], dict[str, Any], int]:
    """Return the metadata of a run, its header, and the offset of the arrays."""
    with _explained(path), path.open("rb") as file:
        return _split(file, path)


def _split(file: IO[bytes], path: Path | str) -> tuple[dict[str, Any], dict[str, Any], int]:
    size = int.from_bytes(file.read(8), "little")
    whole = file.seek(0, os.SEEK_END)
    if not 2 <= size <= min(whole - 8, MAX_HEADER_BYTES):
        raise ValueError("no header")
    file.seek(8)
    header = json.loads(file.read(size))
    ends = [entry["data_offsets"][1] for name, entry in header.items() if name != "__metadata__"]
    if max(ends) != whole - 8 - size:
        raise ValueError("not whole")
    text = header["__metadata__"]["run"]
    checksum = _checksum(text, header)
    if header["__metadata__"].get("checksum", checksum) != checksum:
        raise ValueError("changed by accident")
    metadata = json.loads(text)
    if metadata["format"] not in READABLE_FORMATS:
        raise InputError(f"{path} was saved by another version of this program. Train it again.")
    return metadata, header, 8 + size


def _compare(metadata: dict[str, Any], checksum: str) -> None:
    if metadata.get("arrays", checksum) != checksum:
        raise ValueError("changed by accident")


@contextlib.contextmanager
def _explained(path: Path | str) -> Iterator[None]:
    """Turn errors of reading a saved run into an `InputError`."""
    try:
        yield
    except FileNotFoundError:
        raise InputError(f"There is no file {path}. Train a run first and save it there.") from None
    except InputError:
        raise
    except OSError as error:
        raise InputError(f"{path} cannot be read: {reason(error)}") from error
    except DAMAGED as error:
        raise InputError(damaged(path)) from error


def damaged(path: Path | str) -> str:
    """Return the sentence about a damaged file."""
    return f"{path} is not a saved run of this program, or it is damaged. Take a copy that is whole, or train again."


def load_run(path: Path, dataset: Dataset) -> SavedRun:
    """Load a run that was trained on this dataset.

    Raises
    ------
    InputError
        If the file is missing, is no saved run, or was trained on other data.
    """
    with _explained(path):
        with path.open("rb") as file:
            metadata, _, start = _split(file, path)
            file.seek(start)
            _compare(metadata, hashlib.file_digest(file, "sha256").hexdigest())
        data, settings = metadata["data"], saved_settings(metadata)
        if data["fingerprint"] != dataset.interactions.fingerprint:
            raise InputError(
                f"{path} was trained on other data ({data['title']}) than {dataset.title}. "
                "Open that data, or train again on this."
            )
        model = make_model(metadata["model"], **settings)
        with safetensors.safe_open(path, framework="np") as opened:
            arrays = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
        split = make_split(dataset, metadata["split"])
        if metadata["format"] == 2:
            arrays = model.upgrade_arrays(split.train) | arrays
        _from_arrays(model, arrays, dataset)
        history = read_history(metadata["history"])
        kept = metadata.get("kept")
        return SavedRun(model, split, history, kept if isinstance(kept, int) else None)


def saved_settings(metadata: dict[str, Any]) -> dict[str, Any]:
    """Return the settings of a saved run as this version means them.

    Raises
    ------
    KeyError, TypeError
        If they are invalid.
    """
    settings: dict[str, Any] = metadata["settings"]
    model = MODELS.get(metadata["model"])
    return model.upgrade_settings(settings) if model and metadata["format"] == 2 else settings


def read_history(rows: Sequence[dict[str, Any]]) -> list[Epoch]:
    """Convert the rows of `history` in the metadata to epochs.

    Raises
    ------
    KeyError, TypeError, ValueError
        If they are invalid.
    """
    history = [Epoch(**row) for row in rows]
    for epoch in history:
        if not isinstance(epoch.epoch, int) or not isinstance(epoch.seconds, int | float):
            raise TypeError("an epoch is not a number")
        for value in (
            epoch.train_rmse,
            epoch.validation_rmse,
            epoch.validation_mae,
            epoch.ndcg,
            epoch.recall,
        ):
            if value is not None and not isinstance(value, int | float):
                raise TypeError(f"{value!r} was not measured")
    return history


def _to_arrays(model: Model) -> dict[str, NDArray[Any]]:
    """Return the learned arrays of a model, a sparse matrix as its three arrays."""
    arrays: dict[str, NDArray[Any]] = {}
    for name, shape in model.learned.items():
        value = getattr(model, name)
        if isinstance(shape, SparseShape):
            arrays |= {f"{name}.{part}": np.ascontiguousarray(getattr(value, part)) for part in SPARSE_PARTS}
        else:
            arrays[name] = np.array(value, order="C")
    return arrays


def _check_sparse(
    name: str, data: NDArray[Any], indices: NDArray[Any], indptr: NDArray[Any], shape: tuple[Any, ...]
) -> None:
    """Reject an invalid sparse matrix.

    SciPy's check accepts pointers that lead outside: it skips all if the last one is 0, and its differences can
    overflow.
    """
    fits = (
        all(part.ndim == 1 for part in (data, indices, indptr))
        and all(part.dtype.kind == "i" for part in (indices, indptr))
        and len(indptr) == shape[0] + 1
        and indptr[0] == 0
        and indptr[-1] <= len(data) == len(indices)
        and (indptr[1:] >= indptr[:-1]).all()
        and (indices >= 0).all()
        and (indices < shape[1]).all()
    )
    if not fits:
        raise ValueError(f"{name} does not fit the data")


def _from_arrays(model: Model, arrays: dict[str, NDArray[Any]], dataset: Dataset) -> None:
    """Set the learned arrays of a model, and reject those that do not fit the data: kernels do not check indexes."""
    size = model.sizes(dataset.interactions.n_users, dataset.interactions.n_items)
    for name, words in model.learned.items():
        shape = tuple(size[word] for word in words)
        if isinstance(words, SparseShape):
            data, indices, indptr = (arrays[f"{name}.{part}"] for part in SPARSE_PARTS)
            _check_sparse(name, data, indices, indptr, shape)
            value = sparse.csr_array((data, indices, indptr), shape=shape)
            numbers = value.data
        else:
            value = numbers = arrays[name]
        # comparisons with NaN are false
        if value.shape != shape or not (np.abs(numbers) <= MAX_ABS_VALUE).all():
            raise ValueError(f"{name} does not fit the data")
        if shape and numbers.dtype != np.float32:
            raise ValueError(f"{name} is not in single precision")
        setattr(model, name, value if shape else float(value))
