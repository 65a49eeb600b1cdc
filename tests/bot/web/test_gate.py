"""Who may come in to the web chat, and what its page may do."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

import bot.web
from bot.web.chat import WebChat
from core.errors import ConfigInvalid
from tests.bot.web.conftest import ANNA, SECRET, Browser, Scripted

TOKEN = "a token of twenty-odd characters"
HOST = "http://127.0.0.1:8080"


def open_browser(chat: WebChat, url: str = HOST, peer: str = "127.0.0.1") -> Browser:
    """A browser on another machine, or under another name, without a network."""
    transport = httpx.ASGITransport(Starlette(routes=chat.routes()), client=(peer, 50_000))
    return Browser(httpx.AsyncClient(transport=transport, base_url=url))


@pytest.fixture
def chat(assistant: Scripted) -> WebChat:
    return WebChat(assistant, ANNA, SECRET)


@pytest.fixture
def near(chat: WebChat) -> Browser:
    return open_browser(chat)


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1:8080", "[::1]:8080", "localhost:1"])
async def test_this_machine_is_served(chat: WebChat, name: str) -> None:
    assert (await open_browser(chat, f"http://{name}").client.get("/chat")).status_code == 200


@pytest.mark.parametrize("name", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "10.0.0.1"])
async def test_another_host_name_is_refused(chat: WebChat, name: str) -> None:
    browser = open_browser(chat, f"http://{name}")
    assert (await browser.client.get("/chat")).status_code == 421
    assert (await browser.post("session", {})).status_code == 421


async def test_another_machine_is_refused(chat: WebChat) -> None:
    assert (await open_browser(chat, peer="10.0.0.7").client.get("/chat")).status_code == 403
    forwarded = await open_browser(chat).client.get("/chat", headers={"x-forwarded-for": "10.0.0.7"})
    assert forwarded.status_code == 403


def test_a_public_name_needs_an_access_token(assistant: Scripted) -> None:
    with pytest.raises(ConfigInvalid):
        WebChat(assistant, ANNA, SECRET, hosts=["chat.acme.example"])
    with pytest.raises(ConfigInvalid):
        WebChat(assistant, ANNA, SECRET, access_token="short")
    with pytest.raises(ConfigInvalid):
        WebChat(assistant, ANNA, b"short")


async def test_the_access_token_is_asked_once(assistant: Scripted) -> None:
    chat = WebChat(assistant, ANNA, SECRET, access_token=TOKEN, hosts=["chat.acme.example"])
    browser = open_browser(chat, "https://chat.acme.example", peer="10.0.0.7")
    assert (await browser.client.get("/chat", params={"token": TOKEN})).status_code == 200
    assert (await browser.post("session", {})).status_code == 401
    assert (await browser.post("session", {"token": "wrong"})).status_code == 401
    assert (await browser.say("Let me in")).status_code == 401
    await browser.enter(token=TOKEN)
    await browser.enter()
    assert (await browser.say("Hello")).status_code == 202
    await chat.drain()
    assert [message.text for message in assistant.heard] == ["Hello"]


async def test_another_access_token_ends_the_session(assistant: Scripted) -> None:
    browser = open_browser(WebChat(assistant, ANNA, SECRET, access_token=TOKEN))
    await browser.enter(token=TOKEN)
    other = open_browser(WebChat(assistant, ANNA, SECRET, access_token=TOKEN[::-1]))
    other.client.cookies = browser.client.cookies
    assert (await other.post("session", {})).status_code == 401


@pytest.mark.behaviour("single-sign-on", "forged")
async def test_the_cookie_is_signed_and_shut(near: Browser) -> None:
    answer = await near.post("session", {})
    cookie = answer.headers["set-cookie"]
    assert {"HttpOnly", "SameSite=strict", "Path=/chat"} <= set(cookie.split("; "))
    near.conversation = answer.json()["conversation"]
    near.client.cookies.clear()
    near.client.cookies.set("atom_chat", cookie.partition("=")[2].partition(";")[0][:-2] + "xx")
    assert (await near.say("Forged")).status_code == 401


async def test_the_cookie_keeps_to_https(assistant: Scripted) -> None:
    chat = WebChat(assistant, ANNA, SECRET, access_token=TOKEN, hosts=["chat.acme.example"])
    answer = await open_browser(chat, "https://chat.acme.example").post("session", {"token": TOKEN})
    assert "Secure" in answer.headers["set-cookie"]


@pytest.mark.behaviour("forged")
@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "http://127.0.0.1:9999"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
async def test_another_sites_page_is_refused(near: Browser, assistant: Scripted, headers: dict[str, str]) -> None:
    await near.enter()
    body = {"text": "Pay", "client_id": "client-id-1"}
    assert (await near.post("messages", body, **headers)).status_code == 403
    assert (await near.post("press", {"action": "approve", "target": "a"}, **headers)).status_code == 403
    assert (await near.client.get("/chat/stream", headers=headers)).status_code == 403
    assert (assistant.heard, assistant.pressed) == ([], [])


async def test_the_pages_own_requests_are_taken(near: Browser) -> None:
    await near.enter()
    own = {"origin": HOST, "sec-fetch-site": "same-origin"}
    assert (await near.post("messages", {"text": "Hi", "client_id": "client-id-1"}, **own)).status_code == 202


async def test_a_plain_form_is_refused(near: Browser) -> None:
    await near.enter()
    bare = await near.client.post("/chat/messages", json={"text": "Pay", "client_id": "client-id-1"})
    assert bare.status_code == 403
    form = await near.client.post("/chat/messages", data={"text": "Pay"}, headers={"x-atom-chat": "1"})
    assert form.status_code == 415


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"text": "x" * 70_000, "client_id": "client-id-1"}, 413),
        ({"text": "x" * 12_001, "client_id": "client-id-1"}, 400),
        ({"text": " \n ", "client_id": "client-id-1"}, 400),
        ({"text": "Hello", "client_id": "../.."}, 400),
        ({"text": "Hello"}, 400),
        (["Hello"], 400),
    ],
)
async def test_what_does_not_fit_is_refused(near: Browser, assistant: Scripted, body: object, status: int) -> None:
    await near.enter()
    answer = await near.post("messages", body)
    assert answer.status_code == status
    assert answer.json()["error"]
    assert assistant.heard == []


async def test_an_unknown_action_is_refused(near: Browser, assistant: Scripted) -> None:
    await near.enter()
    assert (await near.press("destroy", "approval-1")).status_code == 400
    assert assistant.pressed == []


async def test_the_page_loads_nothing_from_elsewhere(near: Browser) -> None:
    page = await near.client.get("/chat")
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert not re.search(r"<script(?![^>]*\bsrc=)|\sstyle=|\son\w+=", page.text)
    for address in re.findall(r'(?:src|href)="([^"]+)"', page.text):
        answer = await near.client.get(address)
        assert answer.status_code == 200, address
        assert answer.headers["x-content-type-options"] == "nosniff"
    for path in sorted(Path(bot.web.__file__).parent.glob("*.js")):
        source = path.read_text()
        assert not re.search(r"innerHTML\s*=|outerHTML\s*=|insertAdjacentHTML|document\.write|\beval\(", source), path
        for module in re.findall(r'from "\./([^"]+)"', source):
            assert (await near.client.get(f"/chat/{module}")).status_code == 200
