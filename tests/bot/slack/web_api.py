"""Slack's Web API on loopback: who is there, what was posted, and how it refuses."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from slack_sdk.models.blocks import Block
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

METHOD_SCOPES: Mapping[str, tuple[str, ...]] = {
    "assistant.threads.setStatus": ("assistant:write",),
    "assistant.threads.setSuggestedPrompts": ("assistant:write",),
    "auth.test": (),
    "chat.postEphemeral": ("chat:write",),
    "chat.postMessage": ("chat:write",),
    "chat.update": ("chat:write",),
    "conversations.history": ("channels:history", "groups:history", "im:history", "mpim:history"),
    "conversations.info": ("channels:read", "groups:read", "im:read", "mpim:read"),
    "conversations.members": ("channels:read", "groups:read", "im:read", "mpim:read"),
    "conversations.open": ("im:write",),
    "conversations.replies": ("channels:history", "groups:history", "im:history", "mpim:history"),
    "users.info": ("users:read",),
    "views.open": (),
    "views.publish": (),
}
_TAKES_JSON = ("chat.", "assistant.", "views.")


@dataclass
class Posted:
    """A message of the app as people see it; `user` is the one who sees an ephemeral message, else ""."""

    channel: str
    ts: str
    text: str
    blocks: list[dict[str, Any]]
    thread_ts: str = ""
    user: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    edits: int = 0

    @property
    def shown(self) -> str:
        """All text that stands in the blocks."""
        return "\n".join(_texts(self.blocks))

    @property
    def buttons(self) -> dict[str, dict[str, Any]]:
        """The buttons and the options of menus by label, as the action that pressing one delivers."""
        return dict(_actions(self.blocks))


@dataclass(frozen=True)
class Fault:
    """One answer that the Web API gives in place of its own; `is_done` carries the call out before failing."""

    status: int
    body: str = '{"ok": false, "error": "internal_error"}'
    headers: Mapping[str, str] = field(default_factory=dict)
    is_done: bool = False


class WebApi:
    """Answers as the methods that the app uses do, and only with the scopes it was granted."""

    team = "T1"
    bot = "UATOM"
    bot_id = "BATOM"
    token = "xoxb-loopback"
    app_token = "xapp-loopback"

    def __init__(self, scopes: frozenset[str]) -> None:
        self.scopes = scopes
        self.address = ""
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.posted: list[Posted] = []
        self.people: dict[str, dict[str, Any]] = {}
        self.channels: dict[str, str] = {"C1": "eng-oncall"}
        self.members: set[str] = {"C1"}
        self.said: list[dict[str, Any]] = []
        self.facts: defaultdict[str, dict[str, Any]] = defaultdict(dict)
        self.faults: defaultdict[str, deque[Fault]] = defaultdict(deque)
        self.changed = asyncio.Condition()
        self.numbers = count(1)

    def add_person(self, user: str, name: str, email: str = "", **more: Any) -> None:
        """A member of the workspace; `more` are further fields of users.info."""
        profile = {"display_name": name, "real_name": name, **({"email": email} if email else {})}
        self.people[user] = {"id": user, "team_id": self.team, "tz": "UTC", "profile": profile, **more}

    def called(self, method: str) -> list[dict[str, Any]]:
        """The parameters of each call of a method so far."""
        return [params for name, params in self.calls if name == method]

    async def until(self, number: int, timeout_s: float = 5) -> list[Posted]:
        """What was posted, once there are `number` messages."""
        async with asyncio.timeout(timeout_s), self.changed:
            await self.changed.wait_for(lambda: len(self.posted) >= number)
        return self.posted

    async def api(self, request: Request) -> Response:
        method = request.path_params["method"]
        params = await _params(request, method)
        self.calls.append((method, params))
        fault = self.faults[method].popleft() if self.faults[method] else None
        if fault and not fault.is_done:
            return Response(fault.body, fault.status, dict(fault.headers), "application/json")
        token = self.app_token if method == "apps.connections.open" else self.token
        if request.headers.get("authorization") != f"Bearer {token}":
            return JSONResponse({"ok": False, "error": "invalid_auth"})
        answer = await self._answer(method, params)
        return Response(fault.body, fault.status) if fault else JSONResponse(answer)

    async def _answer(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        if method == "apps.connections.open":
            return {"ok": True, "url": f"ws://{self.address}/link"}
        needed = METHOD_SCOPES.get(method)
        if needed is None:
            return _error("unknown_method")
        if needed and not self.scopes.intersection(needed):
            return _error("missing_scope")
        match method:
            case "auth.test":
                names = {"user_id": self.bot, "bot_id": self.bot_id, "team_id": self.team, "team": "Acme"}
                return {"ok": True, "url": "https://acme.slack.com/", "user": "atom", **names}
            case "users.info":
                return self._user(params.get("user", ""))
            case "conversations.info":
                return self._conversation(params.get("channel", ""))
            case "conversations.members":
                return {"ok": True, "members": sorted(self.people)[: int(params.get("limit", 100))]}
            case "conversations.open":
                return {"ok": True, "channel": {"id": self.direct(params["users"])}}
            case "conversations.replies" | "conversations.history":
                return {"ok": True, "messages": self._history(params)}
            case "chat.postMessage" | "chat.postEphemeral":
                return await self._post(params)
            case "chat.update":
                return await self._update(params)
            case _:
                return {"ok": True}

    def _user(self, user: str) -> dict[str, Any]:
        if user not in self.people:
            return _error("user_not_found")
        found = self.people[user]
        if "users:read.email" not in self.scopes:
            found = {**found, "profile": {k: v for k, v in found["profile"].items() if k != "email"}}
        return {"ok": True, "user": found}

    def _conversation(self, channel: str) -> dict[str, Any]:
        if channel not in self.channels:
            return _error("channel_not_found")
        return {"ok": True, "channel": {"id": channel, "name": self.channels[channel], **self.facts[channel]}}

    def _history(self, params: Mapping[str, Any]) -> list[dict[str, Any]]:
        thread = params.get("ts", "")
        return [
            *self.said,
            *self._own(params["channel"], thread),
        ]

    def _own(self, channel: str, thread: str) -> list[dict[str, Any]]:
        return [
            {"ts": one.ts, "text": one.text, "metadata": one.metadata}
            for one in self.posted
            if one.channel == channel and one.thread_ts == thread and not one.user
        ]

    async def _post(self, params: dict[str, Any]) -> dict[str, Any]:
        channel = self.direct(params["channel"]) if params["channel"] in self.people else params["channel"]
        if channel in self.channels and channel not in self.members:
            return _error("not_in_channel")
        if channel not in self.channels and not channel.startswith("D"):
            return _error("channel_not_found")
        if error := _blocks_error(params):
            return _error(error)
        posted = Posted(channel, self.next_ts(), params["text"], params.get("blocks") or [])
        posted.thread_ts, posted.user = params.get("thread_ts", ""), params.get("user", "")
        posted.metadata = params.get("metadata") or {}
        await self._show(posted)
        return {"ok": True, "channel": channel, "ts": posted.ts, "message_ts": posted.ts}

    async def _update(self, params: dict[str, Any]) -> dict[str, Any]:
        found = [p for p in self.posted if (p.channel, p.ts) == (params["channel"], params["ts"]) and not p.user]
        if not found:
            return _error("message_not_found")
        if error := _blocks_error(params):
            return _error(error)
        await self._edit(found[0], params)
        return {"ok": True, "channel": found[0].channel, "ts": found[0].ts}

    async def respond(self, request: Request) -> Response:
        params = await request.json()
        found = [one for one in self.posted if one.ts == request.path_params["ts"] and one.user]
        if not found or not params.get("replace_original"):
            return PlainTextResponse("used_url", status_code=404)
        await self._edit(found[0], params)
        return PlainTextResponse("ok")

    async def _edit(self, posted: Posted, params: Mapping[str, Any]) -> None:
        async with self.changed:
            posted.text, posted.blocks = params["text"], params.get("blocks") or []
            posted.edits += 1
            self.changed.notify_all()

    async def _show(self, posted: Posted) -> None:
        async with self.changed:
            self.posted.append(posted)
            self.changed.notify_all()

    def direct(self, user: str) -> str:
        """The direct message between a person and the app."""
        return f"D{user}"

    def next_ts(self) -> str:
        """The ts of a message written now."""
        return f"{int(time.time())}.{next(self.numbers):06d}"


def _error(name: str) -> dict[str, Any]:
    return {"ok": False, "error": name}


async def _params(request: Request, method: str) -> dict[str, Any]:
    """Reading methods do not read JSON bodies, as Slack's do not."""
    params: dict[str, Any] = dict(request.query_params)
    is_json = request.headers.get("content-type", "").startswith("application/json")
    if is_json and method.startswith(_TAKES_JSON):
        params |= await request.json()
    elif not is_json:
        params |= dict(await request.form())
    return params


