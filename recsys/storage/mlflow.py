"""Export of a saved run to an MLflow tracking server: settings, curves and the file."""

from __future__ import annotations

import math
import os
from datetime import datetime
from pathlib import Path

from recsys.errors import InputError
from recsys.experiments.run_table import everything
from recsys.storage.stored_run import read_stored_run

EXPERIMENT = "Encore"


def log_run(path: Path) -> str:
    """Log a saved run to the server of MLFLOW_TRACKING_URI and return its id there.

    Settings, the data and the versions become parameters and tags, the measurements of each epoch
    metrics, the file an artifact.

    Parameters
    ----------
    path : Path
        A file that `save_run` or `RunStore` wrote.

    Raises
    ------
    InputError
        If no server is named, MLflow is not installed, the file is no saved run, or the server refuses it.
    """
    address = os.environ.get("MLFLOW_TRACKING_URI", "")
    if not address:
        raise InputError("No MLflow server is configured. Set MLFLOW_TRACKING_URI to its address.")
    try:
        from mlflow import MlflowClient
        from mlflow.entities import Metric, Param, RunTag
        from mlflow.exceptions import MlflowException
    except ImportError:
        raise InputError("MLflow is not installed. Run: pip install -r requirements-mlflow.txt") from None
    entry = read_stored_run(path)
    began = int(datetime.fromisoformat(entry.created).timestamp() * 1000)
    metrics, at = [], began
    for epoch in entry.history:
        at += round(epoch.seconds * 1000)
        for name in ("train_rmse", "validation_rmse", "ndcg", "recall", "seconds"):
            value = getattr(epoch, name)
            if value is not None and math.isfinite(value):
                metrics.append(Metric(name, value, at, epoch.epoch))
    params = [Param(name, str(value)) for name, value in everything(entry.setup).items()]
    tags = [RunTag(f"version.{name}", version) for name, version in entry.versions.items()]
    tags.append(RunTag("data", entry.title))
    try:
        client = MlflowClient(address)
        experiment = client.get_experiment_by_name(EXPERIMENT)
        where = experiment.experiment_id if experiment else client.create_experiment(EXPERIMENT)
        run_id = client.create_run(where, start_time=began, run_name=entry.name).info.run_id
        client.log_batch(run_id, params=params, tags=tags)
        for first in range(0, len(metrics), 1000):  # the maximum of a request
            client.log_batch(run_id, metrics=metrics[first : first + 1000])
        client.log_artifact(run_id, str(path))
        client.set_terminated(run_id, end_time=at)
    except (MlflowException, OSError) as error:
        raise InputError(f"MLflow at {address} did not take the run: {str(error)[:300]}") from error
    return run_id
