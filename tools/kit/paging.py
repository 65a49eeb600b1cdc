"""The styles in which vendors give long lists, each as a stream of items. A page may be empty in the middle."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing
from typing import Any
from urllib.parse import urljoin

from core.errors import VendorUnavailable
from tools.kit.http import Http

Fetch = Callable[[Any], Awaitable[tuple[list[Any], Any]]]
MOST_PAGES = 1000
_LINK = re.compile(r"<([^>]*)>([^<]*)")
_NEXT = re.compile(r"""\brel\s*=\s*["']?[^"';]*\bnext\b""", re.IGNORECASE)


async def walk(fetch: Fetch, start: Any = None) -> AsyncGenerator[Any, None]:
    """Call `fetch(mark)` for `(items, next mark)` until the mark is empty.

    Raises:
        VendorUnavailable: the vendor repeats a mark, so the list would never end, or it has too many pages.
    """
    mark, seen = start, {repr(start)}
    for _ in range(MOST_PAGES):
        items, mark = await fetch(mark)
        for item in items:
            yield item
        if not mark:
            return
        if repr(mark) in seen:
            raise VendorUnavailable("The list never ends.", cause="a paging mark came twice")
        seen.add(repr(mark))
    raise VendorUnavailable("The list is too long to read whole.", cause=f"more than {MOST_PAGES} pages")


async def take(items: AsyncIterator[Any], most: int) -> list[Any]:
    """The first `most` items."""
    found: list[Any] = []
    if most <= 0:
        return found
    if isinstance(items, AsyncGenerator):
        async with aclosing(items):
            return await _first(items, most)
    return await _first(items, most)


async def _first(items: AsyncIterator[Any], most: int) -> list[Any]:
    found: list[Any] = []
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


def listed(data: Any, path: str) -> list[Any]:
    """The list at a path of an answer, "" for the answer itself; where a vendor leaves an empty list out, none.

    Raises:
        VendorUnavailable: the answer has another shape, so that nobody can say what is in the list.
    """
    found = dig(data, path) if path else data
    if isinstance(found, list):
        return found
    if found is None and path and isinstance(data, Mapping):
        return []
    raise VendorUnavailable("The list came back in a form I do not know.", cause=f"{path or 'answer'} is no list")


def by_cursor(http: Http, path: str, items: str, mark: str, parameter: str, **parameters: Any) -> AsyncIterator[Any]:
    """A cursor: `mark` is where the answer holds it, `parameter` where the next request wants it."""

    async def fetch(cursor: Any) -> tuple[list[Any], Any]:
        data = await http.get(path, **parameters, **({parameter: cursor} if cursor else {}))
        return listed(data, items), dig(data, mark)

    return walk(fetch)


def by_link(http: Http, path: str, items: str = "", **parameters: Any) -> AsyncIterator[Any]:
    """The `Link` header with `rel=next`; `items` is where the answer holds the list, "" for the answer itself."""

    async def fetch(address: Any) -> tuple[list[Any], Any]:
        answer = await http.send("GET", address or path, params=None if address else parameters)
        link = next_link(answer.headers.get("link", ""))
        here = http.address(str(address or path))
        return listed(answer.data, items), link and urljoin(here, link)

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
        found = listed(data, items)
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
        return listed(data, items), page + 1 if page < int(dig(data, pages) or 0) else None

    return walk(fetch)


def by_number(
    http: Http,
    path: str,
    items: str,
    size: int,
    total: str,
    parameter: str = "pageNumber",
    limit: str = "pageSize",
    **parameters: Any,
) -> AsyncIterator[Any]:
    """Numbered pages from 1 of a size that is asked for; `total` is where the answer says how many items there are."""

    async def fetch(number: Any) -> tuple[list[Any], Any]:
        page = int(number or 1)
        data = await http.get(path, **parameters, **{parameter: page, limit: size})
        return listed(data, items), page + 1 if page * size < int(dig(data, total) or 0) else None

    return walk(fetch)


def next_link(header: str) -> str:
    """The address with `rel="next"` in a Link header, or ""."""
    for address, rest in _LINK.findall(header):
        if _NEXT.search(rest):
            return str(address)
    return ""
