"""Parts of an extraction joined to one ``feats.npy``, without reading all of them into memory."""

import csv
import os
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reid_align.errors import InvalidInputError, OutputExistsError
from reid_align.features.extract_to_file import Extraction
from reid_align.features.feature_files import CSV_HEADER, Json, csv_line, write_json
from reid_align.features.feature_reader import (
    read_description,
    read_features,
    require_same_images,
    require_same_settings,
)
from reid_align.features.image_batches import FailedImage
from reid_align.features.parquet_features import ParquetRows, parquet_rows
from reid_align.files import check_writable, writing
from reid_align.images.image_addresses import is_parquet
from reid_align.progress import Progress

_ROWS_AT_ONCE = 8192


def join_features(
    files: Sequence[str | os.PathLike[str]],
    output: str | os.PathLike[str],
    *,
    overwrite: bool = False,
    progress: bool = False,
) -> Extraction:
    """Write the features of several files to one ``feats.npy`` with its ``.csv`` and ``.json``.

    Needs memory for the paths only. All shards of an image list in ``.npy`` files are interleaved:
    if no image failed, the rows have the order of a run without shards. Other files follow each
    other.

    Args:
        files: ``.npy`` files and ``.parquet`` folders.
        output: the ``.npy`` to write.
        overwrite: replace existing files.
        progress: show the progress on standard error.

    Raises:
        InvalidInputError: no file, a file twice, missing shards, or metadata columns.
        OutputExistsError: an output exists, and ``overwrite`` is False.
        OutputError: a file cannot be read or written, or the files cannot be joined.
    """
    names = [os.fspath(file) for file in files]
    target = _target(names, Path(output), overwrite=overwrite)
    descriptions = [read_description(name) for name in names]
    for name in names[1:]:
        require_same_settings(names[0], name)
    _require_all_shards(names, descriptions)
    require_same_images(names)
    counts = [int(str(description["rows"])) for description in descriptions]
    interleaved = _is_one_run(descriptions) and not any(map(is_parquet, names))
    places = _interleaved(counts) if interleaved else _in_turn(counts)
    feature_dim = int(str(descriptions[0]["feature_dim"]))
    paths: list[str] = [""] * sum(counts)
    failed: list[FailedImage] = []
    with (
        writing(target),
        tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as folder,
        Progress(sum(counts), unit="row", visible=progress) as bar,
    ):
        file = Path(folder, target.name)
        shape = (sum(counts), feature_dim)
        values = np.lib.format.open_memmap(file, "w+", np.float32, shape)
        for name, rows in zip(names, places, strict=True):
            start = 0
            for block in _blocks(name):
                chosen = rows[start : start + len(block.paths)]
                values[chosen] = block.values
                for row, path in zip(chosen.tolist(), block.paths, strict=True):
                    paths[row] = path
                failed.extend(block.failed)
                start += len(block.paths)
                bar.update(len(block.paths))
        values.flush()
        del values
        table, record = file.with_suffix(".csv"), file.with_suffix(".json")
        with open(table, "wb") as stream:
            stream.write(CSV_HEADER)
            stream.writelines(csv_line(row, path) for row, path in enumerate(paths))
        write_json(record, _joined(descriptions, len(paths), failed))
        # Readers need the array: remove the old one first, move the new one last.
        target.unlink(missing_ok=True)
        for part in (record, table, file):
            part.replace(target.with_suffix(part.suffix))
    return Extraction(target, len(paths), feature_dim, len(failed), 0)


def _target(names: Sequence[str], output: Path, *, overwrite: bool) -> Path:
    if not names:
        raise InvalidInputError("No file given. Give the .npy files or .parquet folders to join.")
    twice = next((name for i, name in enumerate(names) if name in names[:i]), None)
    if twice is not None:
        raise InvalidInputError(f"{twice} is given twice.")
    if output.suffix != ".npy":
        raise InvalidInputError(f"Output {output}: the file name must end in .npy.")
    check_writable(output)
    for file in (output, output.with_suffix(".csv"), output.with_suffix(".json")):
        if os.path.lexists(file) and not overwrite:
            raise OutputExistsError(
                f"Output {file} exists. Choose another output, or replace it (overwrite=True)."
            )
    return output


