"""A resumed run writes the same bytes as an uninterrupted one, however it was interrupted."""

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from toy_training import (
    ADAM,
    MemoryLoader,
    TwoObjectives,
    config,
    feature_spread,
)

from reid_align.batches.batch import Batch
from reid_align.errors import ImageReadError, NotFiniteError, OutputError
from reid_align.training import (
    OptimizerConfig,
    Task,
    TrainingConfig,
    TrainingSummary,
    run_training,
)

pytestmark = pytest.mark.slow

OPTIMIZERS = {"main": ADAM, "texture": OptimizerConfig(1e-3, "sgd")}


def settings(**changes: object) -> TrainingConfig:
    """Settings with all kinds of state: two optimizers, an average, two streams, dropout."""
    given: dict[str, object] = {
        "optimizers": OPTIMIZERS,
        "alternate": ("reid", "synthetic"),
        "ema": 0.9,
        "log_every": 4,
        "evaluate_every": 2,
        "checkpoint_steps": 3,
    }
    return config(6, **given | changes)


def run(folder: Path, task: Task | None = None, **changes: object) -> TrainingSummary:
    reid = changes.pop("reid", MemoryLoader())
    evaluator = changes.pop("evaluator", feature_spread)
    streams = {"reid": reid, "synthetic": MemoryLoader(seed=1, length=2)}
    task = task or TwoObjectives(dropout=0.5)
    return run_training(task, streams, settings(**changes), folder, evaluator)  # type: ignore[arg-type]


def results(folder: Path) -> dict[str, bytes]:
    """Contents of all files that do not depend on the clock."""
    skipped = ("lock", "timing.jsonl")
    files = [path for path in folder.rglob("*") if path.is_file() and path.name not in skipped]
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(files)}


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Results depend on the number of threads. The killed processes use one, too."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Files of an uninterrupted run."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    run(folder)
    assert {"encoder.safetensors", "metrics.jsonl", "best/encoder.safetensors"} <= {
        *results(folder)
    }
    return results(folder)


def steps(folder: Path) -> list[int]:
    """Steps of all checkpoints."""
    return sorted(int(path.stem) for path in (folder / "checkpoint").iterdir())


def resumed(folder: Path) -> dict[str, bytes]:
    summary = run(folder)
    assert summary.resumed_at > 0
    return results(folder)


@dataclass(frozen=True)
class Stopping(MemoryLoader):
    """Calls a function before one of its batches."""

    act: Callable[[], None] = lambda: None
    before: tuple[int, int] = (3, 1)

    def epoch(self, epoch: int, start: int = 0) -> Iterator[Batch]:
        for number in range(start, self.batches_per_epoch(epoch)):
            if (epoch, number) == self.before:
                self.act()
            yield self.batch(epoch, number)


def fail() -> None:
    raise ImageReadError("0012_c3s1.jpg", "the file is cut off")


@pytest.mark.parametrize("before", [(1, 2), (2, 0), (3, 1), (5, 3)])
def test_an_unreadable_image(
    tmp_path: Path, whole: dict[str, bytes], before: tuple[int, int]
) -> None:
    with pytest.raises(ImageReadError, match=r"0012_c3s1.jpg: the file is cut off"):
        run(tmp_path, reid=Stopping(act=fail, before=before))
    assert resumed(tmp_path) == whole


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal(tmp_path: Path, whole: dict[str, bytes], number: signal.Signals) -> None:
    handlers = [signal.getsignal(known) for known in (signal.SIGINT, signal.SIGTERM)]
    with pytest.raises(KeyboardInterrupt, match=r"step 23 is saved in .*000000023.safetensors"):
        run(tmp_path, reid=Stopping(act=lambda: os.kill(os.getpid(), number)))
    # After 20 steps, before the second batch of epoch 3. The current step is completed.
    assert steps(tmp_path)[-1] == 23
    assert [signal.getsignal(known) for known in (signal.SIGINT, signal.SIGTERM)] == handlers
    assert resumed(tmp_path) == whole


