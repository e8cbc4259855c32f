"""Widgets for models, their settings, early stopping and the hold-out."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import streamlit as st

from pages.components.session import keys, session
from pages.components.widgets import way as way_choice
from pages.components.widgets.live_slider import live_slider
from recsys.errors import InputError
from recsys.experiments.setup import SPLIT_SETTINGS, TRAIN_WAYS
from recsys.experiments.training import Stopping
from recsys.models import MODELS
from recsys.models.blend import Blend, parse_recipe, spell_recipe
from recsys.settings import CHOICES, ROWS, SETTINGS, Choice, Text

SHARES = tuple(step / 20 for step in range(21))  # of a blend's weights


def setting(name: str, default: Any, prefix: str = "", moved: Callable[[], None] | None = None) -> Any:
    """Draw the control of one setting and return its value; it survives a page change.

    Where the control is a slider, `moved` is called after each move, before the page is drawn.
    """
    row = ROWS[name]
    key = f"{prefix}{name}"
    if isinstance(row, Choice):
        return choice(row, list(row.options), default, key)
    if isinstance(row, Text):
        return st.text_input(
            row.label, default, key=key, help=session.nouns().fill(row.help), persist_state="session"
        )
    if row.ladder:
        return live_slider(row.label, row.ladder, default, key, session.nouns().fill(row.help), moved=moved)
    # Always with its default: a control whose arguments change is a new one and forgets its value.
    return st.number_input(
        row.label,
        row.minimum,
        row.maximum,
        default,
        key=key,
        help=session.nouns().fill(row.help),
        persist_state="session",
    )


def choice(row: Choice, words: list[str], default: str, key: str) -> str:
    """Draw a choice among some of its words and return the chosen one; it survives a page change."""
    if st.session_state.get(key, default) not in words:
        st.session_state[key] = default
    return st.selectbox(
        row.label,
        words,
        words.index(default),
        format_func=lambda word: row.options[word],
        key=key,
        help=session.nouns().fill(row.help),
        persist_state="session",
    )


def model_choice() -> str:
    """Draw the choice of a model and return its name; it survives a page change."""
    return st.selectbox(
        "Model",
        list(MODELS),
        format_func=lambda name: MODELS[name].label,
        key=keys.MODEL,
        persist_state="session",
    )


def model_settings(moved: Callable[[str], None]) -> tuple[str, dict[str, Any]]:
    """Draw the choice of a model and its settings; return its name and the settings by name.

    A link to a run brings the settings of that run. After a move of a slider, `moved` is called with the name of its
    setting, before the page is drawn.
    """
    job = session.run()
    if job is not None and keys.MODEL not in st.session_state:
        st.session_state[keys.MODEL] = job.run.model.name
        for wanted in MODELS[job.run.model.name].defaults:
            st.session_state[f"{job.run.model.name}-{wanted}"] = job.run.model.settings[wanted]
    name = model_choice()
    model = MODELS[name]
    with st.expander("What this model does", icon=":material/info:"):
        st.caption(session.nouns().fill(model.about))
    undated = session.dataset().interactions.ages is None
    chosen = {
        wanted: setting(wanted, default, f"{name}-", partial(moved, wanted))
        for wanted, default in model.defaults.items()
        if not (undated and wanted == "half_life")
    }
    asked = st.session_state.get(f"{name}-half_life", 0.0)
    if undated and "half_life" in model.defaults and asked:
        st.caption(
            f":material/info: The half-life of {asked:g} months is left out: this data has no times, and all of it "
            "counts the same."
        )
    if name == Blend.name:
        chosen["parts"] = _weights(chosen["parts"])
    return name, chosen


def _weights(recipe: str) -> str:
    """Draw a slider for each weight of a recipe that has them, and return the recipe with what they say."""
    try:
        parts = parse_recipe(recipe)
    except InputError:
        return recipe
    given = {place: part.weight for place, part in enumerate(parts) if part.weight is not None}
    if len(given) < len(parts):
        return recipe
    total, words = sum(given.values()), []
    for place, part in enumerate(parts):
        label = MODELS[part.name].label if part.name in MODELS else part.name
        own = ", ".join(f"{name} {value}" for name, value in part.settings.items())
        share = float(f"{given[place] / total:.3g}")
        weight = live_slider(
            f"Weight of {label}",
            SHARES,
            share,
            f"weight-{place}-{recipe}",
            own or "With its default settings.",
        )
        words.append((part, given[place] if weight == share else weight * total))
    return spell_recipe(words) if any(weight for _, weight in words) else recipe


def stopping(model: str) -> Stopping:
    """Draw the settings of early stopping that suit a model, by its name, and return them."""
    if "epochs" not in MODELS[model].defaults:
        return Stopping()
    with st.expander("Early stopping", icon=":material/timer_off:"):
        row = CHOICES["watch"]
        if MODELS[model].predicts_ratings:
            watch = choice(row, list(row.options), row.default, "watch")
        else:
            watch = choice(row, [word for word in row.options if word != "rmse"], row.default, "watch-lists")
        return Stopping(watch, int(setting("patience", SETTINGS["patience"].default)))


def split_settings(seed: int | None) -> dict[str, Any]:
    """Draw the way to split and its settings; return them by name. The seed is the model's, or else the default."""
    with st.expander("Hold-out", icon=":material/visibility_off:"):
        st.caption(
            "A part of the data is held out of training: for validation, which the curves show, and for the test, "
            "which Compare reports."
        )
        way, month = way_choice.draw(TRAIN_WAYS, keys.SPLIT_WAY, keys.SPLIT_MONTH)
        chosen = {
            name: setting(name, SETTINGS[name].default, "split-")
            for name in SPLIT_SETTINGS
            if name in TRAIN_WAYS[way]
        }
        if way == "date":
            st.caption(
                "Validation is the months before it, as many as have about this share of what is hidden: training "
                "ends where it begins."
                if chosen["validation"]
                else "Validation and test are the same."
            )
    chosen |= {"way": way, "month": month}
    return chosen | {"seed": int(SETTINGS["seed"].default) if seed is None else seed}
