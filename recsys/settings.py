"""One row for each thing a reader can set: the slider, the check, the link and the command line read it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from recsys.errors import InputError


@dataclass(frozen=True)
class Setting:
    """A number with a name, a range and an explanation.

    Attributes
    ----------
    name : str
        Its name in code, in links and (with dashes) on the command line.
    label : str
        Its name on screen.
    default, minimum, maximum : int or float
        Both ends are allowed. Whole numbers if `default` is an int.
    help : str
        What it does, in a sentence or two; `Nouns.fill` puts the words of the data in.
    ladder : tuple of int or float
        Values that a slider stops at; empty where a number is typed in.
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
    """One of a few words, with a name and an explanation.

    Attributes
    ----------
    name, label, help : str
        As in `Setting`.
    default : str
    options : dict of str to str
        What each word is called on screen.
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


def _decades(first: int, last: int) -> tuple[float, ...]:
    """Return six even steps in each power of ten, ends included."""
    steps = [float(f"{step}e{power}") for power in range(first, last) for step in (1, 1.5, 2, 3, 5, 7)]
    return (*steps, float(10**last))


SETTINGS: dict[str, Setting] = {
    setting.name: setting
    for setting in (
        Setting(
            "factors",
            "Latent features",
            3,
            1,
            256,
            "How many numbers describe each {nouns.user} and each {nouns.item}. More can tell finer tastes apart, "
            "and can learn noise by heart.",
            (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256),
        ),
        Setting(
            "scaling",
            "Item scaling",
            1.0,
            0.0,
            2.0,
            "How much popular {nouns.items} count: their length is raised to this power. 1 leaves the {nouns.counts} "
            "as they are, 0 lets all {nouns.items} count alike.",
            (*(step / 20 for step in range(41)),),
        ),
        Setting(
            "neighbours",
            "Neighbours",
            100,
            1,
            5000,
            "How many of the most similar have a say. Few: sharp, but blind where they have nothing to say. "
            "Many: everybody is recommended what is popular.",
            (1, 2, 5, 10, 20, 30, 50, 70, 100, 150, 200, 300, 500, 700, 1000, 2000, 5000),
        ),
        Setting(
            "shrinkage",
            "Shrinkage",
            0.0,
            0.0,
            1000.0,
            "How little a similarity counts that rests on few {nouns.users}. 0 believes all alike.",
            (0.0, *_decades(0, 3)),
        ),
        Setting(
            "power",
            "Power of the similarity",
            1.0,
            0.1,
            10.0,
            "The higher, the more the nearest neighbours count against those further away.",
            (0.1, 0.2, 0.5, 0.7, 1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 7.0, 10.0),
        ),
        Setting(
            "alpha",
            "Weight of known pairs (alpha)",
            1.0,
            0.01,
            10_000.0,
            "How much more a known pair counts than an unknown one, which is taken for a zero.",
            _decades(-2, 4),
        ),
        Setting(
            "learning_rate",
            "Learning rate",
            0.001,
            0.00001,
            10.0,
            "How far one update moves the features. Too low: the curve is still falling at the end. "
            "Too high: it jumps or diverges.",
            _decades(-5, 1),
        ),
        Setting(
            "regularization",
            "Lambda (regularization)",
            0.1,
            0.0,
            1000.0,
            "How strongly the features are pulled towards zero, against learning noise by heart.",
            (0.0, *_decades(-4, 3)),
        ),
        Setting(
            "epochs",
            "Epochs",
            200,
            1,
            5000,
            "How many times training goes over all known pairs.",
            (1, 2, 5, 10, 15, 20, 30, 40, 60, 80, 100, 150, 200, 300, 500, 1000, 2000, 5000),
        ),
        Setting(
            "seed",
            "Seed",
            0,
            0,
            2**31 - 1,
            "Decides every random draw: which {nouns.items} are hidden and where training starts. "
            "Same seed, same result.",
        ),
        Setting(
            "minimum",
            "Needed to take part",
            35,
            2,
            100_000,
            "A {nouns.user} with at least this many {nouns.items} has some of them hidden for validation.",
        ),
        Setting(
            "hidden",
            "Hidden of each",
            15,
            1,
            99_999,
            "How many {nouns.items} of each {nouns.user} are kept from training, to see whether the model finds them.",
        ),
        Setting(
            "patience",
            "Patience in epochs",
            0,
            0,
            5000,
            "Stop when the watched measure was not better for this many epochs. 0: train to the end.",
        ),
        Setting("n", "Recommendations", 10, 1, 100, "How many {nouns.items} are recommended."),
    )
}

CHOICES: dict[str, Choice] = {
    choice.name: choice
    for choice in (
        Choice(
            "watch",
            "Keep the epoch with the best",
            "none",
            {"none": "nothing: keep the last", "rmse": "validation RMSE", "ndcg": "NDCG@10"},
            "What is watched on what is hidden, to stop early and to keep the best epoch. The two disagree: "
            "the error is often lowest long before the lists are best.",
        ),
        Choice(
            "weighting",
            "Weighting",
            "cosine",
            {"cosine": "none (plain cosine)", "tfidf": "TF-IDF", "bm25": "BM25"},
            "What is compared before the cosine is taken. TF-IDF and BM25 let what nearly everybody shares count "
            "less, and BM25 long lists, too.",
        ),
        Choice(
            "plays",
            "What a known pair counts",
            "log",
            {"log": "its logarithm", "binary": "one, like all others", "raw": "its number"},
            "The logarithm is taken relative to the {nouns.user}'s mean. The bare number lets a few passionate "
            "{nouns.users} rule.",
        ),
    )
}

ROWS: dict[str, Setting | Choice] = SETTINGS | CHOICES
