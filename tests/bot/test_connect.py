"""Connecting a system that takes a key: a private link, a page of ours, and the parked request goes on."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from agent.interpretation import Interpretation, Request
from bot.app import create_app
from core.message import Connect, Table
from core.tool import Call, Tool
from tests.assistant import Office, Recorder, office, part


class OpenInvoices:
    """Takes every sentence for the same wish."""

    def interpret(self, request: Request) -> Interpretation:
        return Interpretation("call", (Call(tool="stripe.list_invoices", args={"status": "open"}),), 0.9)

    def nearest(self, request: Request, most: int) -> list[Tool]:
        return []


class Door:
    """Gives the same sink again."""

    def __init__(self) -> None:
        self.sink = Recorder()

    async def reopen(self, tenant: str, conversation: str, thread: str, person: str) -> Recorder:
        return self.sink

    async def reach(self, tenant: str, person: str) -> Recorder:
        return self.sink


async def key_of(found: Office) -> str:
    asked = {"vendor": "stripe", "email": found.who.email}
    issued = (await found.client.post(f"{found.sandbox.url}/_sandbox/token", json=asked)).json()
    return str(issued["access_token"])


@pytest.mark.behaviour("parked-connect")
async def test_a_key_is_asked_for_on_a_page_and_the_request_goes_on(tmp_path: Path) -> None:
    async with office(tmp_path, interpreter=OpenInvoices()) as found:
        door = Door()
        found.running.conversation.openers["terminal"] = door
        answered = await found.say("which invoices are open?")
        card: Connect = part(answered, Connect)
        assert answered.replies[0].is_private
        path = urlsplit(card.url).path
        transport = httpx.ASGITransport(app=create_app(found.running))
        async with httpx.AsyncClient(transport=transport, base_url="http://atom.example") as browser:
            shown = await browser.get(path)
            assert 'type="password"' in shown.text
            assert shown.headers["cache-control"] == "no-store"
            refused = await browser.post(path, data={"token": "sk_test_wrong"})
            assert refused.status_code == 400
            assert "did not accept it" in refused.text
            assert "sk_test_wrong" not in refused.text
            key = await key_of(found)
            done = await browser.post(path, data={"token": key})
            assert "Stripe is connected" in done.text
            assert (await browser.get(path)).status_code == 400
        assert isinstance(door.sink.replies[0].parts[0], Table)
        stored = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
        assert key.encode() not in stored


async def test_a_link_that_is_not_ours_does_nothing(tmp_path: Path) -> None:
    async with office(tmp_path, interpreter=OpenInvoices()) as found:
        transport = httpx.ASGITransport(app=create_app(found.running))
        async with httpx.AsyncClient(transport=transport, base_url="http://atom.example") as browser:
            assert (await browser.get("/connect/guessed")).status_code == 400
            assert (await browser.post("/connect/guessed", data={"token": "x"})).status_code == 400
            assert (await browser.get("/oauth/callback?state=guessed&code=x")).status_code == 400
            assert (await browser.get("/oauth/callback?error=access_denied")).status_code == 400
