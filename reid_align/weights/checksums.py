"""Is a file the one that was published?"""

import hashlib
from pathlib import Path

from reid_align.errors import WeightsIntegrityError


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file as 64 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def verify_file(path: Path, size: int, sha256: str) -> None:
    """Compare a file's length and SHA-256 with those that were published.

    Raises:
        WeightsIntegrityError: one of them differs, or the file cannot be read.
    """
    try:
        found = (path.stat().st_size, sha256_of(path))
    except OSError as error:
        raise WeightsIntegrityError(f"{path}: it cannot be read ({error}).") from error
    if found != (size, sha256):
        raise WeightsIntegrityError(
            f"{path}: this is not the published file. It has {found[0]} bytes with sha256 "
            f"{found[1]}; published are {size} bytes with sha256 {sha256}."
        )
