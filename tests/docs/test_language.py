"""Words that the project does not use; CONTRIBUTING.md has the reasons and the words to use."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PLACES = ("reid_align", "benchmarks", "docs", "README.md", "CHANGELOG.md", "CONTRIBUTING.md")
WORDS = (
    "beside", "whose", "lies?", "nobody", "anybody", "somebody", "anew", "begun", "go(?:es)? on",
    "of (?:its|their) own", "asked for", "held against", "mend(?:ed)?", "pictures?", "persons",
)  # fmt: skip
# Inside names, too: num_persons, drawPictures.
AVOIDED = re.compile(
    rf"(?<![A-Za-z])(?:{'|'.join(WORDS)})(?![A-Za-z])|(?<=[a-z])(?:Pictures?|Persons)(?![a-z])",
    re.IGNORECASE,
)
PER_THOUSAND_LINES = 3


def avoided_words() -> tuple[list[str], int]:
    """Return all hits as "file:line: word", and the number of lines."""
    paths = [ROOT / place for place in PLACES]
    files = [file for path in paths for file in (path.rglob("*") if path.is_dir() else [path])]
    hits, count = [], 0
    for file in sorted(files):
        if file.suffix not in (".py", ".md") or "_generated" in file.parts:
            continue
        name, lines = file.relative_to(ROOT), file.read_text("utf-8").splitlines()
        count += len(lines)
        hits += [
            f"{name}:{number}: {match[0]}"
            for number, line in enumerate(lines, 1)
            for match in AVOIDED.finditer(line)
        ]
    return hits, count


def test_avoided_words_are_rare() -> None:
    hits, count = avoided_words()
    assert count > 10_000
    assert 1000 * len(hits) / count < PER_THOUSAND_LINES, "\n".join(hits)


def test_words_are_found_in_names_and_text() -> None:
    text = "num_persons the run goes on, drawPictures; believes, pictured"
    assert AVOIDED.findall(text) == ["persons", "goes on", "Pictures"]
