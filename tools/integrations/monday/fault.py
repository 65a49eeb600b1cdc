"""What monday.com's errors mean, which mostly come with status 200, and how it signs its deliveries."""

from __future__ import annotations

import base64
import binascii
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.errors import (
    BadSignature,
    Conflict,
    Forbidden,
    NotFound,
    RateLimited,
    Rejected,
    TokenExpired,
    VendorError,
    VendorUnavailable,
)
from tools.kit.http import Answer, by_status, retry_after
from tools.kit.webhook import Delivery, Signature, Token

WRITES = ("create", "change", "move", "archive", "delete")
MEANS: dict[str, type[VendorError]] = {  # letters of a code, in either of its spellings
    "notauthenticated": TokenExpired, "unauthorized": Forbidden, "missingrequiredpermissions": Forbidden,
    "accessdenied": Forbidden, "forbidden": Forbidden, "missingscope": Forbidden, "notfound": NotFound,
    "invalidboardid": NotFound, "invaliditemid": NotFound, "internalservererror": VendorUnavailable,
    "temporarilyblocked": VendorUnavailable, "resourcelocked": Conflict, "inactive": Conflict,
}  # fmt: skip
FEWER = ("complexity", "ratelimit", "concurrency", "dailylimit", "fieldlimit", "minutelimit")
SAYS: dict[type[VendorError], str] = {
    Forbidden: "You may not do this in monday.com.", NotFound: "It is not in monday.com, or you may not see it.",
    Conflict: "monday.com cannot do this as things stand.", VendorUnavailable: "monday.com is having trouble.",
    TokenExpired: "monday.com no longer accepts the sign-in.",
}  # fmt: skip


def meaning(answer: Answer) -> VendorError | None:
    """The error of an answer in either of monday.com's shapes.

    Half an answer to a write is left to whoever knows that something was done.
    """
    whole: Mapping[str, Any] = answer.data if isinstance(answer.data, Mapping) else {}
    errors: list[Any] = whole.get("errors") or []
    data = whole.get("data")
    if whole.get("error_message") or whole.get("error_code"):
        status = int(whole.get("status_code") or answer.status)
        code, said = str(whole.get("error_code") or ""), str(whole.get("error_message") or "")
        return _error(code, said, status, answer, whole.get("error_data") or {})
    if not errors:
        return None
    if isinstance(data, Mapping) and any(value for name, value in data.items() if name.startswith(WRITES)):
        return None
    first: Mapping[str, Any] = errors[0] if isinstance(errors[0], Mapping) else {"message": str(errors[0])}
    more = first.get("extensions") or {}
    status = int(more.get("status_code") or (answer.status if answer.status >= 400 else 0))
    return _error(str(more.get("code") or ""), str(first.get("message") or ""), status, answer, more)


def _error(code: str, said: str, status: int, answer: Answer, more: Mapping[str, Any]) -> VendorError:
    if answer.status == 401:
        return TokenExpired(SAYS[TokenExpired], status=401, cause=said)
    word, cause = "".join(filter(str.isalpha, code or said)).casefold(), f"{code} {said}"
    if any(part in word for part in FEWER) or status == 429:
        wait = more.get("retry_in_seconds")
        return RateLimited(
            "monday.com asks for fewer requests.",
            retry_after_s=float(wait) if wait is not None else retry_after(answer.headers),
        )
    kind = next((kind for part, kind in MEANS.items() if part in word), None)
    if kind is None and status >= 400 and status != 400:
        return by_status("monday.com", Answer(status, answer.headers, answer.data, answer.text), said)
    if kind is None:
        fields = more.get("error_data") if isinstance(more.get("error_data"), Mapping) else {}
        told = {str(name): str(why) for name, why in (fields or {}).items()}
        return Rejected(f"monday.com refused the values. monday.com says: {said}", fields=told, cause=cause)
    return kind(f"{SAYS[kind]} monday.com says: {said}", status=status or answer.status, cause=cause)


def signed(delivery: Delivery) -> tuple[bytes, list[str], int | None]:
    """The JSON Web Token of a delivery: its signature over its first two parts. It does not cover the body.

    Raises:
        BadSignature: it is none, of another algorithm, or has run out.
    """
    token = delivery.headers.get("authorization", "").removeprefix("Bearer ").strip()
    try:
        head, claims, given = token.split(".")
        told = json.loads(_decoded(head)), json.loads(_decoded(claims))
        signature = base64.b64encode(_decoded(given)).decode()
    except (ValueError, binascii.Error) as error:
        raise BadSignature("The delivery carries no token.") from error
    if told[0].get("alg") != "HS256":
        raise BadSignature("The token is of another algorithm.")
    if float(told[1].get("exp") or time.time() + 1) < time.time():
        raise BadSignature("The token has run out.")
    return f"{head}.{claims}".encode(), [signature], None


@dataclass
class SignedToken(Token):
    """Proves who sent a delivery and not what is in it: the token's own HMAC is checked, and nothing else has one."""

    def verify(self, delivery: Delivery, secret: str) -> None:
        """Let a delivery pass whose token was signed with the secret.

        Raises:
            BadSignature: it was not, or has run out.
        """
        Signature.verify(self, delivery, secret)


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
