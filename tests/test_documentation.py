"""The tables of the documentation are those that the committed results give."""

import subprocess
import sys
from pathlib import Path

DOCS = Path(__file__).parent.parent / "benchmarks" / "docs.py"


def test_every_generated_table_is_up_to_date() -> None:
    done = subprocess.run([sys.executable, DOCS, "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
