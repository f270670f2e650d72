"""Adaptation of batch-norm statistics to unlabeled images (AdaBN).

Source: adaptive batch normalization, Li et al., arXiv:1603.04779. The paper uses separate
statistics per domain; here all cameras share them, which is as accurate as one set per camera.
"""

from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray

from reid_align.errors import InvalidInputError
from reid_align.features.batch_norm_statistics import (
    batch_statistics,
    tracking_norms,
    with_averages,
)
from reid_align.features.extract_options import ExtractOptions, OnError
from reid_align.features.feature_batches import worker_count
from reid_align.features.image_batches import grouped, read_batch
from reid_align.features.image_inputs import ChannelOrder, ImageInputs, NamedImage, named_images
from reid_align.inference.backends.backend_cache import state_digest
from reid_align.inference.device import resolve_device
from reid_align.inference.parallelism import Parallelism
from reid_align.inference.prepared_encoder import check_encoder
from reid_align.models.encoder import Encoder
from reid_align.progress import Progress

MIN_IMAGES, READ_BATCH_SIZE = 32, 32
# Each batch of 128 images takes up to 1 GB of memory.
MAX_PARALLEL_BATCHES = 4


@dataclass(frozen=True)
class Adaptation:
    """Settings of an adaptation.

    Attributes:
        count: number of images to draw at random; all, if there are fewer.
        batch_size: maximum images per batch; one more if otherwise a single image would be left.
        seed: seed of the draw and its order.

    Raises:
        InvalidInputError: ``count`` below 32, ``batch_size`` below 2 or ``seed`` below 0.
    """

    count: int = 2048
    batch_size: int = 128
    seed: int = 0

    def __post_init__(self) -> None:
        for name, value, minimum in (
            ("count", self.count, MIN_IMAGES),
            ("batch_size", self.batch_size, 2),
            ("seed", self.seed, 0),
        ):
            if not isinstance(value, int) or value < minimum:
                raise InvalidInputError(f"{name} {value!r}: give an integer of at least {minimum}.")

    def draw(self, images: Iterable[NamedImage], total: int) -> list[NamedImage]:
        """Return a random draw of ``total`` images, in the order of the draw."""
        random = np.random.default_rng(self.seed)
        order = random.choice(total, min(self.count, total), replace=False).tolist()
        chosen = set(order)
        found = {index: image for index, image in enumerate(images) if index in chosen}
        return [found[index] for index in order if index in found]

    def split(self, pixels: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
        """Split at least two images into batches of nearly equal size."""
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
    """Return a copy of an encoder with batch-norm statistics adapted to your images (AdaBN).

    Needs no labels. Runs the images through the network in batches that are normalized by their
    own mean and variance, as in training, and replaces the running statistics of the batch norms
    by the average over all batches. Nothing else changes. On the CPU the same images and seed give
    the same bits, whatever the number of threads.

    Args:
        encoder: from `san_resnet50`, `dsa_reid`, `create_model`, …; not modified.
        images: any input of `extract_features`, from the cameras that you will compare. Compare
            only features of the same adapted copy.
        count: number of images to draw at random; all, if there are fewer. They are held in
            memory, 3·height·width bytes each.
        batch_size: images per batch.
        seed: seed of the draw.
        device: device to compute on, in float32: "auto", "cpu", "cuda", "cuda:N" or "mps".
        on_error: at a drawn image that cannot be read "fail" raises, "skip" leaves it out.
        channel_order: "rgb" or "bgr"; required if the inputs contain arrays.

    Returns:
        The copy, in evaluation mode, on the encoder's device; its ``origin`` records the
        adaptation.

    Raises:
        NoImagesError: a folder, pattern or list contains no image.
        ImageReadError: an image cannot be read and ``on_error`` is "fail".
        InvalidInputError: fewer than 32 readable images, an encoder without batch norms, or an
            invalid input or option.
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
    """Return a copy of an encoder adapted to drawn images; see `adapt_norms`.

    Args:
        drawn: from ``adaptation.draw``.
        encoder: not modified.
        adaptation: settings that ``drawn`` was made with.
        options: device, number of workers and ``on_error`` are used.
        progress: show the progress on standard error.
    """
    device = resolve_device(str(options.device))
    network = deepcopy(encoder).float().to(device).eval()
    if not tracking_norms(network):
        raise InvalidInputError(
            f"{encoder.architecture} has no batch norms to adapt (weights: {encoder.origin.name})."
        )
    skip = options.on_error == "skip"
    read = partial(read_batch, preprocess=encoder.preprocess, skip_errors=skip)
    workers = min(worker_count(options), MAX_PARALLEL_BATCHES)
    # One core per batch: the bits must not depend on the number of cores.
    parallelism = replace(Parallelism.share(device, workers), threads=1)
    with parallelism.pool(parallelism.batches) as pool:
        groups = pool.map(read, grouped(drawn, READ_BATCH_SIZE))
        pixels = _join_readable([group.pixels for group in groups], len(drawn))
        batches = adaptation.split(pixels)
        bar = Progress(len(batches), unit="batch", label="adapting", visible=progress)
        with bar:
            found = list(bar.track(pool.map(partial(batch_statistics, network, device), batches)))
    adapted = with_averages(encoder, found)
    adapted.origin = encoder.origin.after_adapting(
        len(pixels), adaptation.seed, state_digest(encoder)
    )
    return adapted


def _join_readable(groups: list[NDArray[np.uint8]], drawn: int) -> NDArray[np.uint8]:
    readable = sum(map(len, groups))
    if readable < MIN_IMAGES:
        raise InvalidInputError(
            f"Only {readable} of {drawn} images can be read, but adapting needs at least "
            f"{MIN_IMAGES}. Use more images, or the encoder without adaptation."
        )
    return np.concatenate(groups)
