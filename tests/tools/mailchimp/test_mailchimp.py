"""Mailchimp against the sandbox: what its walk does not show."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.errors import Ambiguous, BadSignature, Conflict, NotFound, OutcomeUnknown, Rejected
from core.records import Campaign, Person, Report
from core.tool import Change
from tests.company import Company, company
from tests.description import has_descriptions
from tools.integrations.mailchimp.integration import Mailchimp
from tools.integrations.mailchimp.mapping import to_html
from tools.kit.webhook import Delivery

EDITH = "edith.marlowe@harbourlight.example"


@pytest.fixture
async def mailchimp(tmp_path: Path) -> AsyncIterator[Company]:
    async with company(tmp_path, "mailchimp") as found:
        yield found
        if has_descriptions():
            assert await found.problems("mailchimp") == []


async def find(c: Company, tool: str, parameter: str, text: str, **args: object) -> list[str]:
    system = await c.open("mailchimp")
    return [one.id for one in await system.find(f"mailchimp.{tool}", parameter, text, args)]


async def audience(c: Company, name: str) -> str:
    [found] = await find(c, "add_subscriber", "audience", name)
    return found


async def test_names_are_found(mailchimp: Company) -> None:
    newsletter = await audience(mailchimp, "the newsletter audience")
    assert await audience(mailchimp, newsletter) == newsletter
    assert await find(mailchimp, "add_subscriber", "audience", "Customers") == []
    assert len(await find(mailchimp, "create_campaign", "segment", "vip", audience=newsletter)) == 1
    assert await find(mailchimp, "create_campaign", "segment", "nobody", audience=newsletter) == []
    [release] = await find(mailchimp, "send_campaign", "campaign", "winter release")
    assert await find(mailchimp, "send_campaign", "campaign", release) == [release]
    assert await find(mailchimp, "send_campaign", "campaign", "zebra crossing") == []
    [shown] = [one for one in await campaigns(mailchimp) if one.ref.id == release]
    assert await find(mailchimp, "send_campaign", "campaign", shown.ref.url) == [release]
    with pytest.raises(NotFound):
        await find(mailchimp, "send_campaign", "campaign", "0123456789")


async def campaigns(c: Company, **args: object) -> list[Campaign]:
    found = await c.run("mailchimp.list_campaigns", **args)
    assert isinstance(found, list)
    return [one for one in found if isinstance(one, Campaign)]


async def test_the_base_is_that_of_the_data_centre(mailchimp: Company) -> None:
    connection = (await mailchimp.open("mailchimp")).http.connection
    assert connection.base_url == f"{mailchimp.sandbox.url}/mailchimp/3.0"
    assert connection.site == "https://us14.admin.mailchimp.com"


async def test_an_audience_left_out_must_be_the_only_one(mailchimp: Company) -> None:
    with pytest.raises(Ambiguous) as which:
        await mailchimp.run("mailchimp.unsubscribe_contact", email="katrin.vogel@brightloom.example")
    assert len(which.value.candidates) > 1
    with pytest.raises(NotFound, match="no audience"):
        await mailchimp.run("mailchimp.tag_subscriber", email="nobody@fair.example", add=["VIP"])


async def test_what_is_so_already_is_no_change(mailchimp: Company) -> None:
    newsletter = await audience(mailchimp, "newsletter")
    with pytest.raises(Conflict, match="Nothing to change"):
        await mailchimp.run("mailchimp.add_subscriber", email=EDITH, audience=newsletter)
    left = {"email": "orla.quinn@bluewren.example", "audience": newsletter}
    with pytest.raises(Conflict, match="compliance"):
        await mailchimp.run("mailchimp.add_subscriber", **left, status="subscribed")
    again = await mailchimp.prove("mailchimp.add_subscriber", **left)
    assert again.expect["status"] == "pending"
    with pytest.raises(Rejected):
        await mailchimp.run("mailchimp.add_subscriber", email="nobody", audience=newsletter)


async def test_who_was_archived_comes_back_and_goes_again(mailchimp: Company) -> None:
    args = {"email": "new@fair.example", "audience": await audience(mailchimp, "events"), "tags": ["VIP"]}
    change = await mailchimp.prove("mailchimp.add_subscriber", **args)
    await mailchimp.undo(change)
    before = await mailchimp.state("mailchimp")
    again = await mailchimp.prove("mailchimp.add_subscriber", **args)
    await mailchimp.undo(again)
    for state in (before, after := await mailchimp.state("mailchimp")):
        for member in state["members"][args["audience"]].values():
            del member["last_changed"]
    assert after["members"] == before["members"]


async def test_campaigns_go_out_when_they_are_ready(mailchimp: Company) -> None:
    [partner] = await find(mailchimp, "send_campaign", "campaign", "Partner update")
    [winter] = await find(mailchimp, "send_campaign", "campaign", "Winter release")
    with pytest.raises(Rejected, match="no content"):
        await mailchimp.run("mailchimp.send_campaign", campaign=partner)
    with pytest.raises(NotFound):
        await mailchimp.run("mailchimp.get_campaign_report", campaign=partner)
    soon = (datetime.now(UTC) + timedelta(days=1)).replace(minute=10, second=0, microsecond=0)
    with pytest.raises(Rejected, match="quarters"):
        await mailchimp.run("mailchimp.schedule_campaign", campaign=winter, at=soon.isoformat())
    late = soon.replace(year=2020, minute=15)
    with pytest.raises(Rejected, match="future"):
        await mailchimp.run("mailchimp.schedule_campaign", campaign=winter, at=late.isoformat())
    assert (await mailchimp.prove("mailchimp.send_campaign", campaign=winter)).undo is None
    report = await mailchimp.run("mailchimp.get_campaign_report", campaign=winter)
    assert isinstance(report, Report)
    assert {one.name for one in report.figures} >= {"sent", "opened by", "clicked by", "unsubscribed"}
    assert [one.ref.id for one in await campaigns(mailchimp, status="sent", limit=1)] == [winter]
    today = datetime.now(UTC).date().isoformat()
    assert winter in [one.ref.id for one in await campaigns(mailchimp, since=today, until=today)]


async def test_a_draft_without_its_text_is_taken_back(mailchimp: Company) -> None:
    before = await mailchimp.state("mailchimp")
    args = {"audience": await audience(mailchimp, "events"), "subject": "Half a letter", "body": "Hello"}
    await mailchimp.fault("mailchimp", kind="refused", status=403, path="/content$", method="PUT", times=9)
    with pytest.raises(Exception, match="may not"):
        await mailchimp.run("mailchimp.create_campaign", **args)
    assert (await mailchimp.state("mailchimp"))["campaigns"] == before["campaigns"]


async def test_lost_answers_are_recovered_not_repeated(mailchimp: Company) -> None:
    system = await mailchimp.open("mailchimp")
    [winter] = await find(mailchimp, "send_campaign", "campaign", "Winter release")
    home = await audience(mailchimp, "events")
    when = (datetime.now(UTC) + timedelta(days=1)).replace(minute=30, second=0, microsecond=0).isoformat()
    for tool, path, args in (
        ("add_subscriber", "/members$", {"email": "once@fair.example", "audience": home, "first_name": "One"}),
        ("create_campaign", "/campaigns$", {"audience": home, "subject": "Only once", "body": "Hello"}),
        ("schedule_campaign", "/schedule$", {"campaign": winter, "at": when}),
        ("send_campaign", "/send$", {"campaign": winter}),
    ):
        assert await system.recover(f"mailchimp.{tool}", args) is None
        await mailchimp.fault("mailchimp", kind="html", times=1, path=path, method="POST", after_effect=True)
        with pytest.raises(OutcomeUnknown):
            await system.run(f"mailchimp.{tool}", args)
        change = await system.recover(f"mailchimp.{tool}", args)
        assert isinstance(change, Change)
        assert await system.prove(f"mailchimp.{tool}", change) is not None
    sent = (await mailchimp.client.get(f"{mailchimp.sandbox.url}/_sandbox/mailchimp/requests")).json()
    assert sum(one["path"].endswith("/actions/send") for one in sent) == 1


async def test_the_stream_gives_all_then_only_the_change_over_pages(mailchimp: Company) -> None:
    system, home = await mailchimp.open("mailchimp"), await audience(mailchimp, "events")
    first = await system.stream("subscriber")
    assert len({one.ref.id for one in first.records}) == len(first.records) > 30
    change = await mailchimp.prove("mailchimp.add_subscriber", email="late@fair.example", audience=home)
    again = await system.stream("subscriber", first.cursor)
    assert [one.ref.id for one in again.records] == [change.record.ref.id]
    assert all(isinstance(one, Person) and one.description == "Events" for one in again.records)
    assert (await system.stream("subscriber", again.cursor)).records == []


async def test_webhooks_carry_the_secret_in_their_address(mailchimp: Company) -> None:
    target = {"url": "http://127.0.0.1:9/hook?token=s3cret", "secret": "s3cret"}
    await mailchimp.client.post(f"{mailchimp.sandbox.url}/_sandbox/mailchimp/webhooks", json=target)
    args = {"email": "hook@fair.example", "audience": await audience(mailchimp, "events"), "status": "subscribed"}
    made = await mailchimp.prove("mailchimp.add_subscriber", **args)
    await mailchimp.sandbox.vendors["mailchimp"].hooks.settle()
    [row] = (await mailchimp.client.get(f"{mailchimp.sandbox.url}/_sandbox/mailchimp/deliveries")).json()
    delivery = Delivery.of(row["headers"], row["body"].encode(), row["url"], {"token": "s3cret"})
    assert delivery.headers["content-type"] == "application/x-www-form-urlencoded"
    assert Mailchimp.webhook is not None
    Mailchimp.webhook.verify(delivery, "s3cret")
    [event] = Mailchimp.events(delivery)
    assert (event.kind, event.ref and event.ref.id) == ("subscribe", made.record.ref.id)
    assert Mailchimp.greet(delivery, "s3cret") is None
    assert Mailchimp.greet(Delivery(method="GET"), "s3cret") is not None
    with pytest.raises(BadSignature):
        Mailchimp.webhook.verify(Delivery.of({}, row["body"].encode(), row["url"], {"token": "guess"}), "s3cret")


def test_text_becomes_html_once() -> None:
    assert to_html("a < b\n\nc\nd") == "<p>a &lt; b</p><p>c<br>d</p>"
    assert to_html("<p>as it is</p>") == "<p>as it is</p>"
