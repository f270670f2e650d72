"""Search for a published weights file: user folders, the package, the Hub cache, the Hub."""

import os
from pathlib import Path

from reid_align.errors import WeightsError, WeightsNotFoundError
from reid_align.weights.checksums import verify_file
from reid_align.weights.hub_download import download
from reid_align.weights.manifest_records import Weights

FOLDERS_VARIABLE = "REID_ALIGN_WEIGHTS"
BUNDLED = Path(__file__).parent / "bundled"


def locate_weights(weights: Weights, bundled: Path = BUNDLED) -> Path:
    """Return the file of these weights after checking its size and SHA-256.

    Searches for ``NAME.safetensors`` in the folders of the environment variable REID_ALIGN_WEIGHTS
    (separated like PATH), then in the package, in the Hub cache and on the Hub. A wrong file is an
    error; the search does not continue.

    Args:
        weights: the manifest entry.
        bundled: folder of the files in the package.

    Raises:
        WeightsNotFoundError: the file is not found; the message lists the searched places.
        WeightsAccessError: the Hub denies access.
        WeightsIntegrityError: a file of that name differs from the published one.
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
    """Return the folders in REID_ALIGN_WEIGHTS, without empty parts."""
    parts = os.environ.get(FOLDERS_VARIABLE, "").split(os.pathsep)
    return [Path(part).expanduser() for part in parts if part]


def _from_hub(weights: Weights, places: list[Path]) -> Path:
    """Download the file; add the places searched before to errors."""
    looked = f"{weights.name}: not found at {', '.join(map(str, places))}. " if places else ""
    advice = (
        f" Alternatively, put {weights.name}.safetensors into a folder and set "
        f"{FOLDERS_VARIABLE} to that folder."
    )
    if weights.hub is None:
        raise WeightsNotFoundError(f"{looked}It is part of the package; reinstall it.{advice}")
    try:
        return download(weights.hub, weights.bytes, weights.sha256)
    except WeightsError as error:
        raise type(error)(f"{looked}{error}{advice}") from error
