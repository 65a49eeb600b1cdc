"""Google Chat's tools against the sandbox, held against Google's own description."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from core.errors import BadSignature, Conflict, Forbidden, NotFound, OutcomeUnknown, RateLimited
from core.records import Channel, Message, Person
from tests.company import Company, company
from tests.description import has_descriptions
from tools.integrations.google_chat.integration import GoogleChat
from tools.integrations.google_chat.mapping import named
from tools.kit.webhook import Delivery

PRIYA = "priya.raman@fernwick.example"


@pytest.fixture
async def chat(tmp_path: Path) -> AsyncIterator[Company]:
    async with company(tmp_path, "google_chat", "jira") as found:
        yield found
        if has_descriptions():
            assert await found.problems("google_chat") == []


async def find(chat: Company, text: str, parameter: str = "space", tool: str = "read_space", **args: Any) -> list[str]:
    system = await chat.open("google_chat")
    return [one.id for one in await system.find(f"google_chat.{tool}", parameter, text, args)]


async def read(chat: Company, tool: str, **args: Any) -> list[Any]:
    result = await chat.run(f"google_chat.{tool}", **args)
    assert isinstance(result, list)
    return result


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("spaces/AAAA1b2", "spaces/AAAA1b2"),
        ("https://chat.google.com/room/AAAA1b2?cls=11", "spaces/AAAA1b2"),
        ("https://mail.google.com/chat/u/0/#chat/space/AAAA1b2", "spaces/AAAA1b2"),
        ("https://chat.google.com/dm/xYz/aB_c", "spaces/xYz/threads/aB_c"),
        ("https://chat.google.com/room/AAAA1b2/aB_c/d-E", "spaces/AAAA1b2/messages/aB_c.d-E"),
        ("Facilities", ""),
    ],
)
def test_links_name_what_they_lead_to(text: str, name: str) -> None:
    assert named(text) == name


async def test_spaces_threads_messages_and_people_are_found(chat: Company) -> None:
    [space] = await find(chat, "the facilities space")
    assert await find(chat, space) == [space]
    assert await find(chat, f"https://chat.google.com/room/{space[7:]}") == [space]
    assert len(await find(chat, "Priya")) == 1
    assert await find(chat, "Board prep") == []
    assert await find(chat, "Zeppelin club") == []
    [thread] = await find(chat, "coffee machine", "thread", "send_message", space=space)
    [said] = await find(chat, "my last message in Facilities", "message", "edit_message")
    assert said.startswith(f"{space}/messages/")
    assert await find(chat, said, "thread", "send_message") != [thread]
    assert await find(chat, "standup", "message", "edit_message") != []
    assert await find(chat, "coffee machine", "message", "edit_message") == []  # somebody else's
    assert await find(chat, "Priya", "to", "send_direct_message") == [PRIYA]
    with pytest.raises(NotFound):
        await find(chat, "spaces/AAAAnothing")


async def test_lists_page_on_and_are_named(chat: Company) -> None:
    [log] = await find(chat, "Deploy log")
    said = await read(chat, "read_space", space=log, limit=120)
    assert len({one.ref.id for one in said}) == 120
    assert [one.sent_at for one in said] == sorted(one.sent_at for one in said)
    builds = await read(chat, "search_messages", query="checkout-service build", limit=125)
    assert len(builds) == 125
    assert builds[0].channel == "Deploy log"
    spaces = await read(chat, "list_spaces")
    assert all(isinstance(one, Channel) for one in spaces)
    assert {"Facilities", "Priya Raman", "Naomi Fischer"} <= {one.title for one in spaces}
    [group] = await read(chat, "list_spaces", kind="group_chat")
    assert set(group.title.split(", ")) == {"Lena Hoffmann", "Kofi Asante"}
    members = await read(chat, "list_members", space=log)
    assert all(isinstance(one, Person) and one.email for one in members)
    assert await read(chat, "search_messages", query='say "x" (now)') == []
    assert all(isinstance(one, Message) for one in said)


async def test_refusals_are_told(chat: Company) -> None:
    [space], [log] = await find(chat, "Facilities"), await find(chat, "Deploy log")
    with pytest.raises(Conflict, match="in it already"):
        await chat.run("google_chat.add_member", space=space, person=PRIYA)
    with pytest.raises(Conflict, match="already exists"):
        await chat.run("google_chat.create_space", name="Facilities")
    others = await read(chat, "read_space", space=log, limit=1)
    with pytest.raises(Forbidden, match="permission"):
        await chat.run("google_chat.delete_message", message=others[0].ref.id)
    with pytest.raises(NotFound, match="Thread"):
        await chat.run("google_chat.send_message", space=space, text="x", thread=f"{space}/threads/none")
    await chat.fault("google_chat", kind="rate_limited", times=3)
    with pytest.raises(RateLimited):
        await read(chat, "list_spaces")
    await chat.connect("google_chat", scopes=["https://www.googleapis.com/auth/chat.spaces"])
    with pytest.raises(Forbidden, match=r"scope for this \(chat\.messages\)"):
        await read(chat, "read_space", space=space)


async def test_a_first_direct_message_opens_the_conversation(chat: Company) -> None:
    who = "zanele.dube@fernwick.example"
    assert await find(chat, "Zanele Dube") == []
    await chat.prove("google_chat.send_direct_message", to=who, text="Hello Zanele")
    assert len(await find(chat, "Zanele Dube")) == 1
    await chat.prove("google_chat.send_direct_message", to="uwe.brandt@brightloom.example", text="Hello Uwe")


@pytest.mark.parametrize("tool", ["send_message", "send_direct_message", "create_space", "add_member"])
async def test_a_lost_answer_is_recovered_not_repeated(chat: Company, tool: str) -> None:
    [space] = await find(chat, "Field sales")
    asked: dict[str, dict[str, Any]] = {
        "send_message": {"space": space, "text": "Only once"},
        "send_direct_message": {"to": PRIYA, "text": "Only once"},
        "create_space": {"name": "Only once", "members": [PRIYA]},
        "add_member": {"space": space, "person": PRIYA},
    }
    system, args = await chat.open("google_chat"), asked[tool]
    assert await system.recover(f"google_chat.{tool}", args) is None
    await chat.fault("google_chat", kind="cut_off", times=3, method="POST", after_effect=True)
    with pytest.raises(OutcomeUnknown):
        await system.run(f"google_chat.{tool}", args)
    await chat.client.delete(f"{chat.sandbox.url}/_sandbox/google_chat/faults")
    change = await system.recover(f"google_chat.{tool}", args)
    assert change is not None
    await system.prove(f"google_chat.{tool}", change)
    await chat.undo(change)
    assert await system.recover(f"google_chat.{tool}", args) is None


async def test_a_request_that_comes_twice_counts_once(chat: Company) -> None:
    [space] = await find(chat, "Field sales")
    await chat.fault("google_chat", kind="cut_off", times=1, method="POST", after_effect=True)
    await chat.prove("google_chat.send_message", space=space, text="Said once")
    assert len(await read(chat, "search_messages", query="Said once")) == 1


async def test_the_stream_gives_all_then_only_what_changed(chat: Company) -> None:
    system = await chat.open("google_chat")
    batch = await system.stream("message")
    assert len(batch.records) > 140
    assert (await system.stream("message", batch.cursor)).records == []
    [space] = await find(chat, "Field sales")
    [mine] = await find(chat, "my last message in Facilities", "message", "edit_message")
    new = await chat.prove("google_chat.send_message", space=space, text="New")
    await chat.run("google_chat.edit_message", message=mine, text="Edited")
    lost = await chat.prove("google_chat.send_message", space=space, text="Lost")
    await chat.run("google_chat.delete_message", message=lost.record.ref.id)
    after = await system.stream("message", batch.cursor)
    assert {one.ref.id for one in after.records} == {new.record.ref.id, mine}
    assert [one.id for one in after.gone] == [lost.record.ref.id]
    assert (await system.stream("message", after.cursor)).records == []


async def test_events_are_verified_and_understood(chat: Company) -> None:
    audience = "an-audience"
    target = {"url": f"{chat.sandbox.url}/nowhere", "secret": audience}
    await chat.client.post(f"{chat.sandbox.url}/_sandbox/google_chat/webhooks", json=target)
    [space] = await find(chat, "Field sales")
    made = await chat.prove("google_chat.send_message", space=space, text="Told")
    vendor = chat.sandbox.vendors["google_chat"]
    await vendor.hooks.settle()
    [row] = vendor.hooks.deliveries
    certs = f"{chat.sandbox.url}/gmail"  # the same keys, at an address whose requests this test does not check
    assert GoogleChat.webhook is not None
    webhook = GoogleChat.webhook.moved(lambda address: address.replace("https://www.googleapis.com", certs))
    delivery = Delivery.of(row["headers"], row["body"].encode())
    await asyncio.to_thread(webhook.verify, delivery, audience)
    [event] = GoogleChat.events(delivery)
    assert (event.kind, event.ref) == ("google.workspace.chat.message.v1.created", made.record.ref)
    with pytest.raises(BadSignature):
        await asyncio.to_thread(webhook.verify, delivery, "other")
    app = {"type": "MESSAGE", "eventTime": "2026-11-24T10:00:00.123456789Z", "message": {"name": made.record.ref.id}}
    [event] = GoogleChat.events(Delivery.of({}, json.dumps(app).encode()))
    assert (event.kind, event.ref) == ("MESSAGE", made.record.ref)
