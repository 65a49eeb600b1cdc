"""The HTTP door for Slack: what Bolt's own signature check leaves open."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

from slack_sdk.signature import SignatureVerifier
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from bot.adapters.slack_intake import SlackIntake
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

    def routes(self, intake: SlackIntake, before: Callable[[], None]) -> list[Route]:
        """The route; `before` runs ahead of each request that is let in."""

        async def receive(request: Request) -> Response:
            try:
                await self._check(request)
            except BadSignature as error:
                _log.warning("slack_request_refused", cause=error.cause)
                return PlainTextResponse(error.message, status_code=401)
            before()
            try:
                kind, payload = await _read(request)
            except (ValueError, KeyError):
                return PlainTextResponse("No JSON", status_code=400)
            retry = request.headers.get("x-slack-retry-num", "0")
            answer = await intake.receive(kind, payload, int(retry) if retry.isdecimal() else 0)
            if answer.body is None:
                return Response(status_code=answer.status)
            return JSONResponse(answer.body, status_code=answer.status)

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


async def _read(request: Request) -> tuple[str, dict[str, Any]]:
    """What was delivered, by Slack's name for its kind in Socket Mode."""
    body = await request.body()
    if request.headers.get("content-type", "").startswith("application/json"):
        kind, payload = "events_api", json.loads(body)
    else:
        form = {name: values[0] for name, values in parse_qs(body.decode(), keep_blank_values=True).items()}
        is_command = "command" in form
        kind, payload = ("slash_commands", form) if is_command else ("interactive", json.loads(form["payload"]))
    if not isinstance(payload, dict):
        raise ValueError("no object")
    return kind, payload
