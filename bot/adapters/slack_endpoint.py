"""The HTTP door for Slack: what Bolt's own signature check leaves open."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta

from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.signature import SignatureVerifier
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from core.clock import Clock
from core.errors import BadSignature
from core.log import logger

PATH = "/slack/events"
_SEEN_FOR = timedelta(minutes=10)
_MOST_BYTES = 1_000_000

_log = logger(__name__)


class SlackEndpoint:
    """One route for events, buttons and commands.

    Bolt parses a body before it checks the signature and accepts it again for 5 minutes; here an unsigned body is
    not parsed and a signature is good once.
    """

    def __init__(self, signing_secret: str, *, clock: Clock) -> None:
        self._verifier = SignatureVerifier(signing_secret)
        self._clock = clock
        self._seen: dict[str, datetime] = {}

    def routes(self, app: AsyncApp, before: Callable[[], None]) -> list[Route]:
        """The route; `before` runs ahead of each request that is let in."""
        handler = AsyncSlackRequestHandler(app)

        async def receive(request: Request) -> Response:
            try:
                await self._check(request)
            except BadSignature as error:
                _log.warning("slack_request_refused", cause=error.cause)
                return PlainTextResponse(error.message, status_code=401)
            before()
            try:
                return await handler.handle(request)
            except json.JSONDecodeError:
                return PlainTextResponse("No JSON", status_code=400)

        return [Route(PATH, receive, methods=["POST"])]

    async def _check(self, request: Request) -> None:
        timestamp = request.headers.get("x-slack-request-timestamp", "")
        signature = request.headers.get("x-slack-signature", "")
        if not timestamp.isdecimal():
            raise BadSignature("No valid timestamp", cause="timestamp")
        if int(request.headers.get("content-length") or 0) > _MOST_BYTES:
            raise BadSignature("Too large to be checked", cause="size")
        body = (await request.body()).decode(errors="replace")
        if not self._verifier.is_valid(body, timestamp, signature):
            raise BadSignature("Wrong or stale signature", cause="signature")
        if not self._is_new(signature):
            raise BadSignature("Replayed", cause="replay")

    def _is_new(self, signature: str) -> bool:
        now = self._clock()
        while self._seen and now - next(iter(self._seen.values())) > _SEEN_FOR:
            del self._seen[next(iter(self._seen))]
        if signature in self._seen:
            return False
        self._seen[signature] = now
        return True
