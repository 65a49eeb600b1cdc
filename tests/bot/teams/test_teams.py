"""Conversations in Teams, through the real door and the real SDK."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from bot.adapters.teams import TeamsAdapter
from bot.assistant import Sink
from core.errors import ConfigInvalid, NotFound, VendorUnavailable
from core.message import Failure, Message, Option, Plan, PlanStep, Press, Question, Receipt, Receipts, Reply
from tests.bot.teams.conftest import ScriptedAssistant, Shelf, adapter_for, tenant_of
from tests.bot.teams.server import PRIYA, Chat, Person, TeamsServer, buttons, words

OTHER_BOT: dict[str, Any] = {"from": {"id": "28:other", "name": "Other"}}
GROUP = Chat("19:group@thread.v2", "groupChat")
THREAD = Chat("19:general@thread.tacv2;messageid=1700", "channel")
SAM = Person("Sam Ode", "sam@acme.example")

PLAN = Plan(
    approval="ap-1",
    asker="priya.raman@acme.example",
    steps=(PlanStep(tool="jira.create_issue", title="Create a bug", effect="write", arguments=(("project", "PAY"),)),),
    expires_at=datetime(2026, 11, 2, 10, tzinfo=UTC),
)
DONE = Reply(parts=(Receipts(lines=(Receipt(status="done", text="Created the bug", key="PAY-7", undo="un-1"),)),))


async def say_hello(message: Message, sink: Sink) -> None:
    await sink.status("Thinking")
    await sink.send(Reply.of_text(f"Hello {message.author.name}"))


async def show_plan(message: Message, sink: Sink) -> None:
    await sink.send(Reply(parts=(PLAN,)))


async def settle_plan(press: Press, sink: Sink) -> None:
    await sink.settle(press.target, DONE)


async def whisper(message: Message, sink: Sink) -> None:
    await sink.send(Reply(parts=(Failure(text="Your salary is 1"),), is_private=True))


@pytest.mark.usefixtures("adapter")
class TestMessages:
    @pytest.mark.behaviour("direct-message")
    async def test_direct_message_is_heard_and_answered(self, teams: TeamsServer, assistant: ScriptedAssistant) -> None:
        assistant.on_hear = say_hello
        assert (await teams.message("file a&nbsp;bug")).status_code == 202
        answer = await teams.answer(teams.private_chat(PRIYA))
        assert words(answer) == "Hello Priya Raman"
        assert answer["summary"] == "Hello Priya Raman"
        assert answer["from"]["id"] == teams.bot_id
        message = assistant.heard[0]
        assert (message.platform, message.audience, message.text) == ("teams", "direct", "file a bug")
        assert message.author.id == message.author.email == "priya.raman@acme.example"
        assert (message.author.tenant, message.author.timezone) == ("acme", "Europe/Berlin")
        assert [call.body["type"] for call in teams.calls if call.body] == ["typing", "message"]

    @pytest.mark.behaviour("mention", "scopes")
    async def test_mention_in_a_channel_is_answered_in_its_thread(
        self, teams: TeamsServer, assistant: ScriptedAssistant
    ) -> None:
        assistant.on_hear = say_hello
        await teams.mention("assign PAY-1 to <at>Sam Ode</at>", chat=THREAD)
        await teams.answer(THREAD)
        message = assistant.heard[0]
        assert message.text == "assign PAY-1 to Sam Ode"
        assert (message.conversation, message.thread) == ("19:general@thread.tacv2", "1700")
        assert message.audience == "channel"

    @pytest.mark.behaviour("thread-follow-up")
    async def test_a_follow_up_needs_no_mention_where_the_assistant_takes_part(
        self, teams: TeamsServer, assistant: ScriptedAssistant
    ) -> None:
        assistant.on_hear = say_hello
        await teams.message("not for you", chat=THREAD)
        await teams.message("nor this", chat=GROUP)
        await teams.mention("hello", chat=THREAD)
        await teams.answer(THREAD)
        await teams.message("and one more", chat=THREAD, person=SAM)
        await teams.answer(THREAD, 2)
        assert [message.text for message in assistant.heard] == ["hello", "and one more"]

    @pytest.mark.behaviour("retries")
    async def test_a_redelivered_message_is_heard_once(
        self, teams: TeamsServer, assistant: ScriptedAssistant, adapter: TeamsAdapter
    ) -> None:
        activity = teams.activity(PRIYA, type="message", text="once")
        answers = await asyncio.gather(*(teams.post(activity) for _ in range(3)))
        await adapter.drain()
        assert [answer.status_code for answer in answers] == [202, 202, 202]
        assert len(assistant.heard) == 1

    async def test_the_same_id_in_another_chat_is_another_message(
        self, teams: TeamsServer, assistant: ScriptedAssistant, adapter: TeamsAdapter
    ) -> None:
        await teams.message("one", id="17")
        await teams.message("two", id="17", person=SAM)
        await adapter.drain()
        assert {message.text for message in assistant.heard} == {"one", "two"}

    @pytest.mark.parametrize("kind", ["messageReaction", "typing", "event", "endOfConversation"])
    async def test_reactions_and_what_is_no_message_are_ignored(
        self, kind: str, teams: TeamsServer, assistant: ScriptedAssistant, adapter: TeamsAdapter
    ) -> None:
        response = await teams.message("x", type=kind)
        await adapter.drain()
        assert response.status_code == 202
        assert not assistant.heard
        assert not teams.calls

    @pytest.mark.behaviour("bot-loop")
    async def test_another_bot_is_not_answered(
        self, teams: TeamsServer, assistant: ScriptedAssistant, adapter: TeamsAdapter
    ) -> None:
        await teams.post(teams.activity(PRIYA, type="message", text="x", **OTHER_BOT))
        await adapter.drain()
        assert not assistant.heard

    @pytest.mark.behaviour("three-seconds")
    async def test_the_acknowledgement_does_not_wait_for_the_work(
        self, teams: TeamsServer, assistant: ScriptedAssistant, adapter: TeamsAdapter
    ) -> None:
        gate = asyncio.Event()

        async def wait(message: Message, sink: Sink) -> None:
            await gate.wait()
            await sink.send(Reply.of_text("late"))

        assistant.on_hear = wait
        assert (await teams.message("x")).status_code == 202
        gate.set()
        await adapter.drain()
        assert words(teams.shown(teams.private_chat(PRIYA))[0]) == "late"


@pytest.mark.usefixtures("adapter")
class TestPeople:
    async def test_without_an_address_the_directory_id_names_them(
        self, teams: TeamsServer, assistant: ScriptedAssistant, adapter: TeamsAdapter
    ) -> None:
        guest = Person("Gus Guest", user_principal_name="gus_x.example#EXT#@acme.example")
        await teams.message("x", person=guest, localTimezone="Mars/Base")
        await adapter.drain()
        author = assistant.heard[0].author
        assert (author.id, author.email, author.timezone) == ("teams:aad-gus-guest", "", "UTC")

    async def test_the_user_principal_name_serves_as_address(
        self, teams: TeamsServer, assistant: ScriptedAssistant, adapter: TeamsAdapter
    ) -> None:
        await teams.message("x", person=Person("Ann Lee", user_principal_name="Ann@acme.example"))
        await adapter.drain()
        assert assistant.heard[0].author.id == "ann@acme.example"

    async def test_the_roster_is_asked_once(
        self, teams: TeamsServer, assistant: ScriptedAssistant, adapter: TeamsAdapter
    ) -> None:
        for _ in range(3):
            await teams.message("x")
            await adapter.drain()
        assert len([call for call in teams.calls if "/members/" in call.path]) == 1
        assert len(assistant.heard) == 3

    @pytest.mark.behaviour("single-sign-on")
    async def test_a_failing_roster_is_said_and_gives_nobody_another_identity(
        self, teams: TeamsServer, assistant: ScriptedAssistant, adapter: TeamsAdapter
    ) -> None:
        teams.fail["GET /members/"] = [(500, {})]
        await teams.message("x")
        await adapter.drain()
        assert not assistant.heard
        assert words(teams.shown(teams.private_chat(PRIYA))[0]) == "Teams is not available."

    @pytest.mark.behaviour("every-answer")
    async def test_a_company_that_is_not_set_up_is_told_so(
        self, teams: TeamsServer, assistant: ScriptedAssistant
    ) -> None:
        await teams.message("x", conversation={"id": "a:other", "conversationType": "personal", "tenantId": "other"})
        answer = await teams.answer("a:other")
        assert words(answer) == "Your company has not set me up yet.\nAsk an administrator."
        assert not assistant.heard


@pytest.mark.usefixtures("adapter")
class TestButtons:
    @pytest.mark.behaviour("approve", "in-place")
    async def test_execute_is_answered_at_once_and_the_card_changes_in_place(
        self, teams: TeamsServer, assistant: ScriptedAssistant
    ) -> None:
        assistant.on_hear, assistant.on_press = show_plan, settle_plan
        chat = teams.private_chat(PRIYA)
        await teams.message("file a bug")
        shown = await teams.answer(chat)
        response = await teams.press(buttons(shown)["Approve"], card=shown["id"])
        assert response.status_code == 200
        assert response.json() == {
            "statusCode": 200,
            "type": "application/vnd.microsoft.activity.message",
            "value": "On it.",
        }
        await teams.until(lambda: "PAY-7" in words(teams.shown(chat)[0]))
        assert len(teams.shown(chat)) == 1
        assert list(buttons(teams.shown(chat)[0])) == ["Undo"]
        press = assistant.presses[0]
        assert (press.action, press.target, press.by.id) == ("approve", "ap-1", "priya.raman@acme.example")

    async def test_submit_of_an_older_client_is_the_same_press(
        self, teams: TeamsServer, assistant: ScriptedAssistant, adapter: TeamsAdapter
    ) -> None:
        assistant.on_hear = show_plan
        await teams.mention("file a bug", chat=GROUP)
        shown = await teams.answer(GROUP)
        await teams.press(buttons(shown)["Cancel"]["fallback"], chat=GROUP, person=SAM)
        await adapter.drain()
        press = assistant.presses[0]
        assert (press.action, press.target, press.by.id) == ("reject", "ap-1", "sam@acme.example")
        assert press.audience == "channel"

    @pytest.mark.behaviour("duplicates")
    async def test_a_double_click_is_one_press_when_it_is_the_same_event(
        self, teams: TeamsServer, assistant: ScriptedAssistant, adapter: TeamsAdapter
    ) -> None:
        assistant.on_hear = show_plan
        await teams.message("x")
        shown = await teams.answer(teams.private_chat(PRIYA))
        for _ in range(2):
            response = await teams.press(buttons(shown)["Approve"], id="f:1")
            assert response.json()["statusCode"] == 200
        await adapter.drain()
        assert [press.id for press in assistant.presses] == ["f:1"]

    @pytest.mark.behaviour("question")
    @pytest.mark.parametrize("count", [2, 9])
    async def test_an_answer_is_chosen(
        self, count: int, teams: TeamsServer, assistant: ScriptedAssistant, adapter: TeamsAdapter
    ) -> None:
        options = tuple(Option(label=f"Label {n}", value=f"value {n}") for n in range(count))

        async def ask(message: Message, sink: Sink) -> None:
            question = Question(id="q-1", asker=message.author.id, text="Which one?", options=options)
            await sink.send(Reply(parts=(question,)))

        assistant.on_hear = ask
        await teams.message("x")
        shown = buttons(await teams.answer(teams.private_chat(PRIYA)))
        if count == 2:
            await teams.press(shown["Label 1"])
        else:
            await teams.press(shown["Choose"], inputs={"value": "value 1"})
        await adapter.drain()
        press = assistant.presses[0]
        assert (press.action, press.target, press.value) == ("choose", "q-1", "value 1")

    @pytest.mark.behaviour("in-place", "references")
    async def test_the_card_is_found_after_a_restart(
        self, teams: TeamsServer, assistant: ScriptedAssistant, adapter: TeamsAdapter, shelf: Shelf
    ) -> None:
        assistant.on_hear, assistant.on_press = show_plan, settle_plan
        await teams.mention("file a bug", chat=THREAD)
        shown = await teams.answer(THREAD)
        await adapter.drain()
        again = adapter_for(teams, assistant, shelf)
        await teams.press(buttons(shown)["Approve"], chat=THREAD)
        await teams.until(lambda: "PAY-7" in words(teams.shown(THREAD)[0]))
        assert len(teams.shown(THREAD)) == 1
        await again.aclose()

    @pytest.mark.behaviour("in-place")
    async def test_where_the_card_is_gone_the_reply_is_posted(
        self, teams: TeamsServer, assistant: ScriptedAssistant
    ) -> None:
        assistant.on_hear, assistant.on_press = show_plan, settle_plan
        chat = teams.private_chat(PRIYA)
        await teams.message("file a bug")
        shown = await teams.answer(chat)
        teams.fail["PUT /activities/"] = [(404, {})]
        await teams.press(buttons(shown)["Approve"])
        assert "PAY-7" in words(await teams.answer(chat, 2))

    @pytest.mark.behaviour("audience")
    async def test_a_private_outcome_does_not_replace_a_public_card(
        self, teams: TeamsServer, assistant: ScriptedAssistant
    ) -> None:
        async def settle_privately(press: Press, sink: Sink) -> None:
            await sink.settle(press.target, DONE.model_copy(update={"is_private": True}))

        assistant.on_hear, assistant.on_press = show_plan, settle_privately
        await teams.mention("file a bug", chat=GROUP)
        shown = await teams.answer(GROUP)
        await teams.press(buttons(shown)["Approve"], chat=GROUP)
        assert "PAY-7" in words(await teams.answer(teams.private_chat(PRIYA)))
        await teams.answer(GROUP, 2)
        assert not any("PAY-7" in words(post) for post in teams.shown(GROUP))

    @pytest.mark.behaviour("forged")
    async def test_foreign_buttons_and_invokes_are_refused(
        self, teams: TeamsServer, assistant: ScriptedAssistant, adapter: TeamsAdapter
    ) -> None:
        for verb, target in (("atom.launch", "x"), ("atom.approve", ""), ("other", "x")):
            button = {"type": "Action.Execute", "verb": verb, "data": {"target": target}}
            response = await teams.press(button)
            assert (response.status_code, response.json()["statusCode"]) == (200, 400)
        other = await teams.post(teams.activity(PRIYA, type="invoke", name="composeExtension/query"))
        assert other.status_code == 501
        await adapter.drain()
        assert not assistant.presses


@pytest.mark.usefixtures("adapter")
class TestPrivacy:
    @pytest.mark.behaviour("audience")
    async def test_a_private_reply_goes_to_the_asker_alone(
        self, teams: TeamsServer, assistant: ScriptedAssistant
    ) -> None:
        assistant.on_hear = whisper
        await teams.mention("my salary?", chat=THREAD)
        assert words(await teams.answer(teams.private_chat(PRIYA))) == "Your salary is 1"
        assert words(await teams.answer(THREAD)) == "I answered you in our private chat."
        opened = next(call.body for call in teams.calls if call.path.endswith("/v3/conversations"))
        assert opened["members"] == [{"id": PRIYA.id}]
        assert opened["channelData"] == {"tenant": {"id": teams.directory}}

    @pytest.mark.behaviour("references")
    async def test_a_known_private_chat_is_used_again(
        self, teams: TeamsServer, assistant: ScriptedAssistant, adapter: TeamsAdapter
    ) -> None:
        assistant.on_hear = whisper
        await teams.message("hello")
        await adapter.drain()
        await teams.mention("again", chat=GROUP)
        await teams.answer(teams.private_chat(PRIYA), 2)
        assert not any(call.path.endswith("/v3/conversations") for call in teams.calls)

    @pytest.mark.behaviour("no-app")
    async def test_not_installed_is_said_in_public_without_the_content(
        self, teams: TeamsServer, assistant: ScriptedAssistant, adapter: TeamsAdapter
    ) -> None:
        teams.fail["POST /v3/conversations"] = [(403, {})]
        assistant.on_hear = whisper
        await teams.mention("my salary?", chat=THREAD)
        await adapter.drain()
        [shown] = teams.shown(THREAD)
        assert "Add me to your own apps" in words(shown)
        assert "salary" not in str(shown)
        assert not teams.shown(teams.private_chat(PRIYA))


@pytest.mark.usefixtures("adapter")
class TestFailures:
    async def test_an_error_of_ours_is_said_in_its_own_words(
        self, teams: TeamsServer, assistant: ScriptedAssistant
    ) -> None:
        async def fail(message: Message, sink: Sink) -> None:
            raise VendorUnavailable("Jira is down.", cause="secret detail", next_step="Try later.")

        assistant.on_hear = fail
        await teams.message("x")
        answer = await teams.answer(teams.private_chat(PRIYA))
        assert words(answer) == "Jira is down.\nTry later."
        assert "secret" not in str(answer)

    @pytest.mark.behaviour("every-answer")
    async def test_a_fault_in_the_assistant_is_never_silent(
        self, teams: TeamsServer, assistant: ScriptedAssistant
    ) -> None:
        async def fail(message: Message, sink: Sink) -> None:
            raise RuntimeError("secret detail")

        assistant.on_hear = fail
        await teams.message("x")
        answer = await teams.answer(teams.private_chat(PRIYA))
        assert words(answer).startswith("Something broke inside me")
        assert "secret" not in str(answer)

    @pytest.mark.behaviour("throttled")
    @pytest.mark.parametrize("status", [412, 429, 502, 504])
    async def test_a_busy_connector_is_asked_again(
        self, status: int, teams: TeamsServer, assistant: ScriptedAssistant
    ) -> None:
        teams.fail["POST /activities"] = [(status, {"Retry-After": "0.01"})]
        assistant.on_hear = show_plan
        await teams.message("x")
        await teams.answer(teams.private_chat(PRIYA))
        assert len([call for call in teams.calls if call.path.endswith("/activities")]) == 2

    async def test_a_token_that_is_no_longer_accepted_is_replaced(
        self, teams: TeamsServer, assistant: ScriptedAssistant, adapter: TeamsAdapter
    ) -> None:
        assistant.on_hear = show_plan
        await teams.message("x")
        await adapter.drain()
        teams.sign_ins += 1
        await teams.message("y")
        await teams.answer(teams.private_chat(PRIYA), 2)
        assert teams.sign_ins == 3

    async def test_drain_cuts_off_what_takes_too_long(
        self, teams: TeamsServer, assistant: ScriptedAssistant, adapter: TeamsAdapter
    ) -> None:
        async def hang(message: Message, sink: Sink) -> None:
            await asyncio.Event().wait()

        assistant.on_hear = hang
        await teams.message("x")
        await asyncio.wait_for(adapter.drain(0.05), 5)


@pytest.mark.usefixtures("adapter")
class TestPlaces:
    @pytest.mark.behaviour("install", "references")
    async def test_adding_the_app_greets_once_and_opens_the_way_back(
        self, teams: TeamsServer, adapter: TeamsAdapter
    ) -> None:
        await teams.install()
        await adapter.drain()
        await teams.install()
        await adapter.drain()
        [greeting] = teams.shown(teams.private_chat(PRIYA))
        assert "I am ATOM" in words(greeting)
        sink = await adapter.reach("acme", "priya.raman@acme.example")
        await sink.send(Reply.of_text("unasked"))
        assert words(teams.shown(teams.private_chat(PRIYA))[1]) == "unasked"

    @pytest.mark.behaviour("no-app")
    async def test_somebody_met_in_a_channel_is_reached_in_private(
        self, teams: TeamsServer, adapter: TeamsAdapter
    ) -> None:
        await teams.mention("hello", chat=THREAD)
        await adapter.drain()
        await (await adapter.reach("acme", "priya.raman@acme.example")).send(Reply.of_text("unasked"))
        assert words(await teams.answer(teams.private_chat(PRIYA))) == "unasked"
        with pytest.raises(NotFound):
            await adapter.reach("other", "priya.raman@acme.example")

    @pytest.mark.behaviour("references")
    async def test_a_thread_is_reopened_after_a_restart(
        self, teams: TeamsServer, assistant: ScriptedAssistant, adapter: TeamsAdapter, shelf: Shelf
    ) -> None:
        await teams.mention("hello", chat=THREAD)
        await adapter.drain()
        again = adapter_for(teams, assistant, shelf)
        message = assistant.heard[0]
        sink = await again.reopen("acme", message.conversation, message.thread, message.author.id)
        await sink.send(Reply.of_text("connected, going on"))
        assert words(await teams.answer(THREAD)) == "connected, going on"
        with pytest.raises(NotFound):
            await again.reopen("acme", "19:unknown", "", message.author.id)
        await again.aclose()


class TestEmulator:
    async def test_without_an_app_id_it_must_be_allowed(self, shelf: Shelf) -> None:
        more: dict[str, Any] = {"events": shelf.inbox(), "references": shelf, "tenant_of": tenant_of}
        with pytest.raises(ConfigInvalid):
            TeamsAdapter(ScriptedAssistant(), app_id="", **more)
        with pytest.raises(ConfigInvalid):
            TeamsAdapter(ScriptedAssistant(), app_id="x", **more)

    async def test_an_emulator_on_this_machine_is_served_unsigned(
        self, assistant: ScriptedAssistant, shelf: Shelf
    ) -> None:
        assistant.on_hear = say_hello
        async with TeamsServer(app_id="") as teams, httpx.AsyncClient() as client:
            adapter = TeamsAdapter(
                assistant,
                app_id="",
                allow_anonymous=True,
                events=shelf.inbox(),
                references=shelf,
                tenant_of=tenant_of,
                client=client,
            )
            teams.connect(Starlette(routes=adapter.routes()))
            activity = teams.activity(PRIYA, type="message", text="hi")
            assert (await teams.post(activity, token="")).status_code == 202
            await teams.answer(teams.private_chat(PRIYA))
            away = {**activity, "id": "2", "serviceUrl": "https://elsewhere.example/"}
            assert (await teams.post(away, token="")).status_code == 403
            await adapter.aclose()
