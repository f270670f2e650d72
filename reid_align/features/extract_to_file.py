"""Feature extraction to ``feats.npy``, ``feats.csv`` and ``feats.json``: resumable and atomic."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from reid_align.errors import InvalidInputError, OutputError, OutputExistsError
from reid_align.features.adaptation import Adaptation, adapt_to
from reid_align.features.extract_options import ExtractOptions
from reid_align.features.feature_batches import feature_batches, prepare_encoder
from reid_align.features.feature_description import describe_run
from reid_align.features.feature_files import Json, first_difference
from reid_align.features.feature_reader import read_description, read_features
from reid_align.features.image_inputs import NamedImage
from reid_align.features.image_list import ImageList
from reid_align.features.image_shard import ImageShard
from reid_align.features.partial_folder import (
    check_unfinished,
    is_unfinished,
    partial_folder,
    remove_leftover,
)
from reid_align.features.partial_output import PartialOutput
from reid_align.files import check_writable
from reid_align.interrupts import kept
from reid_align.models.encoder import Encoder
from reid_align.progress import Progress


@dataclass(frozen=True)
class Extraction:
    """Summary of a finished extraction.

    Attributes:
        output: the ``.npy``; its ``.csv`` and ``.json`` are in the same folder. Or the
            ``.parquet`` folder, a str if it is a URL.
        rows: number of features.
        feature_dim: D.
        failed: number of images that could not be read.
        resumed: number of images that an earlier run had processed.
    """

    output: Path | str
    rows: int
    feature_dim: int
    failed: int
    resumed: int


def extract_to_file(
    paths: Iterable[str],
    encoder: Encoder,
    output: str | os.PathLike[str],
    options: ExtractOptions | None = None,
    *,
    adaptation: Adaptation | None = None,
    shard: ImageShard | None = None,
    resume: bool = False,
    overwrite: bool = False,
    progress: bool = False,
) -> Extraction:
    """Write the features of images to ``output``, in constant memory.

    Writes ``feats.npy`` (N, D) float32, ``feats.csv`` (row, path) and ``feats.json`` (settings,
    failed images). All three appear together at the end. Unfinished work is kept in
    ``feats.npy.partial``, which ``resume`` continues. The images are listed once, at the start.

    Args:
        paths: image paths in a reproducible order: a list, or `find_images(…)`. An empty list
            gives an empty matrix.
        encoder: not modified.
        output: the ``.npy`` to write.
        options: how to extract.
        adaptation: adapt the encoder to the images of all shards first; see `adapt_norms`. A
            resumed run adapts again.
        shard: extract only every n-th image, to an output named after the shard.
        resume: continue an unfinished run with the same settings; a finished run is kept.
        overwrite: replace existing files, at the end.
        progress: show the progress on standard error.

    Raises:
        ImageReadError: an image cannot be read and ``options.on_error`` is "fail".
        InvalidInputError: ``output`` does not end in ``.npy``, ``paths`` is a string, or there are
            too few images to adapt to.
        OutputExistsError: one of the three files exists, and ``overwrite`` is False.
        OutputError: the output cannot be written or resumed.
    """
    options, shard = options or ExtractOptions(), shard or ImageShard()
    target = shard.rename(_checked(Path(output)))
    if isinstance(paths, str):
        raise InvalidInputError(
            f"paths is a single path, {paths!r}. Give find_images([{paths!r}])."
        )
    # Checked first because listing, adapting an encoder and building a backend are slow.
    check_unfinished(target, resume=resume)
    _check_existing(target, resume=resume, overwrite=overwrite)
    listed = ImageList(paths, target.parent)
    images = shard.share(listed.images)
    if adaptation is not None:
        drawn = adaptation.draw((NamedImage(path, path) for path in listed), listed.images)
        encoder = adapt_to(drawn, encoder, adaptation, options, progress=progress)
    settings = describe_run(encoder, options, shard, listed)
    # The target may be from an earlier run, with a newer run unfinished.
    if resume and not is_unfinished(partial_folder(target)):
        finished = _finished(target, settings, images, overwrite=overwrite)
        if finished is not None:
            remove_leftover(partial_folder(target))
            return finished
    prepared = prepare_encoder(encoder, options)
    names = islice(listed, shard.index, None, shard.count)
    with PartialOutput(target, encoder.feature_dim, settings, names, resume=resume) as partial:
        resumed = partial.progress.images
        left = islice(listed, shard.index + resumed * shard.count, None, shard.count)
        remaining = (NamedImage(path, path) for path in left)

        def saved() -> str:
            return f"{partial.progress.images:,} of {images:,} images are in {partial.folder}"

        with kept(saved), Progress(images, done=resumed, visible=progress) as bar:
            for batch in feature_batches(remaining, prepared, options):
                partial.append(batch)
                bar.update(len(batch.paths) + len(batch.failed))
        rows, failed = partial.progress.rows, partial.publish()
    return Extraction(target, rows, encoder.feature_dim, failed, resumed)


def _checked(output: Path) -> Path:
    if output.suffix != ".npy":
        raise InvalidInputError(f"Output {output}: the file name must end in .npy.")
    check_writable(output)
    return output


def _check_existing(target: Path, *, resume: bool, overwrite: bool) -> None:
    """Refuse to replace a file; the files of a finished run are compared later if resuming."""
    files = (target, target.with_suffix(".csv"), target.with_suffix(".json"))
    existing = [file for file in files if os.path.lexists(file)]
    resumable = len(existing) == len(files) or is_unfinished(partial_folder(target))
    if existing and not overwrite and not (resume and resumable):
        raise OutputExistsError(
            f"Output {existing[0]} exists. Choose another output, or replace it (overwrite=True)."
        )


def _finished(
    target: Path, settings: Mapping[str, Json], images: int, *, overwrite: bool
) -> Extraction | None:
    """Return the summary of a finished run; None if it is damaged or will be replaced.

    Raises:
        OutputExistsError: it has other settings, and ``overwrite`` is False.
    """
    try:
        features = read_features(target)
        found = read_description(target)
    except OutputError:
        return None
    if key := first_difference(found, settings):
        if overwrite:
            return None
        raise OutputExistsError(
            f"Output {target} exists and was made with different settings: {key} was "
            f"{found.get(key)!r}, now it is {settings[key]!r}. Choose another output, or replace "
            "it (overwrite=True)."
        )
    rows, feature_dim = features.values.shape
    return Extraction(target, rows, feature_dim, len(features.failed), images)
