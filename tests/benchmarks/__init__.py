"""Benchmarks: ratios to a peer or to a limit, both sides in one run; never part of the tests."""
