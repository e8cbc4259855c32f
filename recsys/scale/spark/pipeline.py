"""Training, measuring and recommending on Spark; a run is a folder of Parquet files.

Format 1: `items`, `users`, `known` and `hidden` hold parts sorted by code, one range of codes after another in
the order of the files' names; `run.json` is written last, so that a folder without it is an unfinished run.
"""

from __future__ import annotations

import json
import math
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyspark
from pyspark import StorageLevel, cloudpickle
from pyspark.ml.recommendation import ALS
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from recsys import __version__
from recsys.errors import InputError
from recsys.evaluation import accuracy, metrics
from recsys.evaluation.beyond_accuracy import Exposure
from recsys.evaluation.ranked_lists import draw
from recsys.models.als import ALS as Local
from recsys.scale.spark import encoding, filesystem, worker

FORMAT = 1
# Items that pass through the driver at a time, on their way to the workers.
ITEMS_AT_ONCE = 100_000
CHECKPOINT_EVERY = 5

Say = Callable[[str], None]

for module in (worker, accuracy):
    cloudpickle.register_pickle_by_value(module)


def train(
    spark: SparkSession,
    path: str,
    out: str,
    model: Local,
    split: Mapping[str, int],
    n: int,
    blocks: int,
    columns: Mapping[str, str],
    title: str,
    say: Say,
) -> dict[str, Any]:
    """Read, hide, train, measure and write a run.

    Parameters
    ----------
    spark : SparkSession
    path, out : str
        Where the rows are, and the folder of the run.
    model : recsys.models.als.ALS
        Untrained, for its settings.
    split : mapping
        `minimum`, `hidden` and `seed`, as in `recsys.data.splitting.hold_out`.
    n : int
        Length of the lists that are measured.
    blocks : int
        Into how many blocks Spark cuts users and items; 0 for as many as the session has cores, at least 4.
    columns : mapping
        See `tables.read`.
    title : str
        What the run is called.
    say : function
        Takes a sentence about what is being done.

    Returns
    -------
    dict
        What `run.json` holds, and `seconds` by step.

    Raises
    ------
    InputError
        If the rows cannot be used, or a finished run is there already.
    """
    if split["hidden"] >= split["minimum"]:
        raise InputError(
            "A listener must have more artists than are hidden. Hide fewer, or ask for more artists."
        )
    if filesystem.exists(spark, f"{out}/run.json"):
        raise InputError(f"There is a finished run at {out}. Choose another folder, or remove it first.")
    work = f"{out}/_work"
    clock = _Clock(spark, say)
    try:
        with clock.step("read", f"Reading {path}"):
            rows = encoding.read(spark, path, columns)
            _write(encoding.pairs_of(encoding.usable(rows.table)), f"{work}/pairs")
            pairs = spark.read.parquet(f"{work}/pairs")
            counts = _count(rows, pairs)
        with clock.step("split", "Hiding artists of each listener"):
            users, items = _number(rows, pairs, split, work)
            counts |= {"users": users.count(), "items": items.count()}
            coded = _hide(pairs, users, items, model, split).persist(StorageLevel.DISK_ONLY)
            for name, part in (("known", ~F.col("hidden")), ("hidden", F.col("hidden"))):
                kept = coded.where(part).select("user", "item", "value")
                _write(kept.sortWithinPartitions("user", "item"), f"{out}/{name}")
        with clock.step("train", "Training"):
            regularization = _regularization(coded, model.settings["regularization"])
            factors = _fit(spark, coded, model, regularization, blocks or _cores(spark), work, say)
        with clock.step("write", "Writing the factors"):
            _write_factors(users, items, factors, model.settings["factors"], out)
            coded.unpersist()
        with clock.step("evaluate", "Measuring what is recommended"):
            figures = evaluate(spark, out, counts["users"], counts["items"], split, n)
    finally:
        filesystem.remove(spark, work)
    run = {
        "format": FORMAT,
        "model": model.name,
        "target": model.target,
        "settings": model.settings,
        "split": dict(split),
        "figures": figures,
        "title": title,
        **counts,
        "factors": model.settings["factors"],
        "spark": {"regParam": regularization},
        "versions": {"encore": __version__, "spark": pyspark.__version__, "numpy": np.__version__},
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    filesystem.write_file(spark, f"{out}/run.json", json.dumps(run, indent=1, ensure_ascii=False).encode())
    return run | {"seconds": clock.seconds}


class _Clock:
    """Says what is being done, to Spark's own pages as well, and how long it took."""

    def __init__(self, spark: SparkSession, say: Say) -> None:
        self.context = _context(spark)
        self.say = say
        self.seconds: dict[str, float] = {}

    @contextmanager
    def step(self, name: str, doing: str) -> Iterator[None]:
        self.say(f"{doing} ...")
        if self.context is not None:
            self.context.setJobDescription(name)
        started = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - started


def _count(rows: encoding.Rows, pairs: DataFrame) -> dict[str, int]:
    """Count pairs and refused rows, and say what is wrong with them as a whole.

    Raises
    ------
    InputError
        If nothing is left, or a row would have to be the last of several.
    """
    n_pairs, used = pairs.agg(F.count("*"), F.coalesce(F.sum("rows"), F.lit(0))).first()
    if not n_pairs:
        raise InputError(
            "No row can be used: each needs a listener, an artist and a number of plays above 0."
        )
    if used > n_pairs and rows.columns.repeats == "last":
        raise InputError(
            f"{used - n_pairs:,} rows are about a pair that another row is about, too. In Spark rows have no order, "
            "so none is the last. Add them up with --columns repeats=sum, or remove them first."
        )
    return {"pairs": n_pairs, "rows_left_out": rows.table.count() - used}


def _number(
    rows: encoding.Rows, pairs: DataFrame, split: Mapping[str, int], work: str
) -> tuple[DataFrame, DataFrame]:
    """Give users and items their codes.

    Returns
    -------
    users : DataFrame
        `user` (the label), `n`, `code` by label and `start` (pairs of all users before).
    items : DataFrame
        `item`, `name`, `listeners`, `plays`, `code` by descending listeners and `place` by label.
    """
    spark = pairs.sparkSession
    users = pairs.groupBy("user").agg(F.count("*").alias("n"))
    running = {"code": F.lit(1), "start": F.col("n")}
    users = encoding.number(users, [encoding.in_order(users, "user")], running, f"{work}/users")
    items = pairs.groupBy("item").agg(F.count("*").alias("listeners"), F.sum("value").alias("plays"))
    if rows.columns.name:
        items = items.join(encoding.names_of(encoding.usable(rows.table)), "item", "left")
        items = items.withColumn("name", F.coalesce("name", "item"))
    else:
        items = items.withColumn("name", F.col("item"))
    label = encoding.in_order(items, "item")
    items = encoding.number(items, [label], {"place": F.lit(1)}, f"{work}/places")
    items = encoding.number(items, [F.desc("listeners"), label], {"code": F.lit(1)}, f"{work}/items")
    most, n_users, n_items = users.agg(F.max("n"), F.count("*")).first() + items.agg(F.count("*")).first()
    if n_users < 2 or n_items < 2:
        raise InputError(
            f"There are {n_users:,} listeners and {n_items:,} artists. A recommender needs at least two of each."
        )
    if most < split["minimum"]:
        raise InputError(
            f"No listener has {split['minimum']} artists; the most is {most}. Ask for fewer to take part: --minimum."
        )
    for name, table in (("users", users), ("items", items)):
        table.write.mode("overwrite").parquet(f"{work}/coded-{name}")
    return spark.read.parquet(f"{work}/coded-users"), spark.read.parquet(f"{work}/coded-items")


def _hide(
    pairs: DataFrame, users: DataFrame, items: DataFrame, model: Local, split: Mapping[str, int]
) -> DataFrame:
    """Return all pairs with codes, sorted by user: see `arrays.hold_out` for the columns."""
    user = users.select("user", F.col("code").cast("int").alias("user_code"), "start")
    item = items.select("item", F.col("code").cast("int").alias("item_code"), "place")
    coded = (
        pairs.join(user, "user")
        .join(item, "item")
        .select(F.col("user_code").alias("user"), F.col("item_code").alias("item"), "place", "start", "value")
        .repartitionByRange("user")
        .sortWithinPartitions("user", "place")
    )
    settings = (split["minimum"], split["hidden"], split["seed"], model.settings["alpha"])

    def hold_out(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        return worker.hold_out(batches, *settings)

    return coded.mapInArrow(hold_out, "user int, item int, value float, weight float, hidden boolean")


def _regularization(coded: DataFrame, regularization: float) -> float:
    """Return Spark's `regParam` that comes nearest to a setting of the model `als`.

    That model adds lambda |p_u|^2 for each user and lambda |q_i|^2 for each item; Spark adds
    regParam n_u |p_u|^2 and regParam n_i |q_i|^2, where n counts known pairs. With p to s p and q to q / s all
    scores stay as they are, so that only the product of both sides' lambdas matters. The n that a known
    pair meets is on average N = (sum of n^2) / (sum of n), hence regParam = lambda / sqrt(N_users N_items).
    Where all users and all items have the same n the two are the same; else rare ones are held less by
    Spark and popular ones more.

    References
    ----------
    Y. Zhou, D. Wilkinson, R. Schreiber, R. Pan, "Large-Scale Parallel Collaborative Filtering for the Netflix
    Prize", AAIM 2008, equation 2: the weighting that Spark follows.
    """
    known = coded.where(~F.col("hidden"))
    met = [
        known.groupBy(side).count().agg(F.sum(F.col("count").cast("double") ** 2) / F.sum("count")).first()[0]
        for side in ("user", "item")
    ]
    return regularization / math.sqrt(met[0] * met[1])


def _context(spark: SparkSession) -> Any:
    """Return the context of a session; None over Spark Connect, which has none."""
    return getattr(spark, "_sc", None)


def _cores(spark: SparkSession) -> int:
    """Return how many tasks run at once, as far as that is known here, at least 4."""
    context = _context(spark)
    return max(4, context.defaultParallelism if context is not None else 0)


def _fit(
    spark: SparkSession,
    coded: DataFrame,
    model: Local,
    regularization: float,
    blocks: int,
    work: str,
    say: Say,
) -> Any:
    """Return a fitted model of Spark's."""
    settings = model.settings
    als = ALS(
        rank=settings["factors"],
        maxIter=settings["epochs"],
        regParam=regularization,
        seed=settings["seed"],
        implicitPrefs=True,
        # The weights hold it already: Spark's confidence is 1 + alpha r, that of `als` alpha y.
        alpha=1.0,
        userCol="user",
        itemCol="item",
        ratingCol="weight",
        numUserBlocks=blocks,
        numItemBlocks=blocks,
        checkpointInterval=CHECKPOINT_EVERY,
    )
    known = coded.where(~F.col("hidden")).select("user", "item", "weight")
    context = _context(spark)
    if context is None:
        return als.fit(known)
    context.setCheckpointDir(f"{work}/checkpoints")
    with _watched(context, settings["epochs"], say):
        return als.fit(known)


@contextmanager
def _watched(context: Any, epochs: int, say: Say) -> Iterator[None]:
    """Say how far Spark is: each of its iterations sums up the squares of users, then of items, in a job each."""
    group, done = f"encore-{uuid.uuid4().hex}", threading.Event()

    def watch() -> None:
        said = 0
        while not done.wait(1.0):
            jobs = len(context.statusTracker().getJobIdsForGroup(group))
            iteration = min(epochs, (jobs - JOBS_BEFORE) // 2)
            if iteration > said:
                said = iteration
                say(f"Iteration {iteration} of {epochs} ...")

    thread = threading.Thread(target=watch, daemon=True)
    context.setJobGroup(group, "train", interruptOnCancel=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
        context.setLocalProperty("spark.jobGroup.id", None)


# Before the first iteration: whether there are pairs at all, then the blocks of users and of items.
JOBS_BEFORE = 3


def _write(table: DataFrame, path: str) -> None:
    table.write.mode("overwrite").parquet(path)


def _write_factors(users: DataFrame, items: DataFrame, fitted: Any, factors: int, out: str) -> None:
    """Write users and items; an item that nobody knows in training has zeros."""
    nothing = F.array_repeat(F.lit(0.0).cast("float"), factors)
    for name, table, found in (("users", users, fitted.userFactors), ("items", items, fitted.itemFactors)):
        label = "user" if name == "users" else "item"
        columns = [F.col("code").cast("int").alias("code"), F.col(label).alias("id")]
        if name == "items":
            columns += [F.col("name"), F.col("listeners"), F.col("plays").cast("double").alias("plays")]
        joined = table.join(found, table["code"] == found["id"], "left")
        joined = joined.select(*columns, F.coalesce("features", nothing).alias("factors"))
        _write(joined.repartitionByRange("code").sortWithinPartitions("code"), f"{out}/{name}")


def evaluate(
    spark: SparkSession, run: str, n_users: int, n_items: int, split: Mapping[str, int], n: int
) -> dict[str, float]:
    """Measure as `recsys.evaluation.metrics.evaluate` does, on the same users.

    Metrics that need a whole list with its items' neighbours or text (`ListMetric`) are left out.

    Parameters
    ----------
    spark : SparkSession
    run : str
        A folder with `users`, `items`, `known` and `hidden`.
    n_users, n_items : int
    split : mapping
        `seed` decides which users are drawn where there are many.
    n : int
        Length of the lists.
    """
    known, hidden = spark.read.parquet(f"{run}/known"), spark.read.parquet(f"{run}/hidden")
    hiding = hidden.select("user").distinct()
    all_users = hiding.count()
    if all_users > metrics.MOST_USERS:
        drawn = draw(all_users, metrics.MOST_USERS, split["seed"])
        places = encoding.number(hiding, [F.col("user")], {"turn": F.lit(1)}, f"{run}/_work/hiding")
        chosen = spark.createDataFrame([(place,) for place in drawn.tolist()], "turn bigint")
        hiding = places.join(F.broadcast(chosen), "turn").select("user")
    users = spark.read.parquet(f"{run}/users").select(F.col("code").alias("user"), "factors")
    together = (
        users.join(F.broadcast(hiding), "user")
        .join(_by_user(known.join(F.broadcast(hiding), "user"), "known"), "user", "left")
        .join(_by_user(hidden.join(F.broadcast(hiding), "user"), "hidden"), "user")
        .select("factors", "known", "hidden")
    )
    rows = metrics.METRICS.values()
    formulas = {row.name: row.of_hits for row in rows if isinstance(row, metrics.HitMetric)}
    kinds = ", ".join(["items array<int>", *(f"{name} double" for name in formulas)])
    with items_sent(spark, run, n_items, split["seed"]) as file:

        def measure(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            return worker.measure(batches, file, n, formulas)

        measured = together.mapInArrow(measure, kinds).persist()
        means = measured.agg(F.count("*"), *(F.avg(name) for name in formulas)).first()
        figures = dict(zip(formulas, means[1:], strict=True))
        exposure = _exposure(measured, known, n_users, n_items)
        figures |= {
            row.name: row.of_exposure(exposure) for row in rows if isinstance(row, metrics.ExposureMetric)
        }
        measured.unpersist()
    return {f"{name}@{n}": value for name, value in figures.items()} | {
        "users": means[0],
        "all_users": all_users,
    }


def _by_user(pairs: DataFrame, name: str) -> DataFrame:
    return pairs.groupBy("user").agg(F.collect_list("item").alias(name))


def _exposure(measured: DataFrame, known: DataFrame, n_users: int, n_items: int) -> Exposure:
    """Count how often each item is recommended, as `Exposure.of` does."""
    listeners = known.groupBy("item").agg(F.count("*").alias("listeners")).persist()
    shown = measured.select(F.explode("items").alias("item")).groupBy("item").agg(F.count("*").alias("times"))
    shown = shown.join(listeners, "item", "left").select(
        "times", F.coalesce("listeners", F.lit(0)).alias("listeners")
    )
    times, counts = np.array([tuple(row) for row in shown.collect()], np.int64).reshape(-1, 2).T
    # How many items have each number of listeners tells the place of all of them.
    with_count = np.array(
        [tuple(row) for row in listeners.groupBy("listeners").count().collect()], np.int64
    ).reshape(-1, 2)
    listeners.unpersist()
    with_count = with_count[with_count[:, 0].argsort()]
    above = np.append(with_count[::-1, 1].cumsum()[::-1], 0)
    ranks = 1 + above[np.searchsorted(with_count[:, 0], counts, "right")]
    return Exposure(times, counts, ranks, n_items, n_users)


@contextmanager
def items_sent(spark: SparkSession, run: str, n_items: int, seed: int) -> Iterator[str]:
    """Send labels and factors of all items to the machines of all workers, a file each; yield its name.

    It is mapped into memory, so that the workers of one machine share it: 4 bytes for each factor, and
    the labels. It passes through a file of the driver, never as a whole through its memory. Equal scores
    are put in order by the seed, as `Model.recommend` does it.
    """
    turns = np.empty(n_items, np.int32)
    turns[np.random.default_rng(seed).permutation(n_items)] = np.arange(n_items, dtype=np.int32)
    name = f"encore-items-{uuid.uuid4().hex}.arrow"
    items = spark.read.parquet(f"{run}/items").select("code", "id", "name", "factors")
    # Machines fetch the file when their first task needs it.
    with tempfile.TemporaryDirectory(prefix="encore-") as folder:
        path = str(Path(folder, name))
        with pa.OSFile(path, "wb") as file:
            writer = None
            for first in range(0, n_items, ITEMS_AT_ONCE):
                some = items.where(F.col("code").between(first, first + ITEMS_AT_ONCE - 1)).toArrow()
                some = some.sort_by("code").append_column("turn", pa.array(turns[first : first + len(some)]))
                some = some.combine_chunks()
                if writer is None:
                    writer = pa.ipc.new_file(file, some.schema)
                writer.write_table(some, max_chunksize=worker.ITEMS_AT_ONCE)
            if writer is not None:
                writer.close()
        spark.addArtifacts(path, file=True)
        yield name


def read_run(spark: SparkSession, run: str) -> dict[str, Any]:
    """Return what `run.json` holds.

    Raises
    ------
    InputError
        If there is no finished run.
    """
    text = filesystem.read_file(spark, f"{run}/run.json")
    if text is None:
        raise InputError(f"There is no finished run at {run}: it has no run.json. Train it with spark-train.")
    try:
        found = json.loads(text)
        if found["format"] != FORMAT:
            raise InputError(f"{run} was written by another version of this program. Train it again.")
        int(found["items"])
    except (ValueError, KeyError, TypeError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{run}/run.json is damaged.") from error
    return found


def recommend(spark: SparkSession, run: str, out: str, n: int, say: Say) -> dict[str, Any]:
    """Write the `n` best items of each user that they do not know into Parquet.

    Columns `user` (text), `rank` (int, from 1), `item`, `name` (text) and `score` (float).

    Raises
    ------
    InputError
        If there is no finished run, or something is at `out` already.
    """
    found = read_run(spark, run)
    if filesystem.exists(spark, out):
        raise InputError(f"There is something at {out} already. Choose another folder, or remove it first.")
    known = _by_user(spark.read.parquet(f"{run}/known"), "known").withColumnRenamed("user", "code")
    users = spark.read.parquet(f"{run}/users").join(known, "code", "left").select("id", "factors", "known")
    say(f"Sending {found['items']:,} artists to the workers ...")
    with items_sent(spark, run, found["items"], found["split"]["seed"]) as file:

        def work(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            return worker.recommend(batches, file, n)

        say(f"Recommending to {found['users']:,} listeners ...")
        lists = users.mapInArrow(work, "user string, rank int, item string, name string, score float")
        lists.write.parquet(out)
    return {"users": found["users"], "folder": out, "n": n}
