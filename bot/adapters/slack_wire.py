"""Calls to Slack's Web API: paced by channel, repeated where they may be, found again where the answer was lost."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from aiohttp import ClientConnectorError, ClientError, ClientResponse
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.async_handler import AsyncRetryHandler
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.http_retry.request import HttpRequest
from slack_sdk.http_retry.response import HttpResponse
from slack_sdk.http_retry.state import RetryState
from slack_sdk.web.async_client import AsyncWebClient

from bot.render.block_kit import Post
from core.errors import OutcomeUnknown, Rejected, VendorUnavailable
from core.log import logger

_log = logger(__name__)
_TAKES_JSON = ("chat.", "assistant.", "views.")
_POSTING = ("chat.postMessage", "chat.postEphemeral")
_BLOCK_ERRORS = frozenset({"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "invalid_arguments"})
_EVENT_TYPE = "atom_reply"
_QUEUES_KEPT = 10_000


class _Repeat(AsyncRetryHandler):
    """Repeats what cannot happen twice by it: a call that never left, and anything but posting."""

    async def _can_retry_async(
        self,
        *,
        state: RetryState,
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,
    ) -> bool:
        if isinstance(error, ClientConnectorError):
            return True
        if request.url.endswith(_POSTING):
            return False
        is_server_error = response is not None and response.status_code >= 500
        return is_server_error or isinstance(error, ClientError | TimeoutError)


def retry_handlers() -> list[AsyncRetryHandler]:
    """What the SDK's client repeats by itself: 429 after `Retry-After`, and what is safe to repeat."""
    return [AsyncRateLimitErrorRetryHandler(max_retry_count=5), _Repeat(max_retry_count=2)]


@dataclass
class _Queue:
    """One channel's posts, first come first served; `due` is when the next fits the mean rate."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    due: float = 0.0


class SlackWire:
    """Posts at most one message each `pace_s` seconds a channel on average, `burst` of them at once."""

    def __init__(self, *, pace_s: float = 1.0, burst: int = 3) -> None:
        self._pace_s = pace_s
        self._slack_s = pace_s * (burst - 1)
        self._queues: dict[str, _Queue] = {}

    async def call(self, client: AsyncWebClient, method: str, **params: Any) -> Mapping[str, Any]:
        """One call of the Web API.

        Raises:
            Rejected: Slack refused it; `cause` is Slack's word for why.
            VendorUnavailable: Slack did not answer; the call may be made again.
            OutcomeUnknown: a message was posted or not.
        """
        given = {name: value for name, value in params.items() if value is not None}
        try:
            if method.startswith(_TAKES_JSON):
                answer = await client.api_call(method, json=given)
            else:
                answer = await client.api_call(method, http_verb="GET", params=given)
        except SlackApiError as error:
            raise _refused(method, error) from error
        except (ClientError, TimeoutError) as error:
            raise _lost(method, type(error).__name__, is_sent=not isinstance(error, ClientConnectorError)) from error
        data = answer.data
        return data if isinstance(data, Mapping) else {}

    async def post(
        self, client: AsyncWebClient, channel: str, thread: str, post: Post, mark: str = "", *, is_again: bool = False
    ) -> tuple[str, str]:
        """Post a message; where it stands: channel and ts. What `is_again` posted is looked for by its mark first."""
        queue = self._queue(channel)
        async with queue.lock:
            await self._wait(queue)
            try:
                answer = await self._post_once(client, channel, thread, post, mark, is_again=is_again)
            finally:
                queue.due = max(queue.due, asyncio.get_running_loop().time()) + self._pace_s
        return str(answer.get("channel") or channel), str(answer.get("ts") or "")

    async def whisper(self, client: AsyncWebClient, channel: str, thread: str, user: str, post: Post) -> None:
        """Post a message that `user` alone sees."""
        params = {"channel": channel, "thread_ts": thread or None, "user": user}
        try:
            await self._with_blocks(client, "chat.postEphemeral", post, params)
        except OutcomeUnknown:  # it cannot be looked for, and seen twice is better than never
            await self._with_blocks(client, "chat.postEphemeral", post, params)

    async def update(self, client: AsyncWebClient, channel: str, ts: str, post: Post) -> None:
        """Replace a message."""
        await self._with_blocks(client, "chat.update", post, {"channel": channel, "ts": ts})

    def _queue(self, channel: str) -> _Queue:
        now = asyncio.get_running_loop().time()
        if len(self._queues) > _QUEUES_KEPT:
            self._queues = {k: q for k, q in self._queues.items() if q.lock.locked() or q.due > now}
        return self._queues.setdefault(channel, _Queue())

    async def _wait(self, queue: _Queue) -> None:
        await asyncio.sleep(max(0.0, queue.due - self._slack_s - asyncio.get_running_loop().time()))

    async def _post_once(
        self, client: AsyncWebClient, channel: str, thread: str, post: Post, mark: str, *, is_again: bool
    ) -> Mapping[str, Any]:
        if is_again and (found := await self._find(client, channel, thread, mark)):
            return found
        mark = mark or uuid4().hex
        params = {
            "channel": channel,
            "thread_ts": thread or None,
            "unfurl_links": False,
            "unfurl_media": False,
            "metadata": {"event_type": _EVENT_TYPE, "event_payload": {"id": mark}},
        }
        try:
            return await self._with_blocks(client, "chat.postMessage", post, params)
        except OutcomeUnknown:
            if found := await self._find(client, channel, thread, mark):
                return found
            return await self._with_blocks(client, "chat.postMessage", post, params)

    async def _find(self, client: AsyncWebClient, channel: str, thread: str, mark: str) -> Mapping[str, Any] | None:
        """The message that carries `mark`; a lost answer does not mean a lost message."""
        method = "conversations.replies" if thread else "conversations.history"
        params = {"channel": channel, "limit": 100, "include_all_metadata": True}
        try:
            answer = await self.call(client, method, **params, ts=thread or None)
        except (Rejected, VendorUnavailable):
            return None
        for message in answer.get("messages", ()):
            if message.get("metadata", {}).get("event_payload", {}).get("id") == mark:
                return {"channel": channel, "ts": message["ts"]}
        return None

    async def _with_blocks(
        self, client: AsyncWebClient, method: str, post: Post, params: dict[str, Any]
    ) -> Mapping[str, Any]:
        """Where Slack will not show the blocks, the text is better than silence."""
        try:
            return await self.call(client, method, **params, text=post.text, blocks=list(post.blocks))
        except Rejected as error:
            if error.cause not in _BLOCK_ERRORS:
                raise
            return await self.call(client, method, **params, text=post.text, blocks=[])


def _refused(method: str, error: SlackApiError) -> Rejected | VendorUnavailable | OutcomeUnknown:
    response = error.response
    if isinstance(response, ClientResponse):  # what came back was no JSON
        return _lost(method, f"status_{response.status}", is_sent=True)
    status, code = int(response.status_code), str(response.get("error") or "")
    if status == 429 or status >= 500 or not code:
        return _lost(method, code or f"status_{status}", is_sent=status != 429)
    _log.warning("slack_call_refused", method=method, error=code, status=status)
    return Rejected("Slack did not accept the message.", status=status, cause=code)


def _lost(method: str, error: str, *, is_sent: bool) -> VendorUnavailable | OutcomeUnknown:
    _log.warning("slack_call_failed", method=method, error=error)
    if is_sent and method in _POSTING:
        return OutcomeUnknown("Slack did not say whether it took the message.", cause=error)
    return VendorUnavailable("Slack does not answer.", cause=error, next_step="Try again in a moment.")
