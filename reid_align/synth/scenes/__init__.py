"""Cameras, and the scenes in front of them."""
