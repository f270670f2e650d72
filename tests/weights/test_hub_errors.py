"""Whatever the Hub, the network or the client answers becomes an error that says what to do."""

from collections.abc import Callable

import pytest
from hub_server import Hub
from weights_samples import COMMIT, REPO_ID

from reid_align.errors import WeightsAccessError, WeightsError, WeightsNotFoundError
from reid_align.weights import HubFile
from reid_align.weights.hub_download import fetch

Publish = Callable[..., HubFile]
CONTENT = b"content"


def error_of(repo_id: str, revision: str, filename: str, kind: type[WeightsError]) -> str:
    """Fetch, expect exactly this class of error, and return its text."""
    with pytest.raises(WeightsError) as caught:
        fetch(repo_id, revision, filename)
    assert type(caught.value) is kind
    text = str(caught.value)
    assert text.startswith(f"{repo_id}, revision {revision}, file {filename}: ")
    return text


@pytest.mark.usefixtures("published")
def test_a_missing_repository_may_be_private_for_a_stranger(hub: Hub) -> None:
    text = error_of("nobody/nothing", "main", "config.json", WeightsAccessError)
    assert f"there is no repository at {hub.url}/nobody/nothing, or it is private" in text
    assert "HF_TOKEN" in text


def test_a_missing_repository_is_missing_for_somebody_with_a_token(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_somebody")
    text = error_of("nobody/nothing", "main", "config.json", WeightsNotFoundError)
    assert f"there is no repository at {hub.url}/nobody/nothing" in text


def test_a_private_repository_is_not_shown_to_a_stranger(published: Publish) -> None:
    file = published(CONTENT, private=True, token="hf_right")
    text = error_of(file.repo_id, file.revision, file.filename, WeightsAccessError)
    assert "or it is private" in text


def test_a_missing_revision_is_named(published: Publish) -> None:
    file = published(CONTENT)
    text = error_of(REPO_ID, COMMIT, file.filename, WeightsNotFoundError)
    assert "no such revision" in text


def test_a_missing_file_is_named(published: Publish) -> None:
    file = published(CONTENT)
    text = error_of(REPO_ID, file.revision, "other.safetensors", WeightsNotFoundError)
    assert "no such file" in text


@pytest.mark.parametrize("status", [401, 403])
def test_a_refusal_without_a_reason_may_be_a_proxys(
    hub: Hub, published: Publish, status: int
) -> None:
    file = published(CONTENT)
    hub.statuses = [status]
    text = error_of(REPO_ID, file.revision, file.filename, WeightsAccessError)
    assert f"{hub.url}, or a proxy before it, answered {status}" in text


@pytest.mark.usefixtures("no_waiting")
@pytest.mark.parametrize("status", [500, 503, 521])
def test_a_server_that_keeps_failing_is_an_error(hub: Hub, published: Publish, status: int) -> None:
    file = published(CONTENT)
    hub.statuses = [status] * 50
    text = error_of(REPO_ID, file.revision, file.filename, WeightsNotFoundError)
    assert f"the exchange with {hub.url} failed. Check the connection, HF_ENDPOINT" in text
    assert str(status) in text


@pytest.mark.usefixtures("no_waiting")
def test_a_server_that_hangs_up_is_an_error(hub: Hub, published: Publish) -> None:
    file = published(CONTENT)
    hub.statuses = [hub.HANG_UP] * 50
    text = error_of(REPO_ID, file.revision, file.filename, WeightsNotFoundError)
    assert f"the exchange with {hub.url} failed" in text


def test_an_answer_that_is_not_the_hubs_is_an_error(hub: Hub, published: Publish) -> None:
    file = published(CONTENT)
    hub.statuses = [200]
    text = error_of(REPO_ID, file.revision, file.filename, WeightsNotFoundError)
    assert "HF_ENDPOINT" in text


def test_a_name_that_the_client_refuses_is_an_error(hub: Hub) -> None:
    text = error_of("a--b/c", "main", "config.json", WeightsNotFoundError)
    assert "HFValidationError" in text
    assert hub.requests == []
