"""Datasets: interactions, splits and where they come from."""
