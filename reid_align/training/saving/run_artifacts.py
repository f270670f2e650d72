"""Files of a run for its users: trained weights, scores, sample images and curves."""

import logging
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path

from PIL import Image
from torch import Tensor

from reid_align.batches.batch import Batch
from reid_align.errors import MissingExtraError, UnknownNameError
from reid_align.files import replace_file, writing
from reid_align.training.reporting.json_lines import ADVICE
from reid_align.training.reporting.metrics_log import MetricsLog
from reid_align.training.task_interface import Evaluator, Product, Task
from reid_align.training.training_state import Evaluation, TrainingPosition
from reid_align.viz import draw_curves
from reid_align.weights import WeightsHeader, module_fingerprint, save_tensors

logger = logging.getLogger(__name__)

BEST, SAMPLES, CURVES = "best", "samples", "curves.png"
IMAGES_PER_ROW = 8


class RunArtifacts:
    """Writes the artifacts of a run. Used by the first process only.

    Args:
        folder: run folder.
        metrics: log that receives the scores and provides the curves.
        evaluator: scores the task; None skips evaluation.
        best_score: name of the score that selects the best evaluation.
        sample_batch: returns the batch for sample images.

    Attributes:
        metrics: as given.
    """

    def __init__(
        self,
        folder: Path,
        metrics: MetricsLog,
        evaluator: Evaluator | None,
        best_score: str,
        sample_batch: Callable[[], Batch],
    ) -> None:
        self.metrics = metrics
        self._folder, self._evaluator, self._best_score = folder, evaluator, best_score
        self._sample_batch = sample_batch
        self._can_draw = True

    def evaluate(
        self, task: Task, position: TrainingPosition, best: Evaluation | None
    ) -> tuple[Evaluation | None, Evaluation | None]:
        """Write sample images, score the task, and save its networks if the score is a new best.

        Args:
            task: in evaluation mode, with the weights to score.
            position: progress of the training.
            best: the best evaluation so far.

        Returns:
            This evaluation, None without an evaluator, and the best one so far. The earlier one
            wins a tie.

        Raises:
            UnknownNameError: the evaluation has no score named ``best_score``.
        """
        images = task.sample_images(self._sample_batch())
        save_samples(self._folder / SAMPLES, position.epoch, images)
        if self._evaluator is None:
            return None, best
        latest = Evaluation(position.epoch, dict(self._evaluator(task)))
        name = self._best_score
        if name not in latest.scores:
            raise UnknownNameError("score", name, latest.scores)
        scores = {f"score/{key}": value for key, value in latest.scores.items()}
        self.metrics.write(position.step, position.epoch, scores)
        if best is None or latest.scores[name] > best.scores[name]:
            save_products(self._folder / BEST, task.products())
            best = latest
        return latest, best

    def draw_curves(self) -> None:
        """Draw all logged metrics. Without matplotlib, log once that the curves need it."""
        if not self._can_draw:
            return
        try:
            image = draw_curves(self.metrics.curves())
        except MissingExtraError as error:
            self._can_draw = False
            logger.warning("No %s: %s", CURVES, error)
            return
        _save_image(self._folder / CURVES, image)

    def save_products(self, task: Task) -> None:
        """Write the networks of a finished training."""
        save_products(self._folder, task.products())


def product_paths(folder: Path, products: Mapping[str, Product]) -> tuple[Path, ...]:
    """Return the weights files that `save_products` writes."""
    return tuple(folder / f"{name}.safetensors" for name in products)


def save_products(folder: Path, products: Mapping[str, Product]) -> None:
    """Write one weights file per network, with its architecture and feature fingerprint.

    Raises:
        OutputError: a file cannot be written.
        WeightsIntegrityError: the output of a network is not finite.
    """
    with writing(folder, ADVICE):
        folder.mkdir(exist_ok=True)
    for path, product in zip(product_paths(folder, products), products.values(), strict=True):
        info = WeightsHeader(
            product.architecture,
            dict(product.arch_args),
            product.preprocess,
            module_fingerprint(product.module),
        )
        save_tensors(product.module, path, info)


def save_samples(folder: Path, epoch: int, images: Mapping[str, Tensor]) -> None:
    """Write a row of up to 8 images per name, for example ``texture-00010.png``.

    Args:
        folder: output folder.
        epoch: completed epochs, for the file name.
        images: (N, 3, h, w) in [0, 1].
    """
    for name, batch in images.items():
        row = batch[:IMAGES_PER_ROW].detach().float().cpu().clamp(0, 1).mul(255).round().byte()
        pixels = row.permute(2, 0, 3, 1).flatten(1, 2).contiguous().numpy()
        _save_image(folder / f"{name}-{epoch:05d}.png", Image.fromarray(pixels))


def _save_image(path: Path, image: Image.Image) -> None:
    data = BytesIO()
    image.save(data, "PNG")
    with writing(path, ADVICE):
        path.parent.mkdir(exist_ok=True)
        replace_file(path, data.getvalue())
