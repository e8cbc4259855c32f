"""Runs trained elsewhere: what is wrong is said, preparing is all or nothing, and answers are the naive ones."""

import contextlib
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks.large_run import write
from recsys.errors import InputError
from recsys.recommendation.new_user import UserProfile
from recsys.scale.external_runs import ExternalRun, IndexBuild, find_run, find_runs, is_indexed, read_manifest
from recsys.scale.external_runs.external_run import _top_n
from recsys.scale.external_runs.index_build import ArrayWriter, index_root
from recsys.scale.external_runs.label_index import LabelIndex, LabelIndexWriter, normalize
from tests.conftest import ROOT

USERS, ITEMS, FACTORS = 300, 200, 8


@pytest.fixture(autouse=True)
def _folders(tmp_path, monkeypatch):
    monkeypatch.setenv("RECSYS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("RECSYS_RUNS", str(tmp_path / "runs"))


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "runs" / "small"
    write(place, USERS, ITEMS, 4_000, FACTORS)
    return place


@pytest.fixture
def run(folder):
    prepare(folder)
    opened = ExternalRun(read_manifest(folder))
    yield opened
    opened.close()


def prepare(folder: Path) -> IndexBuild:
    work = IndexBuild(read_manifest(folder))
    to_the_end(work)
    return work


def to_the_end(work: IndexBuild) -> None:
    with contextlib.suppress(StopIteration):
        while True:
            work.step()


def column(folder: Path, kind: str, name: str) -> list:
    return [
        value for part in sorted((folder / kind).iterdir()) for value in pq.read_table(part)[name].to_pylist()
    ]


def matrix(folder: Path, kind: str) -> np.ndarray:
    return np.array(column(folder, kind, "factors"), np.float32)


def of_user(folder: Path, kind: str, user: int) -> dict[int, float]:
    rows = zip(*(column(folder, kind, name) for name in ("user", "item", "value")), strict=True)
    return {item: value for who, item, value in rows if who == user}


def change(folder: Path, kind: str, name: str, how) -> None:
    """Write the first part anew with one column changed."""
    part = min((folder / kind).iterdir())
    table = pq.read_table(part)
    values = how(table[name].to_pylist())
    kept = table.slice(0, len(values))
    place = table.schema.get_field_index(name)
    kind_of = (
        None
        if values and isinstance(values[0], str) != (name in ("id", "name"))
        else table.schema.field(name).type
    )
    pq.write_table(kept.set_column(place, name, pa.array(values, kind_of)), part)


def story(**values):
    def damage(folder: Path) -> None:
        path = folder / "run.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | values))

    return damage


def swapped(values: list) -> list:
    return [*values[:5], values[6], values[5], *values[7:]]


def with_third(value):
    return lambda values: [*values[:3], value, *values[4:]]


def test_a_run_is_found_by_its_folder_and_by_its_key(folder, tmp_path, monkeypatch):
    runs, complaints = find_runs()
    assert [run.key for run in runs] == ["run-small"]
    assert complaints == []
    assert find_run("run-small") == runs[0]
    with pytest.raises(InputError, match="There is no run 'other' here"):
        find_run("run-other")
    monkeypatch.setenv("RECSYS_RUNS", str(tmp_path / "nowhere"))
    assert find_runs() == ([], [])
    for named in (folder, folder.parent):
        monkeypatch.setenv("RECSYS_LARGE_RUNS", str(named))
        assert find_run("run-small").items == ITEMS


def test_an_unfinished_and_a_damaged_run_are_named(folder):
    (folder.parent / "going-on" / "known").mkdir(parents=True)
    (folder / "run.json").write_text("{")
    runs, complaints = find_runs()
    assert runs == []
    assert "'going-on' is unfinished" in complaints[0]
    assert "'small' cannot be opened: run.json is not JSON" in complaints[1]


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda folder: (folder / "run.json").unlink(), "small has no run.json"),
        (lambda folder: (folder / "run.json").write_bytes(b"[" * 100_000), "is not JSON"),
        (lambda folder: (folder / "run.json").write_bytes(b" " * 2_000_000), "larger than a megabyte"),
        (story(format=2), "format '2'; this program reads format 1"),
        (story(model="deep"), "a run of 'deep'; runs of 'als' can be opened"),
        (story(users=0), "users must be a whole number from 1"),
        (story(items=True), "items must be a whole number from 1"),
        (story(pairs=10**15), "pairs must be a whole number from 1"),
        (story(factors=5_000), "factors must be a whole number from 1 to 1,024"),
        (story(title=" "), "title is missing or no text"),
        (story(nouns={"reader": "x"}), "nouns may have user, users, item, items"),
        (story(nouns={"user": "<b>"}), "each a word or two of letters"),
        (story(settings=[1]), "settings is missing or no object"),
        (story(figures={"ndcg@10": float("nan")}), "the figure 'ndcg@10' is not a finite number"),
        (lambda folder: min((folder / "known").iterdir()).unlink(), "known/ has no part"),
        (lambda folder: min((folder / "users").iterdir()).write_bytes(b"no"), "it is damaged, or no Parquet"),
        (lambda folder: change(folder, "items", "code", swapped), "after code 4 comes 6"),
        (
            lambda folder: change(folder, "users", "code", lambda codes: [code + 1 for code in codes]),
            "comes 1",
        ),
        (lambda folder: change(folder, "users", "code", lambda codes: codes[:-1]), "users/ has 299 rows"),
        (
            lambda folder: change(folder, "items", "factors", with_third([float("nan")] * FACTORS)),
            "a factor of code 3 is not a finite number",
        ),
        (
            lambda folder: change(folder, "users", "factors", with_third([None] * FACTORS)),
            "a factor of code 3 is not a finite number",
        ),
        (
            lambda folder: change(folder, "users", "factors", with_third([0.0])),
            "code 3 has 1 factors, and run.json says 8",
        ),
        (story(factors=4), "code 0 has 8 factors, and run.json says 4"),
        (lambda folder: change(folder, "items", "name", with_third(None)), "name is missing in a row"),
        (lambda folder: change(folder, "items", "listeners", with_third(-1)), "must be numbers of 0 or more"),
        (lambda folder: change(folder, "items", "id", with_third("a0")), "two rows have the id 'a0'"),
        (lambda folder: change(folder, "users", "id", with_third("u00000000")), "the id 'u00000000'"),
        (lambda folder: change(folder, "known", "user", with_third(200)), "users do not ascend"),
        (lambda folder: change(folder, "known", "item", with_third(ITEMS)), "there is no item 200"),
        (lambda folder: change(folder, "hidden", "item", with_third(-1)), "there is no item -1"),
        (
            lambda folder: change(folder, "known", "value", with_third(float("inf"))),
            "a value is not a number",
        ),
        (
            lambda folder: change(folder, "known", "value", lambda values: [str(value) for value in values]),
            "the column value must be numbers; it is string",
        ),
    ],
)
def test_what_is_wrong_with_a_run_is_said_and_nothing_is_left(folder, damage, said):
    damage(folder)
    with pytest.raises(InputError, match=said.replace("(", r"\(")):
        prepare(folder)
    assert not [path for path in index_root().glob("*") if path.is_dir()]


