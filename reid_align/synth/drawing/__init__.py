"""Triangles and pixels: meshes, rasterising, light and shade; knows nothing of people."""
