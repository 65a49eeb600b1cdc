"""The Slack manifest holds what the adapter needs, and no more."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from bot.adapters.slack_endpoint import PATH
from bot.adapters.slack_listener import COMMAND
from core.errors import ConfigInvalid
from manifest.slack import slack_manifest
from tests.bot.slack.server import EVENT_SCOPES
from tests.bot.slack.web_api import METHOD_SCOPES

ADAPTER = sorted((Path(__file__).parents[2] / "bot" / "adapters").glob("slack*.py"))
METHOD = re.compile(r"(assistant|auth|chat|conversations|users)(\.[a-z]+)?\.[a-z]+[A-Za-z]*")


def used_methods() -> set[str]:
    """Names of Web API methods in the adapter's source."""
    strings = {
        node.value
        for path in ADAPTER
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    return {text for text in strings if METHOD.fullmatch(text)}


def test_every_method_has_its_scope() -> None:
    granted = set(slack_manifest(None)["oauth_config"]["scopes"]["bot"])
    used = used_methods()
    assert {"chat.postMessage", "users.info", "assistant.threads.setStatus"} <= used
    for method in used:
        assert set(METHOD_SCOPES[method]) <= granted, method
    assert {"users:read.email", "commands"} <= granted


def test_every_event_has_its_scope_and_no_scope_is_idle() -> None:
    manifest = slack_manifest(None)
    granted = set(manifest["oauth_config"]["scopes"]["bot"])
    events = manifest["settings"]["event_subscriptions"]["bot_events"]
    assert set(EVENT_SCOPES) <= set(events)
    assert {EVENT_SCOPES[event] for event in events if event in EVENT_SCOPES} <= granted
    needed = {scope for method in used_methods() for scope in METHOD_SCOPES[method]}
    assert granted == needed | set(EVENT_SCOPES.values()) | {"users:read.email", "commands", "files:read"}


def test_http_manifest_names_the_address_everywhere() -> None:
    manifest = slack_manifest("https://atom.example.com/")
    url = f"https://atom.example.com{PATH}"
    assert manifest["settings"]["event_subscriptions"]["request_url"] == url
    assert manifest["settings"]["interactivity"] == {"is_enabled": True, "request_url": url}
    assert manifest["settings"]["socket_mode_enabled"] is False
    [command] = manifest["features"]["slash_commands"]
    assert (command["command"], command["url"], command["should_escape"]) == (COMMAND, url, True)


def test_socket_manifest_names_none() -> None:
    manifest = slack_manifest(None)
    assert manifest["settings"]["socket_mode_enabled"] is True
    assert "http" not in str(manifest)


@pytest.mark.behaviour("install")
def test_people_can_write_to_it_directly() -> None:
    features = slack_manifest(None)["features"]
    assert features["app_home"]["messages_tab_enabled"] is True
    assert features["app_home"]["messages_tab_read_only_enabled"] is False
    assert len(features["assistant_view"]["suggested_prompts"]) <= 4


@pytest.mark.parametrize("address", ["", "atom.example.com", "http://atom.example.com", "https://", "https://a/?b=1"])
def test_address_that_slack_cannot_reach_is_refused(address: str) -> None:
    with pytest.raises(ConfigInvalid):
        slack_manifest(address)
