"""Exported ``.onnx`` files, run by ONNX Runtime."""

from typing import Any

import torch
from torch import Tensor

from reid_align.inference.backends.backend import Backend, BackendTarget
from reid_align.inference.exported.export_record import METADATA_KEY
from reid_align.inference.exported.exported_file import INPUT, RAW_FEATURES, ExportedFile


class OnnxFile(ExportedFile):
    """A ``.onnx`` file, run by ONNX Runtime on the CPU."""

    runtime, product, package = "onnx", "ONNX Runtime", "onnxruntime"

    def _read(self) -> bytes:
        return self.path.read_bytes()

    def _metadata(self) -> str | None:
        options = self._module.SessionOptions()
        options.graph_optimization_level = self._module.GraphOptimizationLevel.ORT_DISABLE_ALL
        found: str | None = (
            self._session(options).get_modelmeta().custom_metadata_map.get(METADATA_KEY)
        )
        return found

    def open(self, target: BackendTarget, output: str = RAW_FEATURES) -> Backend:
        """Open a session; several threads may use it."""
        options = self._module.SessionOptions()
        options.intra_op_num_threads = target.threads
        options.inter_op_num_threads = 1
        session = self._session(options)

        def run(images: Tensor) -> Tensor:
            pixels = images.permute(0, 2, 3, 1).contiguous().numpy()
            [features] = session.run([output], {INPUT: pixels})
            return torch.from_numpy(features)

        return run

    def _session(self, options: Any) -> Any:  # noqa: ANN401 - the package has no types
        options.log_severity_level = 4
        try:
            # From memory: a file may not refer to other files.
            return self._module.InferenceSession(
                self.content, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # The runtime's errors have no common class.
            raise self._unreadable(error) from error
