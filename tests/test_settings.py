"""The table of settings."""

import re

import pytest

from recsys.errors import InputError
from recsys.models import MODELS
from recsys.settings import CHOICES, ROWS, SETTINGS


@pytest.mark.parametrize("setting", SETTINGS.values(), ids=lambda setting: setting.name)
def test_every_setting_holds_together(setting):
    assert setting.check(setting.default) == setting.default
    assert setting.check(str(setting.minimum)) == setting.minimum
    assert setting.check(setting.maximum) == setting.maximum
    assert setting.help.endswith(".")
    for value in setting.ladder:
        assert setting.check(value) == value
        assert type(value) is type(setting.default)
    assert list(setting.ladder) == sorted(setting.ladder)


@pytest.mark.parametrize("value", ["many", None, float("nan"), float("inf"), -1e9, 1e12, "", [], "0x10"])
@pytest.mark.parametrize("name", ["factors", "learning_rate"])
def test_a_bad_value_is_explained_with_the_range(name, value):
    setting = SETTINGS[name]
    with pytest.raises(InputError, match=rf"{re.escape(setting.label)} must be a .*number from"):
        setting.check(value)


def test_a_fraction_is_refused_where_whole_numbers_are_meant():
    with pytest.raises(InputError, match="whole number"):
        SETTINGS["factors"].check(2.5)


@pytest.mark.parametrize("model", MODELS.values(), ids=lambda model: model.name)
def test_the_defaults_of_every_model_are_allowed(model):
    for name, value in model.defaults.items():
        assert ROWS[name].check(value) == value


@pytest.mark.parametrize("choice", CHOICES.values(), ids=lambda choice: choice.name)
def test_every_choice_holds_together(choice):
    assert choice.check(choice.default) == choice.default
    assert choice.help.endswith(".")
    with pytest.raises(InputError, match=f"{choice.label} must be one of {choice.default}"):
        choice.check("<nothing>")
