"""The tables of both papers: what was published, what we measured, and the two side by side."""
