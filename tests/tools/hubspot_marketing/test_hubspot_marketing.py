"""HubSpot's marketing side against the sandbox: what its walk does not show."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from core.errors import Conflict, Forbidden, NotFound, OutcomeUnknown, Rejected
from core.records import Campaign, Channel, Document, Record, Report
from core.tool import Change
from tests.company import Company, company
from tests.description import has_descriptions

KEY = "hubspot_marketing"


@pytest.fixture
async def marketing(tmp_path: Path) -> AsyncIterator[Company]:
    async with company(tmp_path, KEY) as found:
        yield found
        if has_descriptions():
            assert await found.problems(KEY) == []


async def find(c: Company, tool: str, parameter: str, text: str) -> list[str]:
    return [one.id for one in await (await c.open(KEY)).find(f"{KEY}.{tool}", parameter, text)]


async def listed(c: Company, tool: str, **args: object) -> Sequence[Record]:
    found = await c.run(f"{KEY}.{tool}", **args)
    assert isinstance(found, list)
    return found


async def test_names_are_found(marketing: Company) -> None:
    [launch] = await find(marketing, "get_campaign_budget", "campaign", "Spring launch")
    assert await find(marketing, "get_campaign_budget", "campaign", launch) == [launch]
    link = f"https://app.hubspot.com/marketing/48112907/campaigns/{launch}"
    assert await find(marketing, "get_campaign_budget", "campaign", link) == [launch]
    assert await find(marketing, "get_campaign_budget", "campaign", "Zebra week") == []
    assert len(await find(marketing, "send_email", "email", "launch")) == 2
    [teaser] = await find(marketing, "send_email", "email", "launch teaser")
    assert await find(marketing, "send_email", "email", teaser) == [teaser]
    assert await find(marketing, "send_email", "email", "coffee at our stand") != []
    assert len(await find(marketing, "add_to_list", "list", "milan guests list")) == 1
    assert await find(marketing, "add_to_list", "list", "All customers") == []  # it fills itself
    assert await find(marketing, "get_campaign_performance", "attribution_model", "u shaped") == ["U_SHAPED"]
    assert len(await find(marketing, "create_campaign", "owner", "Nadia")) == 1
    assert await find(marketing, "create_campaign", "owner", "Priya Raman") == []
    [joy] = await find(marketing, "add_to_list", "contacts", "joy@kopicorner.example")
    assert await find(marketing, "add_to_list", "contacts", joy) == [joy]
    assert await find(marketing, "add_to_list", "contacts", "Zebulon Pike") == []
    with pytest.raises(NotFound):
        await find(marketing, "send_email", "email", "12345")


async def test_lists_go_over_pages_and_are_filtered_after_fetching(marketing: Company) -> None:
    vendor = marketing.sandbox.vendors[KEY]
    some = next(iter(vendor.state["forms"].values()))
    for number in range(130):
        own = f"form-{number}"
        vendor.state["forms"][own] = {**some, "id": own, "name": f"Pop-up {number}"}
    assert len({one.ref.id for one in await listed(marketing, "list_forms", name="pop-up", limit=200)}) == 130
    assert len(await listed(marketing, "list_forms", name="pop-up", limit=7)) == 7
    [old] = await listed(marketing, "list_forms", archived=True)
    assert isinstance(old, Document)
    assert (old.title, old.access) == ("Old contact form", "archived")
    [demo] = await listed(marketing, "list_forms", name="demo")
    assert isinstance(demo, Document)
    assert demo.text.startswith("Email (required), First name")


async def test_campaigns_have_owners_with_names(marketing: Company) -> None:
    first, *_ = await listed(marketing, "list_campaigns", sort="hs_name")
    assert isinstance(first, Campaign)
    assert (first.title, str(first.owner)) == ("Autumn webinar series", "Pieter de Vries")
    drafts = await listed(marketing, "list_emails", state="draft")
    assert {one.title for one in drafts} == {"Launch announcement", "Fair invitation"}
    [launch] = await find(marketing, "get_campaign_budget", "campaign", "Spring launch")
    budget = await marketing.run(f"{KEY}.get_campaign_budget", campaign=launch)
    assert isinstance(budget, Report)
    assert [(one.name, one.value) for one in budget.figures][2] == ("left", "23,750.00 EUR")


async def test_refusals(marketing: Company) -> None:
    with pytest.raises(Conflict, match="exists already"):
        await marketing.run(f"{KEY}.create_campaign", name="Spring launch")
    with pytest.raises(Rejected, match="before"):
        await marketing.run(f"{KEY}.create_campaign", name="x", start_date="2027-02-01", end_date="2027-01-01")
    [teaser] = await find(marketing, "send_email", "email", "launch teaser")
    with pytest.raises(Conflict, match="already"):
        await marketing.run(f"{KEY}.send_email", email=teaser)
    await marketing.connect(KEY, scopes=["marketing.campaigns.read"])
    with pytest.raises(Forbidden, match=r"marketing\.campaigns\.write"):
        await marketing.run(f"{KEY}.create_campaign", name="Never made")


async def test_only_those_who_were_added_are_taken_off_again(marketing: Company) -> None:
    [testers] = await find(marketing, "add_to_list", "list", "Beta testers")
    people = [(await find(marketing, "add_to_list", "contacts", name))[0] for name in ("Joy Tan", "Freja Holm")]
    both = {"list": testers, "contacts": people}
    first = await marketing.prove(f"{KEY}.add_to_list", list=testers, contacts=people[:1])
    second = await marketing.prove(f"{KEY}.add_to_list", **both)
    assert isinstance(second.record, Channel)
    assert second.record.ref.label == "Beta testers"
    with pytest.raises(Conflict, match="already"):
        await marketing.run(f"{KEY}.add_to_list", **both)
    assert second.undo is not None
    assert second.undo.args["contacts"] == people[1:]
    await marketing.undo(second)
    await marketing.undo(first)


async def test_lost_answers_are_recovered_not_repeated(marketing: Company) -> None:
    system = await marketing.open(KEY)
    [invitation] = await find(marketing, "send_email", "email", "fair invitation")
    [testers] = await find(marketing, "add_to_list", "list", "Beta testers")
    [joy] = await find(marketing, "add_to_list", "contacts", "Joy Tan")
    for tool, path, args in (
        ("create_campaign", "/campaigns$", {"name": "Only once"}),
        ("clone_email", "/clone$", {"email": invitation, "new_name": "Only once"}),
        ("send_email", "/publish$", {"email": invitation}),
    ):
        if tool == "send_email":
            assert await system.recover(f"{KEY}.{tool}", args) is None
        else:
            with pytest.raises(OutcomeUnknown, match="slow to show"):
                await system.recover(f"{KEY}.{tool}", args)
        await marketing.fault(KEY, kind="html", times=1, path=path, method="POST", after_effect=True)
        with pytest.raises(OutcomeUnknown):
            await system.run(f"{KEY}.{tool}", args)
        change = await system.recover(f"{KEY}.{tool}", args)
        assert isinstance(change, Change)
        assert await system.prove(f"{KEY}.{tool}", change) is not None
    await marketing.fault(KEY, kind="cut_off", times=1, path="/add$", method="PUT", after_effect=True)
    change = await marketing.prove(f"{KEY}.add_to_list", list=testers, contacts=[joy])
    await marketing.undo(change)


async def test_streams_give_all_then_only_the_change(marketing: Company) -> None:
    system = await marketing.open(KEY)
    [invitation] = await find(marketing, "send_email", "email", "fair invitation")
    for kind, tool, args in (
        ("campaign", "create_campaign", {"name": "Late one"}),
        ("email", "clone_email", {"email": invitation, "new_name": "Late one"}),
    ):
        first = await system.stream(kind)
        assert len(first.records) >= 4
        change = await marketing.prove(f"{KEY}.{tool}", **args)
        again = await system.stream(kind, first.cursor)
        assert [one.ref.id for one in again.records] == [change.record.ref.id]
        assert (await system.stream(kind, again.cursor)).records == []
