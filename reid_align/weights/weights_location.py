"""Where the file of published weights is: your folders, the package, the cache, the Hub."""

import os
from pathlib import Path

from reid_align.errors import WeightsError, WeightsNotFoundError
from reid_align.weights.checksums import verify_file
from reid_align.weights.hub_download import download
from reid_align.weights.manifest_records import Weights

FOLDERS_VARIABLE = "REID_ALIGN_WEIGHTS"
BUNDLED = Path(__file__).parent / "bundled"


def locate(weights: Weights, bundled: Path = BUNDLED) -> Path:
    """Return the file of these weights, compared with the published length and SHA-256.

    It is looked for as ``NAME.safetensors`` in the folders that REID_ALIGN_WEIGHTS names
    (separated like PATH), then inside the package, then in the Hub's cache, then on the Hub. The
    first one found has to be right: a wrong file is an error, never passed over.

    Args:
        weights: the record of the manifest.
        bundled: the folder of the files inside the package.

    Raises:
        WeightsNotFoundError: it is nowhere; the text lists where it was looked for.
        WeightsAccessError: the Hub refuses it.
        WeightsIntegrityError: a file with that name is there, and is another one.
    """
    places = [folder / f"{weights.name}.safetensors" for folder in _folders()]
    if weights.bundled is not None:
        places.append(bundled / weights.bundled)
    for place in places:
        if os.path.lexists(place):
            verify_file(place, weights.bytes, weights.sha256)
            return place
    return _from_hub(weights, places)


def _folders() -> list[Path]:
    """Return the folders of REID_ALIGN_WEIGHTS; empty parts are ignored."""
    parts = os.environ.get(FOLDERS_VARIABLE, "").split(os.pathsep)
    return [Path(part).expanduser() for part in parts if part]


def _from_hub(weights: Weights, places: list[Path]) -> Path:
    """Download the file, or raise with all the places that were looked at before."""
    looked = f"{weights.name}: not found at {', '.join(map(str, places))}. " if places else ""
    advice = (
        f" Or put the file {weights.name}.safetensors into a folder and name that folder in "
        f"{FOLDERS_VARIABLE}."
    )
    if weights.hub is None:
        raise WeightsNotFoundError(f"{looked}It comes with the package: install it again.{advice}")
    try:
        return download(weights.hub, weights.bytes, weights.sha256)
    except WeightsError as error:
        raise type(error)(f"{looked}{error}{advice}") from error
