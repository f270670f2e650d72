"""Benchmarks: speed, the papers' tables, and studies; see README.md."""
