"""What every vendor has from the framework: tokens, OAuth, faults, limits, webhooks, state."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import sys
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.server import Sandbox, serve
from sandbox.world import World
from tests.sandbox.conftest import NOW, ClientFor

POST = {"channel": "#launch", "text": "hello"}


async def said(sandbox: Sandbox) -> int:
    return sum(len(rows) for rows in sandbox.vendors["slack"].state["messages"].values())


async def test_the_company_is_coherent(control: httpx.AsyncClient) -> None:
    people = (await control.get("/people")).json()
    first_names = [person["name"].split()[0] for person in people]
    assert first_names.count("Priya") == 1
    assert first_names.count("Alex") == 2
    assert len({person["email"] for person in people}) == len(people) > 55
    emails = {person["email"] for person in people}
    assert all(person["manager"] in emails for person in people if person["manager"])
    hosts = (await control.get("/hosts")).json()
    assert urlsplit(hosts["slack"]["https://slack.com"]).path == "/slack"


async def test_tokens_end(sandbox: Sandbox, client_for: ClientFor, control: httpx.AsyncClient) -> None:
    async with httpx.AsyncClient(base_url=f"{sandbox.url}/slack/api", trust_env=False) as nobody:
        assert (await nobody.post("/auth.test")).json()["error"] == "not_authed"
        wrong = await nobody.post("/auth.test", headers={"authorization": "Bearer xoxp-1"})
        assert wrong.json()["error"] == "invalid_auth"
    old = await client_for("slack", "/api", expires_in=-1)
    assert (await old.post("/auth.test")).json()["error"] == "token_expired"
    good = await client_for("slack", "/api")
    assert (await good.post("/auth.revoke")).json() == {"ok": True, "revoked": True}
    assert (await good.post("/auth.test")).json()["error"] == "token_revoked"
    assert (await control.post("/token", json={"vendor": "slack", "email": "who@x.example"})).status_code == 400


async def test_consent_code_pkce_refresh_and_rotation(sandbox: Sandbox) -> None:
    verifier = "v" * 50
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    ask = {"client_id": "atom", "redirect_uri": "http://127.0.0.1:1/cb", "state": "s1", "response_type": "code",
           "scope": "read:jira-work read:jira-user offline_access", "code_challenge": challenge,
           "code_challenge_method": "S256"}  # fmt: skip
    async with httpx.AsyncClient(base_url=f"{sandbox.url}/jira", trust_env=False) as web:

        async def code(**more: str) -> dict[str, list[str]]:
            answer = await web.get("/authorize", params=ask | {"auto": "1"} | more)
            return parse_qs(urlsplit(answer.headers["location"]).query)

        page = await web.get("/authorize", params=ask)
        assert "Approve" in page.text
        assert "read:jira-work" in page.text
        denied = await web.post("/authorize", params=ask, data={"answer": "deny"})
        assert "error=access_denied" in denied.headers["location"]
        approved = await web.post(
            "/authorize", params=ask, data={"answer": "approve", "person": "ken.sato@fernwick.example"}
        )
        given = parse_qs(urlsplit(approved.headers["location"]).query)
        assert given["state"] == ["s1"]
        swap = {"grant_type": "authorization_code", "client_id": "atom", "redirect_uri": ask["redirect_uri"]}
        bad = await web.post("/oauth/token", json=swap | {"code": (await code())["code"][0], "code_verifier": "no"})
        assert (bad.status_code, bad.json()["error"]) == (400, "invalid_grant")
        swap |= {"code": given["code"][0], "code_verifier": verifier}
        first = (await web.post("/oauth/token", json=swap)).json()
        assert (await web.post("/oauth/token", json=swap)).json()["error"] == "invalid_grant"  # used up
        bearer = {"authorization": f"Bearer {first['access_token']}"}
        cloud = (await web.get("/oauth/token/accessible-resources", headers=bearer)).json()[0]["id"]
        me = await web.get(f"/ex/jira/{cloud}/rest/api/3/myself", headers=bearer)
        assert me.json()["displayName"] == "Ken Sato"
        renew = {"grant_type": "refresh_token", "client_id": "atom", "refresh_token": first["refresh_token"]}
        second = (await web.post("/oauth/token", data=renew)).json()
        assert second["access_token"] != first["access_token"]
        assert (await web.post("/oauth/token", data=renew)).json()["error"] == "invalid_grant"  # rotated
        assert (await web.get(f"/ex/jira/{cloud}/rest/api/3/myself", headers=bearer)).status_code == 401
        assert (await web.get("/authorize", params={"client_id": "x"})).status_code == 400


async def test_slack_gives_a_bot_and_a_user_token(sandbox: Sandbox) -> None:
    async with httpx.AsyncClient(base_url=f"{sandbox.url}/slack", trust_env=False) as web:
        ask = {"client_id": "1.2", "redirect_uri": "http://127.0.0.1:1/cb", "scope": "chat:write", "auto": "1",
               "user_scope": "search:read"}  # fmt: skip
        back = await web.get("/oauth/v2/authorize", params=ask)
        code = parse_qs(urlsplit(back.headers["location"]).query)["code"][0]
        body = (await web.post("/api/oauth.v2.access", data={"code": code, "client_id": "1.2"})).json()
        assert body["access_token"].startswith("xoxb-")
        assert body["authed_user"]["access_token"].startswith("xoxp-")
        again = await web.post("/api/oauth.v2.access", data={"code": code, "client_id": "1.2"})
        assert again.json() == {"ok": False, "error": "invalid_code"}


async def test_faults_look_like_the_vendors_own(
    sandbox: Sandbox, control: httpx.AsyncClient, client_for: ClientFor
) -> None:
    slack = await client_for("slack", "/api")
    before = await said(sandbox)

    async def with_fault(**fault: Any) -> httpx.Response:
        assert (await control.put("/slack/faults", json=fault)).is_success
        return await slack.post("/chat.postMessage", data=POST)

    limited = await with_fault(kind="rate_limited", retry_after=7)
    assert (limited.status_code, limited.headers["retry-after"], limited.json()["error"]) == (429, "7", "ratelimited")
    assert (await with_fault(kind="server_error")).status_code == 500
    assert (await with_fault(kind="expired_token")).json()["error"] == "token_expired"
    assert (await with_fault(kind="html")).text.startswith("<!doctype html>")
    with pytest.raises(json.JSONDecodeError):
        (await with_fault(kind="malformed")).json()
    with pytest.raises(httpx.RemoteProtocolError):
        await with_fault(kind="cut_off")
    assert await said(sandbox) == before
    with pytest.raises(httpx.RemoteProtocolError):
        await with_fault(kind="cut_off", after_effect=True)
    assert await said(sandbox) == before + 1
    assert (await with_fault(kind="server_error", after_effect=True)).status_code == 500
    assert await said(sandbox) == before + 2
    started = asyncio.get_running_loop().time()
    assert (await with_fault(kind="slow", delay_s=0.2)).json()["ok"]
    assert asyncio.get_running_loop().time() - started >= 0.2
    assert (await with_fault(kind="html", path="users", times=2)).json()["ok"]
    assert len((await control.get("/slack/faults")).json()) == 1
    assert (await control.delete("/slack/faults")).json() == []
    assert (await control.put("/slack/faults", json={"kind": "gremlins"})).status_code == 400
    assert (await control.put("/slack/faults", json={"kind": "html", "path": "("})).status_code == 400
    assert (await control.get("/nobody/faults")).status_code == 404


async def test_a_limit_is_kept(control: httpx.AsyncClient, client_for: ClientFor) -> None:
    slack = await client_for("slack", "/api")
    await control.put("/slack/limit", json={"calls": 2, "per_s": 60})
    codes = [(await slack.post("/auth.test")).status_code for _ in range(3)]
    assert codes == [200, 200, 429]


async def test_events_are_signed_and_can_come_twice(
    sandbox: Sandbox, control: httpx.AsyncClient, client_for: ClientFor
) -> None:
    heard: list[tuple[bytes, dict[str, str]]] = []

    async def hear(request: Request) -> Response:
        heard.append((await request.body(), dict(request.headers)))
        return Response()

    app = Starlette(routes=[Route("/hook", hear, methods=["POST"])])
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="critical", lifespan="off", ws="none"))
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/hook"
    assert (
        await control.post("/slack/webhooks", json={"url": "https://example.com", "secret": "s"})
    ).status_code == 400
    assert (await control.post("/slack/webhooks", json={"url": url, "secret": "s3cret"})).is_success
    slack = await client_for("slack", "/api")
    await slack.post("/chat.postMessage", data=POST)
    assert [row["status"] for row in (await control.get("/slack/deliveries")).json()] == [200]
    await control.post("/slack/deliveries", json={"last": 1})
    server.should_exit = True
    await task
    assert heard[0][0] == heard[1][0]
    body, headers = heard[0]
    base = b"v0:" + headers["x-slack-request-timestamp"].encode() + b":" + body
    assert headers["x-slack-signature"] == "v0=" + hmac.new(b"s3cret", base, hashlib.sha256).hexdigest()
    assert json.loads(body)["event"]["text"] == "hello"


async def test_changes_outlive_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "state.json"
    async with serve(World(now=NOW), file) as first:
        token = first.vendors["slack"].give_token("priya.raman@fernwick.example").token
        async with httpx.AsyncClient(trust_env=False) as web:
            bearer = {"authorization": f"Bearer {token}"}
            answer = await web.post(f"{first.url}/slack/api/chat.postMessage", data=POST, headers=bearer)
            assert answer.json()["ok"]
        kept = first.vendors["slack"].state
    async with serve(World(now=NOW), file) as second:
        assert second.vendors["slack"].state == kept
        async with httpx.AsyncClient(trust_env=False) as web:
            answer = await web.post(f"{second.url}/slack/api/chat.postMessage", data=POST, headers=bearer)
            assert answer.json()["ok"]
            assert (await web.post(f"{second.url}/_sandbox/slack/reset")).is_success
        assert second.vendors["slack"].state != kept
    assert not list(file.parent.glob("*.part"))


async def test_two_worlds_at_one_moment_are_the_same() -> None:
    async with serve(World(now=NOW)) as one, serve(World(now=NOW)) as two:
        for key, vendor in one.vendors.items():
            assert vendor.state == two.vendors[key].state
            json.dumps(vendor.state)


async def test_the_command_prints_its_address(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "sandbox",
        "--port",
        "0",
        "--state",
        str(tmp_path / "s.json"),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    url = (await asyncio.wait_for(process.stdout.readline(), 30)).decode().strip()
    async with httpx.AsyncClient(trust_env=False) as web:
        assert (await web.get(url)).status_code == 200
    process.terminate()
    await process.wait()
