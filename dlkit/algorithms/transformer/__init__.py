"""Transformer: every place looks at every other, and decides itself where to look."""
