"""What several tests of downloads share."""

import time
from collections.abc import Callable

import pytest
from hub_server import Hub
from weights_samples import REPO_ID

from reid_align.weights import HubFile

FILE_NAME = "tiny.safetensors"


@pytest.fixture
def published(hub: Hub) -> Callable[..., HubFile]:
    """Put a file's content on the Hub and return where it is."""

    def publish(content: bytes, **access: bool | str) -> HubFile:
        commit = hub.add(REPO_ID, {FILE_NAME: content}, **access)
        return HubFile(REPO_ID, commit, FILE_NAME)

    return publish


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client sleeps 23 seconds between its retries, and has no setting for it."""
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
