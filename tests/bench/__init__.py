"""Benchmarks: `python -m tests.bench NAME --json`; they measure and assert no time."""
