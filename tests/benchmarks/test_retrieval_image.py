"""The image of what queries find: who is chosen, what is framed how, and where it may go."""

import io
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tiny_people import make_set, write_files

from benchmarks.studies import retrieval
from reid_align.datasets import ImageRecord, ReidDataset, Split, load_dataset
from reid_align.errors import InvalidInputError
from reid_align.evaluation import QueryScore
from reid_align.evaluation.feature_matching import LabeledFeatures
from reid_align.metrics import Labels


def scored(number: int, person: int, first_hit: int) -> QueryScore:
    return QueryScore("s", f"q{number}", person, 0, float(first_hit == 1), 0.5, first_hit)


QUERIES = tuple(scored(number, number // 2, number % 7 + 1) for number in range(20))


def side(name: str, people: list[int], cameras: list[int], places: list[float]) -> LabeledFeatures:
    records = tuple(
        ImageRecord(f"{name}{index}", person, camera)
        for index, (person, camera) in enumerate(zip(people, cameras, strict=True))
    )
    # Points on a circle: the farther along, the farther from the first.
    values = np.array([[np.cos(place), np.sin(place)] for place in places], np.float32)
    return LabeledFeatures(records, values, Labels(np.array(people), np.array(cameras)))


def test_queries_are_drawn_by_seed_not_by_result() -> None:
    chosen = retrieval.drawn(QUERIES, 6, 0)
    assert chosen == retrieval.drawn(QUERIES, 6, 0) != retrieval.drawn(QUERIES, 6, 1)
    assert len({query.person_id for query in chosen}) == 6
    better = tuple(scored(number, number // 2, 1) for number in range(20))
    assert [query.path for query in retrieval.drawn(better, 6, 0)] == [q.path for q in chosen]


def test_worst_queries_have_the_latest_first_match() -> None:
    assert [query.first_hit for query in retrieval.worst(QUERIES, 3)] == [7, 7, 6]


def test_frame_colors() -> None:
    query = side("q", [1], [0], [0.0])
    gallery = side("g", [1, 2, 2, 1, 3], [0, 0, 1, 1, 1], [0.1, 0.2, 0.3, 0.4, 0.5])
    chosen = QueryScore("s", "q0", 1, 0, 0.0, 0.5, 3)
    row = retrieval.find(chosen, query, gallery, protocol=False)
    right, wrong, own = retrieval.RIGHT, retrieval.WRONG, retrieval.OWN_CAMERA
    assert row == ("q0", [("g2", wrong), ("g3", right), ("g4", wrong)], "")
    row = retrieval.find(chosen, query, gallery, protocol=True)
    assert row.found == [
        ("g1", own), ("g2", wrong), ("g3", right), ("g4", wrong), ("g3", right)
    ]  # fmt: skip
    assert row.text == "camera 0; last image: first correct match, at rank 3"


def run(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> None:
    monkeypatch.setattr(sys, "argv", ["retrieval.py", *map(str, arguments)])
    retrieval.main()


def test_synthetic_set_gives_a_small_jpeg(
    tmp_path: Path, weights: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, output = f"synthetic={make_set(tmp_path / 'set')}", tmp_path / "r.jpg"
    run(monkeypatch, "--data", data, "--weights", weights, "--device", "cpu", "-o", output)
    content = output.read_bytes()
    assert len(content) < retrieval.LARGEST
    with Image.open(io.BytesIO(content)) as image:
        assert image.format == "JPEG"
        # Two test people: a row each, and the line below.
        assert image.height == 2 * 140 + 24


def test_images_of_real_people_stay_outside_the_repository(
    tmp_path: Path, weights: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, inside = f"csv={write_files(tmp_path)}", retrieval.ROOT / "docs/images/worst.jpg"
    (tmp_path / "link").symlink_to(retrieval.ROOT)
    command = ("--data", data, "--weights", weights, "--device", "cpu", "--worst", "--rows", 2)
    for place in (inside, tmp_path / "link/worst.jpg"):
        with pytest.raises(InvalidInputError, match="may show real people"):
            run(monkeypatch, *command, "-o", place)
    assert not inside.exists()
    run(monkeypatch, *command, "-o", tmp_path / "worst.jpg")
    assert (tmp_path / "worst.jpg").exists()


def test_worst_needs_an_output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SystemExit):
        run(monkeypatch, "--data", f"synthetic={tmp_path}", "--worst")


@pytest.mark.parametrize("names", [(), ("a", "b")])
def test_exactly_one_dataset_is_required(
    names: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        run(monkeypatch, *(f"--data={name}=data/{name}" for name in names))
    assert stopped.value.code == 2
    assert "--data NAME=FOLDER is required exactly once." in capsys.readouterr().err


def test_image_above_the_size_limit_is_refused() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (1200, 1200, 3), dtype=np.uint8)
    with pytest.raises(InvalidInputError, match="Reduce --rows"):
        retrieval.encoded(Image.fromarray(noise))


def test_dataset_name_decides_if_people_are_real(tmp_path: Path) -> None:
    records = (ImageRecord("a", 1, 1),)
    other = ReidDataset("market1501", "/data", (), (Split("s", records, records),), "cross_camera")
    with pytest.raises(InvalidInputError, match="market1501"):
        retrieval.check_place(retrieval.MODELS_IMAGE, other)
    retrieval.check_place(retrieval.MODELS_IMAGE, load_dataset("synthetic", make_set(tmp_path)))
