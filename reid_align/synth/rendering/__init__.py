"""Rendering of triangles: meshes, rasterization, shading."""
