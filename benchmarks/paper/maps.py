"""What the fused features of DSA-reID are worth with other dense maps than the true ones."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from aligned.drawings import estimated_map

from paper.measure import Job, known, run_folder
from paper.networks import estimator, is_guided
from paper.setup import Setup
from reid_align.datasets import ReidDataset, read_image
from reid_align.errors import InvalidInputError
from reid_align.features import resolve_device
from reid_align.recipes.fused_features import evaluated_images, find_maps, fused_features
from reid_align.recipes.initial_weights import start
from reid_align.recipes.training_scores import score_features
from reid_align.tasks import DsaTask
from reid_align.unwrapping import Unwrapper, load_unwrapper
from reid_align.uv import IUV, save_iuv

TRUE, ESTIMATED, NONE = "true maps", "estimated maps", "no maps"


def by_maps(job: Job, setup: Setup) -> Iterator[tuple[str, Mapping[str, float]]]:
    """Yield rank-1 and mAP, in percent, of a trained row's fused z with each kind of dense map.

    With the true ones, which it was trained with; with those of the estimator; and with maps on
    which nobody was detected, so that the guide says the same of every image.

    Args:
        job: a row with a guide, on a synthetic set, that was measured.
        setup: as for `measure`.

    Raises:
        InvalidInputError: the row has no fused features, or was not measured, or under other
            conditions.
        WeightsNotFoundError: its run is not there any more.
        ReidAlignError: as of `measure`.
    """
    stage = setup.recipe(str(job.row.recipe), job.seed).last
    if not is_guided(stage):
        raise InvalidInputError(
            f"{job.row.recipe} has no fused features. Name rows that have, with --only dsa_full."
        )
    if known(job, setup) is None:
        raise InvalidInputError(
            f"{run_folder(job, setup)}: not measured, by the results in {setup.results}. Measure "
            "it with paper_tables.py and the same options first."
        )
    device = resolve_device(setup.machine.device)
    dataset = setup.data(job.dataset, job.seed).evaluation
    task = stage.task.build(1)
    assert isinstance(task, DsaTask)
    assert dataset is not None
    start(task, str(run_folder(job, setup)))
    task.eval().to(device)
    unwrapper = load_unwrapper("iuv", [str(estimator(setup))], device)
    with TemporaryDirectory() as folder:
        for kind, maps in (
            (TRUE, find_maps(dataset, None)),
            (ESTIMATED, _estimated(dataset, unwrapper, Path(folder))),
            (NONE, _empty(dataset, Path(folder))),
        ):
            fused = fused_features(task, dataset, maps, setup.machine.workers, device)
            found = score_features(dataset, fused["z"])
            yield kind, {name: 100 * found[name] for name in ("rank1", "mAP")}


def _estimated(dataset: ReidDataset, unwrapper: Unwrapper, folder: Path) -> list[str]:
    names = []
    for row, record in enumerate(evaluated_images(dataset)):
        planes = estimated_map(read_image(record.path), unwrapper)
        names.append(str(folder / f"{row}.png"))
        save_iuv(names[-1], IUV(torch.from_numpy(np.moveaxis(planes, -1, 0).copy())))
    return names


def _empty(dataset: ReidDataset, folder: Path) -> Sequence[str]:
    save_iuv(folder / "empty.png", IUV(torch.zeros(3, 2, 1, dtype=torch.uint8)))
    return [str(folder / "empty.png")] * len(evaluated_images(dataset))
