"""MovieLens: the files that have the names of the movies.

References
----------
https://files.grouplens.org/datasets/movielens/ml-100k-README.txt, ml-1m-README.txt, ml-25m-README.html
"""

from __future__ import annotations

from recsys.data.nouns import Nouns

NOUNS = Nouns("user", "users", "movie", "movies", "rating", "rating points", "rate")
# the columns of the id and of the name
NAMES = {
    **dict.fromkeys(("u.item", "movies.dat", "movies.csv", "lfm-1b_artists.txt"), (0, 1)),
    "movie_titles.csv": (0, 2),
}
