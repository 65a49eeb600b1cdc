"""Who may speak to the adapter over HTTP."""

from __future__ import annotations

import json
import time

import pytest

from tests.bot.slack.conftest import Stage

EVENT = {"type": "message", "channel_type": "im", "channel": "DU1", "user": "U1", "text": "hi", "ts": "17.1"}


@pytest.mark.behaviour("forged")
async def test_wrong_signature_is_refused(stage: Stage) -> None:
    body = json.dumps(stage.slack.envelope(EVENT))
    answer = await stage.slack.send(body, stage.slack.sign(body, secret="another"))
    assert answer.status_code == 401
    assert stage.assistant.heard == []


async def test_changed_body_is_refused(stage: Stage) -> None:
    body = json.dumps(stage.slack.envelope(EVENT))
    answer = await stage.slack.send(body.replace("hi", "ho"), stage.slack.sign(body))
    assert answer.status_code == 401


@pytest.mark.behaviour("forged")
@pytest.mark.parametrize("age_s", [400, -400])
async def test_stale_timestamp_is_refused(stage: Stage, age_s: int) -> None:
    body = json.dumps(stage.slack.envelope(EVENT))
    answer = await stage.slack.send(body, stage.slack.sign(body, at=time.time() - age_s))
    assert answer.status_code == 401


@pytest.mark.parametrize(
    "headers",
    [{}, {"x-slack-request-timestamp": "soon"}, {"x-slack-request-timestamp": "-5"}],
)
async def test_missing_or_odd_headers_are_refused(stage: Stage, headers: dict[str, str]) -> None:
    answer = await stage.slack.send(json.dumps(stage.slack.envelope(EVENT)), headers)
    assert answer.status_code == 401


@pytest.mark.behaviour("forged")
async def test_replay_is_refused(stage: Stage) -> None:
    body = json.dumps(stage.slack.envelope(EVENT))
    headers = stage.slack.sign(body)
    first, second = await stage.slack.send(body, headers), await stage.slack.send(body, headers)
    assert (first.status_code, second.status_code) == (200, 401)
    await stage.adapter.drain()
    assert len(stage.assistant.heard) == 1


async def test_address_is_verified(stage: Stage) -> None:
    body = json.dumps({"type": "url_verification", "challenge": "c-123", "token": "t"})
    answer = await stage.slack.send(body, stage.slack.sign(body))
    assert answer.json()["challenge"] == "c-123"


async def test_no_json_is_no_crash(stage: Stage) -> None:
    answer = await stage.slack.send("{", stage.slack.sign("{"))
    assert answer.status_code == 400
    assert stage.assistant.heard == []


async def test_signature_is_forgotten_with_its_time(stage: Stage) -> None:
    bodies = [json.dumps(stage.slack.envelope({**EVENT, "ts": f"17.{n}"})) for n in range(3)]
    headers = [stage.slack.sign(body) for body in bodies]
    for body, signed in zip(bodies, headers, strict=True):
        assert (await stage.slack.send(body, signed)).status_code == 200
        stage.later(minutes=6)
    assert (await stage.slack.send(bodies[1], headers[1])).status_code == 200
    assert (await stage.slack.send(bodies[2], headers[2])).status_code == 401


async def test_body_too_large_is_refused(stage: Stage) -> None:
    body = " " * 1_000_001
    answer = await stage.slack.send(body, stage.slack.sign(body))
    assert answer.status_code == 401


async def test_odd_bytes_are_refused(stage: Stage) -> None:
    answer = await stage.slack.send("\udcff", stage.slack.sign("{}"))
    assert answer.status_code == 401
