"""What a person sees in the web chat: answers by the stream, nothing lost, nothing twice."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.assistant import Sink
from bot.web.chat import WebChat
from bot.web.transcript import Transcript
from core.errors import StorageUnavailable, VendorUnavailable
from core.message import (
    Failure,
    Field,
    Message,
    Option,
    Plan,
    PlanStep,
    Press,
    Question,
    Receipt,
    Receipts,
    Reply,
    Text,
)
from tests.bot.web.conftest import ANNA, BO, SECRET, Browser, Event, Scripted, Serve, take, until

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
PLAN = Plan(
    approval="approval-1",
    asker=ANNA.id,
    steps=(PlanStep(tool="jira.create_issue", title="Create", effect="write", arguments=(("summary", "Broken"),)),),
    expires_at=NOW + timedelta(hours=24),
)
DONE = Reply(parts=(Receipts(lines=(Receipt(status="done", text="Created", key="PAY-1", undo="undo-1"),)),))


def texts(events: list[Event]) -> list[str]:
    """What either side said, in the order of the page."""
    entries = sorted((event.data for event in events), key=lambda entry: int(entry["number"]))
    return [entry["text"] if entry["parts"] is None else said(entry["parts"]) for entry in entries]


def said(parts: list[dict[str, Any]]) -> str:
    return " + ".join(part.get("text") or part["kind"] for part in parts)


async def offer(_: Message, sink: Sink) -> None:
    await sink.send(Reply(parts=(Text(text="I read it like this:"), PLAN)))


@pytest.mark.behaviour("direct-message", "assistant-surface")
async def test_an_answer_comes_by_the_stream(browser: Browser, assistant: Scripted) -> None:
    async with browser.stream() as events:
        await until(events, "ready")
        assert (await browser.say("Hello")).status_code == 202
        entries = await take(events, 2)
    assert texts(entries) == ["Hello", "Heard: Hello"]
    message = assistant.heard[0]
    assert (message.platform, message.audience, message.author) == ("web", "direct", ANNA)
    assert message.conversation == browser.conversation


@pytest.mark.behaviour("status")
async def test_the_status_is_shown_while_the_work_goes_on_and_cleared_after(
    browser: Browser, assistant: Scripted
) -> None:
    go_on = asyncio.Event()

    async def work(_: Message, sink: Sink) -> None:
        await sink.status("Looking in Jira …")
        await go_on.wait()
        await sink.send(Reply.of_text("Found it."))

    assistant.on_hear = work
    async with browser.stream() as events:
        await browser.say("Find it")
        await until(events, "progress", text="Looking in Jira …", is_working=True)
        go_on.set()
        assert texts(await until(events, "progress", text="", is_working=False))[-1] == "Found it."


@pytest.mark.behaviour("references", "restart-mid-stream")
async def test_a_reload_shows_everything_again(browser: Browser) -> None:
    await browser.say("One", "client-id-1")
    await browser.say("Two", "client-id-2")
    assert sorted(texts(await browser.backlog())) == ["Heard: One", "Heard: Two", "One", "Two"]


@pytest.mark.behaviour("references")
async def test_a_dropped_connection_goes_on_where_it_was(browser: Browser, assistant: Scripted) -> None:
    await browser.say("One", "client-id-1")
    last = (await browser.backlog())[-1].id
    assert await browser.backlog(last) == []
    await browser.say("Two", "client-id-2")
    assert texts(await browser.backlog(last)) == ["Two", "Heard: Two"]
    assert len(await browser.backlog("another-process.99")) == 4


@pytest.mark.behaviour("retries", "duplicates")
async def test_a_message_sent_again_has_no_second_effect(browser: Browser, assistant: Scripted) -> None:
    answers = await asyncio.gather(*(browser.say("Pay the invoice") for _ in range(3)))
    assert [answer.json()["is_new"] for answer in answers].count(True) == 1
    assert texts(await browser.backlog()) == ["Pay the invoice", "Heard: Pay the invoice"]
    assert len(assistant.heard) == 1


async def test_deliveries_that_outlive_the_process_are_asked(serve: Serve, assistant: Scripted) -> None:
    class Known:
        async def first(self, tenant: str, platform: str, event_id: str) -> bool:
            if event_id.endswith("client-id-2"):
                raise StorageUnavailable("I cannot write that down now.", next_step="Try again.")
            return False

    browser = await serve(WebChat(assistant, ANNA, SECRET, deliveries=Known()))
    await browser.enter()
    assert (await browser.say("Old", "client-id-1")).json() == {"is_new": False}
    refused = await browser.say("New", "client-id-2")
    assert (refused.status_code, refused.json()["error"]) == (503, "I cannot write that down now. Try again.")
    assert assistant.heard == []


@pytest.mark.behaviour("every-answer")
async def test_an_error_becomes_a_sentence_and_the_next_step(browser: Browser, assistant: Scripted) -> None:
    async def fail(_: Message, sink: Sink) -> None:
        raise VendorUnavailable("Jira does not answer.", cause="secret detail", next_step="Try again later.")

    assistant.on_hear = fail
    async with browser.stream() as events:
        await browser.say("Create it")
        last = (await take(events, 2))[-1]
    assert last.data["parts"] == [{"kind": "failure", "text": "Jira does not answer.", "next_step": "Try again later."}]


async def test_a_bug_is_told_without_its_detail(browser: Browser, assistant: Scripted) -> None:
    async def break_down(_: Message, sink: Sink) -> None:
        raise KeyError("secret detail")

    assistant.on_hear = break_down
    async with browser.stream() as events:
        await browser.say("Create it")
        last = (await take(events, 2))[-1]
    assert last.data["parts"][0]["text"] == "Something went wrong on my side."
    assert "secret" not in str(last.data)


@pytest.mark.behaviour("in-place", "approve")
async def test_a_decided_plan_is_replaced_in_its_place(browser: Browser, assistant: Scripted) -> None:
    go_on = asyncio.Event()

    async def settle(press: Press, sink: Sink) -> None:
        await go_on.wait()
        await sink.settle(press.target, DONE)

    assistant.on_hear, assistant.on_press = offer, settle
    async with browser.stream() as events:
        await browser.say("Create it")
        card = (await take(events, 2))[-1].data
        assert card["parts"][1]["steps"][0]["arguments"] == [["summary", "Broken"]]
        assert (await browser.press("approve", "approval-1")).status_code == 202
        (waiting,) = await take(events, 1)
        go_on.set()
        (settled,) = await take(events, 1)
    assert waiting.data["pressed"] == {"approval-1": "approve"}
    assert [entry.data["number"] for entry in (waiting, settled)] == [card["number"]] * 2
    assert said(settled.data["parts"]) == "I read it like this: + receipts"
    assert settled.data["pressed"] == {}
    press = assistant.pressed[0]
    assert (press.action, press.target, press.by, press.platform) == ("approve", "approval-1", ANNA, "web")
    assert press.thread_key == assistant.heard[0].thread_key
    assert texts(await browser.backlog()) == ["Create it", "I read it like this: + receipts"]


async def test_a_plan_that_could_not_be_decided_keeps_its_buttons(browser: Browser, assistant: Scripted) -> None:
    async def fail(_: Press, sink: Sink) -> None:
        raise StorageUnavailable("I cannot write that down now.")

    assistant.on_hear, assistant.on_press = offer, fail
    await browser.say("Create it")
    await browser.press("approve", "approval-1")
    card, failure = (await browser.backlog())[-2:]
    assert (card.data["pressed"], failure.data["parts"][0]["kind"]) == ({}, "failure")


@pytest.mark.behaviour("question")
async def test_the_answer_to_a_question_stays_marked(browser: Browser, assistant: Scripted) -> None:
    options = (Option(label="Sarah Chen", value="sarah.chen"), Option(label="Sarah Novak", value="sarah.novak"))

    async def ask(_: Message, sink: Sink) -> None:
        await sink.send(Reply(parts=(Question(id="question-1", asker=ANNA.id, text="Which Sarah?", options=options),)))

    assistant.on_hear = ask
    await browser.say("Tell Sarah")
    await browser.press("choose", "question-1", "sarah.novak")
    asked = next(event.data for event in await browser.backlog() if event.data["parts"])
    assert asked["pressed"] == {"question-1": "sarah.novak"}
    assert (assistant.pressed[0].action, assistant.pressed[0].value) == ("choose", "sarah.novak")


async def test_a_settled_card_that_is_gone_is_posted() -> None:
    transcript = Transcript(limit=2)
    transcript.reply(Reply(parts=(PLAN,)), NOW)
    transcript.say("One", "client-id-1", NOW)
    transcript.say("Two", "client-id-2", NOW)
    transcript.settle("approval-1", DONE, NOW)
    transcript.close()
    stream = [event async for event in transcript.events()]
    assert [event.split("\n")[0] for event in stream[:2]] == ["retry: 1500", "event: trimmed"]
    assert '"settles": "approval-1"' in stream[3]
    assert len([event for event in stream if "event: entry" in event]) == 2


@pytest.mark.behaviour("tenants")
async def test_two_people_of_one_browser_have_two_conversations(serve: Serve, assistant: Scripted) -> None:
    browser = await serve(WebChat(assistant, {"anna": ANNA, "bo": BO}, SECRET, suggestions=("Do it",)))
    first = await browser.enter()
    assert (first["person"], first["suggestions"]) == ("anna", ["Do it"])
    assert first["people"] == [{"key": "anna", "name": "Anna Berger"}, {"key": "bo", "name": "Bo Lindqvist"}]
    await browser.say("Hello")
    await browser.enter(person="bo")
    assert await browser.backlog() == []
    await browser.say("Hello too")
    assert [message.author for message in assistant.heard] == [ANNA, BO]
    assert (await browser.enter(person="anna"))["conversation"] == first["conversation"]
    assert texts(await browser.backlog()) == ["Hello", "Heard: Hello"]
    assert (await browser.enter(is_fresh=True))["conversation"] != first["conversation"]
    assert await browser.backlog() == []


async def test_a_page_that_shows_another_conversation_must_load_again(serve: Serve, assistant: Scripted) -> None:
    browser = await serve(WebChat(assistant, {"anna": ANNA, "bo": BO}, SECRET))
    shown = (await browser.enter())["conversation"]
    await browser.enter(person="bo")
    browser.conversation = shown
    assert (await browser.say("As whom?")).status_code == 409
    assert assistant.heard == []


@pytest.mark.behaviour("notice-alert")
async def test_the_assistant_speaks_unasked(serve: Serve, assistant: Scripted) -> None:
    chat = WebChat(assistant, {"anna": ANNA, "bo": BO}, SECRET)
    browser = await serve(chat)
    assert chat.latest(ANNA) is None
    await browser.enter()
    async with browser.stream() as events:
        await until(events, "ready")
        latest = chat.latest(ANNA)
        assert latest == browser.conversation
        await chat.sink(latest).send(Reply.of_text("The invoice was paid."))
        assert texts(await take(events, 1)) == ["The invoice was paid."]
    assert chat.latest(BO) is None


async def test_stopping_finishes_what_was_taken_and_ends_the_streams(serve: Serve, assistant: Scripted) -> None:
    chat = WebChat(assistant, ANNA, SECRET)
    browser = await serve(chat)
    await browser.enter()

    async def work(message: Message, sink: Sink) -> None:
        await asyncio.sleep(0.1 if message.text == "Quick" else 60)
        await sink.send(Reply.of_text("Finished."))

    assistant.on_hear = work
    await browser.say("Quick", "client-id-1")
    await browser.say("Slow", "client-id-2")
    async with browser.stream() as events:
        await until(events, "ready")
        await chat.close(0.4)
        rest = [event async for event in events if event.name == "entry"]
    assert texts(rest) == ["Finished.", "I was stopped before I had finished."]
    assert (await browser.say("More", "client-id-3")).status_code == 503


async def test_too_much_at_once_is_refused_with_a_reason(browser: Browser, assistant: Scripted) -> None:
    async def work(_: Message, sink: Sink) -> None:
        await asyncio.sleep(60)

    assistant.on_hear = work
    codes = [(await browser.say("More", f"client-id-{number}")).status_code for number in range(9)]
    assert codes == [202] * 8 + [429]


async def test_the_form_of_a_plan_and_the_home_page_are_given_to_the_person_of_the_session(
    browser: Browser, assistant: Scripted
) -> None:
    assistant.fields = (Field(step=1, parameter="summary", title="Jira", label="Summary", value="x"),)
    given = (await browser.post("form", {"approval": "a1"})).json()
    assert [(one["step"], one["parameter"], one["value"]) for one in given["fields"]] == [(1, "summary", "x")]
    home = (await browser.post("home", {})).json()
    assert home["parts"][0]["text"] == f"The home of {ANNA.id}"
    stranger = Browser(browser.client, "another.conversation")
    assert (await stranger.post("form", {"approval": "a1"})).status_code == 409
    assert (await stranger.post("home", {})).status_code == 409


async def test_a_plan_that_was_not_changed_after_all_can_be_pressed_again(
    browser: Browser, assistant: Scripted
) -> None:
    async def refuse(press: Press, sink: Sink) -> None:
        await sink.send(Reply(parts=(Failure(text="That does not fit."),), is_private=True))

    async def plan(message: Message, sink: Sink) -> None:
        await sink.send(Reply(parts=(Plan(approval="a1", asker=ANNA.id, steps=(), expires_at=NOW),)))

    assistant.on_hear, assistant.on_press = plan, refuse
    await browser.say("do it")
    await browser.press("edit", "a1", '{"1.summary": "y"}')
    async with browser.stream() as events:
        entries = await until(events, "progress", is_working=False)
    latest = {one.data["number"]: one.data for one in entries}
    assert latest[2]["pressed"] == {}
    assert latest[3]["parts"][0]["text"] == "That does not fit."


async def test_sentences_to_begin_with_are_those_of_the_person(browser: Browser, assistant: Scripted) -> None:
    assert (await browser.enter())["suggestions"] == ["what is on my calendar today?"]
