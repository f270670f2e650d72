"""Extraction to the output that the arguments of the extract command name."""

from argparse import Namespace

from reid_align.cli.distribution_options import PART_IMAGES
from reid_align.errors import InvalidInputError
from reid_align.features import (
    Adaptation,
    Extraction,
    ExtractOptions,
    ImageShard,
    NamedImage,
    adapt_to,
    extract_to_file,
)
from reid_align.images import find_images
from reid_align.images.find import find_sources
from reid_align.images.image_addresses import is_parquet
from reid_align.models.encoder import Encoder


def write_features(args: Namespace, encoder: Encoder, options: ExtractOptions) -> Extraction:
    """Extract to a ``.npy`` file or a ``.parquet`` folder.

    Raises:
        InvalidInputError: options of Parquet with a ``.npy`` file.
        ReidAlignError: the images cannot be read, or the output cannot be written.
    """
    shard = ImageShard.parse(args.shard)
    adaptation = Adaptation(seed=args.seed) if args.adapt else None
    if is_parquet(args.output):
        return _write_parquet(args, encoder, options, shard, adaptation)
    if args.engine != "local" or args.ray_workers or args.ray_address:
        raise InvalidInputError(
            f"--engine ray writes Parquet. Give -o NAME.parquet instead of {args.output}."
        )
    if args.part_images != PART_IMAGES:
        raise InvalidInputError("--part-images applies to -o NAME.parquet only.")
    return extract_to_file(
        find_images(args.inputs),
        encoder,
        args.output,
        options,
        adaptation=adaptation,
        shard=shard,
        resume=args.resume,
        overwrite=args.force,
        progress=True,
    )


def _write_parquet(
    args: Namespace,
    encoder: Encoder,
    options: ExtractOptions,
    shard: ImageShard,
    adaptation: Adaptation | None,
) -> Extraction:
    # Imported here: an extraction to .npy does not need it.
    from reid_align.bulk import BulkOptions, extract_to_parquet

    bulk = BulkOptions(args.engine, args.ray_workers, args.ray_address, args.part_images)
    if adaptation is not None:
        if "-" in args.inputs:
            raise InvalidInputError("--adapt with -o NAME.parquet: save the list as a .txt file.")
        paths = list(find_images(args.inputs))
        drawn = adaptation.draw((NamedImage(path, path) for path in paths), len(paths))
        encoder = adapt_to(drawn, encoder, adaptation, options, progress=True)
    return extract_to_parquet(
        find_sources(args.inputs),
        encoder,
        args.output,
        options,
        bulk,
        shard=shard,
        resume=args.resume,
        overwrite=args.force,
        progress=True,
    )
