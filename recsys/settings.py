"""Table of all settings: one row each, read by sliders, checks, links and the command line."""

from __future__ import annotations

import math
from dataclasses import dataclass

from recsys.errors import InputError

# Characters of a setting in words, which has to fit into an address.
MAX_TEXT = 400


@dataclass(frozen=True)
class Setting:
    """A numeric setting with its range and help text.

    Attributes
    ----------
    name : str
        Name in code, in links and (with dashes) on the command line.
    label : str
        Name on screen.
    default, minimum, maximum : int or float
        The range includes both ends. Whole numbers only if `default` is an int.
    help : str
        Effect of the setting, in a sentence or two; `Nouns.fill` puts in the nouns of the dataset.
    ladder : tuple of int or float
        Stops of the slider; empty for a number field.
    """

    name: str
    label: str
    default: int | float
    minimum: int | float
    maximum: int | float
    help: str
    ladder: tuple[int | float, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether only whole numbers are allowed."""
        return isinstance(self.default, int)

    def check(self, value: object) -> int | float:
        """Return the value as an int or a float.

        Raises
        ------
        InputError
            If it is not a number, not whole where it must be, or out of range.
        """
        kind = "a whole number" if self.whole else "a number"
        wanted = f"{self.label} must be {kind} from {self.minimum:g} to {self.maximum:g}"
        try:
            number = float(value)  # type: ignore[arg-type]
        except (TypeError, ValueError, OverflowError):
            raise InputError(f"{wanted}, not {str(value)[:40]!r}.") from None
        whole_enough = not self.whole or number.is_integer()
        if not (math.isfinite(number) and self.minimum <= number <= self.maximum and whole_enough):
            raise InputError(f"{wanted}, not {str(value)[:40]}.")
        return int(number) if self.whole else number


@dataclass(frozen=True)
class Choice:
    """A setting with a few named options.

    Attributes
    ----------
    name, label, help : str
        As in `Setting`.
    default : str
    options : dict of str to str
        Options by name, with their labels on screen.
    """

    name: str
    label: str
    default: str
    options: dict[str, str]
    help: str

    def check(self, value: object) -> str:
        """Return the value.

        Raises
        ------
        InputError
            If it is not one of the options.
        """
        if value not in self.options:
            raise InputError(
                f"{self.label} must be one of {', '.join(self.options)}, not {str(value)[:40]!r}."
            )
        return str(value)


@dataclass(frozen=True)
class Text:
    """A setting in words of its own form, which its model checks.

    Attributes
    ----------
    name, label, default, help : str
        As in `Setting`.
    form : str
        An example of what it looks like.
    """

    name: str
    label: str
    default: str
    form: str
    help: str

    def check(self, value: object) -> str:
        """Return the value without spaces.

        Raises
        ------
        InputError
            If it is empty or too long.
        """
        text = "".join(str(value).split())
        if not 0 < len(text) <= MAX_TEXT:
            raise InputError(
                f"{self.label} must be of the form {self.form}, with {MAX_TEXT} characters at most."
            )
        return text


def _decades(first: int, last: int) -> tuple[float, ...]:
    """Return six steps in each power of ten, both ends included."""
    steps = [float(f"{step}e{power}") for power in range(first, last) for step in (1, 1.5, 2, 3, 5, 7)]
    return (*steps, float(10**last))


SETTINGS: dict[str, Setting] = {
    setting.name: setting
    for setting in (
        Setting(
            "factors",
            "Latent features (factors)",
            3,
            1,
            256,
            "Length of the factor vector of each {nouns.user} and each {nouns.item}. More features capture finer "
            "tastes, but can overfit.",
            (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256),
        ),
        Setting(
            "scaling",
            "Item scaling exponent",
            1.0,
            0.0,
            2.0,
            "Weight of popular {nouns.items}: the length of each column is raised to this power. 1 is the plain "
            "SVD, 0 gives all {nouns.items} the same weight.",
            (*(step / 20 for step in range(41)),),
        ),
        Setting(
            "ridge_power",
            "Ridge exponent",
            0.5,
            0.0,
            2.0,
            "How much more the weights of popular {nouns.items} are pulled to zero. 0 treats all {nouns.items} alike.",
            (*(step / 20 for step in range(41)),),
        ),
        Setting(
            "discount",
            "Popularity discount",
            0.15,
            0.0,
            2.0,
            "How much the scores of popular {nouns.items} are lowered: they are divided by the number of {nouns.users} "
            "to this power. 0 leaves them as they are.",
            (*(step / 20 for step in range(41)),),
        ),
        Setting(
            "activity_power",
            "Activity exponent",
            0.0,
            0.0,
            2.0,
            "How much less each pair of {nouns.users} with many {nouns.items} counts: their errors are divided by the "
            "number of {nouns.items} to this power. 0 counts all pairs alike.",
            (*(step / 20 for step in range(41)),),
        ),
        Setting(
            "neighbours",
            "Neighbours",
            100,
            1,
            5000,
            "Number of nearest neighbours that count. Too few: the lists rest on little evidence. "
            "Too many: the lists drift towards the most popular.",
            (1, 2, 5, 10, 20, 30, 50, 70, 100, 150, 200, 300, 500, 700, 1000, 2000, 5000),
        ),
        Setting(
            "shrinkage",
            "Shrinkage",
            0.0,
            0.0,
            1000.0,
            "Lowers similarities that rest on few {nouns.users}. 0 is off.",
            (0.0, *_decades(0, 3)),
        ),
        Setting(
            "power",
            "Case amplification",
            1.0,
            0.1,
            10.0,
            "Exponent of the similarity. The higher, the more the nearest neighbours outweigh the others.",
            (0.1, 0.2, 0.5, 0.7, 1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 7.0, 10.0),
        ),
        Setting(
            "alpha",
            "Confidence weight (alpha)",
            1.0,
            0.01,
            10_000.0,
            "Weight of an observed pair, relative to an unobserved one, which counts as a zero with weight 1.",
            _decades(-2, 4),
        ),
        Setting(
            "half_life",
            "Half-life of taste (months)",
            0.0,
            0.0,
            1200.0,
            "What a {nouns.user} last came back to this many months before their newest counts half. 0 is off: all "
            "counts in full. It needs data with times. New {nouns.users} count alike, where their history has times. A "
            "blend hands it to those of its parts that have it.",
            (0.0, 1.0, 2.0, 3.0, 4.0, 6.0, 9.0, 12.0, 18.0, 24.0, 36.0, 60.0, 120.0),
        ),
        Setting(
            "learning_rate",
            "Learning rate",
            0.001,
            0.00001,
            10.0,
            "Step size of one update. Too low: the curve is still falling at the end. "
            "Too high: it jumps or diverges.",
            _decades(-5, 1),
        ),
        Setting(
            "regularization",
            "Lambda (regularization)",
            0.1,
            0.0,
            1000.0,
            "Strength of the pull of the factors towards zero, which prevents overfitting.",
            (0.0, *_decades(-4, 3)),
        ),
        Setting(
            "epochs",
            "Epochs",
            200,
            1,
            5000,
            "Number of passes over all training pairs.",
            (1, 2, 5, 10, 15, 20, 30, 40, 60, 80, 100, 150, 200, 300, 500, 1000, 2000, 5000),
        ),
        Setting(
            "seed",
            "Seed",
            0,
            0,
            2**31 - 1,
            "Seed of every random draw: which {nouns.items} are held out, and the initial factors. "
            "Same seed, same result.",
        ),
        Setting(
            "minimum",
            "Minimum items per user",
            35,
            2,
            100_000,
            "Only a {nouns.user} with at least this many {nouns.items} has some of them held out.",
        ),
        Setting(
            "hidden",
            "Held-out items per user",
            15,
            1,
            99_999,
            "Number of {nouns.items} of each {nouns.user} that are held out of training, to test whether the model "
            "finds them.",
        ),
        Setting(
            "validation",
            "Share for validation",
            0.33,
            0.0,
            0.9,
            "Share of the held-out {nouns.items} that curves, early stopping and sweeps read. The others are the test, "
            "which Compare and exports report. 0: the same {nouns.items} are both, as in the article.",
            (0.0, 0.1, 0.2, 0.33, 0.5, 0.67),
        ),
        Setting(
            "patience",
            "Patience (epochs)",
            0,
            0,
            5000,
            "Stop after this many epochs without improvement of the early-stopping metric. 0: train to the end.",
        ),
        Setting("n", "Recommendations", 10, 1, 100, "Length of the list."),
        Setting(
            "hold_outs",
            "Hold-outs",
            1,
            1,
            100,
            "On how many hold-outs models are measured; the seeds of hold-out and model rise by 1 each time.",
        ),
    )
}

CHOICES: dict[str, Choice] = {
    choice.name: choice
    for choice in (
        Choice(
            "watch",
            "Early-stopping metric",
            "none",
            {"none": "off (keep the last epoch)", "rmse": "validation RMSE", "ndcg": "NDCG@10"},
            "Metric on the held-out pairs that decides when to stop and which epoch to keep. The two disagree: "
            "the error is often lowest long before the lists are best.",
        ),
        Choice(
            "weighting",
            "Similarity weighting",
            "cosine",
            {"cosine": "none (plain cosine)", "tfidf": "TF-IDF", "bm25": "BM25"},
            "Weighting of the vectors before their cosine. TF-IDF and BM25 lower the weight of what nearly all "
            "have in common; BM25 also that of long lists.",
        ),
        Choice(
            "plays",
            "Value transform",
            "log",
            {"log": "logarithm", "binary": "binary (1 for every pair)", "raw": "raw value"},
            "Transform of the {nouns.counts} before training. The logarithm is divided by the {nouns.user}'s mean. "
            "With raw values a few heavy {nouns.users} dominate.",
        ),
    )
}

TEXTS: dict[str, Text] = {
    text.name: text
    for text in (
        Text(
            "parts",
            "Parts",
            "implicit,ease,item-knn",
            "ease*2,implicit:factors=64*1",
            "Two to five models by their names, with commas between. A weight after * sets it by hand; without any "
            "weight all are chosen. Settings of a part follow its name, as in implicit:factors=64.",
        ),
    )
}

ROWS: dict[str, Setting | Choice | Text] = SETTINGS | CHOICES | TEXTS
