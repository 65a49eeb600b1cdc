"""The styles in which vendors give long lists, each as a stream of items. A page may be empty in the middle."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

from core.errors import VendorUnavailable
from tools.kit.http import Http

Fetch = Callable[[Any], Awaitable[tuple[list[Any], Any]]]
MOST_PAGES = 1000


async def walk(fetch: Fetch, start: Any = None) -> AsyncIterator[Any]:
    """Call `fetch(mark)` for `(items, next mark)` until the mark is empty.

    Raises:
        VendorUnavailable: the vendor repeats a mark, so the list would never end.
    """
    mark, seen = start, set()
    for _ in range(MOST_PAGES):
        items, mark = await fetch(mark)
        for item in items:
            yield item
        if not mark:
            return
        if mark in seen:
            raise VendorUnavailable("The list never ends.", cause="a paging mark came twice")
        seen.add(mark)


async def take(items: AsyncIterator[Any], most: int) -> list[Any]:
    """The first `most` items."""
    found: list[Any] = []
    if most <= 0:
        return found
    async for item in items:
        found.append(item)
        if len(found) >= most:
            break
    return found


def dig(data: Any, path: str) -> Any:
    """The value at a dotted path, or None."""
    for step in path.split("."):
        data = data.get(step) if isinstance(data, Mapping) else None
    return data


def by_cursor(http: Http, path: str, items: str, mark: str, parameter: str, **parameters: Any) -> AsyncIterator[Any]:
    """A cursor: `mark` is where the answer holds it, `parameter` where the next request wants it."""

    async def fetch(cursor: Any) -> tuple[list[Any], Any]:
        data = await http.get(path, **parameters, **({parameter: cursor} if cursor else {}))
        return dig(data, items) or [], dig(data, mark)

    return walk(fetch)


def by_link(http: Http, path: str, items: str = "", **parameters: Any) -> AsyncIterator[Any]:
    """The `Link` header with `rel=next`; `items` is where the answer holds the list, "" for the answer itself."""

    async def fetch(address: Any) -> tuple[list[Any], Any]:
        answer = await http.send("GET", address or path, params=None if address else parameters)
        found = dig(answer.data, items) if items else answer.data
        return found or [], next_link(answer.headers.get("link", ""))

    return walk(fetch)


def by_offset(
    http: Http,
    path: str,
    items: str,
    size: int,
    start: str = "startAt",
    limit: str = "maxResults",
    last: str = "isLast",
    **parameters: Any,
) -> AsyncIterator[Any]:
    """An offset and a page size; `last` names a boolean or, where there is none, a short page ends the list."""

    async def fetch(offset: Any) -> tuple[list[Any], Any]:
        begin = int(offset or 0)
        data = await http.get(path, **parameters, **{start: begin, limit: size})
        found = (dig(data, items) if items else data) or []
        is_last = dig(data, last) if last and isinstance(data, Mapping) else None
        is_end = bool(is_last) if is_last is not None else len(found) < size
        return found, None if is_end else begin + (len(found) or size)

    return walk(fetch)


def by_page(
    http: Http, path: str, items: str, pages: str, parameter: str = "page", **parameters: Any
) -> AsyncIterator[Any]:
    """Numbered pages from 1; `pages` is where the answer says how many there are."""

    async def fetch(number: Any) -> tuple[list[Any], Any]:
        page = int(number or 1)
        data = await http.get(path, **parameters, **{parameter: page})
        return dig(data, items) or [], page + 1 if page < int(dig(data, pages) or 0) else None

    return walk(fetch)


def next_link(header: str) -> str:
    """The address with `rel="next"` in a Link header, or ""."""
    for part in header.split(","):
        address, _, rest = part.partition(";")
        if 'rel="next"' in rest or "rel=next" in rest:
            return address.strip().strip("<>")
    return ""
