"""Feature extraction to a folder of Parquet files: resumable, each part appears at once."""

import os
from collections.abc import Iterable, Mapping
from itertools import islice
from pathlib import Path
from tempfile import gettempdir

from reid_align.bulk.bulk_options import BulkOptions
from reid_align.bulk.parts_folder import UNFINISHED, PartsFolder
from reid_align.bulk.unit_engines import UnitJob, run_here, run_on_ray
from reid_align.bulk.work_units import UnitList
from reid_align.errors import (
    InvalidInputError,
    OutputError,
    OutputExistsError,
    UnfinishedOutputError,
)
from reid_align.features import (
    Extraction,
    ExtractOptions,
    ImageShard,
    describe_features,
    feature_digest,
)
from reid_align.features.feature_files import Json, first_difference
from reid_align.features.parquet_features import count_rows, is_feature_folder_name
from reid_align.features.parquet_format import FINISHED, part_name, part_schema
from reid_align.interrupts import kept
from reid_align.models.encoder import Encoder
from reid_align.progress import Progress


def extract_to_parquet(
    sources: Iterable[str],
    encoder: Encoder,
    output: str | os.PathLike[str],
    options: ExtractOptions | None = None,
    bulk: BulkOptions | None = None,
    *,
    shard: ImageShard | None = None,
    resume: bool = False,
    overwrite: bool = False,
    progress: bool = False,
) -> Extraction:
    """Write the features of images to a folder of Parquet files, with one or many machines.

    The columns are path, features (D float32, null for an unreadable image) and error. The work is
    divided into units, and each unit gives one file, which appears when it is complete:
    ``resume`` continues after the last finished units. ``_features.json`` appears at the end; it
    holds the settings.

    Args:
        sources: paths of images, tar files and Parquet files, from `find_sources`.
        encoder: not modified.
        output: folder to write, ``NAME.parquet``; a path that all machines share, or a URL.
        options: how to extract. With Ray, ``num_workers`` is the number of threads per GPU.
        bulk: engine and size of the units.
        shard: process only every n-th unit, to an output named after the shard.
        resume: continue an unfinished run with the same settings; a finished run is kept.
        overwrite: delete existing features in the folder first.
        progress: show the progress on standard error.

    Raises:
        ImageReadError: an image cannot be read and ``options.on_error`` is "fail".
        NoImagesError: there is no image, or a tar file does not exist.
        StorageError: a remote storage cannot be reached.
        InvalidInputError: the output is not named ``.parquet``.
        OutputExistsError: the folder has features, and ``overwrite`` is False; or other files.
        UnfinishedOutputError: the folder has unfinished work, and ``resume`` is False.
        OutputError: the folder cannot be written, or was started with different settings.
        MissingExtraError: pyarrow or Ray is not installed.
    """
    options, bulk, shard = options or ExtractOptions(), bulk or BulkOptions(), shard or ImageShard()
    folder = PartsFolder(_target(output, shard))
    part_schema(encoder.feature_dim)
    _check_folder(folder, resume=resume, overwrite=overwrite)
    units = UnitList(sources, _unit_images(bulk, options), _temporary_folder(folder))
    settings = _settings(encoder, options, shard, units)
    finished = folder.read_record(FINISHED)
    if finished is not None and not overwrite:
        _require_same(folder, finished, settings, "exists and was made")
        rows, failed = int(str(finished["rows"])), int(str(finished["failed_images"]))
        return Extraction(_shown(folder), rows, encoder.feature_dim, failed, rows + failed)
    folder.create()
    with folder.locked():
        if overwrite:
            folder.clear()
        before = folder.read_record(UNFINISHED)
        if before is not None:
            _require_same(folder, before, settings, "was started")
        else:
            folder.write_record(UNFINISHED, settings)
        job = UnitJob(encoder, options, folder)
        try:
            resumed = _run(job, units, shard, bulk, progress=progress)
        except BaseException:
            folder.remove_without_parts()
            raise
        return _finish(folder, settings, units, shard, encoder.feature_dim, resumed)


