"""Checkpoints: one safetensors file each, there whole or not at all."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor

from reid_align.errors import InvalidInputError, OutputError, WeightsFormatError
from reid_align.files import writing
from reid_align.training.state import State
from reid_align.weights.header import open_safetensors

METADATA_KEY = "state"
ADVICE = "The checkpoints before it are whole: make room and run it again to continue."


class Checkpoints:
    """The checkpoints of one run, in a folder, named after their steps.

    Args:
        folder: where they are.
        keep: how many of the newest stay.
    """

    def __init__(self, folder: Path, keep: int) -> None:
        self.folder = folder
        self.keep = keep

    def write(self, state: State, tensors: Mapping[str, Tensor]) -> None:
        """Write a checkpoint; when it is on the disk, remove the ones that are too many.

        Those of later steps are among them: had they been whole, they would have been gone on from.

        Raises:
            OutputError: it cannot be written; the others are as they were.
        """
        path = self.path(state.position.step)
        # A folder, as safetensors begins with a file of a random name, which a kill would leave.
        partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
        file = partial / path.name
        ready = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
        try:
            with writing(path, ADVICE):
                partial.mkdir(parents=True)
                file.touch()
                mode = file.stat().st_mode
                try:
                    save_file(ready, file, {METADATA_KEY: state.to_json()})
                except SafetensorError as error:
                    raise OutputError(f"Cannot write {path}: {error}. {ADVICE}") from error
                # safetensors makes files that nobody else may read.
                file.chmod(mode)
                _flush(file)
                file.replace(path)
                _flush(self.folder)
                self._remove_all_but_the_newest(state.position.step)
        finally:
            shutil.rmtree(partial, ignore_errors=True)

    def _remove_all_but_the_newest(self, now: int) -> None:
        steps = self.steps()
        kept = [step for step in steps if step <= now][-self.keep :]
        for step in steps:
            if step not in kept:
                self.path(step).unlink()

    def steps(self) -> list[int]:
        """Return the steps there are checkpoints of, in order."""
        return sorted(int(path.stem) for path in self.folder.glob("[0-9]*.safetensors"))

    def newest(self) -> int | None:
        """Return the step of the newest checkpoint that can be read; None if there is none at all.

        Raises:
            OutputError: there are checkpoints, and none can be read.
        """
        reason: Exception | None = None
        for step in reversed(self.steps()):
            try:
                self.read_state(step)
            except (WeightsFormatError, OutputError) as error:
                reason = error
            else:
                return step
        if reason is not None:
            raise OutputError(f"No checkpoint in {self.folder} can be read. {reason}") from reason
        return None

    def read_state(self, step: int) -> State:
        """Read a checkpoint without its tensors.

        Raises:
            WeightsFormatError: it is cut off, or no such file.
            OutputError: another version wrote it.
        """
        with open_safetensors(self.path(step)) as file:
            text = (file.metadata() or {}).get(METADATA_KEY, "")
        try:
            return State.from_json(text)
        except InvalidInputError as error:
            raise OutputError(f"{self.path(step)}: {error}.") from error

    def read_tensors(self, step: int) -> dict[str, Tensor]:
        """Read the tensors of a checkpoint."""
        with open_safetensors(self.path(step)) as file:
            return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118

    def path(self, step: int) -> Path:
        """Return the file of a step's checkpoint."""
        return self.folder / f"{step:09d}.safetensors"


def _flush(path: Path) -> None:
    """Wait until a file or a folder is on the disk, so that a power cut takes nothing back."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
