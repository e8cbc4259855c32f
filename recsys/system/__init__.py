"""Files, memory and the event log."""
