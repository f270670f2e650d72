"""Train and score the rows of both papers' tables, and print them next to the published figures.

See benchmarks/papers/tables_command.py, or run this command with --help.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # The package `benchmarks` is not installed.

from benchmarks.papers.tables_command import main

if __name__ == "__main__":
    sys.exit(main())
