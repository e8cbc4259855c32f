"""Relations of two items: shared users, other items, and the path between them."""

import numpy as np
import pandas as pd
import pytest

from recsys.analysis.relations import audiences, compare, network, path, path_table
from recsys.analysis.similarity import by_audience
from recsys.data.interactions import Interactions


def interactions(pairs) -> Interactions:
    return Interactions.from_frame(pd.DataFrame(pairs, columns=["user", "item"]).assign(value=1.0))


@pytest.fixture(scope="module")
def chain() -> Interactions:
    """Items 0 to 5, of which only neighbours share users: ten users each have two that follow each other."""
    return interactions(
        [(10 * link + user, item) for link in range(5) for user in range(10) for item in (link, link + 1)]
        + [(90 + user, item) for user in range(5) for item in (8, 9)]
    )


def test_a_pair_by_hand():
    few = interactions([(1, "a"), (1, "b"), (2, "a"), (2, "b"), (3, "a"), (4, "c")])
    pair = compare(few, 0, 1)
    assert (pair.one, pair.other, pair.shared) == (3, 2, 2)
    assert pair.by_chance == pytest.approx(3 * 2 / 4)
    assert pair.lift == pytest.approx(2 / 1.5)
    assert pair.overlap == pytest.approx(2 / 3)
    assert compare(few, 0, 2).lift == 0


def test_common_ground_is_what_both_audiences_have(chain):
    table = audiences(chain, 0, 2).set_index("item")
    assert table.index[0] == 1
    assert table.loc[1, ["with_one", "with_other", "common"]].tolist() == [1.0, 0.5, 0.5]
    assert table.loc[3, ["with_one", "with_other", "common"]].tolist() == [0.0, 0.5, 0.0]
    assert not {0, 2, 8, 9} & set(table.index)


def test_the_path_goes_over_each_neighbour_and_back(chain):
    known = network(chain)
    assert path(chain, known, 0, 5) == [0, 1, 2, 3, 4, 5]
    assert path(chain, known, 5, 0) == [5, 4, 3, 2, 1, 0]
    assert path(chain, known, 3, 3) == [3]
    table = path_table(chain, [0, 1, 2])
    assert table["shared"].tolist()[1:] == [10, 10]
    assert table["similarity"].tolist()[1:] == pytest.approx([10 / 20, 10 / 30])


def test_where_no_chain_leads_there_is_no_path(chain):
    assert path(chain, network(chain), 0, chain.item_code(9)) == []


def test_an_item_of_few_users_is_linked_to_what_these_have(chain):
    more = interactions(
        [
            *zip(chain.users[chain.user_codes], chain.items[chain.item_codes], strict=True),
            (0, 99),
            (0, 98),
            (45, 97),
        ]
    )
    known = network(more)
    assert more.item_code(99) not in known.items
    found = path(more, known, more.item_code(99), more.item_code(97))
    assert [int(more.items[code]) for code in found] == [99, 1, 2, 3, 4, 97]
    assert path(more, known, more.item_code(99), more.item_code(98))


def test_lengths_are_those_of_the_jaccard_index(chain):
    known = network(chain)
    steps = known.steps.toarray()
    assert np.array_equal(steps, steps.T)
    for place, item in enumerate(known.items):
        expected = 1 - by_audience(chain, int(item))[known.items]
        linked = steps[place] > 0
        assert steps[place][linked] == pytest.approx(expected[linked], abs=1e-5)
        assert linked.sum() == ((expected < 1) & (known.items != item)).sum()


def test_of_no_items_with_enough_users_the_network_is_empty():
    few = interactions([(1, "a"), (1, "b"), (2, "a")])
    assert len(network(few).items) == 0
    assert path(few, network(few), 0, 1) == []
