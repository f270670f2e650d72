"""SHA-256 checksums of files."""

import hashlib
from pathlib import Path

from reid_align.errors import WeightsIntegrityError


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file as 64 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def verify_file(path: Path, size: int, sha256: str) -> None:
    """Check a file against its published size in bytes and SHA-256.

    Raises:
        WeightsIntegrityError: size or SHA-256 differ, or the file cannot be read.
    """
    try:
        found = (path.stat().st_size, sha256_of(path))
    except OSError as error:
        raise WeightsIntegrityError(f"{path} cannot be read ({error}).") from error
    if found != (size, sha256):
        raise WeightsIntegrityError(
            f"{path} differs from the published file: it has {found[0]} bytes and sha256 "
            f"{found[1]}, expected are {size} bytes and sha256 {sha256}. Remove it and download "
            "it again."
        )
