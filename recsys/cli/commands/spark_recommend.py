"""Command `spark-recommend`: the lists of all users of a run in parts."""

from __future__ import annotations

import argparse

from recsys.cli.arguments import add_settings, add_spark
from recsys.cli.output import Answer, progress


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("run", metavar="RUN", help="a folder that spark-train wrote")
    parser.add_argument("--out", required=True, metavar="DIR", help="the folder to write Parquet into")
    add_spark(parser)
    add_settings(parser, "n")


def run(options: argparse.Namespace) -> Answer:
    """Recommend to every user of a run in parts, on Apache Spark."""
    # pyspark is optional, and its absence is said by open_session
    from recsys.scale.spark.session import open_session

    with open_session(options.master, dict(options.conf)) as spark:
        from recsys.scale.spark import pipeline

        result = pipeline.recommend(
            spark, options.run.rstrip("/"), options.out.rstrip("/"), options.n, progress
        )
    return Answer(result, f"Wrote the recommendations to {result['users']:,} listeners to {options.out}.")
