"""The published figures of both papers, from ``benchmarks/reference/*.toml``."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).parents[1] / "reference"
METRICS = ("rank1", "rank5", "rank10", "mAP")
# Its authors withdrew it over people's privacy: published figures are shown, and none of ours.
WITHDRAWN = "dukemtmc"
# They have no training persons of their own.
TEST_ONLY = ("partial_reid", "partial_ilids")
Scores = Mapping[str, float]


class Figure(NamedTuple):
    """One published number, in percent."""

    table: str
    row: str
    dataset: str
    protocol: str
    metric: str
    value: float
    cited: bool


@dataclass(frozen=True)
class Row:
    """A row of a table.

    Attributes:
        name: as the paper has it.
        recipe: what trains it; None for other people's networks.
        feature: what is compared: "f", the encoder's feature, or a fused one.
        start: the recipe whose run it goes on from, where it needs one.
        start_on: the dataset of that run; the row's own where left out.
        only: the one dataset that it is for; any where left out.
        baseline: whether gains count from here; from the best, where a table has several.
        ours: the row is in no paper.
        cited: the paper has its figures from other papers.
        sparse: its columns were found by counting; the note of the table tells more.
        training: what it was trained on, where that is not the dataset's training set.
        note: anything else.
        published: in percent, by dataset and metric.
    """

    name: str
    recipe: str | None = None
    feature: str = "f"
    start: str | None = None
    start_on: str | None = None
    only: str | None = None
    baseline: bool = False
    ours: bool = False
    cited: bool = False
    sparse: bool = False
    training: str | None = None
    note: str | None = None
    published: Mapping[str, Scores] = field(default_factory=dict)


@dataclass(frozen=True)
class Table:
    """A table of a paper.

    Attributes:
        key: its name here, such as "san1".
        paper: which paper.
        table: what it is called there.
        title: what it shows.
        protocols: how the paper evaluates, by dataset.
        rows: in the paper's order.
        note: what a reader should know about the figures.
    """

    key: str
    paper: str
    table: str
    title: str
    protocols: Mapping[str, str]
    rows: tuple[Row, ...]
    note: str | None = None

    @property
    def test_only(self) -> bool:
        """Whether its datasets have no training persons."""
        return set(self.protocols) <= set(TEST_ONLY)

    @property
    def metrics(self) -> tuple[str, ...]:
        """Those that a reader looks at first."""
        found = {figure.metric for figure in self.figures()}
        return ("rank1", "mAP") if "mAP" in found else tuple(m for m in METRICS if m in found)

    def figures(self) -> Iterator[Figure]:
        """Yield every published number."""
        for row in self.rows:
            for dataset, scores in row.published.items():
                for metric, value in scores.items():
                    protocol = self.protocols[dataset]
                    yield Figure(self.key, row.name, dataset, protocol, metric, value, row.cited)


@cache
def load_tables() -> dict[str, Table]:
    """Return all tables by their names."""
    return {path.stem: _read(path) for path in sorted(FOLDER.glob("*.toml"))}


def _read(path: Path) -> Table:
    content = tomllib.loads(path.read_text("utf-8"))
    rows = tuple(Row(**row) for row in content.pop("rows"))
    return Table(key=path.stem, rows=rows, **content)
