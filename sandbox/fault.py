"""Faults that can be switched on: what goes wrong, how often, and for which requests."""

from __future__ import annotations

import asyncio
import re
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, get_args

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from sandbox.exchange import Answer, Refusal

Kind = Literal[
    "rate_limited",
    "server_error",
    "slow",
    "cut_off",
    "malformed",
    "expired_token",
    "html",
    "refused",
    "error_in_200",
]
REFUSED = {
    "rate_limited": "rate_limited",
    "server_error": "server_error",
    "expired_token": "expired",
    "refused": "refused",
    "error_in_200": "refused",
}
PAGE = "<!doctype html><title>Bad gateway</title><h1>The service is having a moment</h1>"


@dataclass
class Fault:
    """One fault; it ends after `times` requests whose path (regex) and method fit.

    With `after_effect` the request takes effect before it fails.
    """

    kind: Kind
    times: int = 1
    path: str = ""
    method: str = ""
    after_effect: bool = False
    retry_after: int = 1
    delay_s: float = 1.0
    status: int = 0

    @classmethod
    def parse(cls, row: Any) -> Fault:
        """A fault from JSON; `ValueError` says what is wrong with it."""
        if not isinstance(row, dict) or row.get("kind") not in get_args(Kind):
            raise ValueError(f"kind must be one of {', '.join(get_args(Kind))}")
        try:
            re.compile(row.get("path", ""))
            return cls(**row)
        except (TypeError, re.error) as wrong:
            raise ValueError(str(wrong)) from None

    def fits(self, method: str, path: str) -> bool:
        """Whether the fault is still on for such a request."""
        return self.times > 0 and self.method.upper() in ("", method) and re.search(self.path, path) is not None

    @property
    def has_effect(self) -> bool:
        """Whether the request is carried out before the fault shows."""
        return self.after_effect or self.kind == "slow"

    async def delay(self) -> None:
        """Wait, if this is what the fault does."""
        if self.kind == "slow":
            await asyncio.sleep(self.delay_s)

    def refusal(self) -> Refusal | None:
        """The refusal that the vendor words, for the faults that are one."""
        kind = REFUSED.get(self.kind)
        return Refusal(kind, status=self.status or 400, retry_after=self.retry_after) if kind else None

    def worded(self, answer: Answer) -> Answer:
        """A refusal in the vendor's words, as it goes out."""
        if self.kind == "error_in_200":
            return replace(answer, status=200)
        if self.kind == "rate_limited" and self.retry_after < 0:  # the vendor does not say how long
            kept = {name: value for name, value in answer.headers.items() if name.lower() != "retry-after"}
            return replace(answer, headers=kept)
        return answer

    def spoil(self, answer: Answer) -> Response:
        """The answer as it goes out: whole, broken or cut off."""
        text = answer.text or '{"result": "nothing to see here"}'
        if self.kind == "html":
            return Response(PAGE, self.status or 502, media_type="text/html")
        if self.kind == "malformed":
            return Response(text[: max(1, len(text) * 2 // 3)], answer.status, media_type="application/json")
        if self.kind == "cut_off":
            return CutOff(text, answer.status, media_type="application/json")
        return render(answer)

    def as_json(self) -> dict[str, Any]:
        """Every field."""
        return asdict(self)


class CutOff(Response):
    """Promises the whole body, sends half of it, and lets the server drop the connection."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        half = bytes(self.body)[: len(self.body) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": True})


def render(answer: Answer) -> Response:
    """An answer as an HTTP response."""
    if isinstance(answer.body, bytes):
        return Response(answer.body, answer.status, dict(answer.headers))
    media = None if answer.body is None else "application/json; charset=utf-8"
    if isinstance(answer.body, str):
        media = "text/html; charset=utf-8" if answer.body.startswith("<") else "text/plain; charset=utf-8"
    headers = dict(answer.headers)
    media = headers.pop("content-type", media)
    return Response(answer.text, answer.status, headers, media)
