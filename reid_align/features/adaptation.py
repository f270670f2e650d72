"""Encoders that get used to images without labels: their batch norms, estimated anew.

Source: adaptive batch normalization, Li et al., arXiv:1603.04779. There each domain has statistics
of its own; here all cameras share theirs, which finds as many people as one estimate per camera.
"""

from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from tqdm import tqdm

from reid_align.errors import InvalidInputError
from reid_align.features.batches import grouped, read_batch
from reid_align.features.images import ChannelOrder, ImageInputs, NamedImage, named_images
from reid_align.features.options import ExtractOptions, OnError
from reid_align.features.statistics import batch_statistics, tracking_norms, with_averages
from reid_align.inference.backends.build import state_digest
from reid_align.inference.prepared_encoder import check_encoder, resolve_device
from reid_align.inference.thread_lanes import Lanes
from reid_align.models.encoder import Encoder

FEWEST, READ_AT_ONCE = 32, 32
# A batch of 128 images takes up to a gigabyte of memory, on each core that computes one.
MOST_LANES = 4


@dataclass(frozen=True)
class Adaptation:
    """Which images an encoder gets used to.

    Attributes:
        count: images that are drawn; all, if there are fewer.
        batch_size: images at a time at most, but for one more where a single one would be left.
        seed: draws them, and their order.

    Raises:
        InvalidInputError: ``count`` below 32, ``batch_size`` below 2 or ``seed`` below 0.
    """

    count: int = 2048
    batch_size: int = 128
    seed: int = 0

    def __post_init__(self) -> None:
        for name, value, least in (
            ("count", self.count, FEWEST),
            ("batch_size", self.batch_size, 2),
            ("seed", self.seed, 0),
        ):
            if not isinstance(value, int) or value < least:
                raise InvalidInputError(f"{name} {value!r}: give a whole number from {least} on.")

    def draw(self, images: Iterable[NamedImage], total: int) -> list[NamedImage]:
        """Return the drawn ones of so many images, in the order of the draw."""
        random = np.random.default_rng(self.seed)
        order = random.choice(total, min(self.count, total), replace=False).tolist()
        wanted = set(order)
        found = {place: one for place, one in enumerate(images) if place in wanted}
        return [found[place] for place in order if place in found]

    def split(self, pixels: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
        """Return images, at least two, in batches that differ by one image at most."""
        parts = min(-(-len(pixels) // self.batch_size), len(pixels) // 2)
        return np.array_split(pixels, parts)


def adapt_norms(
    encoder: Encoder,
    images: ImageInputs,
    *,
    count: int = 2048,
    batch_size: int = 128,
    seed: int = 0,
    device: str | torch.device = "auto",
    on_error: OnError = "fail",
    channel_order: ChannelOrder | None = None,
) -> Encoder:
    """Return a copy of an encoder that is used to images of a place; it needs no labels.

    The images go through the network in batches, each normalized by its own mean and variance, as
    in training; the averages of these over all batches take the place of what the batch norms have
    learned. Nothing else changes, instance norms neither: they have no statistics. On the CPU the
    same images and seed give the same bits, whatever the number of threads.

    Args:
        encoder: from `san_resnet50`, `dsa_reid`, `create_model`, …; it is left as it is.
        images: what `extract_features` takes: images by the cameras whose images will be
            compared. Compare only features of the same copy.
        count: images that are drawn; all, if there are fewer. They are held in memory, each with
            3·height·width bytes.
        batch_size: images at a time.
        seed: draws them.
        device: where to compute, in float32: "auto", "cpu", "cuda", "cuda:N" or "mps".
        on_error: at a drawn image that cannot be read "fail" raises, "skip" goes on without it.
        channel_order: "rgb" or "bgr"; needed when arrays are among the images.

    Returns:
        The copy, in evaluation mode, where the encoder is; its ``origin`` says what it is.

    Raises:
        NoImagesError: a folder, pattern or list leads to no image.
        ImageReadError: a image cannot be read and ``on_error`` is "fail".
        InvalidInputError: fewer than 32 images that can be read, from which statistics would be
            worse than those of the training; an encoder without batch norms; or an input or an
            option of another type, shape or range.
        NotFiniteError: the weights are broken.

    Source: Li et al., arXiv:1603.04779.
    """
    adaptation = Adaptation(count, batch_size, seed)
    options = ExtractOptions(device, on_error=on_error)
    check_encoder(encoder)
    listed = list(named_images(images, channel_order))
    return adapt_to(adaptation.draw(listed, len(listed)), encoder, adaptation, options)


def adapt_to(
    drawn: list[NamedImage],
    encoder: Encoder,
    adaptation: Adaptation,
    options: ExtractOptions,
    *,
    progress: bool = False,
) -> Encoder:
    """Return a copy of an encoder that is used to named images; see `adapt_norms`.

    Args:
        drawn: from ``adaptation.draw``.
        encoder: the encoder.
        adaptation: how they were drawn, and are taken together.
        options: of these, where to compute, how many threads, and what to do about broken images.
        progress: show a bar on standard error, if that is a terminal.
    """
    device = resolve_device(str(options.device))
    network = deepcopy(encoder).float().to(device).eval()
    if not tracking_norms(network):
        raise InvalidInputError(f"{encoder.architecture} has no batch norms that could adapt.")
    skip = options.on_error == "skip"
    read = partial(read_batch, preprocess=encoder.preprocess, skip_errors=skip)
    # Each batch on one core, so that the bits do not depend on how many there are.
    lanes = replace(Lanes.share(device, min(options.workers, MOST_LANES)), threads=1)
    with lanes.pool(lanes.count) as pool:
        groups = pool.map(read, grouped(drawn, READ_AT_ONCE))
        pixels = _enough([group.pixels for group in groups], len(drawn))
        batches = adaptation.split(pixels)
        with tqdm(total=len(batches), desc="adapting", disable=None if progress else True) as bar:
            found = []
            for statistics in pool.map(partial(batch_statistics, network, device), batches):
                found.append(statistics)
                bar.update()
    adapted = with_averages(encoder, found)
    adapted.origin = encoder.origin.after_adapting(
        len(pixels), adaptation.seed, state_digest(encoder)
    )
    return adapted


def _enough(groups: list[NDArray[np.uint8]], drawn: int) -> NDArray[np.uint8]:
    readable = sum(map(len, groups))
    if readable < FEWEST:
        raise InvalidInputError(
            f"{readable} of {drawn} images can be read, and an encoder adapts to {FEWEST} or "
            "more: fewer tell less than its training did. Use it as it is, without adapting."
        )
    return np.concatenate(groups)
