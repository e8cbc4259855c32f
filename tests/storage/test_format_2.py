"""Runs saved in format 2, and the links of that time, still open."""

from pathlib import Path

import numpy as np
import pytest

from recsys.experiments.share_link import from_query, to_query
from recsys.models import MODELS
from recsys.storage.model_file import load_run
from recsys.storage.run_store import RunStore

FOLDER = Path(__file__).parent / "format_2"
# Lists of the first three users, three items each, by the program that saved the runs.
LISTS = {
    "implicit": [[36, 22, 20], [1, 13, 23], [4, 28, 0]],
    "als": [[36, 9, 22], [18, 36, 22], [9, 21, 11]],
    "item-knn": [[22, 36, 6], [1, 35, 13], [26, 28, 11]],
    "biased": [[1, 36, 33], [1, 36, 16], [1, 33, 39]],
}
LINKS = {
    "implicit": "factors=2 learning_rate=0.2 regularization=0.035 epochs=2 seed=0",
    "als": "factors=2 alpha=20.0 regularization=80.0 epochs=2 seed=0",
    "item-knn": "weighting=cosine neighbours=3 shrinkage=5.0 plays=log",
    "biased": "factors=2 learning_rate=0.1 regularization=12.0 epochs=2 seed=0",
}
REST = "minimum=10 hidden=3 patience=0 watch=none fingerprint=b92bb9ece30d8f3c"
every_file = pytest.mark.parametrize("name", LISTS)


@every_file
def test_a_saved_run_recommends_what_it_did(name, dataset):
    saved = load_run(FOLDER / f"{name}.safetensors", dataset)
    items, _ = saved.model.recommend(saved.split.train, np.arange(3, dtype=np.int32), 3)
    assert items.tolist() == LISTS[name]
    assert len(saved.history) == saved.model.epochs
    assert np.isfinite(saved.model.fold_in_scores([0, 2, 4])).all()
    error = saved.model.rmse(saved.split.validation)
    assert error is None or np.isfinite(error)


@every_file
def test_a_saved_run_can_be_imported_and_renamed(name, tmp_path, dataset):
    store = RunStore(tmp_path / "runs")
    added = store.add((FOLDER / f"{name}.safetensors").read_bytes())
    assert added.name == f"Old {name}"
    assert store.rename(added.id, "New name").name == "New name"
    assert store.open(added.id, dataset).model.name == name


@every_file
def test_a_link_gives_the_setup_of_the_saved_run(name, tmp_path):
    query = dict(part.split("=") for part in f"model={name} {LINKS[name]} {REST}".split())
    setup, complaints = from_query(query)
    assert complaints == (
        ["Lambda (regularization) 0.035 of this older link is 0.45 on today's scale."]
        if name == "implicit"
        else []
    )
    assert setup == RunStore(tmp_path / "runs").add((FOLDER / f"{name}.safetensors").read_bytes()).setup
    now = {"validation": "0.0"} | ({"regularization": "0.45"} if name == "implicit" else {})
    now |= {"half_life": "0.0"} if "half_life" in MODELS[name].defaults else {}
    assert to_query(setup) == query | now
