"""Command `log-mlflow`: log a saved run to an MLflow server."""

from __future__ import annotations

import argparse
from pathlib import Path

from recsys.cli.output import Answer
from recsys.storage.mlflow import log_run


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("run", type=Path, metavar="RUN", help="a file that train or the Train page saved")


def run(options: argparse.Namespace) -> Answer:
    """Log a saved run to the MLflow server that MLFLOW_TRACKING_URI names."""
    run_id = log_run(options.run)
    return Answer({"run_id": run_id}, f"Logged as MLflow run {run_id}.")
