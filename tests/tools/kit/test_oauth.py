"""Consent, refresh and the end of a connection: over HTTP against the demo company, and against a server of our own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx
import pytest
from sqlalchemy import select

from core.db import Database
from core.errors import BadSignature, ConfigInvalid, NotConnected, SecretUnreadable, VendorUnavailable
from core.principal import Principal
from core.vault import Vault
from sandbox.server import Sandbox, serve
from tests.tools.kit.acme import Acme, AcmeConsent, ok
from tools.kit.auth import OAuth2
from tools.kit.connection import Connection
from tools.kit.oauth import LINK_LIFE, PendingLink
from tools.registry import Registry, discover

ANA = Principal(tenant="acme", id="ana", name="Ana")
BO = Principal(tenant="acme", id="bo", name="Bo")
NOW = datetime(2027, 1, 4, 9, tzinfo=UTC)
KEY = "acme_consent"
CALLBACK = "http://127.0.0.1/oauth/callback"
CONSENT = sorted(key for key, kind in discover().items() if isinstance(kind.auth, OAuth2))


@dataclass
class Server:
    """Acme's authorisation server: refresh tokens rotate, and one that was used is refused."""

    refresh: str = "r0"
    serial: int = 0
    asked: list[dict[str, str]] = field(default_factory=list)
    answer: httpx.Response | Exception | None = None
    delay_s: float = 0.0
    scope: Any = "tasks"
    lasts: Any = 3600

    async def handle(self, request: httpx.Request) -> httpx.Response:
        if request.url.host == "api.acme.example":
            good = request.headers["authorization"] == f"Bearer a{self.serial}"
            return ok({"id": "ana-7"} if good else {}, 200 if good else 401)
        ask = dict(parse_qsl(request.content.decode())) | {"path": request.url.path}
        self.asked.append(ask)
        refresh = self.refresh  # looked at on arrival, as a busy server does
        await asyncio.sleep(self.delay_s)
        if isinstance(self.answer, Exception):
            raise self.answer
        if self.answer is not None:
            return self.answer
        if ask["path"] == "/revoke":
            return ok({})
        if ask["grant_type"] == "refresh_token" and ask["refresh_token"] != refresh:
            return ok({"error": "invalid_grant"}, 400)
        self.serial += 1
        self.refresh = f"r{self.serial}"
        given = {"access_token": f"a{self.serial}", "refresh_token": self.refresh}
        return ok(given | {"expires_in": self.lasts, "scope": self.scope})


@dataclass
class Rig:
    """Two processes, as it were, on one database and one authorisation server."""

    server: Server
    database: Database
    registries: list[Registry]
    now: list[datetime]

    async def connect(self) -> Connection:
        link = await self.registries[0].link(KEY, ANA)
        await self.registries[0].finish(state_of(link), "code")
        return await self.stored()

    async def stored(self, who: Principal = ANA) -> Connection:
        found = await self.registries[0].connections.get(who.tenant, who.id, KEY)
        assert found is not None
        return found

    async def refresh(self, stale: Connection, process: int = 0) -> Connection:
        registry = self.registries[process]
        return await registry.oauth.refresh(registry._provider(AcmeConsent), stale)


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    server, now = Server(), [NOW]
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(httpx.AsyncClient(transport=httpx.MockTransport(server.handle)))
        registries = []
        for _ in range(2):
            database = Database(f"sqlite+aiosqlite:///{tmp_path / 'atom.db'}")
            stack.push_async_callback(database.close)
            await database.migrate()
            registries.append(
                Registry(
                    database,
                    Vault(database, b"k" * 32),
                    client,
                    callback_url=CALLBACK,
                    clients={KEY: {"id": "atom", "secret": "hush"}},
                    integrations={KEY: AcmeConsent, "acme": Acme},
                    clock=lambda: now[0],
                )
            )
        yield Rig(server, database, registries, now)


def state_of(link: str) -> str:
    return parse_qs(urlsplit(link).query)["state"][0]


