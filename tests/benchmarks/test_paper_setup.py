"""What a measurement says that it started from, and which images it has."""

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest
from tiny_people import write_files

from benchmarks.papers.data_digests import digests
from benchmarks.papers.partial_sets import partial_sets
from benchmarks.papers.scale import SMALL
from benchmarks.papers.table_setup import Setup
from reid_align.errors import DatasetNotFoundError, InvalidInputError, WeightsNotFoundError


@pytest.fixture
def setup(tmp_path: Path) -> Setup:
    for file in ("start/encoder", "start/dsag_stream", "san_pg/encoder"):
        path = tmp_path / f"{file}.safetensors"
        path.parent.mkdir(exist_ok=True)
        path.write_text(file)
    names = str(tmp_path / "start"), str(tmp_path / "san_pg")
    return Setup(SMALL, {}, tmp_path, tmp_path, initial=names[0], san_pg=names[1])


def digest(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:16]


@pytest.mark.parametrize(
    ("recipe", "more"),
    [
        ("san_baseline", ""),
        ("dsa_baseline", ""),
        ("dsa_two_branch", ""),
        ("dsa_full", f", guided by sha256 {digest('start/dsag_stream')}"),
        ("dsa_csa", f", guided by sha256 {digest('start/dsag_stream')}"),
        ("san_baseline_pginit", f", by way of SAN-PG, sha256 {digest('san_pg/encoder')}"),
        ("san_full", f", by way of SAN-PG, sha256 {digest('san_pg/encoder')}"),
        ("san_rec_input", ""),
    ],
)
def test_start_names_all_initial_weights(setup: Setup, recipe: str, more: str) -> None:
    assert setup.start(recipe) == f"start, sha256 {digest('start/encoder')}{more}"


def test_start_of_a_continued_row_names_the_previous_row(setup: Setup) -> None:
    encoder = f"start, sha256 {digest('start/encoder')}"
    by_way = f"{encoder}, by way of SAN-PG, sha256 {digest('san_pg/encoder')}, by way of san_full"
    assert setup.start("san_partial", after="san_full") == by_way
    settings = ("san_full:task.constraint_weight=1", "san_partial:training.epochs=2")
    changed = replace(setup, settings=settings).start("san_partial", after="san_full")
    assert changed == f"{by_way} with task.constraint_weight=1"
    assert (
        setup.start("san_baseline_partial", after="san_baseline")
        == f"{encoder}, by way of san_baseline"
    )


@pytest.mark.parametrize("initial", [None, "random", "start/encoder.safetensors"])
def test_start_from_a_file_a_keyword_or_the_default(
    setup: Setup, tmp_path: Path, initial: str | None
) -> None:
    file = initial is not None and initial.endswith("safetensors")
    given = replace(setup, initial=str(tmp_path / initial) if initial and file else initial)
    encoder = f"encoder.safetensors, sha256 {digest('start/encoder')}"
    expected = encoder if file else initial or "imagenet"
    assert given.start("dsa_full") == expected
    drawn = f", by way of SAN-PG, sha256 {digest('san_pg/encoder')}"
    assert given.start("san_full") == expected + drawn


@pytest.mark.parametrize("option", ["initial", "san_pg"])
def test_error_names_missing_weights(setup: Setup, tmp_path: Path, option: str) -> None:
    lacking = replace(setup, **{option: str(tmp_path / "gone")})
    with pytest.raises(WeightsNotFoundError, match=r"gone/encoder\.safetensors does not exist"):
        lacking.start("san_full")


@pytest.mark.parametrize(
    ("recipe", "dataset", "lacking", "names"),
    [
        ("san_baseline", "market1501", None, ()),
        ("san_baseline", "synthetic", None, ("data",)),
        ("san_basic", "market1501", None, ()),
        ("san_basic", "market1501", "san_pg", ("synthetic",)),
        ("san_full", "market1501", None, ("synthetic",)),
        ("san_full", "synthetic", "synthetic", ("data", "synthetic")),
        ("dsa_baseline", "market1501", None, ()),
        ("dsa_full", "market1501", None, ("dense_uv",)),
        ("dsa_full", "market1501", "dense_uv", ("synthetic",)),
        ("dsa_full", "synthetic", None, ("data",)),
    ],
)
def test_digests_cover_the_data_of_a_row(
    setup: Setup, tmp_path: Path, recipe: str, dataset: str, lacking: str | None, names: tuple[str]
) -> None:
    for name in ("people/set.json", "pairs.csv", "maps/dense_uv.safetensors"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    people, pairs, maps = (str(tmp_path / name) for name in ("people", "pairs.csv", "maps"))
    given = replace(setup, folders={"synthetic": people}, synthetic=pairs, dense_uv=maps)
    given = replace(given, **{lacking: None} if lacking else {})
    images = "people/set.json" if lacking == "synthetic" else "pairs.csv"
    files = {"data": "people/set.json", "dense_uv": "maps/dense_uv.safetensors"}
    expected = {name: digest(files.get(name, images)) for name in names}
    assert digests(given, recipe, dataset) == expected


def test_digest_depends_on_cameras_and_splits(setup: Setup, tmp_path: Path) -> None:
    def found(name: str, old: str = "", new: str = "") -> str:
        table = write_files(tmp_path / name)
        table.write_text(table.read_text().replace(old, new, 1))
        data = digests(replace(setup, folders={"csv": str(table)}), "san_baseline", "csv")
        assert data.keys() == {"data"}
        return data["data"]

    once = found("once")
    assert once == found("again")
    assert once != found("other camera", "0_0.jpg,0,0,", "0_0.jpg,0,7,")
    assert once != found("other use", "query", "gallery")


def test_partial_sets_are_left_out_for_held_out_identities(setup: Setup, tmp_path: Path) -> None:
    given = replace(setup, folders={"csv": "people.csv", "partial_reid": str(tmp_path / "gone")})
    assert partial_sets(replace(given, held_out=2), "csv") == {}
    with pytest.raises(DatasetNotFoundError, match="gone"):
        partial_sets(given, "csv")


def test_error_names_a_missing_set(setup: Setup, tmp_path: Path) -> None:
    given = replace(setup, folders={"synthetic": str(tmp_path / "gone")})
    with pytest.raises(WeightsNotFoundError, match=r"gone/set\.json does not exist.*synthetic set"):
        digests(given, "san_baseline", "synthetic")


def test_seed_selects_the_split_of_cuhk01(setup: Setup, tmp_path: Path) -> None:
    campus = tmp_path / "campus"
    campus.mkdir()
    for person in range(1, 972):
        for image in range(1, 5):
            (campus / f"{person:04d}{image:03d}.png").touch()
    given = replace(setup, folders={"cuhk01": str(tmp_path)})
    tested = []
    for seed in (0, 7):
        data = given.data("cuhk01", seed)
        (split,) = data.evaluation.splits
        tested.append({record.person_id for record in split.query})
        trained = {record.person_id for record in data.reid.train}
        assert (len(trained), len(tested[-1]), trained & tested[-1]) == (485, 486, set())
    assert tested[0] != tested[1]
    with pytest.raises(InvalidInputError, match="split 10 does not exist"):
        given.data("cuhk01", 10)