def test_a_truncated_file_is_explained(folder):
    part = min((folder / "users").iterdir())
    content = bytearray(part.read_bytes())
    content[1_000:3_000] = b"\xff" * 2_000
    part.write_bytes(content)
    with pytest.raises(InputError, match="users/part-00000"):
        prepare(folder)


def test_what_is_recommended_is_what_a_dense_product_ranks_first(folder, run):
    users, items = matrix(folder, "users"), matrix(folder, "items")
    names = column(folder, "items", "name")
    found = 0
    for user in range(0, USERS, 7):
        known, hidden = of_user(folder, "known", user), of_user(folder, "hidden", user)
        scores = items @ users[user]
        scores[list(known)] = -np.inf
        wanted = np.argsort(-scores)[:15]
        existing, recommended = run.recommend(user, 15)
        assert recommended.index.tolist() == wanted.tolist()
        np.testing.assert_allclose(recommended["score"], scores[wanted], rtol=1e-5)
        assert recommended["hit"].tolist() == [code in hidden for code in wanted]
        assert recommended["artist"].tolist() == [names[code] for code in wanted]
        assert dict(zip(existing.index, existing["plays"], strict=True)) == known
        assert existing["plays"].is_monotonic_decreasing
        assert existing["share"].sum() == pytest.approx(1)
        found += recommended["hit"].sum()
    assert found > 0