def _blocks_error(params: Mapping[str, Any]) -> str:
    blocks = params.get("blocks") or []
    if not blocks and not params.get("text"):
        return "no_text"
    if len(params.get("text", "")) > 40_000:
        return "msg_too_long"
    if len(blocks) > 50 or sum(block["type"] == "table" for block in blocks) > 1:
        return "invalid_blocks"
    for block in blocks:
        parsed = Block.parse(block)
        if parsed is None:
            return "invalid_blocks"
        parsed.validate_json()
    names = [action["action_id"] for _, action in _elements(blocks)]
    return "" if len(names) == len(set(names)) else "invalid_blocks"


def _elements(blocks: list[dict[str, Any]]) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Each interactive element with its block."""
    found = []
    for block in blocks:
        elements = [*block.get("elements", ()), *([block["accessory"]] if "accessory" in block else ())]
        found += [(block, one) for one in elements if "action_id" in one]
    return found


def _actions(blocks: list[dict[str, Any]]) -> list[tuple[str, dict[str, Any]]]:
    found = []
    for _, one in _elements(blocks):
        base = {"type": one["type"], "action_id": one["action_id"]}
        if one["type"] == "button":
            found.append((one["text"]["text"], {**base, "value": one.get("value", "")}))
        for option in one.get("options", ()):
            found.append((option["text"]["text"], {**base, "selected_option": option}))
    return found


def _texts(node: Any) -> list[str]:
    if isinstance(node, Mapping):
        own = [node["text"]] if isinstance(node.get("text"), str) else []
        return own + [text for value in node.values() for text in _texts(value)]
    if isinstance(node, list):
        return [text for value in node for text in _texts(value)]
    return []
