"""Outputs of the search command: table, sheet, page and text."""

from collections.abc import Sequence

from reid_align.cli.ranked_outputs import write_ranked, write_text
from reid_align.retrieval import QueryHits, hits_table, ranked_lists
from reid_align.retrieval.search_hits import probability_text


def write_hits(
    answers: Sequence[QueryHits], table: str | None, sheet: str | None, page: str | None
) -> None:
    """Write the outputs that have a name."""
    if table is not None:
        write_text(table, hits_table(answers))
    title = answers[0].query if len(answers) == 1 else f"{len(answers):,} queries"
    write_ranked(ranked_lists(answers), sheet, page, f"Search results: {title}")


def print_hits(answers: Sequence[QueryHits]) -> None:
    """Print the hits of each query: rank, distance, probability if known, path."""
    for answer in answers:
        print(answer.query)
        for rank, hit in enumerate(answer.hits, 1):
            likely = ""
            if hit.probability is not None:
                likely = f"  {probability_text(hit.probability):>5}"
            print(f"  {rank:>3}  {hit.distance:.4f}{likely}  {hit.path}")
