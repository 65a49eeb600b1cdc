"""A plan is changed where its card stands."""

from __future__ import annotations

import json

import pytest

from bot.adapters.teams import TeamsAdapter
from bot.assistant import Sink
from core.clock import utc_now
from core.message import Field, Message, Option, Plan, PlanStep, Press, Reply
from tests.bot.teams.conftest import ScriptedAssistant, Shelf, adapter_for
from tests.bot.teams.server import JSON, PRIYA, Chat, Person, TeamsServer, buttons, words

GROUP = Chat("19:group@thread.v2", "groupChat")
SAM = Person("Sam Ode", "sam@acme.example")
FIELDS = (
    Field(step=1, parameter="title", title="Create issue", label="Title", value="Checkout *fails*", is_required=True),
    Field(step=1, parameter="description", title="Create issue", label="Description", is_long=True),
    Field(
        step=1,
        parameter="priority",
        title="Create issue",
        label="Priority",
        kind="choice",
        value="High",
        options=(Option(label="High", value="High"), Option(label="Low", value="Low")),
    ),
    Field(step=1, parameter="due", title="Create issue", label="Due", kind="date", value="2027-01-31"),
    Field(step=2, parameter="points", title="Estimate", label="Points", kind="number", value="5"),
    Field(step=2, parameter="silent", title="Estimate", label="Silent", kind="yes-no", value="yes", is_required=True),
)


def plan(name: str, title: str) -> Reply:
    step = PlanStep(tool="jira.create_issue", title="Create issue", effect="write", arguments=(("Title", title),))
    return Reply(parts=(Plan(approval=name, asker=PRIYA.email.lower(), steps=(step,), expires_at=utc_now()),))


async def show_plan(message: Message, sink: Sink) -> None:
    await sink.send(plan("ap-1", "Checkout fails"))


async def change(press: Press, sink: Sink) -> None:
    changed = json.loads(press.value)
    await sink.settle(press.target, plan("ap-2", changed.get("1.title", "Checkout fails")))


@pytest.fixture(autouse=True)
def _company(assistant: ScriptedAssistant, adapter: TeamsAdapter) -> None:
    assistant.on_hear, assistant.on_press = show_plan, change
    assistant.fields = FIELDS


async def opened(teams: TeamsServer, chat: Chat | None = None) -> tuple[JSON, dict[str, JSON]]:
    """The plan's message, and the form's inputs and buttons by name."""
    await (teams.mention("file a bug", chat=chat) if chat else teams.message("file a bug"))
    shown = await teams.answer(chat or teams.private_chat(PRIYA))
    answer = (await teams.press(buttons(shown)["Edit"], card=shown["id"], chat=chat)).json()
    assert (answer["statusCode"], answer["type"]) == (200, "application/vnd.microsoft.card.adaptive")
    form = {"attachments": [{"content": answer["value"]}]}
    inputs = {one["id"]: one for one in answer["value"]["body"] if one["type"].startswith("Input.")}
    return shown, {**inputs, **buttons(form)}


@pytest.mark.behaviour("edit")
async def test_edit_shows_a_form_with_what_stands_in_the_plan(teams: TeamsServer) -> None:
    _, form = await opened(teams)
    kinds = {name: (one["type"], one.get("value")) for name, one in form.items() if "." in name}
    assert kinds == {
        "1.title": ("Input.Text", "Checkout *fails*"),
        "1.description": ("Input.Text", None),
        "1.priority": ("Input.ChoiceSet", "High"),
        "1.due": ("Input.Date", "2027-01-31"),
        "2.points": ("Input.Number", 5),
        "2.silent": ("Input.ChoiceSet", "yes"),
    }
    assert form["1.title"]["isRequired"]
    assert form["1.description"]["isMultiline"]
    assert {one["value"] for one in form["1.priority"]["choices"]} == {"High", "Low", ""}
    assert {one["value"] for one in form["2.silent"]["choices"]} == {"yes", "no"}


