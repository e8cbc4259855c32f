"""Health: how the server is, for those who run it; nothing about who uses it. Not in the menu."""

import datetime

import streamlit as st

from pages.components.session import session
from pages.components.shell import layout

layout.draw("health")
now = session.health()

figure_row = st.container(horizontal=True)
figure_row.metric(
    "Uptime", str(datetime.timedelta(seconds=round(now["uptime"]))), border=True, help="Days, then h:mm:ss."
)
figure_row.metric("Memory", "?" if now["memory"] is None else f"{now['memory'] / 1e6:,.0f} MB", border=True)
figure_row.metric("Data sets in memory", f"{now['data']['sets']:,}", border=True)
figure_row.metric("Pairs in them", f"{now['data']['pairs']:,}", border=True)
for name, free in now["free"].items():
    figure_row.metric(f"Free for {name}", "?" if free is None else f"{free / 1e9:,.1f} GB", border=True)

work, versions = st.columns(2, gap="large")
with work:
    st.header("Work in the background", anchor=False)
    states = list(now["work"]["trainings"])
    counts = {name.capitalize(): [found[state] for state in states] for name, found in now["work"].items()}
    held = {name.capitalize(): [f"{size / 1e6:,.1f} MB"] for name, size in now["held"].items()}
    shown = {name: [str(count) for count in numbers] + held[name] for name, numbers in counts.items()}
    st.table({"State": [*states, "in memory"]} | shown, hide_index=True)
with versions:
    st.header("Versions", anchor=False)
    st.table({"Package": list(now["versions"]), "Version": list(now["versions"].values())}, hide_index=True)
st.button("Look again", icon=":material/refresh:", key="again")
