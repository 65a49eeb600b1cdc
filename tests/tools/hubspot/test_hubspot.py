"""HubSpot's CRM against the sandbox: what its walk does not show."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.errors import BadSignature, Conflict, Forbidden, OutcomeUnknown, RateLimited, Rejected
from core.records import Deal, Message, Person
from tests.company import Company, company
from tests.description import has_descriptions
from tools.integrations.hubspot.integration import Hubspot
from tools.integrations.hubspot.mapping import to_html, to_text
from tools.kit.http import Answer
from tools.kit.webhook import Delivery, Signature


@pytest.fixture
async def hubspot(tmp_path: Path) -> AsyncIterator[Company]:
    async with company(tmp_path, "hubspot") as found:
        yield found
        if has_descriptions():
            assert await found.problems("hubspot") == []


async def find(c: Company, tool: str, parameter: str, text: str, **args: object) -> list[str]:
    system = await c.open("hubspot")
    return [one.id for one in await system.find(f"hubspot.{tool}", parameter, text, args)]


async def test_names_are_found(hubspot: Company) -> None:
    [edith] = await find(hubspot, "get_contact", "contact", "Edith Marlowe")
    assert await find(hubspot, "get_contact", "contact", edith) == [edith]
    link = f"https://app.hubspot.com/contacts/48112907/record/0-1/{edith}"
    assert await find(hubspot, "get_contact", "contact", link) == [edith]
    assert await find(hubspot, "add_note", "record", link) == [f"contacts/{edith}"]
    assert await find(hubspot, "add_note", "record", f"contacts/{edith}") == [f"contacts/{edith}"]
    assert await find(hubspot, "get_contact", "contact", "nobody@harbourlight.example") == []
    assert await find(hubspot, "get_contact", "contact", "Zebulon Pike") == []
    assert len(await find(hubspot, "add_note", "record", "Acme Provisions")) == 5
    assert len(await find(hubspot, "add_note", "record", "the Acme Provisions renewal deal")) == 0
    assert len(await find(hubspot, "add_note", "record", "Acme Provisions deal")) == 2
    assert len(await find(hubspot, "search_contacts", "company", "casaverde.example")) == 1
    assert len(await find(hubspot, "create_company", "industry", "food and beverage")) == 1
    assert await find(hubspot, "create_contact", "owner", "Priya Raman") == []


async def test_a_stage_is_that_of_the_deal_or_pipeline(hubspot: Company) -> None:
    assert await find(hubspot, "list_deals", "stage", "contract") == ["contractsent"]
    assert await find(hubspot, "list_deals", "stage", "negotiation", pipeline="renewals") == ["961102"]
    [deal] = await find(hubspot, "update_deal", "deal", "Ironbridge Tools renewal")
    assert await find(hubspot, "update_deal", "stage", "churned", deal=deal) == ["961104"]
    with pytest.raises(Rejected, match="not in that pipeline"):
        await hubspot.run("hubspot.create_deal", name="x", stage="contractsent", pipeline="58210")


async def test_lists_go_over_pages(hubspot: Company) -> None:
    for number in range(120):
        await hubspot.run("hubspot.create_contact", email=f"visitor{number}@fair.example", first_name="Visitor")
    found = await hubspot.run("hubspot.search_contacts", query="fair", limit=110)
    assert isinstance(found, list)
    assert len({one.ref.id for one in found}) == 110


async def test_a_contact_comes_with_deals_and_notes(hubspot: Company) -> None:
    [edith] = await find(hubspot, "get_contact", "contact", "Edith Marlowe")
    person, _, *rest = await hubspot.run("hubspot.get_contact", contact=edith)  # type: ignore[misc]
    assert isinstance(person, Person)
    assert str(person.owner) == "Tom Hargreaves"
    [deal, note] = rest
    assert isinstance(deal, Deal)
    assert isinstance(note, Message)
    assert deal.stage == "In Negotiation"
    assert "happy with the tills" in note.text


async def test_refusals(hubspot: Company) -> None:
    with pytest.raises(Conflict, match="already exists"):
        await hubspot.run("hubspot.create_contact", email="Edith.Marlowe@harbourlight.example")
    with pytest.raises(Rejected) as wrong:
        await hubspot.run("hubspot.create_contact", email="nobody")
    assert "email" in wrong.value.fields
    await hubspot.connect("hubspot", scopes=["crm.objects.owners.read"])
    with pytest.raises(Forbidden, match=r"crm\.objects\.contacts\.read"):
        await hubspot.run("hubspot.search_contacts", query="x")
    daily = Hubspot.error(Answer(429, {}, {"status": "error", "message": "", "policyName": "DAILY"}))
    assert isinstance(daily, RateLimited)
    assert daily.retry_after_s == 3600


async def test_lost_answers_are_recovered_not_repeated(hubspot: Company) -> None:
    system = await hubspot.open("hubspot")
    contact = {"email": "once@fair.example"}
    [deal] = await find(hubspot, "update_deal", "deal", "Ironbridge Tools renewal")
    note = {"record": f"deals/{deal}", "body": "Only <once>\nsaid"}
    for tool, path, args in (("create_contact", "contacts", contact), ("add_note", "notes", note)):
        assert await system.recover(f"hubspot.{tool}", args) is None
        lost = {"path": f"/objects/{path}$", "method": "POST", "after_effect": True}
        await hubspot.fault("hubspot", kind="cut_off", times=1, **lost)
        with pytest.raises(OutcomeUnknown):
            await system.run(f"hubspot.{tool}", args)
        change = await system.recover(f"hubspot.{tool}", args)
        assert change is not None
        await hubspot.undo(change)
    with pytest.raises(OutcomeUnknown, match="slow to show"):
        await system.recover("hubspot.create_deal", {"name": "Never sent"})


async def test_streams_give_all_then_only_the_change(hubspot: Company) -> None:
    system = await hubspot.open("hubspot")
    first = await system.stream("contact")
    assert len(first.records) > 30
    made = await hubspot.run("hubspot.create_contact", email="late@fair.example")
    again = await system.stream("contact", first.cursor)
    assert [one.ref.id for one in again.records] == [made.record.ref.id]  # type: ignore[union-attr]
    assert (await system.stream("contact", again.cursor)).records == []
    assert all(isinstance(one, Deal) for one in (await system.stream("deal")).records)


async def test_webhooks_are_genuine(hubspot: Company) -> None:
    target = {"url": "http://127.0.0.1:9/hook", "secret": "s3cret"}
    await hubspot.client.post(f"{hubspot.sandbox.url}/_sandbox/hubspot/webhooks", json=target)
    made = await hubspot.run("hubspot.create_contact", email="hook@fair.example")
    await hubspot.sandbox.vendors["hubspot"].hooks.settle()
    [row] = (await hubspot.client.get(f"{hubspot.sandbox.url}/_sandbox/hubspot/deliveries")).json()
    delivery = Delivery.of(row["headers"], row["body"].encode(), row["url"])
    assert isinstance(Hubspot.webhook, Signature)
    now = datetime.now(UTC)
    Signature(Hubspot.webhook.parts, lambda: now).verify(delivery, "s3cret")
    [event] = Hubspot.events(delivery)
    assert (event.kind, event.ref and event.ref.id) == ("contact.creation", made.record.ref.id)  # type: ignore[union-attr]
    forged = Delivery.of(row["headers"], row["body"].encode() + b" ", row["url"])
    with pytest.raises(BadSignature):
        Signature(Hubspot.webhook.parts).verify(forged, "s3cret")
    typed = [{**json.loads(row["body"])[0], "subscriptionType": "object.creation", "objectTypeId": "0-3"}]
    assert Hubspot.events(Delivery.of({}, json.dumps(typed).encode()))[0].kind == "deal.creation"


def test_text_and_html() -> None:
    assert to_text(to_html("a < b & c\n\nd")) == "a < b & c\n\nd"
    assert to_text("<div><p>One</p><p>Two <b>bold</b></p></div>") == "One\nTwo bold"
