"""Uploads with huggingface_hub to a local server: one commit, private by default."""

from pathlib import Path

import pytest
from hub_server import Hub
from hub_server_publish import PublishHandler
from weights_samples import TinyEncoder, info_of

from reid_align.errors import (
    InvalidInputError,
    OutputError,
    WeightsAccessError,
    WeightsIntegrityError,
    WeightsNotFoundError,
)
from reid_align.weights import fetch_repository, push_folder, read_folder, write_folder

# A deprecation inside huggingface_hub.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")

REPO_ID = "maintainer-org/mine"
CARD = b"---\nlibrary_name: reid-align\n---\nAn encoder.\n"
FILES = {"config.json", "model.safetensors"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with an encoder."""
    encoder = TinyEncoder(1)
    write_folder(encoder, tmp_path / "mine", info_of(encoder), feature_dim=40)
    return tmp_path / "mine"


@pytest.fixture
def logged_in(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Hub:
    """The Hub, with the maintainer's token in the environment."""
    monkeypatch.setenv("HF_TOKEN", PublishHandler.TOKEN)
    return hub


def test_a_push_can_be_fetched_by_its_commit(logged_in: Hub, folder: Path) -> None:
    commit = push_folder(folder, REPO_ID)
    fetched = fetch_repository(f"{REPO_ID}@{commit}")
    assert fetched.config == read_folder(folder).config
    assert fetched.weights.read_bytes() == (folder / "model.safetensors").read_bytes()


def test_a_push_is_one_commit_with_the_card_and_nothing_else_from_the_folder(
    logged_in: Hub, folder: Path
) -> None:
    (folder / "README.md").write_bytes(CARD)
    (folder / "notes.txt").write_text("private")
    commit = push_folder(folder, REPO_ID)
    commits = logged_in.repositories[REPO_ID].commits
    assert list(commits)[1:] == [commit]
    assert set(commits[commit]) == FILES | {".gitattributes", "README.md"}
    assert commits[commit]["README.md"] == CARD


@pytest.mark.parametrize("private", [True, False])
def test_a_new_repository_is_private_by_default(
    logged_in: Hub, folder: Path, private: bool
) -> None:
    if private:
        push_folder(folder, REPO_ID)
    else:
        push_folder(folder, REPO_ID, private=False)
    assert logged_in.repositories[REPO_ID].private is private


def test_a_second_push_is_a_second_commit(logged_in: Hub, folder: Path) -> None:
    first = push_folder(folder, REPO_ID)
    (folder / "README.md").write_bytes(CARD)
    second = push_folder(folder, REPO_ID)
    assert list(logged_in.repositories[REPO_ID].commits)[1:] == [first, second]


def test_a_private_push_to_a_public_repository_is_refused(logged_in: Hub, folder: Path) -> None:
    logged_in.add(REPO_ID, {".gitattributes": b""})
    with pytest.raises(InvalidInputError, match=f"^{REPO_ID} is public, but"):
        push_folder(folder, REPO_ID)
    assert len(logged_in.repositories[REPO_ID].commits) == 1
    push_folder(folder, REPO_ID, private=False)
    assert len(logged_in.repositories[REPO_ID].commits) == 2


def test_a_public_push_to_a_private_repository_is_refused(logged_in: Hub, folder: Path) -> None:
    access = {"private": True, "token": PublishHandler.TOKEN}
    logged_in.add(REPO_ID, {".gitattributes": b""}, **access)
    page = f"{logged_in.url}/{REPO_ID}/settings"
    with pytest.raises(InvalidInputError, match=f"^{REPO_ID} is private, .*public at {page}"):
        push_folder(folder, REPO_ID, private=False, tag="v1.0.0")
    repository = logged_in.repositories[REPO_ID]
    assert (len(repository.commits), repository.tags, repository.private) == (1, {}, True)
    # Make it public, as on its settings page; the tag is still free.
    repository.private = False
    commit = push_folder(folder, REPO_ID, private=False, tag="v1.0.0")
    assert repository.tags == {"v1.0.0": commit}


def test_a_push_without_a_token_is_refused(hub: Hub, folder: Path) -> None:
    with pytest.raises(WeightsAccessError, match=f"^{REPO_ID}, create repository: .*HF_TOKEN"):
        push_folder(folder, REPO_ID)
    assert hub.repositories == {}


def test_a_push_with_a_wrong_token_is_refused(
    hub: Hub, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    with pytest.raises(WeightsAccessError, match=f"^{REPO_ID}, create repository: "):
        push_folder(folder, REPO_ID)


def test_an_interrupted_push_leaves_no_commit(logged_in: Hub, folder: Path) -> None:
    logged_in.statuses = [521]
    with pytest.raises(OutputError, match=f"^{REPO_ID}, create repository: .*521"):
        push_folder(folder, REPO_ID)
    assert len(logged_in.repositories[REPO_ID].commits) == 1


def test_an_upload_that_is_refused_is_an_access_error(logged_in: Hub, folder: Path) -> None:
    logged_in.upload_statuses = [403]
    with pytest.raises(WeightsAccessError, match=f"^{REPO_ID}, upload: .*403"):
        push_folder(folder, REPO_ID)


def test_an_invalid_folder_is_not_pushed(logged_in: Hub, folder: Path) -> None:
    with pytest.raises(WeightsNotFoundError, match=r"has no config\.json"):
        push_folder(folder.parent, REPO_ID)
    with (folder / "model.safetensors").open("ab") as file:
        file.write(b"x")
    with pytest.raises(WeightsIntegrityError):
        push_folder(folder, REPO_ID)
    assert logged_in.requests == []
