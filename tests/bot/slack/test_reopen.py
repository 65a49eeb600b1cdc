"""A thread is reached again without anybody having written in it."""

from __future__ import annotations

import pytest
from slack_bolt.authorization import AuthorizeResult

from bot.adapters.slack import SlackAdapter
from bot.adapters.slack_sink import MemoryPlaces
from bot.adapters.slack_wire import SlackWire
from bot.shelf import Threads
from core.errors import NotFound
from core.message import Failure, Reply
from tests.bot.slack.conftest import Scripted, Stage

PRIYA = "priya@example.com"


@pytest.mark.behaviour("references")
async def test_thread_of_a_channel_is_reached_again(stage: Stage) -> None:
    ts = await stage.slack.say(f"<@{stage.slack.bot}> create a bug", channel="C1")
    await stage.adapter.drain()
    sink = await stage.adapter.reopen("slack:T1", "C1", ts, PRIYA)
    await sink.send(Reply.of_text("Done."))
    await sink.send(Reply(parts=(Failure(text="For you alone"),), is_private=True))
    _, public, private = stage.slack.posted
    assert (public.channel, public.thread_ts, public.user) == ("C1", ts, "")
    assert (private.channel, private.thread_ts, private.user) == ("C1", ts, "U1")


async def test_person_without_an_address_is_reached_again(stage: Stage) -> None:
    stage.slack.add_person("U3", "Ann")
    await stage.slack.say("hi", user="U3")
    await stage.adapter.drain()
    sink = await stage.adapter.reopen("slack:T1", "DU3", "", "slack:U3")
    await sink.send(Reply.of_text("Hello again"))
    assert stage.slack.posted[-1].channel == "DU3"


@pytest.mark.behaviour("no-app")
@pytest.mark.parametrize(
    ("tenant", "channel", "person"),
    [("slack:T2", "DU1", PRIYA), ("slack:T1", "C1", PRIYA), ("slack:T1", "DU1", "tom@example.com")],
)
async def test_who_never_spoke_there_is_not_reached(stage: Stage, tenant: str, channel: str, person: str) -> None:
    await stage.slack.say("hi")
    await stage.adapter.drain()
    with pytest.raises(NotFound):
        await stage.adapter.reopen(tenant, channel, "", person)


@pytest.mark.behaviour("many-workspaces")
async def test_workspace_of_many_is_reached_with_its_own_token(stage: Stage) -> None:
    async def authorize(team_id: str) -> AuthorizeResult | None:
        if team_id != "T1":
            return None
        return AuthorizeResult(enterprise_id=None, team_id="T1", bot_user_id="UATOM", bot_token=stage.slack.token)

    places = MemoryPlaces()
    await places.keep(f"slack:T1:DU1::{PRIYA}", {"team": "T1", "user": "U1"})
    await places.keep(f"slack:T2:DU1::{PRIYA}", {"team": "T2", "user": "U1"})
    adapter = SlackAdapter(
        Scripted(),
        events=stage.memory.events(),
        threads=Threads(stage.memory.notes),
        tenant_of=lambda platform, external_id: f"{platform}:{external_id}",
        authorize=authorize,
        signing_secret=stage.slack.secret,
        base_url=stage.slack.api_url,
        places=places,
        wire=SlackWire(pace_s=0),
    )
    sink = await adapter.reopen("slack:T1", "DU1", "", PRIYA)
    await sink.send(Reply.of_text("Hello"))
    assert [one.channel for one in stage.slack.posted] == ["DU1"]
    with pytest.raises(NotFound, match="not installed"):
        await adapter.reopen("slack:T2", "DU1", "", PRIYA)
    await adapter.close()
