"""Command `spark-train`: train on Apache Spark."""

from __future__ import annotations

import argparse

from recsys.cli.arguments import add_columns, add_settings, add_spark
from recsys.cli.model_arguments import chosen_model, model_settings
from recsys.cli.output import Answer, progress
from recsys.evaluation.metrics import spell
from recsys.models import MODELS
from recsys.models.als import ALS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "data",
        metavar="INPUT",
        help="Parquet, or text with titles in its first line, at any path Spark reads",
    )
    parser.set_defaults(model="als", **dict.fromkeys(model_settings()))
    parser.add_argument("--out", required=True, metavar="RUN", help="the folder to write, in any store")
    parser.add_argument("--title", default="", help="what to call it (the name of the input)")
    parser.add_argument(
        "--blocks",
        type=int,
        default=0,
        metavar="NUMBER",
        help="how many blocks Spark cuts users and items into (as many as there are cores, at least 4)",
    )
    add_spark(parser)
    add_columns(parser)
    add_settings(parser, *MODELS["als"].defaults, defaults=False)
    add_settings(parser, "minimum", "hidden", "n")


def run(options: argparse.Namespace) -> Answer:
    """Train the model als on Apache Spark, and write it as a run in parts."""
    # pyspark is optional, and its absence is said by open_session
    from recsys.scale.spark.session import open_session

    model = chosen_model(options)
    assert isinstance(model, ALS)  # noqa: S101 - set above
    split = {"minimum": options.minimum, "hidden": options.hidden, "seed": model.settings["seed"]}
    title = options.title or options.data.rstrip("/").rsplit("/", 1)[-1]
    with open_session(options.master, dict(options.conf)) as spark:
        from recsys.scale.spark import pipeline

        result = pipeline.train(
            spark,
            options.data,
            options.out.rstrip("/"),
            model,
            split,
            options.n,
            options.blocks,
            options.columns,
            title,
            progress,
        )
    figures = result["figures"]
    lines = [
        f"{result['users']:,} listeners, {result['items']:,} artists, {result['pairs']:,} pairs; "
        f"rows left out: {result['rows_left_out']:,}.",
        f"Means over {figures['users']:,} of {figures['all_users']:,} listeners who hide artists:",
        *spell(figures),
        "Seconds: " + ", ".join(f"{step} {took:.1f}" for step, took in result["seconds"].items()) + ".",
        f"Saved as {options.out}.",
    ]
    return Answer(result, "\n".join(lines))
