"""Entry point of training: start or resume a run in a folder."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from os import PathLike
from pathlib import Path

from reid_align.errors import EvaluationChangedError, InvalidInputError, OutputError
from reid_align.inference.device import resolve_device
from reid_align.training.distributed import ProcessGroup
from reid_align.training.reporting.metrics_log import MetricsLog
from reid_align.training.reporting.progress_reporter import ProgressReporter
from reid_align.training.resumable_loader import LoaderCursor, ResumableLoader, TrainingLoader
from reid_align.training.saving.run_artifacts import BEST, SAMPLES, RunArtifacts, product_paths
from reid_align.training.saving.run_checkpoints import Checkpoints
from reid_align.training.saving.run_folder import (
    Json,
    check_config,
    describe_environment,
    list_changes,
    open_folder,
    write_config,
)
from reid_align.training.step.updater import Updater
from reid_align.training.task_interface import Evaluator, Task
from reid_align.training.trainer import Trainer
from reid_align.training.training_config import TrainingConfig
from reid_align.training.training_state import Evaluation, TrainingState

CHECKPOINTS = "checkpoint"
# Settings that affect neither weights nor log.
MAY_CHANGE = frozenset(
    {
        "environment",
        "recipe.stages",
        "training.keep",
        "training.checkpoint_every",
        "training.checkpoint_steps",
    }
)

# Evaluation data in ``recipe``. A run may continue without evaluation, but not with other data.
SCORED_ON = "recipe.scored_on"


@dataclass(frozen=True)
class TrainingSummary:
    """Result of a training.

    Attributes:
        folder: run folder.
        epochs: number of epochs.
        steps: steps of all sessions together.
        resumed_at: completed steps when this session started.
        nothing_to_do: the run was already finished.
        latest: the last evaluation; None without an evaluator. Processes other than the first know
            only evaluations up to the checkpoint that they started from.
        best: the best evaluation, with the same restriction.
        start: the evaluation of the initial weights, with the same restriction; None without
            ``evaluate_start``.
        products: weights files of the trained networks.
    """

    folder: Path
    epochs: int
    steps: int
    resumed_at: int
    nothing_to_do: bool
    latest: Evaluation | None
    best: Evaluation | None
    products: tuple[Path, ...]
    start: Evaluation | None = None


def run_training(
    task: Task,
    loaders: Mapping[str, TrainingLoader],
    config: TrainingConfig,
    folder: str | PathLike[str],
    evaluator: Evaluator | None = None,
    *,
    recipe: Mapping[str, Json] | None = None,
    new_evaluation: bool = False,
    group: ProcessGroup | None = None,
    device: str = "auto",
    progress: bool = False,
) -> TrainingSummary:
    """Train a task and write the results to a folder.

    Resumes an unfinished run from its newest checkpoint. On the CPU, the result is bit-identical to
    that of an uninterrupted run. A resumed run may change ``keep``, the checkpoint intervals and,
    without a cosine schedule, ``epochs``. It may also change the number of processes, which causes
    rounding differences. Weights and a checkpoint are written before every evaluation: a run with a
    failed evaluation repeats only the evaluation, or continues without an ``evaluator``.

    The folder contains ``config.json``, ``metrics.jsonl`` (independent of the clock),
    ``timing.jsonl``, ``curves.png``, ``samples/``, ``checkpoint/``, the trained networks as
    ``NAME.safetensors``, and in ``best/`` those of the best evaluation. All processes must be able
    to read it. Random numbers come from the global generators, which every step seeds.

    Args:
        task: task to train, with initial weights.
        loaders: batches of each stream of the task. In a group, the share of this process.
        config: training settings.
        folder: new, empty, or the folder of this run.
        evaluator: scores the task during training and at the end, in the first process.
        recipe: other settings that affect the result, as JSON. Recorded, and compared on resume.
            "scored_on" is compared only with an ``evaluator``.
        new_evaluation: continue a run although "scored_on" differs, and discard its best scores.
        group: process group from `open_group`; default: a single process.
        device: "auto", "cpu", "cuda", "cuda:N" or "mps".
        progress: show the progress on standard error: a bar on a terminal, a line every 30 seconds
            elsewhere.

    Raises:
        InvalidInputError: loaders, objectives and config do not match.
        KeyboardInterrupt: SIGINT or SIGTERM arrived. The message names the checkpoint.
        NotFiniteError: a loss or gradient is not finite. The last checkpoint is unchanged.
        EvaluationChangedError: the run was scored on other data, without ``new_evaluation``.
        OutputError: the folder cannot be written or belongs to another run.
        ProcessLostError: another process stopped.
    """
    folder, group = Path(folder), group or ProcessGroup()
    _check_streams(task, loaders, config)
    checkpoints = Checkpoints(folder / CHECKPOINTS, config.keep)
    products = product_paths(folder, task.products())
    with ExitStack() as stack:
        step = 0
        if group.rank == 0:
            stack.enter_context(open_folder(folder, (CHECKPOINTS, BEST, SAMPLES)))
            description = _describe(task, loaders, config, recipe or {})
            keep_scores = evaluator is None
            step = _prepare_folder(
                folder, checkpoints, products, description, config, keep_scores, new_evaluation
            )
        step = group.wait_for_first(step)
        state = checkpoints.read_state(step) if step else TrainingState()
        finished = _is_finished(state, config, products, evaluator)
        if not finished:
            updater = Updater(task, config, resolve_device(device), group)
            if step:
                updater.load(checkpoints.read_tensors(step), state.scale)
            resumable = {
                name: ResumableLoader(name, loader, state.cursors.get(name, LoaderCursor()))
                for name, loader in loaders.items()
            }
            reporter = ProgressReporter(
                folder, state.position, visible=progress and group.rank == 0
            )
            stack.callback(reporter.close)
            artifacts = None
            if group.rank == 0:
                reporter.start(step)
                first = resumable[config.alternate[0]]
                artifacts = RunArtifacts(
                    folder,
                    MetricsLog(folder, state.log_bytes, step),
                    evaluator,
                    config.best,
                    lambda: first.first_batch().to(updater.device),
                )
            trainer = Trainer(updater, resumable, state, checkpoints, reporter, artifacts)
            trainer.run()
            state = trainer.state
    steps = state.position.step
    return TrainingSummary(
        folder,
        config.epochs,
        steps,
        step,
        finished,
        state.latest,
        state.best,
        products,
        state.start,
    )


def _is_finished(
    state: TrainingState,
    config: TrainingConfig,
    products: Sequence[Path],
    evaluator: Evaluator | None,
) -> bool:
    trained = state.position.epoch == config.epochs and all(path.exists() for path in products)
    evaluated = state.latest is not None and state.latest.epoch == config.epochs
    return trained and (evaluated or evaluator is None)


def _check_streams(
    task: Task, loaders: Mapping[str, TrainingLoader], config: TrainingConfig
) -> None:
    needed = sorted(task.batch_specs())
    if not needed == sorted(loaders) == sorted(set(config.alternate)):
        raise InvalidInputError(
            f"The task needs the streams {needed}, there are loaders for {sorted(loaders)}, and "
            f"alternate names {sorted(set(config.alternate))}. These must be the same."
        )


def _describe(
    task: Task,
    loaders: Mapping[str, TrainingLoader],
    config: TrainingConfig,
    recipe: Mapping[str, Json],
) -> dict[str, Json]:
    data: dict[str, Json] = {name: loader.fingerprint() for name, loader in loaders.items()}
    parameters = sum(parameter.numel() for parameter in task.parameters())
    return {
        "recipe": dict(recipe),
        "task": {"name": type(task).__name__, "parameters": parameters},
        "data": data,
        "training": asdict(config),
        "environment": describe_environment(),
    }


def _prepare_folder(
    folder: Path,
    checkpoints: Checkpoints,
    products: Sequence[Path],
    description: dict[str, Json],
    config: TrainingConfig,
    keep_scores: bool,
    new_evaluation: bool,
) -> int:
    """Write ``config.json``, or check it if the run continues. Return the completed steps."""
    newest = checkpoints.newest()
    if newest is None:
        if trained := [path for path in products if path.exists()]:
            raise OutputError(
                f"{trained[0]} exists, but there is no checkpoint to continue from. Use another "
                "folder."
            )
        write_config(folder, description)
        return 0
    cosine = any(one.schedule.kind == "cosine" for one in config.optimizers.values())
    may_change = MAY_CHANGE | {SCORED_ON}
    check_config(folder, description, may_change if cosine else may_change | {"training.epochs"})
    epochs = checkpoints.read_state(newest).position.epoch
    if epochs > config.epochs:
        raise InvalidInputError(
            f"The run in {folder} already has {epochs} epochs, more than epochs={config.epochs}. "
            f"Use at least {epochs}, or another folder."
        )
    other_data = not keep_scores and _check_evaluation(
        folder, checkpoints, newest, description, new_evaluation
    )
    if other_data or epochs < config.epochs:
        write_config(folder, description)
    return newest


def _check_evaluation(
    folder: Path,
    checkpoints: Checkpoints,
    step: int,
    description: dict[str, Json],
    new_evaluation: bool,
) -> bool:
    """Refuse other evaluation data, or discard the earlier scores. Return whether data differ."""
    changes = list_changes(folder, description, MAY_CHANGE)
    different = [text for name, text in changes.items() if name.startswith(SCORED_ON)]
    if different:
        if not new_evaluation:
            raise EvaluationChangedError(
                f"{folder} was scored on other data: {'; '.join(different)}. Scores on different "
                "data do not compare. Use the same evaluation data or none."
            )
        # Before config.json names the new data: an interrupt must not mix their scores.
        state = replace(checkpoints.read_state(step), latest=None, best=None, start=None)
        checkpoints.write(state, checkpoints.read_tensors(step))
    return bool(different)
