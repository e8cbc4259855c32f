"""Runs beyond one machine's memory."""
