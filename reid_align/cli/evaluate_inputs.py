"""Options and features of an evaluation from the arguments of the evaluate command."""

from argparse import Namespace

from reid_align.cli.encoder_choice import select_encoder
from reid_align.cli.unsaved_features import unsaved_features
from reid_align.datasets import ReidDataset
from reid_align.errors import InvalidInputError
from reid_align.evaluation import (
    EvaluationOptions,
    FeatureProcessing,
    adapt_to_dataset,
    dataset_features,
    relocate_features,
)
from reid_align.features import (
    Adaptation,
    ExtractOptions,
    Features,
    describe_encoder,
    read_description,
    read_features,
)
from reid_align.inference.device import resolve_device

DEFAULT_RATES = (1e-4, 1e-3, 1e-2)


def evaluation_options(args: Namespace) -> EvaluationOptions:
    """Build the evaluation options.

    Raises:
        InvalidInputError: a number is out of range, or the device is not available.
    """
    return EvaluationOptions(
        metrics=("cosine", "euclidean") if args.metric == "both" else (args.metric,),
        rerank=args.rerank,
        false_positive_rates=(
            None if args.verification is None else tuple(args.verification) or DEFAULT_RATES
        ),
        ap=args.ap,
        device="cpu" if args.device == "auto" else str(resolve_device(args.device)),
        normalize_cameras=args.normalize_cameras,
        normalize=not args.no_normalize,
        skip_failed=args.on_error == "skip",
        hits=args.hits if args.queries or args.sheet or args.html else 0,
    )


def load_or_extract_features(
    args: Namespace, dataset: ReidDataset
) -> tuple[Features, FeatureProcessing, object]:
    """Read the features from files, or extract them.

    Returns:
        Features, their processing and their descriptions for the report.

    Raises:
        InvalidInputError: --no-normalize, but the features in the files are scaled to length 1.
        ReidAlignError: the features cannot be read, or the encoder cannot be loaded or run.
    """
    if args.features:
        features = read_features(*args.features)
        if args.features_root is not None:
            features = relocate_features(features, args.features_root, dataset.root)
        descriptions = [read_description(file) for file in args.features]
        if args.no_normalize and descriptions[0].get("normalized"):
            raise InvalidInputError(
                f"--no-normalize: the features in {args.features[0]} are scaled to length 1. "
                "Extract them again with --no-normalize, or leave out --no-normalize here."
            )
        return features, FeatureProcessing.from_description(descriptions[0]), descriptions
    options = ExtractOptions(
        args.device,
        args.dtype,
        args.batch_size,
        args.num_workers,
        args.flip,
        normalize=False,
        on_error=args.on_error,
        backend=args.backend,
    )
    encoder = select_encoder(args.model, args.weights, args.seed)
    if args.adapt:
        adaptation = Adaptation(seed=args.seed)
        encoder = adapt_to_dataset(dataset, encoder, adaptation, options, progress=True)
    with unsaved_features():
        features = dataset_features(dataset, encoder, options, progress=True)
    description = describe_encoder(encoder, options)
    return features, FeatureProcessing.from_description(description), [description]
