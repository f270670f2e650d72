"""Markdown tables and figures that update_docs.py writes to the documentation."""
