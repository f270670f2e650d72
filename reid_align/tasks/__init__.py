"""Training tasks: networks with their losses and the files that a run writes.

A task is built from its config, a frozen dataclass, and the number of training identities.
"""

from reid_align.tasks.baseline_task import BaselineConfig, BaselineTask
from reid_align.tasks.dense_uv_task import DenseUvConfig, DenseUvTask
from reid_align.tasks.distillation_task import DistillationConfig, DistillationTask
from reid_align.tasks.dsa_task import DsaConfig, DsaTask
from reid_align.tasks.guiding_stream import GuideConfig
from reid_align.tasks.parts_task import PartsConfig, PartsTask
from reid_align.tasks.san_pg_task import SanPgConfig, SanPgTask
from reid_align.tasks.san_task import SanConfig, SanTask
from reid_align.tasks.supervision import SupervisionConfig
from reid_align.tasks.task_config import (
    REID,
    SYNTHETIC,
    ConfiguredTask,
    EncoderConfig,
    EncoderTaskConfig,
    TaskConfig,
)
from reid_align.tasks.texture_decoding import DecoderConfig, DecoderTarget

__all__ = [
    "REID",
    "SYNTHETIC",
    "BaselineConfig",
    "BaselineTask",
    "ConfiguredTask",
    "DecoderConfig",
    "DecoderTarget",
    "DenseUvConfig",
    "DenseUvTask",
    "DistillationConfig",
    "DistillationTask",
    "DsaConfig",
    "DsaTask",
    "EncoderConfig",
    "EncoderTaskConfig",
    "GuideConfig",
    "PartsConfig",
    "PartsTask",
    "SanConfig",
    "SanPgConfig",
    "SanPgTask",
    "SanTask",
    "SupervisionConfig",
    "TaskConfig",
]