async def test_consent_gives_a_proven_connection(rig: Rig) -> None:
    link = await rig.registries[0].link(KEY, ANA)
    query = {name: values[0] for name, values in parse_qs(urlsplit(link).query).items()}
    assert query["code_challenge_method"] == "S256"
    assert (query["client_id"], query["redirect_uri"], query["scope"]) == ("atom", CALLBACK, "tasks")
    assert "hush" not in link
    who, key = await rig.registries[1].finish(query["state"], "c0de")  # another process may get the browser back
    assert (who.tenant, who.id, key) == ("acme", "ana", KEY)
    [asked] = rig.server.asked
    assert (asked["code"], asked["client_secret"]) == ("c0de", "hush")
    assert 43 <= len(asked["code_verifier"]) <= 128
    stored = await rig.stored()
    assert (stored.account, stored.status, stored.scopes) == ("ana-7", "active", ("tasks",))
    assert stored.expires_at == NOW + timedelta(hours=1)
    assert await rig.registries[0].connected(BO) == {}
    assert await rig.registries[0].connected(ANA.model_copy(update={"tenant": "other"})) == {}


async def test_a_state_works_once_and_for_a_while(rig: Rig) -> None:
    registry = rig.registries[0]
    state = state_of(await registry.link(KEY, ANA))
    results = await asyncio.gather(*(one.finish(state, "c") for one in rig.registries * 3), return_exceptions=True)
    assert sum(not isinstance(one, BaseException) for one in results) == 1
    assert all(isinstance(one, BadSignature) for one in results if isinstance(one, BaseException))
    late = state_of(await registry.link(KEY, ANA))
    rig.now[0] += LINK_LIFE + timedelta(seconds=1)
    for state in (late, "", "made-up"):
        with pytest.raises(BadSignature):
            await registry.finish(state, "c")
    await registry.link(KEY, BO)
    await registry.link(KEY, ANA)
    async with rig.database.session() as session:  # those that ran out are swept
        assert len((await session.scalars(select(PendingLink))).all()) == 2


async def test_a_pending_link_moved_to_somebody_else_opens_nothing(rig: Rig) -> None:
    state = state_of(await rig.registries[0].link(KEY, BO))
    async with rig.database.session() as session:
        [row] = (await session.scalars(select(PendingLink))).all()
        row.principal = "mallory"
    with pytest.raises(SecretUnreadable):
        await rig.registries[0].finish(state, "c")
    assert rig.server.asked == []


async def test_a_connection_that_proves_nothing_is_not_stored(rig: Rig) -> None:
    rig.server.answer = ok({"access_token": "other"})
    state = state_of(await rig.registries[0].link(KEY, ANA))
    with pytest.raises(NotConnected):
        await rig.registries[0].finish(state, "c")
    assert await rig.registries[0].connected(ANA) == {}


async def test_many_who_ask_refresh_once(rig: Rig) -> None:
    stale = await rig.connect()
    rig.server.delay_s = 0.3
    fresh = await asyncio.gather(*(rig.refresh(stale, number % 2) for number in range(20)))
    assert [one["grant_type"] for one in rig.server.asked[1:]] == ["refresh_token"]
    assert {one.secret["access_token"] for one in fresh} == {"a2"}
    assert {one.version for one in fresh} == {(await rig.stored()).version}
    assert (await rig.refresh(stale, 1)).secret["access_token"] == "a2"
    again = await rig.refresh(await rig.stored(), 1)  # the rotated refresh token was kept
    assert again.secret["access_token"] == "a3"


async def test_whoever_is_cancelled_loses_no_refresh_token(rig: Rig) -> None:
    stale = await rig.connect()
    rig.server.delay_s = 0.1
    task = asyncio.create_task(rig.refresh(stale))
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.sleep(0.2)
    assert (await rig.stored()).secret["refresh_token"] == "r2"
    assert (await rig.refresh(stale)).secret["access_token"] == "a2"


async def test_a_process_that_died_while_it_refreshed_holds_nobody_up_for_good(rig: Rig) -> None:
    stale = await rig.connect()
    assert await rig.registries[1].connections.lease(stale, timedelta(seconds=20))
    assert not await rig.registries[0].connections.lease(stale, timedelta(seconds=20))
    rig.now[0] += timedelta(seconds=21)
    assert (await rig.refresh(stale)).secret["access_token"] == "a2"


