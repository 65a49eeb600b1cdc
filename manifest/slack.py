"""The Slack app manifest that each customer installs as their own app."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from core.errors import ConfigInvalid

EVENTS_PATH = "/slack/events"

SCOPES = (
    "app_mentions:read",
    "assistant:write",
    "channels:history",
    "channels:read",
    "chat:write",
    "commands",
    "files:read",
    "groups:history",
    "groups:read",
    "im:history",
    "im:read",
    "im:write",
    "mpim:history",
    "mpim:read",
    "users:read",
    "users:read.email",
)
EVENTS = (
    "app_home_opened",
    "app_mention",
    "app_uninstalled",
    "assistant_thread_context_changed",
    "assistant_thread_started",
    "message.channels",
    "message.groups",
    "message.im",
    "message.mpim",
    "tokens_revoked",
)
_ABOUT = "Does your work in the systems your company uses, and proves that it was done."
_PROMPTS = (
    ("What can you do?", "What can you do for me?"),
    ("What is on my plate?", "Show the open issues assigned to me."),
    ("My next meetings", "What is in my calendar tomorrow?"),
)


def slack_manifest(address: str | None) -> dict[str, Any]:
    """The manifest as Slack takes it; `address` is the public https address, None stands for Socket Mode.

    Raises:
        ConfigInvalid: the address is none that Slack can reach.
    """
    url = _events_url(address) if address is not None else None
    return {
        "_metadata": {"major_version": 2, "minor_version": 1},
        "display_information": {"name": "ATOM", "description": _ABOUT, "background_color": "#1f2a44"},
        "features": _features(url),
        "oauth_config": {"scopes": {"bot": list(SCOPES)}},
        "settings": {
            "event_subscriptions": {**_request(url), "bot_events": list(EVENTS)},
            "interactivity": {"is_enabled": True, **_request(url)},
            "org_deploy_enabled": False,
            "socket_mode_enabled": url is None,
            "token_rotation_enabled": False,
        },
    }


def _features(url: str | None) -> dict[str, Any]:
    command = {
        "command": "/atom",
        "description": "Ask ATOM to do something",
        "usage_hint": "create a bug in PAY: checkout times out",
        "should_escape": True,
    }
    return {
        "app_home": {
            "home_tab_enabled": True,
            "messages_tab_enabled": True,
            "messages_tab_read_only_enabled": False,
        },
        "bot_user": {"display_name": "ATOM", "always_online": True},
        "shortcuts": [
            {
                "name": "Do something with this message",
                "type": "message",
                "callback_id": "atom:ask",
                "description": "Ask ATOM to act on it",
            }
        ],
        "slash_commands": [{**command, "url": url} if url else command],
        "assistant_view": {
            "assistant_description": _ABOUT,
            "suggested_prompts": [{"title": title, "message": message} for title, message in _PROMPTS],
        },
    }


def _request(url: str | None) -> dict[str, str]:
    return {"request_url": url} if url else {}


def _events_url(address: str) -> str:
    parts = urlsplit(address)
    if parts.scheme != "https" or not parts.hostname or parts.query or parts.fragment:
        raise ConfigInvalid(
            f"“{address}” is no address that Slack can send to.",
            next_step="Give the public address that begins with https://, or none for Socket Mode.",
        )
    return address.rstrip("/") + EVENTS_PATH
