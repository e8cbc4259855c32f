"""Known exports and their columns."""
