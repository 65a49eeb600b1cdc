"""Approvals: bound to the calls, decided once, by the right person, in time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.db import Database
from core.errors import ApprovalInvalid
from core.principal import Principal
from core.tool import Call
from governance.approval import ApprovalRow, Approvals, digest

NOW = datetime(2027, 1, 4, 9, tzinfo=UTC)
ANA = Principal(tenant="acme", id="ana", name="Ana")
PLAN = [Call(tool="jira.create_issue", args={"summary": "x", "labels": ["a", "b"]}), Call(tool="slack.post_message")]
words = st.text(max_size=8)
json = st.recursive(
    st.none() | st.booleans() | st.integers() | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=8,
)


class Desk:
    """Approvals of two processes and the time."""

    def __init__(self, databases: list[Database]) -> None:
        self.now = NOW
        self.all = [Approvals(one, timedelta(hours=1), lambda: self.now) for one in databases]
        self.first = self.all[0]


@pytest.fixture(params=["sqlite", "postgresql"])
async def desk(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Desk]:
    url = (
        f"sqlite+aiosqlite:///{tmp_path / 'atom.db'}"
        if request.param == "sqlite"
        else str(request.getfixturevalue("postgres_url"))
    )
    databases = [Database(url) for _ in range(2)]
    await databases[0].migrate()
    yield Desk(databases)
    for one in databases:
        await one.close()


async def test_of_many_words_one_stands(desk: Desk) -> None:
    asked = await desk.first.ask(ANA, "th", PLAN)
    words = [desk.all[n % 2].decide(asked.id, ANA, approve=n % 3 > 0) for n in range(12)]
    given = await asyncio.gather(*words, return_exceptions=True)
    [row] = [one for one in given if isinstance(one, ApprovalRow)]
    assert all(isinstance(one, ApprovalInvalid) for one in given if not isinstance(one, ApprovalRow))
    stored = await desk.first.get("acme", asked.id)
    assert stored is not None
    assert stored.status == row.status in ("approved", "rejected")
    assert stored.decided_at == NOW


async def test_only_in_time_and_by_the_asker_of_the_tenant(desk: Desk) -> None:
    asked = await desk.first.ask(ANA, "th", PLAN)
    for other in (ANA.model_copy(update={"id": "bo"}), ANA.model_copy(update={"tenant": "other"})):
        with pytest.raises(ApprovalInvalid):
            await desk.first.decide(asked.id, other, approve=True)
    with pytest.raises(ApprovalInvalid):
        await desk.first.decide("made-up", ANA, approve=True)
    assert await desk.first.get("other", asked.id) is None
    desk.now += timedelta(hours=1)
    with pytest.raises(ApprovalInvalid, match="expired"):
        await desk.first.decide(asked.id, ANA, approve=True)
    assert not await desk.first.use(asked.id, PLAN)


@pytest.mark.parametrize("ending", ["rejected", "withdrawn", "pending"])
async def test_what_was_not_approved_does_not_run(desk: Desk, ending: str) -> None:
    asked = await desk.first.ask(ANA, "th", PLAN)
    if ending == "rejected":
        await desk.first.decide(asked.id, ANA, approve=False)
    elif ending == "withdrawn":
        await desk.first.withdraw(asked.id)
        with pytest.raises(ApprovalInvalid, match="set aside"):
            await desk.first.decide(asked.id, ANA, approve=True)
    assert not await desk.first.use(asked.id, PLAN)


@pytest.mark.parametrize(
    "calls",
    [
        [],
        PLAN[:1],
        PLAN[::-1],
        [*PLAN, PLAN[0]],
        [PLAN[0].model_copy(update={"args": {"summary": "x", "labels": ["b", "a"]}}), PLAN[1]],
        [PLAN[0].model_copy(update={"tool": "jira.delete_issue"}), PLAN[1]],
        [PLAN[0], PLAN[1].model_copy(update={"args": {"text": None}})],
    ],
)
async def test_other_calls_than_those_approved_do_not_run(desk: Desk, calls: list[Call]) -> None:
    asked = await desk.first.ask(ANA, "th", PLAN)
    await desk.first.decide(asked.id, ANA, approve=True)
    assert not await desk.first.use(asked.id, calls)
    assert asked.id in [row.id for row in await desk.first.unfinished()]
    assert await desk.first.use(asked.id, PLAN)
    assert asked.id not in [row.id for row in await desk.first.unfinished()]


async def test_a_run_that_comes_twice_is_the_same_run(desk: Desk) -> None:
    asked = await desk.first.ask(ANA, "th", PLAN)
    await desk.first.decide(asked.id, ANA, approve=True)
    assert await asyncio.gather(*(desk.all[n % 2].use(asked.id, PLAN) for n in range(6))) == [True] * 6
    with pytest.raises(ApprovalInvalid, match="already approved"):
        await desk.first.decide(asked.id, ANA, approve=True)


async def test_the_same_question_is_asked_once(desk: Desk) -> None:
    name = f"id-{id(desk)}"
    asked = await asyncio.gather(*(desk.all[n % 2].ask(ANA, "th", PLAN, name) for n in range(8)))
    assert {row.id for row in asked} == {name}
    for who, calls in (
        (ANA, PLAN[:1]),
        (ANA.model_copy(update={"id": "bo"}), PLAN),
        (ANA.model_copy(update={"tenant": "other"}), PLAN),
    ):
        with pytest.raises(ApprovalInvalid):
            await desk.first.ask(who, "th", calls, name)


@given(st.lists(st.tuples(words, st.dictionaries(words, json, max_size=3)), max_size=3))
def test_a_digest_outlives_storage(plan: list[tuple[str, dict[str, Any]]]) -> None:
    calls = [Call(tool=tool, args=args) for tool, args in plan]
    stored = [Call.model_validate(call.model_dump(mode="json")) for call in calls]
    assert digest(stored) == digest(calls)


def test_a_digest_of_values_is_that_of_their_stored_form() -> None:
    args = {"due": date(2027, 1, 5), "at": NOW, "amount": Decimal("1.50"), "tags": ("a",)}
    call = Call(tool="x.y", args=args)
    assert digest([call]) == digest([Call.model_validate(call.model_dump(mode="json"))])
    assert digest([call]) != digest([Call(tool="x.y", args=args | {"amount": Decimal("1.51")})])
