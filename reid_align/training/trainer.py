"""Training loop: steps, and the logging, evaluation and checkpoints due after them."""

import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import replace

import numpy as np
import torch

from reid_align.training.reporting.progress_reporter import ProgressReporter
from reid_align.training.reporting.running_means import RunningMeans
from reid_align.training.resumable_loader import ResumableLoader
from reid_align.training.saving.run_artifacts import RunArtifacts
from reid_align.training.saving.run_checkpoints import Checkpoints
from reid_align.training.step.updater import Updater
from reid_align.training.stop_signals import StopSignals
from reid_align.training.task_interface import StepContext
from reid_align.training.training_state import TrainingPosition, TrainingState
from reid_align.worker_processes import explain_lost_workers


class Trainer:
    """Runs the training loop from a state to the last epoch.

    Args:
        updater: does single steps.
        loaders: batches of each stream.
        state: state to continue from.
        checkpoints: checkpoints of the run.
        reporter: shows the progress.
        artifacts: files of the run; None in all processes except the first.

    Attributes:
        state: the current state.
    """

    def __init__(
        self,
        updater: Updater,
        loaders: Mapping[str, ResumableLoader],
        state: TrainingState,
        checkpoints: Checkpoints,
        reporter: ProgressReporter,
        artifacts: RunArtifacts | None,
    ) -> None:
        self.state = state
        self._updater, self._group, self._config = updater, updater.group, updater.config
        self._loaders, self._checkpoints = loaders, checkpoints
        self._reporter, self._artifacts = reporter, artifacts
        float16 = self._config.precision == "float16"
        self._means = RunningMeans(state.window, infinite_gradients=float16)

    def run(self) -> None:
        """Train to the last epoch.

        Raises:
            KeyboardInterrupt: SIGINT or SIGTERM arrived in any process, possibly while the last
                files were written. A checkpoint was written; the message names it.
            NotFiniteError: a loss or gradient is not finite.
            OutputError: a file cannot be written.
            ProcessLostError: another process stopped.
            WorkerProcessError: a process that builds batches was killed.
        """
        epochs = self._config.epochs
        ignore_repeats = self._group.size > 1
        with explain_lost_workers(), StopSignals(ignore_repeats=ignore_repeats) as signals:
            if self.state.position.epoch == epochs:
                self._finish()
            # An earlier session saved this epoch and stopped before its evaluation was complete.
            if self._evaluation_due():
                self._evaluate()
            if self._config.evaluate_start and self.state.position.step == 0:
                self._evaluate_start()
            stop = False
            while self.state.position.epoch < epochs and not stop:
                self._train_step()
                stop = self._group.any([signals.received])[0]
                self._after_step(stop=stop)
            # Again, for a signal during the last evaluation: the caller must not start the next
            # stage.
            if self._group.any([signals.received])[0]:
                step = self.state.position.step
                raise KeyboardInterrupt(f"step {step} is saved in {self._checkpoints.path(step)}")

    def _train_step(self) -> None:
        config, position = self._config, self._start_epoch()
        stream = config.alternate[position.epoch_step % len(config.alternate)]
        generator = _seed_step(config.seed, position.step, self._group.rank)
        context = StepContext(position.step, position.epoch, generator, self._group)
        batches = [self._loaders[stream].next_batch() for _ in range(config.accumulate)]
        values = self._updater.step(stream, batches, context, position.fractional_epoch())
        self._means.add(position.step, values)
        self.state = replace(self.state, position=position.next())
        images = sum(map(len, batches)) * self._group.size
        self._reporter.update(images, self.state.position, config.epochs)

    def _start_epoch(self) -> TrainingPosition:
        """Return the position. At the start of an epoch, sets the length of the epoch."""
        position, config = self.state.position, self._config
        if position.epoch_steps:
            return position
        first = config.alternate[0]
        batches = config.alternate.count(first) * config.accumulate
        rounds = -(-self._loaders[first].remaining() // batches)
        steps = config.steps_per_epoch or rounds * len(config.alternate)
        return replace(position, epoch_steps=steps)

    def _after_step(self, *, stop: bool) -> None:
        config, position = self._config, self.state.position
        ended, finished = position.epoch_step == 0, position.epoch == config.epochs
        evaluate = self._evaluation_due()
        if finished or position.step % config.log_every == 0:
            self._log()
        # Everything is saved before the evaluation: its failure does not cost any training.
        if finished:
            self._finish()
        due = ended and position.epoch % config.checkpoint_every == 0
        if config.checkpoint_steps:
            due = due or position.step % config.checkpoint_steps == 0
        if finished or due or stop or evaluate:
            self._save_checkpoint()
        if evaluate and not stop:
            self._evaluate()

    def _evaluation_due(self) -> bool:
        position, latest = self.state.position, self.state.latest
        if position.epoch == 0 or position.epoch_step > 0:
            return False
        finished = position.epoch == self._config.epochs
        scheduled = finished or position.epoch % self._config.evaluate_every == 0
        return scheduled and (latest is None or latest.epoch != position.epoch)

    def _log(self) -> None:
        self._means.synchronize(self._group)
        means, position = self._means.pop(), self.state.position
        if means and self._artifacts is not None:
            rates = {f"lr/{name}": rate for name, rate in self._updater.rates.items()}
            self._artifacts.metrics.write(position.step, position.epoch, means | rates)
            self._reporter.report(position.step, means)

    def _evaluate(self) -> None:
        """Evaluate the saved weights, and save the scores."""
        if self._artifacts is not None:
            position = self.state.position
            self._reporter.evaluating()
            _seed_step(self._config.seed, position.step, self._group.rank)
            with self._evaluation_weights():
                latest, best = self._artifacts.evaluate(
                    self._updater.task, position, self.state.best
                )
            self.state = replace(self.state, latest=latest, best=best)
            self._artifacts.draw_curves()
        self._group.wait_for_first()
        self._save_checkpoint()

    def _evaluate_start(self) -> None:
        """Evaluate the initial weights. The first checkpoint saves the scores."""
        if self._artifacts is not None:
            self._reporter.evaluating()
            _seed_step(self._config.seed, 0, self._group.rank)
            with self._evaluation_weights():
                start, best = self._artifacts.evaluate(
                    self._updater.task, self.state.position, None
                )
            self.state = replace(self.state, start=start, latest=start, best=best)
        self._group.wait_for_first()

    def _save_checkpoint(self) -> None:
        # Raises NotFiniteError before anything is written.
        self._means.synchronize(self._group)
        if self._artifacts is not None:
            self.state = replace(
                self.state,
                cursors={name: loader.cursor for name, loader in self._loaders.items()},
                window=self._means.totals,
                log_bytes=self._artifacts.metrics.flush(),
                scale=self._updater.scale(),
            )
            self._checkpoints.write(self.state, self._updater.tensors())

    def _finish(self) -> None:
        """Write the trained networks and the curves."""
        if self._artifacts is not None:
            with self._evaluation_weights():
                self._artifacts.save_products(self._updater.task)
            self._artifacts.draw_curves()

    @contextmanager
    def _evaluation_weights(self) -> Iterator[None]:
        """Evaluation mode without gradients, with the averaged weights if there is an average."""
        task, average = self._updater.task, self._updater.average
        task.eval()
        with average.swapped_in() if average else nullcontext(), torch.no_grad():
            yield
        task.train()


def _seed_step(seed: int, step: int, rank: int) -> torch.Generator:
    """Seed the global generators of Python, NumPy and torch for one step of one process.

    Seeding every step makes a resumed training draw the same numbers as an uninterrupted one.

    Returns:
        A CPU generator that is identical in all processes.
    """
    numbers = np.random.SeedSequence((seed, step, rank)).generate_state(3, np.uint32).tolist()
    random.seed(numbers[0])
    np.random.seed(numbers[1])
    torch.manual_seed(numbers[2])
    shared = np.random.SeedSequence((seed, step)).generate_state(1, np.uint64)
    return torch.Generator().manual_seed(int(shared[0] >> np.uint64(1)))
