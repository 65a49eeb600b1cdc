"""Connecting each integration end to end: consent or keys, a sealed secret, one refresh however many ask, the end."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from sqlalchemy import select

from core.errors import AtomError, BadSignature, NotConnected, VendorError
from sandbox.server import serve
from tests.assistant import Office, office
from tests.tools.walk import Reader
from tools.kit.auth import OAuth2, Session
from tools.kit.connection import ConnectionRow
from tools.registry import discover

FOUND = discover()
CONSENT = sorted(key for key, kind in FOUND.items() if isinstance(kind.auth, OAuth2))
PASTED = sorted({*FOUND} - {*CONSENT})
RENEWED = sorted(key for key, kind in FOUND.items() if isinstance(kind.auth, OAuth2 | Session))


async def consent(desk: Office, key: str) -> dict[str, str]:
    """What comes back from the consent page that the link leads to."""
    link = await desk.running.registry.link(key, desk.who)
    auth = FOUND[key].auth
    assert isinstance(auth, OAuth2)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(link).query).items()}
    assert asked["state"]
    assert bool(asked.get("code_challenge")) is auth.has_pkce
    async with httpx.AsyncClient() as browser:
        page = await browser.get(link)
        assert page.status_code == 200, page.text[:300]
        answer = await browser.get(f"{link}&auto=1&login_hint={desk.who.email}")
    assert answer.status_code == 302, answer.text[:300]
    back = urlsplit(answer.headers["location"])
    return {name: values[0] for name, values in parse_qs(back.query).items()}


async def row(desk: Office, key: str) -> ConnectionRow | None:
    async with desk.running.database.session() as session:
        found: ConnectionRow | None = await session.scalar(
            select(ConnectionRow).where(ConnectionRow.integration == key)
        )
    return found


def tokens(desk: Office, key: str) -> list[dict[str, Any]]:
    """The sandbox's tokens of this vendor for people, oldest first."""
    every = desk.sandbox.world.grants._tokens.values()
    return [one for one in every if one["vendor"] == key and one["kind"] != "bot"]


@pytest.mark.parametrize("key", CONSENT)
async def test_consent_is_checked_kept_sealed_and_ended(key: str, tmp_path: Path) -> None:
    async with serve() as sandbox, office(tmp_path, sandbox=sandbox, interpreter=Reader()) as desk:
        registry, back = desk.running.registry, await consent(desk, key)
        with pytest.raises(BadSignature):
            await registry.finish("forged", back["code"], back)
        who, connected = await registry.finish(back["state"], back["code"], back)
        assert (who.id, connected) == (desk.who.id, key)
        assert (await registry.connected(desk.who))[key] == "active"
        with pytest.raises(BadSignature):
            await registry.finish(back["state"], back["code"], back)
        kept = await row(desk, key)
        assert kept is not None
        [grant] = tokens(desk, key)
        for secret in filter(None, (grant["token"], grant["refresh"])):
            assert secret.encode() not in kept.sealed
            assert all(secret not in str(value) for name, value in vars(kept).items() if name != "sealed")
        again = await consent(desk, key)
        auth = FOUND[key].auth
        assert isinstance(auth, OAuth2)
        if auth.has_pkce:  # a code that was stolen on its way back is worth nothing without the verifier
            stolen = await consent(desk, key)
            with pytest.raises(NotConnected):
                await registry.finish(again["state"], stolen["code"], again)
        await registry.disconnect(key, desk.who)
        assert key not in await registry.connected(desk.who)
        if auth.revoke_url:
            assert grant["revoked"]


@pytest.mark.parametrize("key", PASTED)
async def test_keys_are_proven_before_they_are_kept(key: str, tmp_path: Path) -> None:
    async with serve() as sandbox, office(tmp_path, sandbox=sandbox, interpreter=Reader(), clients={}) as desk:
        registry = desk.running.registry
        asks = registry.asks(FOUND[key])
        assert asks
        told = await desk.client.post(f"{sandbox.url}/_sandbox/token", json={"vendor": key, "email": desk.who.email})
        given = {**sandbox.vendors[key].slots, **told.json()["secret"]}
        secret = {name: str(given[name]) for name in asks}
        state = (await registry.link(key, desk.who)).rpartition("/")[2]
        for name in FOUND[key].auth.asks:
            with pytest.raises((VendorError, NotConnected)):
                await registry.paste(state, {**secret, name: "wrong-" + "0" * 20})
        assert key not in await registry.connected(desk.who)
        await registry.paste(state, secret)
        assert (await registry.connected(desk.who))[key] == "active"
        kept = await row(desk, key)
        assert kept is not None
        for value in (secret[name] for name in FOUND[key].auth.asks):
            assert value.encode() not in kept.sealed
        with pytest.raises(BadSignature):
            await registry.paste(state, secret)


@pytest.mark.parametrize("key", RENEWED)
async def test_of_many_that_ask_at_once_one_renews(key: str, tmp_path: Path) -> None:
    async with serve() as sandbox, office(tmp_path, key, sandbox=sandbox, interpreter=Reader()) as desk:
        if not any(one["refresh"] for one in tokens(desk, key)) and isinstance(FOUND[key].auth, OAuth2):
            pytest.skip(f"{FOUND[key].name}'s tokens neither end nor are renewed")
        connection = await desk.running.registry.connections.get(desk.who.tenant, desk.who.id, key)
        assert connection is not None
        pasted = {connection.secret.get(name) for name in FOUND[key].auth.asks}
        for one in tokens(desk, key):
            if one["token"] not in pasted:  # a key that is traded for sessions does not end with them
                one["expires_at"] = 1.0
        before = len(tokens(desk, key))
        systems = [await desk.running.registry.open(key, desk.who) for _ in range(6)]
        done = await asyncio.gather(*(system.list_names() for system in systems), return_exceptions=True)
        assert not [one for one in done if isinstance(one, AtomError)], done
        assert len(tokens(desk, key)) - before <= 1, json.dumps(tokens(desk, key))[:500]
