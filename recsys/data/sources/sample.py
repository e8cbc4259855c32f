"""The built-in sample: invented listeners of real artists."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from recsys.data.dataset import Dataset
from recsys.data.interactions import Interactions
from recsys.data.sources.sample_times import sample_history

SCENES_FILE = Path(__file__).with_name("scenes.toml")
SAMPLE_FILE = Path(__file__).with_name("sample.npz")


@dataclass(frozen=True)
class Scene:
    """Artists who share an audience.

    Attributes
    ----------
    name : str
        What the scene is called.
    share : float
        How many listeners have it as their main scene, relative to the others.
    near : list of str
        Scenes that its listeners also hear.
    styles : dict of str to list of str
        The artists of each style, the best known first.
    famous : frozenset of str
        Those of its artists who are heard far outside the scene.
    """

    name: str
    share: float
    near: list[str]
    styles: dict[str, list[str]]
    famous: frozenset[str]


def read_scenes() -> list[Scene]:
    """Read the scenes and their artists."""
    with SCENES_FILE.open("rb") as file:
        table = tomllib.load(file)
    scenes = []
    for name, scene in table.items():
        listed = {
            style: [artist.strip() for artist in text.split(";")] for style, text in scene["styles"].items()
        }
        famous = {artist[1:] for artists in listed.values() for artist in artists if artist.startswith("*")}
        styles = {
            style: [artist.removeprefix("*") for artist in artists] for style, artists in listed.items()
        }
        scenes.append(Scene(name, float(scene["share"]), scene["near"], styles, frozenset(famous)))
    return scenes


def artist_names(scenes: list[Scene]) -> list[str]:
    """Return every artist once, in the order of the scenes file; the first one has the id 1."""
    return list(dict.fromkeys(name for scene in scenes for names in scene.styles.values() for name in names))


def load_sample() -> Dataset:
    """Load the generated sample."""
    scenes = read_scenes()
    names = np.array(artist_names(scenes), object)
    with np.load(SAMPLE_FILE, allow_pickle=False) as arrays:
        listeners = np.repeat(np.arange(1, len(arrays["counts"]) + 1), arrays["counts"])
        artists = arrays["artists"].astype(np.int64)
        plays = arrays["plays"]
        friends = arrays["friends"].astype(np.int64) + 1
        times = {name: arrays[name] for name in ("begins", "spans", "weights", "moments")}
    interactions = Interactions.from_frame(
        pd.DataFrame({"user": listeners, "item": artists + 1, "value": plays, "name": names[artists]})
    )
    both = np.concatenate([friends, friends[:, ::-1]])
    both = both[np.lexsort((both[:, 1], both[:, 0]))]
    return Dataset(
        key="sample",
        title="Generated sample",
        origin=(
            "The listening histories are generated: the artists' names are real, the listeners, their plays, "
            "when these were, and their friendships are invented, and no real person's data is in it."
        ),
        licence="MIT, like this project: free to use, change and share.",
        interactions=interactions,
        tags=_tags(scenes, interactions),
        friends=pd.DataFrame({"user": both[:, 0], "friend": both[:, 1]}),
        is_public=True,
        history=sample_history(interactions, times),
    )


def _tags(scenes: list[Scene], interactions: Interactions) -> pd.DataFrame:
    """Tag each artist with listeners by its scenes and styles, more often for popular ones."""
    ids = dict(zip(interactions.names, interactions.items, strict=True))
    listeners = dict(zip(interactions.names, interactions.item_counts, strict=True))
    counts: dict[tuple[int, str], int] = {}
    for scene in scenes:
        for style, names in scene.styles.items():
            for name in names:
                if name in ids:
                    counts[int(ids[name]), scene.name] = 1 + int(listeners[name]) // 4
                    counts[int(ids[name]), style] = 1 + int(listeners[name]) // 8
    rows = [(item, tag, count) for (item, tag), count in sorted(counts.items())]
    return pd.DataFrame(rows, columns=["item", "tag", "count"])
