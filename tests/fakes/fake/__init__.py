"""The do-nothing algorithm."""
