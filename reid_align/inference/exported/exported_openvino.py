"""Exported ``.xml`` files, run by OpenVINO."""

from threading import local
from typing import Any

import numpy as np
import torch
from torch import Tensor

from reid_align.errors import WeightsFormatError
from reid_align.inference.backends.backend import Backend, BackendTarget
from reid_align.inference.exported.export_record import METADATA_KEY
from reid_align.inference.exported.exported_file import RAW_FEATURES, ExportedFile


class OpenVinoFile(ExportedFile):
    """A ``.xml`` file with its ``.bin``, run by OpenVINO on the CPU."""

    runtime, product, package = "openvino", "OpenVINO", "openvino"

    def _read(self) -> bytes:
        weights = self.path.with_suffix(".bin")
        if not weights.is_file():
            raise WeightsFormatError(f"{weights} is missing. {self.path} needs it next to it.")
        return weights.read_bytes()

    def _metadata(self) -> str | None:
        model = self._model(self._module.Core())
        if not model.has_rt_info([METADATA_KEY]):
            return None
        return str(model.get_rt_info([METADATA_KEY]).astype(str))

    def open(self, target: BackendTarget, output: str = RAW_FEATURES) -> Backend:
        """Compile the model with one stream per parallel call."""
        core = self._module.Core()
        settings = {
            "INFERENCE_PRECISION_HINT": "f32",
            "INFERENCE_NUM_THREADS": target.parallel_calls * target.threads,
            "NUM_STREAMS": target.parallel_calls,
        }
        compiled = core.compile_model(self._model(core), "CPU", settings)
        # See `openvino_runtime`: the first access from two threads at once deadlocks.
        _ = self._module.Tensor(np.zeros(1, np.float32)).data
        thread_state = local()

        def run(images: Tensor) -> Tensor:
            if not hasattr(thread_state, "request"):
                thread_state.request = compiled.create_infer_request()
            pixels = images.permute(0, 2, 3, 1).contiguous().numpy()
            found = thread_state.request.infer({0: pixels})
            return torch.from_numpy(found[output].copy())

        return run

    def _model(self, core: Any) -> Any:  # noqa: ANN401 - the package has no types
        try:
            return core.read_model(self.path, self.path.with_suffix(".bin"))
        except Exception as error:  # The runtime's errors have no common class.
            raise self._unreadable(error) from error
