"""Built-in datasets and how a dataset is loaded by name."""
