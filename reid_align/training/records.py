"""What the first process writes while a task is trained: log, scores, images, products."""

from collections.abc import Callable, Mapping
from pathlib import Path

from reid_align.batches.batch import Batch
from reid_align.errors import UnknownNameError
from reid_align.training.board import open_board
from reid_align.training.journal import Journal
from reid_align.training.outputs import save_curves, save_products, save_samples
from reid_align.training.state import Position, Score, State
from reid_align.training.task import Evaluator, Task

METRICS, BEST, SAMPLES = "metrics.jsonl", "best", "samples"


class Records:
    """The files of a run that people read.

    Args:
        folder: of the run.
        state: that the run goes on from; lines of the log after it do not count.
        evaluator: what scores the task; None scores nothing.
        decisive: the score that tells which evaluation is the best.
        sample: returns the batch that sample images are made of.
    """

    def __init__(
        self,
        folder: Path,
        state: State,
        evaluator: Evaluator | None,
        decisive: str,
        sample: Callable[[], Batch],
    ) -> None:
        self._folder, self._evaluator, self._decisive = folder, evaluator, decisive
        self._journal = Journal(folder / METRICS)
        self._journal.cut(state.log_bytes)
        self._show = open_board(folder, state.position.step)
        self._sample = sample

    def log(self, position: Position, values: Mapping[str, float]) -> None:
        """Write one line: keys of two parts, "score/mAP", and where the training is."""
        line = {"step": position.step, "epoch": position.epoch, **values}
        self._journal.append(line)
        self._show(line)

    def evaluate(self, task: Task, position: Position, best: Score | None) -> Score | None:
        """Score a task in evaluation mode, and show what it makes of the sample.

        Args:
            task: with the weights to score.
            position: where the training is.
            best: the best evaluation before; the products of a better one replace its products.

        Returns:
            The scores; None without an evaluator.

        Raises:
            UnknownNameError: the decisive score is not among them.
        """
        images = task.sample_images(self._sample())
        save_samples(self._folder / SAMPLES, position.epoch, images)
        if self._evaluator is None:
            return None
        score = Score(position.epoch, dict(self._evaluator(task)))
        if self._decisive not in score.scores:
            raise UnknownNameError("score", self._decisive, score.scores)
        self.log(position, {f"score/{name}": value for name, value in score.scores.items()})
        if self.better(score, best) is score:
            save_products(self._folder / BEST, task.products())
        return score

    def better(self, score: Score, best: Score | None) -> Score:
        """Return the better one of two evaluations, the earlier one if they are equal."""
        if best is None or score.scores[self._decisive] > best.scores[self._decisive]:
            return score
        return best

    def draw(self) -> None:
        """Draw the curves of everything in the log."""
        save_curves(self._folder, self._journal)

    def save(self, task: Task) -> None:
        """Write the products of a finished training."""
        save_products(self._folder, task.products())

    def flush(self) -> int:
        """Wait until the log is on the disk and return its length in bytes."""
        return self._journal.flush()
