"""The examples of the guide on tracking, run with the real trackers."""

import re
import subprocess
from pathlib import Path

import pytest
from tracker_environment import PACKAGES, ROOT, tracker_python

from reid_align.synth import StreetSettings, write_street_video

GUIDE = ROOT / "docs" / "guides" / "tracking.md"
FINDER = ROOT / "tests" / "docs"
# The blocks of a page that need one package, after those that need none.
RUN = """
import sys
sys.path.insert(0, {finder!r})
from pathlib import Path
from code_blocks import find_blocks
variables = {{}}
for block in find_blocks(Path({guide!r})):
    code = block.code
    used = block.not_run == "needs the package {name}"
    if block.language == "python" and (used or block.not_run is None):
        if "write_street_video" not in code and "deep_sort" not in code:
            exec(compile(code, "block", "exec"), variables)
globals().update(variables)
{check}
"""
CHECKS = {
    "trackers": (
        "assert people.values.shape == (len(people.paths), 1280)\n"
        "cameras = {path.split('/')[0] for path in people.paths}\n"
        "assert cameras == {'camera1', 'camera2'}, people.paths\n"
        "assert distances.shape == (len(first), len(second))"
    ),
    "boxmot": (
        "assert len(found), found\n"
        "from boxmot.structures import Boxes, Detections\n"
        "one = torch.ones(1, 8)\n"
        "wrong = Detections(Boxes(torch.tensor([[9.0, 9, 99, 199]])), torch.ones(1),\n"
        "    torch.zeros(1, dtype=torch.int64), sample_id='other', embeddings=one)\n"
        "import pytest\n"
        "with pytest.raises(ValueError, match='width changed from 1280 to 8'):\n"
        "    tracker.update(wrong, frame)"
    ),
    "norfair": (
        "assert found\n"
        "assert all(track.last_detection.embedding.shape == (1280,) for track in found)"
    ),
}


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two people on 30 frames of two cameras."""
    folder = tmp_path_factory.mktemp("guide")
    write_street_video(folder / "street", StreetSettings(people=2, frames=30))
    return folder


@pytest.mark.services
@pytest.mark.parametrize("name", sorted(PACKAGES))
def test_an_example_runs_with_the_real_tracker(name: str, street: Path) -> None:
    code = RUN.format(finder=str(FINDER), guide=str(GUIDE), name=name, check=CHECKS[name])
    done = subprocess.run(
        [tracker_python(name), "-c", code], cwd=street, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_tracker_has_an_example() -> None:
    text = GUIDE.read_text("utf-8")
    for name in PACKAGES:
        assert f"<!-- not run: needs the package {name} -->" in text


def test_the_package_imports_no_tracker() -> None:
    trackers = "boxmot|trackers|supervision|norfair|deep_sort_realtime"
    statement = re.compile(rf"^\s*(?:import|from) (?:{trackers})\b", re.MULTILINE)
    files = list((ROOT / "reid_align").rglob("*.py"))
    assert not [path for path in files if statement.search(path.read_text("utf-8"))]
    assert statement.search("    from supervision import Detections")
