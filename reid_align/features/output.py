"""From images to ``feats.npy``, ``feats.csv`` and ``feats.json``: resumable, all or nothing."""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from tqdm import tqdm

from reid_align.errors import InvalidInputError, OutputError
from reid_align.features.adaptation import Adaptation, adapt_to
from reid_align.features.formats import Json, first_difference
from reid_align.features.images import NamedImage
from reid_align.features.options import ExtractOptions
from reid_align.features.partial import PartialOutput
from reid_align.features.read import read_description, read_features
from reid_align.features.settings import Listing, describe_run
from reid_align.features.shard import Shard
from reid_align.features.unfinished import check_unfinished, is_unfinished, partial_folder
from reid_align.files import check_writable
from reid_align.models.encoder import Encoder


@dataclass(frozen=True)
class Extraction:
    """What a run wrote.

    Attributes:
        output: the ``.npy``; its ``.csv`` and ``.json`` lie beside it.
        rows: features in it.
        feature_dim: D.
        failed: images that could not be read.
        resumed: images that an earlier run had dealt with.
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
    shard: Shard | None = None,
    resume: bool = False,
    progress: bool = False,
) -> Extraction:
    """Write the features of images to ``output``, in constant memory.

    Beside ``feats.npy``, (N, D) float32, come ``feats.csv`` (row, path) and ``feats.json`` (what
    made them, and which images failed). They appear together when all is done. Until then the
    work lies in ``feats.npy.partial``, which ``resume`` continues after a kill.

    Args:
        paths: the images, in an order that stays the same: a list, or `find_images(…)`.
        encoder: the encoder; it is left as it is.
        output: the ``.npy`` to write; what is there is replaced at the end.
        options: how to extract.
        adaptation: how the encoder gets used to the images first, those of all shards; see
            `adapt_norms`. A run that is continued does it again. None leaves it as it is.
        shard: take only every n-th image and write an output named after the shard.
        resume: continue an unfinished run with the same settings; a finished one is left alone.
        progress: show a bar with rate and time left on standard error, if that is a terminal.

    Raises:
        NoImagesError: raised by `find_images`, if that is what ``paths`` is; a list without paths
            gives an empty matrix.
        ImageReadError: a image cannot be read and ``options.on_error`` is "fail".
        InvalidInputError: ``output`` does not end in ``.npy``, ``paths`` is an iterator, which can
            be read only once, or there are too few to adapt to.
        OutputError: the output cannot be written, or not be continued.
    """
    options, shard = options or ExtractOptions(), shard or Shard()
    target = shard.rename(_checked(Path(output)))
    if isinstance(paths, Iterator):
        raise InvalidInputError("The paths are read twice: give a list, or find_images(...).")
    listing = Listing.read(paths)
    images = shard.share(listing.images)
    # Now, as adapting an encoder and building a backend take their time.
    check_unfinished(target, resume=resume)
    if adaptation is not None:
        drawn = adaptation.draw((NamedImage(path, path) for path in paths), listing.images)
        encoder = adapt_to(drawn, encoder, adaptation, options, progress=progress)
    settings = describe_run(encoder, options, shard, listing)
    # An earlier file may lie where work has been begun anew.
    done = resume and not is_unfinished(partial_folder(target))
    if done and (finished := _finished(target, settings, images)):
        return finished
    prepared = options.prepare(encoder)
    with PartialOutput(target, encoder.feature_dim, settings, resume=resume) as partial:
        resumed = partial.progress.images
        left = islice(paths, shard.index + resumed * shard.count, None, shard.count)
        remaining = (NamedImage(path, path) for path in left)
        hidden = None if progress else True
        with tqdm(total=images, initial=resumed, unit="image", disable=hidden) as bar:
            for batch in options.batches(remaining, prepared):
                partial.append(batch)
                bar.update(len(batch.paths) + len(batch.failed))
        rows, failed = partial.progress.rows, partial.publish()
    return Extraction(target, rows, encoder.feature_dim, failed, resumed)


def _checked(output: Path) -> Path:
    if output.suffix != ".npy":
        raise InvalidInputError(f"Output {output}: the name must end in .npy.")
    check_writable(output)
    return output


def _finished(target: Path, settings: Mapping[str, Json], images: int) -> Extraction | None:
    """Return the report of a finished run with the same settings, if ``target`` holds one."""
    try:
        features = read_features(target)
        found = read_description(target)
    except OutputError:
        return None
    if first_difference(found, settings):
        return None
    rows, feature_dim = features.values.shape
    return Extraction(target, rows, feature_dim, len(features.failed), images)