def _require_all_shards(names: Sequence[str], descriptions: Sequence[dict[str, Json]]) -> None:
    """Refuse an incomplete set of shards, and a shard that is given twice."""
    found: dict[tuple[str, int], list[int]] = defaultdict(list)
    for description in descriptions:
        index, _, count = str(description.get("shard", "0/1")).partition("/")
        found[str(description.get("listing_sha256")), int(count)].append(int(index))
    for (_, total), shards in found.items():
        if total == 1:
            continue
        missing = sorted(set(range(total)) - set(shards))
        if missing:
            listed = ", ".join(f"{index}/{total}" for index in missing[:5])
            raise InvalidInputError(
                f"{len(missing)} of {total} shards are missing: {listed}. Extract them, or give "
                "their files too."
            )
        if len(shards) > total:
            raise InvalidInputError(f"Of {names[0]} and others, a shard is given twice.")


def _is_one_run(descriptions: Sequence[dict[str, Json]]) -> bool:
    listings = {str(description.get("listing_sha256")) for description in descriptions}
    shards = [str(description.get("shard")) for description in descriptions]
    return len(listings) == 1 and len(descriptions) > 1 and not shards[0].endswith("/1")


def _in_turn(counts: Sequence[int]) -> list[NDArray[np.int64]]:
    starts = np.concatenate([[0], np.cumsum(counts)])
    return [np.arange(start, start + n) for start, n in zip(starts, counts, strict=False)]


def _interleaved(counts: Sequence[int]) -> list[NDArray[np.int64]]:
    """Return the rows of each shard if the shards take turns; a finished one is left out."""
    rounds = [np.arange(count) for count in counts]
    order = np.lexsort(
        (
            np.repeat(np.arange(len(counts)), counts),
            np.concatenate([*rounds, np.zeros(0, np.int64)]),
        )
    )
    places = np.empty_like(order)
    places[order] = np.arange(len(order))
    return np.split(places, np.cumsum(counts)[:-1])


def _blocks(name: str) -> Iterator[ParquetRows]:
    if is_parquet(name):
        yield from parquet_rows(name)
        return
    _require_no_metadata(Path(name).with_suffix(".csv"))
    features = read_features(name)
    for start in range(0, len(features.paths), _ROWS_AT_ONCE):
        stop = start + _ROWS_AT_ONCE
        part = features.values[start:stop]
        yield ParquetRows(list(features.paths[start:stop]), part, [])
    yield ParquetRows([], np.empty((0, features.values.shape[1]), np.float32), [*features.failed])


def _require_no_metadata(table: Path) -> None:
    with open(table, newline="", encoding="utf-8", errors="surrogateescape") as lines:
        columns = next(csv.reader(lines), [])[2:]
    if columns:
        raise InvalidInputError(
            f"{table} has metadata columns ({', '.join(columns)}), which cannot be joined. Keep "
            "them in a CSV file of metadata."
        )


def _joined(
    descriptions: Sequence[dict[str, Json]], rows: int, failed: Sequence[FailedImage]
) -> dict[str, Json]:
    record = dict(descriptions[0])
    for key in ("units", "failed_images", "rows", "failed"):
        record.pop(key, None)
    listings = list(dict.fromkeys(str(each.get("listing_sha256")) for each in descriptions))
    listing = listings[0] if len(listings) == 1 else sha256("\0".join(listings).encode())
    return {
        **record,
        "shard": "0/1",
        "images": rows + len(failed),
        "listing_sha256": listing if isinstance(listing, str) else listing.hexdigest(),
        "rows": rows,
        "failed": [asdict(image) for image in failed],
    }
