"""How a request carries its authority. The flow that gets it is in `oauth.py`."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

Secret = Mapping[str, Any]


@dataclass(frozen=True)
class BearerToken:
    """A key or bot token that a person or administrator pastes; sent as `<scheme> <token>` in `header`."""

    header: str = "Authorization"
    scheme: str = "Bearer"
    asks: ClassVar[tuple[str, ...]] = ("token",)

    def headers(self, secret: Secret) -> dict[str, str]:
        """The header for `{"token": …}`."""
        return {self.header: f"{self.scheme} {secret['token']}".strip()}


@dataclass(frozen=True)
class Basic:
    """A user name and a password or key."""

    asks: ClassVar[tuple[str, ...]] = ("username", "password")

    def headers(self, secret: Secret) -> dict[str, str]:
        """The header for `{"username": …, "password": …}`."""
        pair = f"{secret['username']}:{secret['password']}".encode()
        return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}


@dataclass(frozen=True)
class OAuth2:
    """The authorisation-code flow.

    `scope_parameter` and `token_path` are for vendors that name the scopes otherwise or nest the person's token.
    `extra` goes to the authorisation page (such as `access_type=offline`). `has_pkce` is off only where the vendor
    refuses the challenge. `is_revoked_by_header` is for vendors that end the very token that a request carries.
    `refresh_url` is where tokens are renewed, if not where they are given.
    `callback_fields` are fields of the callback's query that belong to the connection.
    """

    authorize_url: str
    token_url: str
    scopes: tuple[str, ...]
    revoke_url: str = ""
    refresh_url: str = ""
    scope_separator: str = " "
    scope_parameter: str = "scope"
    token_path: tuple[str, ...] = ()
    extra: Mapping[str, str] = field(default_factory=dict)
    has_pkce: bool = True
    is_json: bool = False
    client_in_header: bool = False
    is_revoked_by_header: bool = False
    header: str = "Authorization"
    scheme: str = "Bearer"
    callback_fields: tuple[str, ...] = ()
    asks: ClassVar[tuple[str, ...]] = ()

    def headers(self, secret: Secret) -> dict[str, str]:
        """The header for `{"access_token": …}`."""
        return {self.header: f"{self.scheme} {secret['access_token']}".strip()}


@dataclass(frozen=True)
class Key:
    """Keys that a person pastes, by name.

    `send` has a template for each header, in base64 after `basic:`; one whose fields are not there yet is not sent.
    `path` is put before every path, for vendors that want the token in the address.
    """

    asks: tuple[str, ...]
    send: Mapping[str, str] = field(default_factory=dict)
    path: str = ""

    def headers(self, secret: Secret) -> dict[str, str]:
        """The headers for a secret with the fields that `asks` names."""
        return {name: _spelt(filled) for name, text in self.send.items() if (filled := fill(text, secret)) is not None}

    def prefix(self, secret: Secret) -> str:
        """What stands before every path; it is a secret."""
        return fill(self.path, secret) or ""


@dataclass(frozen=True)
class Session(Key):
    """Keys that the integration's `sign_in` trades for a session, which it adds to the secret."""


@dataclass(frozen=True)
class Open:
    """Nobody signs in: whoever may use the assistant may use the system."""

    asks: ClassVar[tuple[str, ...]] = ()

    def headers(self, secret: Secret) -> dict[str, str]:
        """None."""
        return {}


Auth = BearerToken | Basic | OAuth2 | Key | Open


def fill(template: str, values: Mapping[str, Any]) -> str | None:
    """The template with its `{names}` filled in; None where one is not there."""
    try:
        return template.format_map(values)
    except KeyError:
        return None


def _spelt(value: str) -> str:
    if not value.startswith("basic:"):
        return value
    return f"Basic {base64.b64encode(value.removeprefix('basic:').encode()).decode()}"
