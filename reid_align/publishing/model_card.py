"""The model card ``README.md`` of a publication: Hub metadata and text."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

from reid_align.preprocess import Preprocess
from reid_align.publishing.card_file import PublisherCard
from reid_align.publishing.card_results import RANKS, MeasuredResult
from reid_align.publishing.publication import Publication

if TYPE_CHECKING:
    from huggingface_hub import EvalResult

LIBRARY_NAME, TASK = "reid-align", "image-feature-extraction"
TAGS = ["person-re-identification", "reid", "image-retrieval", "pytorch"]
# License identifiers known to the Hub; others are shown by their name.
HUB_LICENSES = ("apache-2.0", "mit", "bsd-3-clause", "cc0-1.0", "cc-by-4.0", "cc-by-nc-4.0")

TEXT = Path(__file__).with_suffix(".md")


def model_card(publication: Publication, repo_id: str) -> str:
    """Return ``README.md``: YAML metadata, then the text.

    The metadata contains only results measured with exactly these weights.
    """
    card, encoder = publication.card, publication.encoder
    text = Template(TEXT.read_text("utf-8")).substitute(
        name=publication.name,
        repo_id=repo_id,
        summary=card.summary.strip(),
        preprocessing=_preprocessing(encoder.preprocess),
        feature_dim=encoder.feature_dim,
        architecture=encoder.architecture,
        arguments=", ".join(f"`{key}={value!r}`" for key, value in encoder.arch_args.items()),
        parameters=f"{sum(parameter.numel() for parameter in encoder.parameters()):,}",
        training_data=_bullets(_training_data(card)),
        recipe=_table(("training", ""), _recipe(publication)),
        results=_results(publication.exact, repo_id),
        limits=_bullets(card.limits),
        license=card.license,
        citation=card.citation.strip(),
    )
    return f"---\n{_metadata(publication, repo_id)}---\n\n{text}"


def _preprocessing(preprocess: Preprocess) -> str:
    done = [f"resized to {preprocess.height} × {preprocess.width} pixels"]
    if preprocess.smoothing:
        done.append(f"blurred by a Gaussian of {preprocess.smoothing:g} px")
    if preprocess.stretch:
        share = f"{100 * preprocess.stretch:g} %"
        done.append(f"the darkest and brightest {share} clipped to black and white")
    return ", ".join(done)


def _metadata(publication: Publication, repo_id: str) -> str:
    from huggingface_hub import ModelCardData

    name = publication.card.license
    known = name.lower() in HUB_LICENSES
    data = ModelCardData(
        library_name=LIBRARY_NAME,
        pipeline_tag=TASK,
        license=name.lower() if known else "other",
        license_name=None if known else name,
        tags=TAGS,
        model_name=repo_id.partition("/")[2],
        eval_results=list(_eval_results(publication)) or None,
    )
    return f"{data.to_yaml()}\n"


def _eval_results(publication: Publication) -> Iterator["EvalResult"]:
    """Yield each result in the Hub's format."""
    from huggingface_hub import EvalResult

    for result in publication.exact:
        name = f"{result.dataset} ({result.note})" if result.note else result.dataset
        for score in result.scores:
            figures = {"rank-1": score.ranks[0], "mAP": score.mean_ap}
            for metric, value in figures.items():
                if value is not None:
                    yield EvalResult(
                        task_type=TASK,
                        task_name="Person re-identification",
                        dataset_type=result.dataset,
                        dataset_name=name,
                        metric_type=metric,
                        metric_name=f"{metric} %, {score.name}",
                        metric_value=round(value, 2),
                    )


def _training_data(card: PublisherCard) -> Iterator[str]:
    for data in card.training_data:
        people = "synthetic people" if data.synthetic else "real images"
        yield f"{data.name}: {people}. Terms: {data.terms}"


def _recipe(publication: Publication) -> Iterator[tuple[str, str]]:
    recipe, run = publication.recipe, publication.trained.run
    yield "recipe", f"`{recipe.name}`"
    yield "command", f"`{recipe.command}`"
    yield "source commit", f"`{recipe.commit}`"
    yield "seed", str(recipe.seed)
    yield "cost", recipe.cost
    if run:
        yield "fingerprints of the data", ", ".join(f"{k} `{v}`" for k, v in run.data.items())
        yield "versions", ", ".join(f"{k} {v}" for k, v in run.versions.items())


def _results(measured: Sequence[MeasuredResult], repo_id: str) -> str:
    if not measured:
        return "No results were measured in full precision."
    head = ("dataset", "compared by", *(f"rank-{k}" for k in RANKS), "mAP", "mINP")
    rows = [
        (
            f"{result.dataset}, {result.protocol}",
            score.name,
            *map(_percent, (*score.ranks, score.mean_ap, score.mean_inp)),
        )
        for result in measured
        for score in result.scores
    ]
    origins = (
        f"{result.dataset}: {result.queries:,} queries, {result.gallery:,} gallery images"
        + (f"; {result.note}" if result.note else "")
        + f". `{result.command(repo_id)}`"
        for result in measured
    )
    table, list_ = _table(head, rows), _bullets(origins)
    return f"Results in percent, measured with these weights.\n\n{table}\n\n{list_}"


def _percent(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}"


def _bullets(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line.strip()}" for line in lines)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    cells = ((cell.replace("|", "&#124;") for cell in line) for line in lines)
    return "\n".join(f"| {' | '.join(line)} |" for line in cells)
