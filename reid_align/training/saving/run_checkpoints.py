"""Checkpoints of a run: one safetensors file each, written atomically."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor

from reid_align.errors import InvalidInputError, OutputError, WeightsFormatError
from reid_align.files import writing
from reid_align.training.reporting.json_lines import ADVICE
from reid_align.training.training_state import TrainingState
from reid_align.weights.weights_header import open_safetensors

METADATA_KEY = "state"


class Checkpoints:
    """Checkpoints in a folder, named after their steps.

    Args:
        folder: checkpoint folder.
        keep: number of newest checkpoints to keep.
    """

    def __init__(self, folder: Path, keep: int) -> None:
        self.folder = folder
        self.keep = keep

    def write(self, state: TrainingState, tensors: Mapping[str, Tensor]) -> None:
        """Write a checkpoint, sync it to disk, then remove the outdated ones.

        Also removes checkpoints of later steps: they are damaged, or the run would have continued
        from them.

        Raises:
            OutputError: the checkpoint cannot be written. Existing ones are unchanged.
        """
        path = self.path(state.position.step)
        # In a folder, because safetensors first writes a file with a random name, which would
        # remain after a kill.
        partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
        file = partial / path.name
        on_cpu = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
        try:
            with writing(path, ADVICE):
                partial.mkdir(parents=True)
                file.touch()
                mode = file.stat().st_mode
                try:
                    save_file(on_cpu, file, {METADATA_KEY: state.to_json()})
                except SafetensorError as error:
                    raise OutputError(f"Cannot write {path}: {error}. {ADVICE}") from error
                # safetensors makes files that only their owner can read.
                file.chmod(mode)
                _sync(file)
                file.replace(path)
                _sync(self.folder)
                self._remove_outdated(state.position.step)
        finally:
            shutil.rmtree(partial, ignore_errors=True)

    def _remove_outdated(self, newest: int) -> None:
        steps = self.steps()
        kept = [step for step in steps if step <= newest][-self.keep :]
        for step in steps:
            if step not in kept:
                self.path(step).unlink()

    def steps(self) -> list[int]:
        """Return the steps of all checkpoints, in order."""
        return sorted(int(path.stem) for path in self.folder.glob("[0-9]*.safetensors"))

    def newest(self) -> int | None:
        """Return the step of the newest readable checkpoint, or None if there are no checkpoints.

        Raises:
            OutputError: there are checkpoints, but none is readable.
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
            raise OutputError(f"No checkpoint in {self.folder} is readable. {reason}") from reason
        return None

    def read_state(self, step: int) -> TrainingState:
        """Read a checkpoint without its tensors.

        Raises:
            WeightsFormatError: the file is truncated or no safetensors file.
            OutputError: another version wrote the checkpoint.
        """
        with open_safetensors(self.path(step)) as file:
            text = (file.metadata() or {}).get(METADATA_KEY, "")
        try:
            return TrainingState.from_json(text)
        except InvalidInputError as error:
            raise OutputError(f"{self.path(step)}: {error}.") from error

    def read_tensors(self, step: int) -> dict[str, Tensor]:
        """Read the tensors of a checkpoint."""
        with open_safetensors(self.path(step)) as file:
            return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118

    def path(self, step: int) -> Path:
        """Return the file of the checkpoint at a step."""
        return self.folder / f"{step:09d}.safetensors"


def _sync(path: Path) -> None:
    """Flush a file or folder to disk, to survive a power failure."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
