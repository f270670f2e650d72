"""The explain command: outputs and errors."""

import json
from pathlib import Path

import pytest
from PIL import Image

from reid_align.explain import main

EXAMPLES = Path(__file__).parents[1] / "examples"
FIRST, SECOND = sorted(map(str, EXAMPLES.glob("0001_*.jpg")))[:2]


def test_two_images_give_a_figure_and_numbers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "why.jpg"
    assert main([FIRST, SECOND, "-o", str(output), "--device", "cpu"]) == 0
    numbers = json.loads(output.with_suffix(".json").read_text())
    assert capsys.readouterr().out == f"similarity {numbers['similarity']:.4f}\n"
    assert 0.3 < numbers["similarity"] < 0.99
    assert [image["path"] for image in numbers["images"]] == [FIRST, SECOND]
    total = sum(map(sum, numbers["images"][0]["contributions"]))
    assert total == pytest.approx(numbers["similarity"], abs=1e-4)
    assert numbers["encoder"]["weights"]["name"] == "san_mobilenet_v2.imagenet"
    with Image.open(output) as image:
        assert image.format == "JPEG"
    assert main([FIRST, SECOND, "-o", str(output), "--matches", "3"]) == 2
    assert "exists. Choose another name, or replace it with --force." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message", "code"),
    [
        (["nowhere.jpg", FIRST, "-o", "why.jpg"], "nowhere.jpg", 1),
        ([FIRST, "-o", "why.gif"], "the suffix must be one of .jpg, .jpeg, .png, .webp", 2),
        ([FIRST, "-o", "nowhere/why.png"], "does not exist. Create it first", 1),
        ([FIRST, "-o", "why.png", "--matches", "21"], "Give 0 to 20", 2),
    ],
)
def test_errors_are_one_line_and_write_nothing(
    arguments: list[str],
    message: str,
    code: int,
    weights: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([*arguments, "--weights", weights, "--device", "cpu"]) == code
    assert message in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
