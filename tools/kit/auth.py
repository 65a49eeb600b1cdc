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
    refuses the challenge.
    """

    authorize_url: str
    token_url: str
    scopes: tuple[str, ...]
    revoke_url: str = ""
    scope_separator: str = " "
    scope_parameter: str = "scope"
    token_path: tuple[str, ...] = ()
    extra: Mapping[str, str] = field(default_factory=dict)
    has_pkce: bool = True
    is_json: bool = False
    client_in_header: bool = False
    asks: ClassVar[tuple[str, ...]] = ()

    def headers(self, secret: Secret) -> dict[str, str]:
        """The header for `{"access_token": …}`."""
        return {"Authorization": f"Bearer {secret['access_token']}"}


Auth = BearerToken | Basic | OAuth2
