"""Popularity, similarity and structure of items."""
