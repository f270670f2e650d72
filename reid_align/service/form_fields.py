"""Fields of a form: images, metadata and paths, with their limits."""

import json
from collections.abc import Sequence
from typing import Any

from fastapi import HTTPException, UploadFile

from reid_align.errors import InvalidInputError
from reid_align.service.service_limits import ServiceLimits
from reid_align.service.uploaded_images import UploadedImage

MAX_FILTER, MAX_PATH, MAX_METADATA = 2000, 4096, 1_000_000


async def read_uploads(files: Sequence[UploadFile], limits: ServiceLimits) -> list[UploadedImage]:
    """Read uploaded images into memory.

    Raises:
        HTTPException: 413, there are more images than allowed.
    """
    if len(files) > limits.images:
        raise HTTPException(
            413, f"{len(files)} images are more than {limits.images}. Send several requests."
        )
    return [
        UploadedImage(file.filename or f"image[{index}]", await file.read())
        for index, file in enumerate(files)
    ]


def parse_metadata(text: str | None, count: int) -> list[dict[str, object]]:
    """Return the metadata of each image from JSON: a list with one object per image, or one object.

    Raises:
        InvalidInputError: it is something else.
    """
    if text is None:
        return [{} for _ in range(count)]
    found = _parse("metadata", text)
    rows = [found] * count if isinstance(found, dict) else found
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise InvalidInputError("metadata: give a JSON list with one object per image.")
    if len(rows) != count:
        raise InvalidInputError(f"metadata has {len(rows)} objects for {count} images.")
    return rows


def parse_paths(text: str | None, images: Sequence[UploadedImage]) -> list[str]:
    """Return the path to store for each image: from a JSON list, else the file names.

    Raises:
        InvalidInputError: it is not a list of one text per image, or a text is empty or too long.
    """
    names = [image.name for image in images] if text is None else _parse("paths", text)
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise InvalidInputError("paths: give a JSON list of texts.")
    if len(names) != len(images):
        raise InvalidInputError(f"paths has {len(names)} texts for {len(images)} images.")
    for name in names:
        if not 0 < len(name) <= MAX_PATH:
            raise InvalidInputError(f"paths: give 1 to {MAX_PATH:,} characters per path.")
    return names


def parse_filter(text: str | None) -> str | None:
    """Return an SQL filter; None if it is empty.

    Raises:
        InvalidInputError: it is too long or not valid Unicode.
    """
    if text is None or not text.strip():
        return None
    if len(text) > MAX_FILTER or not _is_unicode(text):
        raise InvalidInputError(f"where: give at most {MAX_FILTER:,} Unicode characters.")
    return text


def _parse(name: str, text: str) -> Any:  # noqa: ANN401
    if len(text) > MAX_METADATA:
        raise InvalidInputError(f"{name} is longer than {MAX_METADATA:,} characters.")
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidInputError(f"{name} is not valid JSON: {error}.") from error


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
