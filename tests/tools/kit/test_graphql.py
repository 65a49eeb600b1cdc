"""GraphQL: what writes is sent once, half an answer is none, connections are walked to the end."""

from __future__ import annotations

import json

import pytest

from core.errors import OutcomeUnknown, Rejected, VendorUnavailable
from tests.tools.kit.acme import BASE, ok, status, wire
from tools.kit.graphql import ask, by_connection
from tools.kit.paging import take

QUERY = "query Q($id: ID) { node(id: $id) { name } }"
MUTATIONS = (
    "mutation M { go }",
    "  \n mutation { go }",
    "# first\nmutation M { go }",
    "fragment F on Node { name } mutation M { go { ...F } }",
)


async def test_a_query_is_sent_with_its_variables_and_repeated() -> None:
    vendor = wire(status(502), ok({"data": {"node": None}}))
    assert await ask(vendor.http(), QUERY, id="1", none=None) == {"node": None}
    assert len(vendor.sent) == 2
    assert str(vendor.sent[0].url) == BASE
    assert json.loads(vendor.sent[0].content) == {"query": QUERY, "variables": {"id": "1"}}


@pytest.mark.parametrize("document", MUTATIONS)
async def test_a_mutation_is_sent_once(document: str) -> None:
    vendor = wire(status(502))
    with pytest.raises(OutcomeUnknown):
        await ask(vendor.http(), document)
    assert len(vendor.sent) == 1
    vendor.next(ok({"data": None}))
    with pytest.raises(OutcomeUnknown):
        await ask(vendor.http(), document)
    vendor.next(ok({"data": {"a": {"id": 1}, "b": None}, "errors": [{"message": "b"}]}))
    with pytest.raises(OutcomeUnknown):
        await ask(vendor.http(), document)
    vendor.next(ok({"data": {"a": None}, "errors": [{"message": "no"}]}))
    with pytest.raises(Rejected):
        await ask(vendor.http(), document)


async def test_half_an_answer_is_none() -> None:
    vendor = wire(ok({"data": {"node": {"name": "x"}}, "errors": [{"message": "part"}]}))
    with pytest.raises(Rejected):
        await ask(vendor.http(), QUERY)
    for nothing in ({"data": None}, {"other": 1}, [1]):
        vendor.next(ok(nothing))
        with pytest.raises(VendorUnavailable):
            await ask(vendor.http(), QUERY)


async def test_a_connection_is_walked_over_an_empty_page() -> None:
    def page(nodes: list[int], after: str | None) -> object:
        info = {"hasNextPage": after is not None, "endCursor": after}
        return {"data": {"team": {"issues": {"nodes": nodes, "pageInfo": info}}}}

    vendor = wire(ok(page([1], "a")), ok(page([], "b")), ok(page([2], None)))
    assert await take(by_connection(vendor.http(), QUERY, "team.issues", id="1"), 10) == [1, 2]
    assert [json.loads(one.content)["variables"].get("after") for one in vendor.sent] == [None, "a", "b"]
    with pytest.raises(VendorUnavailable, match="never ends"):
        await take(by_connection(wire(ok(page([1], "a"))).http(), QUERY, "team.issues"), 10)
