"""Commands that need Apache Spark."""

from __future__ import annotations

import argparse

from recsys.cli.local import Answer, chosen_model, progress_printer


def spark_train(options: argparse.Namespace) -> Answer:
    """Train the model als on Apache Spark, and write it as a run in parts."""
    # Not at the top: whoever does not use Spark need not have it.
    from recsys.scale.spark.session import open_session

    model = chosen_model(options)
    split = {"minimum": options.minimum, "hidden": options.hidden, "seed": model.settings["seed"]}
    title = options.title or options.data.rstrip("/").rsplit("/", 1)[-1]
    with open_session(options.master, dict(options.conf)) as spark:
        from recsys.scale.spark import pipeline

        answer = pipeline.train(
            spark,
            options.data,
            options.out.rstrip("/"),
            model,
            split,
            options.n,
            options.blocks,
            options.columns,
            title,
            progress_printer(options),
        )
    figures = answer["figures"]
    lines = [
        f"{answer['users']:,} listeners, {answer['items']:,} artists, {answer['pairs']:,} pairs; "
        f"rows left out: {answer['rows_left_out']:,}.",
        f"Means over {figures['users']:,} of {figures['all_users']:,} listeners who hide artists:",
        *(f"{name:18} {value:10.4f}" for name, value in figures.items() if "@" in name),
        "Seconds: " + ", ".join(f"{step} {took:.1f}" for step, took in answer["seconds"].items()) + ".",
        f"Saved as {options.out}.",
    ]
    return answer, "\n".join(lines)


def spark_recommend(options: argparse.Namespace) -> Answer:
    """Recommend to every listener of a run in parts, on Apache Spark."""
    from recsys.scale.spark.session import open_session

    with open_session(options.master, dict(options.conf)) as spark:
        from recsys.scale.spark import pipeline

        answer = pipeline.recommend(
            spark, options.run.rstrip("/"), options.out.rstrip("/"), options.n, progress_printer(options)
        )
    return answer, f"Wrote what is recommended to {answer['users']:,} listeners to {options.out}."
