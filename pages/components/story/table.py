"""Table of the steps of the story, in their order, each with the code that computes the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from pages.components.story import data_steps, model_steps
from recsys.experiments.story import Story


class Step(NamedTuple):
    """Step of the story.

    Attributes
    ----------
    name : str
        In the address.
    label : str
        On its button.
    title : str
        Above it, for `Nouns.fill`.
    draw : callable
        Draws its text and its figure.
    code : str
        Python that computes what it shows; goes on from the code of the steps before it.
    """

    name: str
    label: str
    title: str
    draw: Callable[[Story], None]
    code: str


STEPS = (
    Step(
        "load",
        "Load",
        "Load: a table of {nouns.users}, {nouns.items} and numbers",
        data_steps.load,
        "from recsys.data.sources.load import load\n\n"
        'dataset = load("sample")  # or a path to your own file\n'
        "known = dataset.interactions\nprint(len(known), known.density)",
    ),
    Step(
        "wrangle",
        "Wrangle",
        "Wrangle: from rows to a ranking",
        data_steps.wrangle,
        "from recsys.analysis.popularity import rank_table\n\nranks = rank_table(known)\nprint(ranks.head(8))",
    ),
    Step(
        "explore",
        "Explore",
        "Explore: few have nearly everything",
        data_steps.explore,
        "from recsys.analysis.popularity import concentration\n\n"
        "shares = concentration(ranks)\nprint(shares.gini, shares.top_percent, known.density)",
    ),
    Step(
        "neighbours",
        "Neighbours",
        "Memory-based: what the same {nouns.users} {nouns.do}",
        data_steps.neighbours,
        "from recsys.analysis.similarity import similar_items\n\n"
        "print(similar_items(known, int(known.item_counts.argmax()), 8))",
    ),
    Step(
        "svd",
        "SVD",
        "SVD: the main directions of taste",
        data_steps.svd,
        "from recsys.models import make_model\n\n"
        'svd = make_model("svd", factors=20).fit(known)\nprint(svd.item_factors.shape)',
    ),
    Step(
        "scale",
        "Scale",
        "Scale: numbers between 0 and 1",
        data_steps.scale,
        "low, high = known.value_range\nscaled = (known.values - low) / (high - low)\n"
        "print(scaled.mean(), (scaled == 0).sum())",
    ),
    Step(
        "split",
        "Split",
        "Split: hide some, to judge by them",
        data_steps.split,
        "from recsys.data.splitting import hold_out\n\n"
        "split = hold_out(known, minimum=35, hidden=15, seed=0)\nprint(len(split.train), len(split.held_out))",
    ),
    Step(
        "rmse",
        "RMSE",
        "RMSE: an error that falls",
        model_steps.rmse,
        "from recsys.experiments.training import TrainingRun\n\n"
        'run = TrainingRun(make_model("article"), split)\n'
        "for epoch in run:\n    pass\nprint(epoch.train_rmse, epoch.validation_rmse)",
    ),
    Step(
        "sgd",
        "SGD",
        "SGD: and lists that find nothing",
        model_steps.sgd,
        "print([(epoch.epoch, epoch.ndcg) for epoch in run.history if epoch.ndcg is not None])",
    ),
    Step(
        "recommend",
        "Recommend",
        "Recommend: two models, one {nouns.user}",
        model_steps.recommend,
        "from recsys.recommendation.recommend import recommend_to\n\n"
        'good = make_model("implicit").fit(split.train)\n'
        "for model in (run.model, good):\n    print(recommend_to(model, split, 0)[1])",
    ),
    Step(
        "update",
        "Update",
        "Update: learn from one more, at once",
        model_steps.update,
        "from recsys.recommendation.recommend import before_and_after\n\n"
        "print(before_and_after(good, split.train, 0, [1], [100.0]))",
    ),
    Step(
        "own",
        "Your data",
        "Your data: the same on a table of your own",
        model_steps.own_data,
        'print(load("sample").title)  # the path of your own file in its place',
    ),
)
NAMES = tuple(step.name for step in STEPS)
