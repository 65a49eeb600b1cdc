"""Telegram beyond the walk: finders, the queue, refusals, groups that moved, lost answers, updates by webhook."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from core.errors import (
    BadSignature,
    Conflict,
    Forbidden,
    InvalidArgument,
    NotConnected,
    NotFound,
    OutcomeUnknown,
    Rejected,
)
from core.records import Channel, Message
from tests.company import Company, company
from tests.description import has_descriptions
from tools.integrations.telegram.integration import Telegram
from tools.kit.connection import Connection
from tools.kit.http import Answer
from tools.kit.webhook import Delivery

NIGHT, DACH, RESELLERS, LUNCH, PILAR = "-1001900000102", "-1001900000103", "-1001900000101", "-4900000104", "5500000201"


@pytest.fixture
async def telegram(tmp_path: Path) -> AsyncIterator[Company]:
    async with company(tmp_path, "telegram") as found:
        yield found
        if has_descriptions():
            assert await found.problems("telegram") == []


async def find(telegram: Company, tool: str, parameter: str, text: str, **args: Any) -> list[str]:
    system = await telegram.open("telegram")
    return [one.id for one in await system.find(f"telegram.{tool}", parameter, text, args)]


async def news(telegram: Company, **args: Any) -> list[Message]:
    found = await telegram.run("telegram.read_new_messages", **args)
    assert isinstance(found, list)
    return [one for one in found if isinstance(one, Message)]


async def test_chats_people_and_messages_are_found(telegram: Company) -> None:
    for text in ("night shift support", "the night shift group", NIGHT, f"https://t.me/c/{NIGHT[4:]}/7"):
        assert await find(telegram, "send_message", "chat", text) == [NIGHT]
    assert await find(telegram, "send_message", "chat", "@fernwick_resellers") == [RESELLERS]
    assert await find(telegram, "send_message", "chat", "t.me/fernwick_resellers") == [RESELLERS]
    assert await find(telegram, "send_message", "chat", "Pilar") == [PILAR]  # she wrote to the bot
    assert await find(telegram, "send_message", "chat", "book club") == []
    assert len(await find(telegram, "send_message", "chat", "s")) > 1
    with pytest.raises(NotFound):
        await find(telegram, "send_message", "chat", "@nobody_here")
    [hamza] = await find(telegram, "remove_member", "person", "Hamza", chat=NIGHT)
    assert await find(telegram, "remove_member", "person", hamza, chat=NIGHT) == [hamza]
    assert await find(telegram, "remove_member", "person", "@carmen_vidal", chat=DACH) != []
    assert await find(telegram, "remove_member", "person", "Hamza", chat=DACH) == []
    [words] = await find(telegram, "pin_message", "message", "Printer in Bath", chat=NIGHT)
    assert await find(telegram, "pin_message", "message", f"https://t.me/c/{NIGHT[4:]}/{words}", chat=NIGHT) == [words]
    assert await find(telegram, "edit_message", "message", "the pinned one", chat=NIGHT) == ["101"]
    assert len(await find(telegram, "pin_message", "message", "bath", chat=NIGHT)) == 2
    assert await find(telegram, "pin_message", "message", "my last message", chat=NIGHT) == []
    system = await telegram.open("telegram")
    assert "Store managers DACH" in (await system.list_names())["chat"]
    who, secret = telegram.who, system.http.connection.secret
    await telegram.registry.settle(who, Connection(who.tenant, who.id, "telegram", {**secret, "chats": "-"}))
    assert await find(telegram, "send_message", "chat", "lunch") == [LUNCH]  # known by what was written there
    assert await find(telegram, "send_message", "chat", "resellers") == []


async def test_a_look_takes_only_what_it_shows(telegram: Company) -> None:
    assert [one.author for one in await news(telegram, chat=DACH)] == ["Katrin Vogel", "Fast Cash"]
    assert len(await news(telegram, limit=3)) == 3
    rest = await news(telegram)
    assert [one.text for one in rest][:2] == [
        "Wann kommt das Trinkgeld-Feature?",
        "EARN 500 A DAY http://fastcash.example",
    ]
    assert len(rest) == 5
    assert await news(telegram) == []
    vendor = telegram.sandbox.vendors["telegram"]
    row = {"message_id": 1, "date": 1, "chat": {"id": 7, "type": "private", "first_name": "Ada"}, "text": "x"}
    vendor.state["updates"] += [{"update_id": 880_000_200 + n, "message": row} for n in range(150)]
    assert len(await news(telegram, limit=100)) == 100
    assert len(await news(telegram, limit=100)) == 50
    await telegram.fault("telegram", kind="refused", status=409, path="getUpdates")
    with pytest.raises(Conflict, match="webhook is active"):
        await news(telegram)


async def test_a_chat_is_shown_whole(telegram: Company) -> None:
    chat = await telegram.run("telegram.get_chat", chat=RESELLERS)
    assert isinstance(chat, Channel)
    assert (chat.size, chat.kind, [str(one) for one in chat.admins]) == (412, "channel", ["Nadia Rossi", "Grace Kim"])
    lone = await telegram.run("telegram.get_chat", chat=PILAR)
    assert isinstance(lone, Channel)
    assert (lone.title, lone.admins) == ("Pilar Gomez", ())


async def test_refusals_are_told_apart(telegram: Company) -> None:
    [julia] = await find(telegram, "remove_member", "person", "Julia", chat=NIGHT)
    with pytest.raises(Forbidden, match="owner"):
        await telegram.run("telegram.remove_member", chat=NIGHT, person=julia)
    with pytest.raises(NotFound, match="replied"):
        await telegram.run("telegram.send_message", chat=NIGHT, text="x", reply_to="99999")
    with pytest.raises(Forbidden, match="edited"):
        await telegram.run("telegram.edit_message", chat=NIGHT, message="102", text="x")
    with pytest.raises(Conflict, match="pinned already"):
        await telegram.run("telegram.pin_message", chat=NIGHT, message="101")
    with pytest.raises(InvalidArgument, match="No file came"):
        await telegram.run("telegram.send_file", chat=NIGHT, file="the scan")
    for tool, args in (
        ("send_message", {"text": "x" * 4097}),
        ("send_poll", {"question": "x", "options": ["y"] * 13}),
        ("create_invite_link", {"uses": 0}),
        ("remove_member", {"person": julia, "until": "2099-01-01T00:00:00Z"}),
    ):
        with pytest.raises(Rejected) as refused:
            await telegram.run(f"telegram.{tool}", chat=NIGHT, **args)
        assert refused.value.fields
    told = {"ok": False, "error_code": 429, "description": "Too Many Requests", "parameters": {"retry_after": 7}}
    assert getattr(Telegram.error(Answer(429, {}, told)), "retry_after_s", 0) == 7
    for row in telegram.sandbox.world.grants._tokens.values():
        row["revoked"] = True
    with pytest.raises(NotConnected):
        await telegram.run("telegram.get_chat", chat=NIGHT)


async def test_a_group_that_moved_is_found_under_its_new_id(telegram: Company) -> None:
    state = telegram.sandbox.vendors["telegram"].state
    new = -1001900000199
    for kind in ("chats", "members", "messages"):
        state[kind][str(new)] = state[kind].pop(LUNCH)
    state["chats"][str(new)] |= {"id": new, "type": "supergroup"}
    state["moved"][LUNCH] = new
    change = await telegram.prove("telegram.send_message", chat=LUNCH, text="Soup then")
    assert change.record.ref.id.startswith(f"{new}/")
    await telegram.undo(change)


async def test_lost_answers(telegram: Company) -> None:
    system = await telegram.open("telegram")
    made = await telegram.prove("telegram.send_message", chat=NIGHT, text="First")
    message = made.record.ref.id.partition("/")[2]
    edit = {"chat": NIGHT, "message": message, "text": "Second"}
    await telegram.fault("telegram", kind="cut_off", times=1, path="editMessageText", after_effect=True)
    await telegram.prove("telegram.edit_message", **edit)  # sent again: it says so already
    with pytest.raises(LookupError):
        await system.recover("telegram.send_message", {"chat": NIGHT, "text": "Second"})
    gone = {"chat": NIGHT, "message": message}
    assert await system.recover("telegram.delete_message", gone) is None
    await telegram.fault("telegram", kind="cut_off", times=1, path="deleteMessage", after_effect=True)
    with pytest.raises(OutcomeUnknown):
        await system.run("telegram.delete_message", gone)
    change = await system.recover("telegram.delete_message", gone)
    assert change is not None
    assert change.is_gone
    with pytest.raises(NotFound):
        await telegram.run("telegram.delete_message", **gone)


def test_updates_by_webhook_are_understood_and_forged_ones_refused() -> None:
    chat = {"id": int(NIGHT), "type": "supergroup", "title": "Night shift support"}
    told = {"update_id": 5, "edited_message": {"message_id": 7, "date": 1_795_000_000, "chat": chat, "text": "x"}}
    body, header = json.dumps(told).encode(), "X-Telegram-Bot-Api-Secret-Token"
    assert Telegram.webhook is not None
    Telegram.webhook.verify(Delivery.of({header: "s3cret"}, body), "s3cret")
    for headers in ({header: "other"}, {}):
        with pytest.raises(BadSignature):
            Telegram.webhook.verify(Delivery.of(headers, body), "s3cret")
    [event] = Telegram.events(Delivery.of({}, body))
    assert (event.id, event.kind, event.ref and event.ref.id) == ("5", "edited_message", f"{NIGHT}/7")
    user = {"id": 9, "is_bot": False, "first_name": "Ada"}
    member = {"status": "kicked", "user": user, "until_date": 0}
    change = {"chat": chat, "from": user, "date": 1, "old_chat_member": member, "new_chat_member": member}
    [event] = Telegram.events(Delivery.of({}, json.dumps({"update_id": 6, "chat_member": change}).encode()))
    assert (event.kind, event.ref and event.ref.id) == ("chat_member", f"{NIGHT}/9")
    answer = {"poll_id": "1", "option_ids": [0], "user": user}
    [event] = Telegram.events(Delivery.of({}, json.dumps({"update_id": 7, "poll_answer": answer}).encode()))
    assert (event.kind, event.ref) == ("poll_answer", None)
