"""MeasuredResult results: what ``python -m reid_align.evaluate -o result.json`` wrote."""

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reid_align.errors import InvalidInputError
from reid_align.publishing.card_file import CardResult, refuse_withdrawn
from reid_align.weights import Metrics

RANKS = (1, 5, 10)
Document = Mapping[str, Any]


@dataclass(frozen=True)
class ResultScore:
    """One way of comparing features, in percent; None where a protocol has no such figure."""

    name: str
    ranks: tuple[float, ...]
    mean_ap: float | None
    mean_inp: float | None


@dataclass(frozen=True)
class MeasuredResult:
    """What one evaluation of one encoder found.

    Attributes:
        dataset: its name for ``evaluate``.
        protocol: who was excluded from whose gallery.
        queries: how many.
        gallery: images in it.
        scores: at least one.
        state_sha256: of the tensors that were evaluated; if they were adapted, of those before:
            proof of whose results these are.
        options: of ``evaluate``, that decided what came out.
        note: how it was computed if not plainly, and what the card says; None for nothing.
    """

    dataset: str
    protocol: str
    queries: int
    gallery: int
    scores: tuple[ResultScore, ...]
    state_sha256: str
    options: tuple[str, ...]
    note: str | None

    def command(self, model: str) -> str:
        """Return the command that measures this of a model, given the dataset's folder."""
        start = f"python -m reid_align.evaluate {self.dataset} FOLDER --model {model}"
        return " ".join((start, *self.options))

    def metrics(self, name: str, remark: str | None) -> list[Metrics]:
        """Return the entries of the manifest: a score each, where it has a mAP.

        Args:
            name: of the weights.
            remark: what else a reader has to know; None for nothing.
        """
        return [
            Metrics(
                self.dataset,
                self.protocol,
                round(score.ranks[0], 2),
                round(score.mean_ap, 2),
                self.command(name),
                joined(score.name, self.note, remark),
            )
            for score in self.scores
            if score.mean_ap is not None
        ]


def read_result_file(listed: CardResult, folder: Path) -> MeasuredResult:
    """Read a result.

    Args:
        listed: as the card names it.
        folder: of the card.

    Raises:
        InvalidInputError: there is no such file, ``evaluate`` did not write it, it has more than
            one encoder's features, or the dataset was withdrawn by its authors.
    """
    path = folder / listed.file
    try:
        measured = _parse(json.loads(path.read_text("utf-8")), listed.note)
    except (OSError, ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
        raise InvalidInputError(
            f"{path}: this is no result of an encoder ({type(error).__name__}: {error}). Measure "
            "it with python -m reid_align.evaluate DATASET FOLDER --weights WEIGHTS -o FILE."
        ) from error
    refuse_withdrawn(measured.dataset)
    return measured


def joined(*parts: str | None) -> str | None:
    """Join what there is to say of a figure; None where that is nothing."""
    return "; ".join(filter(None, parts)) or None


def _parse(document: Document, note: str | None) -> MeasuredResult:
    made_by = document["features"]
    if len({part["state_sha256"] for part in made_by}) != 1:
        raise ValueError("its features are not those of one encoder")
    how = made_by[0]
    adapted = how.get("adapted")
    return MeasuredResult(
        str(document["dataset"]),
        str(document["protocol"]),
        int(document["query_images"]),
        int(document["gallery_images"]),
        tuple(_score(score) for score in document["scores"]),
        str((adapted or how)["state_sha256"]),
        _options(document, how),
        joined(
            note,
            "averaged with the mirror image" if how["flip"] else None,
            "batch norms adapted to the test images, without labels" if adapted else None,
            None if how["computed_in"] == "float32" else f"computed in {how['computed_in']}",
        ),
    )


def _score(score: Document) -> ResultScore:
    return ResultScore(
        score["metric"]
        + (", camera-wise" if score["normalized_cameras"] else "")
        + (", re-ranked" if score["reranked"] else ""),
        tuple(float(score[f"rank{k}"]) for k in RANKS),
        None if score["mAP"] is None else float(score["mAP"]),
        None if score["mINP"] is None else float(score["mINP"]),
    )


def _options(document: Document, how: Document) -> tuple[str, ...]:
    measures, chosen = document["measures"], document["dataset_options"]
    backend, adapted = how.get("backend", "torch"), how.get("adapted")
    seed = adapted["seed"] if adapted else 0
    options = [f"--data-option {shlex.quote(f'{key}={_text(chosen[key])}')}" for key in chosen]
    decisive = {
        "--flip": how["flip"],
        "--adapt": bool(adapted),
        f"--seed {seed}": seed != 0,
        f"--dtype {how['computed_in']}": how["computed_in"] != "float32",
        f"--backend {backend}": backend != "torch",
        "--rerank": measures["rerank"],
        "--normalize-cameras": measures["normalize_cameras"],
        f"--ap {measures['ap']}": measures["ap"] != "mean",
    }
    return (*options, *(option for option, given in decisive.items() if given))


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
