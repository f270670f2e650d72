"""Search order of weights files; a wrong file is an error."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hub_server import Hub
from weights_samples import REPO_ID, weights_of

from reid_align.errors import WeightsAccessError, WeightsIntegrityError, WeightsNotFoundError
from reid_align.weights import HubFile, Weights, locate_weights

CONTENT = b"the published bytes"
WRONG = b"some other bytes..."
NAME = "tiny.synthetic.safetensors"
Publish = Callable[..., HubFile]


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """Two folders of REID_ALIGN_WEIGHTS, both empty."""
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    monkeypatch.setenv("REID_ALIGN_WEIGHTS", f"{first}{os.pathsep}{os.pathsep}{second}")
    return first, second


@pytest.fixture
def bundled(tmp_path: Path) -> Path:
    """Folder of bundled files with the right file."""
    folder = tmp_path / "bundled"
    folder.mkdir()
    (folder / "tiny.safetensors").write_bytes(CONTENT)
    return folder


def record(hub_file: HubFile | None = None, bundled: str | None = "tiny.safetensors") -> Weights:
    return weights_of(CONTENT, hub=hub_file, bundled=bundled)


def test_user_folders_come_before_the_package_and_the_hub(
    hub: Hub, published: Publish, folders: tuple[Path, Path], bundled: Path
) -> None:
    weights = record(published(CONTENT))
    places = [folders[0] / NAME, folders[1] / NAME, bundled / "tiny.safetensors"]
    for place in places:
        place.write_bytes(CONTENT)
    for place in places:
        assert locate_weights(weights, bundled) == place
        place.unlink()
    assert hub.requests == []
    assert locate_weights(weights, bundled).read_bytes() == CONTENT
    assert [request.method for request in hub.requests] == ["HEAD", "GET"]


def test_a_bundled_file_is_used_only_if_the_record_names_it(
    published: Publish, bundled: Path
) -> None:
    weights = record(published(CONTENT), bundled=None)
    assert locate_weights(weights, bundled).parent != bundled


@pytest.mark.parametrize("place", ["first", "second", "bundled"])
def test_a_wrong_file_is_an_error_and_is_kept(
    hub: Hub, published: Publish, folders: tuple[Path, Path], bundled: Path, place: str
) -> None:
    wrong = bundled / "tiny.safetensors"
    if place != "bundled":
        wrong = bundled.parent / place / NAME
    wrong.write_bytes(WRONG)
    with pytest.raises(WeightsIntegrityError) as caught:
        locate_weights(record(published(CONTENT)), bundled)
    assert str(caught.value).startswith(f"{wrong} differs from the published file")
    assert wrong.read_bytes() == WRONG
    assert hub.requests == []


def test_an_unreadable_file_is_an_error(folders: tuple[Path, Path], bundled: Path) -> None:
    (folders[0] / NAME).symlink_to("gone")
    with pytest.raises(WeightsIntegrityError, match="cannot be read"):
        locate_weights(record(), bundled)
    (folders[0] / NAME).unlink()
    (folders[0] / NAME).mkdir()
    with pytest.raises(WeightsIntegrityError, match="cannot be read"):
        locate_weights(record(), bundled)


def test_a_folder_may_start_with_a_tilde(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / NAME).write_bytes(CONTENT)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("REID_ALIGN_WEIGHTS", "~")
    assert locate_weights(record(), tmp_path) == tmp_path / NAME


def test_missing_weights_list_the_searched_places(
    hub: Hub, folders: tuple[Path, Path], tmp_path: Path
) -> None:
    places = [folders[0] / NAME, folders[1] / NAME, tmp_path / "tiny.safetensors"]
    with pytest.raises(WeightsNotFoundError) as caught:
        locate_weights(record(), tmp_path)
    text = str(caught.value)
    assert text.startswith("tiny.synthetic: not found at " + ", ".join(map(str, places)))
    assert "reinstall it" in text
    assert hub.requests == []

    with pytest.raises(WeightsAccessError) as refused:
        locate_weights(weights_of(CONTENT), tmp_path)
    text = str(refused.value)
    assert text.startswith(f"tiny.synthetic: not found at {places[0]}, {places[1]}. {REPO_ID}")
    assert f"put {NAME} into a folder and set REID_ALIGN_WEIGHTS to that folder" in text
