"""One listener: how much and how mainstream, what most, and who has the same."""

import streamlit as st

from pages.components import external_run, navigation
from pages.components.explore import friends, listeners, scenes, times
from pages.components.explore.widgets import strip
from pages.components.session import session
from pages.components.shell import layout
from pages.components.widgets import pickers, tables, who
from recsys.analysis.listener_table import nearest_listeners
from recsys.analysis.popularity import user_table
from recsys.errors import InputError

layout.draw("listener")
external_run.explain("listener")
nouns, interactions = session.nouns(), session.dataset().interactions
everyone = listeners.table()
with st.container(width=420):
    pickers.choose_first(str(everyone["listener"].iloc[0]))
    wanted = pickers.listener(interactions.users)
if wanted is None:
    st.stop()
try:
    code = interactions.user_code(wanted)
except InputError as error:
    layout.problem(error)
    pickers.similar_listeners(interactions.users, wanted)
    st.stop()
if code not in everyone.index:
    st.info(f"This {nouns.user} has no {nouns.items}.", icon=":material/info:")
    st.stop()

row = everyone.loc[code]
strip(
    (nouns.items.capitalize(), f"{row['artists']:,}", ""),
    (nouns.values.capitalize(), f"{row['plays']:,.0f}", ""),
    (
        "Mean popularity percentile",
        f"{row['mainstream']:.0f}",
        f"Of the {nouns.items}, by {nouns.users}; 100 is the most popular.",
    ),
    (f"Share of the first {nouns.item}", f"{row['top_share']:.1%}", ""),
)
st.caption(
    f"{nouns.user.capitalize()} **{layout.escape(wanted, 40)}** has {row['artists']:,} "
    f"{nouns.item if row['artists'] == 1 else nouns.items}, first of all **{layout.escape(row['favourite'], 60)}** "
    f"({row['top_share']:.1%} of the {nouns.values}); more mainstream than {who.usual()[code]}% of {nouns.users}"
    + (f". Unusual: {nouns.fill(row['unusual'])}." if row["unusual"] else ".")
)
scenes.of_listener(code)
layout.link(
    navigation.page("recommend"),
    label=f"See what is recommended to this {nouns.user}",
    query=session.place() | {"listener": wanted},
)
left, right = st.columns([2, 3], gap="large")
with left:
    st.header(nouns.done.capitalize(), anchor=False)
    existing = user_table(interactions, code).rename(columns={"plays": "value"})
    columns = ["artist", "value", *(["share"] if nouns.counted else [])]
    tables.artist_table(existing, f"of-{code}", columns, 420)
with right:
    st.header(f"Nearest {nouns.users}", anchor=False)
    near = nearest_listeners(interactions, code)
    if near.empty:
        st.caption(f"No other {nouns.user} has one of these {nouns.items}.")
    else:
        first = near.iloc[0]
        st.caption(
            f"{nouns.items.capitalize()} of both as a share of the {nouns.items} of either (Jaccard index). The "
            f"nearest has {first['both']:,} of the {row['artists']:,}, {first['similarity']:.1%}."
        )
        tables.listener_table(
            near.assign(sharing=near["sharing"].map(", ".join)), f"near-{code}", to="listener"
        )
friends.of_listener(code)
times.of_listener(code)
