"""Saved models, datasets and exports."""
