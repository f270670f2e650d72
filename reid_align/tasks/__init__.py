"""What is trained: networks, losses, and what of them is left as files.

A task is built from its config, a frozen dataclass, and the number of identities.
"""

from reid_align.tasks.baseline_task import BaselineConfig, BaselineTask
from reid_align.tasks.decoding import DecoderConfig, DecoderTarget
from reid_align.tasks.dense_uv_task import DenseUvConfig, DenseUvTask
from reid_align.tasks.dsa_task import DsaConfig, DsaTask
from reid_align.tasks.guiding_stream import GuideConfig
from reid_align.tasks.parts_task import PartsConfig, PartsTask
from reid_align.tasks.san_pg_task import SanPgConfig, SanPgTask
from reid_align.tasks.san_task import SanConfig, SanTask
from reid_align.tasks.supervision import SupervisionConfig
from reid_align.tasks.task_config import (
    REID,
    SYNTHETIC,
    EncoderConfig,
    EncoderTaskConfig,
    TaskConfig,
)

__all__ = [
    "REID",
    "SYNTHETIC",
    "BaselineConfig",
    "BaselineTask",
    "DecoderConfig",
    "DecoderTarget",
    "DenseUvConfig",
    "DenseUvTask",
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
