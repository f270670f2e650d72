"""How strongly each loss of a row pulls at its encoder."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import islice
from statistics import mean

import torch
from torch.nn.utils import get_total_norm

from paper.measure import Job, known, ready, run_folder
from paper.setup import ENCODER, Setup
from reid_align.features import resolve_device
from reid_align.recipes import Stage
from reid_align.recipes.initial_weights import start
from reid_align.recipes.prepare_recipe import ALONE
from reid_align.recipes.stage_streams import open_streams
from reid_align.tasks import REID, BaselineConfig, DsaConfig, SanConfig
from reid_align.training.feed import Stream
from reid_align.training.statistics import keep_running_statistics
from reid_align.training.task import StepContext, Task

Norms = dict[str, float]


def pulls(job: Job, setup: Setup, batches: int) -> Iterator[tuple[str, Norms]]:
    """Yield the norms "before" the training of a job and, where it is finished, "after" it.

    Args:
        job: a row, its dataset and its seed.
        setup: as for `measure`.
        batches: how many of each stream, the first ones.

    Raises:
        InvalidInputError: the row was measured under other conditions.
        ReidAlignError: as of `measure`.
    """
    recipe, data = ready(job, setup)
    stage, device = recipe.last, resolve_device(setup.machine.device)
    streams = open_streams(stage, data, setup.machine.workers, ALONE, str(device))
    moments, folder = [("before", stage.initial, stage.fresh)], run_folder(job, setup)
    if known(job, setup) is not None and (folder / ENCODER).is_file():
        moments.append(("after", str(folder), ()))
    for moment, networks, fresh in moments:
        torch.manual_seed(job.seed)
        task = stage.task.build(streams[REID].identities)
        start(task, networks, fresh)
        yield moment, gradient_norms(task.to(device), streams, _weights(stage), batches)


def gradient_norms(
    task: Task, streams: Mapping[str, Stream], weights: Mapping[str, float], batches: int
) -> Norms:
    """Return the norm of the encoder's gradient of each weighted loss, alone, in float32.

    Args:
        task: with an encoder; its batch norms are left as they are.
        streams: what it wants.
        weights: of its losses, by name.
        batches: how many of each stream, the first ones; norms are means over them.

    Returns:
        By "STREAM/LOSS".
    """
    assert task.encoder is not None
    parameters = list(task.encoder.parameters())
    device, found = parameters[0].device, defaultdict[str, list[float]](list)
    for stream, source in streams.items():
        for step, batch in enumerate(islice(source.epoch(0), batches)):
            drawn = torch.Generator().manual_seed(step)
            with keep_running_statistics(task):
                losses = task.losses(stream, batch.to(device), StepContext(step, 0, drawn, ALONE))
            for name, term in losses.terms.items():
                weighted = weights[name] * term
                gradients = torch.autograd.grad(
                    weighted, parameters, retain_graph=True, allow_unused=True
                )
                norm = get_total_norm([one for one in gradients if one is not None])
                found[f"{stream}/{name}"].append(norm.item())
    return {name: mean(norms) for name, norms in found.items()}


def _weights(stage: Stage) -> Mapping[str, float]:
    task = stage.task
    assert isinstance(task, BaselineConfig | SanConfig | DsaConfig)
    return task.weights
