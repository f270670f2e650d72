"""Published figures and our results of one table, one block per dataset."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.papers.published import WITHDRAWN, PaperRow, PaperTable, Scores
from benchmarks.papers.row_results import Result, Spread, spreads

Spreads = Mapping[str, Spread]


@dataclass(frozen=True)
class Line:
    """One row of a table on one dataset. All values are in percent.

    Attributes:
        row: the row.
        paper: published figures; empty if the paper has none for this dataset.
        ours: our results; empty if not measured.
        paper_gain: published gain over the published baseline.
        our_gain: our gain over our best baseline, per metric.
    """

    row: PaperRow
    paper: Scores
    ours: Spreads
    paper_gain: Scores
    our_gain: Scores

    @property
    def difference(self) -> Scores:
        """Ours minus the published figure."""
        return {
            metric: self.ours[metric].mean - value
            for metric, value in self.paper.items()
            if metric in self.ours
        }


@dataclass(frozen=True)
class ComparisonBlock:
    """One table on one dataset.

    Attributes:
        table: the table.
        trained: training dataset of our rows; None if the block has published figures only.
        scored: dataset of the figures.
        lines: one line per row.
    """

    table: PaperTable
    trained: str | None
    scored: str
    lines: tuple[Line, ...]

    @property
    def withdrawn(self) -> bool:
        """Whether the authors of the dataset withdrew it."""
        return self.scored == WITHDRAWN

    @property
    def measured(self) -> bool:
        """Whether the block has a result of ours."""
        return any(line.ours for line in self.lines)


def compare(
    table: PaperTable, results: Sequence[Result], wanted: Sequence[str] = ()
) -> list[ComparisonBlock]:
    """Combine a table with our results.

    Args:
        table: the table.
        results: results of one scale.
        wanted: datasets that get a block even without figures.

    Returns:
        The datasets of the paper first, then the others.
    """
    pairs = [
        (result.dataset, scored)
        for result in results
        for scored in result.scores
        if (scored in table.protocols if table.test_only else scored == result.dataset)
    ]
    pairs += [(name, scored) for name in wanted for scored in _scored(table, name)]
    with_ours = {scored for _, scored in pairs}
    alone: list[tuple[str | None, str]] = [
        (None, name) for name in table.protocols if name not in with_ours
    ]
    order = {name: place for place, name in enumerate(table.protocols)}
    chosen = sorted(
        {*alone, *pairs}, key=lambda pair: (order.get(pair[1], len(order)), *map(str, pair))
    )
    return [_block(table, results, trained, scored) for trained, scored in chosen]


def _scored(table: PaperTable, dataset: str) -> Sequence[str]:
    return tuple(table.protocols) if table.test_only else (dataset,)


def _block(
    table: PaperTable, results: Sequence[Result], trained: str | None, scored: str
) -> ComparisonBlock:
    # Published figures do not apply to crops of synthetic identities.
    published = scored if not table.test_only or trained != "synthetic" else None
    paper = [row.published.get(published or "", {}) for row in table.rows]
    ours = [
        spreads(results, row.recipe, trained, scored, row.feature) if row.recipe and trained else {}
        for row in table.rows
    ]
    means = [{metric: spread.mean for metric, spread in one.items()} for one in ours]
    paper_gains, our_gains = _gains(table, paper), _gains(table, means)
    lines = zip(table.rows, paper, ours, paper_gains, our_gains, strict=True)
    return ComparisonBlock(table, trained, scored, tuple(Line(*line) for line in lines))


def _gains(table: PaperTable, scores: Sequence[Scores]) -> list[Scores]:
    """Return the gain of each row over the best baseline, per metric."""
    base: dict[str, float] = {}
    for row, one in zip(table.rows, scores, strict=True):
        for metric, value in one.items() if row.baseline else ():
            base[metric] = max(value, base.get(metric, value))
    return [
        {metric: value - base[metric] for metric, value in one.items() if metric in base}
        if row.recipe is not None and not row.baseline
        else {}
        for row, one in zip(table.rows, scores, strict=True)
    ]
