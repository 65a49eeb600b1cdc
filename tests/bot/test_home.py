"""The home page, the sentences to begin with, and help: what this person has, and nobody else's."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from agent.interpretation import Interpretation, Request
from core.message import Button, Connect, Entry, Failure, Listing, Table
from core.tool import Call
from sandbox.server import Sandbox, serve
from tests.assistant import Office, office, part, plan, principal, text
from tests.transcripts.brain import BUG_ONLY, SENTENCE, SUMMARY, Learned

INES = "ines.carvalho@fernwick.example"
DANA = "dana.whitlock@fernwick.example"


class Told(Learned):
    """Knows how to ask for invoices and for help besides."""

    def interpret(self, request: Request) -> Interpretation:
        if request.utterance == "help":
            return Interpretation("decline", act="help", confidence=1)
        if request.utterance == "invoices":
            return Interpretation("call", (Call(tool="stripe.list_invoices", args={"limit": 8}),), confidence=1)
        return super().interpret(request)


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with serve() as running:
        yield running


@pytest.fixture
async def desk(tmp_path: Path, sandbox: Sandbox) -> AsyncIterator[Office]:
    keys = ("jira", "slack", "stripe")
    async with office(tmp_path / "home", *keys, interpreter=Told(), sandbox=sandbox) as found:
        yield found


async def listing(desk: Office, title: str, email: str = "", tenant: str = "fernwick") -> Listing:
    who = principal(desk.sandbox, email, tenant) if email else desk.who
    reply = await desk.running.conversation.home(who)
    assert reply.is_private
    (found,) = [one for one in reply.parts if isinstance(one, Listing) and one.title == title]
    return found


def button(entry: Entry, label: str) -> Button:
    (found,) = [one for one in entry.buttons if one.label == label]
    return found


@pytest.mark.behaviour("app-home")
async def test_a_plan_waits_on_the_home_page_with_its_exact_arguments(desk: Office, sandbox: Sandbox) -> None:
    await desk.say(SENTENCE)
    (entry,) = (await listing(desk, "Waiting for you")).entries
    assert f"Summary: {SUMMARY}" in entry.detail
    assert not (await listing(desk, "Waiting for you", INES)).entries
    assert not (await listing(desk, "Waiting for you", DANA, "elsewhere")).entries
    approve = button(entry, "Approve")
    await Office(desk.running, sandbox, desk.client, desk.who, "home").press(approve.action, approve.target)
    assert not (await listing(desk, "Waiting for you")).entries
    assert sum(one["summary"] == SUMMARY for one in sandbox.vendors["jira"].state["issues"].values()) == 1


@pytest.mark.behaviour("app-home", "undo")
async def test_what_was_done_can_be_taken_back_from_the_home_page(desk: Office) -> None:
    await desk.say(BUG_ONLY)
    await desk.say("yes")
    (entry,) = (await listing(desk, "Done lately")).entries
    assert SUMMARY in entry.text
    undo = button(entry, "Undo")
    home = Office(desk.running, desk.sandbox, desk.client, desk.who, "home")
    await home.press("approve", plan(await home.press(undo.action, undo.target)).approval)
    (entry,) = (await listing(desk, "Done lately")).entries
    assert not entry.buttons
    assert not (await listing(desk, "Done lately", INES)).entries


@pytest.mark.behaviour("app-home")
async def test_a_connection_shows_how_long_it_holds_and_ends_by_a_button(desk: Office) -> None:
    entries = {one.text: one for one in (await listing(desk, "Connections")).entries}
    jira = entries["Jira: connected"]
    assert "renews itself" in jira.detail
    off = button(jira, "Disconnect")
    assert off.confirm
    assert "Jira is disconnected" in text(await desk.press(off.action, off.target))
    assert "Jira: connected" not in {one.text for one in (await listing(desk, "Connections")).entries}
    assert part(await desk.press(off.action, off.target), Failure)
    assert part(await desk.press("disconnect", "nowhere"), Failure)


async def test_a_connection_that_ended_offers_to_connect_again(desk: Office, sandbox: Sandbox) -> None:
    for row in sandbox.world.sections["_grants"]["tokens"].values():
        row["revoked"] = True
    await desk.say("show me jira issue PAY-74")
    first = (await listing(desk, "Connections")).entries[0]
    assert first.text == "Jira: the connection has ended"
    again = button(first, "Connect again")
    link = part(await desk.press(again.action, again.target), Connect)
    assert link.url.startswith("http")


@pytest.mark.parametrize(
    ("value", "written"),
    [("de_DE", r"\d{1,3}(\.\d{3})*,\d\d"), ("en_US", r"\d{1,3}(,\d{3})*\.\d\d"), ("", r"\d{1,3}(,\d{3})*\.\d\d")],
)
async def test_money_is_written_as_the_person_writes_it(desk: Office, value: str, written: str) -> None:
    await desk.press("set", "locale", value)
    table = part(await desk.say("invoices"), Table)
    at = table.columns.index("Total")
    assert all(re.fullmatch(written, row[at]) for row in table.rows)


async def test_short_answers_say_how_many_there_are(desk: Office) -> None:
    assert part(await desk.say("invoices"), Table).title == "The first 8 in Stripe; there may be more"
    await desk.press("set", "length", "short")
    table = part(await desk.say("invoices"), Table)
    assert (len(table.rows), len(table.links), table.title) == (5, 5, "5 of 8 found in Stripe")


@pytest.mark.parametrize(("name", "value"), [("locale", "xx_YY"), ("timezone", "Mars/Base"), ("length", "9")])
async def test_what_cannot_be_set_is_refused(desk: Office, name: str, value: str) -> None:
    before = await desk.running.conversation.preferences.of(desk.who)
    assert part(await desk.press("set", name, value), Failure)
    assert await desk.running.conversation.preferences.of(desk.who) == before


async def test_a_setting_is_that_persons_alone(desk: Office) -> None:
    await desk.press("set", "timezone", "Asia/Tokyo")
    shown = (await listing(desk, "Settings")).entries
    assert any("Asia/Tokyo" in one.text for one in shown)
    for email, tenant in ((INES, "fernwick"), (DANA, "elsewhere")):
        assert not any("Tokyo" in one.text for one in (await listing(desk, "Settings", email, tenant)).entries)


@pytest.mark.behaviour("suggested-prompts")
async def test_prompts_are_for_connected_systems_and_for_what_is_used(desk: Office) -> None:
    said = await desk.running.conversation.prompts(desk.who)
    tools = {one.say.casefold(): tool for tool in desk.running.registry.tools for one in tool.examples}
    assert len(said) == len(set(said)) == 4
    assert {tools[one.casefold()].integration for one in said} == {"jira", "slack", "stripe"}
    await desk.say("invoices")
    first, *_ = await desk.running.conversation.prompts(desk.who)
    assert tools[first.casefold()].id == "stripe.list_invoices"


async def test_with_nothing_connected_no_sentence_is_for_a_system(desk: Office) -> None:
    ines = principal(desk.sandbox, INES)
    assert await desk.running.conversation.prompts(ines) == ("What can you do?",)
    said = text(await desk.say("help", ines))
    assert "connected no system" in said
    assert "Jira" in said


async def test_help_gives_sentences_for_what_this_person_has(desk: Office) -> None:
    said = text(await desk.say("help"))
    assert {"Jira", "Slack", "Stripe"} <= {word.strip("*:- ") for word in said.split()}
    assert "Zendesk" not in said
    assert said.count("“") >= 4


@pytest.mark.behaviour("audience")
async def test_in_a_channel_help_tells_nobody_what_somebody_has_connected(desk: Office) -> None:
    said = await desk.say("help", audience="channel")
    assert [reply.is_private for reply in said.replies] == [False, True]
    assert "Stripe" not in said.replies[0].model_dump_json()
