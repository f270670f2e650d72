"""Weights named by a reference: a run, a saved folder, a file, published weights or a Hub name.

Every command and factory that takes weights accepts the same references:

- the folder of a finished training run, or its ``best`` folder;
- a folder written by ``save_pretrained`` (``config.json`` and ``model.safetensors``);
- a ``.safetensors`` file of this library;
- the name of published weights, "arch.tag";
- "hf-hub:user/repository[@revision]".

An existing path takes precedence over published weights.
"""

import json
from os import PathLike, fspath
from pathlib import Path

from reid_align.errors import WeightsNotFoundError
from reid_align.weights.encoder_repository import HUB_PREFIX, WEIGHTS_NAME, fetch_repository
from reid_align.weights.manifest import shipped_weights
from reid_align.weights.manifest_records import Weights
from reid_align.weights.tensor_matching import join_names
from reid_align.weights.weights_location import locate_weights

ENCODER = "encoder"
BEST, RUN_CONFIG = "best", "config.json"


def find_weights_file(reference: str | PathLike[str], network: str = ENCODER) -> Path:
    """Return the ``.safetensors`` file of a reference; downloads it if necessary.

    Args:
        reference: see the module.
        network: network of a run: "encoder", "san_decoder", "dense_uv", …

    Raises:
        WeightsError: there is no such file, or it cannot be downloaded or verified.
    """
    published = find_published(reference)
    if published is not None:
        return locate_weights(published)
    if fspath(reference).startswith(HUB_PREFIX):
        return fetch_repository(fspath(reference)).weights
    found = find_network(Path(reference), network)
    return found / WEIGHTS_NAME if found.is_dir() else found


def find_published(reference: str | PathLike[str]) -> Weights | None:
    """Return the published weights of that name; None without them or if a path has that name."""
    name = fspath(reference)
    if isinstance(reference, Path) or Path(name).exists():
        return None
    return shipped_weights().get(name)


def find_network(where: Path, network: str = ENCODER) -> Path:
    """Return the file of a network of a run, or ``where`` if it is a file or a saved folder.

    Of a run of several stages, the last stage counts.

    Args:
        where: folder of a run, its ``best`` folder, a folder of ``save_pretrained``, or a file.
        network: stem of the file in a run: "encoder", "san_decoder", "dense_uv", …

    Raises:
        WeightsNotFoundError: there is no such file; the message says where to look instead.
    """
    if where.is_file() or (where / WEIGHTS_NAME).is_file():
        return where
    if not where.exists():
        raise WeightsNotFoundError(
            f"{where}: no such file or folder, and no published weights: those are "
            f"{join_names(list(shipped_weights()))}. For a Hub repository, write "
            f"{HUB_PREFIX}user/repository."
        )
    file = f"{network}.safetensors"
    last = _last_stage(where)
    folder = where if last is None else where / last
    if (folder / file).is_file():
        return folder / file
    raise WeightsNotFoundError(
        f"{where} has neither {file} nor {WEIGHTS_NAME}. {_advice(where, folder, file)}"
    )


def run_networks(where: Path) -> dict[str, Path]:
    """Return the weights files of a run by network; empty if ``where`` is no folder of a run.

    Of a run of several stages, these are the files of the last stage.
    """
    if (where / WEIGHTS_NAME).is_file():
        return {}
    folder = where / (_last_stage(where) or "")
    return {path.stem: path for path in sorted(folder.glob("*.safetensors"))}


def _advice(where: Path, folder: Path, file: str) -> str:
    """Return the reason for a missing file, or where to look instead."""
    if folder != where or (folder / RUN_CONFIG).is_file():
        stage = "" if folder == where else f", in its last stage {folder.name}"
        text = f"It is a training run that has not written {file} yet{stage}: repeat its command."
        best = folder / BEST / file
        return f"{text} The best weights so far are {best}." if best.is_file() else text
    below = [path.parent.name for path in sorted(where.glob(f"*/{file}"))]
    if below:
        return f"Its subfolder {' and '.join(below)} has one; use that folder."
    return "Use the folder of a finished run, or one written by save_pretrained or convert."


def _last_stage(where: Path) -> str | None:
    """Return the folder name of the last stage of a run of several stages; None for others."""
    for config in sorted(where.glob(f"*/{RUN_CONFIG}")):
        try:
            stages = json.loads(config.read_text("utf-8"))["recipe"]["stages"]
            first, last = stages[0], stages[-1]
        except (OSError, ValueError, TypeError, KeyError, IndexError):
            continue
        if first != last and isinstance(last, str) and config.parent.name in stages:
            return last
    return None
