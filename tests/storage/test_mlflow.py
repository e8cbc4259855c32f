"""A saved run on an MLflow server: a local store stands in for one."""

import subprocess
import sys

import pytest

from recsys.cli.main import main
from recsys.data.dataset import Dataset
from recsys.errors import InputError
from recsys.experiments.training import TrainingRun
from recsys.models import make_model
from recsys.storage.mlflow import log_run
from recsys.storage.run_store import RunStore
from tests.conftest import ROOT


@pytest.fixture
def saved(checkerboard, checkerboard_split, tmp_path):
    run = TrainingRun(make_model("funk", epochs=3, factors=2), checkerboard_split)
    list(run)
    store = RunStore(tmp_path / "runs")
    entry = store.save(Dataset("board", "Checkerboard", "", "", checkerboard), run, "Mine")
    return store.folder / f"{entry.id}.safetensors", run


def test_without_a_server_it_says_what_to_set(monkeypatch, saved, capsys):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    assert main(["log-mlflow", str(saved[0])]) == 1
    assert "Set MLFLOW_TRACKING_URI" in capsys.readouterr().err


def test_without_mlflow_it_says_what_to_install(monkeypatch, saved):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://localhost:1")
    monkeypatch.setitem(sys.modules, "mlflow", None)
    with pytest.raises(InputError, match=r"pip install -r requirements-mlflow\.txt"):
        log_run(saved[0])


CHECK = """
import sys
from mlflow import MlflowClient

client = MlflowClient(sys.argv[1])
(experiment,) = client.search_experiments(filter_string="name = 'Encore'")
(run,) = client.search_runs([experiment.experiment_id])
assert run.info.status == "FINISHED", run.info.status
assert run.info.run_name == "Mine"
print(run.data.params["model"], run.data.params["factors"], run.data.tags["data"], run.info.run_id)
print([(m.step, m.value) for m in client.get_metric_history(run.info.run_id, "validation_rmse")])
print([artifact.path for artifact in client.list_artifacts(run.info.run_id)])
"""


def test_settings_curves_and_the_file_are_logged(saved, tmp_path):
    pytest.importorskip("mlflow", reason="requirements-mlflow.txt is not installed")
    path, run = saved
    server = (tmp_path / "server").as_uri()
    environment = {
        "PATH": "",
        "MLFLOW_TRACKING_URI": server,
        "MLFLOW_ALLOW_FILE_STORE": "true",
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }

    def python(*words):
        done = subprocess.run(
            [sys.executable, *words], cwd=ROOT, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    (logged,) = python("-m", "recsys", "log-mlflow", str(path))
    first, curve, artifacts = python("-c", CHECK, server)
    run_id = logged.split()[-1].rstrip(".")
    assert first == f"funk 2 Checkerboard {run_id}"
    assert curve == str([(epoch.epoch, epoch.validation_rmse) for epoch in run.history])
    assert artifacts == str([path.name])
