"""Recommendations, their explanations and re-ranking."""
