"""Notion's tools against the sandbox, held against Notion's own description."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from core.errors import Ambiguous, BadSignature, NotFound, OutcomeUnknown, RateLimited, Rejected, Unresolved
from core.records import Document, Message
from tests.company import Company, company
from tests.description import has_descriptions
from tools.integrations.notion.condition import to_filter, to_sort
from tools.integrations.notion.integration import Notion
from tools.integrations.notion.mapping import Words, own_id
from tools.integrations.notion.property import day, parted, written
from tools.kit.http import Answer
from tools.kit.webhook import Delivery

TODAY = date(2026, 11, 24)  # a Tuesday
SCHEMA: dict[str, Any] = {
    "Name": {"type": "title", "title": {}},
    "Status": {"type": "status", "status": {"options": [{"name": "Doing"}, {"name": "In review"}]}},
    "Priority": {"type": "select", "select": {"options": [{"name": "High"}, {"name": "Low"}]}},
    "Owner": {"type": "people", "people": {}},
    "Due": {"type": "date", "date": {}},
    "Votes": {"type": "number", "number": {}},
    "Public": {"type": "checkbox", "checkbox": {}},
    "Score": {"type": "formula", "formula": {}},
}


@pytest.fixture
async def notion(tmp_path: Path) -> AsyncIterator[Company]:
    async with company(tmp_path, "notion") as found:
        yield found
        if has_descriptions():
            assert await found.problems("notion") == []


async def find(notion: Company, tool: str, parameter: str, text: str) -> list[str]:
    return [one.id for one in await (await notion.open("notion")).find(f"notion.{tool}", parameter, text)]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("status: Doing, owner Priya", {"Status": "Doing", "Owner": "Priya"}),
        ("set the priority to high and votes = 4", {"Priority": "high", "Votes": "4"}),
        ("high, due is 4 May", {"Priority": "high", "Due": "4 May"}),
        ("Doing", {"Status": "Doing"}),
        ("public", {"Public": ""}),
    ],
)
def test_properties_are_read_out_of_words(text: str, parts: dict[str, str]) -> None:
    assert parted(text, SCHEMA) == parts


def test_values_fit_their_properties_or_are_refused() -> None:
    def put(name: str, words: str) -> Any:
        return written(name, SCHEMA[name], words, TODAY, {"Priya": "u1"}, {})

    assert put("Owner", "Priya") == {"people": [{"id": "u1"}]}
    assert put("Votes", "about 1,200") == {"number": 1200.0}
    assert put("Due", "none") == {"date": None}
    assert put("Public", "no") == {"checkbox": False}
    assert put("Status", "in rev") == {"status": {"name": "In review"}}
    for name, words in (
        ("Priority", "urgent"),
        ("Votes", "many"),
        ("Due", "soon"),
        ("Public", "maybe"),
        ("Score", "3"),
    ):
        with pytest.raises(Rejected):
            put(name, words)
    with pytest.raises(Rejected, match="no property"):
        parted("colour: red", SCHEMA)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("tomorrow", "2026-11-25"), ("friday", "2026-11-27"), ("next tuesday", "2026-12-01"),
        ("4th of May", "2026-05-04"), ("May 4, 2027", "2027-05-04"), ("2027-01-31", "2027-01-31"),
    ],
)  # fmt: skip
def test_days_are_read(words: str, expected: str) -> None:
    assert day("Due", words, TODAY).isoformat() == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("status is Doing", {"property": "Status", "status": {"equals": "Doing"}}),
        ("owner is empty", {"property": "Owner", "people": {"is_empty": True}}),
        ("votes > 5", {"property": "Votes", "number": {"greater_than": 5.0}}),
        ("due next week", {"property": "Due", "date": {"next_week": {}}}),
        ("due on or before 2027-01-31", {"property": "Due", "date": {"on_or_before": "2027-01-31"}}),
        ("name contains till", {"property": "Name", "title": {"contains": "till"}}),
        ("not Doing", {"property": "Status", "status": {"does_not_equal": "Doing"}}),
        ("public", {"property": "Public", "checkbox": {"equals": True}}),
        ("public is no", {"property": "Public", "checkbox": {"equals": False}}),
        ("owner is not Priya", {"property": "Owner", "people": {"does_not_contain": "u1"}}),
    ],
)
def test_conditions_become_filters(text: str, expected: dict[str, Any]) -> None:
    assert to_filter(text, SCHEMA, TODAY, {"Priya": "u1"}) == expected


def test_conditions_are_joined_and_sorts_have_a_direction() -> None:
    found = to_filter("where status is Doing and priority is not low", SCHEMA, TODAY, {})
    assert [one["property"] for one in found["and"]] == ["Status", "Priority"]
    assert to_sort("due descending", SCHEMA) == {"property": "Due", "direction": "descending"}
    for wrong in (lambda: to_filter("colour is red", SCHEMA, TODAY, {}), lambda: to_sort("colour", SCHEMA)):
        with pytest.raises(Rejected):
            wrong()


async def test_pages_and_databases_are_found(notion: Company) -> None:
    [page] = await find(notion, "read_page", "page", "Gift cards PRD")
    assert await find(notion, "read_page", "page", f"https://www.notion.so/x/PRD-{page.replace('-', '')}?v=1") == [page]
    assert await find(notion, "read_page", "page", "Product > Gift cards") == [page]
    assert len(await find(notion, "read_page", "page", "weekly sync 12")) == 3
    assert await find(notion, "read_page", "page", "Board pack") == []
    [source] = await find(notion, "query_database", "database", "feature requests")
    state = await notion.state("notion")
    database = next(one["id"] for one in state["databases"].values() if one["source"] == source)
    assert await find(notion, "query_database", "database", f"https://www.notion.so/{database.replace('-', '')}") == [
        source
    ]
    assert own_id("cafe1234") == ""
    with pytest.raises(NotFound):
        await find(notion, "read_page", "page", "0" * 32)


async def test_lists_page_on(notion: Company) -> None:
    found = await notion.run("notion.search", query="weekly sync", limit=110)
    assert isinstance(found, list)
    assert len({one.ref.id for one in found}) == 110


async def test_names_in_properties_must_be_plain(notion: Company) -> None:
    [page] = await find(notion, "update_page", "page", "Partner portal")
    with pytest.raises(Ambiguous):
        await notion.run("notion.update_page", page=page, properties="owner Alex")
    with pytest.raises(Unresolved):
        await notion.run("notion.update_page", page=page, properties="owner Zebulon")
    with pytest.raises(Rejected, match="can be Backlog"):
        await notion.run("notion.update_page", page=page, properties="status: Forgotten")


async def test_an_undone_addition_leaves_the_rest_alone(notion: Company) -> None:
    [page] = await find(notion, "append_to_page", "page", "Launch checklist")
    change = await notion.prove("notion.append_to_page", page=page, content="* [ ] Load test")
    await notion.prove("notion.append_to_page", page=page, content="Written later")
    await notion.undo(change)
    read = await notion.run("notion.read_page", page=page)
    assert isinstance(read, Document)
    assert read.text.endswith("- [ ] Gift cards\nWritten later")
    comments = await notion.run(
        "notion.list_comments", page=(await find(notion, "read_page", "page", "Gift cards PRD"))[0]
    )
    assert isinstance(comments, list)
    assert {one.author for one in comments if isinstance(one, Message)} == {"Inês Carvalho", "Lena Hoffmann"}


@pytest.mark.parametrize("tool", ["create_page", "add_to_database", "comment_on_page"])
async def test_a_lost_answer_is_recovered_not_repeated(notion: Company, tool: str) -> None:
    [page] = await find(notion, "read_page", "page", "Meetings")
    [source] = await find(notion, "query_database", "database", "Hiring")
    args: dict[str, Any] = {
        "create_page": {"title": "Once", "parent": page},
        "add_to_database": {"database": source, "title": "Once"},
        "comment_on_page": {"page": page, "text": "Once"},
    }[tool]
    path = "/v1/comments" if tool == "comment_on_page" else "/v1/pages"
    await notion.fault("notion", kind="cut_off", times=1, method="POST", path=f"{path}$", after_effect=True)
    system = await notion.open("notion")
    with pytest.raises(OutcomeUnknown):
        await system.run(f"notion.{tool}", args)
    change = await system.recover(f"notion.{tool}", args)
    assert change is not None
    await system.prove(f"notion.{tool}", change)
    other = {name: "Never" if value == "Once" else value for name, value in args.items()}
    assert await system.recover(f"notion.{tool}", other) is None


def test_errors_have_their_meaning() -> None:
    def meant(status: int, code: str) -> str:
        data = {"object": "error", "status": status, "code": code, "message": "m"}
        return type(Notion.error(Answer(status, {}, data))).__name__

    assert meant(409, "conflict_error") == RateLimited.__name__
    assert meant(403, "restricted_resource") == "Forbidden"
    assert meant(404, "object_not_found") == "NotFound"
    assert meant(401, "unauthorized") == "TokenExpired"
    assert Words("* the Till **never** stopped") == "- the till never stopped\n"
    assert Words("another") != "- the till never stopped"


async def test_the_stream_gives_all_then_only_what_changed(notion: Company) -> None:
    system = await notion.open("notion")
    batch = await system.stream("page")
    titles = [record.title for record in batch.records]
    assert {"Weekly sync 120", "Refund by line item"} <= {*titles}
    assert "Board pack" not in titles
    [page] = await find(notion, "update_page", "page", "Brand voice")
    await notion.run("notion.update_page", page=page, properties="title: Voice")
    assert [record.title for record in (await system.stream("page", batch.cursor)).records] == ["Voice"]


def test_webhooks_are_greeted_verified_and_understood() -> None:
    token = json.dumps({"verification_token": "secret_abc"}).encode()
    greeting = Notion.greet(Delivery(body=token), "made by us")
    assert greeting is not None
    assert greeting.secret == "secret_abc"
    assert Notion.greet(Delivery(body=token), "secret_known") is None
    told = {
        "id": "e1",
        "type": "page.created",
        "timestamp": "2026-11-24T10:00:00.000Z",
        "entity": {"id": "p", "type": "page"},
    }
    body = json.dumps(told).encode()
    signed = f"sha256={hmac.new(b'secret_abc', body, hashlib.sha256).hexdigest()}"
    delivery = Delivery.of({"X-Notion-Signature": signed}, body)
    assert Notion.webhook is not None
    Notion.webhook.verify(delivery, "secret_abc")
    [event] = Notion.events(delivery)
    assert (event.id, event.kind, event.ref and event.ref.kind) == ("e1", "page.created", "page")
    with pytest.raises(BadSignature):
        Notion.webhook.verify(Delivery.of({"X-Notion-Signature": signed}, body + b" "), "secret_abc")
