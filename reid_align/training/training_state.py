"""Everything in a checkpoint except its tensors."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from reid_align.training.resumable_loader import LoaderCursor
from reid_align.typed_reading import ADDED_LATER, SCHEMA, parse_document, read_record


@dataclass(frozen=True)
class TrainingPosition:
    """Progress of a training.

    Attributes:
        step: completed steps.
        epoch: completed epochs.
        epoch_step: completed steps of the current epoch.
        epoch_steps: length of the current epoch in steps; 0 before it starts.
    """

    step: int = 0
    epoch: int = 0
    epoch_step: int = 0
    epoch_steps: int = 0

    def next(self) -> "TrainingPosition":
        """Return the position after one more step."""
        if self.epoch_step + 1 == self.epoch_steps:
            return TrainingPosition(self.step + 1, self.epoch + 1)
        return TrainingPosition(self.step + 1, self.epoch, self.epoch_step + 1, self.epoch_steps)

    def fractional_epoch(self) -> float:
        """Return the completed epochs plus the completed fraction of the current one."""
        return self.epoch + self.epoch_step / max(self.epoch_steps, 1)


@dataclass(frozen=True)
class RunningTotal:
    """Sum and number of values."""

    sum: float = 0.0
    count: int = 0

    def plus(self, value: float) -> "RunningTotal":
        """Return the total with one more value."""
        return RunningTotal(self.sum + value, self.count + 1)


@dataclass(frozen=True)
class Evaluation:
    """Scores by name, and the number of completed epochs when they were measured."""

    epoch: int
    scores: Mapping[str, float] = field(hash=False)


@dataclass(frozen=True)
class TrainingState:
    """State of a training without tensors. Random generators have none: every step seeds them.

    Attributes:
        position: progress.
        cursors: position of each stream's loader.
        window: running totals of the next log line.
        log_bytes: length of ``metrics.jsonl``.
        scale: loss scale for float16 and the number of steps since it last changed.
        latest: the last evaluation.
        best: the best evaluation.
        start: the evaluation of the initial weights.
    """

    position: TrainingPosition = TrainingPosition()
    cursors: Mapping[str, LoaderCursor] = field(default_factory=dict, hash=False)
    window: Mapping[str, RunningTotal] = field(default_factory=dict, hash=False)
    log_bytes: int = 0
    scale: tuple[float, int] | None = None
    latest: Evaluation | None = None
    best: Evaluation | None = None
    start: Evaluation | None = field(default=None, metadata=ADDED_LATER)

    def to_json(self) -> str:
        """Return the state as JSON, with all numbers exact."""
        return json.dumps({"schema": SCHEMA, **asdict(self)}, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> "TrainingState":
        """Parse the result of `to_json`.

        Raises:
            InvalidInputError: the text is damaged or from another version.
        """
        return read_record(cls, parse_document(text))
