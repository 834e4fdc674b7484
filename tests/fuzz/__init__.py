"""Damaged files of every accepted type, through all that a worker does with them: `make fuzz`."""
