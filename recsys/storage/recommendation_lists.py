"""Recommendation lists of many users, written in blocks of bounded memory."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.data.interactions import Interactions
from recsys.data.splitting import Split
from recsys.errors import InputError
from recsys.evaluation.ranked_lists import find_hits
from recsys.models.base import Model
from recsys.recommendation.reranking import AS_SCORED, Reranking
from recsys.storage.tables import MARK, to_csv
from recsys.system.atomic_files import write_atomic

USERS_PER_BLOCK = 1024


def lists(
    model: Model, split: Split, users: NDArray[np.int32], n: int = 10, reranking: Reranking = AS_SCORED
) -> Iterator[pd.DataFrame]:
    """Recommend to many users, in blocks.

    Parameters
    ----------
    model : Model
        Trained on `split.train`.
    split : Split
    users : int32 array
        User codes.
    n : int
        Length of the lists.
    reranking : Reranking
        Re-ranking of the lists.

    Yields
    ------
    DataFrame
        Columns `listener`, `place` (1 is the best), `item`, `artist`, `score` and `hit` (whether the item
        is held out); rows in the order of `users`.
    """
    for first in range(0, len(users), USERS_PER_BLOCK):
        block = users[first : first + USERS_PER_BLOCK]
        items, scores = reranking.recommend(model, split.train, block, n, split.seed)
        rows, columns = np.nonzero(items >= 0)
        codes = items[rows, columns]
        yield pd.DataFrame(
            {
                "listener": split.train.users[block[rows]],
                "place": columns + 1,
                "item": split.train.items[codes],
                "artist": split.train.names[codes],
                "score": scores[rows, columns],
                "hit": find_hits(items, block, split.held_out)[rows, columns],
            }
        )


def read_users(interactions: Interactions, entries: Iterable[str]) -> NDArray[np.int32]:
    """Return the codes of users, without repetition, from labels or comma-separated lists of labels.

    Raises
    ------
    InputError
        If one is not known.
    """
    known = set(interactions.users.astype(str))
    labels: list[str] = []
    for entry in entries:
        labels += [entry] if entry in known else filter(None, map(str.strip, re.split(r"[,;\n]", entry)))
    return np.array(list(dict.fromkeys(map(interactions.user_code, labels))), np.int32)


def csv(tables: Iterable[pd.DataFrame]) -> Iterator[bytes]:
    """Yield the bytes of one CSV from several tables, escaped as in `tables.to_csv`."""
    for place, table in enumerate(tables):
        whole = to_csv(table)
        yield whole if place == 0 else whole.removeprefix(MARK).split(b"\n", 1)[1]


def json_lines(tables: Iterable[pd.DataFrame]) -> Iterator[bytes]:
    """Yield one line of JSON for each user: `listener` and `recommended`, the best first."""
    for table in tables:
        shown = table[["item", "artist", "score", "hit"]].to_dict("records")
        ends = np.flatnonzero(np.diff(pd.factorize(table["listener"])[0], append=-1)) + 1
        first = 0
        lines = []
        for last, listener in zip(ends.tolist(), table["listener"].iloc[ends - 1].tolist(), strict=True):
            line = {"listener": listener, "recommended": shown[first:last]}
            lines.append(json.dumps(line, ensure_ascii=False) + "\n")
            first = last
        yield "".join(lines).encode("utf-8", "backslashreplace")


WRITERS = {".csv": csv, ".jsonl": json_lines}


def write_lists(
    path: Path,
    model: Model,
    split: Split,
    users: NDArray[np.int32],
    n: int = 10,
    reranking: Reranking = AS_SCORED,
) -> None:
    """Write the lists of many users to a file, in the format of its extension.

    Raises
    ------
    InputError
        If the name ends neither in .csv nor in .jsonl, or the file cannot be written.
    """
    writer = WRITERS.get(path.suffix.lower())
    if writer is None:
        raise InputError(f"{path} must end in {' or '.join(WRITERS)}, for a table or for JSON lines.")
    write_atomic(path, writer(lists(model, split, users, n, reranking)))
