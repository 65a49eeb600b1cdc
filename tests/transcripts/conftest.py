"""The stages that the transcripts are played on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sandbox.server import Sandbox, serve
from tests.transcripts.door import stage as opened
from tests.transcripts.stage import Stage


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """The demo company as it begins."""
    async with serve() as running:
        yield running


@pytest.fixture(params=["slack", "teams"])
def kind(request: pytest.FixtureRequest) -> str:
    """The platform."""
    return str(request.param)


@pytest.fixture
async def stage(kind: str, tmp_path: Path, sandbox: Sandbox) -> AsyncIterator[Stage]:
    """A conversation with somebody connected to Jira and Slack."""
    async with opened(kind, tmp_path, sandbox, "jira", "slack") as found:
        yield found
