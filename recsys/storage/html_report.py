"""Recommendations of one user as a self-contained HTML page, without scripts."""

from __future__ import annotations

import datetime
from collections.abc import Mapping

import pandas as pd

from recsys.analysis.listeners import describe_user, usualness
from recsys.analysis.tags import tag_shares
from recsys.data.dataset import Dataset
from recsys.data.nouns import Nouns
from recsys.data.splitting import Split, hidden_in_words
from recsys.evaluation.metrics import evaluate
from recsys.experiments.run_table import label, spell
from recsys.models.base import Model
from recsys.recommendation.explanation import because, breakdown_of, doubt, explains, largest_parts, sentence
from recsys.recommendation.recommend import recommend_to
from recsys.recommendation.reranking import AS_SCORED, Reranking
from recsys.storage.html_page import page, table, text

# Contributions with a bar of their own; the others share one.
BARS = 6
FIGURES = {
    "ndcg": ("NDCG", "how high hidden {nouns.items} stand in the lists, 1 is perfect"),
    "recall": ("Recall", "the part of the hidden {nouns.items} that the lists find"),
    "precision": ("Precision", "the part of the lists that was hidden"),
    "coverage": ("Coverage", "the share of all {nouns.items} that are recommended at least once"),
}
LOGO = (
    '<svg viewBox="0 0 64 64" width="40" aria-hidden="true"><rect width="64" height="64" rx="15" fill="#4338ca"/>'
    '<g fill="none" stroke-linecap="round" stroke-width="6"><path d="M14 38v9M50 33v14" stroke="#c7c4ff"/>'
    '<path d="M26 29v18" stroke="#fff"/><path d="M38 21v26" stroke="#ffa552"/></g>'
    '<circle cx="38" cy="12.5" r="3" fill="#ffa552"/></svg>'
)


def report(
    dataset: Dataset,
    split: Split,
    model: Model,
    user: int,
    n: int = 10,
    *,
    made: datetime.date,
    figures: Mapping[str, float] | None = None,
    reranking: Reranking = AS_SCORED,
) -> str:
    """Return an HTML page about one user: known and recommended items, reasons, and metrics.

    Parameters
    ----------
    dataset : Dataset
        Dataset of `split`.
    split : Split
    model : Model
        Trained on `split.train`.
    user : int
        User code.
    n : int
        Number of recommended items, and of known ones.
    made : date
        Date on the page.
    figures : mapping of str to float, optional
        From `metrics.evaluate` with lists of any length; measured here, with lists of 10, if left out.
    reranking : Reranking
        Re-ranking of the list.
    """
    existing, recommended = recommend_to(model, split, user, n, reranking)
    quality = evaluate(model, split) if figures is None else figures
    listener = text(split.train.users[user])
    hidden = int(split.held_out.user_counts[user])
    found = int(recommended["hit"].sum())
    nouns = dataset.nouns
    most = float(existing["plays"].max()) if len(existing) else 0.0
    title = f"Recommended to {nouns.user} {listener}"
    sections = [
        f"<header>{LOGO}<h1>{title}</h1></header>",
        f"<p>{text(_about(dataset, user))}.</p>",
        f'<p class="soft">{text(dataset.title)} · {text(model.label)} · '
        f'<time datetime="{made.isoformat()}">{made.day} {made:%B %Y}</time></p>',
        "<h2>Recommended</h2>",
        f"<p>{found} of these {len(recommended)} are among the {hidden} {nouns.items} that the {nouns.user} "
        f"{nouns.does} and that were hidden from the model.</p>"
        if hidden
        else "",
        f"<p>{text(unsure)}</p>" if (unsure := doubt(split.train, user, nouns)) else "",
        "" if reranking == AS_SCORED else f'<p class="soft">The list is reranked: {reranking.words}.</p>',
        _recommended(model, split, user, recommended, nouns),
        f"<h2>{nouns.done.capitalize()}</h2>",
        table(
            {nouns.item.capitalize(): False, nouns.value.capitalize(): True, "Share": True},
            (
                [text(row.artist), _bar(row.plays, most) + nouns.spell(row.plays), f"{row.share:.1%}"]
                for row in existing.head(n).itertuples()
            ),
            f"{min(n, len(existing))} of the {len(existing)} that the model knows of, sorted by {nouns.value}.",
        ),
        "<h2>How good the model is</h2>",
        _quality(model, quality, split, nouns),
        f'<p class="soft">{text(dataset.origin)} {text(dataset.licence)}</p>',
    ]
    return page(title, sections)


