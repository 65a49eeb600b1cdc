"""Is an incoming webhook real, fresh and new? One class for the ways in which vendors sign."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Self
from urllib.parse import urlencode

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from core.clock import Clock, utc_now
from core.errors import BadSignature
from core.records import Ref

FRESH = timedelta(minutes=5)
REMEMBER = timedelta(minutes=11)  # a time may lie five minutes ahead or behind
GOOGLE_CERTS = "https://www.googleapis.com/oauth2/v3/certs"


@dataclass(frozen=True)
class Delivery:
    """One request to a webhook: `url` as the vendor knows it, header names in lower case."""

    method: str = "POST"
    url: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @classmethod
    def of(cls, headers: Mapping[str, str], body: bytes, url: str = "", query: Mapping[str, str] | None = None) -> Self:
        """A POST with headers in any case."""
        return cls("POST", url, {name.lower(): value for name, value in headers.items()}, query or {}, body)

    @property
    def data(self) -> Any:
        """The body as JSON; None where it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


@dataclass(frozen=True)
class WebhookEvent:
    """One thing that happened at a vendor: its id there, the vendor's name for it, the record, the moment.

    `people` are the vendor's ids of those whom the record waits for, or their addresses.
    """

    id: str
    kind: str
    ref: Ref | None = None
    at: datetime | None = None
    people: tuple[str, ...] = ()


@dataclass(frozen=True)
class Greeting:
    """The answer that a vendor wants when a webhook is set up; `secret` is one that it handed over."""

    status: int = 200
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    secret: str = ""


Parts = Callable[[Delivery], tuple[bytes, list[str], int | None]]


def prefixed(header: str, prefix: str = "sha256=") -> Parts:
    """The HMAC of the raw body in one header, as GitHub and Jira send it."""

    def parts(delivery: Delivery) -> tuple[bytes, list[str], int | None]:
        return delivery.body, [delivery.headers.get(header.lower(), "").removeprefix(prefix)], None

    return parts


def stamped(header: str, stamp_header: str, template: str = "v0:{stamp}:{body}", prefix: str = "v0=") -> Parts:
    """The HMAC over a time, which has a header of its own, and the body; `template` says how they are joined."""

    def parts(delivery: Delivery) -> tuple[bytes, list[str], int | None]:
        stamp = delivery.headers.get(stamp_header.lower(), "")
        before, _, after = template.replace("{stamp}", stamp).partition("{body}")
        given = delivery.headers.get(header.lower(), "").removeprefix(prefix)
        return before.encode() + delivery.body + after.encode(), [given], seconds(stamp)

    return parts


slack_style = stamped("X-Slack-Signature", "X-Slack-Request-Timestamp")


def stripe_style(delivery: Delivery) -> tuple[bytes, list[str], int | None]:
    """`t=…,v1=…` over `{t}.{body}`; several v1 while a secret is rolled."""
    pairs = [part.partition("=") for part in delivery.headers.get("stripe-signature", "").split(",")]
    stamp = next((value for name, _, value in pairs if name == "t"), "")
    given = [value for name, _, value in pairs if name == "v1"]
    return f"{stamp}.".encode() + delivery.body, given, seconds(stamp)


@dataclass
class Signature:
    """Verifies HMAC signatures, in hex or base64, and refuses stale and repeated deliveries."""

    parts: Parts
    clock: Clock = utc_now
    _seen: dict[str, datetime] = field(default_factory=dict)
    algorithm: str = "sha256"

    def verify(self, delivery: Delivery, secret: str) -> None:
        """Let a genuine, fresh, first delivery pass.

        Raises:
            BadSignature: it is forged, older than five minutes, or was here before.
        """
        signed, given, stamp = self.parts(delivery)
        made = hmac.new(secret.encode(), signed, getattr(hashlib, self.algorithm))
        expected = made.hexdigest()
        forms = (expected.encode(), base64.b64encode(made.digest()))
        if not secret or not any(hmac.compare_digest(form, one.encode()) for form in forms for one in given):
            raise BadSignature("The signature does not match.")
        self._once(expected, stamp)

    def address(self, url: str, secret: str) -> str:
        """The address to give the vendor: with the secret in it, where the vendor has no other place for one."""
        return url

    def moved(self, move: Callable[[str], str]) -> Signature:
        """The same where the vendor's addresses are others (the demo's)."""
        return self

    def _once(self, mark: str, stamp: int | None) -> None:
        if stamp is None:  # such a vendor signs a second delivery alike: its id tells them apart
            return
        now = self.clock()
        if abs(now.timestamp() - stamp) > FRESH.total_seconds():
            raise BadSignature("The delivery is too old.")
        while self._seen and now - next(iter(self._seen.values())) >= REMEMBER:
            self._seen.pop(next(iter(self._seen)))
        if mark in self._seen:
            raise BadSignature("The delivery came before.")
        self._seen[mark] = now


