"""Long lists in every style: nothing lost in the middle, no endless list, no half of one, no foreign page."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import VendorUnavailable
from tests.tools.kit.acme import BASE, ok, wire
from tools.kit import paging
from tools.kit.paging import by_cursor, by_link, by_offset, by_page, next_link, take, walk


async def test_a_cursor_goes_on_over_an_empty_page() -> None:
    vendor = wire(ok({"d": {"items": [1]}, "next": "b"}), ok({"d": {}, "next": "c"}), ok({"d": {"items": [2]}}))
    found = await take(by_cursor(vendor.http(), "/x", "d.items", "next", "cursor", q="z"), 10)
    assert found == [1, 2]
    assert [dict(one.url.params) for one in vendor.sent] == [
        {"q": "z"},
        {"q": "z", "cursor": "b"},
        {"q": "z", "cursor": "c"},
    ]


async def test_a_repeated_mark_ends_in_an_error() -> None:
    vendor = wire(ok({"items": [1], "next": "b"}))
    with pytest.raises(VendorUnavailable, match="never ends"):
        await take(by_cursor(vendor.http(), "/x", "items", "next", "cursor"), 10)
    with pytest.raises(VendorUnavailable, match="never ends"):
        await take(walk(lambda mark: same(mark), {"at": 1}), 10)


async def same(mark: Any) -> tuple[list[Any], Any]:
    return [], mark


async def test_more_pages_than_anybody_reads_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "MOST_PAGES", 5)

    async def fetch(mark: Any) -> tuple[list[Any], Any]:
        return [mark], (mark or 0) + 1

    with pytest.raises(VendorUnavailable, match="too long"):
        await take(walk(fetch), 100)
    assert len(await take(walk(fetch), 3)) == 3


@pytest.mark.parametrize("data", [{"items": "none"}, {"items": {"a": 1}}, [1], "text", 5])
async def test_an_answer_in_another_form_is_no_empty_list(data: Any) -> None:
    for pages in (
        by_cursor(wire(ok(data)).http(), "/x", "items", "next", "cursor"),
        by_page(wire(ok(data)).http(), "/x", "items", "pages"),
        by_offset(wire(ok(data)).http(), "/x", "items", 5),
        by_link(wire(ok(data)).http(), "/x", "items"),
    ):
        with pytest.raises(VendorUnavailable):
            await take(pages, 10)


async def test_links_are_followed_below_the_base_only() -> None:
    def linked(address: str) -> httpx.Response:
        return ok([1], link=f'<{BASE}/x?page=0>; rel="prev", <{address}>; rel="next"; title="more, please"')

    vendor = wire(linked(f"{BASE}/x?page=2&ids=1,2"), linked("/v1/x?page=3"), ok([3]))
    assert await take(by_link(vendor.http(), "/x", per_page=1), 10) == [1, 1, 3]
    assert [str(one.url) for one in vendor.sent] == [
        f"{BASE}/x?per_page=1",
        f"{BASE}/x?page=2&ids=1,2",
        f"{BASE}/x?page=3",
    ]
    for foreign in ("https://evil.example/x", "//evil.example/x", "https://api.acme.example/v2/x", "2>; rel=next"):
        vendor = wire(linked(foreign), ok([]))
        try:
            await take(by_link(vendor.http(), "/x"), 10)
        except VendorUnavailable:
            assert len(vendor.sent) == 1
        assert {one.url.host for one in vendor.sent} == {"api.acme.example"}


@pytest.mark.parametrize(
    ("header", "address"),
    [
        ('<https://a/b?c=1,2>; rel="next"', "https://a/b?c=1,2"),
        ("<https://a/1>; rel=prev, <https://a/2>; rel=next", "https://a/2"),
        ('<https://a/1>; title="next"; rel="last"', ""),
        ('<https://a/1>; rel="prev next"', "https://a/1"),
        ('<https://a/1>; rel="nextish"', ""),
        ("", ""),
        ("2>; rel=next", ""),
    ],
)
def test_the_link_header(header: str, address: str) -> None:
    assert next_link(header) == address


@given(st.text())
def test_any_link_header_is_read(header: str) -> None:
    assert isinstance(next_link(header), str)


async def test_offsets_go_on_over_an_empty_page_until_the_last() -> None:
    vendor = wire(
        ok({"v": [1, 2], "isLast": False}),
        ok({"v": [], "isLast": False}),
        ok({"v": [3], "isLast": True}),
        ok({"v": [9]}),
    )
    assert await take(by_offset(vendor.http(), "/x", "v", 2), 10) == [1, 2, 3]
    assert [one.url.params["startAt"] for one in vendor.sent] == ["0", "2", "4"]
    vendor = wire(ok([1, 2]), ok([3]))
    assert await take(by_offset(vendor.http(), "/x", "", 2, last=""), 10) == [1, 2, 3]


async def test_numbered_pages_end_with_the_number() -> None:
    vendor = wire(ok({"v": [1], "pages": "3"}), ok({"v": [], "pages": 3}), ok({"v": [2], "pages": 3}))
    assert await take(by_page(vendor.http(), "/x", "v", "pages"), 10) == [1, 2]
    assert len(vendor.sent) == 3


async def test_taking_few_reads_few_and_closes_the_list() -> None:
    vendor = wire(ok({"v": [1, 2, 3], "next": "b"}))
    pages = by_cursor(vendor.http(), "/x", "v", "next", "cursor")
    assert await take(pages, 0) == []
    assert await take(pages, 2) == [1, 2]
    assert len(vendor.sent) == 1
    assert [one async for one in pages] == []
