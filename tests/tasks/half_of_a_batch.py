"""Losses of half a batch in each of two processes, or of the whole batch in one process."""

import sys
from dataclasses import replace

import torch
from small_tasks import COUNT, IDENTITIES, make_batch, small
from torch import Tensor

from reid_align.batches.batch import Batch
from reid_align.losses import BatchHardTriplet, SupervisedContrast
from reid_align.tasks import DecoderConfig, SanConfig
from reid_align.tasks.supervision import gathered_contrast, gathered_triplet
from reid_align.training.distributed import ProcessGroup, open_group
from reid_align.training.task_interface import MAIN, StepContext

FORMS = ("paper", "official")
VECTORS = ("triplet", "contrast")
Found = dict[str, Tensor]


def share(tensor: Tensor, group: ProcessGroup) -> Tensor:
    return tensor.chunk(group.size)[group.rank]


def vectors(kind: str, group: ProcessGroup) -> Found:
    """Return a loss of feature vectors and its gradient for this process's share."""
    features = torch.randn(12, 5, generator=torch.Generator().manual_seed(1))
    own = share(features, group).clone().requires_grad_()
    ids = share(torch.arange(4).repeat_interleave(3), group)
    if kind == "triplet":
        loss = gathered_triplet(BatchHardTriplet(5.0), own, ids, group)
    else:
        cameras = share(torch.arange(12) % 2, group)
        loss = gathered_contrast(SupervisedContrast(0.5, 2.0), own, ids, cameras, group)
    loss.backward()
    return {"loss": loss.detach(), "gradient": own.grad}


def san(form: str, group: ProcessGroup) -> Found:
    """Return SAN's objective, its constraint and the averaged gradients of all parameters."""
    torch.manual_seed(0)
    config = SanConfig(small(), decoder=DecoderConfig("input"), constraint=form)
    task = config.build(2 * IDENTITIES).double().eval()
    # The output of an untrained decoder is almost constant, and every hinge would be the margin.
    for block in (task.decoder.up1, task.decoder.up2, task.decoder.up3, task.decoder.up4):
        block.proj.weight.data.mul_(400)
    generator = torch.Generator().manual_seed(7)
    context = StepContext(0, 0, generator, group)
    losses = task.losses("reid", share_of_batch(group), context)
    losses.objectives[MAIN].backward()
    gradients = {name: p.grad for name, p in task.named_parameters() if p.grad is not None}
    group.average(list(gradients.values()))
    loss, constraint = losses.objectives[MAIN].detach(), losses.terms["constraint"].detach()
    return {"loss": loss, "constraint": constraint} | gradients


def share_of_batch(group: ProcessGroup) -> Batch:
    """Return this process's share of six identities with four images each."""
    first, second = (make_batch((32, 16), seed) for seed in (0, 1))
    images, target = (
        share(torch.cat(pair).double(), group)
        for pair in ((first.images, second.images), (first.target, second.target))
    )
    ids = share(torch.arange(2 * IDENTITIES).repeat_interleave(COUNT // IDENTITIES), group)
    return replace(first, images=images, person_ids=ids, camera_ids=ids * 0, target=target)


if __name__ == "__main__":
    torch.set_num_threads(1)
    with open_group() as joined:
        found = {kind: vectors(kind, joined) for kind in VECTORS}
        found |= {form: san(form, joined) for form in FORMS}
        torch.save(found, f"{sys.argv[1]}/{joined.rank}.pt")
