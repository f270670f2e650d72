"""What a run leaves to use and to look at: weights, sample images, curves."""

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

from PIL import Image
from torch import Tensor

from reid_align.files import replace_file, writing
from reid_align.training.checkpoint import ADVICE
from reid_align.training.journal import Journal
from reid_align.training.task import Product
from reid_align.viz import draw_curves
from reid_align.weights import FileInfo, module_fingerprint, save_tensors

CURVES = "curves.png"
SAMPLES = 8


def product_paths(folder: Path, products: Mapping[str, Product]) -> tuple[Path, ...]:
    """Return the files that products become."""
    return tuple(folder / f"{name}.safetensors" for name in products)


def save_products(folder: Path, products: Mapping[str, Product]) -> None:
    """Write each network as a file of ours, which says what it is and how to check it.

    Raises:
        OutputError: a file cannot be written.
        WeightsIntegrityError: a network's output is not finite.
    """
    with writing(folder, ADVICE):
        folder.mkdir(exist_ok=True)
    for path, product in zip(product_paths(folder, products), products.values(), strict=True):
        info = FileInfo(
            product.architecture,
            dict(product.arch_args),
            product.preprocess,
            module_fingerprint(product.module),
        )
        save_tensors(product.module, path, info)


def save_samples(folder: Path, epoch: int, images: Mapping[str, Tensor]) -> None:
    """Write a row of up to 8 images for each name: ``texture-00010.png``.

    Args:
        folder: where.
        epoch: what the images were made after.
        images: (N, 3, h, w) in [0, 1].

    Raises:
        OutputError: a file cannot be written.
    """
    for name, batch in images.items():
        row = batch[:SAMPLES].detach().float().cpu().clamp(0, 1).mul(255).round().byte()
        pixels = row.permute(2, 0, 3, 1).flatten(1, 2).contiguous().numpy()
        _save_image(folder / f"{name}-{epoch:05d}.png", Image.fromarray(pixels))


def save_curves(folder: Path, journal: Journal) -> None:
    """Draw everything the log holds.

    Raises:
        OutputError: the image cannot be written.
    """
    _save_image(folder / CURVES, draw_curves(journal.curves()))


def _save_image(path: Path, image: Image.Image) -> None:
    data = BytesIO()
    image.save(data, "PNG")
    with writing(path, ADVICE):
        path.parent.mkdir(exist_ok=True)
        replace_file(path, data.getvalue())
