"""A table of a paper beside what we measured, one block for each dataset."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from paper.reference import WITHDRAWN, Row, Scores, Table
from paper.results import Result, Spread, spreads

Spreads = Mapping[str, Spread]


@dataclass(frozen=True)
class Line:
    """A row on one dataset.

    Attributes:
        row: of the table.
        paper: the published figures, in percent; none where there are none for the dataset.
        ours: what we measured; none where we did not.
        paper_gain: the published gain over the published baseline.
        our_gain: ours, over the better of our baselines, by each metric for itself.
    """

    row: Row
    paper: Scores
    ours: Spreads
    paper_gain: Scores
    our_gain: Scores

    @property
    def difference(self) -> Scores:
        """Ours minus the paper's."""
        return {
            metric: self.ours[metric].mean - value
            for metric, value in self.paper.items()
            if metric in self.ours
        }


@dataclass(frozen=True)
class Block:
    """A table on one dataset.

    Attributes:
        table: the table.
        trained: the dataset that our rows were trained on; None for the published figures alone.
        scored: the dataset that figures are of.
        lines: a line for each row.
    """

    table: Table
    trained: str | None
    scored: str
    lines: tuple[Line, ...]

    @property
    def withdrawn(self) -> bool:
        """Whether nobody should measure on this dataset any more."""
        return self.scored == WITHDRAWN

    @property
    def measured(self) -> bool:
        """Whether we have any figure."""
        return any(line.ours for line in self.lines)


def compare(table: Table, results: Sequence[Result], wanted: Sequence[str] = ()) -> list[Block]:
    """Put a table beside what was measured.

    Args:
        table: the table.
        results: of one scale.
        wanted: datasets that have a block even where nothing is published or measured.

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


def _scored(table: Table, dataset: str) -> Sequence[str]:
    return tuple(table.protocols) if table.test_only else (dataset,)


def _block(table: Table, results: Sequence[Result], trained: str | None, scored: str) -> Block:
    # Synthetic crops are other persons than those that figures were published for.
    published = scored if not table.test_only or trained != "synthetic" else None
    paper = [row.published.get(published or "", {}) for row in table.rows]
    ours = [
        spreads(results, row.recipe, trained, scored, row.feature) if row.recipe and trained else {}
        for row in table.rows
    ]
    means = [{metric: spread.mean for metric, spread in one.items()} for one in ours]
    paper_gains, our_gains = _gains(table, paper), _gains(table, means)
    lines = zip(table.rows, paper, ours, paper_gains, our_gains, strict=True)
    return Block(table, trained, scored, tuple(Line(*line) for line in lines))


def _gains(table: Table, scores: Sequence[Scores]) -> list[Scores]:
    """Return what each row gains over the baseline, by each metric over the best of several."""
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
