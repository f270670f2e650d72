import sys
from pathlib import Path

# As a script finds the modules beside it.
sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
