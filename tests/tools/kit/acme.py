"""A vendor made up for the kit's tests: it answers what a test lists, and what was sent to it is kept."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar

import httpx

from core.errors import NotFound, Rejected, VendorError
from core.records import Record, Ref, Task
from core.tool import Change
from tools.declare import tool
from tools.integration import Account, Integration
from tools.kit.auth import Auth, BearerToken, OAuth2
from tools.kit.connection import Connection, Refresh
from tools.kit.http import Answer, Http, Shared

BASE = "https://api.acme.example/v1"
SECRET = "tok-3f9a-very-secret"
Said = httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]


class Acme(Integration):
    """Connected with a pasted token; says some of its errors at status 200."""

    key = "acme"
    name = "Acme"
    category = "project_management"
    auth: ClassVar[Auth] = BearerToken()
    base_url = BASE
    headers = {"x-acme-version": "7", "accept": "application/vnd.acme+json"}
    calls_per_s = 1000.0
    names = ("task", "person")

    @classmethod
    def error(cls, answer: Answer) -> VendorError | None:
        """`{"ok": false, "error": …}` at any status."""
        if not isinstance(answer.data, Mapping) or answer.data.get("ok", True):
            return None
        return NotFound("It is not in Acme.") if answer.data["error"] == "missing" else Rejected("Acme refused it.")

    async def identify(self) -> Account:
        """Asks who the token belongs to."""
        return Account((await self.http.get("/me"))["id"])

    @tool("read")
    async def get_task(self, task: Annotated[str, "its id"]) -> Task:
        """Read one task."""
        return _task(await self.http.get(f"/tasks/{task}"))

    @tool("write", proof="read_task", irreversible="Acme forgets nothing")
    async def add_task(self, title: Annotated[str, "one line"]) -> Change:
        """Add a task."""
        return Change(_task(await self.http.post("/tasks", {"title": title})), {"title": title})

    async def read_task(self, ref: Ref) -> Record:
        """Reads the task again."""
        return _task(await self.http.get(f"/tasks/{ref.id}"))


class AcmeKeyed(Acme):
    """The same with idempotency keys."""

    key = "acme_keyed"
    idempotency_header = "Idempotency-Key"


class AcmeConsent(Acme):
    """The same, connected by consent."""

    key = "acme_consent"
    auth = OAuth2(
        authorize_url="https://login.acme.example/authorize",
        token_url="https://login.acme.example/token",
        revoke_url="https://login.acme.example/revoke",
        scopes=("tasks",),
    )


def _task(item: Mapping[str, Any]) -> Task:
    return Task(ref=Ref(integration="acme", kind="task", id=item["id"]), title=item["title"])


@dataclass
class Wire:
    """The vendor's end: answers in order, the last one for ever; a callable among them is called."""

    answers: list[Said]
    sent: list[httpx.Request] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.client = httpx.AsyncClient(transport=httpx.MockTransport(self._answer))
        self.shared = Shared(self.client, sleep=self._sleep)

    def http(
        self,
        kind: type[Integration] = Acme,
        refresh: Refresh | None = None,
        call_id: str = "",
        timeout_s: float = 15.0,
        secret: str = SECRET,
        base_url: str = "",
    ) -> Http:
        """A fresh client of one tool call."""
        given = {"token": secret, "access_token": secret}
        connection = Connection("t", "ana", kind.key, given, base_url)
        return Http(kind, connection, self.shared, refresh, call_id, timeout_s)

    def next(self, *answers: Said) -> None:
        """What it answers from now on."""
        self.answers = list(answers)

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(request)
        said = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(said, Exception):
            raise said
        if isinstance(said, httpx.Response):
            return httpx.Response(said.status_code, headers=said.headers, content=said.content)
        return said(request)

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(0)


def wire(*answers: Said) -> Wire:
    """A vendor that answers so."""
    return Wire(list(answers))


def ok(data: Any = None, status: int = 200, **headers: str) -> httpx.Response:
    """A JSON answer; a header's underscores are dashes."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, json=data if data is not None else {"id": "1", "title": "x"}, headers=named)


def status(code: int, **headers: str) -> httpx.Response:
    """A bare error."""
    return ok({"message": "no"}, code, **headers)
