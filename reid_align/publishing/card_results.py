"""Evaluation result files listed in a card, as written by the ``evaluate`` verb."""

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
    """Metrics of one way of comparing features, in percent; None if the protocol has none."""

    name: str
    ranks: tuple[float, ...]
    mean_ap: float | None
    mean_inp: float | None


@dataclass(frozen=True)
class MeasuredResult:
    """Result of one evaluation of one encoder.

    Attributes:
        dataset: dataset name.
        protocol: evaluation protocol.
        queries: number of query images.
        gallery: number of gallery images.
        scores: at least one.
        state_sha256: SHA-256 of the evaluated tensors, before batch-norm adaptation; it identifies
            the weights.
        options: options of the ``evaluate`` verb that affect the result.
        note: unusual conditions and the note in the card; None if there are none.
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
        """Return the shell command that reproduces this result for a model."""
        start = f"python -m reid_align.evaluate {self.dataset} FOLDER --model {model}"
        return " ".join((start, *self.options))

    def metrics(self, name: str, remark: str | None) -> list[Metrics]:
        """Return the metrics for the manifest: one entry per score that has a mAP.

        Args:
            name: name of the weights.
            remark: further condition for the note, or None.
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
    """Read a result file.

    Args:
        listed: its entry in the card.
        folder: folder of the card.

    Raises:
        InvalidInputError: the file does not exist, is not an evaluation result, has features of
            several encoders, or is on a dataset that its authors withdrew.
    """
    path = folder / listed.file
    try:
        measured = _parse(json.loads(path.read_text("utf-8")), listed.note)
    except (OSError, ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
        raise InvalidInputError(
            f"{path} is not an evaluation result of an encoder ({type(error).__name__}: {error}). "
            "Evaluate the weights and save the result as this file."
        ) from error
    refuse_withdrawn(measured.dataset)
    return measured


def joined(*parts: str | None) -> str | None:
    """Join the given notes with semicolons; return None if there are none."""
    return "; ".join(filter(None, parts)) or None


def _parse(document: Document, note: str | None) -> MeasuredResult:
    made_by = document["features"]
    if len({part["state_sha256"] for part in made_by}) != 1:
        raise ValueError("features of more than one encoder")
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
        + (", camera-normalized" if score["normalize_cameras"] else "")
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
        # Results without this key are from versions that never scaled the features.
        "--no-normalize": not document.get("feature_processing", {}).get("normalized", False),
        f"--ap {measures['ap']}": measures["ap"] != "mean",
    }
    return (*options, *(option for option, given in decisive.items() if given))


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
