"""Encoder folders and repositories: atomic writing, strict reading, one commit."""

import json
from pathlib import Path

import pytest
from hub_server import Hub, sha256
from weights_samples import REPO_ID, TinyEncoder, bytes_of, info_of

import reid_align
from reid_align.errors import (
    InvalidInputError,
    OutputError,
    WeightsAccessError,
    WeightsFormatError,
    WeightsIntegrityError,
    WeightsNotFoundError,
)
from reid_align.weights import (
    RepositoryConfig,
    fetch_repository,
    read_folder,
    read_header,
    write_folder,
)

ENCODER = TinyEncoder(1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with an encoder."""
    write_folder(ENCODER, tmp_path / "mine", info_of(ENCODER), feature_dim=40)
    return tmp_path / "mine"


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def change_config(folder: Path, **changes: object) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | changes), "utf-8")


def test_a_written_folder_holds_two_files_that_describe_the_encoder(folder: Path) -> None:
    content = (folder / "model.safetensors").read_bytes()
    info = info_of(ENCODER)
    assert set(files_of(folder)) == {"config.json", "model.safetensors"}
    assert json.loads((folder / "config.json").read_text("utf-8"))["schema"] == 1
    assert read_header(folder / "model.safetensors") == info
    assert read_folder(folder).weights == folder / "model.safetensors"
    assert read_folder(folder).config == RepositoryConfig(
        architecture="tiny",
        arch_args={"seed": 0},
        preprocess=info.preprocess,
        feature_dim=40,
        parameters=sum(parameter.numel() for parameter in ENCODER.parameters()),
        bytes=len(content),
        sha256=sha256(content),
        fingerprint=info.fingerprint,
        library_version=reid_align.__version__,
    )


def test_the_same_encoder_gives_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "again").mkdir()
    write_folder(TinyEncoder(1), tmp_path / "again", info_of(ENCODER), feature_dim=40)
    assert files_of(tmp_path / "again") == files_of(folder)


def test_a_folder_with_files_is_not_written_to(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("keep")
    with pytest.raises(OutputError, match="is not empty"):
        write_folder(ENCODER, tmp_path / "mine", info_of(ENCODER), feature_dim=40)
    assert files_of(tmp_path / "mine") == {"notes.txt": b"keep"}


def test_a_folder_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="Cannot write"):
        write_folder(ENCODER, tmp_path / "file" / "mine", info_of(ENCODER), feature_dim=40)
    with pytest.raises(OutputError, match="Cannot write"):
        write_folder(ENCODER, tmp_path / "file", info_of(ENCODER), feature_dim=40)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("key", ["preprocess", "fingerprint"])
def test_an_encoder_without_preprocessing_or_fingerprint_is_not_written(
    tmp_path: Path, key: str
) -> None:
    with pytest.raises(InvalidInputError, match="needs preprocessing and a fingerprint"):
        write_folder(ENCODER, tmp_path / "mine", info_of(ENCODER, **{key: None}), feature_dim=40)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"schema": 2}, "schema: expected 1, got 2"),
        ({"more": 1}, "more: unknown key"),
        ({"architecture": None}, "architecture: expected a text that is not empty"),
        ({"arch_args": {"a": []}}, "arch_args: a: expected"),
        ({"preprocess": None}, "preprocess: expected an object"),
        ({"feature_dim": 0}, "feature_dim: expected at least 1, got 0"),
        ({"parameters": 0}, "parameters: expected at least 1, got 0"),
        ({"bytes": -1}, "bytes: expected at least 1, got -1"),
        ({"sha256": "x"}, "sha256: expected 64 hex digits"),
        ({"fingerprint": None}, "fingerprint: expected a list"),
        ({"fingerprint": [1, 2]}, "fingerprint: expected 34"),
        ({"library_version": 1}, "library_version: expected a text"),
    ],
)
def test_an_invalid_config_is_refused_with_file_and_key(
    folder: Path, changes: dict[str, object], message: str
) -> None:
    change_config(folder, **changes)
    with pytest.raises(WeightsFormatError) as caught:
        read_folder(folder)
    assert str(caught.value).startswith(f"{folder / 'config.json'} is not a reid_align config: ")
    assert message in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"[]", b'{"model_type": "bert"}'])
def test_a_config_of_something_else_is_refused(folder: Path, content: bytes) -> None:
    (folder / "config.json").write_bytes(content)
    with pytest.raises(WeightsFormatError, match=r"config\.json is not a reid_align config"):
        read_folder(folder)


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
def test_a_folder_without_one_of_the_files_is_refused(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(WeightsNotFoundError, match=f"has no {name}"):
        fetch_repository(folder)


def test_weights_that_do_not_match_the_config_are_refused(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(bytes_of(TinyEncoder(5), folder.parent))
    with pytest.raises(WeightsIntegrityError, match=r"model\.safetensors differs from"):
        fetch_repository(folder)


@pytest.mark.parametrize("form", ["{}", "{}@main", "hf-hub:{}", "hf-hub:{}@{commit}"])
def test_a_repository_is_fetched_by_each_of_its_names(hub: Hub, folder: Path, form: str) -> None:
    commit = hub.add(REPO_ID, files_of(folder))
    fetched = fetch_repository(form.format(REPO_ID, commit=commit))
    assert fetched.config == read_folder(folder).config
    assert fetched.weights.read_bytes() == (folder / "model.safetensors").read_bytes()
    assert fetched.weights.parent.name == commit


def test_both_files_come_from_one_commit_of_the_branch(hub: Hub, folder: Path) -> None:
    hub.add(REPO_ID, files_of(folder))
    commit = hub.add(REPO_ID, files_of(folder) | {"README.md": b"second"})
    fetch_repository(REPO_ID)
    heads = [request.path for request in hub.requests if request.method == "HEAD"]
    assert heads == [
        f"/{REPO_ID}/resolve/main/config.json",
        f"/{REPO_ID}/resolve/{commit}/model.safetensors",
    ]
    hub.requests.clear()
    fetch_repository(REPO_ID)
    assert [request.method for request in hub.requests] == ["HEAD"]


def test_a_moved_branch_is_followed_and_a_pinned_commit_is_not(hub: Hub, folder: Path) -> None:
    first = hub.add(REPO_ID, files_of(folder))
    other = folder.parent / "other"
    write_folder(TinyEncoder(2), other, info_of(TinyEncoder(2)), feature_dim=40)
    assert fetch_repository(REPO_ID).config == read_folder(folder).config
    hub.add(REPO_ID, files_of(other))
    assert fetch_repository(REPO_ID).config == read_folder(other).config
    assert fetch_repository(f"{REPO_ID}@{first}").config == read_folder(folder).config


def test_a_repository_with_other_weights_than_its_config_is_refused(hub: Hub, folder: Path) -> None:
    wrong = bytes_of(TinyEncoder(5), folder.parent)
    hub.add(REPO_ID, files_of(folder) | {"model.safetensors": wrong})
    with pytest.raises(WeightsIntegrityError, match="differs from the published file"):
        fetch_repository(REPO_ID)


def test_a_folder_takes_precedence_over_a_repository(
    hub: Hub, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.add("user/mine", {"config.json": b"{}"})
    (folder.parent / "user").mkdir()
    folder.rename(folder.parent / "user" / "mine")
    monkeypatch.chdir(folder.parent)
    assert fetch_repository("user/mine").weights == Path("user/mine/model.safetensors")
    assert hub.requests == []
    with pytest.raises(WeightsFormatError, match=r"config\.json"):
        fetch_repository("hf-hub:user/mine")


@pytest.mark.parametrize("source", ["nothing", "./a/b", "/a/b", "../a", "a/b/c", "", "a/b\n"])
def test_an_invalid_repository_name_is_refused(hub: Hub, source: str) -> None:
    with pytest.raises(WeightsNotFoundError, match="neither a folder nor a repository name"):
        fetch_repository(source)
    assert hub.requests == []


def test_a_path_is_never_a_repository(hub: Hub) -> None:
    with pytest.raises(WeightsNotFoundError, match=r"^a/b is neither a folder"):
        fetch_repository(Path("a/b"))
    assert hub.requests == []


def test_a_missing_repository_is_an_error(hub: Hub) -> None:
    with pytest.raises(WeightsAccessError, match=f"{hub.url}/a/b"):
        fetch_repository("a/b")
    hub.add("a/b", {"README.md": b""})
    with pytest.raises(WeightsNotFoundError, match=r"file config\.json: .* no such file"):
        fetch_repository("a/b")
