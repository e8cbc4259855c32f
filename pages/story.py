"""Story: the way of the article as a guided notebook, each step on the data that is shown."""

import streamlit as st

from pages.components import external_run
from pages.components.session import cached, keys, session
from pages.components.shell import layout
from pages.components.story.table import NAMES, STEPS
from recsys.data.dataset import Dataset
from recsys.errors import InputError
from recsys.experiments.story import Story

layout.draw("story")
external_run.explain("story")


@cached.remembered(show_spinner=False, max_entries=2)
def _story(fingerprint: str, _dataset: Dataset) -> Story:
    return Story(_dataset)


def _go() -> None:
    st.query_params.step = st.session_state[keys.STEP]


nouns, dataset = session.nouns(), session.dataset()
story = _story(dataset.interactions.fingerprint, dataset)
wanted = st.query_params.get("step", NAMES[0])
st.session_state[keys.STEP] = wanted if wanted in NAMES else NAMES[0]
place = NAMES.index(st.session_state[keys.STEP])
st.pills(
    "Steps",
    NAMES,
    key=keys.STEP,
    format_func=lambda name: f"{NAMES.index(name) + 1} {STEPS[NAMES.index(name)].label}",
    label_visibility="collapsed",
    required=True,
    on_change=_go,
    wrap=True,
)
step = STEPS[place]
told, shown = st.columns([1, 3], gap="large")
with told:
    st.header(nouns.fill(step.title), anchor=False)
    with st.container(horizontal=True, gap="small", key="walk"):
        for label, icon, to in (
            ("Back", ":material/arrow_back:", place - 1),
            ("Next", ":material/arrow_forward:", place + 1),
        ):
            if 0 <= to < len(STEPS):
                st.button(
                    label,
                    icon=icon,
                    type="primary" if label == "Next" else "secondary",
                    key=f"step-{label.lower()}",
                    on_click=st.query_params.__setitem__,
                    args=("step", NAMES[to]),
                )
    if len(story.interactions) < len(dataset.interactions):
        st.caption(
            f"Computed on {story.interactions.n_users:,} of {dataset.interactions.n_users:,} {nouns.users}, evenly "
            "spread, so that each step takes seconds."
        )
    with st.expander("The same in Python", icon=":material/code:"):
        st.code(step.code, language="python")
with shown:
    try:
        with st.spinner("Computing ..."):
            step.draw(story)
    except InputError as error:
        layout.problem(error)
