"""Policy: what no rule covers is denied, the more careful rule stands, nothing irreversible runs unasked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import delete

from core.db import Database
from core.errors import PolicyDenied
from core.principal import Principal
from core.tool import Effect, Tool
from governance.policy import EVERYONE, Decision, Policy, RuleRow, is_reversible
from tools.registry import discover

ANA = Principal(tenant="acme", id="ana", name="Ana")
ADMIN = Principal(tenant="acme", id="root", name="Root", roles=frozenset({"admin"}))
READ = Tool("jira.get_issue", "x", "read", {}, "jira", undo="")
WRITE = Tool("jira.create_issue", "x", "write", {}, "jira", undo="jira.delete_issue")
FINAL = Tool("jira.send", "x", "write", {}, "jira", undo="what is sent is sent")
GONE = Tool("jira.delete_issue", "x", "destructive", {}, "jira", undo="jira.create_issue")
CARE = {"allow": 0, "confirm": 1, "deny": 2}


@pytest.fixture(params=["sqlite", "postgresql"])
async def policy(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Policy]:
    database = Database(
        f"sqlite+aiosqlite:///{tmp_path / 'atom.db'}"
        if request.param == "sqlite"
        else str(request.getfixturevalue("postgres_url"))
    )
    await database.migrate()
    async with database.session() as session:
        await session.execute(delete(RuleRow))
    yield Policy(database)
    await database.close()


async def decide(policy: Policy, tool: Tool | None, who: Principal = ANA, **options: Any) -> Decision:
    [verdict] = await policy.decide(who, [tool], **options)
    assert verdict.reason
    return verdict.decision


async def test_without_rules(policy: Policy) -> None:
    odd = replace(READ, effect=cast("Effect", "maybe"))
    verdicts = await policy.decide(ANA, [READ, WRITE, FINAL, GONE, None, odd])
    assert [one.decision for one in verdicts] == ["allow", "confirm", "confirm", "confirm", "deny", "deny"]
    assert await policy.decide(ANA, []) == []


@pytest.mark.parametrize(("mine", "all_"), list(product(["", "allow", "confirm", "deny"], repeat=2)))
async def test_the_more_careful_rule_stands(policy: Policy, mine: Decision, all_: Decision) -> None:
    if mine:
        await policy.rule(ANA, WRITE, mine)
    if all_:
        await policy.rule(ADMIN, WRITE, all_, for_everyone=True)
    most = max(filter(None, (mine, all_)), key=CARE.__getitem__, default="confirm")
    assert await decide(policy, WRITE) == most
    assert await decide(policy, WRITE, ADMIN) == (all_ if all_ in CARE else "confirm")
    assert await decide(policy, WRITE, ANA.model_copy(update={"tenant": "other"})) == "confirm"
    assert await decide(policy, FINAL) == "confirm"


async def test_text_from_outside_ends_every_standing_permission(policy: Policy) -> None:
    await policy.rule(ANA, WRITE, "allow")
    assert await decide(policy, WRITE) == "allow"
    assert await decide(policy, WRITE, is_tainted=True) == "confirm"
    assert await decide(policy, READ, is_tainted=True) == "allow"


async def test_a_read_can_be_asked_about_too(policy: Policy) -> None:
    await policy.rule(ADMIN, READ, "confirm", for_everyone=True)
    assert await decide(policy, READ) == "confirm"


@pytest.mark.parametrize("tool", [FINAL, GONE])
async def test_nothing_irreversible_runs_unasked(policy: Policy, tool: Tool) -> None:
    with pytest.raises(PolicyDenied):
        await policy.rule(ANA, tool, "allow")
    with pytest.raises(PolicyDenied):
        await policy.rule(ADMIN, tool, "allow", for_everyone=True)
    await policy.rule(ANA, replace(tool, effect="write", undo="jira.delete_issue"), "allow")  # as it once was
    assert await decide(policy, tool) == "confirm"


async def test_only_an_administrator_rules_for_everyone(policy: Policy) -> None:
    for who in (ANA, ANA.model_copy(update={"id": EVERYONE})):
        with pytest.raises(PolicyDenied):
            await policy.rule(who, WRITE, "allow", for_everyone=True)
        with pytest.raises(PolicyDenied):
            await policy.drop(who, WRITE.id, for_everyone=True)
    with pytest.raises(PolicyDenied):
        await policy.rule(ANA.model_copy(update={"id": EVERYONE}), WRITE, "allow")
    assert await decide(policy, WRITE) == "confirm"


async def test_a_rule_is_replaced_and_taken_back(policy: Policy) -> None:
    decisions: tuple[Decision, ...] = ("deny", "allow")
    for decision in decisions:
        await policy.rule(ANA, WRITE, decision)
        assert await decide(policy, WRITE) == decision
    await policy.drop(ADMIN, WRITE.id)
    assert await decide(policy, WRITE) == "allow"
    await policy.drop(ANA, WRITE.id)
    assert await decide(policy, WRITE) == "confirm"
    await policy.rule(ADMIN, WRITE, "deny", for_everyone=True)
    await policy.drop(ADMIN, WRITE.id, for_everyone=True)
    assert await decide(policy, WRITE) == "confirm"


async def test_many_who_rule_at_once(policy: Policy) -> None:
    people = [ANA.model_copy(update={"id": f"p{number}"}) for number in range(20)]
    await asyncio.gather(*(policy.rule(who, WRITE, "allow") for who in people))
    assert [await decide(policy, WRITE, who) for who in people] == ["allow"] * 20


def test_reversible_is_what_names_a_tool_of_the_same_integration() -> None:
    assert is_reversible(WRITE)
    for undo in ("", "irreversible.", "slack.delete_message", "jira.x or y", "jira"):
        assert not is_reversible(replace(WRITE, undo=undo))
    assert not is_reversible(replace(WRITE, integration=""))
    tools = [tool for kind in discover().values() for tool in kind.tools.values()]
    ids = {tool.id for tool in tools}
    assert all(tool.undo in ids for tool in tools if is_reversible(tool))
    assert not any(is_reversible(tool) for tool in tools if tool.undo not in ids)
