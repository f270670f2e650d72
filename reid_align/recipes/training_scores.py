"""What a task's features are worth while it trains."""

from collections.abc import Mapping

from reid_align.datasets import ReidDataset
from reid_align.evaluation import EvaluationOptions, dataset_features, evaluate
from reid_align.features import ExtractOptions, Features, resolve_device
from reid_align.metrics import PROTOCOLS, Metric
from reid_align.recipes.fused_features import find_maps, fused_features
from reid_align.recipes.training_data import SYNTHETIC_DATASET, Data
from reid_align.tasks import REID, DsaTask, PartsTask
from reid_align.training.task import Evaluator, Task

RANKS = (1, 5, 10)


def make_evaluator(task: Task, data: Data, device: str, workers: int) -> Evaluator | None:
    """Return what scores a task: "mAP", "rank1", "rank5" and "rank10".

    Distances are cosine; of the head "fc512" they are Euclidean, as in SAN's official code.

    Fused features are scored beside the encoder's, as "z_G_mAP" and so on, where the set to
    evaluate on has dense maps; without an encoder, both branches together are what counts.

    Args:
        task: what will be scored.
        data: with a set to evaluate on, or without.
        device: where features are computed.
        workers: processes or threads that decode images.

    Returns:
        None where there is nothing to evaluate, or nothing to evaluate on.
    """
    dataset = data.evaluation
    if dataset is None or REID not in task.batch_specs():
        return None
    has_maps = data.evaluation_iuv is not None or dataset.name == SYNTHETIC_DATASET
    guided = isinstance(task, DsaTask | PartsTask) and task.guide is not None and has_maps
    if task.encoder is None and not guided:
        return None
    options = ExtractOptions(device, num_workers=workers or None, normalize=False)
    metric = _metric(task)

    def score(task: Task) -> Mapping[str, float]:
        found: dict[str, Features] = {}
        if task.encoder is not None:
            found[""] = dataset_features(dataset, task.encoder, options)
        if guided and isinstance(task, DsaTask | PartsTask):
            place = resolve_device(device)
            maps = find_maps(dataset, data.evaluation_iuv)
            fused = fused_features(task, dataset, maps, workers, place)
            found |= {f"{name}_": features for name, features in fused.items()}
            if task.encoder is None:
                found[""] = fused["z"]
        return {
            f"{prefix}{name}": value
            for prefix, features in found.items()
            for name, value in score_features(dataset, features, metric).items()
        }

    return score


def decisive_score(dataset: ReidDataset) -> str:
    """Return the score that tells which evaluation was the best: mAP, where there is one."""
    return "rank1" if PROTOCOLS[dataset.protocol].single_gallery_shot else "mAP"


def _metric(task: Task) -> Metric:
    official = task.encoder is not None and task.encoder.arch_args.get("head") == "fc512"
    return "euclidean" if official else "cosine"


def score_features(
    dataset: ReidDataset, features: Features, metric: Metric = "cosine"
) -> dict[str, float]:
    """Return "rank1", "rank5", "rank10" and, where the protocol has one, "mAP", in [0, 1]."""
    found = evaluate(dataset, features, EvaluationOptions(metrics=(metric,))).scores[0]
    scores = {f"rank{k}": found.cmc[k - 1] for k in RANKS}
    if found.mean_average_precision is not None:
        scores["mAP"] = found.mean_average_precision
    return scores
