"""Ranking metrics and significance tests."""