def test_a_second_signal_stops_at_once(tmp_path: Path, whole: dict[str, bytes]) -> None:
    def twice() -> None:
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, reid=Stopping(act=twice))
    assert steps(tmp_path)[-1] == 21
    assert resumed(tmp_path) == whole


@dataclass(frozen=True)
class Poisoned(MemoryLoader):
    """Has a NaN in the second batch of epoch 3."""

    def batch(self, epoch: int, number: int) -> Batch:
        batch = super().batch(epoch, number)
        if (epoch, number) == (3, 1):
            batch.images[0, 0, 0, 0] = torch.nan
        return batch


def test_a_nan_loss(tmp_path: Path, whole: dict[str, bytes]) -> None:
    with pytest.raises(NotFiniteError, match=r"Step 22: objective/reid/main is nan"):
        run(tmp_path, reid=Poisoned())
    assert steps(tmp_path)[-1] <= 22
    assert resumed(tmp_path) == whole


@pytest.mark.parametrize(("room", "full"), [(10_000, "checkpoint"), (20_000, "curves.png")])
def test_a_full_disk(tmp_path: Path, whole: dict[str, bytes], room: int, full: str) -> None:
    with pytest.raises(ImageReadError):
        run(tmp_path, reid=Stopping(act=fail, before=(0, 2)))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, before[1]))
    try:
        with pytest.raises(OutputError, match=rf"Cannot write .*{full}.*free space"):
            run(tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not list(tmp_path.rglob("*.partial"))
    assert resumed(tmp_path) == whole


KILLS = """
import os, random, signal, sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[2])
import torch
torch.set_num_threads(1)
torch.optim.SGD([torch.zeros(1)])  # import lazily loaded modules before the fork
import test_interrupted_training as toy

folder = Path(sys.argv[1])
random.seed(0)
killed = 0
while True:
    before = list(folder.glob("checkpoint/*"))
    child = os.fork()
    if not child:
        toy.run(folder)
        os._exit(0)
    # Every second process is killed while it starts, the others after a checkpoint.
    while killed % 2 and list(folder.glob("checkpoint/*")) == before:
        if os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            break
        time.sleep(0.001)
    time.sleep(random.uniform(0, 0.1))
    os.kill(child, signal.SIGKILL)
    if os.waitpid(child, 0)[1] == 0:
        break
    killed += 1
print(killed)
"""


def test_kill_9_at_any_moment(tmp_path: Path, whole: dict[str, bytes]) -> None:
    folder = tmp_path / "run"
    command = [sys.executable, "-c", KILLS, str(folder), str(Path(__file__).parent)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    assert int(done.stdout) >= 4
    assert results(folder) == whole


def failing_evaluator(task: Task) -> Mapping[str, float]:
    raise ImageReadError("query.jpg", "file not found")


def test_a_failed_last_evaluation_costs_no_training(
    tmp_path: Path, whole: dict[str, bytes]
) -> None:
    evaluators = iter([feature_spread, feature_spread, failing_evaluator])
    with pytest.raises(ImageReadError):
        run(tmp_path, evaluator=lambda task: next(evaluators)(task))
    assert (tmp_path / "encoder.safetensors").read_bytes() == whole["encoder.safetensors"]
    summary = run(tmp_path)
    assert summary.resumed_at == summary.steps
    assert not summary.nothing_to_do
    assert summary.latest is not None
    assert results(tmp_path) == whole
    assert run(tmp_path).nothing_to_do


def test_a_run_with_a_failed_evaluation_continues_without_it(
    tmp_path: Path, whole: dict[str, bytes]
) -> None:
    with pytest.raises(ImageReadError):
        run(tmp_path, evaluator=failing_evaluator)
    summary = run(tmp_path, evaluator=None)
    assert summary.resumed_at > 0
    assert summary.latest is None
    assert results(tmp_path)["encoder.safetensors"] == whole["encoder.safetensors"]
    assert run(tmp_path, evaluator=None).nothing_to_do


def test_a_failed_evaluation_is_repeated(tmp_path: Path, whole: dict[str, bytes]) -> None:
    with pytest.raises(ImageReadError):
        run(tmp_path, evaluator=failing_evaluator)
    assert resumed(tmp_path) == whole
