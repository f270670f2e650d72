"""Published figures of both papers, read from ``benchmarks/reference/*.toml``."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).parents[1] / "reference"
METRICS = ("rank1", "rank5", "rank10", "mAP")
# Withdrawn by its authors for privacy reasons: only published figures are shown.
WITHDRAWN = "dukemtmc"
# Datasets without training identities.
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
class PaperRow:
    """One row of a table.

    Attributes:
        name: name in the paper.
        recipe: recipe that trains it; None for other authors' methods.
        feature: compared feature: "f" (the encoder's) or a fused one.
        start: recipe of the run that this row continues from.
        start_on: training dataset of that run; None for the row's dataset.
        only: the only dataset this row applies to; None for all.
        baseline: gains are relative to this row, or to the best one of several.
        ours: the row is not in the paper.
        cited: the paper cites the figures from other papers.
        sparse: the columns were assigned by counting; see the table's note.
        training: training data, if it is not the dataset's training set.
        note: other remarks.
        published: figures in percent, by dataset and metric.
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
class PaperTable:
    """One table of a paper.

    Attributes:
        key: short name, such as "san1".
        paper: the paper.
        table: number of the table in the paper.
        title: subject of the table.
        protocols: evaluation protocol of each dataset.
        rows: rows in the paper's order.
        note: remark on the figures.
    """

    key: str
    paper: str
    table: str
    title: str
    protocols: Mapping[str, str]
    rows: tuple[PaperRow, ...]
    note: str | None = None

    @property
    def test_only(self) -> bool:
        """Whether none of its datasets has training identities."""
        return set(self.protocols) <= set(TEST_ONLY)

    @property
    def metrics(self) -> tuple[str, ...]:
        """Metrics shown in reports."""
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
def load_tables() -> dict[str, PaperTable]:
    """Return all tables by key."""
    return {path.stem: _read(path) for path in sorted(FOLDER.glob("*.toml"))}


def _read(path: Path) -> PaperTable:
    content = tomllib.loads(path.read_text("utf-8"))
    rows = tuple(PaperRow(**row) for row in content.pop("rows"))
    return PaperTable(key=path.stem, rows=rows, **content)