def test_listeners_and_artists_have_the_codes_of_the_parts(folder, run):
    ids, names = column(folder, "users", "id"), column(folder, "items", "name")
    assert [run.user_code(label) for label in ids] == list(range(USERS))
    assert [run.names[code] for code in range(ITEMS)] == names
    assert [run.item_code(run.items[code]) for code in (0, 7, 199)] == [0, 7, 199]
    assert run.users_from("u000", 1000) == sorted(label for label in ids if label.startswith("u000"))
    assert run.user_code(run.random_user(seed=3)) in range(USERS)
    with pytest.raises(InputError, match=r"There is no listener 'x' in this run\. Try 'u"):
        run.user_code("x")
    with pytest.raises(InputError, match="There is no artist 'x' in this run"):
        run.item_code("x")
    with pytest.raises(InputError, match="There is no listener"):
        run.user_code("\ud800' OR 1=1 --")


def test_those_with_most_listeners_come_first(folder, run):
    listeners = np.array(column(folder, "items", "listeners"))
    assert run.found("", 20).index.tolist() == np.argsort(-listeners, kind="stable")[:20].tolist()
    assert run.plays == pytest.approx(sum(column(folder, "items", "plays")))
    assert run.n_pairs == len(column(folder, "known", "user"))


@pytest.mark.parametrize("from_spark", [True, False])
def test_a_new_user_is_solved_for_as_the_model_is_defined(folder, from_spark):
    if not from_spark:
        story(spark=None)(folder)
    prepare(folder)
    run = ExternalRun(read_manifest(folder))
    items = matrix(folder, "items").astype(np.float64)
    codes, plays = np.array([3, 50, 120, 7]), np.array([100.0, 5.0, 20.0, 0.0])
    y = np.log1p(plays) / np.log1p(plays[:3]).mean()
    confidence = np.ones(ITEMS)
    confidence[codes[:3]] = 20 * y[:3]
    confidence[7] = confidence[codes[:3]].mean()
    wanted = np.zeros(ITEMS)
    wanted[codes[:3]] = 1
    ridge = 0.01 * 3 if from_spark else 80.0
    left = items.T @ np.diag(confidence) @ items + ridge * np.eye(FACTORS)
    expected = np.linalg.solve(left, items.T @ (confidence * wanted))
    np.testing.assert_allclose(run.fold_in(codes, plays), expected, rtol=1e-4)

    taste = UserProfile().choose(3).choose(50, 5).choose(120, 20).put_aside(7, "down").put_aside(9, "hide")
    scores = (items @ expected).astype(np.float32)
    scores[[3, 50, 120, 7, 9]] = -np.inf
    table = run.recommend_to_profile(taste, 12)
    assert table.index.tolist() == np.argsort(-scores)[:12].tolist()
    assert table["because"].str.startswith("because of ").any()
    with pytest.raises(InputError, match="at least one artist that is played"):
        run.recommend_to_profile(UserProfile().put_aside(3, "down"))
    run.close()


def test_a_run_without_its_settings_recommends_but_takes_nobody_new_in(folder):
    story(settings={})(folder)
    prepare(folder)
    run = ExternalRun(read_manifest(folder))
    assert not run.supports_fold_in
    assert not any(run.recommend(0)[1]["names"])
    with pytest.raises(InputError, match="does not say its alpha and regularization"):
        run.fold_in([1], [5.0])
    run.close()


