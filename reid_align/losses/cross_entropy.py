"""Identity loss: cross entropy over the training identities."""

from torch import nn

from reid_align.checks import up_to_one


def identity_loss(label_smoothing: float = 0.1) -> nn.CrossEntropyLoss:
    """Return torch's cross entropy for logits (N, C) and labels (N,) from 0 to C - 1.

    The target is (1 - ε) at the true identity plus ε / C everywhere; the loss is the mean over N.

    Args:
        label_smoothing: ε in [0, 1]; 0 is plain cross entropy.

    Raises:
        InvalidInputError: ε outside [0, 1].

    Source: 0.1 in the official code of SAN (arXiv:1905.13143; the paper gives no value) and in the
    best baseline of DSA-reID (CVPR 2019), section 4.3.
    """
    up_to_one("label_smoothing", label_smoothing)
    return nn.CrossEntropyLoss(label_smoothing=label_smoothing)