def seconds(stamp: str) -> int:
    """A Unix time in seconds, also from one in milliseconds or in ISO 8601.

    Raises:
        BadSignature: it is none.
    """
    try:
        if "T" in stamp:
            return int(datetime.fromisoformat(stamp).timestamp())
        return int(stamp[:10])
    except ValueError as error:
        raise BadSignature("The delivery carries no time.") from error


@dataclass
class Token(Signature):
    """Compares a secret that the vendor merely repeats; `parts` gives it."""

    def verify(self, delivery: Delivery, secret: str) -> None:
        """Let a delivery pass that carries the secret.

        Raises:
            BadSignature: it does not.
        """
        _, given, _ = self.parts(delivery)
        if not secret or not given or not all(hmac.compare_digest(secret.encode(), one.encode()) for one in given):
            raise BadSignature("The token does not match.")


def repeated(header: str) -> Token:
    """The agreed secret in a header."""
    return Token(prefixed(header, ""))


@dataclass
class QueryToken(Token):
    """Compares a secret that stands in the callback's own address."""

    name: str = "token"

    def address(self, url: str, secret: str) -> str:
        """The address with the secret."""
        return f"{url}?{urlencode({self.name: secret})}"


def in_query(name: str) -> Token:
    """The agreed secret in the callback's own address."""
    return QueryToken(lambda delivery: (b"", [delivery.query.get(name, "")], None), name=name)


def in_body(path: str) -> Token:
    """The agreed secret at a dotted path of the JSON body; where lists lie on the way, in every item of them."""
    return Token(lambda delivery: (b"", [*_values(delivery.data, path.split("."))], None))


def _values(node: Any, steps: list[str]) -> Iterator[str]:
    if isinstance(node, list):
        for item in node:
            yield from _values(item, steps)
    elif steps:
        yield from _values(node.get(steps[0]) if isinstance(node, Mapping) else None, steps[1:])
    else:
        yield str(node or "")


@dataclass
class Ed25519(Signature):
    """Verifies a signature with the vendor's public key (hex), which is the secret here, over the time and the body."""

    stamp_header: str = "X-Signature-Timestamp"

    def verify(self, delivery: Delivery, secret: str) -> None:
        """Let a genuine, fresh, first delivery pass.

        Raises:
            BadSignature: it is forged, older than five minutes, or was here before.
        """
        _, given, _ = self.parts(delivery)
        stamp = delivery.headers.get(self.stamp_header.lower(), "")
        try:
            key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(secret))
            key.verify(bytes.fromhex(given[0]), stamp.encode() + delivery.body)
        except (InvalidSignature, ValueError, binascii.Error) as error:
            raise BadSignature("The signature does not match.") from error
        self._once(given[0], seconds(stamp))


def ed25519(header: str, stamp_header: str) -> Ed25519:
    """Discord's way."""
    return Ed25519(prefixed(header, ""), stamp_header=stamp_header)


@dataclass
class GoogleToken(Signature):
    """Verifies the bearer token that Google signs; the secret is the audience that the subscription was given.

    After a space the secret may name the account that the token must be for: anybody may have Google sign a token for
    an audience that they know. `certs` is where Google publishes its keys; they are fetched when needed, so `verify`
    may wait on the network.
    """

    parts: Parts = field(default_factory=lambda: prefixed("Authorization", "Bearer "))
    certs: str = GOOGLE_CERTS

    def verify(self, delivery: Delivery, secret: str) -> None:
        """Let a delivery pass whose token Google signed for this audience.

        Raises:
            BadSignature: it is forged, has run out, or is for somebody else.
        """
        import jwt  # late: only Google's push needs it

        if not secret:
            raise BadSignature("There is no audience to check the token against.")
        _, given, _ = self.parts(delivery)
        audience, _, sender = secret.partition(" ")
        try:
            key = jwt.PyJWKClient(self.certs, timeout=5).get_signing_key_from_jwt(given[0])
            said = jwt.decode(given[0], key.key, algorithms=["RS256"], audience=audience, options={"require": ["exp"]})
        except jwt.PyJWTError as error:
            raise BadSignature("The token does not match.", cause=type(error).__name__) from None
        if sender and said.get("email") != sender:
            raise BadSignature("The token is somebody else's.")

    def moved(self, move: Callable[[str], str]) -> Signature:
        """The same with the keys at another address."""
        return replace(self, certs=move(self.certs))
