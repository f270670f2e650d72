"""Feature extraction to ``feats.npy``, ``feats.csv`` and ``feats.json``: resumable and atomic."""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from tqdm import tqdm

from reid_align.errors import InvalidInputError, OutputError
from reid_align.features.adaptation import Adaptation, adapt_to
from reid_align.features.extract_options import ExtractOptions
from reid_align.features.feature_batches import feature_batches, prepare_encoder
from reid_align.features.feature_description import ImageListDigest, describe_run
from reid_align.features.feature_files import Json, first_difference
from reid_align.features.feature_reader import read_description, read_features
from reid_align.features.image_inputs import NamedImage
from reid_align.features.image_shard import ImageShard
from reid_align.features.partial_folder import check_unfinished, is_unfinished, partial_folder
from reid_align.features.partial_output import PartialOutput
from reid_align.files import check_writable
from reid_align.models.encoder import Encoder


@dataclass(frozen=True)
class Extraction:
    """Summary of a finished extraction.

    Attributes:
        output: the ``.npy``; its ``.csv`` and ``.json`` are in the same folder.
        rows: number of features.
        feature_dim: D.
        failed: number of images that could not be read.
        resumed: number of images that an earlier run had processed.
    """

    output: Path
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
    progress: bool = False,
) -> Extraction:
    """Write the features of images to ``output``, in constant memory.

    Writes ``feats.npy`` (N, D) float32, ``feats.csv`` (row, path) and ``feats.json`` (settings,
    failed images). All three appear together at the end. Unfinished work is kept in
    ``feats.npy.partial``, which ``resume`` continues.

    Args:
        paths: image paths in a reproducible order: a list, or `find_images(…)`. An empty list
            gives an empty matrix.
        encoder: not modified.
        output: the ``.npy`` to write; an existing file is replaced at the end.
        options: how to extract.
        adaptation: adapt the encoder to the images of all shards first; see `adapt_norms`. A
            resumed run adapts again.
        shard: extract only every n-th image, to an output named after the shard.
        resume: continue an unfinished run with the same settings; a finished run is kept.
        progress: show a progress bar if standard error is a terminal.

    Raises:
        ImageReadError: an image cannot be read and ``options.on_error`` is "fail".
        InvalidInputError: ``output`` does not end in ``.npy``, ``paths`` is an iterator, or there
            are too few images to adapt to.
        OutputError: the output cannot be written or resumed.
    """
    options, shard = options or ExtractOptions(), shard or ImageShard()
    target = shard.rename(_checked(Path(output)))
    if isinstance(paths, Iterator):
        raise InvalidInputError(
            "paths is an iterator, but it is read twice. Give a list, or find_images(…)."
        )
    digest = ImageListDigest.of(paths)
    images = shard.share(digest.images)
    # Checked first because adapting an encoder and building a backend are slow.
    check_unfinished(target, resume=resume)
    if adaptation is not None:
        drawn = adaptation.draw((NamedImage(path, path) for path in paths), digest.images)
        encoder = adapt_to(drawn, encoder, adaptation, options, progress=progress)
    settings = describe_run(encoder, options, shard, digest)
    # The target may be from an earlier run, with a newer run unfinished.
    done = resume and not is_unfinished(partial_folder(target))
    if done and (finished := _finished(target, settings, images)):
        return finished
    prepared = prepare_encoder(encoder, options)
    with PartialOutput(target, encoder.feature_dim, settings, resume=resume) as partial:
        resumed = partial.progress.images
        left = islice(paths, shard.index + resumed * shard.count, None, shard.count)
        remaining = (NamedImage(path, path) for path in left)
        hidden = None if progress else True
        with tqdm(total=images, initial=resumed, unit="image", disable=hidden) as bar:
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


def _finished(target: Path, settings: Mapping[str, Json], images: int) -> Extraction | None:
    """Return the summary of a finished run with the same settings, if ``target`` has one."""
    try:
        features = read_features(target)
        found = read_description(target)
    except OutputError:
        return None
    if first_difference(found, settings):
        return None
    rows, feature_dim = features.values.shape
    return Extraction(target, rows, feature_dim, len(features.failed), images)
