"""Find the code blocks of Markdown pages, and run those of one page in order.

As a script: ``python code_blocks.py PAGE`` runs a page in the current folder. Python blocks of a
page share their variables. Commands ``python -m reid_align.VERB`` run in the same process, which
saves importing torch for each; other bash blocks run with ``bash -euo pipefail``.

Two comments in the line above a block change what is done with it::

    <!-- not run: REASON -->
    <!-- run with: A => B; C => D -->   replaces A by B and C by D before running
"""

import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

BLOCK = re.compile(
    r"^(?:<!-- (?P<mark>not run|run with): (?P<text>.+?) -->\n)?"
    r"```(?P<language>python|bash)\n(?P<code>.*?)^```",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class CodeBlock:
    """A fenced code block.

    Attributes:
        line: line number of the opening fence.
        language: "python" or "bash".
        code: the code as it is run, after replacements.
        not_run: the reason why it is not run, or None.
    """

    line: int
    language: str
    code: str
    not_run: str | None


def find_blocks(page: Path) -> list[CodeBlock]:
    """Return the python and bash blocks of a page."""
    text, blocks = page.read_text("utf-8"), []
    for match in BLOCK.finditer(text):
        code, mark = match["code"], match["mark"]
        if mark == "run with":
            for replacement in match["text"].split("; "):
                old, new = replacement.split(" => ")
                if old not in code:
                    raise ValueError(f"{page}: {old!r} is not in the block to replace it in")
                code = code.replace(old, new)
        line = text.count("\n", 0, match.start("language")) + 1
        reason = match["text"] if mark == "not run" else None
        blocks.append(CodeBlock(line, match["language"], code, reason))
    return blocks


def run_bash(code: str) -> None:
    """Run a block of commands; raise if one fails."""
    lines = code.replace("\\\n", " ").splitlines()
    commands = [words for line in lines if (words := shlex.split(line, comments=True))]
    if not all(words[:2] == ["python", "-m"] for words in commands):
        subprocess.run(["bash", "-euo", "pipefail", "-c", code], check=True)
        return
    for words in commands:
        if exit_code := import_module(words[2]).main(words[3:]):
            raise RuntimeError(f"{shlex.join(words)}: exit code {exit_code}")


def run_page(page: Path) -> None:
    """Run the blocks of a page in the current folder; raise at the first that fails."""
    variables: dict[str, object] = {"__name__": "__main__"}
    for block in find_blocks(page):
        if block.not_run is not None:
            continue
        print(f"{page}:{block.line}", flush=True)
        if block.language == "bash":
            run_bash(block.code)
        else:
            # Empty lines in front give tracebacks the page's line numbers.
            code = "\n" * block.line + block.code
            exec(compile(code, str(page), "exec"), variables)


if __name__ == "__main__":
    run_page(Path(sys.argv[1]))
