"""What the arguments of ``python -m reid_align.evaluate`` stand for."""

from argparse import Namespace

from reid_align.datasets import ReidDataset
from reid_align.evaluation.features import adapt_to_dataset, dataset_features
from reid_align.evaluation.measure import EvaluationOptions
from reid_align.features import (
    Adaptation,
    ExtractOptions,
    Features,
    describe_encoder,
    read_description,
    read_features,
    resolve_device,
)
from reid_align.models.select import select_encoder


def measure_options(args: Namespace) -> EvaluationOptions:
    """Return what is to be measured.

    Raises:
        InvalidInputError: a number is out of range, or the device is not there.
    """
    return EvaluationOptions(
        ("cosine", "euclidean") if args.metric == "both" else (args.metric,),
        args.rerank,
        None if args.verification is None else tuple(args.verification) or (1e-4, 1e-3, 1e-2),
        args.ap,
        args.draws,
        args.seed,
        device="cpu" if args.device == "auto" else str(resolve_device(args.device)),
        normalize_cameras=args.normalize_cameras,
    )


def choose_features(args: Namespace, dataset: ReidDataset) -> tuple[Features, object]:
    """Return the features, read or computed, and what made them for the report.

    Raises:
        ReidAlignError: the features cannot be read, or the encoder not be had or run.
    """
    if args.features:
        return read_features(*args.features), [read_description(file) for file in args.features]
    options = ExtractOptions(
        args.device,
        args.dtype,
        args.batch_size,
        args.num_workers,
        args.flip,
        normalize=False,
        backend=args.backend,
    )
    encoder = select_encoder(args.model, args.weights, args.seed)
    if args.adapt:
        adaptation = Adaptation(seed=args.seed)
        encoder = adapt_to_dataset(dataset, encoder, adaptation, options, progress=True)
    features = dataset_features(dataset, encoder, options, progress=True)
    return features, [describe_encoder(encoder, options)]
