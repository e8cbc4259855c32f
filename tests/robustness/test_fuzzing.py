"""Spoiled input of all kinds: it can be used, or a sentence says why not.

`make fuzz` tries the same with far more of it (tests/robustness/fuzz.py).
"""

from __future__ import annotations

import contextlib
import functools
import io
import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from hypothesis import example, given
from hypothesis import strategies as st

from pages.components.recommend.recommendation import read_dial, read_n, read_variety
from recsys.cli.main import main
from recsys.data.dataset import Dataset
from recsys.data.importing.readers.encoding import ENCODINGS
from recsys.data.importing.readers.text_dialect import DELIMITERS
from recsys.data.importing.schema import survey
from recsys.data.interactions import Interactions
from recsys.data.sources.load import TextForm, is_published, load, published_report, validate
from recsys.data.splitting import hold_out, suited
from recsys.errors import InputError
from recsys.experiments.run_table import RunRecord, run_table
from recsys.experiments.share_link import PLACES, from_query, other_data, to_query
from recsys.experiments.training import Stopping, TrainingRun
from recsys.figures.training import learning_curves
from recsys.models import MODELS, make_model
from recsys.recommendation.new_user import QUERY, UserProfile
from recsys.settings import CHOICES, SETTINGS
from recsys.storage.model_file import load_run, save_run
from recsys.storage.recommendation_lists import read_users
from recsys.storage.run_store import RunStore
from recsys.storage.tables import to_csv
from tests.robustness import seeds

SECONDS = 10.0  # of the processor, for one input
MEMORY = 300 << 20  # bytes more than any input before
WORDS = st.text(max_size=12) | st.sampled_from(
    (
        "",
        "nan",
        "inf",
        "-1",
        "1e400",
        "9" * 5_000,
        "1_0",
        "٣",
        " 7 ",
        "0x10",
        "\0",
        "\ud800",
        "a,b",
        "%zz",
        "%ff",
        "*",
    )
)


@contextlib.contextmanager
def bounded():
    """Refuse what takes far too long or far too much memory."""
    began, most = time.process_time(), peak()
    yield
    assert time.process_time() - began < SECONDS
    assert peak() - most < MEMORY


def peak() -> int:
    if sys.platform == "win32":
        return 0
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


@functools.cache
def dataset() -> Dataset:
    rows = [(user, name, 1 + user * place) for user in range(9) for place, name in enumerate(seeds.NAMES)]
    table = pd.DataFrame(rows, columns=["user", "item", "value"])
    return Dataset("tiny", "Tiny", "", "", Interactions.from_frame(table[table.index % 4 > 0]))


