"""Measurements with a target, each behind one name: `python -m benchmarks list`."""