def _recommended(model: Model, split: Split, user: int, recommended: pd.DataFrame, nouns: Nouns) -> str:
    explained = explains(model, split.train, user)
    codes = [split.train.item_code(item) for item in recommended["item"]]
    names = because(model, split.train, user, codes)
    rows = []
    most = float(recommended["score"].max()) if len(recommended) else 0.0
    for place, row in enumerate(recommended.itertuples(), 1):
        cells = [str(place), text(row.artist) + (" <strong>✓ hit</strong>" if row.hit else "")]
        if explained:
            parts = breakdown_of(model, split.train, user, codes[place - 1], nouns)
            cells.append(_why(names[place - 1], parts, nouns))
        rows.append([*cells, f"{row.listeners:,}", _bar(row.score, most) + f"{row.score:.3f}"])
    head = {"Place": True, nouns.item.capitalize(): False} | ({"Why": False} if explained else {})
    head |= {nouns.users.capitalize(): True, "Score": True}
    return table(
        head, rows, f"Score: {text(nouns.fill(model.target))}. Hit: hidden from the model, and found."
    )


def _about(dataset: Dataset, user: int) -> str:
    """Return a sentence on the user, as the screen has it."""
    known, nouns = dataset.interactions, dataset.nouns
    said = describe_user(known, user, usualness(known), tag_shares(dataset), nouns)
    return f"{nouns.user.capitalize()} {known.users[user]}: {said}"


def _bar(value: float, most: float) -> str:
    """Return a bar, as long as a value is beside the largest."""
    share = value / most if most > 0 else 0.0
    return f'<span class="bar" style="width: {64 * min(max(share, 0.0), 1.0):.0f}px"></span> '


def _why(names: list[str], parts: pd.DataFrame, nouns: Nouns) -> str:
    """Return the explanation of a score: a sentence, and bars to unfold."""
    said = text(sentence(names)) or f"for reasons that are no {nouns.item}"
    return (
        f"{said}<details><summary>all of the score</summary>{_bars(parts)}"
        f'<p class="soft">Together {parts["contribution"].sum():.3f}.</p></details>'
    )


def _bars(parts: pd.DataFrame) -> str:
    """Return the contributions to a score as bars, the smallest in one."""
    shown = largest_parts(parts, BARS)
    bars = list(zip(shown["part"].astype(str), shown["contribution"].astype(float), strict=True))
    low, high = min(0.0, *(size for _, size in bars)), max(0.0, *(size for _, size in bars))
    scale = 200 / max(high - low, 1e-12)
    zero = 170 - low * scale
    drawn = []
    for place, (name, size) in enumerate(bars):
        y = 4 + 20 * place
        short = name if len(name) <= 24 else name[:23].rstrip() + "…"
        start, colour = min(zero, zero + size * scale), "--against" if size < 0 else "--bar"
        drawn.append(
            f'<text x="160" y="{y + 12}" text-anchor="end">{text(short)}</text>'
            f'<rect x="{start:.1f}" y="{y + 2}" width="{abs(size) * scale:.1f}" height="12" '
            f'style="fill: var({colour})"/><text x="380" y="{y + 12}">{size:+.3f}</text>'
        )
    spoken = text("; ".join(f"{name} {size:+.3f}" for name, size in bars))
    height = 8 + 20 * len(bars)
    return (
        f'<svg role="img" aria-label="{spoken}" viewBox="0 0 440 {height}" width="440">{"".join(drawn)}</svg>'
    )


def _quality(model: Model, figures: Mapping[str, float], split: Split, nouns: Nouns) -> str:
    rows = []
    for key, value in figures.items():
        name, _, length = key.partition("@")
        if name in FIGURES and length:
            short, meaning = FIGURES[name]
            rows.append([f"{short}@{text(length)}", f"{value:.4f}", nouns.fill(meaning)])
    settings = (
        ", ".join(f"{label(name)} {spell(name, value)}" for name, value in model.settings.items()) or "none"
    )
    return (
        f"<p>Hidden from the model and looked for in its lists: {text(nouns.fill(hidden_in_words(split.settings)))}. "
        f"Settings: {text(settings)}.</p>"
        + table({"Measure": False, "Value": True, "What it is": False}, rows)
    )
