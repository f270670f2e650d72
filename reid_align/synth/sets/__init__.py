"""Whole sets: settings, identities, tables, and writing them."""
