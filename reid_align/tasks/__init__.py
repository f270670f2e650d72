"""What is trained: networks, losses, and what of them is left as files.

A task is built from its config, a frozen dataclass, and the number of identities.
"""

from reid_align.tasks.baseline import BaselineConfig, BaselineTask
from reid_align.tasks.config import REID, SYNTHETIC, EncoderConfig, EncoderTaskConfig, TaskConfig
from reid_align.tasks.decoding import DecoderConfig, DecoderTarget
from reid_align.tasks.dense_uv import DenseUvConfig, DenseUvTask
from reid_align.tasks.dsa import DsaConfig, DsaTask
from reid_align.tasks.guide import GuideConfig
from reid_align.tasks.parts import PartsConfig, PartsTask
from reid_align.tasks.san import SanConfig, SanTask
from reid_align.tasks.san_pg import SanPgConfig, SanPgTask
from reid_align.tasks.supervision import SupervisionConfig

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
