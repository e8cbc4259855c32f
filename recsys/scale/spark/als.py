"""Training of Implicit ALS with Spark's ALS."""

from __future__ import annotations

import math
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from pyspark.ml.recommendation import ALS as SparkALS
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from recsys.models.als import ALS

CHECKPOINT_EVERY = 5
# Jobs before the first iteration: one checks that there are pairs, then one each for the blocks of users and items.
JOBS_BEFORE = 3

Say = Callable[[str], None]


def spark_regularization(coded: DataFrame, regularization: float) -> float:
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


def spark_context(spark: SparkSession) -> Any:
    """Return the context of a session; None over Spark Connect, which has none."""
    return getattr(spark, "_sc", None)


def cores(spark: SparkSession) -> int:
    """Return how many tasks run at once, as far as that is known here, at least 4."""
    context = spark_context(spark)
    return max(4, context.defaultParallelism if context is not None else 0)


def fit(
    spark: SparkSession,
    coded: DataFrame,
    model: ALS,
    regularization: float,
    blocks: int,
    work: str,
    say: Say,
) -> Any:
    """Return a fitted model of Spark's."""
    settings = model.settings
    als = SparkALS(
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
    context = spark_context(spark)
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
