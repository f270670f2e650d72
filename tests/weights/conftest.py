"""Fixtures of the download tests."""

import time
from collections.abc import Callable

import pytest
from hub_server import Hub
from weights_samples import REPO_ID

from reid_align.weights import HubFile

FILE_NAME = "tiny.safetensors"


@pytest.fixture
def published(hub: Hub) -> Callable[..., HubFile]:
    """Upload content to the test Hub and return its location."""

    def publish(content: bytes, **access: bool | str) -> HubFile:
        commit = hub.add(REPO_ID, {FILE_NAME: content}, **access)
        return HubFile(REPO_ID, commit, FILE_NAME)

    return publish


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """huggingface_hub sleeps 23 seconds between retries, and has no setting for it."""
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
