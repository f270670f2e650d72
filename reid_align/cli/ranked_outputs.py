"""Outputs of ranked lists: a sheet, a page, and text files in general."""

import sys
from collections.abc import Sequence
from pathlib import Path

from reid_align.cli.image_output import write_image
from reid_align.files import replace_file, writing
from reid_align.images import decode_image
from reid_align.viz import RankedList, ranked_page, ranked_sheet, worst_first
from reid_align.viz.ranked_lists import Decode

MAX_SHEET_ROWS = 40


def write_ranked(
    lists: Sequence[RankedList],
    sheet: str | None,
    page: str | None,
    title: str,
    decode: Decode = decode_image,
) -> None:
    """Write the outputs that have a name; a sheet shows at most 40 lists, the worst ones first.

    Raises:
        OutputError: a file cannot be written.
    """
    if sheet is not None:
        shown = worst_first(lists)[:MAX_SHEET_ROWS]
        write_image(ranked_sheet(shown, decode=decode), Path(sheet))
        if len(shown) < len(lists):
            print(
                f"{sheet} shows {len(shown)} of {len(lists):,} queries; --html shows all.",
                file=sys.stderr,
            )
    if page is not None:
        write_text(page, ranked_page(lists, title, decode))


def write_text(name: str, text: str) -> None:
    """Write a text file atomically; file names that are not UTF-8 keep their bytes."""
    with writing(Path(name)):
        replace_file(Path(name), text.encode("utf-8", "surrogateescape"))
