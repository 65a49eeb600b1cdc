"""A plan that is somebody else's to approve: asked where they are, theirs alone, heard of where it was asked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import update

from bot.assistant import Sink
from core.clock import utc_now
from core.errors import NotFound, PolicyDenied
from core.message import Failure, Listing, Plan
from governance.approval import ApprovalRow
from sandbox.server import Sandbox, serve
from tests.assistant import Office, Recorder, office, part, plan, principal, receipts, text
from tests.transcripts.brain import BUG_ONLY, SENTENCE, SUMMARY, Learned

INES = "ines.carvalho@fernwick.example"
TOM = "tom.hargreaves@fernwick.example"


@dataclass
class Chats:
    """Threads that are opened again, and private chats of those who have one."""

    threads: list[Recorder] = field(default_factory=list)
    private: dict[str, Recorder] = field(default_factory=dict)

    async def reopen(self, tenant: str, conversation: str, thread: str, person: str) -> Sink:
        self.threads.append(Recorder())
        return self.threads[-1]

    async def reach(self, tenant: str, person: str) -> Sink:
        if person not in self.private:
            raise NotFound("nowhere")
        return self.private[person]


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with serve() as running:
        yield running


@pytest.fixture
async def desk(tmp_path: Path, sandbox: Sandbox) -> AsyncIterator[Office]:
    async with office(tmp_path / "home", "jira", "slack", interpreter=Learned(), sandbox=sandbox) as found:
        yield found


@pytest.fixture
async def chats(desk: Office) -> Chats:
    """Inês approves issues in Jira, and has a private chat."""
    made = Chats(private={INES: Recorder()})
    desk.running.conversation.openers["terminal"] = made
    await name_approvers(desk, INES)
    return made


async def name_approvers(desk: Office, *people: str, tool: str = "jira.create_issue") -> None:
    admin = desk.who.model_copy(update={"roles": frozenset({"admin"})})
    found = desk.running.registry.tool(tool)
    assert found
    await desk.running.policy.rule(admin, found, "confirm", for_everyone=True, approvers=people)


def bugs(sandbox: Sandbox) -> int:
    return sum(one["summary"] == SUMMARY for one in sandbox.vendors["jira"].state["issues"].values())


async def test_the_approver_is_asked_and_the_asker_hears(desk: Office, chats: Chats, sandbox: Sandbox) -> None:
    said = await desk.say(SENTENCE)
    assert [line.status for line in receipts(said)] == ["waiting", "waiting"]
    assert f"waiting for {INES}" in text(said)
    asked = chats.private[INES]
    shown = plan(asked)
    assert "Dana Whitlock asks" in text(asked)
    assert (SUMMARY in text(asked), shown.asker, asked.replies[0].is_private) == (True, INES, True)

    ines = principal(sandbox, INES)
    decided = await Office(desk.running, sandbox, desk.client, ines, "c9").press("approve", shown.approval)
    assert "You approved this" in text(Recorder(list(decided.settled.values())))
    (there,) = chats.threads
    assert "Inês Carvalho approved your plan." in text(there)
    assert [line.status for line in receipts(there)] == ["done", "done"]
    assert bugs(sandbox) == 1
    (row,) = (one for one in await desk.running.ledger.recent(desk.who, 9) if one.tool == "jira.create_issue")
    assert row.principal == desk.who.id


async def test_nobody_else_decides_and_the_asker_can_drop_it(desk: Office, chats: Chats, sandbox: Sandbox) -> None:
    await desk.say(SENTENCE)
    shown = plan(chats.private[INES])
    for who in (desk.who, principal(sandbox, TOM), principal(sandbox, INES, tenant="elsewhere")):
        assert part(await desk.press("approve", shown.approval, by=who), Failure)
    assert "Only" in text(await desk.say("yes"))
    assert bugs(sandbox) == 0
    await desk.say("no")
    ines = Office(desk.running, sandbox, desk.client, principal(sandbox, INES), "c9")
    assert "set aside" in part(await ines.press("approve", shown.approval), Failure).text
    assert bugs(sandbox) == 0


async def test_refused_it_does_nothing_and_the_asker_hears(desk: Office, chats: Chats, sandbox: Sandbox) -> None:
    await desk.say(SENTENCE)
    ines = Office(desk.running, sandbox, desk.client, principal(sandbox, INES), "c9")
    await ines.press("reject", plan(chats.private[INES]).approval)
    assert "Inês Carvalho refused your plan." in text(chats.threads[0])
    assert [line.status for line in receipts(chats.threads[0])] == ["rejected", "rejected"]
    assert bugs(sandbox) == 0


async def test_whom_nobody_reaches_finds_it_on_the_home_page(desk: Office, chats: Chats, sandbox: Sandbox) -> None:
    await name_approvers(desk, TOM)
    assert "home page" in text(await desk.say(BUG_ONLY))
    home = await desk.running.conversation.home(principal(sandbox, TOM))
    waiting = home.parts[0]
    assert isinstance(waiting, Listing)
    (entry,) = waiting.entries
    assert entry.text.startswith(desk.who.id)
    mine = (await desk.running.conversation.home(desk.who)).parts[0]
    assert isinstance(mine, Listing)
    assert not mine.entries


async def test_steps_for_different_people_are_not_put_to_either(desk: Office, chats: Chats, sandbox: Sandbox) -> None:
    await name_approvers(desk, TOM, tool="slack.send_message")
    said = await desk.say(SENTENCE)
    assert "one by one" in text(said)
    assert not chats.private[INES].replies
    assert bugs(sandbox) == 0


async def test_only_an_administrator_names_approvers(desk: Office) -> None:
    found = desk.running.registry.tool("jira.create_issue")
    assert found
    with pytest.raises(PolicyDenied):
        await desk.running.policy.rule(desk.who, found, "confirm", approvers=[INES])


async def test_a_plan_that_waited_too_long_says_so_by_itself(desk: Office, sandbox: Sandbox) -> None:
    made = desk.running.conversation.openers["terminal"] = Chats()
    shown = plan(await desk.say(SENTENCE))
    assert await desk.running.conversation.expire() == 0
    async with desk.running.database.session() as session:
        await session.execute(update(ApprovalRow).values(expires_at=utc_now()))
    assert await desk.running.conversation.expire() == 1
    (there,) = made.threads
    assert "has expired" in text(Recorder([there.settled[shown.approval]]))
    assert await desk.running.conversation.expire() == 0
    assert part(await desk.press("approve", shown.approval), Failure)
    assert bugs(sandbox) == 0
    assert isinstance(plan(await desk.say(SENTENCE)), Plan)
