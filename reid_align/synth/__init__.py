"""Synthetic people: textured bodies in front of simulated cameras, with textures and dense UV.

From the bottom up: `drawing` rasterises and shades triangles, `body` is the bare body in a pose,
`people` dresses it, `places` are cameras and scenes, `photos` takes one image of one person, and
`sets` writes many. `compiling` made the body that lies in ``assets``.
"""
