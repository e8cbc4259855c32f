"""Import of users' own files: readers, known formats, validation."""