@functools.cache
def saved() -> list[bytes]:
    """Return files of runs: by the command line, and of the store, dense and sparse."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for name in ("biased", "item-knn", "popular"):
            settings = {"epochs": 2, "factors": 2} if "epochs" in MODELS[name].defaults else {}
            run = TrainingRun(make_model(name, **settings), hold_out(dataset().interactions, 3, 1))
            list(run)
            save_run(Path(folder) / "run", dataset(), run.split, run.model, run.history)
            found.append((Path(folder) / "run").read_bytes())
            store = RunStore(Path(folder))
            found.append(store.export(store.save(dataset(), run, name).id))
    return found


# Files


def use(report) -> None:
    """Look at all of a report, and at the data in it."""
    to_csv(report.table())
    dropped = report.dropped.total()
    assert report.rows == report.used + report.left_out + dropped
    assert (report.dataset is None) == bool(report.problem)
    if report.dataset is None:
        return
    known = report.dataset.interactions
    assert len(known) > 0
    assert known.user_codes.max() < known.n_users
    assert known.item_codes.max() < known.n_items
    assert len(known.names) == known.n_items
    assert all(isinstance(name, str) for name in known.names)
    assert np.isfinite(known.values).all()
    assert (known.values > 0).all()
    assert len(known.fingerprint) == 16
    assert known.user_code(str(known.users[0])) == 0
    with contextlib.suppress(InputError):
        hold_out(known, *suited(known))


@given(
    seeds.files(),
    st.builds(
        TextForm,
        st.none() | st.sampled_from([*ENCODINGS]),
        st.none() | st.sampled_from([*DELIMITERS]),
        st.none() | st.booleans(),
    ),
    st.dictionaries(
        st.sampled_from(["user", "item", "value", "name", "repeats"]), st.sampled_from("1234") | WORDS
    ),
)
@example(("a.csv", seeds.FILES["a.csv"]), TextForm(), {"item": ""})
@example(("a.csv", seeds.FILES["a.csv"]), TextForm("utf-16"), {"item": "1"})
@example(("no names.zip", seeds.pack(seeds.ZIPS["movielens.zip"] | {"ml/u.item": "0\n7\n"})), TextForm(), {})
@example(("a.zip", seeds.pack({"abc": "x"}).replace(b"abc", b"\0bc")), TextForm(), {})
def test_a_file_is_read_or_refused(file, text, columns):
    name, content = file
    sources = [(name, io.BytesIO(content))]
    with contextlib.suppress(InputError), bounded():
        if is_published(sources):
            use(published_report(sources))
            return
        found = survey(sources, text=text)
        assert len({len(row) for row in found.table.preview()} | {len(found.table.titles)}) == 1
        if found.columns is not None:
            use(validate(found, found.columns))
        use(validate(found, found.choose(columns)))


@given(seeds.EDITS, seeds.EDITS, st.sampled_from([*seeds.PUBLISHED]))
def test_the_published_files_are_read_or_refused(edits, outer, file):
    files = seeds.PUBLISHED | {file: seeds.spoil(seeds.PUBLISHED[file].encode(), edits)}
    content = seeds.spoil(seeds.pack(files), outer[:1])
    with contextlib.suppress(InputError), bounded():
        use(published_report([("it.zip", io.BytesIO(content))]))


# Saved runs


def spoiled_run(number: int, how: str, edits: list, story: dict) -> bytes:
    """Return a saved run that is spoiled anywhere, or without checksums in its story, its header or its arrays."""
    content = saved()[number % len(saved())]
    if how == "anywhere":
        return seeds.spoil(content, edits)
    size = int.from_bytes(content[:8], "little")
    header, arrays = json.loads(content[8 : 8 + size]), content[8 + size :]
    told = json.loads(header["__metadata__"].pop("run"))
    del told["arrays"]
    if how == "story":
        told = changed(told, story)
    elif how == "arrays":
        arrays = seeds.spoil(arrays, [edit for edit in edits if edit[0] in ("flip", "number")])[: len(arrays)]
    header["__metadata__"] = {"run": json.dumps(told)}
    text = json.dumps(header).encode()
    if how == "header":
        text = seeds.spoil(text, edits)
    return len(text).to_bytes(8, "little") + text + arrays


def changed(told, story: dict):
    """Put values at places of a nested story; a place is a path of names and numbers."""
    for path, value in story.items():
        here = told
        for step in path[:-1]:
            here = (
                here.get(step)
                if isinstance(here, dict)
                else here[0]
                if isinstance(here, list) and here
                else None
            )
        if isinstance(here, dict):
            here[path[-1]] = value
    return told


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**400)
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(
        ["funk", "2024-01-01", "0001-01-01T00:00:00", "9999-12-31T23:59:59-12:00", "rmse", "sample"]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=4,
)
STORY = st.sampled_from(
    [
        *[
            (name,)
            for name in (
                "format",
                "model",
                "settings",
                "split",
                "data",
                "history",
                "versions",
                "label",
                "kept",
            )
        ],
        *[(name,) for name in ("stopping", "references", "key", "arrays")],
        *[("settings", name) for name in ("factors", "epochs", "seed", "new")],
        *[("split", name) for name in ("minimum", "hidden", "seed", "new")],
        *[("data", name) for name in ("title", "fingerprint")],
        *[("label", name) for name in ("name", "pinned", "created")],
        *[("stopping", name) for name in ("watch", "patience", "new")],
        *[("history", name) for name in ("epoch", "train_rmse", "validation_rmse", "seconds", "ndcg", "new")],
        *[("references", "x"), ("versions", "encore")],
    ]
)


@given(
    st.integers(0, 5),
    st.sampled_from(("anywhere", "story", "story", "arrays", "header")),
    seeds.EDITS,
    st.dictionaries(STORY, VALUES, max_size=3),
)
@example(0, "story", [], {("stopping", "patience"): [1]})
@example(0, "story", [], {("split", "minimum"): 10**400})
@example(0, "arrays", [("number", 0.0, 1073)], {})
@example(2, "arrays", [("number", 0.9999, 0)], {})
def test_a_saved_run_is_read_or_refused(number, how, edits, story):
    content = spoiled_run(number, how, edits, story)
    with tempfile.TemporaryDirectory() as folder:
        store = RunStore(Path(folder) / "runs")
        path = Path(folder) / "run.safetensors"
        path.write_bytes(content)
        with contextlib.suppress(InputError), bounded():
            opened = load_run(path, dataset())
            assert opened.model.scores(np.arange(9, dtype=np.int32)).shape == (
                9,
                dataset().interactions.n_items,
            )
            assert (
                TrainingRun.over(opened.model, opened.split, Stopping(), opened.history, opened.kept).progress
                >= 0
            )
        with contextlib.suppress(InputError), bounded():
            entry = store.add(content, "gift")
            assert repr(store.entries()) == repr(([store.get(entry.id)], []))
            assert repr(store.rename(entry.id, "new").history) == repr(entry.history)
            record = RunRecord(entry.id, entry.name, entry.setup, entry.history)
            run_table([record], all_settings=True)
            to_query(entry.setup)
            learning_curves(entry.history, 5, entry.references)


# Addresses


@given(
    st.dictionaries(st.sampled_from([*PLACES, *SETTINGS, *CHOICES, "x"]), WORDS | st.sampled_from([*MODELS]))
)
def test_a_link_is_read_and_comes_back(query):
    with bounded():
        setup, complaints = from_query(query)
        assert all(isinstance(sentence, str) and sentence.endswith(".") for sentence in complaints)
        again, none = from_query(to_query(setup))
        assert (again, none) == (setup, [])
        other_data(setup, dataset())


@given(
    st.dictionaries(st.sampled_from(QUERY), st.lists(WORDS | st.sampled_from(seeds.NAMES)).map(",".join)),
    WORDS,
)
def test_an_address_of_a_listener_is_read(query, word):
    known = dataset().interactions
    with bounded():
        taste, _ = UserProfile.from_query(query, known)
        assert UserProfile.from_query(taste.to_query(known.items), known) == (taste, [])
        known.named(word, 5)
        for read in (read_dial, read_variety, read_n, known.user_code, known.item_code, known.item_named):
            with contextlib.suppress(InputError):
                read(word)
        with contextlib.suppress(InputError):
            read_users(known, [word])


# The command line


@given(
    st.sampled_from(["describe", "recommend", "evaluate", "train"]),
    seeds.files() | st.just(("a.csv", seeds.FILES["a.csv"])),
    st.dictionaries(
        st.sampled_from(["--columns", "-n", "--user", "--minimum", "--hidden", "--seed", "--watch"]), WORDS
    ),
    st.integers(0, 5),
    WORDS,
)
def test_a_command_answers_or_says_why_not(command, file, options, number, place):
    name, content = file
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):  # a place like "" is this folder
        path = Path(folder) / name
        path.write_bytes(content)
        run = Path(folder) / "run"
        run.write_bytes(saved()[number])
        words = [command, str(path) if len(place) % 3 else place]
        words += [word for option, value in options.items() if value[:1] != "-" for word in (option, value)]
        words += {
            "recommend": ["--run", str(run)],
            "train": ["--model", "popular"],
            "evaluate": ["--model", "popular"],
        }.get(command, [])
        told, failed = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(told), contextlib.redirect_stderr(failed), bounded():
            try:
                code = main(words)
            except SystemExit as stopped:
                code = stopped.code
        assert code in (0, 1, 2)
        assert bool(told.getvalue()) == (code == 0) or code == 2
        assert failed.getvalue().startswith({0: "", 1: "error: ", 2: "usage: "}[code])


@given(WORDS | st.text(max_size=300))
def test_data_is_there_or_not(data):
    if data.strip(" /.~") in ("", "sample", "lastfm"):
        return
    with contextlib.suppress(InputError), bounded():
        load(data)
