"""Gmail's tools against the sandbox, held against Google's own description."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from core.errors import BadSignature, Candidate, Conflict, Forbidden, NotFound, OutcomeUnknown, RateLimited, Rejected
from core.records import Message
from sandbox.server import serve
from tests.company import Company, company
from tests.description import has_descriptions
from tools.integrations.gmail.integration import Gmail
from tools.integrations.gmail.search import sought
from tools.kit.webhook import Delivery

EDITH = "edith.marlowe@harbourlight.example"
PRIYA = "priya.raman@fernwick.example"
LONDON = ZoneInfo("Europe/London")


@pytest.fixture
async def gmail(tmp_path: Path) -> AsyncIterator[Company]:
    async with company(tmp_path, "gmail", "jira") as found:
        yield found
        if has_descriptions():
            assert await found.problems("gmail") == []


async def find(gmail: Company, text: str, parameter: str = "thread", tool: str = "reply") -> list[Candidate]:
    return list(await (await gmail.open("gmail")).find(f"gmail.{tool}", parameter, text))


async def found(gmail: Company, **args: Any) -> list[Message]:
    result = await gmail.run("gmail.search_messages", **args)
    assert isinstance(result, list)
    return [one for one in result if isinstance(one, Message)]


@pytest.mark.parametrize(
    ("words", "query", "is_newest"),
    [
        ("everything from Norden", "from:(Norden)", False),
        ("Raj's last email", "from:(Raj)", True),
        ("the latest gmail thread from Beatriz about pricing", "from:(Beatriz) pricing", True),
        ("draft to the landlord", "to:(landlord)", False),
        ("unread newsletters", "is:unread newsletters", False),
        ('the mail with "signed NDA"', '"signed NDA"', False),
        ("from:raj@x.example has:attachment", "from:raj@x.example has:attachment", False),
        ("this morning's LinkedIn mail", "after:1795478400 before:1795564800 LinkedIn", False),
        ("report of last week", "after:1794355200 before:1794960000 report", False),
    ],
)
def test_words_become_a_query(words: str, query: str, is_newest: bool) -> None:
    meant = sought(words, date(2026, 11, 24), LONDON)
    assert (meant.query, meant.is_newest) == (query, is_newest)


async def test_messages_threads_drafts_labels_and_people_are_found(gmail: Company) -> None:
    [lease] = await find(gmail, "Lease of Harbour Street")
    assert [one.id for one in await find(gmail, lease.id)] == [lease.id]
    assert [one.id for one in await find(gmail, f"https://mail.google.com/mail/u/0/#inbox/{lease.id}")] == [lease.id]
    answer = (await found(gmail, query="William is reading"))[0]
    assert [one.id for one in await find(gmail, answer.ref.id)] == [lease.id]
    assert len(await find(gmail, "from Edith", "message", "trash_message")) == 2
    assert [one.label for one in await find(gmail, "Edith's last mail", "message", "trash_message")] == [
        "Re: Renewal terms for Harbourlight"
    ]
    assert await find(gmail, "zeppelins") == []
    [some] = await find(gmail, "from Edith", "messages", "label_messages")
    assert some.label == "2 messages"
    assert [one.label for one in await find(gmail, "offsite", "draft", "send_draft")] == ["Thoughts on the offsite"]
    assert [one.id for one in await find(gmail, "read", "add", "label_messages")] == ["READ"]
    assert [one.label for one in await find(gmail, "harbourlight", "add", "label_messages")] == [
        "Customers/Harbourlight"
    ]
    assert [one.id for one in await find(gmail, "Edith", "to", "send_message")] == [EDITH]
    assert [one.id for one in await find(gmail, "Priya", "to", "send_message")] == [PRIYA]
    assert await find(gmail, "Nobody Known", "to", "send_message") == []
    with pytest.raises(NotFound):
        await find(gmail, "0123456789abcdef")
    with pytest.raises(NotFound, match="More than 100"):
        await find(gmail, "Till Talk Daily", "messages", "label_messages")


async def test_lists_page_on_and_filter(gmail: Company) -> None:
    many = await found(gmail, query="Till Talk Daily", limit=110)
    assert len({one.ref.id for one in many}) == 110
    assert {one.title for one in await found(gmail, label="STARRED", limit=50)} >= {"Renewal terms for Harbourlight"}
    assert all("Unread" not in one.labels for one in await found(gmail, unread=False, has_attachment=False))
    assert "Customers/Harbourlight" in (await found(gmail, **{"from": EDITH}))[0].labels
    [html] = await found(gmail, query="invoice 2231")
    assert "Please find invoice 2231 over 410.00 EUR attached." in html.text
    assert html.files == ("invoice-2231.pdf",)


async def test_a_reply_goes_where_it_belongs(gmail: Company) -> None:
    [thread] = await find(gmail, "Offsite in Lisbon")
    change = await gmail.prove("gmail.reply", thread=thread.id, body="Vegetarian too.", reply_all=True)
    sent = (await found(gmail, query="Vegetarian too"))[0]
    assert sent.to == ("ken.sato@fernwick.example",)
    assert {one.partition(".")[0] for one in sent.cc} == {"ella", "amara", "lena"}
    assert sent.thread == thread.id
    again = await gmail.prove("gmail.reply", thread=thread.id, body="And no fish.")
    assert again.expect["to"] == ("ken.sato@fernwick.example",)  # one's own answer is answered to whom it was said
    assert change.undo is None


async def test_refusals_are_told(gmail: Company) -> None:
    with pytest.raises(Conflict, match="Label name exists"):
        await gmail.run("gmail.create_label", name="receipts")
    with pytest.raises(Rejected, match="no mauve"):
        await gmail.run("gmail.create_label", name="x", color="mauve")
    [draft] = await find(gmail, "offsite", "draft", "send_draft")
    with pytest.raises(Rejected, match="to nobody"):
        await gmail.run("gmail.send_draft", draft=draft.id)
    [thread] = await find(gmail, "Your order of keyboards")
    with pytest.raises(Conflict, match="not in the inbox"):
        await gmail.run("gmail.archive", thread=thread.id)
    with pytest.raises(Rejected, match="Invalid To"):
        await gmail.run("gmail.send_message", to=["nobody"], body="x")
    await gmail.fault("gmail", kind="rate_limited", times=3)
    with pytest.raises(RateLimited):
        await found(gmail, query="x")
    await gmail.connect("gmail", scopes=["https://www.googleapis.com/auth/gmail.readonly"])
    with pytest.raises(Forbidden, match=r"gmail\.modify"):
        await gmail.run("gmail.archive", thread=(await find(gmail, "Signed NDA"))[0].id)


@pytest.mark.parametrize("tool", ["send_message", "reply", "forward", "create_draft", "send_draft", "create_label"])
async def test_a_lost_answer_is_recovered_not_repeated(gmail: Company, tool: str) -> None:
    [thread] = await find(gmail, "Signed NDA")
    [draft] = await find(gmail, "to Edith", "draft", "send_draft")
    asked: dict[str, dict[str, Any]] = {
        "send_message": {"to": [PRIYA], "body": "Only once. Truly."},
        "reply": {"thread": thread.id, "body": "Only once."},
        "forward": {"message": thread.id, "to": [PRIYA]},
        "create_draft": {"to": [PRIYA], "body": "Only once.", "thread": thread.id},
        "send_draft": {"draft": draft.id},
        "create_label": {"name": "Once", "color": "red"},
    }
    args = asked[tool]
    system = await gmail.open("gmail")
    assert await system.recover(f"gmail.{tool}", args) is None
    await gmail.fault("gmail", kind="cut_off", times=1, method="POST", after_effect=True)
    with pytest.raises(OutcomeUnknown):
        await system.run(f"gmail.{tool}", args)
    change = await system.recover(f"gmail.{tool}", args)
    assert change is not None
    assert await system.prove(f"gmail.{tool}", change) is not None


async def test_the_stream_gives_all_then_only_what_changed(gmail: Company) -> None:
    system = await gmail.open("gmail")
    cursor, titles, more = "", list[str](), True
    while more:
        batch = await system.stream("message", cursor)
        titles += [one.title for one in batch.records]
        cursor, more = batch.cursor, batch.has_more
    assert len(titles) > 120
    assert "Thoughts on the offsite" not in titles
    assert (await system.stream("message", cursor)).records == []
    [seat] = await find(gmail, "save your seat", "message", "trash_message")
    await gmail.run("gmail.trash_message", message=seat.id)
    await gmail.run("gmail.send_message", to=[PRIYA], subject="New", body="New")
    batch = await system.stream("message", cursor)
    assert ([one.title for one in batch.records], [one.id for one in batch.gone]) == (["New"], [seat.id])
    assert len((await system.stream("message", json.dumps({"history": "5"}))).records) == 100  # too old: from the start


async def test_pushes_are_verified_and_understood() -> None:
    async with serve() as sandbox, httpx.AsyncClient() as client:
        vendor, audience = sandbox.vendors["gmail"], "an-audience push@fernwick.example"
        target = {"url": f"{sandbox.url}/nowhere", "secret": audience}
        await client.post(f"{sandbox.url}/_sandbox/gmail/webhooks", json=target)
        vendor.push("dana.whitlock@fernwick.example")  # type: ignore[attr-defined]
        await vendor.hooks.settle()
        [row] = vendor.hooks.deliveries
        assert Gmail.webhook is not None
        here = f"{sandbox.url}/gmail"
        webhook = Gmail.webhook.moved(lambda address: address.replace("https://www.googleapis.com", here))
        delivery = Delivery.of(row["headers"], row["body"].encode())
        await asyncio.to_thread(webhook.verify, delivery, audience)
        [event] = Gmail.events(delivery)
        assert (event.kind, event.ref and event.ref.id) == ("history", "dana.whitlock@fernwick.example")
        for secret in ("other", "an-audience stranger@fernwick.example", ""):
            with pytest.raises(BadSignature):
                await asyncio.to_thread(webhook.verify, delivery, secret)
        with pytest.raises(BadSignature):
            await asyncio.to_thread(webhook.verify, Delivery.of({}, b"{}"), audience)
