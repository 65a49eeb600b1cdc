"""Who may post to the bot: the Bot Connector, for this bot, from the address it names."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import httpx
import pytest

from bot.adapters.teams import TeamsAdapter
from bot.adapters.teams_token import TokenRefused, TokenVerifier
from core.clock import utc_now
from tests.bot.teams.conftest import ScriptedAssistant
from tests.bot.teams.server import APP_ID, PRIYA, SigningKey, TeamsServer

NOW = int(time.time())

pytestmark = pytest.mark.usefixtures("adapter")


@pytest.mark.behaviour("forged")
@pytest.mark.parametrize(
    ("claims", "status"),
    [
        ({"aud": "another bot"}, 403),
        ({"iss": "https://issuer.example"}, 401),
        ({"exp": NOW - 301, "nbf": NOW - 3600}, 401),
        ({"nbf": NOW + 600}, 401),
        ({"exp": None}, 401),
        ({"serviceurl": "https://elsewhere.example/"}, 403),
        ({"serviceurl": None}, 403),
    ],
)
async def test_wrong_claims_are_refused(
    claims: dict[str, Any],
    status: int,
    teams: TeamsServer,
    assistant: ScriptedAssistant,
    adapter: TeamsAdapter,
) -> None:
    activity = teams.activity(PRIYA, type="message", text="x")
    right = {"iss": 1, "aud": 1, "exp": 1, "serviceurl": 1}
    given = {name: value for name, value in claims.items() if value is not None}
    token = teams.token(activity, **given)
    if None in claims.values():
        missing = next(iter(claims.keys() & right.keys()))
        whole = {"iss": "https://api.botframework.com", "aud": APP_ID, "exp": NOW + 60}
        whole["serviceurl"] = activity["serviceUrl"]
        del whole[missing]
        token = teams.keys[0].sign(whole)
    response = await teams.post(activity, token=token)
    await adapter.drain()
    assert (response.status_code, response.content) == (status, b"")
    assert not assistant.heard


async def test_five_minutes_of_skew_are_forgiven(teams: TeamsServer) -> None:
    activity = teams.activity(PRIYA, type="message", text="x")
    token = teams.token(activity, exp=int(time.time()) - 280, nbf=int(time.time()) - 3600)
    assert (await teams.post(activity, token=token)).status_code == 202


@pytest.mark.parametrize("token", ["", "not.a.token", "abc"])
async def test_no_token_is_refused(token: str, teams: TeamsServer) -> None:
    activity = teams.activity(PRIYA, type="message", text="x")
    assert (await teams.post(activity, token=token)).status_code == 401


@pytest.mark.behaviour("forged", "single-sign-on")
async def test_a_token_with_a_foreign_signature_is_refused(teams: TeamsServer) -> None:
    activity = teams.activity(PRIYA, type="message", text="x")
    forged = teams.token(activity, key=SigningKey("key-1"))
    assert (await teams.post(activity, token=forged)).status_code == 401


async def test_a_new_key_is_fetched_once_and_an_unknown_one_refused(teams: TeamsServer) -> None:
    activity = teams.activity(PRIYA, type="typing")
    assert (await teams.post(activity)).status_code == 202
    rotated = SigningKey("key-2")
    teams.keys.append(rotated)
    assert (await teams.post(activity, token=teams.token(activity, key=rotated))).status_code == 202
    assert teams.key_fetches == 2
    for _ in range(3):
        stranger = teams.token(activity, key=SigningKey("key-3"))
        assert (await teams.post(activity, token=stranger)).status_code == 401
    assert teams.key_fetches == 2


@pytest.mark.parametrize("endorsements", [(), ("webchat",)])
async def test_the_key_must_vouch_for_the_channel(endorsements: tuple[str, ...], teams: TeamsServer) -> None:
    teams.keys[0].endorsements = endorsements
    assert (await teams.message("x")).status_code == 403


async def test_another_channel_is_refused(teams: TeamsServer) -> None:
    teams.keys[0].endorsements = ("msteams", "webchat")
    assert (await teams.message("x", channelId="webchat")).status_code == 403


async def test_keys_are_fetched_again_after_a_day(teams: TeamsServer) -> None:
    now = [utc_now()]
    activity = teams.activity(PRIYA, type="typing")
    header = f"Bearer {teams.token(activity)}"
    async with httpx.AsyncClient() as client:
        verifier = TokenVerifier(APP_ID, client, openid_url=teams.openid_url, clock=lambda: now[0])
        await verifier.verify(header, "msteams", teams.service_url)
        now[0] += timedelta(hours=23)
        await verifier.verify(header, "msteams", teams.service_url)
        assert teams.key_fetches == 1
        now[0] += timedelta(hours=2)
        teams.keys[0] = SigningKey("key-2")
        with pytest.raises(TokenRefused):
            await verifier.verify(header, "msteams", teams.service_url)
        assert teams.key_fetches == 2


async def test_without_keys_the_answer_is_try_again(teams: TeamsServer) -> None:
    teams.keys.clear()
    activity = teams.activity(PRIYA, type="typing")
    token = SigningKey("key-1").sign({"iss": "x"})
    assert (await teams.post(activity, token=token)).status_code == 401


async def test_what_is_no_activity_is_refused(teams: TeamsServer) -> None:
    activity = teams.activity(PRIYA, type="message", text="x")
    broken = {**activity, "from": "Priya"}
    assert (await teams.post(broken, token=teams.token(activity))).status_code == 400
    large = {**activity, "text": "x" * 1_000_001}
    assert (await teams.post(large, token=teams.token(activity))).status_code == 413
