"""Reference losses, computed image by image."""

import math

import torch
from torch import Tensor


def naive_identity(logits: Tensor, labels: Tensor, smoothing: float) -> float:
    losses = []
    for row, label in zip(logits.detach().double(), labels.tolist(), strict=True):
        log_sum = math.log(sum(math.exp(float(value)) for value in row))
        for index, value in enumerate(row.tolist()):
            share = smoothing / len(row) + (1 - smoothing) * (index == label)
            losses.append(share * (log_sum - value))
    return sum(losses) / len(labels)


def naive_triplet(features: Tensor, labels: Tensor, margin: float) -> float:
    features = features.detach()

    def distance(a: int, b: int) -> float:
        return math.sqrt(
            max(float((features[a].double() - features[b].double()).pow(2).sum()), 1e-12)
        )

    losses = []
    for anchor in range(len(labels)):
        same = [j for j in range(len(labels)) if labels[j] == labels[anchor]]
        other = [j for j in range(len(labels)) if labels[j] != labels[anchor]]
        hardest = max(distance(anchor, j) for j in same)
        losses.append(max(hardest - min(distance(anchor, j) for j in other) + margin, 0.0))
    return sum(losses) / len(losses)


def naive_masked_l1(drawn: Tensor, target: Tensor, mask: Tensor) -> float:
    drawn = drawn.detach()
    errors = [
        float((drawn[n, :, y, x].double() - target[n, :, y, x].double()).abs().sum())
        for n in range(len(drawn))
        for y, x in torch.nonzero(mask).tolist()
    ]
    return sum(errors) / (3 * len(errors))
