"""Script that loads all bundled weights with network access disabled.

Prints JSON: the location of the package and the fingerprint of each loaded network.
"""

import json
import sys


def refuse_sockets(event: str, arguments: tuple[object, ...]) -> None:
    if event.startswith("socket."):
        raise PermissionError(f"{event}{arguments}: network access is disabled")


sys.addaudithook(refuse_sockets)

import reid_align  # noqa: E402
from reid_align.heads import create_head  # noqa: E402
from reid_align.models.dense_uv_network import dense_uv  # noqa: E402
from reid_align.weights import Weights, module_fingerprint, shipped_weights  # noqa: E402
from reid_align.weights.fingerprint import Loadable  # noqa: E402


def load(entry: Weights) -> Loadable:
    if entry.kind == "head":
        return create_head(entry.architecture, entry.tag)
    if entry.kind == "estimator":
        return dense_uv(entry.tag)
    return reid_align.create_model(entry.architecture, entry.default or entry.tag)


if __name__ == "__main__":
    bundled = [entry for entry in shipped_weights().values() if entry.bundled is not None]
    loaded = {entry.name: module_fingerprint(load(entry)) for entry in bundled}
    print(json.dumps({"package": reid_align.__file__, "loaded": loaded}))
