"""One training from where it stands to its end."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import replace

import torch

from reid_align.training.checkpoint import Checkpoints
from reid_align.training.feed import Feed
from reid_align.training.interruption import Interruption
from reid_align.training.learner import Learner
from reid_align.training.meter import Meter
from reid_align.training.randomness import seed_step
from reid_align.training.records import Records
from reid_align.training.state import Position, State
from reid_align.training.task import StepContext
from reid_align.training.window import Window


class Session:
    """Steps, and what is due after some of them: lines of the log, evaluations, checkpoints.

    Args:
        learner: what learns.
        feeds: where its batches come from.
        state: where the training stands.
        checkpoints: of the run.
        meter: what shows the progress.
        records: what is written; None in all processes but the first.

    Attributes:
        state: where the training stands now.
    """

    def __init__(
        self,
        learner: Learner,
        feeds: Mapping[str, Feed],
        state: State,
        checkpoints: Checkpoints,
        meter: Meter,
        records: Records | None,
    ) -> None:
        self.state = state
        self._learner, self._group, self._config = learner, learner.group, learner.config
        self._feeds, self._checkpoints = feeds, checkpoints
        self._meter, self._records = meter, records
        tolerant = self._config.precision == "float16"
        self._window = Window(state.window, infinite_gradients=tolerant)

    def run(self) -> None:
        """Train to the end.

        Raises:
            KeyboardInterrupt: SIGINT or SIGTERM came, in whichever process, be it while the last
                files were written; a checkpoint was written.
            NotFiniteError: a loss or gradient is not finite.
            OutputError: something cannot be written.
            ProcessLostError: another process stopped.
        """
        epochs = self._config.epochs
        with Interruption(patient=self._group.size > 1) as interruption:
            if self.state.position.epoch == epochs:
                self._finish()
            stop = False
            while self.state.position.epoch < epochs and not stop:
                self._step()
                stop = self._group.agree([interruption.requested])[0]
                self._do_what_is_due(stop=stop)
            # Once more for a signal that came during the last evaluation or while files were
            # written: whoever called is not to go on with something else.
            if self._group.agree([interruption.requested])[0]:
                raise KeyboardInterrupt

    def _step(self) -> None:
        config, position = self._config, self._counted()
        stream = config.alternate[position.epoch_step % len(config.alternate)]
        generator = seed_step(config.seed, position.step, self._group.rank)
        context = StepContext(position.step, position.epoch, generator, self._group)
        batches = [self._feeds[stream].take() for _ in range(config.accumulate)]
        values = self._learner.step(stream, batches, context, position.time())
        self._window.add(position.step, values)
        self.state = replace(self.state, position=position.advanced())
        images = sum(map(len, batches)) * self._group.size
        self._meter.step(images, self.state.position, config.epochs)

    def _counted(self) -> Position:
        """Return the position, with the length of an epoch that begins."""
        position, config = self.state.position, self._config
        if position.epoch_steps:
            return position
        leading = config.alternate[0]
        batches = config.alternate.count(leading) * config.accumulate
        rounds = -(-self._feeds[leading].left() // batches)
        steps = config.steps_per_epoch or rounds * len(config.alternate)
        return replace(position, epoch_steps=steps)

    def _do_what_is_due(self, *, stop: bool) -> None:
        config, position = self._config, self.state.position
        ended, finished = position.epoch_step == 0, position.epoch == config.epochs
        if finished or position.step % config.log_every == 0:
            self._log()
        if ended and (finished or position.epoch % config.evaluate_every == 0):
            self._evaluate()
        if finished:
            self._finish()
        due = ended and position.epoch % config.checkpoint_every == 0
        if config.checkpoint_steps:
            due = due or position.step % config.checkpoint_steps == 0
        if finished or due or stop:
            self._save()

    def _log(self) -> None:
        self._window.settle(self._group)
        means, position = self._window.means(), self.state.position
        if means and self._records is not None:
            rates = {f"lr/{name}": rate for name, rate in self._learner.rates.items()}
            self._records.log(position, means | rates)
            self._meter.report(position.step)

    def _evaluate(self) -> None:
        # Weights that are not finite end the training here, and nothing is written of them.
        self._window.settle(self._group)
        if self._records is not None:
            with self._shown():
                task, best = self._learner.task, self.state.best
                latest = self._records.evaluate(task, self.state.position, best)
            if latest is not None:
                best = self._records.better(latest, best)
            self.state = replace(self.state, latest=latest, best=best)
            self._records.draw()
        self._group.first(0)

    def _save(self) -> None:
        self._window.settle(self._group)
        if self._records is not None:
            self.state = replace(
                self.state,
                cursors={name: feed.cursor for name, feed in self._feeds.items()},
                window=self._window.totals,
                log_bytes=self._records.flush(),
                scale=self._learner.scale(),
            )
            self._checkpoints.write(self.state, self._learner.tensors())

    def _finish(self) -> None:
        """Write the products and the curves."""
        if self._records is not None:
            with self._shown():
                self._records.save(self._learner.task)
            self._records.draw()

    @contextmanager
    def _shown(self) -> Iterator[None]:
        """Give the task the weights that count, in evaluation mode, and no gradients."""
        task, average = self._learner.task, self._learner.average
        task.eval()
        with average.in_place() if average else nullcontext(), torch.no_grad():
            yield
        task.train()
