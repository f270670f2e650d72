"""Whole sets: settings, identities, tables, and writing them."""

from importlib.util import find_spec

from reid_align.errors import MissingExtraError

# Said here for all the modules that need them, whichever comes first.
for _module, _package in (("cv2", "opencv-python-headless"), ("numba", "numba")):
    if find_spec(_module) is None:
        raise MissingExtraError(_package, "synth", "Making synthetic people")
