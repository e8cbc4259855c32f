"""Home page: a model that learns, one list that gets better, a way in for oneself, and four doors."""

from __future__ import annotations

import streamlit as st

from pages.components import navigation
from pages.components.new_listener import history_import
from pages.components.session import cached, keys, session
from pages.components.shell import layout
from pages.components.train import epochs, one_list
from pages.components.train.live_training import TITLES
from pages.components.widgets import trained
from pages.components.widgets.live_chart import live_chart
from recsys.errors import InputError
from recsys.experiments.setup import Setup
from recsys.experiments.snapshots import Snapshots
from recsys.experiments.training import TrainingRun
from recsys.figures import training
from recsys.jobs.scheduler import ENDED, Job

# Page, what its address says as well, icon, title, and a sentence for `Nouns.fill`.
DOORS: tuple[tuple[str, dict[str, str], str, str, str], ...] = (
    ("explore", {}, ":material/bar_chart:", "Who is {nouns.done} most?", "And how unevenly it is spread."),
    ("train", {}, ":material/tune:", "Tune it yourself", "Move a setting; curve and list answer."),
    (
        "compare",
        {"tab": "Why the article's model loses"},
        ":material/leaderboard:",
        "Why the article's model loses",
        "Its error falls, its lists find next to nothing.",
    ),
    (
        "recommend",
        {},
        ":material/slideshow:",
        "A list for an audience",
        "One {nouns.user}, with reasons, in large type.",
    ),
)


def draw() -> None:
    """Draw the page."""
    layout.draw("app")
    if session.large_run() is None:
        _demo()
    _doors()


def _demo() -> None:
    shared = session.recommended_run()
    if shared is None:
        trained.run()  # says why there is none
        return
    job = _own(shared)
    _learning(job, job.state)
    _start_with_me()


def _own(shared: Job[TrainingRun]) -> Job[TrainingRun]:
    """Return the training that this visitor watches here; by itself the first one is that of all visitors."""
    found = session.runs().get(st.session_state.get(keys.HOME_RUN, ""))
    same = (
        found is not None
        and found.dataset.interactions.fingerprint == shared.dataset.interactions.fingerprint
    )
    return found if found is not None and same else shared


def _again() -> None:
    """Train anew, to be watched."""
    shared = session.recommended_run()
    if shared is None:
        return
    setup = Setup.of(shared.dataset, shared.run)
    try:
        st.session_state[keys.HOME_RUN] = session.start(
            session.runs(), setup.run(cached.split(**setup.hold_out), Snapshots())
        ).id
    except InputError as error:
        st.session_state[keys.NOTICE] = str(error)


def _learning(job: Job[TrainingRun], drawn: str) -> None:
    @st.fragment(run_every=None if drawn in ENDED else 0.25)
    def show() -> None:
        if (job.state in ENDED) != (drawn in ENDED):
            st.rerun()
        history = list(job.run.history)
        picture, listed = st.columns([1.5, 1], gap="medium")
        with picture, st.container(border=True, height="stretch"):
            with st.container(horizontal=True, vertical_alignment="center"):
                far = f"epoch {len(history)} of {job.run.epochs}"
                st.markdown(
                    f"**{layout.escape(job.run.model.label)}** {TITLES[job.state]} {far}", width="content"
                )
                st.space("stretch")
                st.button(
                    "Watch it learn",
                    icon=":material/play_arrow:",
                    type="primary",
                    key=keys.WATCH,
                    on_click=_again,
                )
            live_chart(
                training.learning_curves(
                    history, job.run.epochs, {}, errors=job.run.model.predicts_ratings, height=390
                ),
                "home-curves",
                label=f"Ranking quality after epoch {len(history)} of {job.run.epochs}",
                narrow_height=260,
                slider=epochs.SLIDER,
            )
            epochs.draw(job)
        with listed, st.container(border=True, height="stretch"):
            if history:
                one_list.draw(job, "home", compared=False)
            else:
                st.skeleton(height=380)

    show()


def _start_with_me() -> None:
    nouns = session.nouns()
    with st.container(border=True, horizontal=True, vertical_alignment="bottom", key="start-with-me"):
        st.text_input(
            f"Start with me: name a few {nouns.items} you {nouns.do}",
            key=keys.HOME_NAMES,
            placeholder="Three are enough, with commas between them",
            on_change=_take,
        )
        layout.link(
            navigation.page("you"),
            label="Or drop my own export",
            icon=":material/upload:",
            query=session.place(),
        )
    if st.session_state.pop(keys.HOME_GO, False):
        st.switch_page(navigation.page("you").path, query_params=session.place())


def _take() -> None:
    text = st.session_state[keys.HOME_NAMES]
    if text.strip():
        history_import.take_text(text)
        st.session_state[keys.HOME_GO] = True


def _doors() -> None:
    nouns = session.nouns()
    external = session.large_run() is not None
    row = st.grid(4, min_column_width=220)
    for name, query, icon, title, words in DOORS:
        page = navigation.page(name)
        if external and page.not_external:
            continue
        with row.container(border=True, height="stretch"):
            layout.link(page, label=nouns.fill(title), icon=icon, query=session.place() | query)
            st.caption(nouns.fill(words))
    story = navigation.page("story")
    if not (external and story.not_external):
        layout.link(
            story, label="The article, step by step on this data", icon=story.icon, query=session.place()
        )
