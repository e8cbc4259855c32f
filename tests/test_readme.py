"""The README is true: every page, command, model and setting is in it, with its defaults."""

import re

import pytest
from conftest import ROOT

from recsys.__main__ import main
from recsys.models import MODELS
from recsys.settings import CHOICES, SETTINGS

README = (ROOT / "README.md").read_text("utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in README.splitlines()
    if line.startswith("|")
]


def row(first: str) -> list[str]:
    return next(cells for cells in ROWS if cells[0] == first)


@pytest.mark.parametrize("page", [path.stem for path in (ROOT / "pages").glob("*.py")])
def test_every_page_is_described(page):
    assert row(page.capitalize())


@pytest.mark.parametrize("name", MODELS)
def test_every_model_is_described(name):
    assert row(f"`{name}`")


@pytest.mark.parametrize("setting", SETTINGS.values(), ids=lambda setting: setting.name)
def test_every_setting_is_given_with_its_defaults_and_range(setting):
    flag = "-n" if setting.name == "n" else f"--{setting.name.replace('_', '-')}"
    cells = next(cells for cells in ROWS if len(cells) > 2 and cells[1] == f"`{flag}`")
    assert cells[-1] == f"{setting.minimum:.10g} to {setting.maximum:.10g}"
    header = row("setting")
    owners = [name for name, model in MODELS.items() if setting.name in model.defaults]
    for name in owners:
        assert cells[header.index(name)] == f"{MODELS[name].defaults[setting.name]:g}"
    if not owners:
        assert cells[2] == f"{setting.default:g}"


@pytest.mark.parametrize("choice", CHOICES.values(), ids=lambda choice: choice.name)
def test_every_choice_is_given_with_its_words(choice):
    cells = next(cells for cells in ROWS if len(cells) > 2 and cells[1] == f"`--{choice.name}`")
    assert cells[2:] == [choice.default, ", ".join(choice.options)]


@pytest.mark.parametrize("command", ["describe", "train", "recommend", "evaluate"])
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
