"""Users in a sentence."""

import numpy as np
import pandas as pd

from recsys.analysis.listener_table import mainstream
from recsys.analysis.listeners import describe_user, usualness
from recsys.analysis.tags import tag_shares
from recsys.data.dataset import Dataset
from recsys.data.interactions import Interactions
from recsys.data.nouns import MUSIC


def known() -> Interactions:
    pairs = [(user, "hit") for user in range(1, 6)] + [(1, "also"), (2, "also"), (6, "rare"), (6, "rarer")]
    frame = pd.DataFrame(pairs, columns=["user", "item"])
    return Interactions.from_frame(frame.assign(value=1))


def test_those_who_play_what_many_play_are_usual_and_those_who_do_not_are_not():
    usual = usualness(known())
    assert usual.min() == usual[5] == 0
    assert usual.argmax() in (2, 3, 4)
    assert usual.max() <= 100
    assert len(np.unique(usual[2:5])) == 1


def test_usualness_is_the_rank_of_how_mainstream_users_are():
    by, usual = mainstream(known()), usualness(known())
    assert usual[np.argsort(by, kind="stable")].tolist() == sorted(usual)
    assert usual[5] == 0


def test_a_user_is_described_by_number_tag_and_taste():
    tags = pd.DataFrame({"item": ["rare", "rarer"], "tag": ["drone", "drone"], "count": [3, 1]})
    data = Dataset("own", "Own", "", "", known(), tags=tags)
    said = describe_user(data.interactions, 5, usualness(data.interactions), tag_shares(data), MUSIC)
    assert said == "2 artists, mostly drone; an unusual taste (more mainstream than 0% of listeners)"
    plain = describe_user(data.interactions, 5, usualness(data.interactions), pd.DataFrame(), MUSIC)
    assert plain == "2 artists; an unusual taste (more mainstream than 0% of listeners)"
