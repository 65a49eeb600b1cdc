"""GraphQL over the same client: queries may be repeated, mutations may not."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from typing import Any

from core.errors import OutcomeUnknown, Rejected, VendorUnavailable
from tools.kit.http import Http
from tools.kit.paging import dig, walk

_KEYED = re.compile(r"@idempotent\b")  # the document carries a key, so it has one effect however often it arrives
_MUTATION = re.compile(r"\bmutation\b")  # anywhere: fragments and comments may stand before it


async def ask(http: Http, document: str, **variables: Any) -> dict[str, Any]:
    """Send a document with its variables (None is left out); gives `data`.

    Raises:
        VendorError: what the integration's `error` makes of an answer with `errors`.
    """
    body = {
        "query": document,
        "variables": {name: value for name, value in variables.items() if value is not None},
    }
    writes = bool(_MUTATION.search(document))
    is_keyed = _KEYED.search(document) is not None
    answer = await http.send("POST", "", json=body, is_read=not writes, is_repeatable=is_keyed, may_hold_errors=True)
    whole = answer.data if isinstance(answer.data, Mapping) else {}
    data = whole.get("data")
    if whole.get("errors"):  # what the integration's `error` let pass; half an answer is none
        cause = str(whole["errors"])[:300]
        if writes and isinstance(data, dict) and any(data.values()):
            raise OutcomeUnknown(f"{http.facts.name} did only a part of it.", status=answer.status, cause=cause)
        raise Rejected(f"{http.facts.name} refused it.", status=answer.status, cause=cause)
    if not isinstance(data, dict):
        kind = OutcomeUnknown if writes else VendorUnavailable
        raise kind(f"{http.facts.name} answered nothing.", cause="no data")
    return data


def by_connection(http: Http, document: str, path: str, **variables: Any) -> AsyncIterator[Any]:
    """The nodes of a Relay connection at `path`; the document takes `$after`."""

    async def fetch(after: Any) -> tuple[list[Any], Any]:
        connection = dig(await ask(http, document, **variables, after=after), path) or {}
        info = connection.get("pageInfo") or {}
        return connection.get("nodes") or [], info.get("endCursor") if info.get("hasNextPage") else None

    return walk(fetch)
