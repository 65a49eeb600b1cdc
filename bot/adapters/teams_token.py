"""Verifies the token that the Bot Connector sends with each activity.

botframework-connector's own check fetches keys with a blocking client, breaks on an unknown key id instead of
fetching again, and lets a key without endorsements pass; hence these lines.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import httpx
import jwt

from core.clock import Clock, utc_now
from core.errors import BadSignature, VendorUnavailable

OPENID_URL = "https://login.botframework.com/v1/.well-known/openidconfiguration"
ISSUER = "https://api.botframework.com"

_SKEW_S = 300
_KEEP = timedelta(hours=24)
_PAUSE = timedelta(minutes=1)
_ALGORITHMS = ["RS256", "RS384", "RS512"]
_REASONS: dict[type[jwt.InvalidTokenError], str] = {
    jwt.ExpiredSignatureError: "expired",
    jwt.ImmatureSignatureError: "not yet valid",
    jwt.InvalidIssuerError: "issuer",
    jwt.InvalidAudienceError: "audience",
    jwt.InvalidSignatureError: "signature",
    jwt.MissingRequiredClaimError: "claim missing",
}


class TokenRefused(BadSignature):
    """The request is not the Bot Connector's, or not for us; `status` is the HTTP answer, `cause` a word."""

    def __init__(self, cause: str, status: int = 401) -> None:
        super().__init__("This request is not signed as it must be.", cause=cause)
        self.status = status


class TokenVerifier:
    """Checks issuer, audience, time, signature, service address and the key's endorsement of the channel."""

    def __init__(
        self,
        app_id: str,
        client: httpx.AsyncClient,
        *,
        openid_url: str = OPENID_URL,
        issuer: str = ISSUER,
        clock: Clock = utc_now,
    ) -> None:
        self._app_id = app_id
        self._issuer = issuer
        self._keys = _Keys(client, openid_url, clock)

    async def verify(self, header: str, channel_id: str, service_url: str) -> None:
        """Return if the `Authorization` header is good for this activity; raise `TokenRefused` if not."""
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise TokenRefused("no bearer token")
        key = await self._key(token)
        claims = self._claims(token, key)
        if claims.get("serviceurl") != service_url:
            raise TokenRefused("service url", 403)
        if channel_id not in (key.get("endorsements") or ()):
            raise TokenRefused("endorsement", 403)

    async def _key(self, token: str) -> dict[str, Any]:
        try:
            key_id = jwt.get_unverified_header(token).get("kid")
        except jwt.InvalidTokenError as error:
            raise TokenRefused("malformed") from error
        key = await self._keys.get(str(key_id))
        if key is None:
            raise TokenRefused("unknown key")
        return key

    def _claims(self, token: str, key: dict[str, Any]) -> dict[str, Any]:
        try:
            return jwt.decode(
                token,
                jwt.PyJWK(key, algorithm="RS256" if "alg" not in key else None),
                algorithms=_ALGORITHMS,
                audience=self._app_id,
                issuer=self._issuer,
                leeway=_SKEW_S,
                options={"require": ["exp", "iss", "aud"]},
            )
        except jwt.PyJWTError as error:
            cause = next((word for kind, word in _REASONS.items() if isinstance(error, kind)), "malformed")
            raise TokenRefused(cause, 403 if cause == "audience" else 401) from error


class _Keys:
    """The signing keys by id, kept for a day; an unknown id fetches them again, once a minute at most."""

    def __init__(self, client: httpx.AsyncClient, url: str, clock: Clock) -> None:
        self._client = client
        self._url = url
        self._clock = clock
        self._by_id: dict[str, dict[str, Any]] = {}
        self._fetched: datetime | None = None
        self._forced: datetime | None = None
        self._lock = asyncio.Lock()

    async def get(self, key_id: str) -> dict[str, Any] | None:
        async with self._lock:
            now = self._clock()
            if self._fetched is None or now - self._fetched > _KEEP:
                await self._fetch(now)
            elif key_id not in self._by_id and (self._forced is None or now - self._forced > _PAUSE):
                self._forced = now
                await self._fetch(now)
            return self._by_id.get(key_id)

    async def _fetch(self, now: datetime) -> None:
        try:
            document = (await self._client.get(self._url)).raise_for_status().json()
            answer = (await self._client.get(document["jwks_uri"])).raise_for_status().json()
            self._by_id = {str(key["kid"]): key for key in answer["keys"] if key.get("kty") == "RSA"}
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            raise VendorUnavailable("The Bot Framework's keys cannot be fetched.", cause=repr(error)) from error
        self._fetched = now
