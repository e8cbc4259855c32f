"""Recommend: one listener's artists beside what the model recommends."""

import streamlit as st

from pages.components import controls, frame, state
from recsys.errors import InputError
from recsys.export import to_csv
from recsys.models import MODELS
from recsys.recommending import recommend_to
from recsys.settings import SETTINGS

frame.draw("Recommend", "What a listener plays, beside what they might like.")
job = state.run()
if job is None or not job.run.history:
    st.info("Recommendations come from a trained model. Train one first; it takes a moment.")
    if st.button("Train a model", type="primary", icon=":material/model_training:", key="to-train"):
        st.switch_page("pages/train.py", query_params=state.place())
    st.stop()

run = job.run
users = job.dataset.interactions.users
picker, number = st.columns([3, 1])
with picker:
    wanted = controls.listener(users)
with number:
    row = SETTINGS["n"]
    n = st.slider(
        row.label, int(row.minimum), 50, int(row.default), key="n", help=row.help, persist_state="session"
    )
if wanted is None:
    st.info("Choose a listener to see their artists and what is recommended to them.")
    st.button(
        "Show a listener",
        type="primary",
        icon=":material/person:",
        key="any-listener",
        on_click=controls.choose_listener,
        args=(users[0],),
    )
    st.stop()
try:
    user = job.dataset.interactions.user_code(wanted)
except InputError as error:
    frame.problem(error)
    controls.similar_listeners(users, wanted)
    st.stop()

existing, recommended = recommend_to(run.model, run.split, user, n)
hidden = run.split.validation.user_counts[user]
found = int(recommended["hit"].sum())
left, right = st.columns(2, gap="large")
with left:
    st.subheader("Plays", anchor=False)
    st.caption(
        f"{len(existing):,} artists the model knows of, the most played first"
        + (f"; {hidden} more were hidden from it." if hidden else ".")
    )
    controls.artist_table(existing, "existing", ["artist", "plays", "share"])
with right:
    st.subheader("Recommended", anchor=False)
    st.caption(
        f"By {MODELS[run.model.name].label}. Score: {run.model.target}. "
        + (f"**Hits: {found} of {len(recommended)}.**" if hidden else "")
    )
    marked = recommended.assign(hit=recommended["hit"].map({True: "✓ hit", False: ""}))
    controls.artist_table(marked, "recommended", ["artist", "hit", "score", "listeners", "popularity_rank"])
    st.download_button(
        "Download as CSV",
        lambda: to_csv(recommended.assign(listener=wanted)),
        "recommendations.csv",
        "text/csv",
        icon=":material/download:",
        on_click="ignore",
        key="download",
    )
