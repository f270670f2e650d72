"""Write the crops of ``examples/``: ``python -m tools.write_examples examples``."""

import argparse
import io
from pathlib import Path

from PIL import Image

from reid_align.synth.array_types import Pixels
from reid_align.synth.folder_export import market_name
from reid_align.synth.identity_generator import generate_identity
from reid_align.synth.synth_settings import SynthSettings

SETTINGS = SynthSettings(identities=8, images=4, seed=20)


def write_examples(folder: Path, settings: SynthSettings = SETTINGS) -> int:
    """Write the images as small JPEG files, named as in Market-1501; return their number."""
    folder.mkdir(parents=True, exist_ok=True)
    count = 0
    for number in range(settings.identities):
        identity = generate_identity(settings, number)
        pairs = zip(identity.cameras, identity.views, strict=True)
        for index, (camera, view) in enumerate(pairs):
            name = market_name(number, int(camera), index)
            (folder / f"{name}.jpg").write_bytes(_small_jpeg(view.image))
            count += 1
    return count


def _small_jpeg(image: Pixels) -> bytes:
    target = io.BytesIO()
    Image.fromarray(image).save(target, "JPEG", quality=80)
    return target.getvalue()


def main() -> None:
    """Parse the arguments and write the examples."""
    parser = argparse.ArgumentParser("python -m tools.write_examples", description=__doc__)
    parser.add_argument("folder", type=Path, help="output folder")
    print(f"{write_examples(parser.parse_args().folder)} images")


if __name__ == "__main__":
    main()