def _run(
    job: UnitJob, units: UnitList, shard: ImageShard, bulk: BulkOptions, *, progress: bool
) -> int:
    """Process the units that have no part; return the number of images that had one."""
    done = job.folder.parts()
    resumed = sum(sum(count_rows(job.folder.location, index)) for index in sorted(done))
    total = units.known_images if shard.count == 1 else None
    own = islice(units, shard.index, None, shard.count)
    left = (unit for unit in own if unit.index not in done)
    run = run_here(job, left) if bulk.engine == "local" else run_on_ray(job, left, bulk)
    with (
        Progress(total, done=resumed, visible=progress) as bar,
        kept(lambda: f"{bar.done:,} images are in the parts of {job.folder.location}"),
    ):
        for result in run:
            bar.update(result.rows + result.failed)
    return resumed


def _finish(
    folder: PartsFolder,
    settings: Mapping[str, Json],
    units: UnitList,
    shard: ImageShard,
    feature_dim: int,
    resumed: int,
) -> Extraction:
    """Check that every unit has its part, and write the record."""
    expected = set(range(shard.index, units.count, shard.count))
    found = folder.parts()
    if found != expected:
        lost = sorted(expected ^ found)
        raise OutputError(
            f"{folder.location}: {part_name(lost[0])} is missing or from another extraction. "
            "Delete the folder to start over."
        )
    counts = [count_rows(folder.location, index) for index in sorted(found)]
    rows, failed = (sum(column) for column in zip(*counts, strict=True)) if counts else (0, 0)
    record = {**settings, "images": rows + failed, "rows": rows, "failed_images": failed}
    folder.write_record(FINISHED, record)
    folder.remove(UNFINISHED)
    folder.remove_leftovers()
    return Extraction(_shown(folder), rows, feature_dim, failed, resumed)


def _target(output: str | os.PathLike[str], shard: ImageShard) -> str:
    location = os.fspath(output).rstrip("/")
    if not is_feature_folder_name(location):
        raise InvalidInputError(f"Output {output}: the name must end in .parquet.")
    if shard.count == 1:
        return location
    return f"{location.removesuffix('.parquet')}-{shard.index:05}-of-{shard.count:05}.parquet"


def _shown(folder: PartsFolder) -> Path | str:
    return folder.location if folder.is_remote else Path(folder.location)


def _check_folder(folder: PartsFolder, *, resume: bool, overwrite: bool) -> None:
    """Refuse a folder with other files, finished features or unfinished work."""
    if not folder.is_remote and os.path.isfile(folder.location):
        raise OutputError(f"Output {folder.location} is a file. Features in Parquet are a folder.")
    parent = os.path.dirname(os.path.abspath(folder.location))
    if not folder.is_remote and not os.path.isdir(parent):
        raise OutputError(
            f"Output {folder.location}: the folder {parent} does not exist. Create it first."
        )
    names = folder.names()
    if foreign := folder.foreign_files():
        raise OutputExistsError(
            f"Output {folder.location} has other files ({foreign[0]}). Choose another output."
        )
    if FINISHED in names and not (resume or overwrite):
        raise OutputExistsError(
            f"Output {folder.location} exists. Choose another output, or replace it "
            "(overwrite=True)."
        )
    if UNFINISHED in names and not (resume or overwrite):
        raise UnfinishedOutputError(
            f"{folder.location} holds an unfinished run ({len(folder.parts())} parts done). Resume "
            "that run (resume=True), or delete the folder to start over."
        )


def _unit_images(bulk: BulkOptions, options: ExtractOptions) -> int:
    """Return images per unit, a multiple of the batch size: batches are those of one process."""
    batch = options.batch_size or 8
    return -(-bulk.part_images // batch) * batch


def _temporary_folder(folder: PartsFolder) -> Path:
    if folder.is_remote:
        return Path(gettempdir())
    return Path(os.path.dirname(os.path.abspath(folder.location)))


def _settings(
    encoder: Encoder, options: ExtractOptions, shard: ImageShard, units: UnitList
) -> dict[str, Json]:
    described = describe_features(encoder, options)
    return {
        **described,
        "digest": feature_digest(described),
        "shard": str(shard),
        "units": units.count,
        "listing_sha256": units.sha256,
    }


def _require_same(
    folder: PartsFolder, before: Mapping[str, Json], now: Mapping[str, Json], happened: str
) -> None:
    if key := first_difference(before, now):
        raise (OutputExistsError if happened.startswith("exists") else OutputError)(
            f"Output {folder.location} {happened} with different settings: {key} was "
            f"{before.get(key)!r}, now it is {now[key]!r}. Use the same settings, or choose "
            "another output."
        )
