"""GraphQL over the same client: queries may be repeated, mutations may not."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

from core.errors import VendorUnavailable
from tools.kit.http import Http
from tools.kit.paging import dig, walk


async def ask(http: Http, document: str, **variables: Any) -> dict[str, Any]:
    """Send a document with its variables (None is left out); gives `data`.

    Raises:
        VendorError: what the integration's `error` makes of an answer with `errors`.
    """
    body = {
        "query": document,
        "variables": {name: value for name, value in variables.items() if value is not None},
    }
    answer = await http.send("POST", "", json=body, is_read=not document.lstrip().startswith("mutation"))
    data = answer.data.get("data") if isinstance(answer.data, Mapping) else None
    if not isinstance(data, dict):
        raise VendorUnavailable(f"{http.facts.name} answered nothing.", cause="no data")
    return data


def by_connection(http: Http, document: str, path: str, **variables: Any) -> AsyncIterator[Any]:
    """The nodes of a Relay connection at `path`; the document takes `$after`."""

    async def fetch(after: Any) -> tuple[list[Any], Any]:
        connection = dig(await ask(http, document, **variables, after=after), path) or {}
        info = connection.get("pageInfo") or {}
        return connection.get("nodes") or [], info.get("endCursor") if info.get("hasNextPage") else None

    return walk(fetch)
