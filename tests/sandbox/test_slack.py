"""The simulated Slack, over HTTP."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from sandbox.server import Sandbox
from tests.sandbox.conftest import ClientFor
from tests.sandbox.contract import problems

UNDESCRIBED = (
    "reactions.remove", "reactions.get", "reminders.delete", "reminders.info", "conversations.unarchive",
    "conversations.leave", "no.such.method",
)  # fmt: skip


@pytest.fixture
async def slack(client_for: ClientFor) -> httpx.AsyncClient:
    """Dana's own token."""
    return await client_for("slack", "/api")


async def get(slack: httpx.AsyncClient, method: str, **params: Any) -> dict[str, Any]:
    answer = await slack.get(f"/{method}", params=params)
    body: dict[str, Any] = answer.json()
    return body


async def post(slack: httpx.AsyncClient, method: str, **form: Any) -> dict[str, Any]:
    answer = await slack.post(f"/{method}", data=form)
    body: dict[str, Any] = answer.json()
    return body


async def channel_id(slack: httpx.AsyncClient, name: str) -> str:
    channels = (await get(slack, "conversations.list", types="public_channel,private_channel"))["channels"]
    return str(next(channel["id"] for channel in channels if channel["name"] == name))


async def test_a_message_is_said_changed_reacted_to_and_taken_away(sandbox: Sandbox, slack: httpx.AsyncClient) -> None:
    before = (await get(slack, "conversations.history", channel=await channel_id(slack, "launch")))["messages"]
    said = await post(slack, "chat.postMessage", channel="#launch", text="the build is green")
    where = {"channel": said["channel"]}
    assert (await post(slack, "chat.update", **where, ts=said["ts"], text="the build is red"))["ok"]
    assert (await post(slack, "reactions.add", **where, timestamp=said["ts"], name="eyes"))["ok"]
    assert (await post(slack, "reactions.add", **where, timestamp=said["ts"], name="eyes"))[
        "error"
    ] == "already_reacted"
    reply = await post(slack, "chat.postMessage", **where, thread_ts=said["ts"], text="on it")
    thread = (await get(slack, "conversations.replies", **where, ts=said["ts"]))["messages"]
    assert [message["text"] for message in thread] == ["the build is red", "on it"]
    link = (await get(slack, "chat.getPermalink", **where, message_ts=reply["ts"]))["permalink"]
    assert link.startswith("https://fernwick.slack.com/archives/C")
    assert f"thread_ts={said['ts']}" in link
    assert (await get(slack, "reactions.get", **where, timestamp=said["ts"]))["message"]["reactions"][0]["count"] == 1
    assert (await post(slack, "reactions.remove", **where, timestamp=said["ts"], name="eyes"))["ok"]
    for ts in (reply["ts"], said["ts"]):
        assert (await post(slack, "chat.delete", **where, ts=ts))["ok"]
    assert (await post(slack, "chat.delete", **where, ts=said["ts"]))["error"] == "message_not_found"
    assert (await get(slack, "conversations.history", **where))["messages"] == before
    assert problems(sandbox, "slack", UNDESCRIBED) == []


async def test_a_channel_is_made_filled_and_archived(sandbox: Sandbox, slack: httpx.AsyncClient) -> None:
    made = await post(slack, "conversations.create", name="proj-atlas", is_private="true")
    here = made["channel"]["id"]
    priya = (await get(slack, "users.lookupByEmail", email="priya.raman@fernwick.example"))["user"]["id"]
    assert (await post(slack, "conversations.invite", channel=here, users=priya))["channel"]["num_members"] == 2
    assert (await post(slack, "conversations.setTopic", channel=here, topic="go-live 1 March"))["ok"]
    info = (await get(slack, "conversations.info", channel=here))["channel"]
    assert (info["topic"]["value"], info["is_private"]) == ("go-live 1 March", True)
    assert priya in (await get(slack, "conversations.members", channel=here))["members"]
    assert (await post(slack, "conversations.kick", channel=here, user=priya))["ok"]
    assert (await get(slack, "conversations.history", channel=here))["messages"] == []
    assert (await post(slack, "conversations.archive", channel=here))["ok"]
    assert (await post(slack, "chat.postMessage", channel=here, text="?"))["error"] == "is_archived"
    assert (await post(slack, "conversations.create", name="Proj Atlas"))["error"] == "invalid_name_specials"
    assert (await post(slack, "conversations.create", name="launch"))["error"] == "name_taken"
    assert problems(sandbox, "slack", UNDESCRIBED) == []


