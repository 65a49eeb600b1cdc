"""Webhooks of every integration that has them: taken in once, in their order, and only when they are genuine."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from bot.hook import HOOKS, hook_routes
from bot.session import bound, serving
from core.errors import BadSignature, ConfigInvalid, NotFound
from core.records import Ref
from core.vault import Vault
from tests.assistant import Office, office
from tests.tools.walk import approve, ask, connected, load, ready
from tools.inbox import Inbox
from tools.integration import Integration
from tools.kit.auth import BearerToken
from tools.kit.webhook import Delivery, GoogleToken, Greeting, Signature, Token, WebhookEvent, prefixed
from tools.registry import discover

KEYS = sorted(key for key, kind in discover().items() if kind.webhook is not None)


@dataclass
class Post:
    """A hook of one integration that is served, and the address that its vendor delivers to."""

    desk: Office
    key: str
    hook: str
    url: str

    async def deliveries(self) -> list[dict[str, object]]:
        """What the vendor has delivered."""
        found = await self.desk.client.get(f"{self.desk.sandbox.url}/_sandbox/{self.key}/deliveries")
        rows: list[dict[str, object]] = found.json()
        return rows

    async def count(self) -> int:
        """How many events were kept."""
        return len(await self.desk.running.inbox.events(self.desk.who.tenant))


@asynccontextmanager
async def post(desk: Office, key: str) -> AsyncIterator[Post]:
    """The vendor delivers to the assistant while the block runs."""
    listener, address = bound("127.0.0.1", 0)
    vendor = desk.sandbox.vendors[key]
    given = getattr(vendor, "hook_secret", "")
    end, secret = await desk.running.inbox.add(desk.who.tenant, key, getattr(vendor, "public_key", given))
    url = f"{address}{HOOKS}/{end}"
    async with serving(Starlette(routes=hook_routes(desk.running.inbox, address)), listener):
        told = {"url": url, "secret": secret}
        answer = await desk.client.post(f"{desk.sandbox.url}/_sandbox/{key}/webhooks", json=told)
        answer.raise_for_status()
        yield Post(desk, key, end.partition("?")[0], url)


@pytest.mark.parametrize("key", KEYS)
async def test_a_change_is_delivered_once_and_a_forgery_never(key: str, tmp_path: Path) -> None:
    walk = load(key)
    async with connected(key, tmp_path) as (desk, reader, _), post(desk, key) as mail:
        for number, case in enumerate(walk.cases):
            if desk.running.registry._tools[case.tool].effect != "read" and await mail.count() == 0:
                desk.conversation = f"c{number}"
                await approve(desk, await ask(desk, reader, case, await ready(desk, case)))
                await mail.deliveries()
        rows = await mail.deliveries()
        assert rows, "no write of the walk was told to a webhook"
        assert all(row["status"] == 200 for row in rows), [row["status"] for row in rows]
        kept = await desk.running.inbox.events(desk.who.tenant)
        assert kept, f"delivered, and no event was made of it: {str(rows[0]['body'])[:300]}"
        assert all(event.kind and event.event for event in kept)
        count = len(kept)
        again = await desk.client.post(f"{desk.sandbox.url}/_sandbox/{key}/deliveries", json={"last": len(rows)})
        again.raise_for_status()
        assert await mail.count() == count
        for row in rows[:1]:
            await forge(mail, row)
        assert await mail.count() == count


async def forge(mail: Post, row: dict[str, object]) -> None:
    """The same delivery changed, without its proof, or at another address: refused."""
    headers = {str(name): str(value) for name, value in dict(row["headers"]).items()}  # type: ignore[call-overload]
    body = str(row["body"]).encode()
    bare = mail.url.partition("?")[0]
    async with httpx.AsyncClient() as client:
        plain = {"content-type": "application/json"}
        assert (await client.post(bare, content=b"{}", headers=plain)).status_code == 401
        signature = mail.desk.running.registry.integrations[mail.key].webhook
        if not isinstance(signature, Token | GoogleToken):
            changed = await client.post(mail.url, content=body + b" ", headers=headers)
            assert changed.status_code == 401
        unknown = mail.url.replace(mail.hook, "nothing")
        assert (await client.post(unknown, content=body, headers=headers)).status_code == 404


@pytest.mark.parametrize("key", KEYS)
def test_an_old_delivery_is_refused(key: str) -> None:
    signature = discover()[key].webhook
    assert signature is not None
    with pytest.raises(BadSignature):
        signature.verify(Delivery.of({}, b"{}"), "s3cret")
    late = replace(signature, clock=lambda: datetime.now(UTC) + timedelta(minutes=10))
    with pytest.raises(BadSignature):
        late._once("mark", int(datetime.now(UTC).timestamp()))


class Told(Integration):
    """A vendor whose deliveries are lists of `{id, ref, at}`."""

    key = "told"
    name = "Told"
    category = "other"
    auth = BearerToken()
    base_url = "https://told.example"
    webhook = Signature(prefixed("x-sign", ""))

    @classmethod
    def greet(cls, delivery: Delivery, secret: str) -> Greeting | None:
        """A secret is handed over in a header."""
        handed = delivery.headers.get("x-hand")
        return Greeting(headers={"x-hand": handed}, secret=handed) if handed else None

    @classmethod
    def events(cls, delivery: Delivery) -> list[WebhookEvent]:
        """As they are."""
        return [
            WebhookEvent(
                row["id"],
                "changed",
                Ref(integration="told", kind="task", id=row["ref"]),
                datetime.fromisoformat(row["at"]),
            )
            for row in delivery.data
        ]


async def test_order_duplicates_and_tenants(tmp_path: Path) -> None:
    async with office(tmp_path) as desk:
        running = desk.running
        inbox = Inbox(running.database, Vault(running.database, b"k" * 32), {"told": Told})
        hook, secret = await inbox.add("one", "told")
        other, _ = await inbox.add("two", "told")

        def signed(*rows: tuple[str, str, str]) -> Delivery:
            body = json.dumps([{"id": i, "ref": r, "at": at} for i, r, at in rows]).encode()
            return Delivery.of({"X-Sign": hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}, body)

        await inbox.receive(hook, signed(("e2", "T1", "2026-11-24T10:05:00+00:00")))
        await inbox.receive(
            hook, signed(("e1", "T1", "2026-11-24T10:00:00+00:00"), ("e3", "T2", "2026-11-24T09:00:00+00:00"))
        )
        await inbox.receive(hook, signed(("e1", "T1", "2026-11-24T10:00:00+00:00")))
        kept = await inbox.events("one")
        assert [(row.event, row.is_late) for row in kept] == [("e2", False), ("e1", True), ("e3", False)]
        assert [row.event for row in await inbox.events("one", kept[0].number)] == ["e1", "e3"]
        with pytest.raises(BadSignature):
            await inbox.receive(other, signed(("e9", "T1", "2026-11-24T10:05:00+00:00")))
        assert await inbox.events("two") == []
        await inbox.receive(
            hook, Delivery.of({"x-sign": hmac.new(secret.encode(), b"nonsense", "sha256").hexdigest()}, b"nonsense")
        )
        assert len(await inbox.events("one")) == 3
        with pytest.raises(NotFound):
            await inbox.remove("two", hook)
        await inbox.remove("one", hook)
        with pytest.raises(NotFound):
            await inbox.receive(hook, signed(("e4", "T1", "2026-11-24T10:05:00+00:00")))
        with pytest.raises(ConfigInvalid):
            await inbox.add("one", "nothing")
        assert (await inbox.receive(other, Delivery.of({"x-hand": "handed over"}, b""))).headers["x-hand"]
        with pytest.raises(BadSignature, match="already"):
            await inbox.receive(other, Delivery.of({"x-hand": "of an attacker"}, b""))