def test_similar_artists_are_those_with_the_largest_cosine(folder, run):
    items, listeners = matrix(folder, "items"), np.array(column(folder, "items", "listeners"))
    unit = items / np.linalg.norm(items, axis=1, keepdims=True)
    cosines = unit @ unit[5]
    cosines[listeners < 5] = 0
    cosines[5] = 0
    similar = run.similar(5, 10)
    assert similar.index.tolist() == np.argsort(-cosines)[:10].tolist()
    np.testing.assert_allclose(similar["cosine"], np.sort(cosines)[::-1][:10], rtol=1e-5)
    groups = list(run.scenes.values())
    assert len({code for group in groups for code in group}) == sum(map(len, groups))


def test_who_plays_nothing_or_everything_gets_what_there_is(folder):
    part = min((folder / "known").iterdir())
    table = pq.read_table(part)
    rest = table.filter(np.array(table["user"].to_pylist()) > 1)
    everything = {"user": [1] * ITEMS, "item": range(ITEMS), "value": [2.0] * ITEMS}
    pq.write_table(pa.concat_tables([pa.table(everything, schema=table.schema), rest]), part)
    prepare(folder)
    run = ExternalRun(read_manifest(folder))
    existing, recommended = run.recommend(0, 10)
    assert (len(existing), len(recommended)) == (0, 10)
    assert not any(recommended["names"])
    existing, recommended = run.recommend(1, 10)
    assert (len(existing), len(recommended)) == (ITEMS, 0)
    run.close()


def test_what_is_open_stays_open_when_it_is_prepared_anew(folder, run):
    before = run.recommend(5)[1]
    story(title="Another")(folder)
    prepare(folder)
    assert run.recommend(5)[1].equals(before)
    assert run.named(before["artist"].iloc[0], 1) == [before.index[0]]


def test_many_threads_look_names_up_at_once(run):
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda code: run.names[code], [*range(ITEMS)] * 5))
    assert found == [run.names[code] for code in range(ITEMS)] * 5


def test_few_items_bring_short_lists():
    scores = np.array([3, 1, 2, 5], np.float32)
    items, found = _top_n(scores, [3], 10)
    assert (items.tolist(), found.tolist()) == ([0, 2, 1], [3, 2, 1])
    assert len(_top_n(np.ones(5, np.float32), [], 2)[0]) == 2


@pytest.fixture
def named(tmp_path):
    artists = [
        "Björk",
        "Sigur Rós",
        "MØ",
        'AC/DC "live"',
        "U2",
        "東京事変",
        "The Beatles",
        "Beat Happening",
        "Straße",
    ]
    artists += ["Heartbeats", "Łąki Łan", "100% Wolf", "naïve_", "Beatbox  Twins"]
    path = tmp_path / "names.sqlite"
    writer = LabelIndexWriter(path)
    writer.add_items(
        (code, len(artists) - code, f"a{code}", name, normalize(name), code, 2.0 * code)
        for code, name in enumerate(artists)
    )
    assert list(writer.index_items(len(artists))) == [len(artists)]
    writer.add_users((code, label) for code, label in enumerate(["b", "aa", "a_", "a%", "ab", "é"]))
    writer.index_users()
    writer.close()
    names = LabelIndex(path)
    yield lambda part, n=9: names.items(names.search(part, n))["artist"].tolist()
    names.close()


