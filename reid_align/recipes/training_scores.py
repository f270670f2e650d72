"""Scores of a task during its training."""

import json
from collections.abc import Mapping, Sequence

import torch

from reid_align.batches.augmentation import NO_AUGMENT
from reid_align.batches.batch_loader import BatchLoader
from reid_align.batches.pk_sampling import Indices
from reid_align.batches.samplers import RandomSampler
from reid_align.batches.sources import CompanionKind
from reid_align.batches.sources.companion_files import MAP_SUFFIXES, find_companions
from reid_align.batches.sources.file_source import FileSource, hash_lines
from reid_align.datasets import ImageRecord, ReidDataset
from reid_align.datasets.synthetic_set import SyntheticSet
from reid_align.evaluation import EvaluationOptions, dataset_features, evaluate
from reid_align.features import ExtractOptions, Features
from reid_align.inference.device import resolve_device
from reid_align.metrics import PROTOCOLS, Metric
from reid_align.recipes.recipe_data import SYNTHETIC_DATASET, RecipeData
from reid_align.tasks import REID, ConfiguredTask
from reid_align.training.saving.run_folder import Json
from reid_align.training.task_interface import Evaluator, Task

RANKS = (1, 5, 10)


def make_evaluator(
    task: ConfiguredTask, data: RecipeData, device: str, num_workers: int
) -> Evaluator | None:
    """Return a function that computes "mAP", "rank1", "rank5" and "rank10" of a task.

    If the evaluation dataset has dense pose maps, scores of the fused features are added, as
    "z_G_mAP" and so on. For a task without an encoder, the concatenated fused features "z" are the
    main scores.

    Args:
        task: the task.
        data: with or without an evaluation dataset.
        device: device of the feature extraction.
        num_workers: processes or threads that decode images.

    Returns:
        None without an evaluation dataset or without features to evaluate.
    """
    dataset = data.evaluation
    if dataset is None or REID not in task.batch_specs():
        return None
    has_maps = data.evaluation_iuv is not None or dataset.name == SYNTHETIC_DATASET
    has_fused = task.has_fused_features and has_maps
    if task.encoder is None and not has_fused:
        return None
    options = ExtractOptions(device, num_workers=num_workers or None, normalize=False)

    def score(trained: Task) -> Mapping[str, float]:
        features: dict[str, Features] = {}
        if trained.encoder is not None:
            features[""] = dataset_features(dataset, trained.encoder, options)
        if has_fused and isinstance(trained, ConfiguredTask):
            maps = find_maps(dataset, data.evaluation_iuv)
            fused = fused_features(trained, dataset, maps, num_workers, resolve_device(device))
            features |= {f"{name}_": values for name, values in fused.items()}
            if trained.encoder is None:
                features[""] = fused["z"]
        return {
            f"{prefix}{name}": value
            for prefix, values in features.items()
            for name, value in score_features(dataset, values, task.metric).items()
        }

    return score


def selection_score(dataset: ReidDataset) -> str:
    """Return the score that selects the best weights: mAP, or rank1 if the protocol has no mAP."""
    return "rank1" if PROTOCOLS[dataset.protocol].single_gallery_shot else "mAP"


def score_features(
    dataset: ReidDataset, features: Features, metric: Metric = "cosine"
) -> dict[str, float]:
    """Return "rank1", "rank5", "rank10" and, if the protocol has it, "mAP", in [0, 1]."""
    found = evaluate(dataset, features, EvaluationOptions(metrics=(metric,))).scores[0]
    scores = {f"rank{k}": found.cmc[k - 1] for k in RANKS}
    if found.mean_average_precision is not None:
        scores["mAP"] = found.mean_average_precision
    return scores


class SequentialSampler(RandomSampler):
    """All images once, in order; the last batch may be smaller."""

    def batches(
        self, person_ids: Indices, camera_ids: Indices, seed: int, epoch: int
    ) -> list[Indices]:
        """Return the batches, which are the same in every epoch."""
        order = torch.arange(len(person_ids))
        return [part.numpy() for part in order.split(self.batch_size)]


def fused_features(
    task: ConfiguredTask,
    dataset: ReidDataset,
    maps: Sequence[str],
    num_workers: int,
    device: torch.device,
) -> dict[str, Features]:
    """Compute the fused features of all query and gallery images, as in DSA-reID's table 3.

    Args:
        task: in evaluation mode, on the device.
        dataset: with splits.
        maps: name of the dense pose map of each image, in the order of `evaluated_images`.
        num_workers: decoding processes.
        device: device of the task.

    Returns:
        The features of `ConfiguredTask.fused_features`, and "z", their concatenation, if there are
        several.
    """
    records = evaluated_images(dataset)
    loader = BatchLoader(
        _source(dataset, records, {"iuv": maps}),
        task.batch_specs()[REID],
        task.config.preprocess,
        NO_AUGMENT,
        SequentialSampler(),
        seed=0,
        num_workers=num_workers,
        device=device,
    )
    with torch.no_grad():
        parts = [task.fused_features(batch) for batch in loader.epoch(0)]
    features = {name: torch.cat([part[name] for part in parts]) for name in parts[0]}
    if len(features) > 1:
        features["z"] = torch.cat(list(features.values()), dim=1)
    paths = tuple(record.path for record in records)
    return {name: Features(z.float().cpu().numpy(), paths, ()) for name, z in features.items()}


def describe_evaluation(dataset: ReidDataset) -> dict[str, Json]:
    """Return the evaluation data for the records of a run: protocol, sizes and fingerprints.

    A fingerprint is a hash of the names, file sizes and labels of the images.
    """
    splits: dict[str, Json] = {
        split.name: {
            "queries": len(split.query),
            "gallery": len(split.gallery),
            "fingerprint": hash_lines(
                _source(dataset, records, {}).fingerprint()
                for records in (split.query, split.gallery)
            ),
        }
        for split in dataset.splits
    }
    found: dict[str, Json] = {
        "dataset": dataset.name,
        "protocol": dataset.protocol,
        "splits": splits,
    }
    if dataset.name == SYNTHETIC_DATASET:
        # Images in shards have no file size; the settings determine every byte of the set.
        settings = json.dumps(SyntheticSet(dataset.root).settings, sort_keys=True)
        found["settings"] = hash_lines([settings])
    return found


def _source(
    dataset: ReidDataset,
    records: Sequence[ImageRecord],
    companions: Mapping[CompanionKind, Sequence[str]],
) -> FileSource:
    return FileSource(
        dataset.name,
        dataset.root,
        [record.path for record in records],
        [record.person_id for record in records],
        [-1 if record.camera_id is None else record.camera_id for record in records],
        companions,
        None,
    )


def evaluated_images(dataset: ReidDataset) -> list[ImageRecord]:
    """Return every query and gallery image once, sorted by path."""
    records = {r.path: r for split in dataset.splits for r in (*split.query, *split.gallery)}
    return [records[path] for path in sorted(records)]


def find_maps(dataset: ReidDataset, iuv: str | None) -> Sequence[str]:
    """Return the names of the dense pose maps of all query and gallery images.

    Args:
        dataset: with splits.
        iuv: folder of the maps; None for a synthetic set, which has its own.

    Raises:
        DatasetFormatError: images without a dense pose map.
    """
    paths = [record.path for record in evaluated_images(dataset)]
    if iuv is not None:
        return find_companions(iuv, "iuv", paths, dataset.root, MAP_SUFFIXES)
    held = SyntheticSet(dataset.root)
    maps = dict(zip(held.names("images", "jpeg"), held.names("images", "iuv"), strict=True))
    return [maps[path] for path in paths]
