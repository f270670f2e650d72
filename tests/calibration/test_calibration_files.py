"""Calibration files, their digest, and the calibrations in the package."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from calibration_samples import normal_pairs

from reid_align import ExtractOptions, dsa_reid, san_mobilenet_v2, san_resnet50
from reid_align.calibration import (
    Bootstrap,
    Calibration,
    calibration_report,
    find_calibration,
    fit_calibration,
    read_calibration,
    shipped_calibration,
    write_calibration,
)
from reid_align.calibration.calibration_plot import draw_calibration
from reid_align.errors import InvalidInputError, MixedFeaturesError, OutputError
from reid_align.features import digest_of


@pytest.fixture(scope="module")
def calibration() -> Calibration:
    return fit_calibration(
        normal_pairs(), digest="weights:1,flip:no", place="a test", bootstrap=Bootstrap(20)
    )


def test_a_file_is_read_back_unchanged(calibration: Calibration, tmp_path: Path) -> None:
    file = tmp_path / "calibration.json"
    write_calibration(calibration, file)
    assert read_calibration(file) == calibration
    assert len(file.read_bytes()) < 40_000
    document = json.loads(file.read_text())
    assert (document["digest"], document["place"]) == ("weights:1,flip:no", "a test")


def test_reading_and_applying_needs_no_extra(calibration: Calibration, tmp_path: Path) -> None:
    write_calibration(calibration, tmp_path / "c.json")
    script = (
        "import sys\n"
        "for name in ('sklearn', 'scipy', 'matplotlib'): sys.modules[name] = None\n"
        "from reid_align.calibration import read_calibration\n"
        f"print(read_calibration({str(tmp_path / 'c.json')!r}).probabilities(0.4) > 0.5)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.strip() == "True", done.stderr


def test_another_encoder_is_refused(calibration: Calibration, tmp_path: Path) -> None:
    file = tmp_path / "calibration.json"
    write_calibration(calibration, file)
    assert find_calibration(file, "weights:1,flip:no") == calibration
    with pytest.raises(MixedFeaturesError, match=r"differ in weights.*weights:1.*weights:2"):
        find_calibration(file, "weights:2,flip:no", "the gallery")
    with pytest.raises(MixedFeaturesError, match="differ in flip"):
        find_calibration(file, "weights:1,flip:yes")


def test_damaged_files_are_refused(calibration: Calibration, tmp_path: Path) -> None:
    file = tmp_path / "calibration.json"
    with pytest.raises(InvalidInputError, match="Cannot read the calibration"):
        read_calibration(file)
    for text in ("", "{}", '{"schema": 1}', '{"schema": 9}', "[]"):
        file.write_text(text)
        with pytest.raises(InvalidInputError, match="Cannot read the calibration"):
            read_calibration(file)
    with pytest.raises(OutputError):
        write_calibration(calibration, tmp_path / "missing" / "c.json")


@pytest.mark.parametrize("factory", [san_mobilenet_v2, san_resnet50, dsa_reid])
def test_the_shipped_weights_have_a_calibration(factory: object) -> None:
    digest = digest_of(factory(pretrained=True), ExtractOptions())
    found = find_calibration(None, digest)
    assert found.is_shipped
    assert found.place.startswith("synthetic people")
    assert found.pairs.identities > 150
    assert found.equal_error_rate < 0.05
    assert 0.2 < found.threshold < 0.8
    assert find_calibration(None, digest.replace("flip:no", "flip:yes")) is None
    assert shipped_calibration("") is None


def test_the_report_shows_threshold_rates_and_intervals(calibration: Calibration) -> None:
    text = calibration_report(calibration)
    assert "Calibration on a test: 16,000 images of 12,000 identities" in text
    assert "4,000 pairs of the same identity, 4,000 pairs of different" in text
    assert f"* 1 %            {calibration.threshold:.4f}" in text
    assert "95 % confidence intervals, bootstrap over identities, 20 draws, seed 0" in text


def test_the_plot_marks_the_threshold(calibration: Calibration) -> None:
    image = draw_calibration(calibration)
    assert image.size == (1500, 420)
    other = draw_calibration(replace(calibration, threshold=0.3))
    assert (np.asarray(image) != np.asarray(other)).any()
