"""See, train and judge a music-artist recommender."""

__version__ = "0.1.0"
