"""Failures of the Hub, the network and huggingface_hub give errors with advice."""

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
    """Fetch, expect exactly this error class, and return the message."""
    with pytest.raises(WeightsError) as caught:
        fetch(repo_id, revision, filename)
    assert type(caught.value) is kind
    text = str(caught.value)
    assert text.startswith(f"{repo_id}, revision {revision}, file {filename}: ")
    return text


@pytest.mark.usefixtures("published")
def test_a_missing_repository_may_be_private_without_a_token(hub: Hub) -> None:
    text = error_of("missing/missing", "main", "config.json", WeightsAccessError)
    assert f"no repository at {hub.url}/missing/missing, or it is private" in text
    assert "HF_TOKEN" in text


def test_a_missing_repository_is_reported_with_a_token(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_other")
    text = error_of("missing/missing", "main", "config.json", WeightsNotFoundError)
    assert f"no repository at {hub.url}/missing/missing" in text


def test_a_private_repository_is_hidden_without_a_token(published: Publish) -> None:
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
def test_a_refusal_without_a_reason_may_come_from_a_proxy(
    hub: Hub, published: Publish, status: int
) -> None:
    file = published(CONTENT)
    hub.statuses = [status]
    text = error_of(REPO_ID, file.revision, file.filename, WeightsAccessError)
    assert f"{hub.url} or a proxy answered {status}" in text


@pytest.mark.usefixtures("no_waiting")
@pytest.mark.parametrize("status", [500, 503, 521])
def test_a_server_that_keeps_failing_is_an_error(hub: Hub, published: Publish, status: int) -> None:
    file = published(CONTENT)
    hub.statuses = [status] * 50
    text = error_of(REPO_ID, file.revision, file.filename, WeightsNotFoundError)
    assert f"the request to {hub.url} failed. Check the connection, HF_ENDPOINT" in text
    assert str(status) in text


@pytest.mark.usefixtures("no_waiting")
def test_a_closed_connection_is_an_error(hub: Hub, published: Publish) -> None:
    file = published(CONTENT)
    hub.statuses = [hub.HANG_UP] * 50
    text = error_of(REPO_ID, file.revision, file.filename, WeightsNotFoundError)
    assert f"the request to {hub.url} failed" in text


def test_a_response_of_another_server_is_an_error(hub: Hub, published: Publish) -> None:
    file = published(CONTENT)
    hub.statuses = [200]
    text = error_of(REPO_ID, file.revision, file.filename, WeightsNotFoundError)
    assert "HF_ENDPOINT" in text


def test_a_name_refused_by_huggingface_hub_is_an_error(hub: Hub) -> None:
    text = error_of("a--b/c", "main", "config.json", WeightsNotFoundError)
    assert "HFValidationError" in text
    assert hub.requests == []
