"""One request and its answer, and the refusal that a vendor words in its own way."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from starlette.requests import Request

from sandbox.company import Person
from sandbox.grant import Grant

Json = dict[str, Any]
T = TypeVar("T")


@dataclass(frozen=True)
class Answer:
    """A status and a body: JSON unless it is a `str` or `bytes`, nothing if `None`."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The body as it goes over the wire."""
        if self.body is None:
            return ""
        if isinstance(self.body, bytes):
            return self.body.decode(errors="replace")
        return self.body if isinstance(self.body, str) else json.dumps(self.body, ensure_ascii=False)


class Refusal(Exception):
    """A request that the vendor refuses.

    The framework raises the kinds `unauthenticated`, `invalid_token`, `expired`, `revoked`, `missing_scope`
    (detail `needed`, `provided`), `rate_limited` (detail `retry_after`), `server_error`, `no_route`,
    `invalid_body` and `missing` (detail `name`); a vendor adds its own.
    """

    def __init__(self, kind: str, message: str = "", *, status: int = 400, **detail: Any) -> None:
        super().__init__(message or kind)
        self.kind = kind
        self.message = message or kind.replace("_", " ")
        self.status = status
        self.detail = detail


@dataclass
class Call:
    """What a handler sees of one request."""

    method: str
    path: str
    params: Mapping[str, str]
    pairs: list[tuple[str, str]]
    headers: Mapping[str, str]
    raw: bytes
    body: Any = None
    grant: Grant | None = None
    caller: Person | None = None

    @property
    def query(self) -> Json:
        """The query, brackets unfolded as in a form."""
        return unfold(self.pairs)

    @property
    def person(self) -> Person:
        """Who calls; only on routes that are not public."""
        if self.caller is None:
            raise Refusal("unauthenticated", status=401)
        return self.caller

    def get(self, name: str, default: Any = None) -> Any:
        """An argument from the path, the body or the query, in this order."""
        if name in self.params:
            return self.params[name]
        if isinstance(self.body, dict) and name in self.body:
            return self.body[name]
        return self.query.get(name, default)

    def need(self, name: str) -> Any:
        """An argument that must be there and not be empty."""
        value = self.get(name)
        if value is None or value == "":
            raise Refusal("missing", f"{name} is required", name=name)
        return value

    def whole(self, name: str, default: int, top: int = 1000) -> int:
        """A whole number between 0 and `top`."""
        value = self.get(name, default)
        try:
            return max(0, min(int(value), top))
        except (TypeError, ValueError):
            raise Refusal("invalid", f"{name} is not a number", name=name) from None

    def flag(self, name: str, default: bool = False) -> bool:
        """A boolean, also as the text of a query."""
        value = self.get(name)
        return default if value is None else str(value).lower() in ("true", "1", "yes", "on")

    def many(self, name: str) -> list[str]:
        """Every value that the query gives a repeated name."""
        return [value for key, value in self.pairs if key == name]


def unfold(pairs: Iterable[tuple[str, str]]) -> Json:
    """Form pairs as nested JSON: `a[b]=1`, `a[]=1` and `a[0][b]=1` as Stripe writes them."""
    tree: Json = {}
    for name, value in pairs:
        *path, leaf = [part.rstrip("]") for part in name.split("[")]
        node = tree
        for key in path:
            node = node.setdefault(key or str(len(node)), {})
            if not isinstance(node, dict):
                raise Refusal("invalid_body", f"{name} is given twice")
        node[leaf or str(len(node))] = value
    return {key: _listed(value) for key, value in tree.items()}


def _listed(node: Any) -> Any:
    if not isinstance(node, dict):
        return node
    inner = {key: _listed(value) for key, value in node.items()}
    if inner and all(key.isdigit() for key in inner):
        return [inner[key] for key in sorted(inner, key=int)]
    return inner


async def parse_form(request: Request) -> Json | None:
    """The fields of multipart/form-data, files as {"filename", "content_type", "content": bytes}; None for others."""
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        return None
    found: Json = {}
    async with request.form() as form:
        for name, value in form.multi_items():
            if isinstance(value, str):
                found[name] = value
            else:
                told = {"filename": value.filename or "", "content_type": value.content_type or ""}
                found[name] = told | {"content": await value.read()}
    return found


def parse_body(raw: bytes, content_type: str) -> Any:
    """The body as JSON, whether it came as JSON or as a form; `None` if there is none."""
    if not raw:
        return None
    try:
        if not content_type.startswith("application/x-www-form-urlencoded") and "json" not in content_type:
            return raw.decode(errors="replace")
        text = raw.decode()
        if content_type.startswith("application/x-www-form-urlencoded"):
            return unfold(parse_qsl(text, keep_blank_values=True))
        return json.loads(text)
    except ValueError:
        raise Refusal("invalid_body", "the body is not what its content type says") from None


def page(items: list[T], cursor: str | None, limit: int) -> tuple[list[T], str | None]:
    """One page after an opaque cursor, and the cursor of the next page if there is one."""
    start = 0
    if cursor:
        try:
            start = int(base64.urlsafe_b64decode(cursor).decode().removeprefix("next:"))
        except (ValueError, binascii.Error):
            raise Refusal("invalid_cursor", "the cursor is not one of ours") from None
    end = start + max(limit, 1)
    return items[start:end], (base64.urlsafe_b64encode(f"next:{end}".encode()).decode() if end < len(items) else None)