async def test_lists_come_in_pages(sandbox: Sandbox, slack: httpx.AsyncClient) -> None:
    names: list[str] = []
    cursor = ""
    while True:
        body = await get(slack, "users.list", limit=25, **({"cursor": cursor} if cursor else {}))
        names += [member["name"] for member in body["members"]]
        cursor = body["response_metadata"]["next_cursor"]
        if not cursor:
            break
    assert len(names) == len(set(names)) == len(sandbox.world.company.people) + 1
    assert (await get(slack, "users.list", cursor="rubbish"))["error"] == "invalid_cursor"
    history = await get(slack, "conversations.history", channel=await channel_id(slack, "general"), limit=2)
    assert history["has_more"]
    assert problems(sandbox, "slack", UNDESCRIBED) == []


async def test_messages_and_reminders_wait_for_their_time(sandbox: Sandbox, slack: httpx.AsyncClient) -> None:
    at = int(sandbox.world.time().timestamp()) + 3600
    later = await post(slack, "chat.scheduleMessage", channel="#launch", text="timesheets", post_at=at)
    assert [row["id"] for row in (await get(slack, "chat.scheduledMessages.list"))["scheduled_messages"]] == [
        later["scheduled_message_id"]
    ]
    gone = {"channel": later["channel"], "scheduled_message_id": later["scheduled_message_id"]}
    assert (await post(slack, "chat.deleteScheduledMessage", **gone))["ok"]
    assert (await post(slack, "chat.deleteScheduledMessage", **gone))["error"] == "invalid_scheduled_message_id"
    assert (await post(slack, "chat.scheduleMessage", channel="#launch", text="x", post_at=5))[
        "error"
    ] == "time_in_past"
    made = (await post(slack, "reminders.add", text="send the deck", time="tomorrow at 9:00"))["reminder"]
    assert made["time"] > at
    assert (await post(slack, "reminders.add", text="rota", time="every Monday at 8:30"))["reminder"]["recurring"]
    assert (await post(slack, "reminders.add", text="x", time="when pigs fly"))["error"] == "cannot_parse"
    assert (await get(slack, "reminders.info", reminder=made["id"]))["reminder"] == made
    assert (await post(slack, "reminders.delete", reminder=made["id"]))["ok"]
    assert len((await get(slack, "reminders.list"))["reminders"]) == 1
    assert problems(sandbox, "slack", UNDESCRIBED) == []


async def test_search_knows_words_places_and_people(sandbox: Sandbox, slack: httpx.AsyncClient) -> None:
    async def texts(query: str) -> list[str]:
        return [hit["text"] for hit in (await get(slack, "search.messages", query=query))["messages"]["matches"]]

    assert any("VPN instructions" in text for text in await texts("vpn"))
    assert all("4471" in text for text in await texts("incident 4471"))
    assert await texts("price in:#sales from:@tom.hargreaves") == ["List price, first month free."]
    assert await texts("in:finance overdue") == []  # a private channel that Dana is not in
    assert await texts("vpn after:2026-11-30") == []
    assert problems(sandbox, "slack", UNDESCRIBED) == []


async def test_a_bot_may_less(sandbox: Sandbox, client_for: ClientFor) -> None:
    bot = await client_for("slack", "/api", kind="bot", scopes=["chat:write", "channels:read", "reminders:write"])
    assert (await get(bot, "auth.test"))["bot_id"].startswith("B")
    assert (await post(bot, "chat.postMessage", channel="#random", text="hi"))["error"] == "not_in_channel"
    assert (await post(bot, "reminders.add", text="x", time="60"))["error"] == "not_allowed_token_type"
    refused = await get(bot, "users.list")
    assert (refused["error"], refused["needed"]) == ("missing_scope", "users:read")
    said = await post(bot, "chat.postMessage", channel="#general", text="hello")
    dana = await client_for("slack", "/api")
    edit = {"channel": said["channel"], "ts": said["ts"], "text": "bye"}
    assert (await post(dana, "chat.update", **edit))["error"] == "cant_update_message"
    assert problems(sandbox, "slack", UNDESCRIBED) == []


async def test_direct_messages_open_and_json_is_taken_as_well(sandbox: Sandbox, slack: httpx.AsyncClient) -> None:
    alexes = [m["id"] for m in (await get(slack, "users.list"))["members"] if m["name"].startswith("alex.")]
    assert len(alexes) == 2
    direct = await post(slack, "conversations.open", users=alexes[0])
    answer = await slack.post("/chat.postMessage", json={"channel": alexes[0], "text": "psst"})
    assert answer.json()["channel"] == direct["channel"]["id"]
    assert (await post(slack, "conversations.open", users=",".join(alexes)))["channel"]["is_mpim"]
    broken = await slack.post("/chat.postMessage", content=b"{", headers={"content-type": "application/json"})
    assert broken.json() == {"ok": False, "error": "invalid_json"}
    assert (await get(slack, "no.such.method"))["error"] == "unknown_method"
    assert problems(sandbox, "slack", UNDESCRIBED) == []
