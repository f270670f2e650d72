import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
# The package `benchmarks` is not installed; the other two folders have shared test helpers.
sys.path[:0] = [str(ROOT), str(ROOT / "tests/features"), str(ROOT / "tests/metrics")]
