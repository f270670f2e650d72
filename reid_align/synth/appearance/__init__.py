"""Appearance of synthetic people: clothes, hair, faces, bags, and the complete avatar."""
