"""Replies as Adaptive Cards: what is shown, what is escaped, what is split."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.render.adaptive_card import escape, to_card_messages, to_summary
from core.message import (
    Connect,
    Failure,
    Option,
    Part,
    Plan,
    PlanStep,
    Question,
    Receipt,
    Receipts,
    Reply,
    Table,
    Text,
)

UNTIL = datetime(2026, 11, 2, 10, 0, 0, 123456, tzinfo=UTC)
ATTACK = "[click](https://evil.example) <at>Boss</at> ![x](http://evil.example/x.png) {{DATE(2026-01-01T00:00:00Z)}}"


def elements(*parts: Part) -> list[dict[str, Any]]:
    """The body of the only card."""
    [message] = to_card_messages(Reply(parts=parts))
    [attachment] = message.activity["attachments"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    body: list[dict[str, Any]] = attachment["content"]["body"]
    return body


def plan(*steps: PlanStep) -> Plan:
    return Plan(approval="ap-1", asker="priya@acme.example", steps=steps, expires_at=UNTIL)


def test_plan_shows_each_exact_argument_and_two_buttons() -> None:
    step = PlanStep(
        tool="jira.create_issue",
        title="Create a bug",
        effect="write",
        arguments=(("project", "PAY"), ("summary", "Checkout *fails*")),
    )
    heading, title, facts, terms, buttons = elements(plan(step))
    assert heading["text"] == "Shall I do this?"
    assert title["text"] == "1. Create a bug"
    assert facts["facts"] == [
        {"title": "project", "value": "PAY"},
        {"title": "summary", "value": "Checkout \\*fails\\*"},
    ]
    assert terms["text"] == (
        "Waits for priya@acme.example until {{DATE(2026-11-02T10:00:00Z, COMPACT)}} {{TIME(2026-11-02T10:00:00Z)}}."
    )
    approve, change, cancel = buttons["actions"]
    assert change["verb"] == "atom.edit"
    assert (approve["type"], approve["verb"], approve["style"]) == (
        "Action.Execute",
        "atom.approve",
        "positive",
    )
    assert approve["data"] == {"verb": "atom.approve", "target": "ap-1"}
    assert approve["fallback"]["type"] == "Action.Submit"
    assert approve["fallback"]["data"] == approve["data"]
    assert (cancel["title"], cancel["verb"]) == ("Cancel", "atom.reject")


def test_a_destructive_step_is_marked() -> None:
    steps = (
        PlanStep(tool="a.b", title="Read it", effect="read"),
        PlanStep(tool="stripe.refund", title="Refund 10 EUR", effect="destructive"),
    )
    heading, _, marked, _, buttons = elements(plan(*steps))
    assert heading["text"] == "Shall I do these 2 steps?"
    assert marked["style"] == "attention"
    assert "cannot be taken back" in marked["items"][1]["text"]
    assert buttons["actions"][0]["style"] == "destructive"


def test_the_message_knows_which_plan_it_shows() -> None:
    step = PlanStep(tool="a.b", title="Do it", effect="write")
    [message] = to_card_messages(Reply(parts=(Text(text="First"), plan(step))))
    assert message.approvals == ("ap-1",)
    assert message.activity["summary"] == "First · Shall I do this? Do it"
    assert message.activity["attachments"][0]["content"]["version"] == "1.5"


@pytest.mark.behaviour("cards", "citations")
def test_each_receipt_is_a_line_with_its_link_and_undo() -> None:
    lines = (
        Receipt(status="done", text="Created", key="PAY-7", url="https://jira.example/browse/PAY-7(1)", undo="u-1"),
        Receipt(status="failed", text="Slack: not_in_channel"),
        Receipt(status="unknown", text="Invoice", key="in_1", url="javascript:alert(1)"),
    )
    done, failed, unknown = elements(Receipts(lines=lines))
    text, undo = (column["items"][0] for column in done["columns"])
    assert text["text"] == "✅ Done: Created [PAY-7](https://jira.example/browse/PAY-7%281%29)"
    assert undo["actions"][0]["data"] == {"verb": "atom.undo", "target": "u-1"}
    assert failed["text"] == "❌ Failed: Slack: not\\_in\\_channel"
    assert unknown["text"] == "⚠️ Not certain: Invoice in\\_1"


@pytest.mark.parametrize("count", [0, 1, 6])
def test_few_answers_are_buttons(count: int) -> None:
    options = tuple(Option(label=f"Label {n}", value=f"v{n}") for n in range(count))
    text, *rest = elements(Question(id="q-1", asker="x", text="Which?", options=options))
    assert text["text"] == "Which?"
    actions = rest[0]["actions"] if rest else []
    assert [(a["title"], a["data"]["value"]) for a in actions] == [(o.label, o.value) for o in options]


def test_many_answers_are_a_choice() -> None:
    options = tuple(Option(label=f"Label {n}", value=f"v{n}") for n in range(7))
    _, choice, buttons = elements(Question(id="q-1", asker="x", text="Which?", options=options))
    assert (choice["type"], choice["id"], len(choice["choices"])) == ("Input.ChoiceSet", "value", 7)
    assert buttons["actions"][0]["data"] == {"verb": "atom.choose", "target": "q-1"}


def test_table_links_its_first_cell() -> None:
    table = Table(
        title="Open issues",
        columns=("Key", "Summary"),
        rows=(("PAY-1", "One"), ("PAY-2", "Two")),
        links=("https://jira.example/PAY-1", ""),
    )
    title, shown = elements(table)
    assert title["text"] == "Open issues"
    texts = [[cell["items"][0]["text"] for cell in row["cells"]] for row in shown["rows"]]
    assert texts == [["Key", "Summary"], ["[PAY-1](https://jira.example/PAY-1)", "One"], ["PAY-2", "Two"]]


def test_connect_opens_the_page_and_nothing_but_a_page() -> None:
    good = Connect(integration="jira", name="Jira", url="https://atom.example/connect/1", text="Connect Jira.")
    text, buttons = elements(good)
    assert text["text"] == "Connect Jira."
    assert buttons["actions"] == [{"type": "Action.OpenUrl", "title": "Connect Jira", "url": good.url}]
    assert len(elements(good.model_copy(update={"url": "file:///etc/passwd"}))) == 1


def test_failure_says_what_to_do_next() -> None:
    [container] = elements(Failure(text="Jira is down.", next_step="Try later."))
    assert [item["text"] for item in container["items"]] == ["Jira is down.", "Try later."]


def test_text_is_markdown_without_images() -> None:
    [shown] = elements(Text(text="**Bold** ![x](https://evil.example/x.png)"))
    assert shown["text"] == "**Bold** [x](https://evil.example/x.png)"


@pytest.mark.parametrize(
    "part",
    [
        plan(PlanStep(tool="a.b", title=ATTACK, effect="write", arguments=((ATTACK, ATTACK),))),
        Receipts(lines=(Receipt(status="done", text=ATTACK, key=ATTACK, url="https://a.example"),)),
        Question(id="q", asker="x", text=ATTACK),
        Table(title=ATTACK, columns=(ATTACK,), rows=((ATTACK,),)),
        Failure(text=ATTACK, next_step=ATTACK),
        Connect(integration="x", name="X", url="https://a.example", text=ATTACK),
    ],
)
def test_words_from_outside_become_no_link_mention_or_function(part: Part) -> None:
    shown = json.dumps(elements(part), ensure_ascii=False)
    assert "[click]" not in shown
    assert "](https://evil" not in shown.replace("\\\\](", "")
    assert "<at>" not in shown.replace("\\\\<at", "")
    assert "{{DATE(2026-01-01" not in shown


@given(st.text(st.characters(codec="utf-8"), max_size=200))
def test_escaping_loses_nothing(text: str) -> None:
    assert escape(text).replace("\\", "").replace("\n\n", "\n") == text.replace("\\", "").replace("\r\n", "\n")


def test_line_starts_do_not_become_lists_or_headings() -> None:
    assert escape("# a\n- b\n1. c\n2026-11-02") == "\\# a\n\n\\- b\n\n1\\. c\n\n2026-11-02"


@pytest.mark.behaviour("splitting", "cards")
@pytest.mark.parametrize(
    "part",
    [
        Text(text="word " * 20_000),
        Text(text="🙂" * 10_000),
        Failure(text="x" * 10_000),
        plan(PlanStep(tool="a.b", title="Do", effect="write", arguments=(("body", "line\n" * 12_000),))),
        Table(columns=("a", "b"), rows=tuple((f"row {n}", "x" * 300) for n in range(300))),
        Receipts(lines=tuple(Receipt(status="done", text="y" * 500, undo=f"u-{n}") for n in range(100))),
    ],
)
def test_no_message_is_above_the_limit_and_nothing_is_lost(part: Part) -> None:
    messages = to_card_messages(Reply(parts=(part,)))
    assert all(len(json.dumps(message.activity)) < 28_000 for message in messages)
    shown = json.dumps([message.activity["attachments"] for message in messages], ensure_ascii=False)
    match part:
        case Text():
            assert shown.count("word") + shown.count("🙂") >= 10_000
        case Plan():
            assert shown.count("line") >= 12_000
            assert [message.approvals for message in messages if message.approvals] == [("ap-1",)]
            assert messages[-1].approvals
        case Table():
            assert all(f"row {n}" in shown for n in range(300))
        case Receipts():
            assert all(f'"u-{n}"' in shown for n in range(100))
        case _:
            assert shown.count("x") >= 10_000


def test_an_empty_reply_still_says_something() -> None:
    [message] = to_card_messages(Reply(parts=()))
    assert message.activity["attachments"][0]["content"]["body"][0]["text"] == "Done."


def test_summary_is_one_short_line() -> None:
    summary = to_summary(Reply(parts=(Text(text="a\nb " * 200), Failure(text="c"))))
    assert len(summary) == 180
    assert "\n" not in summary
