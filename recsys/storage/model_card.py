"""Model card: data, split, settings, figures with intervals, slices and checks of a model, as JSON or one HTML page.

References
----------
M. Mitchell et al., "Model Cards for Model Reporting", FAT* 2019.
"""

from __future__ import annotations

import datetime
import math
import platform
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

from recsys import __version__
from recsys.data.dataset import Dataset
from recsys.data.splitting import in_words
from recsys.evaluation.metrics import METRICS, NOT_KNOWN
from recsys.experiments.checks import Check
from recsys.experiments.leaderboard import Leaderboard, LeaderboardEntry
from recsys.experiments.run_table import label, spell
from recsys.experiments.slices import KINDS, divide
from recsys.models import MODELS
from recsys.storage.html_page import page, table, text

# Figures of slices.
SLICED = ("ndcg", "recall")
PACKAGES = ("numpy", "scipy", "numba", "pandas")


def card(
    dataset: Dataset,
    board: Leaderboard,
    entry: LeaderboardEntry,
    checks: Sequence[Check],
    made: datetime.datetime,
) -> dict[str, Any]:
    """Return what is known of a measured model, as values that JSON can hold.

    Parameters
    ----------
    dataset : Dataset
        What was split.
    board : Leaderboard
    entry : LeaderboardEntry
        One of it that is measured.
    checks : sequence of Check
        Its checks; empty if none were made.
    made : datetime
        When the card was made.
    """
    nouns = dataset.nouns
    assert entry.lists is not None  # noqa: S101 - it is measured
    slices = [
        {
            "by": nouns.fill(KINDS[part.kind]),
            "slice": nouns.fill(part.label),
            "users": len(part.rows),
            "figures": {name: _measured(*part.measure(METRICS[name])) for name in SLICED},
        }
        for part in divide(entry.lists, board.split.before_test)
    ]
    interactions = dataset.interactions
    return {
        "model": {
            "name": entry.model.name,
            "label": entry.label,
            "about": nouns.fill(MODELS[entry.model.name].about),
            "settings": dict(entry.model.settings),
            "note": entry.note,
            "seconds": entry.seconds,
        },
        "data": {
            "title": dataset.title,
            "origin": dataset.origin,
            "licence": dataset.licence,
            "notes": list(dataset.notes),
            "fingerprint": interactions.fingerprint,
            "users": interactions.n_users,
            "items": interactions.n_items,
            "interactions": len(interactions),
        },
        "split": {"settings": dict(board.split.settings), "words": in_words(board.split.settings)},
        "hold_outs": board.splits,
        "users": len(board.users),
        "length": board.n,
        "figures": {name: _measured(value, entry.interval(name)) for name, value in entry.figures.items()},
        "slices": slices,
        "checks": [
            {
                "name": check.name,
                "state": check.state,
                "question": nouns.fill(check.question),
                "sentence": nouns.fill(check.sentence),
            }
            for check in checks
        ],
        "made": made.isoformat(timespec="seconds"),
        "versions": {"encore": __version__, "python": platform.python_version()}
        | {package: version(package) for package in PACKAGES},
    }


def to_html(made: dict[str, Any], dataset: Dataset) -> str:
    """Return a card as a page that needs no network."""
    nouns, model, data = dataset.nouns, made["model"], made["data"]
    settings = ", ".join(f"{label(name)} {spell(name, value)}" for name, value in model["settings"].items())
    over = f" and {made['hold_outs']} hold-outs" if made["hold_outs"] > 1 else ""
    figures = [
        [
            text(f"{METRICS[name].label}@{made['length']}"),
            _spelled(name, found),
            text(nouns.fill(METRICS[name].help)),
        ]
        for name, found in made["figures"].items()
    ]
    slices = [
        [text(part["by"]), text(part["slice"]), f"{part['users']:,}"]
        + [_spelled(name, part["figures"][name]) for name in SLICED]
        for part in made["slices"]
    ]
    checks = [
        [f"<strong>{text(check['state'])}</strong>", text(check["question"]), text(check["sentence"])]
        for check in made["checks"]
    ]
    versions = ", ".join(f"{name} {number}" for name, number in made["versions"].items())
    first = "Of the first hold-out. " if made["hold_outs"] > 1 else ""
    title = f"Model card: {text(model['label'])}"
    return page(
        title,
        [
            f"<h1>{title}</h1>",
            f'<p class="soft">{text(data["title"])} · made {text(made["made"])}</p>',
            f"<p>{text(model['about'])}</p>",
            f"<p>Settings: {text(settings or 'none')}. Trained in {model['seconds']:.2f} s. {text(model['note'])}</p>",
            "<h2>Data</h2>",
            f"<p>{data['users']:,} {nouns.users}, {data['items']:,} {nouns.items}, {data['interactions']:,} pairs. "
            f"{text(data['origin'])} {text(data['licence'])}</p>",
            *(f'<p class="soft">{text(note)}</p>' for note in data["notes"]),
            f'<p class="soft">Fingerprint {text(data["fingerprint"])}</p>',
            "<h2>How good it is</h2>",
            f"<p>Hold-out {text(made['split']['words'])}. Means over {made['users']:,} {nouns.users}{over}; ± is half "
            "of the 95 % confidence interval.</p>",
            table({"Figure": False, "Value": True, "Meaning": False}, figures),
            "<h2>For whom, and of which</h2>",
            table(
                {"By": False, "Slice": False, nouns.users.capitalize(): True}
                | {f"{METRICS[name].label}@{made['length']}": True for name in SLICED},
                slices,
                f"{first}{nouns.users.capitalize()} and {nouns.items} in thirds.",
            ),
            "<h2>How it behaves</h2>",
            table({"State": False, "Question": False, "Finding": False}, checks)
            if checks
            else "<p>No checks were made.</p>",
            "<h2>Made with</h2>",
            f'<p class="soft">{text(versions)}</p>',
        ],
    )


def _measured(value: float, half: float) -> dict[str, float | None]:
    """Return a figure and its interval; None is for numbers that JSON cannot hold."""
    return {
        "value": value if math.isfinite(value) else None,
        "interval": half if math.isfinite(half) else None,
    }


def _spelled(name: str, found: dict[str, float | None]) -> str:
    if found["value"] is None:
        return NOT_KNOWN
    half = "" if found["interval"] is None else f" ± {METRICS[name].spell(found['interval'])}"
    return METRICS[name].spell(found["value"]) + half
