"""Stages of the recipes of SAN."""

from dataclasses import replace

from reid_align.batches.augmentation import OFFICIAL_AUGMENT, PARTIAL_AUGMENT, SAN_PG_AUGMENT
from reid_align.recipes.catalog.shared_settings import (
    AUGMENT,
    RANDOM_BATCHES,
    SYNTHETIC_AUGMENT,
    adam,
    reid_streams,
    training,
)
from reid_align.recipes.recipe import IMAGENET, Stage, StreamConfig
from reid_align.tasks import (
    REID,
    SYNTHETIC,
    BaselineConfig,
    DecoderConfig,
    DecoderTarget,
    EncoderConfig,
    SanConfig,
    SanPgConfig,
    SupervisionConfig,
)
from reid_align.training.lr_schedule import ScheduleConfig
from reid_align.training.optimizers import OptimizerConfig
from reid_align.training.task_interface import MAIN
from reid_align.training.training_config import TrainingConfig

PG, SAN, BASELINE = "pg", "san", "baseline"
BOTH = (REID, SYNTHETIC)


def pg_stage(
    target: DecoderTarget = "texture",
    encoder: EncoderConfig | None = None,
    *,
    skips: bool = False,
) -> Stage:
    """Return the training of the generator; its settings are ours, as none are published."""
    schedule = ScheduleConfig("cosine", final=1e-6)
    optimizer = OptimizerConfig(2e-4, betas=(0.5, 0.999), schedule=schedule)
    return Stage(
        PG,
        SanPgConfig(encoder or EncoderConfig(), DecoderConfig(target, skips=skips)),
        training(optimizer, 80, (SYNTHETIC,)),
        {SYNTHETIC: StreamConfig(RANDOM_BATCHES, SYNTHETIC_AUGMENT)},
    )


def baseline_stage(initial: str = IMAGENET) -> Stage:
    """Return the training of the paper's baseline."""
    return Stage(BASELINE, BaselineConfig(), training(adam("geometric")), reid_streams(), initial)


def san_stage(config: SanConfig, initial: str = PG) -> Stage:
    """Return the training of SAN, with synthetic batches if the config enables them."""
    alternate = BOTH if config.synthetic else (REID,)
    synthetic = SAN_PG_AUGMENT if config.synthetic else None
    streams = reid_streams(AUGMENT, synthetic=synthetic)
    settings = training(adam("geometric"), alternate=alternate)
    unwrapper = initial if config.decoder.drawable else None
    return Stage(SAN, config, settings, streams, initial, unwrapper=unwrapper)


def official_stage() -> Stage:
    """Return the training of the official code, with additional synthetic batches."""
    config = SanConfig(
        EncoderConfig(arguments={"head": "fc512"}),
        SupervisionConfig(1.0, 1.0),
        DecoderConfig(skips=True),
        constraint="official",
        step="alternating",
    )
    main = replace(adam("geometric"), kind="amsgrad")
    texture = OptimizerConfig(1e-5, betas=(0.5, 0.999))
    return Stage(
        SAN,
        config,
        TrainingConfig(320, {MAIN: main, "texture": texture}, BOTH),
        reid_streams(OFFICIAL_AUGMENT, synthetic=SAN_PG_AUGMENT),
        PG,
        unwrapper=PG,
    )


def partial_stage(stage: Stage) -> Stage:
    """Return the fine-tuning of a stage on whole and partial images; its settings are ours."""
    schedule = ScheduleConfig("step", milestones=(20, 30))
    optimizer = OptimizerConfig(8e-5, weight_decay=5e-4, schedule=schedule)
    alternate = stage.training.alternate
    reid = replace(stage.streams[REID], augment=PARTIAL_AUGMENT)
    return replace(
        stage,
        name="partial",
        training=training(optimizer, 40, alternate),
        streams={**stage.streams, REID: reid},
    )


def texture_input_stage() -> Stage:
    """Return the training of the baseline on textures, which are square."""
    stage = baseline_stage()
    reid = replace(stage.streams[REID], textures_as_input=True)
    encoder = EncoderConfig("resnet50_baseline", height=256, width=256)
    return replace(
        stage,
        name="on_textures",
        task=BaselineConfig(encoder),
        streams={REID: reid},
        unwrapper=PG,
    )
