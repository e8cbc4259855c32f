"""Compare: several models on the same listeners, and what it takes to tell them apart."""

from pages.components import external_run
from pages.components.compare import model_selection, panel
from pages.components.shell import layout

layout.draw("Compare", "Several models on the same hidden {nouns.items}: which is better, at what price?")
external_run.instead(external_run.no_comparison)
model_selection.draw()
panel.draw()