@pytest.mark.parametrize(
    "answer",
    [
        ok({"error": "invalid_grant"}, 400),
        ok({"error": "bad_refresh_token"}),
        ok({"ok": False, "error": "token_revoked"}),
        ok({"status": "BAD_REFRESH_TOKEN"}, 400),
        ok({"token_type": "bearer"}),
        ok(["odd"]),
    ],
)
async def test_a_revoked_refresh_token_breaks_the_connection(rig: Rig, answer: httpx.Response) -> None:
    stale = await rig.connect()
    rig.server.answer = answer
    with pytest.raises(NotConnected, match=r"ended|not connected"):
        await rig.refresh(stale)
    assert await rig.registries[0].connected(ANA) == {KEY: "broken"}
    asked = len(rig.server.asked)
    with pytest.raises(NotConnected):
        await rig.registries[1].open(KEY, ANA)
    with pytest.raises(NotConnected):
        await rig.refresh(stale)
    assert len(rig.server.asked) == asked
    rig.server.answer = None
    await rig.connect()
    assert await rig.registries[0].connected(ANA) == {KEY: "active"}


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(503, html="<h1>down</h1>"), VendorUnavailable),
        (ok({"error": "x"}, 500), VendorUnavailable),
        (ok({"error": "slow_down"}, 429), VendorUnavailable),
        (ok({"error": "temporarily_unavailable"}, 400), VendorUnavailable),
        (httpx.Response(200, content=b"\xff"), VendorUnavailable),
        (httpx.Response(302, headers={"location": "https://evil.example"}), VendorUnavailable),
        (httpx.ReadTimeout("slow"), VendorUnavailable),
        (ok({"error": "invalid_client"}, 401), ConfigInvalid),
    ],
)
async def test_trouble_at_the_authorisation_server_breaks_no_connection(
    rig: Rig, answer: httpx.Response | Exception, error: type[Exception]
) -> None:
    stale = await rig.connect()
    rig.server.answer = answer
    with pytest.raises(error) as caught:
        await rig.refresh(stale)
    assert "hush" not in f"{vars(caught.value)} {caught.value!r}"
    assert await rig.registries[0].connected(ANA) == {KEY: "active"}
    rig.server.answer = None
    assert (await rig.refresh(stale)).secret["access_token"] == "a2"


async def test_a_token_near_its_end_is_refreshed_before_it_is_used(rig: Rig) -> None:
    await rig.connect()
    await rig.registries[0].open(KEY, ANA)
    assert len(rig.server.asked) == 1
    rig.now[0] += timedelta(minutes=59, seconds=30)
    rig.server.answer = httpx.ConnectError("down")
    system = await rig.registries[0].open(KEY, ANA)  # still good for half a minute
    assert system.http.connection.secret["access_token"] == "a1"
    rig.server.answer = None
    system = await rig.registries[0].open(KEY, ANA)
    assert system.http.connection.secret["access_token"] == "a2"


async def test_connecting_anew_beats_a_refresh_under_way(rig: Rig) -> None:
    stale = await rig.connect()
    rig.server.delay_s = 0.2
    task = asyncio.create_task(rig.refresh(stale))
    await asyncio.sleep(0.1)
    newer = Connection("acme", "ana", KEY, {"access_token": "mine", "refresh_token": "new"})
    await rig.registries[1].connections.put(newer)
    assert (await task).secret["access_token"] == "mine"
    assert (await rig.stored()).secret == newer.secret


async def test_disconnecting_ends_a_refresh_under_way_and_revokes(rig: Rig) -> None:
    stale = await rig.connect()
    rig.server.delay_s = 0.2
    task = asyncio.create_task(rig.refresh(stale))
    await asyncio.sleep(0.1)
    await rig.registries[1].disconnect(KEY, ANA)
    with pytest.raises(NotConnected):
        await task
    assert await rig.registries[0].connected(ANA) == {}
    assert rig.server.asked[-1] == {
        "path": "/revoke", "token": "r1", "client_id": "atom", "client_secret": "hush",
    }  # fmt: skip
    with pytest.raises(NotConnected):
        await rig.registries[0].disconnect(KEY, ANA)


