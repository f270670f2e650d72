"""Explanation of one image and of the similarity of two images."""

from copy import deepcopy
from dataclasses import replace
from typing import get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from reid_align.errors import InvalidInputError, NotFiniteError, UnknownNameError
from reid_align.explanation.explanation_result import Explanation, Method
from reid_align.explanation.occlusion import occlusion_map
from reid_align.explanation.position_features import position_features
from reid_align.explanation.position_grid import PositionGrid, position_grid
from reid_align.explanation.region_matches import match_regions
from reid_align.explanation.similarity_shares import SimilarityShares, similarity_shares
from reid_align.features.image_inputs import ChannelOrder, ImageInputs, NamedImage, named_images
from reid_align.inference.device import resolve_device
from reid_align.inference.prepared_encoder import check_encoder
from reid_align.models.encoder import Encoder


def explain_image(
    image: ImageInputs,
    encoder: Encoder,
    *,
    method: Method = "positions",
    device: str = "auto",
    channel_order: ChannelOrder | None = None,
) -> Explanation:
    """Show which regions of one image determine its features.

    Explains the similarity of the image to itself, which is 1.

    Args:
        image: one image, as for `extract_features`.
        encoder: not modified.
        method: "positions": exact share of each position of the last feature map; "occlusion":
            drop of the similarity when a region is covered, for every encoder, with captum.
        device: "auto", "cpu", "cuda", "cuda:N" or "mps".
        channel_order: "rgb" or "bgr"; required for an array.

    Raises:
        ImageReadError: the image cannot be read.
        InvalidInputError: not exactly one image, or an encoder that "positions" cannot split.
        MissingExtraError: captum is not installed, for "occlusion".
    """
    return _explain([_one(image, channel_order, 0)], encoder, method, device)


def explain_pair(
    first: ImageInputs,
    second: ImageInputs,
    encoder: Encoder,
    *,
    method: Method = "positions",
    device: str = "auto",
    channel_order: ChannelOrder | None = None,
) -> Explanation:
    """Show which regions of two images make their features similar, and which match each other.

    Args:
        first: one image, as for `extract_features`.
        second: the other image.
        encoder: not modified.
        method: as for `explain_image`. The matches do not depend on it; encoders that cannot be
            split by position have none.
        device: as for `explain_image`.
        channel_order: as for `explain_image`.

    Raises:
        ImageReadError: an image cannot be read.
        InvalidInputError: not exactly two images, or an encoder that "positions" cannot split.
        MissingExtraError: captum is not installed, for "occlusion".
    """
    images = [_one(image, channel_order, index) for index, image in enumerate((first, second))]
    return _explain(images, encoder, method, device)


def _one(inputs: ImageInputs, channel_order: ChannelOrder | None, index: int) -> NamedImage:
    images = list(named_images(inputs, channel_order))
    if len(images) != 1:
        raise InvalidInputError(f"Got {len(images)} images where one is explained. Pass one image.")
    image = images[0]
    return image if isinstance(image.content, str) else replace(image, name=f"input[{index}]")


def _explain(
    images: list[NamedImage], encoder: Encoder, method: Method, device: str
) -> Explanation:
    if method not in get_args(Method):
        raise UnknownNameError("method", method, get_args(Method))
    check_encoder(encoder)
    pixels = [image.decode() for image in images]
    target = resolve_device(device)
    network = deepcopy(encoder).eval().to(target)
    batch = _batch(pixels, network, target)
    with torch.inference_mode():
        features = network(batch).float()
    if not bool(features.isfinite().all()):
        raise NotFiniteError("The encoder returned NaN or infinity. The weights are broken.")
    shares, grid = _shares(network, batch, method)
    if method == "positions" and shares is not None:
        heat = (shares.first, shares.second)[: len(images)]
    else:
        # The target of each image is the other one, or the image itself.
        targets = features.flip(0)
        heat = tuple(
            occlusion_map(network, batch[index : index + 1], targets[index])
            for index in range(len(images))
        )
    return Explanation(
        tuple(image.name for image in images),
        tuple(pixels),
        method,
        float(torch.cosine_similarity(features[0].double(), features[-1].double(), dim=0)),
        heat,
        grid,
        tuple(match_regions(shares)) if shares is not None and len(images) == 2 else (),
    )


def _batch(pixels: list[NDArray[np.uint8]], encoder: Encoder, device: torch.device) -> Tensor:
    resized = np.stack([encoder.preprocess.resize(image) for image in pixels])
    batch = torch.from_numpy(resized).permute(0, 3, 1, 2).contiguous()
    return encoder.preprocess.normalize(batch.to(device))


def _shares(
    encoder: Encoder, batch: Tensor, method: Method
) -> tuple[SimilarityShares | None, PositionGrid | None]:
    """Return the shares of all position pairs, and the grid; None if occlusion needs neither."""
    try:
        with torch.inference_mode():
            values = position_features(encoder, batch).values
    except InvalidInputError:
        if method == "positions":
            raise
        return None, None
    grid = position_grid(encoder, values.shape[1], values.shape[2])
    return similarity_shares(values[0], values[-1]), grid
