"""Environments with real trackers, each of which needs other versions of common packages.

An environment is a virtual environment in build/trackers/. It sees the packages of this one, and
its own packages come first.
"""

import subprocess
import sys
from pathlib import Path
from sysconfig import get_path

ROOT = Path(__file__).parents[2]
# boxmot is AGPL-3.0: it is used here as a user would, and is no dependency of this project.
PACKAGES = {
    "boxmot": ("boxmot==25.0.0",),
    "norfair": ("norfair==2.3.0",),
    "trackers": ("trackers>=2.6,<3",),
}


def tracker_python(name: str) -> Path:
    """Return the interpreter of an environment; creates it at the first call."""
    folder = ROOT / "build" / "trackers" / name
    python = folder / "bin" / "python"
    complete = folder / "complete"
    if complete.exists():
        return python
    subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
    packages = next(folder.glob("lib/python*/site-packages"))
    # addsitedir also reads the .pth file of an editable installation.
    (packages / "outer.pth").write_text(f"import site; site.addsitedir({get_path('purelib')!r})\n")
    command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*command, *PACKAGES[name]], check=True)
    complete.touch()
    return python
