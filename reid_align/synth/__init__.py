"""Generator of synthetic people: avatars in front of simulated cameras, with labels.

Each image has its dense pose map (IUV), the texture of the avatar, the identity and the camera.

Layers, each of which imports only those before it: `rendering` draws triangles, `body` is the
undressed body, `appearance` dresses it, `scenes` has cameras and their surroundings, `views`
renders one camera image, and the modules of this package generate identities and write sets.
Other packages use only the names exported here.
"""

from importlib.util import find_spec

from reid_align.errors import MissingExtraError

# Checked once for all modules that import it. `rendering.numba_kernel` checks numba.
if find_spec("cv2") is None:
    raise MissingExtraError("opencv-python-headless", "synth", "Generating synthetic people")

from reid_align.synth.body.part_charts import texel_table
from reid_align.synth.folder_export import export_folders, is_exported
from reid_align.synth.identity_generator import Identity, generate_identity
from reid_align.synth.set_tables import identity_tables
from reid_align.synth.set_writer import write_set
from reid_align.synth.street_video import StreetSettings, write_street_video
from reid_align.synth.synth_settings import PIT_TEXTURES, SynthSettings

__all__ = [
    "PIT_TEXTURES",
    "Identity",
    "StreetSettings",
    "SynthSettings",
    "export_folders",
    "generate_identity",
    "identity_tables",
    "is_exported",
    "texel_table",
    "write_set",
    "write_street_video",
]
