"""Who reads along in a conversation."""

from __future__ import annotations

import pytest

from bot.adapters.teams import TeamsAdapter
from tests.bot.teams.conftest import ScriptedAssistant
from tests.bot.teams.server import PRIYA, Chat, Person, TeamsServer

GROUP = Chat("19:group@thread.v2", "groupChat")
THREAD = Chat("19:general@thread.tacv2;messageid=1700", "channel")
CHANNEL = "19:general@thread.tacv2"
COLLEAGUES = [Person(f"Colleague {number}", f"c{number}@acme.example") for number in range(1, 2_000)]
GUEST = Person("Gus Guest", "gus@x.example", "gus_x.example#EXT#@acme.example", role="guest")
EXTERNAL = Person("Eve Else", "eve@else.example", home="bbbbbbbb-0000-0000-0000-000000000002")


async def reads_along(teams: TeamsServer, assistant: ScriptedAssistant, adapter: TeamsAdapter) -> bool:
    await teams.mention("hello", chat=THREAD)
    await adapter.drain()
    return assistant.heard[-1].has_outsiders


def pages(teams: TeamsServer) -> int:
    return len([call for call in teams.calls if call.path.endswith("/pagedmembers")])


@pytest.mark.behaviour("big-channel")
async def test_a_channel_of_2000_colleagues_is_read_page_by_page_once_an_hour(
    teams: TeamsServer, assistant: ScriptedAssistant, adapter: TeamsAdapter
) -> None:
    teams.rooms[CHANNEL] = [PRIYA, *COLLEAGUES]
    assert not await reads_along(teams, assistant, adapter)
    assert not await reads_along(teams, assistant, adapter)
    assert pages(teams) == 4


@pytest.mark.behaviour("big-channel", "guests")
@pytest.mark.parametrize("outsider", [GUEST, EXTERNAL, Person("Ann Onymous", role="anonymous")])
async def test_a_guest_or_a_member_of_another_company_among_2000_is_found(
    outsider: Person, teams: TeamsServer, assistant: ScriptedAssistant, adapter: TeamsAdapter
) -> None:
    teams.rooms[CHANNEL] = [PRIYA, *COLLEAGUES, outsider]
    assert await reads_along(teams, assistant, adapter)


@pytest.mark.behaviour("guests")
async def test_where_the_roster_is_closed_outsiders_may_read_along(
    teams: TeamsServer, assistant: ScriptedAssistant, adapter: TeamsAdapter
) -> None:
    teams.fail["GET /pagedmembers"] = [(403, {})]
    assert await reads_along(teams, assistant, adapter)


async def test_a_guest_who_joins_counts_from_then_on(
    teams: TeamsServer, assistant: ScriptedAssistant, adapter: TeamsAdapter
) -> None:
    teams.rooms[CHANNEL] = [PRIYA]
    assert not await reads_along(teams, assistant, adapter)
    teams.rooms[CHANNEL] = [PRIYA, GUEST]
    await teams.post(teams.activity(PRIYA, THREAD, type="conversationUpdate", membersAdded=[{"id": GUEST.id}]))
    assert await reads_along(teams, assistant, adapter)


async def test_in_a_private_chat_nobody_else_reads_along_and_no_roster_is_fetched(
    teams: TeamsServer, assistant: ScriptedAssistant, adapter: TeamsAdapter
) -> None:
    await teams.message("hello")
    await adapter.drain()
    assert not assistant.heard[0].has_outsiders
    assert pages(teams) == 0
