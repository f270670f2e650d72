"""Training loop for any task, with exact resumption.

- ``training_run`` starts or resumes a run; ``trainer`` is the loop.
- ``step/`` is one step: gradients, optimizers, weight average.
- ``saving/`` writes checkpoints, ``config.json``, trained weights, sample images and curves.
- ``reporting/`` writes metrics and timing and shows the progress.
- ``task_interface`` is what a task implements.
"""

from reid_align.training.distributed import ProcessGroup, open_group
from reid_align.training.lr_schedule import ScheduleConfig, ScheduleKind, Warmup
from reid_align.training.optimizers import OptimizerConfig, OptimizerKind
from reid_align.training.resumable_loader import TrainingLoader
from reid_align.training.task_interface import (
    MAIN,
    Evaluator,
    Losses,
    Product,
    StepContext,
    Task,
)
from reid_align.training.training_config import Precision, TrainingConfig
from reid_align.training.training_run import TrainingSummary, run_training
from reid_align.training.training_state import Evaluation

__all__ = [
    "MAIN",
    "Evaluation",
    "Evaluator",
    "Losses",
    "OptimizerConfig",
    "OptimizerKind",
    "Precision",
    "ProcessGroup",
    "Product",
    "ScheduleConfig",
    "ScheduleKind",
    "StepContext",
    "Task",
    "TrainingConfig",
    "TrainingLoader",
    "TrainingSummary",
    "Warmup",
    "open_group",
    "run_training",
]
