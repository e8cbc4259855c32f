"""Pipeline on Spark: hold-out, training, evaluation and lists; a run is a folder of Parquet files.

Format 1: `items`, `users`, `known` and `hidden` hold parts sorted by code, one range of codes after another in
the order of the files' names; `run.json` is written last, so that a folder without it is an unfinished run.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyspark
from pyspark import StorageLevel
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from recsys import __version__
from recsys.errors import InputError
from recsys.models.als import ALS
from recsys.scale.spark import encoding, filesystem, worker
from recsys.scale.spark.als import Say, cores, fit, spark_context, spark_regularization
from recsys.scale.spark.evaluation import by_user, evaluate, items_sent

RUN_FORMAT = 1


def train(
    spark: SparkSession,
    path: str,
    out: str,
    model: ALS,
    split: Mapping[str, int],
    n: int,
    blocks: int,
    columns: Mapping[str, str],
    title: str,
    say: Say,
) -> dict[str, Any]:
    """Read pairs, hold out, train, evaluate, and write a run.

    Parameters
    ----------
    spark : SparkSession
    path, out : str
        Input rows, and the folder of the run.
    model : recsys.models.als.ALS
        Untrained, for its settings.
    split : mapping
        `minimum`, `hidden` and `seed`, as in `recsys.data.splitting.hold_out`.
    n : int
        Length of the evaluated lists.
    blocks : int
        Number of blocks of users and of items; 0 for the number of cores, at least 4.
    columns : mapping
        See `encoding.read`.
    title : str
        Title of the run.
    say : function
        Receives sentences about the progress.

    Returns
    -------
    dict
        Contents of `run.json`, and `seconds` by step.

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
            regularization = spark_regularization(coded, model.settings["regularization"])
            factors = fit(spark, coded, model, regularization, blocks or cores(spark), work, say)
        with clock.step("write", "Writing the factors"):
            _write_factors(users, items, factors, model.settings["factors"], out)
            coded.unpersist()
        with clock.step("evaluate", "Measuring what is recommended"):
            figures = evaluate(spark, out, counts["users"], counts["items"], split, n)
    finally:
        filesystem.remove(spark, work)
    run = {
        "format": RUN_FORMAT,
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
    """Progress messages, in Spark's UI as well, and seconds by step."""

    def __init__(self, spark: SparkSession, say: Say) -> None:
        self.context = spark_context(spark)
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
    """Count pairs and refused rows, and check them as a whole.

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
    """Assign codes to users and items.

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
    pairs: DataFrame, users: DataFrame, items: DataFrame, model: ALS, split: Mapping[str, int]
) -> DataFrame:
    """Return all pairs with codes, sorted by user, with columns of `worker.hold_out`."""
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


def _write(table: DataFrame, path: str) -> None:
    table.write.mode("overwrite").parquet(path)


def _write_factors(users: DataFrame, items: DataFrame, fitted: Any, factors: int, out: str) -> None:
    """Write users and items; items without training pairs get zeros."""
    nothing = F.array_repeat(F.lit(0.0).cast("float"), factors)
    for name, table, found in (("users", users, fitted.userFactors), ("items", items, fitted.itemFactors)):
        label = "user" if name == "users" else "item"
        columns = [F.col("code").cast("int").alias("code"), F.col(label).alias("id")]
        if name == "items":
            columns += [F.col("name"), F.col("listeners"), F.col("plays").cast("double").alias("plays")]
        joined = table.join(found, table["code"] == found["id"], "left")
        joined = joined.select(*columns, F.coalesce("features", nothing).alias("factors"))
        _write(joined.repartitionByRange("code").sortWithinPartitions("code"), f"{out}/{name}")


def read_run(spark: SparkSession, run: str) -> dict[str, Any]:
    """Read `run.json`.

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
        if found["format"] != RUN_FORMAT:
            raise InputError(f"{run} was written by another version of this program. Train it again.")
        int(found["items"])
    except (ValueError, KeyError, TypeError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{run}/run.json is damaged.") from error
    return found


def recommend(spark: SparkSession, run: str, out: str, n: int, say: Say) -> dict[str, Any]:
    """Write the `n` best unseen items of each user as Parquet.

    Columns `user` (text), `rank` (int, from 1), `item`, `name` (text) and `score` (float).

    Raises
    ------
    InputError
        If there is no finished run, or something is at `out` already.
    """
    found = read_run(spark, run)
    if filesystem.exists(spark, out):
        raise InputError(f"There is something at {out} already. Choose another folder, or remove it first.")
    known = by_user(spark.read.parquet(f"{run}/known"), "known").withColumnRenamed("user", "code")
    users = spark.read.parquet(f"{run}/users").join(known, "code", "left").select("id", "factors", "known")
    say(f"Sending {found['items']:,} artists to the workers ...")
    with items_sent(spark, run, found["items"], found["split"]["seed"]) as file:

        def work(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            return worker.recommend(batches, file, n)

        say(f"Recommending to {found['users']:,} listeners ...")
        lists = users.mapInArrow(work, "user string, rank int, item string, name string, score float")
        lists.write.parquet(out)
    return {"users": found["users"], "folder": out, "n": n}
