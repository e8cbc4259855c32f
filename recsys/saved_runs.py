"""A trained model in one file: safetensors, with the story of the run as JSON in its header."""

from __future__ import annotations

import contextlib
import json
import math
import os
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numba
import numpy as np
import safetensors
from safetensors.numpy import save

from recsys import __version__
from recsys.datasets.base import Dataset
from recsys.errors import InputError
from recsys.models import make_model
from recsys.models.base import Model
from recsys.splitting import Split, hold_out
from recsys.training import Epoch

FORMAT = 1


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
    arrays = {name: np.array(getattr(model, name), order="C") for name in model.learned}
    write_whole(path, save(arrays, metadata={"run": json.dumps(story)}))


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
        for name in model.learned:
            array = arrays[name]
            setattr(model, name, array if array.ndim else float(array))
        _check_shapes(model, dataset)
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


def _check_shapes(model: Model, dataset: Dataset) -> None:
    """Refuse arrays that do not fit the data: kernels do not check indexes."""
    rows = {"user": dataset.interactions.n_users, "item": dataset.interactions.n_items}
    for name in model.learned:
        value = getattr(model, name)
        if isinstance(value, float):
            if not math.isfinite(value):
                raise ValueError(f"{name} is not finite")
            continue
        shape = (rows[name.split("_")[0]], *([model.settings["factors"]] if "factors" in name else []))
        if value.dtype != np.float32 or value.shape != shape or not np.isfinite(value).all():
            raise ValueError(f"{name} does not fit the data")
