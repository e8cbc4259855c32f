"""Training runs, searches and leaderboards."""
