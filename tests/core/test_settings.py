"""Settings: each is explained, a wrong one is named with what to do, none is shown."""

from __future__ import annotations

import pytest

from core.errors import ConfigInvalid
from core.settings import PREFIX, Settings, load


@pytest.mark.parametrize("name", list(Settings.model_fields))
def test_every_setting_is_explained(name: str) -> None:
    said = Settings.model_fields[name].description or ""
    assert said.endswith((".", "…")), name


def test_without_any_variable_all_have_a_value() -> None:
    settings = load()
    assert settings.database.startswith("sqlite+aiosqlite:////")
    assert settings.database.endswith("/.atom/atom.db")
    assert settings.port == 8080


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("ATOM_PROT", "1", "Did you mean ATOM_PORT"),
        ("ATOM_ZZZZZZ", "1", "lists all"),
        ("ATOM_PORT", "99999", "ATOM_PORT"),
        ("ATOM_PORT", "http", "ATOM_PORT"),
        ("ATOM_PORT", "-1", "ATOM_PORT"),
        ("ATOM_CLIENTS", '{"jira": {"secret": "hush"', "ATOM_CLIENTS is not JSON"),
        ("ATOM_CLIENTS", '{"jira": "hush"}', "ATOM_CLIENTS"),
        ("ATOM_WORKSPACES", "[1]", "ATOM_WORKSPACES"),
        ("ATOM_LOG_LEVEL", "loud", "ATOM_LOG_LEVEL"),
        ("ATOM_PUBLIC_URL", "atom.example.com", "ATOM_PUBLIC_URL"),
        ("ATOM_APPROVAL_HOURS", "0", "ATOM_APPROVAL_HOURS"),
        ("ATOM_LOCAL_THRESHOLD", "1.5", "ATOM_LOCAL_THRESHOLD"),
    ],
)
def test_what_is_wrong_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigInvalid) as caught:
        load()
    assert said in caught.value.sentence()
    assert "hush" not in f"{caught.value.sentence()} {vars(caught.value)}"
    assert caught.value.__cause__ is None


def test_an_empty_variable_means_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PORT", "CLIENTS", "MASTER_KEY", "HOME"):
        monkeypatch.setenv(f"{PREFIX}{name}", "")
    settings = load()
    assert (settings.port, settings.clients, str(settings.home)) == (8080, {}, ".atom")


def test_values_are_read_and_secrets_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATOM_PORT", "0")
    monkeypatch.setenv("ATOM_CLIENTS", '{"jira": {"id": "i", "secret": "hush-1"}}')
    monkeypatch.setenv("ATOM_SLACK_BOT_TOKEN", "hush-2")
    monkeypatch.setenv("ATOM_DATABASE_URL", "postgresql+psycopg://atom:hush-3@db/atom")
    monkeypatch.setenv("OPENAI_API_KEY", "hush-4")
    settings = load()
    assert settings.port == 0
    assert settings.clients["jira"]["secret"] == "hush-1"
    assert settings.database == "postgresql+psycopg://atom:hush-3@db/atom"
    assert settings.openai_api_key.get_secret_value() == "hush-4"
    assert "hush" not in f"{settings!r} {settings}"
