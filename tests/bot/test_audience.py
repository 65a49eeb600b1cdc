"""What everybody in a channel is shown, and what only the person who asked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from agent.interpretation import Interpretation, Request
from core.message import Button, Failure, Listing, Question, Receipts, Table
from core.tool import Call
from sandbox.server import Sandbox, serve
from tests.assistant import Office, Recorder, office, part, plan, principal, receipts
from tests.transcripts.brain import SENTENCE, TO_ALEX, Learned

INES = "ines.carvalho@fernwick.example"
CHANNEL: dict[str, Any] = {"audience": "channel"}
TITLE = "Weekly dependency update, 12 weeks ago"
CALLS = {
    "what is on my calendar?": Call(tool="google_calendar.list_events", args={}),
    "search jira for checkout": Call(tool="jira.search_issues", args={"text": "checkout"}),
    "tell #general that lunch is at noon": Call(
        tool="slack.send_message", args={"channel": "#general", "text": "lunch is at noon"}
    ),
    "close the hiring one": Call(tool="jira.transition_issue", args={"issue": "PAY-74", "status": "In Progress"}),
    "tell #general the news": Call(
        tool="slack.send_message", args={"channel": "#general", "text": "the offer to Jo is 90k"}
    ),
}


class Told(Learned):
    """Knows `CALLS` besides."""

    def interpret(self, request: Request) -> Interpretation:
        if call := CALLS.get(request.utterance):
            return Interpretation("call", (call,), confidence=1)
        return super().interpret(request)


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with serve() as running:
        yield running


@pytest.fixture
async def desk(tmp_path: Path, sandbox: Sandbox) -> AsyncIterator[Office]:
    keys = ("jira", "slack", "google_calendar")
    async with office(tmp_path / "home", *keys, interpreter=Told(), sandbox=sandbox) as found:
        yield found


def shown(sink: Recorder, *, is_private: bool) -> str:
    """All that everybody, or only the asker, was shown."""
    every = [*sink.replies, *sink.settled.values()]
    return " ".join(one.model_dump_json() for one in every if one.is_private == is_private)


def share(sink: Recorder) -> Button:
    (listing,) = [one for reply in sink.replies for one in reply.parts if isinstance(one, Listing)]
    (button,) = listing.buttons
    return button


@pytest.mark.behaviour("audience")
async def test_the_interview_in_the_calendar_stays_with_the_asker(desk: Office) -> None:
    said = await desk.say("what is on my calendar?", **CHANNEL)
    titles = [row[0] for row in part(said, Table).rows]
    assert titles
    assert not any(title in shown(said, is_private=False) for title in titles)
    assert "only you see it" in shown(said, is_private=False)


async def test_in_a_direct_message_it_is_one_answer(desk: Office) -> None:
    said = await desk.say("what is on my calendar?")
    assert len(said.replies) == 1
    assert part(said, Table).rows


async def test_what_was_seen_can_be_shared_by_the_asker_alone(desk: Office) -> None:
    button = share(await desk.say("search jira for checkout", **CHANNEL))
    assert "Everybody here will read it" in button.confirm
    others = await desk.press("share", button.target, by=principal(desk.sandbox, INES), **CHANNEL)
    assert part(others, Failure)
    assert others.replies[0].is_private
    elsewhere = Office(desk.running, desk.sandbox, desk.client, desk.who, "c2")
    assert part(await elsewhere.press("share", button.target, **CHANNEL), Failure)

    posted = await desk.press("share", button.target, **CHANNEL)
    assert not posted.replies[0].is_private
    assert "Dana Whitlock shares" in shown(posted, is_private=False)
    assert part(posted, Table).rows


async def test_a_plan_of_the_askers_own_words_is_shown_where_it_was_asked(desk: Office) -> None:
    said = await desk.say(SENTENCE, **CHANNEL)
    assert len(said.replies) == 1
    done = await desk.say("yes", **CHANNEL)
    assert [(line.status, bool(line.url)) for line in receipts(done)] == [("done", True), ("done", True)]
    assert not shown(done, is_private=True)


@pytest.mark.behaviour("guests")
async def test_with_guests_names_that_were_found_stay_with_the_asker(desk: Office) -> None:
    said = await desk.say(SENTENCE, **CHANNEL, has_outsiders=True)
    waiting = plan(said)
    assert "Priya" not in shown(said, is_private=False)
    done = await desk.press("approve", waiting.approval, **CHANNEL)
    assert "Priya" not in shown(done, is_private=False)


async def test_the_title_of_a_record_that_the_asker_did_not_name_is_not_shown(desk: Office) -> None:
    said = await desk.say("close the hiring one", **CHANNEL)
    assert TITLE in shown(said, is_private=True)
    assert TITLE not in shown(said, is_private=False)
    done = await desk.press("approve", plan(said).approval, **CHANNEL)
    (settled,) = done.settled.values()
    assert [line.status for one in settled.parts if isinstance(one, Receipts) for line in one.lines] == ["done"]
    assert TITLE not in shown(done, is_private=False)
    assert TITLE in shown(done, is_private=True)


async def test_a_text_that_the_asker_did_not_write_is_not_shown(desk: Office) -> None:
    said = await desk.say("tell #general the news", **CHANNEL)
    assert plan(said).steps
    assert "90k" not in shown(said, is_private=False)


@pytest.mark.behaviour("guests")
async def test_people_to_choose_from_are_shown_to_members_and_not_to_guests(desk: Office) -> None:
    said = await desk.say(TO_ALEX, **CHANNEL)
    assert part(said, Question).options
    assert "Alex" in shown(said, is_private=False)
    await desk.say("no", **CHANNEL)
    said = await desk.say(TO_ALEX, **CHANNEL, has_outsiders=True)
    assert part(said, Question).options
    assert "Novak" not in shown(said, is_private=False)
