"""Times of the generated sample: seasons, fashions, listeners who come later, and tastes that move.

A listener turns from one of their styles to the next, some more than others. They come to an artist in a month in which
they listen, its style is theirs and the artist is in fashion; from then on they play it less each month, favourites
longest.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

N_MONTHS = 36
MOST_MONTHS = 10  # of one pair
LEAST_SHARE = 0.1  # a month of a pair with less than this share of its best month has no plays

Floats = NDArray[np.float64]


class Times(NamedTuple):
    """When pairs were played, as the sample's file keeps it.

    Attributes
    ----------
    begins, spans : uint8 array, shape (n_pairs,)
        First month, 0 for that of the sample, and number of months from it to the last.
    weights : uint8 array, shape (sum of spans,)
        How the plays of a pair divide into these months, relative to the month with most, 255.
    moments : uint16 array, shape (n_pairs, 2)
        How far into their months the first and the last play are, in 65,536ths of the month.
    """

    begins: NDArray[np.uint8]
    spans: NDArray[np.uint8]
    weights: NDArray[np.uint8]
    moments: NDArray[np.uint16]


def draw_times(
    rng: np.random.Generator,
    tastes: Floats,
    depths: Floats,
    counts: NDArray[np.int64],
    artists: NDArray[np.int64],
    plays: NDArray[np.int64],
) -> Times:
    """Draw when each pair was played.

    Parameters
    ----------
    rng : numpy Generator
    tastes : float64 array, shape (n_listeners, n_styles)
    depths : float64 array, shape (n_styles, n_artists)
        As in `make_sample`.
    counts : int64 array, shape (n_listeners,)
    artists, plays : int64 array, shape (n_pairs,)
        The number of pairs of each listener, and artist and plays of each pair.
    """
    listeners = np.repeat(np.arange(len(counts)), counts)
    month = np.arange(N_MONTHS)
    listening = _listening(rng, len(counts))
    fashion = _fashion(rng, depths)
    styles = _styles(tastes, depths, listeners, artists)
    drift = _drift(rng, tastes, listening > 0)
    # Artists come across by chance, of no style of the listener, are as likely in any month.
    leaning = np.where((styles >= 0)[:, None], drift[listeners, styles], 1.0)
    wanted = listening[listeners] * fashion[artists] * leaning
    # Favourites last: with 10 plays an artist is halved in a month and a half, with 10,000 in three.
    halving = (1 + 0.5 * np.log10(plays))[:, None]
    # Many plays take time.
    enough = (1 - 2.0 ** (-(N_MONTHS - month) / halving)) ** (0.6 * np.log10(plays)[:, None])
    limits = np.cumsum(wanted * enough, axis=1)
    begins = (limits < rng.random(len(artists))[:, None] * limits[:, -1:]).sum(axis=1)
    fading = 2.0 ** (-(month - begins[:, None]) / halving)
    is_after = (month >= begins[:, None]) & (month < begins[:, None] + MOST_MONTHS)
    played = np.where(is_after, wanted * fading * np.exp(0.5 * _normal(rng, wanted.shape)), 0.0)
    played /= played.max(axis=1, keepdims=True)
    weights = np.where(played >= LEAST_SHARE, np.ceil(255 * played), 0).astype(np.uint8)
    weights[np.arange(len(artists)), begins] = np.maximum(weights[np.arange(len(artists)), begins], 1)
    spans = N_MONTHS - np.argmax(weights[:, ::-1] > 0, axis=1) - begins
    inside = (month >= begins[:, None]) & (month < (begins + spans)[:, None])
    return Times(
        begins.astype(np.uint8),
        spans.astype(np.uint8),
        weights[inside],
        (rng.random((len(artists), 2)) * 65_536).astype(np.uint16),
    )


def _listening(rng: np.random.Generator, n_listeners: int) -> Floats:
    """Return how much each listener listens in each month; shape (n_listeners, N_MONTHS)."""
    month = np.arange(N_MONTHS)
    # Most in December, least in June.
    season = 1 + 0.3 * np.cos(2 * np.pi * (month + 1) / 12)
    since = np.where(rng.random(n_listeners) < 0.6, 0, rng.random(n_listeners) * (N_MONTHS - 8)).astype(int)
    until = np.where(rng.random(n_listeners) < 0.8, N_MONTHS, since + 6 + rng.random(n_listeners) * N_MONTHS)
    there = (month >= since[:, None]) & (month < until[:, None])
    return np.where(there, season * np.exp(0.3 * _normal(rng, (n_listeners, N_MONTHS))), 0.0)


def _fashion(rng: np.random.Generator, depths: Floats) -> Floats:
    """Return how much each artist is in fashion in each month; shape (n_artists, N_MONTHS)."""
    n_styles, n_artists = depths.shape
    month = np.arange(N_MONTHS)
    peak = (1.6 * rng.random((n_artists, 1)) - 0.3) * N_MONTHS
    width = (0.1 + 0.4 * rng.random((n_artists, 1))) * N_MONTHS
    wave = 0.25 + np.exp(-0.5 * ((month - peak) / width) ** 2)
    # Each style has a season of its own, too.
    phase, strength = 12 * rng.random((n_styles, 1)), 0.4 * rng.random((n_styles, 1))
    season = 1 + strength * np.cos(2 * np.pi * (month - phase) / 12)
    return wave * season[np.argmin(depths, axis=0)]


def _styles(
    tastes: Floats, depths: Floats, listeners: NDArray[np.int64], artists: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return the style for which each pair's listener most likely came to the artist; -1 for none."""
    found = np.full(len(artists), -1)
    best = np.zeros(len(artists))
    for style, depth in enumerate(np.exp(-6.0 * depths)):
        liking = tastes[listeners, style] * depth[artists]
        found[liking > best] = style
        best = np.maximum(best, liking)
    return found


def _drift(rng: np.random.Generator, tastes: Floats, there: NDArray[np.bool_]) -> Floats:
    """Return how much each listener wants each style in each month; shape (n_listeners, n_styles, N_MONTHS)."""
    n_listeners, n_styles = tastes.shape
    month = np.arange(N_MONTHS)
    first = there.argmax(axis=1)
    length = there.sum(axis=1)
    centre = first[:, None] + rng.random((n_listeners, n_styles)) * length[:, None]
    # The quickest turn in a tenth of their time, the slowest like all styles throughout.
    width = (0.1 + 0.9 * rng.random(n_listeners)) * length
    return 0.05 + np.exp(-0.5 * ((month - centre[..., None]) / width[:, None, None]) ** 2)


def _normal(rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    radius = np.sqrt(-2.0 * np.log(1.0 - rng.random(shape)))
    return radius * np.cos(2.0 * np.pi * rng.random(shape))
