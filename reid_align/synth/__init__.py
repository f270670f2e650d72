"""Synthetic people: textured bodies in front of simulated cameras, with textures and dense UV."""
