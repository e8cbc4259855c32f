"""Generate the sample's listening histories: `python -m recsys.data.sources.make_sample`.

The names in `scenes.toml` are real; the listeners are invented here. Each one has a main
scene, most often one or two more, favourite styles within them, an ear for what everybody hears
and a pace of listening. Artists are drawn by weight, without replacement, and play counts
fall from the favourite down. When it all was is drawn in `make_sample_times`.

Only `Generator.random` is used, with own transforms, and the file is written without
compression or dates, so that the same seed gives the same bytes wherever it runs.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recsys.data.sources.make_sample_times import draw_times
from recsys.data.sources.sample import SAMPLE_FILE, Scene, artist_names, read_scenes

SEED = 20
N_LISTENERS = 2000
LIST_LENGTH = 50
SHORT_LISTS = 0.04
SHORTEST_LIST = 8
BY_CHANCE = 0.12
MOST_PLAYS = 400_000

Floats = NDArray[np.float64]


class Catalogue(NamedTuple):
    """Contents of the scenes file as arrays.

    Attributes
    ----------
    shares : float64 array, shape (n_scenes,)
        How many listeners have each scene as their main one; sums to 1.
    near : list of int array
        For each scene, the scenes that its listeners also hear.
    reach : float64 array, shape (n_scenes, n_scenes)
        How much of the second scene's fame comes to listeners of the first one.
    styles_of : list of int array
        For each scene, its styles.
    depths : float64 array, shape (n_styles, n_artists)
        Place of an artist in a style, from 0 (best known) to 1; infinite where it does not belong.
    fame : float64 array, shape (n_scenes, n_artists)
        How well an artist is known outside its scene.
    by_chance : float64 array, shape (n_artists,)
        How often a stranger comes across an artist; sums to 1.
    """

    shares: Floats
    near: list[NDArray[np.int64]]
    reach: Floats
    styles_of: list[NDArray[np.int64]]
    depths: Floats
    fame: Floats
    by_chance: Floats


def make_sample(seed: int = SEED) -> bytes:
    """Generate all listeners and return the file's bytes."""
    rng = np.random.default_rng(seed)
    catalogue = _catalogue(read_scenes())
    tastes = _tastes(rng, catalogue)
    counts, artists, plays = _listening(rng, catalogue, tastes)
    friends = _friends(rng, tastes)
    # A generator of their own: what was drawn before stays as it is.
    times = draw_times(np.random.default_rng([seed, 1]), tastes, catalogue.depths, counts, artists, plays)
    return _packed(
        {"counts": counts, "artists": artists, "plays": plays, "friends": friends} | times._asdict()
    )


def _catalogue(scenes: list[Scene]) -> Catalogue:
    artists = {name: code for code, name in enumerate(artist_names(scenes))}
    position = {scene.name: at for at, scene in enumerate(scenes)}
    shares = np.array([scene.share for scene in scenes])
    n_styles = sum(len(scene.styles) for scene in scenes)
    depths = np.full((n_styles, len(artists)), np.inf)
    style_shares = np.zeros(n_styles)
    fame = np.zeros((len(scenes), len(artists)))
    styles_of = []
    style = 0
    for at, scene in enumerate(scenes):
        styles_of.append(np.arange(style, style + len(scene.styles)))
        for style_place, names in enumerate(scene.styles.values()):
            style_shares[style] = scene.share * 0.9**style_place
            for place, name in enumerate(names):
                depths[style, artists[name]] = place / len(names)
                if name in scene.famous:
                    known = style_shares[style] * np.exp(-place / 12)
                    fame[at, artists[name]] = max(fame[at, artists[name]], known)
            style += 1
    near = [np.array([position[name] for name in scene.near]) for scene in scenes]
    reach = np.full((len(scenes), len(scenes)), 0.1)
    for at, others in enumerate(near):
        reach[at, others] = 0.5
        reach[at, at] = 1.0
    by_chance = (style_shares[:, None] * np.exp(-6.0 * depths)).sum(axis=0)
    return Catalogue(
        shares=shares / shares.sum(),
        near=near,
        reach=reach,
        styles_of=styles_of,
        depths=depths,
        fame=fame,
        by_chance=by_chance / by_chance.sum(),
    )


def _tastes(rng: np.random.Generator, catalogue: Catalogue) -> Floats:
    """Return how much each listener likes each style, shape (n_listeners, n_styles); rows sum to 1."""
    tastes = np.zeros((N_LISTENERS, len(catalogue.depths)))
    limits = np.cumsum(catalogue.shares)
    for row in tastes:
        chosen = [_drawn(rng, limits)]
        while len(chosen) < 3 and rng.random() < 0.7:
            near = catalogue.near[chosen[0]]
            other = int(near[int(rng.random() * len(near))]) if rng.random() < 0.75 else _drawn(rng, limits)
            if other not in chosen:
                chosen.append(other)
        for place, scene in enumerate(chosen):
            styles = catalogue.styles_of[scene]
            liking = 0.9 ** np.arange(len(styles)) * _exponential(rng, len(styles)) ** 1.5
            strength = 1.0 if place == 0 else 0.15 + 0.5 * rng.random()
            row[styles] += strength * liking / liking.sum()
        row /= row.sum()
    return tastes


