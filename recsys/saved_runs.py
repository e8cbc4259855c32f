"""A trained model in one file: safetensors, with the story of the run as JSON in its header."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numba
import numpy as np
import safetensors
from numpy.typing import NDArray
from safetensors.numpy import save
from scipy import sparse

from recsys import __version__
from recsys.datasets.base import Dataset
from recsys.errors import InputError
from recsys.models import make_model
from recsys.models.base import Model
from recsys.splitting import Split, hold_out
from recsys.training import Epoch

FORMAT = 1
SPARSE_PARTS = ("data", "indices", "indptr")


@dataclass(frozen=True, eq=False)
class SavedRun:
    """A run as it was read: the trained model, its split made anew, and its history."""

    model: Model
    split: Split
    history: list[Epoch]


def save_run(path: Path, dataset: Dataset, split: Split, model: Model, history: Sequence[Epoch]) -> None:
    """Write a run so that the file is there whole or not at all.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    story = {
        "format": FORMAT,
        "model": model.name,
        "settings": model.settings,
        "split": split.settings,
        "data": {"title": dataset.title, "fingerprint": dataset.interactions.fingerprint},
        "history": [asdict(epoch) for epoch in history],
        "versions": {"encore": __version__, "numpy": np.__version__, "numba": numba.__version__},
    }
    write_whole(path, save(_to_arrays(model), metadata={"run": json.dumps(story)}))


def write_whole(path: Path, content: bytes) -> None:
    """Write a file under another name, then rename it: a crash never leaves half a file.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    temporary = None
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            temporary = file.name
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        if temporary is not None:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
        raise InputError(f"{path} cannot be written: {error.strerror}.") from error


def load_run(path: Path, dataset: Dataset) -> SavedRun:
    """Read a run that was trained on this data.

    Raises
    ------
    InputError
        If the file is missing, is no saved run, or was trained on other data.
    """
    try:
        with safetensors.safe_open(path, framework="np") as file:
            story = json.loads((file.metadata() or {})["run"])
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        data, settings = story["data"], story["settings"]
        if story["format"] != FORMAT:
            raise InputError(f"{path} was saved by another version of this program. Train it again.")
        if data["fingerprint"] != dataset.interactions.fingerprint:
            raise InputError(
                f"{path} was trained on other data ({data['title']}) than {dataset.title}. "
                "Open that data, or train again on this."
            )
        model = make_model(story["model"], **settings)
        _from_arrays(model, arrays, dataset)
        history = [Epoch(**epoch) for epoch in story["history"]]
        split = hold_out(dataset.interactions, **story["split"])
    except FileNotFoundError:
        raise InputError(f"There is no file {path}. Train a run first and save it there.") from None
    except InputError:
        raise
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error
    except (safetensors.SafetensorError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(f"{path} is not a saved run of this program, or it is damaged.") from error
    return SavedRun(model, split, history)


def _is_sparse(shape: tuple[str, ...]) -> bool:
    return len(shape) == 2 and set(shape) <= {"users", "items"}


def _to_arrays(model: Model) -> dict[str, NDArray[Any]]:
    """Return what the model has learned; a sparse matrix as the three arrays it is made of."""
    arrays: dict[str, NDArray[Any]] = {}
    for name, shape in model.learned.items():
        value = getattr(model, name)
        if _is_sparse(shape):
            arrays |= {f"{name}.{part}": np.ascontiguousarray(getattr(value, part)) for part in SPARSE_PARTS}
        else:
            arrays[name] = np.array(value, order="C")
    return arrays


def _from_arrays(model: Model, arrays: dict[str, NDArray[Any]], dataset: Dataset) -> None:
    """Put back what was learned, and refuse what does not fit the data: kernels do not check indexes."""
    size = {
        "users": dataset.interactions.n_users,
        "items": dataset.interactions.n_items,
        "factors": model.settings.get("factors"),
    }
    for name, words in model.learned.items():
        shape = tuple(size[word] for word in words)
        if _is_sparse(words):
            parts = [arrays[f"{name}.{part}"] for part in SPARSE_PARTS]
            if any(part.dtype.kind != "i" for part in parts[1:]):
                raise ValueError(f"{name} does not fit the data")
            value = sparse.csr_array(tuple(parts), shape=shape)
            value.check_format(full_check=True)
            numbers = value.data
        else:
            value = numbers = arrays[name]
        if value.shape != shape or not np.isfinite(numbers).all():
            raise ValueError(f"{name} does not fit the data")
        if shape and numbers.dtype != np.float32:
            raise ValueError(f"{name} is not in single precision")
        setattr(model, name, value if shape else float(value))
