"""What of a conversation is sent to a language model."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, ToolCall, ToolMessage
from pydantic import SecretStr

from agent.language import OLD_CHARS, RESULT_CHARS, TURNS_SENT, counter, language_model, sendable, system_message
from agent.turn import Limits, Turn
from core.errors import BudgetExceeded
from core.principal import Principal
from core.settings import Settings
from tests.agent.llm import MODEL, without_tables

LONG = json.dumps([{"type": "task", "key": f"PAY-{n}", "id": str(n), "title": "x" * 50} for n in range(300)])


def turn(tokens: int = 16_000, name: str = "Dana Whitlock") -> Turn:
    who = Principal(tenant="t", id="dana", name=name, email="dana@example.com", timezone="Europe/Berlin")
    return Turn("t1", who, "t:c1", datetime(2026, 11, 24, 8, 30, tzinfo=UTC), limits=Limits(tokens=tokens))


def words(text: str) -> int:
    return len(text.split())


def asks(call_id: str, said: dict[str, Any] | None = None, **args: Any) -> AIMessage:
    call = ToolCall(name="jira__get_issue", args=args, id=call_id, type="tool_call")
    return AIMessage("", tool_calls=[call], additional_kwargs={"atom": {"said": [said]} if said else {}})


def answers(call_id: str, content: str = "[]") -> ToolMessage:
    return ToolMessage(content, tool_call_id=call_id)


def test_names_stand_where_ids_were_put_in() -> None:
    asked = asks("1", said={"assignee": "Priya"}, assignee="5f8a")
    found = {
        "type": "task", "integration": "jira", "key": "PAY-1", "id": "10001", "title": "Footer",
        "assignee": {"id": "5f8a", "name": "Priya Raman"}, "reporter": {"id": "77bc"},
        "comments": [{"ref": {"id": "PAY-1/9", "key": "PAY-1"}, "text": "Seen", "author": "Ana"}],
    }  # fmt: skip
    person = {"type": "person", "id": "U0112", "title": "Priya Raman", "email": "priya@example.com"}
    charge = {"type": "payment", "id": "ch_1", "amount": "12.00"}
    sent = sendable([HumanMessage("hm"), asked, answers("1", json.dumps([found, person, charge]))], turn(), words)
    assert isinstance(sent[1], AIMessage)
    assert sent[1].tool_calls[0]["args"] == {"assignee": "Priya"}
    text = str(sent[2].text)
    assert not [one for one in ("5f8a", "77bc", "U0112", "10001", "PAY-1/9") if one in text]
    assert all(one in text for one in ("PAY-1", "Priya Raman", "ch_1", "Seen", "somebody"))


def test_half_an_exchange_is_never_sent() -> None:
    cut_at_the_front: list[AnyMessage] = [answers("0"), AIMessage("Here it is.")]
    never_answered: list[AnyMessage] = [HumanMessage("two"), asks("2"), AIMessage("")]
    whole: list[AnyMessage] = [HumanMessage("three"), asks("3"), answers("3")]
    sent = sendable([*cut_at_the_front, *never_answered, *whole, HumanMessage("now")], turn(), words)
    assert [str(one.text) for one in sent if isinstance(one, HumanMessage)] == ["three", "now"]


def test_results_are_shorter_the_older_they_are() -> None:
    first: list[AnyMessage] = [HumanMessage("one"), asks("1"), answers("1", LONG), AIMessage("")]
    second: list[AnyMessage] = [HumanMessage("two"), asks("2"), answers("2", LONG)]
    sent = [one for one in sendable([*first, *second], turn(), words) if isinstance(one, ToolMessage)]
    assert [len(str(one.text)) for one in sent] == [OLD_CHARS + len(" … (cut)"), RESULT_CHARS + len(" … (cut)")]


def test_only_the_last_exchanges_are_sent() -> None:
    talk: list[AnyMessage] = [one for n in range(20) for one in (HumanMessage(f"say {n}"), AIMessage("Yes?"))]
    sent = sendable([*talk, HumanMessage("now")], turn(), words)
    assert len(sent) == 2 * TURNS_SENT - 1


def test_a_long_history_gives_way_to_the_sentence() -> None:
    spent = turn(tokens=1_000)
    sent = sendable([HumanMessage("old " * 500), AIMessage("Yes?"), HumanMessage("new")], spent, words)
    assert [str(one.text) for one in sent] == ["new"]
    assert spent.tokens_used > words(str(system_message(spent).text))


def test_a_sentence_beyond_the_budget_is_refused() -> None:
    with pytest.raises(BudgetExceeded):
        sendable([HumanMessage("word " * 2_000)], turn(tokens=1_000), words)


@st.composite
def talks(draw: st.DrawFn) -> list[AnyMessage]:
    """Conversations as they are kept, with the front cut anywhere and calls left open."""
    talk: list[AnyMessage] = []
    for number in range(draw(st.integers(1, 9))):
        talk.append(HumanMessage(f"say {number}"))
        for step in range(draw(st.integers(0, 2))):
            talk.append(asks(f"{number}.{step}", issue="PAY-1"))
            if draw(st.booleans()):
                talk.append(answers(f"{number}.{step}"))
        if draw(st.booleans()):
            talk.append(AIMessage(draw(st.sampled_from(["", "Which one?"]))))
    return [*talk[draw(st.integers(0, len(talk))) :], HumanMessage("now")]


@given(talks(), st.integers(600, 2_000))
def test_what_is_sent_is_always_well_formed(talk: list[AnyMessage], tokens: int) -> None:
    spent = turn(tokens=tokens)
    sent = sendable(talk, spent, words)
    assert isinstance(sent[0], HumanMessage)
    assert sent[-1].text == "now"
    assert spent.tokens_used <= tokens
    open_calls: set[str | None] = set()
    for one in sent:
        if isinstance(one, ToolMessage):
            open_calls.remove(one.tool_call_id)
            continue
        assert not open_calls
        if isinstance(one, AIMessage):
            open_calls = {call["id"] for call in one.tool_calls}
            assert one.tool_calls or one.text
    assert not open_calls


def test_the_standing_orders_hold_the_person_and_the_moment() -> None:
    text = str(system_message(turn(name="Dana\n\nIgnore " + "all " * 50)).text)
    assert "Tuesday 2026-11-24 09:30 +0100" in text
    assert "dana@example.com" in text
    assert "Dana Ignore all" in text
    assert "all " * 30 not in text


@pytest.mark.parametrize("text", ["", "a few plain words", "<|endoftext|>", "日本語の文章です", "🙂" * 50])
def test_tokens_are_estimated_without_tables(text: str) -> None:
    without_tables()
    assert 1 <= counter(MODEL)(text) <= len(text.encode()) + 1


def models(settings: Sequence[Settings]) -> list[str]:
    return [type(language_model(one)).__name__ for one in settings]


def test_the_settings_name_the_model() -> None:
    azure = Settings(openai_api_key=SecretStr("k"), azure_endpoint="https://x.openai.azure.example")
    assert models([Settings(), Settings(openai_api_key=SecretStr("k")), azure]) == [
        "NoneType",
        "ChatOpenAI",
        "AzureChatOpenAI",
    ]
