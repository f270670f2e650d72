"""Train a task, whatever it is, from its beginning or from where an earlier run stopped."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from os import PathLike
from pathlib import Path

from reid_align.errors import InvalidInputError, OutputError
from reid_align.inference.prepared_encoder import resolve_device
from reid_align.training.checkpoint import Checkpoints
from reid_align.training.config import TrainingConfig
from reid_align.training.feed import Stream, open_feeds
from reid_align.training.group import ProcessGroup
from reid_align.training.learner import Learner
from reid_align.training.meter import Meter
from reid_align.training.outputs import product_paths
from reid_align.training.records import BEST, SAMPLES, Records
from reid_align.training.run_folder import (
    Json,
    check_config,
    describe_environment,
    open_folder,
    write_config,
)
from reid_align.training.session import Session
from reid_align.training.state import Score, State
from reid_align.training.task import Evaluator, Task

CHECKPOINTS = "checkpoint"
# What neither the weights nor the log depend on.
FREE = frozenset(
    {"environment", "training.keep", "training.checkpoint_every", "training.checkpoint_steps"}
)


@dataclass(frozen=True)
class Summary:
    """What a training came to.

    Attributes:
        folder: of the run.
        epochs: how many it has.
        steps: updates, of all runs together.
        resumed_at: the steps that earlier runs had done.
        nothing_to_do: it was finished before, and nothing was computed.
        latest: the last evaluation; None without an evaluator. Other processes than the first know
            only what was in the checkpoint that they began with: nothing in a new run, everything
            in a finished one.
        best: the best evaluation, known to the same processes.
        products: the files with the trained networks.
    """

    folder: Path
    epochs: int
    steps: int
    resumed_at: int
    nothing_to_do: bool
    latest: Score | None
    best: Score | None
    products: tuple[Path, ...]


def run_training(
    task: Task,
    streams: Mapping[str, Stream],
    config: TrainingConfig,
    folder: str | PathLike[str],
    evaluator: Evaluator | None = None,
    *,
    recipe: Mapping[str, Json] | None = None,
    group: ProcessGroup | None = None,
    device: str = "auto",
    progress: bool = False,
) -> Summary:
    """Train a task and write all that comes of it into a folder.

    A folder with an unfinished run continues from its newest checkpoint, as if it had never
    stopped: on the CPU the same bits. Only ``keep`` and how often checkpoints are written may
    change then, and, unless a schedule is a cosine, ``epochs``. The number of processes may differ
    too, which changes results by rounding.

    The folder gets ``config.json``, ``metrics.jsonl`` (nothing in it depends on the clock),
    ``timing.jsonl``, ``curves.png``, ``samples/``, ``checkpoint/``, the task's products as
    ``NAME.safetensors``, and those of the best evaluation in ``best/``. With several processes it
    must be one that all of them can read. Random numbers are drawn from the global generators,
    which every step seeds anew.

    Args:
        task: what is trained, with its first weights.
        streams: batches for each stream the task wants; in a group, this process's share of them.
        config: how.
        folder: new, empty, or one of this run.
        evaluator: scores the task now and then and at the end, in the first process.
        recipe: whatever else decides the result, as JSON, to be written down and compared.
        group: the processes that train together, from `open_group`; alone where left out.
        device: "auto", "cpu", "cuda", "cuda:N" or "mps".
        progress: show a bar with the time left on standard error, if that is a terminal.

    Raises:
        InvalidInputError: streams, objectives and config do not fit each other.
        KeyboardInterrupt: SIGINT or SIGTERM came; a checkpoint was written.
        NotFiniteError: a loss or gradient is not finite; the last checkpoint is as it was.
        OutputError: the folder cannot be written, or is of another run.
        ProcessLostError: another process stopped.
    """
    folder, group = Path(folder), group or ProcessGroup()
    _check_streams(task, streams, config)
    checkpoints = Checkpoints(folder / CHECKPOINTS, config.keep)
    products = product_paths(folder, task.products())
    with ExitStack() as stack:
        step = 0
        if group.rank == 0:
            stack.enter_context(open_folder(folder, (CHECKPOINTS, BEST, SAMPLES)))
            description = _describe(task, streams, config, recipe or {})
            step = _begin(folder, checkpoints, products, description, config)
        step = group.first(step)
        state = checkpoints.read_state(step) if step else State()
        done = state.position.epoch == config.epochs and all(path.exists() for path in products)
        if not done:
            learner = Learner(task, config, resolve_device(device), group)
            if step:
                learner.load(checkpoints.read_tensors(step), state.scale)
            feeds = open_feeds(streams, state.cursors)
            meter = Meter(folder, step, visible=progress and group.rank == 0)
            stack.callback(meter.close)
            records = None
            if group.rank == 0:
                meter.begin(step)
                leading = feeds[config.alternate[0]]
                records = Records(
                    folder,
                    state,
                    evaluator,
                    config.best,
                    lambda: leading.first().to(learner.device),
                )
            session = Session(learner, feeds, state, checkpoints, meter, records)
            session.run()
            state = session.state
    steps = state.position.step
    return Summary(folder, config.epochs, steps, step, done, state.latest, state.best, products)


def _check_streams(task: Task, streams: Mapping[str, Stream], config: TrainingConfig) -> None:
    wanted = sorted(task.wanted())
    if not wanted == sorted(streams) == sorted(set(config.alternate)):
        raise InvalidInputError(
            f"The task wants the streams {wanted}, there are {sorted(streams)}, and the steps "
            f"alternate between {sorted(set(config.alternate))}: these must be the same."
        )


def _describe(
    task: Task,
    streams: Mapping[str, Stream],
    config: TrainingConfig,
    recipe: Mapping[str, Json],
) -> dict[str, Json]:
    data: dict[str, Json] = {name: stream.fingerprint() for name, stream in streams.items()}
    parameters = sum(parameter.numel() for parameter in task.parameters())
    return {
        "recipe": dict(recipe),
        "task": {"name": type(task).__name__, "parameters": parameters},
        "data": data,
        "training": asdict(config),
        "environment": describe_environment(),
    }


def _begin(
    folder: Path,
    checkpoints: Checkpoints,
    products: Sequence[Path],
    description: dict[str, Json],
    config: TrainingConfig,
) -> int:
    """Check that a run goes on as it began, write what it is, and return the steps it has done."""
    newest = checkpoints.newest()
    if newest is None:
        if trained := [path for path in products if path.exists()]:
            raise OutputError(
                f"{trained[0]} is there, and no checkpoint to continue from. Give another folder."
            )
        write_config(folder, description)
        return 0
    cosine = any(one.schedule.kind == "cosine" for one in config.optimizers.values())
    check_config(folder, description, FREE if cosine else FREE | {"training.epochs"})
    epochs = checkpoints.read_state(newest).position.epoch
    if epochs > config.epochs:
        raise InvalidInputError(
            f"{folder} has {epochs} epochs already, and epochs={config.epochs} were asked for. "
            "Give at least as many, or another folder."
        )
    if epochs < config.epochs:
        write_config(folder, description)
    return newest
