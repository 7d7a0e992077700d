"""A run taken home: its model and, in time, every other form it can have."""
