"""Compare: several models on the same listeners, and what it takes to tell them apart."""

from pages.components import comparison_choice, comparison_panel, frame, large_run, state

nouns = state.nouns()
frame.draw("Compare", f"Several models on the same hidden {nouns.items}: which is better, at what price?")
large_run.instead(large_run.no_comparison)
comparison_choice.draw()
comparison_panel.draw()