def _listening(
    rng: np.random.Generator, catalogue: Catalogue, tastes: Floats
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return the number of artists of each listener, and the artist and plays of each pair."""
    lengths, artists, plays = [], [], []
    for taste in tastes:
        weights = _weights(rng, catalogue, taste)
        length = LIST_LENGTH
        if rng.random() < SHORT_LISTS:
            length = SHORTEST_LIST + int(rng.random() * (LIST_LENGTH - SHORTEST_LIST))
        # Dividing exponential waiting times by the weights draws without replacement.
        heard = np.argsort(_exponential(rng, len(weights)) / weights, kind="stable")[:length]
        liking = np.log(weights[heard]) + 1.4 * _normal(rng, length)
        favourites = heard[np.argsort(-liking, kind="stable")]
        order = np.argsort(favourites, kind="stable")
        lengths.append(length)
        artists.append(favourites[order])
        plays.append(_plays(rng, length)[order])
    return np.array(lengths), np.concatenate(artists), np.concatenate(plays)


def _weights(rng: np.random.Generator, catalogue: Catalogue, taste: Floats) -> Floats:
    """Return how likely a listener is to hear each artist."""
    # A steep listener stays with the best known of a style, a flat one knows it to the bottom.
    steepness = 4.0 + 8.0 * rng.random()
    styles = np.flatnonzero(taste)
    known = np.exp(-steepness * catalogue.depths[styles])
    own = (taste[styles, None] * known / known.sum(axis=1, keepdims=True)).sum(axis=0)
    scenes = np.array([taste[its_styles].sum() for its_styles in catalogue.styles_of])
    openness = (scenes[:, None] * catalogue.reach).sum(axis=0)
    famous = (openness[:, None] * catalogue.fame).sum(axis=0)
    mainstream = 0.05 + 0.25 * rng.random() ** 1.5
    return (
        (1 - mainstream - BY_CHANCE) * own
        + mainstream * famous / famous.sum()
        + BY_CHANCE * catalogue.by_chance
    )


def _plays(rng: np.random.Generator, length: int) -> NDArray[np.int64]:
    """Return a listener's play counts, largest first."""
    fewest = 4.8 + 1.5 * _normal(rng, 1)[0]
    spread = 0.72 * np.exp(0.28 * _normal(rng, 1)[0])
    plays = np.exp(fewest + spread * np.sort(_exponential(rng, length))[::-1])
    plays /= 1 + plays / MOST_PLAYS
    return np.maximum(np.rint(plays), 1).astype(np.int64)


def _friends(rng: np.random.Generator, tastes: Floats) -> NDArray[np.int64]:
    """Return pairs of befriended listeners, smaller one first, shape (n_pairs, 2)."""
    directions = tastes / np.sqrt((tastes**2).sum(axis=1, keepdims=True))
    pairs = set()
    for listener, direction in enumerate(directions):
        liked = np.flatnonzero(direction)
        alike = 0.005 + (directions[:, liked] * direction[liked]).sum(axis=1) ** 2
        alike[listener] = 1e-300
        wanted = 1 + int(2.5 * _exponential(rng, 1)[0])
        waiting = _exponential(rng, len(tastes)) / alike
        for friend in np.argsort(waiting, kind="stable")[:wanted].tolist():
            pairs.add((min(listener, friend), max(listener, friend)))
    return np.array(sorted(pairs), np.int64)


def _drawn(rng: np.random.Generator, limits: Floats) -> int:
    return min(int(np.searchsorted(limits, rng.random(), side="right")), len(limits) - 1)


def _exponential(rng: np.random.Generator, size: int) -> Floats:
    return -np.log(1.0 - rng.random(size))


def _normal(rng: np.random.Generator, size: int) -> Floats:
    radius = np.sqrt(2.0 * _exponential(rng, size))
    return radius * np.cos(2.0 * np.pi * rng.random(size))


def _packed(arrays: Mapping[str, NDArray[np.integer]]) -> bytes:
    """Return an npz file that has the same bytes on every system."""
    small = {"counts": "<i2", "artists": "<i2", "plays": "<i4", "friends": "<i2"}
    small |= {"begins": "u1", "spans": "u1", "weights": "u1", "moments": "<u2"}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for name, dtype in small.items():
            entry = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            entry.create_system = 3
            entry.external_attr = 0o644 << 16
            content = io.BytesIO()
            np.lib.format.write_array(content, arrays[name].astype(dtype), version=(1, 0), allow_pickle=False)
            archive.writestr(entry, content.getvalue())
    return packed.getvalue()


if __name__ == "__main__":
    SAMPLE_FILE.write_bytes(make_sample())
