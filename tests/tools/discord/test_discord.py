"""Discord beyond the walk: finders, pages, refusals, lost answers, the stream, signed interactions."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from core.errors import BadSignature, Conflict, Forbidden, NotFound, OutcomeUnknown, Rejected, VendorUnavailable
from core.records import Channel, Message, Person
from tests.company import Company, company
from tests.description import has_descriptions
from tools.integrations.discord.integration import Discord
from tools.kit.http import Answer
from tools.kit.webhook import Delivery


@pytest.fixture
async def discord(tmp_path: Path) -> AsyncIterator[Company]:
    async with company(tmp_path, "discord") as found:
        yield found
        if has_descriptions():
            assert await found.problems("discord") == []


async def find(discord: Company, tool: str, parameter: str, text: str, **args: Any) -> list[str]:
    system = await discord.open("discord")
    return [one.id for one in await system.find(f"discord.{tool}", parameter, text, args)]


async def channel(discord: Company, name: str) -> str:
    [id] = await find(discord, "send_message", "channel", name)
    return id


async def test_channels_people_and_roles_are_found(discord: Company) -> None:
    bugs = await channel(discord, "#bug-reports")
    for text in (
        "bug reports",
        "the bug-reports channel",
        bugs,
        f"<#{bugs}>",
        f"https://discord.com/channels/1/{bugs}",
    ):
        assert await find(discord, "send_message", "channel", text) == [bugs]
    assert await find(discord, "send_message", "channel", "astronomy") == []
    assert len(await find(discord, "send_message", "channel", "o")) > 1
    assert await find(discord, "create_channel", "category", "community") != [await channel(discord, "general")]
    [freja] = await find(discord, "add_role", "member", "freja")
    assert await find(discord, "add_role", "member", f"<@{freja}>") == [freja]
    assert await find(discord, "add_role", "member", "Zebulon") == []
    assert len(await find(discord, "add_role", "role", "mod")) == 1
    assert await find(discord, "add_role", "role", "Emperor") == []
    [stage] = await find(discord, "create_event", "where", "the Office hours stage")
    assert stage.isdigit()
    assert await find(discord, "create_event", "where", "Town hall, Porto") == ["Town hall, Porto"]
    names = await (await discord.open("discord")).list_names()
    assert {"dev-chat", "Office hours"} <= {*names["channel"]}
    assert "Beta Tester" in names["role"]
    rows = await discord.run("discord.list_channels")
    assert isinstance(rows, list)
    mods = next(row for row in rows if isinstance(row, Channel) and row.title == "mods")
    assert (mods.is_private, mods.section, mods.kind) == (True, "Staff", "text")
    with pytest.raises(NotFound):
        await find(discord, "send_message", "channel", "123456789012345678")


async def test_messages_are_found(discord: Company) -> None:
    bugs = await channel(discord, "bug-reports")
    [last] = await find(discord, "delete_message", "message", "Sam's last message", channel=bugs)
    [words] = await find(discord, "delete_message", "message", "the Bath shop message", channel=bugs)
    assert last == words
    assert await find(discord, "delete_message", "message", last, channel=bugs) == [last]
    assert len(await find(discord, "delete_message", "message", "caseysurf", channel=bugs)) == 2
    assert await find(discord, "delete_message", "message", "my last message", channel=bugs) == []
    made = await discord.prove("discord.send_message", channel=bugs, text="Looking into it")
    own = made.record.ref.id.split("/")[1]
    assert await find(discord, "delete_message", "message", "my last message", channel=bugs) == [own]
    assert await find(discord, "delete_message", "message", made.record.ref.url, channel=bugs) == [own]


async def test_lists_go_over_many_pages(discord: Company) -> None:
    general = await channel(discord, "general")
    vendor = discord.sandbox.vendors["discord"]
    there = vendor.state["messages"][general]
    first = next(iter(there.values()))
    for number in range(250):
        id = str(int(first["id"]) + 1 + number)
        there[id] = first | {"id": id, "content": f"line {number}"}
    read = await discord.run("discord.read_channel", channel=general, limit=230)
    assert isinstance(read, list)
    lines = [one for one in read if isinstance(one, Message)]
    assert len({one.ref.id for one in lines}) == 230
    assert [one.sent_at for one in lines] == sorted(one.sent_at for one in lines if one.sent_at)
    found = await discord.run("discord.search_messages", query="line", channel=general, limit=60)
    assert isinstance(found, list)
    assert len({one.ref.id for one in found}) == 60


async def test_refusals_are_told_apart(discord: Company) -> None:
    general, ideas = await channel(discord, "general"), await channel(discord, "feature-ideas")
    [giulia] = await find(discord, "add_role", "member", "giulia")
    [admin] = await find(discord, "add_role", "role", "Admin")
    [merchant] = await find(discord, "add_role", "role", "Merchant")
    with pytest.raises(Forbidden, match="Missing Permissions"):
        await discord.run("discord.add_role", member=giulia, role=admin)
    with pytest.raises(Conflict, match="already"):
        await discord.run("discord.add_role", member=giulia, role=merchant)
    with pytest.raises(Rejected, match="2000"):
        await discord.run("discord.send_message", channel=general, text="x" * 2001)
    with pytest.raises(Rejected, match="non-text"):
        await discord.run("discord.send_message", channel=ideas, text="x")
    with pytest.raises(Rejected) as refused:
        await discord.run(
            "discord.create_event", name="Past", start="2020-01-01T10:00:00Z", where="Porto", end="2020-01-01T11:00:00Z"
        )
    assert "scheduled_start_time" in refused.value.fields
    for args, said in (({}, "where"), ({"where": "Porto"}, "end")):
        with pytest.raises(Rejected, match=said):
            await discord.run("discord.create_event", name="Later", start="2099-01-01T10:00:00Z", **args)
    [root] = await find(discord, "create_thread", "message", "two tills", channel=general)
    await discord.prove("discord.create_thread", channel=general, name="Tills", message=root)
    with pytest.raises(Conflict, match="already been created"):
        await discord.run("discord.create_thread", channel=general, name="Tills", message=root)
    building = {"message": "Index not yet available", "code": 110000, "documents_indexed": 0, "retry_after": 2}
    wait = Discord.error(Answer(202, {}, building))
    assert wait is not None
    assert getattr(wait, "retry_after_s", 0) == 2
    await discord.fault("discord", kind="malformed", times=9, path="search$")
    with pytest.raises(VendorUnavailable):
        await discord.run("discord.find_member", query="x")


async def test_lost_answers_are_recovered_not_repeated(discord: Company) -> None:
    general = await channel(discord, "general")
    await discord.fault("discord", kind="cut_off", times=1, method="POST", after_effect=True)
    await discord.prove("discord.send_message", channel=general, text="Only once")  # sent again under the same nonce
    found = await discord.run("discord.search_messages", query="Only once")
    assert isinstance(found, list)
    assert len(found) == 1
    system = await discord.open("discord")
    later = {"start": "2099-01-01T10:00:00Z", "end": "2099-01-01T12:00:00Z", "where": "Porto"}
    for tool, method, args in (
        ("create_channel", "POST", {"name": "Once more"}),
        ("create_thread", "POST", {"channel": general, "name": "A thread"}),
        ("create_event", "POST", {"name": "A fair", **later}),
        ("delete_message", "DELETE", {"channel": general, "message": found[0].ref.id.split("/")[1]}),
    ):
        assert await system.recover(f"discord.{tool}", args) is None
        await discord.fault("discord", kind="server_error", times=1, method=method, after_effect=True)
        with pytest.raises(OutcomeUnknown):
            await system.run(f"discord.{tool}", args)
        assert await system.recover(f"discord.{tool}", args) is not None
    assert await system.recover("discord.send_message", {"channel": general, "text": "Never sent"}) is None


async def test_the_stream_gives_all_then_what_is_new(discord: Company) -> None:
    system = await discord.open("discord")
    every = await system.stream("message")
    assert len(every.records) == 29
    general = await channel(discord, "general")
    assert (await system.stream("message", every.cursor)).records == []
    await discord.run("discord.send_message", channel=general, text="News")
    after = await system.stream("message", every.cursor)
    assert [one.text for one in after.records if isinstance(one, Message)] == ["News"]
    assert (await system.stream("message", after.cursor)).records == []
    [casey] = await discord.run("discord.find_member", query="casey")  # type: ignore[misc]
    assert isinstance(casey, Person)
    assert casey.labels == ("Merchant", "Beta Tester")


def test_signed_interactions_are_understood_and_forged_ones_refused() -> None:
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()

    def delivery(told: dict[str, Any], spoil: bytes = b"") -> Delivery:
        body, at = json.dumps(told).encode(), str(int(time.time()))
        mark = key.sign(at.encode() + body).hex()
        return Delivery.of({"X-Signature-Ed25519": mark, "X-Signature-Timestamp": at}, body + spoil)

    told = {
        "id": "1187264409912345678",
        "type": 3,
        "channel_id": "22",
        "message": {"id": "33"},
        "data": {"custom_id": "ok"},
    }
    assert Discord.webhook is not None
    Discord.webhook.verify(delivery(told), public)
    [event] = Discord.events(delivery(told))
    assert (event.kind, event.ref and event.ref.id) == ("INTERACTION_CREATE ok", "22/33")
    with pytest.raises(BadSignature):
        Discord.webhook.verify(delivery(told, b" "), public)
    ping = {"id": "1187264409912345679", "type": 1, "version": 1}
    greeting = Discord.greet(delivery(ping), public)
    assert greeting is not None
    assert json.loads(greeting.body) == {"type": 1}
    with pytest.raises(BadSignature):
        Discord.greet(delivery(ping | {"version": 2}, b" "), public)
    assert Discord.greet(delivery(told), public) is None
    left = {"version": 1, "type": 1, "event": {"type": "APPLICATION_DEAUTHORIZED", "timestamp": "2026-11-24T09:00:00Z"}}
    [gone] = Discord.events(delivery(left))
    assert gone.kind == "APPLICATION_DEAUTHORIZED"
