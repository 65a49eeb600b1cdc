"""Salesforce's tools against the sandbox, each proven, undone and held against Salesforce's own description."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from core.errors import Candidate, Conflict, Forbidden, NotConnected, NotFound, OutcomeUnknown, RateLimited, Rejected
from core.records import Company as Account
from core.records import Deal, Person, Record, Task, Ticket
from sandbox.vendors.salesforce import Salesforce as Vendor
from tests.company import Company, company
from tests.description import has_descriptions
from tools.integrations.salesforce.soql import contains, literal

TOM = "tom.hargreaves@fernwick.example"


@pytest.fixture
async def crm(tmp_path: Path) -> AsyncIterator[Company]:
    async with company(tmp_path, "salesforce") as found:
        yield found
        if has_descriptions():
            assert await found.problems("salesforce") == []


async def find(crm: Company, parameter: str, text: str, tool: str = "get_record", **args: Any) -> list[Candidate]:
    system = await crm.open("salesforce")
    return list(await system.find(f"salesforce.{tool}", parameter, text, args))


async def one(crm: Company, kind: str, text: str) -> str:
    """The id of the only record of a kind that fits."""
    found = await find(crm, "record", text, object=kind)
    assert [candidate.label for candidate in found][1:] == []
    return found[0].id


async def held(crm: Company) -> dict[str, Mapping[str, Any]]:
    """Every living record, without what is empty and who changed it last and when."""
    records = (await crm.state("salesforce"))["records"]
    return {
        key: {
            name: value
            for name, value in row.items()
            if value not in (None, False) and not name.startswith(("LastModified", "System"))
        }
        for key, row in records.items()
        if not row["IsDeleted"]
    }


async def rows(crm: Company, tool: str, **args: Any) -> list[Record]:
    found = await crm.run(f"salesforce.{tool}", **args)
    assert isinstance(found, list)
    return found


async def test_create_lead_is_proven_and_undone(crm: Company) -> None:
    before = await held(crm)
    change = await crm.prove(
        "salesforce.create_lead",
        last_name='O\'Lind \\ "x"',
        first_name="Oskar",
        company="Blue Yonder",
        email="oskar@blueyonder.example",
        phone="+47 22 33 10 10",
        source="trade fair",
        notes="Wants a demo.\nSoon.",
    )
    assert change.record.ref.url.endswith(f"/lightning/r/Lead/{change.record.ref.id}/view")
    assert [found.id for found in await find(crm, "record", "O'Lind", object="Lead")] == [change.record.ref.id]
    await crm.undo(change)
    assert await held(crm) == before


async def test_create_opportunity(crm: Company) -> None:
    before = await held(crm)
    [account] = await find(crm, "account", "Kestrel Cycles", "create_opportunity")
    [owner] = await find(crm, "owner", "Marco", "create_opportunity")
    change = await crm.prove(
        "salesforce.create_opportunity",
        name="Kestrel expansion",
        account=account.id,
        close_date="2027-03-31",
        amount=30000.5,
        owner=owner.id,
    )
    record = await crm.run("salesforce.get_record", object="Opportunity", record=change.record.ref.id)
    assert isinstance(record, Deal)
    assert (record.stage, record.amount, record.company) == ("Prospecting", Decimal("30000.5"), "Kestrel Cycles")
    await crm.undo(change)
    assert await held(crm) == before


async def test_update_opportunity_undo_restores_every_field(crm: Company) -> None:
    before = await held(crm)
    deal = await one(crm, "Opportunity", "Pinecrest")
    [tom] = await find(crm, "owner", TOM, "update_opportunity")
    won = [s.id for s in await find(crm, "stage", "won", "update_opportunity") if "Won" in s.label]
    change = await crm.prove(
        "salesforce.update_opportunity",
        opportunity=deal,
        stage=won[0],
        amount=82000,
        close_date="2027-06-30",
        next_step="legal review",
        owner=tom.id,
    )
    assert (await held(crm))[deal]["Probability"] == 100
    await crm.undo(change)
    assert await held(crm) == before
    with pytest.raises(Rejected, match="nothing to change"):
        await crm.run("salesforce.update_opportunity", opportunity=deal)


async def test_update_record_undo_restores_every_field(crm: Company) -> None:
    before = await held(crm)
    contact, account = await one(crm, "Contact", "Edith Marlowe"), await one(crm, "Account", "Ironbridge")
    lead = await one(crm, "Lead", "Nils Aker")
    [tom] = await find(crm, "owner", "Tom Hargreaves", "update_record")
    status = [s.id for s in await find(crm, "status", "working", "update_record") if s.label.startswith("Working")]
    changes = [
        await crm.prove(
            "salesforce.update_record", object="Contact", record=contact, phone="+1 206 555 0134", title="COO",
            email="edith@harbourlight.example", fields="department = Stores; do not call: yes",
        ),
        await crm.prove("salesforce.update_record", object="Lead", record=lead, status=status[0], owner=tom.id),
        await crm.prove(
            "salesforce.update_record", object="Account", record=account,
            fields="industry is Manufacturing, number of employees 450 and billing city is Leeds",
        ),
    ]  # fmt: skip
    now = await held(crm)
    assert (now[account]["NumberOfEmployees"], now[account]["BillingCity"]) == (450, "Leeds")
    assert (now[contact]["Department"], now[contact]["DoNotCall"]) == ("Stores", True)
    for change in reversed(changes):
        await crm.undo(change)
    assert await held(crm) == before
    with pytest.raises(Rejected, match="no email"):
        await crm.run("salesforce.update_record", object="Account", record=account, email="a@b.example")
    with pytest.raises(Rejected, match="no field like"):
        await crm.run("salesforce.update_record", object="Account", record=account, fields="shoe size is 44")


async def test_activities_and_cases(crm: Company) -> None:
    before = await held(crm)
    account, contact = await one(crm, "Account", "Saffron"), await one(crm, "Contact", "Layla Hariri")
    deal, lead = await one(crm, "Opportunity", "Saffron"), await one(crm, "Lead", "Joy Tan")
    changes = [
        await crm.prove("salesforce.log_activity", record=record, subject="Call", notes="Happy", date="2026-11-20")
        for record in (account, contact, deal, lead)
    ]
    changes.append(
        await crm.prove(
            "salesforce.create_case",
            subject="Logins are failing",
            description="since Monday",
            account=account,
            contact=contact,
            priority="High",
        )
    )
    case = await crm.run("salesforce.get_record", object="Case", record=changes[-1].record.ref.id)
    assert isinstance(case, Ticket)
    assert [found.id for found in await find(crm, "record", case.ref.key, object="Case")] == [case.ref.id]
    changes.append(await crm.prove("salesforce.log_activity", record=case.ref.id, subject="Rang back"))
    for change in reversed(changes):
        await crm.undo(change)
    assert await held(crm) == before


async def test_deals_are_filtered_and_paged(crm: Company) -> None:
    assert len(await rows(crm, "list_opportunities")) == 16
    vendor = crm.sandbox.vendors["salesforce"]
    assert isinstance(vendor, Vendor)
    vendor.page = 5
    assert len({deal.ref.id for deal in await rows(crm, "list_opportunities")}) == 16
    assert len(await rows(crm, "list_opportunities", limit=7)) == 7
    [account] = await find(crm, "account", "Acme", "list_opportunities")
    assert len(await rows(crm, "list_opportunities", account=account.id, open=True)) == 2
    today = crm.sandbox.world.time().date()
    deals = await rows(
        crm, "list_opportunities", stage="Negotiation/Review", min_amount=50000,
        close_before=(today + timedelta(days=20)).isoformat(), close_after=today.isoformat(),
    )  # fmt: skip
    assert [deal.title for deal in deals] == ["Pinecrest Outfitters three-year deal"]
    [tom] = await find(crm, "owner", "Hargreaves", "list_opportunities")
    mine = await rows(crm, "list_opportunities", owner=tom.id, open=False)
    assert {deal.title for deal in mine} == {"Ironbridge Tools renewal", "Velvet Fox win-back"}


async def test_search_and_summary(crm: Company) -> None:
    found = await rows(crm, "search_records", text="Harbourlight Books")
    assert {type(record) for record in found} >= {Account, Deal}
    assert {type(r) for r in await rows(crm, "search_records", text="Call with Edith", object="Task")} == {Task}
    assert await rows(crm, "search_records", text='no\' OR (such) "thing"') == []
    [account] = await find(crm, "account", "Acme", "account_summary")
    head, *rest = await rows(crm, "account_summary", account=account.id)
    assert isinstance(head, Account)
    assert head.owner is not None
    assert {type(record) for record in rest} >= {Person, Deal}


async def test_names_are_found(crm: Company) -> None:
    contact = await one(crm, "Contact", "Edith Marlowe")
    link = f"https://fernwick.lightning.force.com/lightning/r/Contact/{contact}/view"
    assert [found.id for found in await find(crm, "record", link, object="Contact")] == [contact]
    assert [found.id for found in await find(crm, "record", contact[:15])] == [contact]
    assert len(await find(crm, "owner", "Alex", "update_opportunity")) == 2
    assert [found.detail for found in await find(crm, "owner", TOM, "update_opportunity")] == [TOM]
    assert [found.label for found in await find(crm, "contact", "Layla", "create_case")] == ["Layla Hariri"]
    assert len(await find(crm, "record", "Harbourlight")) > 1
    assert await find(crm, "record", "Zebulon' OR Name != '", object="Lead") == []
    assert await find(crm, "record", "100%_", object="Lead") == []
    names = await (await crm.open("salesforce")).list_names()
    assert "Acme Provisions" in names["account"]
    assert "Closed Won" in names["stage"]
    assert [found.id for found in await (await crm.open("salesforce")).people.find("Tom")] == []


async def test_delete(crm: Company) -> None:
    lead = await one(crm, "Lead", "Trent Mossman")
    await crm.prove("salesforce.delete_record", object="Lead", record=lead)
    with pytest.raises(NotFound):
        await crm.run("salesforce.get_record", object="Lead", record=lead)
    account = await one(crm, "Account", "Nordkaffe")
    with pytest.raises(Conflict, match="cases"):
        await crm.run("salesforce.delete_record", object="Account", record=account)
    with pytest.raises(Rejected, match="no Contact"):
        await crm.run("salesforce.delete_record", object="Contact", record=account)


async def test_errors_have_their_kinds(crm: Company) -> None:
    with pytest.raises(NotFound):
        await crm.run("salesforce.get_record", object="Lead", record="00Q000000000001AAA")
    with pytest.raises(Rejected, match="email"):
        await crm.run("salesforce.create_lead", last_name="x", company="y", email="nowhere")
    with pytest.raises(Rejected) as refused:
        await crm.run("salesforce.update_record", object="Lead", record=await one(crm, "Lead", "Joy"), status="Hot")
    assert "Status" in refused.value.fields
    crm.registry._clients["salesforce"] = {"id": "client", "secret": "s"}
    await crm.fault("salesforce", kind="expired_token", times=1)
    assert await rows(crm, "list_opportunities", limit=1)
    await crm.fault("salesforce", kind="expired_token", times=2)
    with pytest.raises(NotConnected):
        await crm.run("salesforce.list_opportunities")


async def test_quota_is_used_up(crm: Company) -> None:
    account = await one(crm, "Account", "Acme")
    await crm.fault("salesforce", kind="rate_limited", times=1)
    with pytest.raises(RateLimited) as limited:
        await crm.run("salesforce.account_summary", account=account)
    assert limited.value.retry_after_s == 3600


async def test_missing_scope(crm: Company) -> None:
    with pytest.raises(Forbidden, match="REST API"):
        await crm.connect("salesforce", scopes=["refresh_token"])


async def test_only_the_owner_deletes(tmp_path: Path) -> None:
    async with company(tmp_path, "salesforce", email="grace.kim@fernwick.example") as crm:
        with pytest.raises(Forbidden, match="insufficient"):
            await crm.run("salesforce.delete_record", object="Lead", record=await one(crm, "Lead", "Joy Tan"))


async def test_lost_answers_are_recovered(crm: Company) -> None:
    account = await one(crm, "Account", "Acme")
    asked: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
        ("create_lead", {"last_name": "Once", "company": "Y"}, {"last_name": "Never"}),
        (
            "create_opportunity",
            {"name": "Once", "account": account, "close_date": date(2027, 1, 1).isoformat()},
            {"name": "Never"},
        ),
        ("create_case", {"subject": "Once", "account": account}, {"subject": "Never"}),
        ("log_activity", {"subject": "Once", "record": account}, {"subject": "Never"}),
    ]
    system = await crm.open("salesforce")
    for tool, args, other in asked:
        await crm.fault("salesforce", kind="cut_off", times=1, path="/sobjects/", method="POST", after_effect=True)
        with pytest.raises(OutcomeUnknown):
            await system.run(f"salesforce.{tool}", args)
        change = await system.recover(f"salesforce.{tool}", args)
        assert change is not None
        assert "Once" in change.record.title
        assert await system.recover(f"salesforce.{tool}", args | other) is None
    deal = await one(crm, "Opportunity", "Pinecrest")
    await crm.fault("salesforce", kind="cut_off", times=1, method="PATCH", after_effect=True)
    await crm.fault("salesforce", kind="server_error", times=1, method="PATCH")
    await crm.prove("salesforce.update_opportunity", opportunity=deal, next_step="again")


async def test_the_instance_comes_with_the_token(crm: Company) -> None:
    crm.registry._clients["salesforce"] = {"id": "client", "secret": "s"}
    link = await crm.registry.link("salesforce", crm.who)
    back = await crm.client.get(f"{link}&auto=1&login_hint={crm.who.email}", follow_redirects=False)
    query = dict(part.split("=") for part in back.headers["location"].split("?")[1].split("&"))
    await crm.registry.finish(query["state"], query["code"])
    system = await crm.open("salesforce")
    assert system.http.connection.base_url == f"{crm.sandbox.url}/salesforce"
    assert system.http.connection.account.startswith("005")
    assert await rows(crm, "list_opportunities", limit=1)


def test_values_stay_values() -> None:
    assert literal("a' OR Id != '") == "'a\\' OR Id != \\''"
    assert contains("Name", "50%_off\\") == "Name LIKE '%50\\%\\_off\\\\%'"
    assert (literal(True), literal(None), literal(date(2026, 1, 2)), literal(Decimal("1.5"))) == (
        "true",
        "null",
        "2026-01-02",
        "1.5",
    )
