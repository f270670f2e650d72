"""Expected layout of a dataset's folder, and messages about differences."""

import os
from collections.abc import Iterable, Sequence

from reid_align.datasets.dataset_files import shown
from reid_align.errors import DatasetNotFoundError

# Entries directly in a dataset's folder; folder names end in a slash.
Layout = tuple[str, ...]

_NAMES_SHOWN = 6


def find_layout(dataset: str, root: str, layouts: Sequence[Layout], advice: str) -> list[str]:
    """Return the paths of the entries of the first layout that a folder contains completely.

    Args:
        dataset: dataset, for the error message.
        root: the folder.
        layouts: layouts in circulation.
        advice: where to get missing entries, for the error message; may be empty.

    Raises:
        DatasetNotFoundError: no layout matches; names the parent or child folder that matches.
    """
    for layout in layouts:
        if _holds(root, layout):
            return [os.path.join(root, entry.rstrip("/")) for entry in layout]
    expected = " or ".join(", ".join(layout) for layout in layouts)
    if advice:
        expected += f" ({advice})"
    found = _found(root, layouts)
    for folder in _neighbors(root):
        if any(_holds(folder, layout) for layout in layouts):
            found += f"; the expected files are in {shown(folder)}"
            break
    raise DatasetNotFoundError(dataset, shown(root), expected, found)


def _exists(folder: str, entry: str) -> bool:
    path = os.path.join(folder, entry)
    return os.path.isdir(path) if entry.endswith("/") else os.path.isfile(path)


def _holds(folder: str, layout: Layout) -> bool:
    return all(_exists(folder, entry) for entry in layout)


def _neighbors(root: str) -> Iterable[str]:
    """Yield the parent folder and the child folders."""
    yield os.path.dirname(root)
    if os.path.isdir(root):
        yield from sorted(entry.path for entry in os.scandir(root) if entry.is_dir())


def _found(root: str, layouts: Sequence[Layout]) -> str:
    for layout in layouts:
        present = [entry for entry in layout if _exists(root, entry)]
        if present:
            absent = [entry for entry in layout if entry not in present]
            return f"{', '.join(present)} but not {', '.join(absent)}"
    return describe(root)


def describe(path: str) -> str:
    """Describe a path: the first names in a folder, a file, or nothing."""
    if not os.path.isdir(path):
        return "a file" if os.path.exists(path) else "nothing: there is no such file or folder"
    names = sorted(entry.name + "/" * entry.is_dir() for entry in os.scandir(path))
    if not names:
        return "an empty folder"
    more = f" and {len(names) - _NAMES_SHOWN:,} more" if len(names) > _NAMES_SHOWN else ""
    return ", ".join(shown(name) for name in names[:_NAMES_SHOWN]) + more
