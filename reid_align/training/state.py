"""Where a training stands: everything a checkpoint holds beside its tensors."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from reid_align.training.feed import Cursor
from reid_align.training.window import Total
from reid_align.weights.reading import SCHEMA, parse_document, read_record


@dataclass(frozen=True)
class Position:
    """How far a training is.

    Attributes:
        step: updates so far.
        epoch: epochs that are complete.
        epoch_step: updates in the present epoch.
        epoch_steps: updates that it will have; 0 where nobody has counted yet.
    """

    step: int = 0
    epoch: int = 0
    epoch_step: int = 0
    epoch_steps: int = 0

    def advanced(self) -> "Position":
        """Return the position after one more update."""
        if self.epoch_step + 1 == self.epoch_steps:
            return Position(self.step + 1, self.epoch + 1)
        return Position(self.step + 1, self.epoch, self.epoch_step + 1, self.epoch_steps)

    def time(self) -> float:
        """Return the epochs so far, with the fraction of the present one."""
        return self.epoch + self.epoch_step / max(self.epoch_steps, 1)


@dataclass(frozen=True)
class Score:
    """An evaluation: after so many epochs, and what it gave."""

    epoch: int
    scores: Mapping[str, float] = field(hash=False)


@dataclass(frozen=True)
class State:
    """All of a training but its tensors. Randomness has no state: see `randomness.seed_step`.

    Attributes:
        position: how far it is.
        cursors: how far each stream was read.
        window: what waits to be a line of the log.
        log_bytes: how long the log was.
        scale: the factor of the losses in float16, and how many steps it has been good.
        latest: the last evaluation.
        best: the best one.
    """

    position: Position = Position()
    cursors: Mapping[str, Cursor] = field(default_factory=dict, hash=False)
    window: Mapping[str, Total] = field(default_factory=dict, hash=False)
    log_bytes: int = 0
    scale: tuple[float, int] | None = None
    latest: Score | None = None
    best: Score | None = None

    def to_json(self) -> str:
        """Return it as text, which keeps every number exactly."""
        return json.dumps({"schema": SCHEMA, **asdict(self)}, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> "State":
        """Read the text again.

        Raises:
            InvalidInputError: it is of another version, or damaged.
        """
        return read_record(cls, parse_document(text))
