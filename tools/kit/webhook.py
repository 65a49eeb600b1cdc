"""Is an incoming webhook real, fresh and new? One class for the ways in which vendors sign."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from core.clock import Clock, utc_now
from core.errors import BadSignature

FRESH = timedelta(minutes=5)
REMEMBER = timedelta(minutes=11)  # a time may lie five minutes ahead or behind

Parts = Callable[[Mapping[str, str], bytes], tuple[bytes, list[str], int | None]]


def prefixed(header: str, prefix: str = "sha256=") -> Parts:
    """The hex HMAC of the raw body in one header, as GitHub and Jira send it."""

    def parts(headers: Mapping[str, str], body: bytes) -> tuple[bytes, list[str], int | None]:
        return body, [headers.get(header.lower(), "").removeprefix(prefix)], None

    return parts


def slack_style(headers: Mapping[str, str], body: bytes) -> tuple[bytes, list[str], int | None]:
    """`v0:{timestamp}:{body}` with the time in a header of its own."""
    stamp = headers.get("x-slack-request-timestamp", "")
    signed = f"v0:{stamp}:".encode() + body
    return signed, [headers.get("x-slack-signature", "").removeprefix("v0=")], _seconds(stamp)


def stripe_style(headers: Mapping[str, str], body: bytes) -> tuple[bytes, list[str], int | None]:
    """`t=…,v1=…` over `{t}.{body}`; several v1 while a secret is rolled."""
    pairs = [part.partition("=") for part in headers.get("stripe-signature", "").split(",")]
    stamp = next((value for name, _, value in pairs if name == "t"), "")
    return f"{stamp}.".encode() + body, [value for name, _, value in pairs if name == "v1"], _seconds(stamp)


@dataclass
class Signature:
    """Verifies HMAC signatures, in hex or base64, and refuses stale and repeated deliveries."""

    parts: Parts
    clock: Clock = utc_now
    _seen: dict[str, datetime] = field(default_factory=dict)
    algorithm: str = "sha256"

    def verify(self, headers: Mapping[str, str], body: bytes, secret: str) -> None:
        """Let a genuine, fresh, first delivery pass.

        Raises:
            BadSignature: it is forged, older than five minutes, or was here before.
        """
        lower = {name.lower(): value for name, value in headers.items()}
        signed, given, stamp = self.parts(lower, body)
        made = hmac.new(secret.encode(), signed, getattr(hashlib, self.algorithm))
        expected = made.hexdigest()
        forms = (expected.encode(), base64.b64encode(made.digest()))
        if not secret or not any(hmac.compare_digest(form, one.encode()) for form in forms for one in given):
            raise BadSignature("The signature does not match.")
        now = self.clock()
        if stamp is not None and abs(now.timestamp() - stamp) > FRESH.total_seconds():
            raise BadSignature("The delivery is too old.")
        if stamp is None:  # such a vendor signs a second delivery alike: its id tells them apart
            return
        while self._seen and now - next(iter(self._seen.values())) >= REMEMBER:
            self._seen.pop(next(iter(self._seen)))
        if expected in self._seen:
            raise BadSignature("The delivery came before.")
        self._seen[expected] = now


def _seconds(stamp: str) -> int:
    try:
        return int(stamp)
    except ValueError as error:
        raise BadSignature("The delivery carries no time.") from error


@dataclass
class Token(Signature):
    """Compares a secret that the vendor merely repeats in a header; `parts` gives it."""

    def verify(self, headers: Mapping[str, str], body: bytes, secret: str) -> None:
        """Let a delivery pass that carries the secret.

        Raises:
            BadSignature: it does not.
        """
        _, given, _ = self.parts({name.lower(): value for name, value in headers.items()}, body)
        if not secret or not any(hmac.compare_digest(secret.encode(), one.encode()) for one in given):
            raise BadSignature("The token does not match.")


def repeated(header: str) -> Token:
    """A vendor that does not sign but repeats the agreed secret in a header."""
    return Token(prefixed(header, ""))