@pytest.mark.parametrize("answer", [httpx.ConnectError("down"), httpx.Response(500)])
async def test_a_revocation_that_fails_is_told_and_the_token_is_gone(
    rig: Rig, answer: httpx.Response | Exception
) -> None:
    await rig.connect()
    rig.server.answer = answer
    with pytest.raises(VendorUnavailable, match="could not tell"):
        await rig.registries[0].disconnect(KEY, ANA)
    assert await rig.registries[0].connected(ANA) == {}


@pytest.mark.parametrize(("lasts", "ends"), [("60", 60), (90.5, 90.5), (None, None), ("soon", None), (1e99, None)])
async def test_odd_lifetimes_and_scopes(rig: Rig, lasts: Any, ends: float | None) -> None:
    rig.server.lasts, rig.server.scope = lasts, ["a", "b,c"]
    stored = await rig.connect()
    assert stored.expires_at == (NOW + timedelta(seconds=ends) if ends else None)
    assert stored.scopes == ("a", "b", "c")


async def test_without_a_client_the_administrator_is_named(rig: Rig) -> None:
    registry = rig.registries[0]
    registry._clients.clear()
    with pytest.raises(ConfigInvalid, match="no OAuth client") as caught:
        await registry.link(KEY, ANA)
    assert "ATOM_CLIENTS" in caught.value.next_step


# --- the whole way, over HTTP, against the demo company


@dataclass
class Town:
    """The demo company, a registry that reaches it, and a browser."""

    sandbox: Sandbox
    registry: Registry
    browser: httpx.AsyncClient

    async def consent(self, link: str) -> tuple[str, str]:
        """Approve at the vendor's page; gives the state and code that came back."""
        answer = await self.browser.get(f"{link}&auto=1")
        assert answer.status_code == 302
        assert answer.headers["location"].startswith(CALLBACK)
        back = parse_qs(urlsplit(answer.headers["location"]).query)
        return back["state"][0], back["code"][0]


@asynccontextmanager
async def town(folder: Path) -> AsyncIterator[Town]:
    async with serve() as sandbox, httpx.AsyncClient() as client:
        hosts = (await client.get(f"{sandbox.url}/_sandbox/hosts")).json()
        database = Database(f"sqlite+aiosqlite:///{folder / 'atom.db'}")
        await database.migrate()
        clients = {key: {"id": "atom", "secret": "hush"} for key in CONSENT}
        registry = Registry(
            database, Vault(database, b"k" * 32), client, callback_url=CALLBACK, hosts=hosts, clients=clients
        )
        yield Town(sandbox, registry, client)
        await database.close()


async def test_a_token_that_ended_or_was_revoked_at_the_vendor(tmp_path: Path) -> None:
    async with town(tmp_path) as here:
        state, code = await here.consent(await here.registry.link("jira", ANA))
        await here.registry.finish(state, code)
        before = await here.registry.connections.get("acme", "ana", "jira")
        fault = {"kind": "expired_token", "times": 1}
        await here.browser.put(f"{here.sandbox.url}/_sandbox/jira/faults", json=fault)
        system = await here.registry.open("jira", ANA)
        assert await system.run("jira.list_projects", {})
        after = await here.registry.connections.get("acme", "ana", "jira")
        assert before is not None
        assert after is not None
        assert after.secret["access_token"] != before.secret["access_token"]
        for token in (after.secret["access_token"], after.secret["refresh_token"]):
            here.sandbox.world.grants.revoke("jira", token)
        with pytest.raises(NotConnected):
            await (await here.registry.open("jira", ANA)).run("jira.list_projects", {})
        assert await here.registry.connected(ANA) == {"jira": "broken"}
        with pytest.raises(NotConnected, match="ended"):
            await here.registry.open("jira", ANA)
