"""Whole sets: settings, identities, tables, and writing them."""

from importlib.util import find_spec

from reid_align.errors import MissingExtraError

# Said here for all the modules that import it; of numba `drawing.jit` says it.
if find_spec("cv2") is None:
    raise MissingExtraError("opencv-python-headless", "synth", "Making synthetic people")
