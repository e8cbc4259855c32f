"""Table of all pages, read by the menu, Home, the pages themselves, the README test and the page tests.

A new page is a file in `pages/` and a row here.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import streamlit as st


class Page(NamedTuple):
    """Page of the app.

    Attributes
    ----------
    path : str
        File, relative to the root of the project.
    label : str
        Title on the page and in the menu; words of the data in braces, for `Nouns.fill`.
    icon : str
        Material icon.
    blurb : str
        Sentence beside the title: what the page is for; for `Nouns.fill`.
    menu : bool
        Whether the menu has it.
    not_external : str
        Why it cannot show an external run, and a sentence on what can, for `Nouns.fill`; empty if it can show one.
    """

    path: str
    label: str
    icon: str
    blurb: str
    menu: bool = False
    not_external: str = ""

    @property
    def name(self) -> str:
        """Name of the file without its ending; in the address of the page."""
        return Path(self.path).stem


NOT_TRAINED_HERE = (
    "was trained elsewhere and is only read here: it cannot be trained on or tuned. To train here, choose another "
    "dataset. To train this one with other settings, train it again where it came from and open the new run."
)

PAGES = (
    Page(
        "app.py",
        "Encore",
        ":material/home:",
        "See what {nouns.users} {nouns.do}, watch a recommender learn it, and judge what it recommends.",
    ),
    Page(
        "pages/explore.py",
        "Explore",
        ":material/travel_explore:",
        "What is {nouns.done} most, by how many, and how unevenly?",
        menu=True,
    ),
    Page(
        "pages/train.py",
        "Train",
        ":material/model_training:",
        "Move a setting; the learning curve and the recommendations answer.",
        menu=True,
        not_external=NOT_TRAINED_HERE,
    ),
    Page(
        "pages/recommend.py",
        "Recommend",
        ":material/recommend:",
        "What a {nouns.user} {nouns.does}, what is recommended to them, and why.",
        menu=True,
    ),
    Page(
        "pages/you.py",
        "You",
        ":material/person:",
        "Name a few {nouns.items} or bring your own history; recommendations follow at once.",
        menu=True,
    ),
    Page(
        "pages/compare.py",
        "Compare",
        ":material/leaderboard:",
        "Which model finds more of the hidden {nouns.items}, and is the difference clear?",
        menu=True,
        not_external="was trained and judged elsewhere, on other {nouns.users}: it cannot be compared with models that "
        "are trained here. Explore shows the metrics that were measured there.",
    ),
    Page(
        "pages/map.py",
        "Map",
        ":material/scatter_plot:",
        "Which {nouns.items} a model places close together, and what its latent features stand for.",
        menu=True,
        not_external="has too many {nouns.items} to lay out on a map. The page of {nouns.an_item} lists similar ones: "
        "find one on Explore.",
    ),
    Page(
        "pages/artist.py",
        "{nouns.item_title}",
        ":material/artist:",
        "One {nouns.item}: {nouns.values}, {nouns.users} and shared audience.",
    ),
    Page(
        "pages/listener.py",
        "{nouns.user_title}",
        ":material/person_search:",
        "One {nouns.user}: {nouns.items}, {nouns.values}, how mainstream, and the nearest other {nouns.users}.",
        not_external="has too many {nouns.users} to compare with each other. Recommend shows the {nouns.items} of one.",
    ),
    Page(
        "pages/story.py",
        "Story",
        ":material/auto_stories:",
        "From a table to recommendations in twelve steps, on this data, with the faults to avoid.",
        not_external=NOT_TRAINED_HERE,
    ),
    Page(
        "pages/present.py",
        "Present",
        ":material/slideshow:",
        "One {nouns.user}'s lists in large type, without controls.",
        not_external="is not presented without controls. Recommend shows the same lists.",
    ),
    Page(
        "pages/vote.py",
        "Blind vote",
        ":material/how_to_vote:",
        "Two lists without names: which fits better?",
        not_external="has one model only: there is nothing to vote against. Recommend shows its lists.",
    ),
    Page(
        "pages/data.py",
        "Data",
        ":material/database:",
        "Choose a dataset or import your own.",
    ),
    Page(
        "pages/health.py",
        "Server status",
        ":material/monitor_heart:",
        "For those who run the server. Machines read the same at /health.json.",
    ),
)
# Pages of former versions: the page that has their content now, and what its address needs to show it.
MOVED: dict[str, tuple[str, dict[str, str]]] = {
    "new_listener": ("you", {}),
    "sweep": ("train", {"mode": "sweep"}),
}


def page(name: str) -> Page:
    """Return the row of a page; one that is missing says in its blurb what to do.

    Parameters
    ----------
    name : str
        Name of its file without the ending; `app` is Home.
    """
    for row in PAGES:
        if row.name == name:
            return row
    missing = f"pages/{name}.py has no row in PAGES of pages/components/navigation.py. Add one."
    return Page(f"pages/{name}.py", name.replace("_", " ").capitalize(), ":material/error:", missing)


def menu() -> list[Page]:
    """Return the pages of the menu."""
    return [row for row in PAGES if row.menu]


def with_external_run() -> list[Page]:
    """Return the pages of the menu that can show an external run."""
    return [row for row in menu() if not row.not_external]


def redirect(file: str, query: Mapping[str, str]) -> None:
    """Lead from the file of a former page to the page that took its place, with the rest of the address."""
    name, more = MOVED[Path(file).stem]
    st.switch_page(page(name).path, query_params={**query, **more})
