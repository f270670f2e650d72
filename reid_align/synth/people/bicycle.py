"""A bicycle to ride or to push."""

import numpy as np

from reid_align.synth.arrays import Floats
from reid_align.synth.drawing.mesh import Mesh, join, rigid_mesh
from reid_align.synth.drawing.primitives import Shape, rounded_box, tube
from reid_align.synth.people.colors import Color
from reid_align.synth.people.materials import Materials

# Metres: the lower pedal over the ground; where a ridden and a pushed bicycle are, to the left and
# backwards of the person.
PEDAL_HEIGHT = 0.13
UNDER, BESIDE = (0.0, -0.12), (0.47, -0.15)
_WHEEL = 0.33
_BLACK = np.array([0.05, 0.05, 0.055], np.float32)
# Places in meters to the left, backwards and up; it stands on the ground and heads forwards.
_REAR, _FRONT = (0.0, 0.55, _WHEEL), (0.0, -0.53, _WHEEL)
_CRANK, _SADDLE, _STEM = (0.0, 0.12, 0.3), (0.0, 0.24, 0.86), (0.0, -0.36, 0.86)
_BAR_LEFT, _BAR_RIGHT = (0.3, -0.36, 1.0), (-0.3, -0.36, 1.0)


def bicycle_mesh(color: Color, materials: Materials) -> Mesh:
    """Return a bicycle that stands on the ground; it follows no bone."""
    painted, black = materials.add(color), materials.add(_BLACK)
    frame = ((_CRANK, _SADDLE), (_CRANK, _STEM), (_SADDLE, _STEM), (_CRANK, _REAR), (_STEM, _FRONT))
    shapes = [(_rod(start, end, 0.018), painted) for start, end in frame]
    shapes += [(_rod(_STEM, (0.0, -0.36, 1.0), 0.014), black)]
    shapes += [(_rod(_BAR_LEFT, _BAR_RIGHT, 0.014), black)]
    shapes += [(_wheel(_REAR), black), (_wheel(_FRONT), black)]
    shapes += [(rounded_box(np.array(_SADDLE), (0.15, 0.26, 0.07), 0.7), black)]
    return join([_rigid(shape, tile, materials) for shape, tile in shapes])


def _rod(start: tuple[float, ...], end: tuple[float, ...], radius: float) -> Shape:
    return tube(np.array([start, end]), np.full(2, radius), sides=5)


def _wheel(center: tuple[float, ...]) -> Shape:
    angle = np.linspace(0, 2 * np.pi, 25)
    circle = np.stack([np.zeros(25), np.cos(angle), np.sin(angle)], 1) * (_WHEEL - 0.02)
    return tube(circle + center, np.full(25, 0.02), sides=5)


def _rigid(shape: Shape, tile: int, materials: Materials) -> Mesh:
    texels: Floats = materials.texels(tile, shape.places)
    return rigid_mesh(shape.vertices, shape.faces, texels, bone=0, two_sided=True)
