"""Tokens: who holds one, what it may do, until when."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
MIXED = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


@lru_cache(20_000)
def ident(length: int, *parts: object, alphabet: str = ALPHABET) -> str:
    """A stable id of `length` characters that depends on `parts` alone."""
    number = int.from_bytes(hashlib.sha512("\x1f".join(map(str, parts)).encode()).digest(), "big")
    out = []
    for _ in range(length):
        number, rest = divmod(number, len(alphabet))
        out.append(alphabet[rest])
    return "".join(out)


@dataclass
class Grant:
    """One token; `kind` is `user` or `bot`, `scopes` of `None` allow everything, times are Unix seconds."""

    token: str
    vendor: str
    email: str
    kind: str = "user"
    scopes: list[str] | None = None
    expires_at: float | None = None
    refresh: str | None = None
    revoked: bool = False


class Grants:
    """Every token and every pending authorisation code, kept in a JSON-able dict."""

    def __init__(self, section: dict[str, Any]) -> None:
        self._tokens: dict[str, dict[str, Any]] = section.setdefault("tokens", {})
        self._codes: dict[str, dict[str, Any]] = section.setdefault("codes", {})
        self._section = section

    def issue(self, grant: Grant) -> Grant:
        """Keep a grant."""
        self._tokens[grant.token] = asdict(grant)
        return grant

    def serial(self) -> int:
        """A number that has not been given before."""
        self._section["serial"] = self._section.get("serial", 0) + 1
        return int(self._section["serial"])

    def find(self, vendor: str, token: str) -> Grant | None:
        """The grant of an access token of this vendor, even if it ended."""
        row = self._tokens.get(token)
        return Grant(**row) if row and row["vendor"] == vendor else None

    def of_refresh(self, vendor: str, refresh: str) -> Grant | None:
        """The living grant that a refresh token belongs to."""
        for row in self._tokens.values():
            if row["vendor"] == vendor and row["refresh"] == refresh and not row["revoked"]:
                return Grant(**row)
        return None

    def revoke(self, vendor: str, token: str) -> bool:
        """End the grant of an access or refresh token; false if there is none."""
        found = False
        for row in self._tokens.values():
            if row["vendor"] == vendor and token in (row["token"], row["refresh"]):
                row["revoked"] = found = True
        return found

    def keep_code(self, code: str, row: dict[str, Any]) -> None:
        """Remember an authorisation code."""
        self._codes[code] = row

    def take_code(self, code: str) -> dict[str, Any] | None:
        """Use an authorisation code up."""
        return self._codes.pop(code, None)
