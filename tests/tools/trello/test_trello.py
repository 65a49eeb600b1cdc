"""Trello's tools where the walk does not show them, held against Trello's own description."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.errors import BadSignature, Conflict, Forbidden, OutcomeUnknown, RateLimited, Rejected
from core.records import Task
from core.tool import Change
from tests.company import Company, company
from tests.description import has_descriptions
from tools.integrations.trello.integration import Trello
from tools.kit.http import Answer
from tools.kit.webhook import Delivery

HOOK = "http://127.0.0.1:9/hook"


@pytest.fixture
async def trello(tmp_path: Path) -> AsyncIterator[Company]:
    async with company(tmp_path, "trello") as found:
        yield found
        if has_descriptions():
            assert await found.problems("trello") == []


async def find(trello: Company, tool: str, parameter: str, text: str, **args: str) -> list[str]:
    return [one.id for one in await (await trello.open("trello")).find(f"trello.{tool}", parameter, text, args)]


async def only(trello: Company, tool: str, parameter: str, text: str, **args: str) -> str:
    [found] = await find(trello, tool, parameter, text, **args)
    return found


async def cards(trello: Company, tool: str, **args: object) -> list[Task]:
    found = await trello.run(f"trello.{tool}", **args)
    assert isinstance(found, list)
    return [one for one in found if isinstance(one, Task)]


async def card(trello: Company, title: str) -> Task:
    found = await trello.run("trello.get_card", card=await only(trello, "get_card", "card", title))
    assert isinstance(found, Task)
    return found


async def test_names_are_found(trello: Company) -> None:
    system = await trello.open("trello")
    fair = await only(trello, "list_cards", "board", "spring trade")
    held = (await trello.state("trello"))["boards"][fair]
    for text in (fair, f"https://trello.com/b/{held['shortLink']}/spring-trade-fair"):
        assert await find(trello, "list_cards", "board", text) == [fair]
    assert await find(trello, "list_cards", "board", "Nonesuch") == []
    assert await find(trello, "list_cards", "board", "Christmas party 2025") == []
    both = await system.find("trello.create_card", "list", "done")
    assert [one.detail for one in both] == ["Office fit-out", "Spring trade fair"]
    assert len(await find(trello, "create_card", "list", "done", board=fair)) == 1
    press = await card(trello, "press kit")
    assert await find(trello, "get_card", "card", f"https://trello.com/c/{press.ref.key}/9-press-kit") == [press.ref.id]
    assert await find(trello, "get_card", "card", press.ref.id) == [press.ref.id]
    assert await find(trello, "get_card", "card", "https://trello.com/c/AAAAAAAA") == []
    shifts = await system.find("trello.get_card", "card", "late shift")
    assert {one.detail for one in shifts} == {"Support rota, This week"}
    grace = await find(trello, "update_card", "members", "grace", card=press.ref.id)
    assert len(grace) == 1
    assert await find(trello, "update_card", "members", "Priya", card=press.ref.id) == []
    ideas = await only(trello, "create_card", "list", "Ideas", board=fair)
    assert await find(trello, "create_card", "members", "@gracekim", list=ideas) == grace
    assert await find(trello, "create_card", "members", trello.who.email) == [system.http.connection.account]
    assert len(await find(trello, "create_card", "members", "alex")) == 2
    assert (await system.list_names())["board"][0] == "Office fit-out"


async def test_a_card_is_shown_whole(trello: Company) -> None:
    sockets = await card(trello, "sockets")
    assert sockets.checklist == ("[x] Walls: North wall", "[x] Walls: Meeting room Heron", "[ ] Walls: Kitchen")
    assert [one.author for one in sockets.comments] == ["Paul O'Donnell", "Hannah Reuter"]
    assert [str(one) for one in sockets.assignees] == ["Paul O'Donnell", "Sanne Visser"]
    assert (sockets.project, sockets.section, sockets.status) == ("Office fit-out", "Doing", "open")


async def test_lists_show_names_and_order(trello: Company) -> None:
    mine = await cards(trello, "list_my_cards")
    assert [str(one) for one in mine[0].assignees] == ["Pieter de Vries", "Dana Whitlock"]
    assert mine[-1].due_at is None
    assert await cards(trello, "list_my_cards", due_before="2000-01-01") == []
    office = await only(trello, "list_cards", "board", "Office")
    assert len(await cards(trello, "list_cards", board=office, limit=4)) == 4
    found = await cards(trello, "search", query="late list:week")
    assert {one.section for one in found} == {"This week"}
    assert await cards(trello, "search", query="late", board=office) == []


async def test_what_cannot_be_done_says_why(trello: Company) -> None:
    press = await card(trello, "press kit")
    with pytest.raises(Rejected, match="no label “soon”; it has Urgent, Waiting, Customer, green"):
        await trello.run("trello.update_card", card=press.ref.id, labels=["soon"])
    with pytest.raises(Rejected, match="nothing to change"):
        await trello.run("trello.update_card", card=press.ref.id)
    place = await only(trello, "move_card", "list", "to do", card=press.ref.id)
    with pytest.raises(Conflict, match="already"):
        await trello.run("trello.move_card", card=press.ref.id, list=place)
    other = await only(trello, "create_card", "list", "Swaps")
    with pytest.raises(Rejected, match="no such list"):
        await trello.run("trello.move_card", card=press.ref.id, list=other)
    await trello.connect("trello", scopes=["read"])
    with pytest.raises(Forbidden, match="permission requested"):
        await trello.run("trello.update_card", card=press.ref.id, name="x")


async def test_another_board_drops_what_is_not_there(trello: Company) -> None:
    press = await card(trello, "press kit")
    rota = await only(trello, "move_card", "board", "Support rota")
    place = await only(trello, "move_card", "list", "Swaps", board=rota)
    change = await trello.prove("trello.move_card", card=press.ref.id, list=place, board=rota)
    assert [str(one) for one in (await card(trello, "press kit")).assignees] == ["Dana Whitlock"]
    await trello.undo(change)
    assert (await card(trello, "press kit")).project == "Spring trade fair"


async def test_lost_answers_are_looked_for_and_not_repeated(trello: Company) -> None:
    press = await card(trello, "press kit")
    place = await only(trello, "create_card", "list", "Swaps")
    for tool, args in (
        ("create_card", {"name": "Only once", "list": place}),
        ("comment_on_card", {"card": press.ref.id, "text": "only once"}),
        ("delete_card", {"card": press.ref.id}),
    ):
        system = await trello.open("trello")
        assert await system.recover(f"trello.{tool}", args) is None
        method = "DELETE" if tool == "delete_card" else "POST"
        await trello.fault("trello", kind="cut_off", times=1, method=method, after_effect=True)
        with pytest.raises(OutcomeUnknown):
            await system.run(f"trello.{tool}", args)
        change = await system.recover(f"trello.{tool}", args)
        assert isinstance(change, Change)
        assert (await system.prove(f"trello.{tool}", change) is None) is change.is_gone


async def test_the_stream_gives_all_and_then_only_the_change(trello: Company) -> None:
    system = await trello.open("trello")
    first = await system.stream("card")
    state = await trello.state("trello")
    open_boards = {key for key, board in state["boards"].items() if not board["closed"]}
    assert {one.ref.id for one in first.records} == {
        key for key, row in state["cards"].items() if row["idBoard"] in open_boards
    }
    assert list((await system.stream("card", first.cursor)).records) == []
    press, band = await card(trello, "press kit"), await card(trello, "stand design")
    await trello.prove("trello.update_card", card=press.ref.id, archived=True)
    await trello.prove("trello.delete_card", card=band.ref.id)
    second = await system.stream("card", first.cursor)
    assert [(one.ref.id, getattr(one, "status", "")) for one in second.records] == [(press.ref.id, "archived")]
    assert [one.id for one in second.gone] == [band.ref.id]


async def test_webhooks_are_greeted_verified_and_understood(trello: Company) -> None:
    vendor = trello.sandbox.vendors["trello"]
    assert Trello.greet(Delivery("HEAD", HOOK), "s3cret") is not None
    target = {"url": HOOK, "secret": "s3cret"}
    (await trello.client.post(f"{trello.sandbox.url}/_sandbox/trello/webhooks", json=target)).raise_for_status()
    press = await card(trello, "press kit")
    said = await trello.prove("trello.comment_on_card", card=press.ref.id, text="hello")
    await trello.prove("trello.update_card", card=press.ref.id, name="Kit")
    found = []
    assert Trello.webhook is not None
    for row in (await trello.client.get(f"{trello.sandbox.url}/_sandbox/trello/deliveries")).json():
        body = row["body"].encode()
        headers = vendor.sign("s3cret", body, {**row["about"], "url": HOOK})
        delivery = Delivery.of(headers, body, HOOK)
        assert Trello.greet(delivery, "s3cret") is None
        Trello.webhook.verify(delivery, "s3cret")
        found += Trello.events(delivery)
        for wrong in (Delivery.of(headers, body, HOOK + "x"), Delivery.of(headers, body + b" ", HOOK)):
            with pytest.raises(BadSignature):
                Trello.webhook.verify(wrong, "s3cret")
    assert [(one.kind, one.ref and one.ref.id) for one in found] == [
        ("commentCard", said.record.ref.id),
        ("updateCard", press.ref.id),
    ]


def test_errors_are_sentences() -> None:
    assert isinstance(Trello.error(Answer(401, {}, None, "unauthorized card permission requested")), Forbidden)
    assert isinstance(Trello.error(Answer(400, {}, None, "invalid id")), Rejected)
    assert isinstance(Trello.error(Answer(429, {}, {"error": "API_TOKEN_LIMIT_EXCEEDED"})), RateLimited)
    assert Trello.error(Answer(200, {}, [])) is None
