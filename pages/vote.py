"""Blind vote: two lists without names for one listener, a vote, what they were, and the votes of the visit."""

from pages.components import external_run
from pages.components.recommend import blind_vote
from pages.components.shell import layout
from pages.components.widgets import trained

layout.draw("vote")
external_run.explain("vote")
blind_vote.draw(trained.run())
