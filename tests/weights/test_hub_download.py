"""Verified downloads with huggingface_hub from a local server."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from hub_server import Hub, sha256
from unprivileged import without_the_rights_of_root
from weights_samples import REPO_ID

import reid_align
from reid_align.errors import WeightsAccessError, WeightsIntegrityError, WeightsNotFoundError
from reid_align.weights import HubFile
from reid_align.weights.hub_download import download, fetch

MEGABYTE = 2**20
CONTENT = random.Random(0).randbytes(1000)
WRONG = random.Random(1).randbytes(1000)
Publish = Callable[..., HubFile]


def get(file: HubFile, content: bytes = CONTENT) -> bytes:
    return download(file, len(content), sha256(content)).read_bytes()


@contextmanager
def read_only(cache: Path) -> Iterator[None]:
    """Remove write permission; root temporarily becomes an unprivileged user."""
    folders = [cache, *(path for path in cache.rglob("*") if path.is_dir())]
    cache.parent.chmod(0o755)
    for folder in folders:
        folder.chmod(0o555)
    try:
        with without_the_rights_of_root():
            yield
    finally:
        for folder in folders:
            folder.chmod(0o755)


def test_a_fresh_file_is_downloaded_once_then_served_without_a_request(
    hub: Hub, published: Publish
) -> None:
    file = published(CONTENT)
    assert get(file) == CONTENT
    assert [request.method for request in hub.requests] == ["HEAD", "GET"]
    hub.requests.clear()
    assert get(file) == CONTENT
    assert hub.requests == []


def test_requests_name_the_library(hub: Hub, published: Publish) -> None:
    get(published(CONTENT))
    name = f"reid_align/{reid_align.__version__}"
    assert all(name in request.agent for request in hub.requests)


@pytest.mark.usefixtures("no_waiting")
def test_an_interrupted_download_is_continued(hub: Hub, published: Publish) -> None:
    content = random.Random(2).randbytes(12 * MEGABYTE)
    file = published(content)
    hub.cdn_breaks = [11 * MEGABYTE]
    with suppress(WeightsNotFoundError):  # below 2.0, only the next call continues
        get(file, content)
    assert get(file, content) == content
    # huggingface_hub writes in steps of 10 MiB.
    assert [request.range for request in hub.cdn_downloads()] == [None, f"bytes={10 * MEGABYTE}-"]


@pytest.mark.usefixtures("no_waiting")
def test_a_download_that_always_fails_is_an_error(hub: Hub, published: Publish) -> None:
    file = published(CONTENT)
    hub.cdn_breaks = [10] * 50
    with pytest.raises(WeightsNotFoundError, match="Check the connection"):
        get(file)


def test_wrong_bytes_of_the_right_length_are_downloaded_again(hub: Hub, published: Publish) -> None:
    file = published(CONTENT)
    hub.cdn_bodies = [WRONG]
    assert get(file) == CONTENT
    assert len(hub.cdn_downloads()) == 2
    hub.requests.clear()
    assert get(file) == CONTENT
    assert hub.requests == []


def test_bytes_that_stay_wrong_are_an_error_after_two_downloads(
    hub: Hub, published: Publish
) -> None:
    file = published(CONTENT)
    hub.cdn_bodies = [WRONG, WRONG]
    with pytest.raises(WeightsIntegrityError) as caught:
        get(file)
    assert sha256(WRONG) in str(caught.value)
    assert sha256(CONTENT) in str(caught.value)
    assert len(hub.cdn_downloads()) == 2
    assert get(file) == CONTENT, "the next call starts again"


def test_a_repaired_mirror_is_used_again(hub: Hub, published: Publish) -> None:
    file = published(CONTENT)
    commits = hub.repositories[REPO_ID].commits
    right = commits[file.revision]
    commits[file.revision] = {file.filename: WRONG}
    hub.blobs[sha256(WRONG)] = WRONG
    with pytest.raises(WeightsIntegrityError):
        get(file)
    commits[file.revision] = right
    assert get(file) == CONTENT


def test_a_cached_file_that_has_changed_is_downloaded_again(hub: Hub, published: Publish) -> None:
    file = published(CONTENT)
    fetch(file.repo_id, file.revision, file.filename).write_bytes(WRONG)
    assert get(file) == CONTENT
    assert len(hub.cdn_downloads()) == 2


@pytest.mark.usefixtures("no_waiting")
@pytest.mark.parametrize("through_the_blob", [False, True])
def test_a_wrong_file_outside_the_cache_is_replaced_in_the_cache_only(
    hub: Hub, published: Publish, tmp_path: Path, through_the_blob: bool
) -> None:
    file, foreign = published(CONTENT), tmp_path / "foreign"
    foreign.write_bytes(WRONG)
    path = fetch(file.repo_id, file.revision, file.filename)
    link = path.parent / path.readlink() if through_the_blob else path
    link.unlink()
    link.symlink_to(foreign)
    assert get(file) == CONTENT
    assert foreign.read_bytes() == WRONG


def test_a_changed_file_that_cannot_be_downloaded_again_is_an_integrity_error(
    hub: Hub, published: Publish
) -> None:
    file = published(CONTENT)
    fetch(file.repo_id, file.revision, file.filename).write_bytes(WRONG)
    hub.statuses = [404]
    with pytest.raises(WeightsIntegrityError, match=r"removed .* the new download failed"):
        get(file)


def test_a_file_of_another_length_is_an_error_that_names_both(hub: Hub, published: Publish) -> None:
    file = published(CONTENT[:-1])
    with pytest.raises(WeightsIntegrityError, match=r"has 999 bytes .* expected are 1000 bytes"):
        get(file)
    assert len(hub.cdn_downloads()) == 2


def test_a_body_with_a_wrong_content_length_is_an_error(hub: Hub, published: Publish) -> None:
    file = published(CONTENT)
    hub.cdn_bodies = [b"<html>please log in</html>"]
    with pytest.raises(WeightsNotFoundError, match="Consistency check failed"):
        get(file)


def test_a_read_only_cache_serves_its_files(hub: Hub, hub_cache: Path, published: Publish) -> None:
    file = published(CONTENT)
    get(file)
    hub.requests.clear()
    with read_only(hub_cache):
        assert get(file) == CONTENT
    assert hub.requests == []


def test_a_wrong_file_in_a_read_only_cache_is_an_error(
    hub: Hub, hub_cache: Path, published: Publish
) -> None:
    file = published(CONTENT)
    path = fetch(file.repo_id, file.revision, file.filename)
    path.write_bytes(WRONG)
    with (
        read_only(hub_cache),
        pytest.raises(WeightsIntegrityError, match=r"cannot be removed from the cache .*HF_HOME"),
    ):
        get(file)
    assert path.read_bytes() == WRONG
    assert len(hub.cdn_downloads()) == 1


def test_a_file_that_does_not_fit_into_a_read_only_cache_is_an_error(
    hub_cache: Path, published: Publish
) -> None:
    get(published(CONTENT))
    second = published(WRONG)
    with (
        read_only(hub_cache),
        pytest.raises(WeightsNotFoundError, match=r"is writable.*PermissionError"),
    ):
        get(second, WRONG)


def test_a_gated_file_needs_the_right_token(
    hub: Hub, published: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = published(CONTENT, gated=True, token="hf_right")
    advice = f"gated. Accept its terms at {hub.url}/{REPO_ID}, then log in"
    with pytest.raises(WeightsAccessError, match=advice):
        get(file)
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    with pytest.raises(WeightsAccessError, match=advice):
        get(file)
    monkeypatch.setenv("HF_TOKEN", "hf_right")
    assert get(file) == CONTENT


def test_the_token_goes_to_the_hub_and_not_to_the_cdn(
    hub: Hub, published: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = published(CONTENT, private=True, token="hf_right")
    monkeypatch.setenv("HF_TOKEN", "hf_right")
    assert get(file) == CONTENT
    tokens = [(request.path.startswith("/cdn/"), request.token) for request in hub.requests]
    assert tokens == [(False, "hf_right"), (True, None)]
