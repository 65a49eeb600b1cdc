"""Teams on loopback: the Bot Connector, its keys and token endpoint, and people who write to the bot."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from itertools import count
from types import TracebackType
from typing import Any

import httpx
import jwt
import uvicorn
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from tests.bot.teams.streaming import Streams, stream_of

JSON = dict[str, Any]

APP_ID = "11111111-2222-3333-4444-555555555555"
PASSWORD = "the bot's password"
DIRECTORY = "aaaaaaaa-0000-0000-0000-000000000001"
ISSUER = "https://api.botframework.com"

_WAIT_S = 10.0


@dataclass(frozen=True)
class Person:
    """Somebody in the directory; without `email` the roster shows none."""

    name: str
    email: str = ""
    user_principal_name: str = ""
    role: str = "user"
    home: str = ""

    @property
    def id(self) -> str:
        return f"29:{self.name.lower().replace(' ', '-')}"

    @property
    def aad(self) -> str:
        return f"aad-{self.name.lower().replace(' ', '-')}"


PRIYA = Person("Priya Raman", "Priya.Raman@acme.example")


@dataclass(frozen=True)
class Chat:
    """A conversation: its id (a channel's thread ends in `;messageid=…`) and its type."""

    id: str
    type: str = "personal"


@dataclass
class Call:
    """One request to the connector."""

    method: str
    path: str
    body: JSON


class SigningKey:
    """An RSA key of the Bot Framework, and what it vouches for."""

    def __init__(self, key_id: str, private: rsa.RSAPrivateKey | None = None) -> None:
        self.key_id = key_id
        self.private = private or rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.endorsements: tuple[str, ...] = ("msteams",)

    def public(self) -> JSON:
        jwk: JSON = json.loads(RSAAlgorithm.to_jwk(self.private.public_key()))
        return {**jwk, "kid": self.key_id, "use": "sig", "endorsements": list(self.endorsements)}

    def sign(self, claims: JSON) -> str:
        return jwt.encode(claims, self.private, algorithm="RS256", headers={"kid": self.key_id})


@cache
def _first_key() -> rsa.RSAPrivateKey:
    """Made once: it takes a while."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class TeamsServer:
    """An async context manager; `connect(app)` names the bot that people then write to.

    `calls` are the requests to the connector, `fail` the answers that come in place of the next ones: a status
    and headers, by `"METHOD fragment of path"`. `shown(chat)` is what stands in a conversation now.
    """

    app_id: str = APP_ID
    password: str = PASSWORD
    directory: str = DIRECTORY
    people: dict[str, Person] = field(default_factory=dict)
    rooms: dict[str, list[Person]] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    fail: dict[str, list[tuple[int, dict[str, str]]]] = field(default_factory=lambda: defaultdict(list))
    keys: list[SigningKey] = field(default_factory=lambda: [SigningKey("key-1", _first_key())])
    key_fetches: int = 0
    sign_ins: int = 0
    streams: Streams = field(default_factory=Streams)
    address: str = ""

    async def __aenter__(self) -> TeamsServer:
        self._ids = count(1)
        self._posts: dict[str, dict[str, JSON]] = defaultdict(dict)
        self._changed = asyncio.Event()
        self._bot: httpx.AsyncClient | None = None
        listener = socket.socket(proto=socket.IPPROTO_TCP)  # named, or asyncio leaves Nagle's 40 ms on
        listener.bind(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        config = uvicorn.Config(self._app(), log_level="warning", lifespan="off", ws="none")
        self._server = uvicorn.Server(config)
        self._serving = asyncio.create_task(self._server.serve([listener]))
        while not self._server.started:  # noqa: ASYNC110 - uvicorn tells it by a flag alone
            await asyncio.sleep(0.005)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bot is not None:
            await self._bot.aclose()
        self._server.should_exit = True
        await self._serving

    # --- for the bot's configuration

    @property
    def openid_url(self) -> str:
        return f"{self.address}/.well-known/openidconfiguration"

    @property
    def service_url(self) -> str:
        return f"{self.address}/emea/"

    def connect(self, app: ASGIApp, address: str = "") -> None:
        """The bot is this ASGI app, or where `address` is given what listens there."""
        transport = None if address else httpx.ASGITransport(app=app)
        self._bot = httpx.AsyncClient(transport=transport, base_url=address or "http://bot.test")

    # --- what people do

    async def message(
        self, text: str, *, person: Person = PRIYA, chat: Chat | None = None, **more: Any
    ) -> httpx.Response:
        """A message, in the person's private chat unless `chat` says where."""
        return await self.post(self.activity(person, chat, **{"type": "message", "text": text, **more}))

    async def mention(self, text: str, *, chat: Chat, person: Person = PRIYA, **more: Any) -> httpx.Response:
        """A message that begins with the bot's mention."""
        entity = {"type": "mention", "text": "<at>ATOM</at>", "mentioned": {"id": self.bot_id, "name": "ATOM"}}
        return await self.message(f"<at>ATOM</at> {text}", person=person, chat=chat, entities=[entity], **more)

    async def press(
        self,
        button: JSON,
        *,
        card: str = "",
        person: Person = PRIYA,
        chat: Chat | None = None,
        inputs: JSON | None = None,
        **more: Any,
    ) -> httpx.Response:
        """A button of a card pressed; `card` is the id of the message it stands in."""
        data = {**button["data"], **(inputs or {})}
        action = {"type": button["type"], "verb": button.get("verb"), "data": data}
        if button["type"] == "Action.Submit":
            return await self.post(self.activity(person, chat, type="message", value=data, replyToId=card, **more))
        value = {"action": action, "trigger": "manual"}
        activity = self.activity(
            person, chat, type="invoke", name="adaptiveCard/action", value=value, replyToId=card, **more
        )
        return await self.post(activity)

    async def install(self, *, person: Person = PRIYA, chat: Chat | None = None) -> list[httpx.Response]:
        """The two events that adding the app sends."""
        bot = {"id": self.bot_id}
        first = self.activity(person, chat, type="conversationUpdate", membersAdded=[bot])
        second = self.activity(person, chat, type="installationUpdate", action="add")
        return [await self.post(first), await self.post(second)]

    def activity(self, person: Person, chat: Chat | None = None, **more: Any) -> JSON:
        """An activity as Teams writes it; `more` is laid over it."""
        self.people[person.id] = person
        chat = chat or self.private_chat(person)
        return {
            "id": f"{1_793_611_800_000 + next(self._ids)}",
            "channelId": "msteams",
            "serviceUrl": self.service_url,
            "timestamp": "2026-11-02T09:30:00.000Z",
            "localTimezone": "Europe/Berlin",
            "from": {"id": person.id, "name": person.name, "aadObjectId": person.aad},
            "recipient": {"id": self.bot_id, "name": "ATOM"},
            "conversation": {
                "id": chat.id,
                "conversationType": chat.type,
                "isGroup": chat.type != "personal" or None,
                "tenantId": self.directory,
            },
            "channelData": {"tenant": {"id": self.directory}},
            **more,
        }

    async def post(self, activity: JSON, *, token: str | None = None) -> httpx.Response:
        """Deliver an activity; signed rightly unless `token` is given ("" sends none)."""
        signed = self.token(activity) if token is None else token
        headers = {"Authorization": f"Bearer {signed}"} if signed else {}
        if self._bot is None:
            raise RuntimeError("connect() a bot first")
        return await self._bot.post("/api/messages", json=activity, headers=headers)

    def token(self, activity: JSON, *, key: SigningKey | None = None, **claims: Any) -> str:
        """A token for the activity; `claims` are laid over the right ones."""
        now = int(time.time())
        right = {
            "iss": ISSUER,
            "aud": self.app_id,
            "serviceurl": activity["serviceUrl"],
            "nbf": now,
            "exp": now + 3600,
        }
        return (key or self.keys[0]).sign({**right, **claims})

    # --- what can be seen

    @property
    def bot_id(self) -> str:
        return f"28:{self.app_id}"

    def private_chat(self, person: Person) -> Chat:
        return Chat(f"a:{person.id}")

    def shown(self, chat: Chat | str) -> list[JSON]:
        """The bot's messages in a conversation, edits applied, typing left out."""
        posts = self._posts[chat if isinstance(chat, str) else chat.id].values()
        return [post for post in posts if post["type"] == "message"]

    async def until(self, is_reached: Callable[[], bool]) -> None:
        """Wait for a state that requests to the connector bring about."""
        async with asyncio.timeout(_WAIT_S):
            while not is_reached():
                self._changed.clear()
                await self._changed.wait()

    async def answer(self, chat: Chat | str, number: int = 1) -> JSON:
        """The bot's message of that number in a conversation, once it is there."""
        await self.until(lambda: len(self.shown(chat)) >= number)
        return self.shown(chat)[number - 1]

    # --- the connector

    def _app(self) -> Starlette:
        at = "/emea/v3/conversations"
        return Starlette(
            routes=[
                Route("/.well-known/openidconfiguration", self._openid),
                Route("/keys", self._jwks),
                Route("/{tenant}/oauth2/v2.0/token", self._sign_in, methods=["POST"]),
                Route(at, self._open, methods=["POST"]),
                Route(f"{at}/{{chat}}/activities", self._say, methods=["POST"]),
                Route(f"{at}/{{chat}}/activities/{{id}}", self._say, methods=["POST", "PUT"]),
                Route(f"{at}/{{chat}}/members/{{member}}", self._member),
                Route(f"{at}/{{chat}}/pagedmembers", self._members),
            ]
        )

    async def _openid(self, _: Request) -> Response:
        self.key_fetches += 1
        return JSONResponse({"issuer": ISSUER, "jwks_uri": f"{self.address}/keys"})

    async def _jwks(self, _: Request) -> Response:
        return JSONResponse({"keys": [key.public() for key in self.keys]})

    async def _sign_in(self, request: Request) -> Response:
        form = await request.form()
        if (form["client_id"], form["client_secret"]) != (self.app_id, self.password):
            return JSONResponse({"error": "invalid_client"}, 401)
        self.sign_ins += 1
        return JSONResponse({"access_token": f"token-{self.sign_ins}", "expires_in": 3600})

    async def _open(self, request: Request) -> Response:
        if (refused := await self._check(request)) is not None:
            return refused
        return JSONResponse({"id": f"a:{self.calls[-1].body['members'][0]['id']}"}, 201)

    async def _say(self, request: Request) -> Response:
        if (refused := await self._check(request)) is not None:
            return refused
        body = self.calls[-1].body
        chat = request.path_params["chat"]
        if request.method == "PUT":
            activity_id = request.path_params["id"]
            if activity_id not in self._posts[chat]:
                return JSONResponse({"error": {"code": "ActivityNotFoundInConversation"}}, 404)
        else:
            activity_id = f"sent-{next(self._ids)}"
        if stream_of(body):
            return self._stream(chat, body, activity_id)
        self._posts[chat][activity_id] = {**body, "id": activity_id}
        self._changed.set()
        return JSONResponse({"id": activity_id}, 200 if request.method == "PUT" else 201)

    def _stream(self, chat: str, body: JSON, fresh: str) -> Response:
        status, name = self.streams.take(chat, body, fresh)
        if status >= 400:
            return JSONResponse({"error": {"code": name}}, status)
        self._posts[chat][name] = {**body, "id": name}
        self._changed.set()
        return JSONResponse({"id": name} if status == 201 else {}, status)

    async def _member(self, request: Request) -> Response:
        if (refused := await self._check(request)) is not None:
            return refused
        person = self.people.get(request.path_params["member"])
        if person is None:
            return JSONResponse({"error": {"code": "MemberNotFoundInConversation"}}, 404)
        return JSONResponse(self._entry(person))

    async def _members(self, request: Request) -> Response:
        """A page of those who are in the conversation: everybody, unless `rooms` names them."""
        if (refused := await self._check(request)) is not None:
            return refused
        people = self.rooms.get(request.path_params["chat"], list(self.people.values()))
        size = int(request.query_params.get("pageSize", 50))
        begin = int(request.query_params.get("continuationToken") or 0)
        answer: JSON = {"members": [self._entry(one) for one in people[begin : begin + size]]}
        if begin + size < len(people):
            answer["continuationToken"] = str(begin + size)
        return JSONResponse(answer)

    def _entry(self, person: Person) -> JSON:
        entry = {
            "id": person.id,
            "name": person.name,
            "objectId": person.aad,
            "email": person.email or None,
            "userPrincipalName": person.user_principal_name or None,
            "tenantId": person.home or self.directory,
            "userRole": person.role,
        }
        return {name: value for name, value in entry.items() if value is not None}

    async def _check(self, request: Request) -> Response | None:
        """Note the call; the failure that was asked for, or 401 without a token that is good now."""
        content = await request.body()
        self.calls.append(Call(request.method, request.url.path, json.loads(content) if content else {}))
        self._changed.set()
        for wanted, answers in self.fail.items():
            method, _, fragment = wanted.partition(" ")
            if answers and method == request.method and fragment in request.url.path:
                status, headers = answers.pop(0)
                return JSONResponse({"error": {"code": "Asked"}}, status, headers)
        if self.app_id and request.headers.get("Authorization") != f"Bearer token-{self.sign_ins}":
            return JSONResponse({"error": {"code": "Unauthorized"}}, 401)
        return None


def card(activity: JSON) -> JSON:
    """The Adaptive Card of a message, empty where it has none."""
    content: JSON = (activity.get("attachments") or [{"content": {}}])[0]["content"]
    return content


def buttons(activity: JSON) -> dict[str, JSON]:
    """A card's buttons by title."""
    found: dict[str, JSON] = {}

    def walk(node: Any) -> None:
        if isinstance(node, dict):
            if str(node.get("type", "")).startswith("Action."):
                found[node["title"]] = node
                return
            for child in node.values():
                walk(child)
        elif isinstance(node, list):
            for child in node:
                walk(child)

    walk(card(activity))
    return found


def words(activity: JSON) -> str:
    """All text that a message and its card show, a line per element."""
    lines: list[str] = [activity["text"]] if activity.get("text") else []

    def walk(node: Any) -> None:
        if isinstance(node, dict):
            if node.get("type") == "TextBlock":
                lines.append(node["text"])
            lines.extend(f"{fact['title']}: {fact['value']}" for fact in node.get("facts", ()))
            for child in node.values():
                walk(child)
        elif isinstance(node, list):
            for child in node:
                walk(child)

    walk(card(activity))
    return "\n".join(lines)
