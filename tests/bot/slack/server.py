"""A Slack workspace on loopback: its Web API, its Socket Mode, and people who write and press buttons.

It holds the app to its manifest: a method without its scope is refused, an event not subscribed is not sent.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import socket
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp
from starlette.websockets import WebSocket, WebSocketDisconnect

from tests.bot.slack.web_api import Posted, WebApi

EVENT_SCOPES: Mapping[str, str] = {
    "app_mention": "app_mentions:read",
    "message.channels": "channels:history",
    "message.groups": "groups:history",
    "message.im": "im:history",
    "message.mpim": "mpim:history",
}


class SlackServer(WebApi):
    """A workspace with one app installed, made from its manifest.

    Name the app under test with `app` (any ASGI app that takes `/slack/events`); when it has a Socket Mode
    connection open, events go there instead.
    """

    secret = "loopback-signing-secret"

    def __init__(self, manifest: Mapping[str, Any], app: ASGIApp | None = None) -> None:
        super().__init__(frozenset(manifest["oauth_config"]["scopes"]["bot"]))
        self.app = app
        self.subscribed = frozenset(manifest["settings"]["event_subscriptions"]["bot_events"])
        self._socket: WebSocket | None = None
        self._acks: dict[str, asyncio.Future[Any]] = {}
        self.add_person("U1", "Priya Raman", "priya@example.com", tz="Europe/Berlin")
        self.add_person("U2", "Tom Okafor", "tom@example.com")

    async def __aenter__(self) -> SlackServer:
        api = Starlette(
            routes=[
                Route("/api/{method}", self.api, methods=["GET", "POST"]),
                Route("/respond/{ts}", self.respond, methods=["POST"]),
                WebSocketRoute("/link", self._link),
            ]
        )
        # asyncio sends without delay only where the socket says that it speaks TCP.
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        self.address = f"127.0.0.1:{listener.getsockname()[1]}"
        config = uvicorn.Config(api, log_level="error", lifespan="off", ws="websockets-sansio")
        self._server = uvicorn.Server(config)
        self._serving = asyncio.create_task(self._server.serve(sockets=[listener]))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        await self._serving

    @property
    def api_url(self) -> str:
        """What the app takes for Slack's Web API."""
        return f"http://{self.address}/api/"

    async def until_connected(self, timeout_s: float = 5) -> None:
        """Wait for the app's Socket Mode connection."""
        async with asyncio.timeout(timeout_s), self.changed:
            await self.changed.wait_for(lambda: self._socket is not None)

    # what people do

    async def say(self, text: str, *, user: str = "U1", channel: str = "", thread: str = "", **more: Any) -> str:
        """A person writes, in the direct message with the app unless a channel is named; the message's ts.

        A mention makes two events, as in Slack.
        """
        channel = channel or self.direct(user)
        ts = more.pop("ts", "") or self.next_ts()
        event = {"type": "message", "channel": channel, "user": user, "text": text, "ts": ts, **more}
        event |= {"thread_ts": thread} if thread else {}
        kind = "im" if channel.startswith("D") else "channel"
        await self.event({**event, "channel_type": kind})
        if kind == "channel" and f"<@{self.bot}>" in text:
            await self.event({**event, "type": "app_mention"})
        return ts

    async def event(self, event: Mapping[str, Any], event_id: str = "") -> Any:
        """Deliver one event, if the app subscribed to it and may have it; the app's answer."""
        kinds = {"im": "message.im", "channel": "message.channels", "group": "message.groups"}
        name = kinds[event["channel_type"]] if event["type"] == "message" else event["type"]
        if name not in self.subscribed or EVENT_SCOPES.get(name, "") not in {*self.scopes, ""}:
            return None
        return await self._deliver("events_api", self.envelope(event, event_id))

    async def press(self, posted: Posted, label: str, *, user: str = "U1", action_ts: str = "") -> Any:
        """A person presses a button or chooses from a menu."""
        box = {"type": "message", "message_ts": posted.ts, "channel_id": posted.channel}
        payload: dict[str, Any] = {
            "type": "block_actions",
            "team": {"id": self.team},
            "user": {"id": user, "team_id": self.team},
            "trigger_id": uuid4().hex,
            "response_url": f"http://{self.address}/respond/{posted.ts}",
            "actions": [{**posted.buttons[label], "action_ts": action_ts or self.next_ts()}],
            "container": {**box, "is_ephemeral": bool(posted.user)},
            "channel": {"id": posted.channel},
        }
        if not posted.user:
            thread = {"thread_ts": posted.thread_ts} if posted.thread_ts else {}
            payload["message"] = {"ts": posted.ts, "blocks": posted.blocks, **thread}
        return await self._deliver("interactive", payload)

    async def command(self, text: str, *, user: str = "U1", channel: str = "C1", trigger: str = "") -> Any:
        """A person uses the slash command; the app's immediate answer."""
        payload = {
            "command": "/atom",
            "text": text,
            "team_id": self.team,
            "channel_id": channel,
            "user_id": user,
            "trigger_id": trigger or uuid4().hex,
            "response_url": f"http://{self.address}/respond/none",
        }
        return await self._deliver("slash_commands", payload)

    async def change(self, ts: str, before: str, after: str, *, user: str = "U1", channel: str = "") -> Any:
        """A person edits a message; one whose words stay the same got a preview."""
        told = {"type": "message", "user": user, "ts": ts}
        return await self.event(
            {
                "type": "message",
                "subtype": "message_changed",
                "channel": channel or self.direct(user),
                "channel_type": "channel" if channel else "im",
                "ts": self.next_ts(),
                "message": {**told, "text": after, "edited": {"user": user, "ts": self.next_ts()}},
                "previous_message": {**told, "text": before},
            }
        )

    async def remove(self, ts: str, text: str, *, user: str = "U1", channel: str = "") -> Any:
        """A person deletes a message."""
        return await self.event(
            {
                "type": "message",
                "subtype": "message_deleted",
                "channel": channel or self.direct(user),
                "channel_type": "channel" if channel else "im",
                "ts": self.next_ts(),
                "deleted_ts": ts,
                "previous_message": {"type": "message", "user": user, "ts": ts, "text": text},
            }
        )

    async def interact(self, kind: str, *, user: str = "U1", **more: Any) -> Any:
        """A person does something beside the messages."""
        base = {"type": kind, "team": {"id": self.team}, "user": {"id": user, "team_id": self.team}}
        return await self._deliver("interactive", {**base, "trigger_id": uuid4().hex, **more})

    async def submit(self, view: Mapping[str, Any], given: Mapping[str, str], *, user: str = "U1") -> Any:
        """A person sends a form back."""
        values: dict[str, Any] = {}
        for block in view["blocks"]:
            if block["type"] == "input":
                key = block["element"]["action_id"]
                values[block["block_id"]] = {key: {"type": block["element"]["type"], "value": given.get(key)}}
        filled = {**view, "id": f"V{next(self.numbers)}", "state": {"values": values}}
        return await self.interact("view_submission", user=user, view=filled)

    # what the app receives

    def envelope(self, event: Mapping[str, Any], event_id: str = "") -> dict[str, Any]:
        """An event as the Events API wraps it."""
        return {
            "type": "event_callback",
            "team_id": self.team,
            "api_app_id": "A1",
            "event_id": event_id or f"Ev{next(self.numbers)}",
            "event_time": int(time.time()),
            "event": dict(event),
            "authorizations": [{"team_id": self.team, "user_id": self.bot, "is_bot": True}],
        }

    def sign(self, body: str, *, at: float | None = None, secret: str = "") -> dict[str, str]:
        """The headers that prove who sent `body`."""
        timestamp = str(int(time.time() if at is None else at))
        base = f"v0:{timestamp}:{body}".encode()
        digest = hmac.new((secret or self.secret).encode(), base, hashlib.sha256).hexdigest()
        return {"x-slack-request-timestamp": timestamp, "x-slack-signature": f"v0={digest}"}

    async def send(self, body: str, headers: Mapping[str, str], kind: str = "application/json") -> httpx.Response:
        """Post to the app as Slack does over HTTP."""
        assert self.app is not None, "name the app under test first"
        transport = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://app") as client:
            content = body.encode(errors="surrogateescape")
            return await client.post("/slack/events", content=content, headers={**headers, "content-type": kind})

    async def _deliver(self, kind: str, payload: Mapping[str, Any]) -> Any:
        if self._socket is not None:
            return await self._deliver_by_socket(self._socket, kind, payload)
        if kind == "events_api":
            body, media = json.dumps(payload), "application/json"
        else:
            form = {"payload": json.dumps(payload)} if kind == "interactive" else payload
            body, media = urlencode(form), "application/x-www-form-urlencoded"
        return await self.send(body, self.sign(body), media)

    async def _deliver_by_socket(self, link: WebSocket, kind: str, payload: Mapping[str, Any]) -> Any:
        envelope = uuid4().hex
        ack = self._acks[envelope] = asyncio.get_running_loop().create_future()
        await link.send_json({"type": kind, "envelope_id": envelope, "payload": dict(payload)})
        async with asyncio.timeout(3):
            return await ack

    async def _link(self, link: WebSocket) -> None:
        await link.accept()
        await link.send_json({"type": "hello", "num_connections": 1})
        async with self.changed:
            self._socket = link
            self.changed.notify_all()
        try:
            while True:
                answer = await link.receive_json()
                self._acks.pop(answer["envelope_id"]).set_result(answer.get("payload"))
        except WebSocketDisconnect:
            self._socket = None
