"""A reply as plain lines."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.render.text import to_text
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


def shown(*parts: Part) -> str:
    return to_text(Reply(parts=parts))


def test_plan_shows_each_exact_argument() -> None:
    steps = (
        PlanStep(
            tool="jira.create_issue",
            title="Create an issue in Jira",
            effect="write",
            arguments=(("Summary", "One\nAmount: 5"), ("Project", "PAY")),
        ),
        PlanStep(tool="stripe.refund_payment", title="Refund a payment", effect="destructive"),
    )
    plan = Plan(approval="a", asker="p", steps=steps, expires_at=datetime(2026, 11, 25, tzinfo=UTC))
    assert shown(plan).splitlines() == [
        "1. Create an issue in Jira",
        "   Summary: One",
        "       Amount: 5",
        "   Project: PAY",
        "⚠️ 2. Refund a payment (destructive)",
        "Answer yes to approve or no to cancel.",
    ]


def test_receipts_are_one_line_an_intent() -> None:
    lines = (
        Receipt(status="done", text="Created PAY-7", key="PAY-7", url="https://j.example/PAY-7"),
        Receipt(status="waiting", text="Message to #eng"),
        Receipt(status="failed", text="No such channel", key="C9"),
        Receipt(status="unknown", text="No answer came"),
        Receipt(status="rejected", text="Cancelled"),
        Receipt(status="not_understood", text="“make it shiny”"),
    )
    assert shown(Receipts(lines=lines)).splitlines() == [
        "✅ Created PAY-7 – https://j.example/PAY-7",
        "⏳ Message to #eng",
        "⚠️ No such channel – C9",
        "❓ No answer came",
        "🚫 Cancelled",
        "💬 “make it shiny”",
    ]


def test_question_numbers_its_options() -> None:
    options = (Option(label="Priya Raman", value="U1"), Option(label="Priya Shah", value="U2"))
    question = Question(id="q", asker="p", text="Which Priya?", options=options)
    assert shown(question) == "Which Priya?\n1. Priya Raman\n2. Priya Shah"


def test_table_is_aligned_and_keeps_links() -> None:
    table = Table(
        title="Open issues",
        columns=("Key", "Summary"),
        rows=(("PAY-7", "Checkout\ntimes out"), ("PAY-12", "x" * 80)),
        links=("https://j.example/PAY-7", ""),
    )
    assert shown(table).splitlines() == [
        "Open issues",
        "Key     Summary",
        f"------  {'-' * 60}",
        f"PAY-7   {'Checkout times out':<60}".rstrip() + "  https://j.example/PAY-7",
        f"PAY-12  {'x' * 59}…",
    ]


def test_empty_table_says_so() -> None:
    assert shown(Table(columns=("Key",), rows=())) == "Nothing found."


def test_other_parts_and_the_space_between() -> None:
    said = shown(
        Text(text="**Hello**"),
        Connect(integration="jira", name="Jira", url="https://a.example/c", text="Connect Jira and I will go on."),
        Failure(text="Jira is away.", next_step="Try again later."),
    )
    assert said == (
        "**Hello**\n\nConnect Jira and I will go on.\nhttps://a.example/c\n\n⚠️ Jira is away.\nTry again later."
    )
