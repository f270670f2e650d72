"""Training: one loop that knows tasks and batches, and nothing of any particular network."""

from reid_align.training.config import Precision, TrainingConfig
from reid_align.training.feed import Stream
from reid_align.training.group import ProcessGroup, open_group
from reid_align.training.loop import Summary, run_training
from reid_align.training.optimizers import OptimizerConfig, OptimizerKind
from reid_align.training.schedule import ScheduleConfig, ScheduleKind, Warmup
from reid_align.training.state import Score
from reid_align.training.task import (
    MAIN,
    Evaluator,
    Losses,
    Product,
    StepContext,
    Task,
)

__all__ = [
    "MAIN",
    "Evaluator",
    "Losses",
    "OptimizerConfig",
    "OptimizerKind",
    "Precision",
    "ProcessGroup",
    "Product",
    "ScheduleConfig",
    "ScheduleKind",
    "Score",
    "StepContext",
    "Stream",
    "Summary",
    "Task",
    "TrainingConfig",
    "Warmup",
    "open_group",
    "run_training",
]