@pytest.mark.parametrize(
    ("part", "found"),
    [
        ("bjork", ["Björk"]),
        ("BJÖRK", ["Björk"]),
        ("ros", ["Sigur Rós"]),
        ("mo", ["MØ"]),
        ("stras", ["Straße"]),
        ("laki lan", ["Łąki Łan"]),
        ('dc "li', ['AC/DC "live"']),
        ("u2", ["U2"]),
        ("事", ["東京事変"]),
        ("東京事", ["東京事変"]),
        ("0%", ["100% Wolf"]),
        ("100%", ["100% Wolf"]),
        ("ve_", ["naïve_"]),
        ("beatbox twins", ["Beatbox  Twins"]),
        # those that begin with it first, then those with most listeners: the later ones here
        ("beat", ["Beatbox  Twins", "Beat Happening", "Heartbeats", "The Beatles"]),
        ("  ", []),
        ("nothing", []),
        ("* OR name:", []),
        ("\ud800", []),
        ("a" * 5_000, []),
    ],
)
def test_artists_are_found_by_any_part_of_their_name_with_or_without_accents(named, part, found):
    assert named(part) == found


def test_as_many_artists_are_found_as_were_asked_for(named):
    assert named("beat", 2) == ["Beatbox  Twins", "Beat Happening"]
    assert len(named("a", 3)) == 3


def test_a_preparation_that_was_killed_is_begun_again(folder):
    script = (
        "import os; from pathlib import Path; from recsys.scale.external_runs import *\n"
        f"work = IndexBuild(read_manifest(Path({str(folder)!r})))\n"
        "for _ in range(4): work.step()\n"
        "os._exit(9)"
    )
    killed = subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=False)
    assert killed.returncode == 9
    assert [path.name[:11] for path in index_root().iterdir() if path.is_dir()] == [".unfinished"]
    assert not is_indexed(read_manifest(folder))
    prepare(folder)
    assert is_indexed(read_manifest(folder))
    assert len([path for path in index_root().iterdir() if path.is_dir()]) == 1


def test_one_program_at_a_time_prepares(folder):
    first = IndexBuild(read_manifest(folder))
    first.step()
    with pytest.raises(InputError, match="Another program prepares a run"):
        IndexBuild(read_manifest(folder)).step()
    first.finish()
    assert not [path for path in index_root().iterdir() if path.is_dir()]
    assert prepare(folder).progress == 1


def test_a_run_that_changed_is_prepared_again_and_the_old_one_is_removed(folder):
    prepare(folder)
    before = read_manifest(folder)
    story(title="Another")(folder)
    after = read_manifest(folder)
    assert is_indexed(before)
    assert not is_indexed(after)
    with pytest.raises(InputError, match="not prepared yet"):
        ExternalRun(after)
    prepare(folder)
    assert is_indexed(after)
    assert not is_indexed(before)


def test_a_run_that_changes_meanwhile_is_not_taken(folder):
    work = IndexBuild(read_manifest(folder))
    work.step()
    story(title="Another")(folder)
    with pytest.raises(InputError, match="changed while it was prepared"):
        to_the_end(work)
    assert not [path for path in index_root().iterdir() if path.is_dir()]


def test_what_was_prepared_and_then_damaged_is_prepared_again(folder):
    prepare(folder)
    made = next(path for path in index_root().iterdir() if path.is_dir())
    with (made / "user_factors.npy").open("r+b") as file:
        file.truncate(100)
    assert not is_indexed(read_manifest(folder))
    prepare(folder)
    assert is_indexed(read_manifest(folder))


def test_a_full_disk_is_noticed_before_anything_is_written(folder, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda place: SimpleNamespace(free=10))
    with pytest.raises(InputError, match=r"0.0 GB are free\. Make room"):
        prepare(folder)


def test_an_array_that_is_written_in_parts_is_read_as_a_whole(tmp_path):
    rows = np.arange(21, dtype=np.float32).reshape(7, 3)
    with ArrayWriter(tmp_path / "a.npy", np.float32, (7, 3)) as writer:
        for first in (0, 2, 5):
            writer.append(rows[first : {0: 2, 2: 5, 5: 7}[first]])
    assert (np.load(tmp_path / "a.npy") == rows).all()
    with (
        pytest.raises(InputError, match="changed while it was read"),
        ArrayWriter(tmp_path / "b.npy", "i4", (2,)),
    ):
        pass
