"""Evaluation of a run on Spark, and the items that workers need for it."""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyspark import cloudpickle
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from recsys.evaluation import accuracy, metrics
from recsys.evaluation.beyond_accuracy import Exposure
from recsys.evaluation.ranked_lists import draw
from recsys.scale.spark import encoding, worker

# Items that pass through the driver at a time, on their way to the workers.
ITEMS_PER_BATCH = 100_000

for module in (worker, accuracy):
    cloudpickle.register_pickle_by_value(module)


def evaluate(
    spark: SparkSession, run: str, n_users: int, n_items: int, split: Mapping[str, int], n: int
) -> dict[str, float]:
    """Evaluate as `recsys.evaluation.metrics.evaluate`, on the same users.

    Metrics of a list and its user's training data (`ListMetric`) are left out.

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
        .join(by_user(known.join(F.broadcast(hiding), "user"), "known"), "user", "left")
        .join(by_user(hidden.join(F.broadcast(hiding), "user"), "hidden"), "user")
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
        exposure = _exposure(measured, known, n_users, n_items, means[0], n)
        figures |= {
            row.name: row.of_exposure(exposure) for row in rows if isinstance(row, metrics.ExposureMetric)
        }
        measured.unpersist()
    return {f"{name}@{n}": value for name, value in figures.items()} | {
        "users": means[0],
        "all_users": all_users,
    }


def by_user(pairs: DataFrame, name: str) -> DataFrame:
    """Collect the items of each user in a column of this name."""
    return pairs.groupBy("user").agg(F.collect_list("item").alias(name))


def _exposure(
    measured: DataFrame, known: DataFrame, n_users: int, n_items: int, n_lists: int, length: int
) -> Exposure:
    """Count how often each item is recommended, as `Exposure.of` does."""
    listeners = known.groupBy("item").agg(F.count("*").alias("listeners")).persist()
    shown = measured.select(F.explode("items").alias("item")).groupBy("item").agg(F.count("*").alias("times"))
    shown = shown.join(listeners, "item", "left").select(
        "times", F.coalesce("listeners", F.lit(0)).alias("listeners")
    )
    times, counts = np.array([tuple(row) for row in shown.collect()], np.int64).reshape(-1, 2).T
    # The popularity rank follows from the number of items with each number of users.
    with_count = np.array(
        [tuple(row) for row in listeners.groupBy("listeners").count().collect()], np.int64
    ).reshape(-1, 2)
    listeners.unpersist()
    with_count = with_count[with_count[:, 0].argsort()]
    above = np.append(with_count[::-1, 1].cumsum()[::-1], 0)
    ranks = 1 + above[np.searchsorted(with_count[:, 0], counts, "right")]
    return Exposure(times, counts, ranks, n_items, n_users, n_lists, length)


@contextmanager
def items_sent(spark: SparkSession, run: str, n_items: int, seed: int) -> Iterator[str]:
    """Send labels and factors of all items to each machine as a file; yield its name.

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
            for first in range(0, n_items, ITEMS_PER_BATCH):
                some = items.where(F.col("code").between(first, first + ITEMS_PER_BATCH - 1)).toArrow()
                some = some.sort_by("code").append_column("turn", pa.array(turns[first : first + len(some)]))
                some = some.combine_chunks()
                if writer is None:
                    writer = pa.ipc.new_file(file, some.schema)
                writer.write_table(some, max_chunksize=worker.ITEMS_AT_ONCE)
            if writer is not None:
                writer.close()
        spark.addArtifacts(path, file=True)
        yield name
