"""Readers of file types."""