@pytest.mark.behaviour("edit")
async def test_a_changed_form_becomes_a_new_plan_in_the_same_place(
    teams: TeamsServer, assistant: ScriptedAssistant, adapter: TeamsAdapter
) -> None:
    shown, form = await opened(teams)
    chat = teams.private_chat(PRIYA)
    inputs = {"1.title": "Checkout is slow", "1.due": "", "2.points": 8}
    await teams.press(form["Show the new plan"], card=shown["id"], inputs=inputs)
    await adapter.drain()
    [press] = assistant.presses
    assert (press.action, press.target) == ("edit", "ap-1")
    assert json.loads(press.value) == {"1.title": "Checkout is slow", "1.due": "", "2.points": "8"}
    [now] = teams.shown(chat)
    assert (now["id"], "Checkout is slow" in words(now)) == (shown["id"], True)
    assert buttons(now)["Approve"]["data"]["target"] == "ap-2"


async def test_back_from_the_form_changes_nothing_and_shows_the_plan_again(
    teams: TeamsServer, assistant: ScriptedAssistant, adapter: TeamsAdapter
) -> None:
    shown, form = await opened(teams)
    assert form["Back"]["associatedInputs"] == "none"
    await teams.press(form["Back"], card=shown["id"])
    await adapter.drain()
    assert assistant.presses[0].value == "{}"
    assert "Checkout fails" in words(teams.shown(teams.private_chat(PRIYA))[0])


async def test_in_a_channel_only_who_presses_sees_the_form(teams: TeamsServer, adapter: TeamsAdapter) -> None:
    shown, _ = await opened(teams, GROUP)
    await adapter.drain()
    assert teams.shown(GROUP) == [shown]


@pytest.mark.behaviour("right-person")
async def test_edit_of_somebody_elses_plan_is_refused_with_a_word(
    teams: TeamsServer, assistant: ScriptedAssistant, adapter: TeamsAdapter
) -> None:
    await teams.mention("file a bug", chat=GROUP)
    shown = await teams.answer(GROUP)
    answer = (await teams.press(buttons(shown)["Edit"], card=shown["id"], chat=GROUP, person=SAM)).json()
    assert answer["type"] == "application/vnd.microsoft.activity.message"
    assert answer["value"] == "Only the one who asked can change this plan."
    assert not assistant.presses


async def test_a_plan_without_a_form_is_said_to_have_none(teams: TeamsServer, assistant: ScriptedAssistant) -> None:
    assistant.fields = ()
    await teams.message("file a bug")
    shown = await teams.answer(teams.private_chat(PRIYA))
    answer = (await teams.press(buttons(shown)["Edit"], card=shown["id"])).json()
    assert "Nothing in this plan can be changed by a form" in answer["value"]


@pytest.mark.behaviour("expired-trigger")
async def test_a_form_that_comes_too_late_for_teams_is_said_to_be_late(
    teams: TeamsServer, assistant: ScriptedAssistant, shelf: Shelf
) -> None:
    hurried = adapter_for(teams, assistant, shelf, answer_s=0.05)
    assistant.form_s = 1.0
    await teams.message("file a bug")
    shown = await teams.answer(teams.private_chat(PRIYA))
    answer = (await teams.press(buttons(shown)["Edit"], card=shown["id"])).json()
    assert "takes me too long" in answer["value"]
    await hurried.aclose()


async def test_a_form_too_large_for_a_card_leaves_out_what_is_long_and_says_so(
    teams: TeamsServer, assistant: ScriptedAssistant
) -> None:
    long = Field(step=3, parameter="text", title="Send", label="Text", value="word " * 6_000, is_long=True)
    assistant.fields = (*FIELDS, long)
    await teams.message("file a bug")
    shown = await teams.answer(teams.private_chat(PRIYA))
    answer = await teams.press(buttons(shown)["Edit"], card=shown["id"])
    assert len(answer.content) < 28_000
    assert "What is too long to stand here keeps its value." in answer.text


@pytest.mark.behaviour("expired-trigger")
async def test_an_older_client_gets_the_form_as_a_message(teams: TeamsServer, adapter: TeamsAdapter) -> None:
    await teams.mention("file a bug", chat=GROUP)
    shown = await teams.answer(GROUP)
    await teams.press(buttons(shown)["Edit"]["fallback"], card=shown["id"], chat=GROUP)
    await adapter.drain()
    [form] = teams.shown(teams.private_chat(PRIYA))
    assert "Show the new plan" in buttons(form)
