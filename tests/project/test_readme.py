"""The README is true: every page, command, model and setting is in it, with its defaults."""

import re

import pytest

from pages.components.navigation import PAGES
from recsys.cli.main import main
from recsys.data.nouns import MUSIC
from recsys.evaluation.metrics import METRICS
from recsys.models import MODELS
from recsys.settings import ROWS, Choice, Text
from tests.conftest import ROOT

README = (ROOT / "README.md").read_text("utf-8")
TABLES = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in README.splitlines()
    if line.startswith("|")
]


def row(first: str) -> list[str]:
    return next(cells for cells in TABLES if cells[0] == first)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_page_is_described(page):
    assert row("Home" if page.path == "app.py" else MUSIC.fill(page.label))


@pytest.mark.parametrize("name", MODELS)
def test_every_model_is_described(name):
    assert row(f"`{name}`")


@pytest.mark.parametrize("setting", ROWS.values(), ids=lambda setting: setting.name)
def test_every_setting_is_given_with_its_defaults_and_range(setting):
    flag = "-n" if setting.name == "n" else f"--{setting.name.replace('_', '-')}"
    cells = next(cells for cells in TABLES if len(cells) > 2 and cells[1] == f"`{flag}`")
    owners = [model for model in MODELS.values() if setting.name in model.defaults]
    defaults = [f"{model.name} {shown(model.defaults[setting.name])}" for model in owners]
    assert cells[2] == (", ".join(defaults) or shown(setting.default))
    if isinstance(setting, Choice):
        assert cells[3] == ", ".join(setting.options)
    elif isinstance(setting, Text):
        assert cells[3] == f"such as {setting.form}"
    else:
        assert cells[3] == f"{setting.minimum:.10g} to {setting.maximum:.10g}"


@pytest.mark.parametrize("metric", METRICS.values(), ids=lambda metric: metric.name)
def test_every_metric_is_explained(metric):
    better = {True: "more", False: "less", None: "depends"}[metric.more_is_better]
    assert row(metric.label) == [metric.label, f"`{metric.name}`", better, MUSIC.fill(metric.help)]


def shown(value: object) -> str:
    return value if isinstance(value, str) else f"{value:g}"


@pytest.mark.parametrize(
    "command",
    [
        "describe",
        "train",
        "recommend",
        "evaluate",
        "check",
        "choose",
        "log-mlflow",
        "spark-train",
        "spark-recommend",
    ],
)
def test_every_command_is_shown_and_exists(command, capsys):
    assert f"python -m recsys {command}" in README
    with pytest.raises(SystemExit) as stopped:
        main([command, "--help"])
    assert stopped.value.code == 0
    assert "--json" in capsys.readouterr().out


def test_pictures_and_files_that_are_linked_exist():
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", README):
        assert (ROOT / target).exists(), target


def test_both_commands_come_first():
    assert (
        README.index("make run") < README.index("make test") < README.index("pip install -r requirements.txt")
    )
