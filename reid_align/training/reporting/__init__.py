"""Metrics and progress of a run: running means, metrics.jsonl, timing.jsonl, progress bar."""
