"""One request to a vendor: paced, timed, repeated only where that is safe, and its errors in our own words.

What may be repeated: reads, and writes that carry an idempotency key or say so. A write that was sent and not
answered raises `OutcomeUnknown`; whoever called reads back before deciding. A 401 is answered by one refresh.
"""

from __future__ import annotations

import asyncio
import json as jsonlib
import random
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, ClassVar, Literal, Protocol

import httpx

from core.errors import (
    Conflict,
    Forbidden,
    NotConnected,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    TokenExpired,
    VendorError,
    VendorUnavailable,
)
from core.log import logger
from tools.kit.auth import Auth
from tools.kit.connection import Connection
from tools.kit.pace import Breaker, Bucket, Kept, RetryBudget

ATTEMPTS = 3
PATIENCE_S = 8.0
BACKOFF_S = 0.25
IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS"})
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_log = logger("tools.http")

Kind = Literal["read", "write"]
Refresh = Callable[[Connection], Awaitable[Connection]]
Sleep = Callable[[float], Awaitable[None]]


class Facts(Protocol):
    """What the kit needs to know of an integration; its class attributes say it."""

    key: ClassVar[str]
    name: ClassVar[str]
    base_url: ClassVar[str]
    auth: ClassVar[Auth]
    headers: ClassVar[Mapping[str, str]]
    idempotency_header: ClassVar[str]
    calls_per_s: ClassVar[float]

    @classmethod
    def error(cls, answer: Answer) -> VendorError | None:
        """The error that an answer means, or None."""


@dataclass(frozen=True)
class Answer:
    """A vendor's answer: status, headers, decoded JSON (None where the body is empty), and the raw text."""

    status: int
    headers: Mapping[str, str]
    data: Any
    text: str = ""


@dataclass
class Shared:
    """What all requests of a process share: the client, the pace per tenant and integration, the breakers."""

    client: httpx.AsyncClient
    buckets: dict[str, Kept[Bucket]] = field(default_factory=dict)
    breakers: Kept[Breaker] = field(default_factory=lambda: Kept(Breaker))
    budgets: Kept[RetryBudget] = field(default_factory=lambda: Kept(RetryBudget))
    sleep: Sleep = asyncio.sleep

    def bucket(self, facts: type[Facts], tenant: str, account: str) -> Bucket:
        """The pace of one account at one integration."""
        rate = facts.calls_per_s
        kept = self.buckets.setdefault(facts.key, Kept(lambda: Bucket(rate, max(10.0, rate * 2))))
        return kept.of((tenant, account))


class Http:
    """Requests under one connection. `call_id` names the tool call: the idempotency keys are derived from it."""

    def __init__(
        self,
        facts: type[Facts],
        connection: Connection,
        shared: Shared,
        refresh: Refresh | None = None,
        call_id: str = "",
        timeout_s: float = 15.0,
    ) -> None:
        self.facts = facts
        self.connection = connection
        self._shared = shared
        self._refresh = refresh
        self._call_id = call_id or uuid.uuid4().hex
        self._timeout_s = timeout_s
        self._writes = 0

    async def get(self, path: str, **parameters: Any) -> Any:
        """Read JSON from `path`; parameters that are None are left out."""
        return (await self.send("GET", path, params=parameters)).data

    async def post(self, path: str, json: Any = None, **options: Any) -> Any:
        """Send JSON to `path` and give the JSON answer."""
        return (await self.send("POST", path, json=json, **options)).data

    async def send(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        form: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        is_read: bool | None = None,
        is_repeatable: bool = False,
    ) -> Answer:
        """Send one request. `path` is relative to the base URL, or a whole address below it.

        `is_read` marks a POST that only reads (a search, a GraphQL query); `is_repeatable` a write whose second
        arrival changes nothing more.

        Raises:
            VendorError: one of its leaves, as `core.errors` draws them.
            NotConnected: the token is gone for good.
        """
        reads = method in IDEMPOTENT if is_read is None else is_read
        extra = dict(headers or {})
        if not reads and self.facts.idempotency_header:
            self._writes += 1
            seed = f"{self._call_id}:{self._writes}"
            extra[self.facts.idempotency_header] = str(uuid.uuid5(uuid.NAMESPACE_OID, seed))
            is_repeatable = True
        request = _Request(
            method,
            self._address(path),
            _clean(params),
            json,
            _clean(form),
            extra,
            "read" if reads else "write",
            reads or is_repeatable,
        )
        return await self._attempt(request)

    def _address(self, path: str) -> str:
        base = self.connection.base_url or self.facts.base_url
        if path.startswith(("http://", "https://")):
            if not path.startswith(base.rstrip("/") + "/"):
                raise VendorUnavailable(f"{self.facts.name} pointed to another site.", cause="foreign address")
            return path
        return base.rstrip("/") + path if path else base

    async def _attempt(self, request: _Request) -> Answer:
        key = (self.connection.tenant, self.facts.key)
        breaker = self._shared.breakers.of((*key, request.kind))
        budget = self._shared.budgets.of(key)
        bucket = self._shared.bucket(self.facts, self.connection.tenant, self.connection.account)
        refreshed = False
        attempt = 1
        while True:
            if not breaker.allows():
                raise VendorUnavailable(
                    f"{self.facts.name} keeps failing, so I am giving it a rest.",
                    next_step="Try again in a minute.",
                )
            budget.spend(is_retry=False)
            await bucket.take()
            try:
                answer = await self._once(request)
            except TokenExpired as error:
                breaker.record(failed=False)
                if refreshed:
                    raise NotConnected(self.facts.key, self.facts.name, expired=True, cause=error.cause) from error
                await self._renew(error)
                refreshed = True
                continue
            except RateLimited as error:
                breaker.record(failed=False)
                wait = error.retry_after_s if error.retry_after_s is not None else _backoff(attempt + 1)
                bucket.hold(min(wait, PATIENCE_S))
                if wait > PATIENCE_S or attempt >= ATTEMPTS or not budget.spend(is_retry=True):
                    raise
            except (VendorUnavailable, OutcomeUnknown) as error:
                breaker.record(failed=True)
                may_repeat = isinstance(error, VendorUnavailable) or request.is_repeatable
                if not may_repeat or attempt >= ATTEMPTS or not budget.spend(is_retry=True):
                    raise
                wait = _backoff(attempt)
            except VendorError:
                breaker.record(failed=False)
                raise
            else:
                breaker.record(failed=False)
                return answer
            _log.info("retry", integration=self.facts.key, attempt=attempt, wait_s=round(wait, 2))
            attempt += 1
            await self._shared.sleep(wait)

    async def _renew(self, error: TokenExpired) -> None:
        if self._refresh is None:
            raise NotConnected(self.facts.key, self.facts.name, expired=True, cause=error.cause) from error
        self.connection = await self._refresh(self.connection)

    async def _once(self, request: _Request) -> Answer:
        headers = {
            "Accept": "application/json",
            **self.facts.headers,
            **request.headers,
            **self.facts.auth.headers(self.connection.secret),
        }
        name = self.facts.name
        try:
            response = await self._shared.client.request(
                request.method,
                request.url,
                params=request.params or None,
                json=request.json,
                data=request.form,
                headers=headers,
                timeout=self._timeout_s,
            )
        except _NOT_SENT as error:
            raise VendorUnavailable(f"I could not reach {name}.", cause=repr(error)) from error
        except (httpx.TransportError, httpx.DecodingError) as error:
            raise self._unsure(request, f"{name} did not answer in full.", repr(error)) from error
        return self._judge(request, response)

    def _judge(self, request: _Request, response: httpx.Response) -> Answer:
        name, status = self.facts.name, response.status_code
        try:
            data = response.json() if response.content.strip() else None
        except (jsonlib.JSONDecodeError, UnicodeDecodeError) as error:
            if status < 400:
                raise self._unsure(request, f"{name} answered something unreadable.", repr(error)) from error
            data = None
        answer = Answer(status, response.headers, data, response.text[:2000])
        error_of_vendor = self.facts.error(answer) or (by_status(name, answer) if status >= 400 else None)
        if error_of_vendor is None:
            return answer
        if status >= 500 or isinstance(error_of_vendor, VendorUnavailable):
            raise self._unsure(request, f"{name} is having trouble.", error_of_vendor.cause, status)
        raise error_of_vendor

    def _unsure(self, request: _Request, message: str, cause: str, status: int = 0) -> VendorError:
        if request.kind == "read":
            return VendorUnavailable(message, status=status, cause=cause, next_step="Try again in a minute.")
        return OutcomeUnknown(message, status=status, cause=cause)


@dataclass(frozen=True)
class _Request:
    method: str
    url: str
    params: Mapping[str, Any]
    json: Any
    form: Mapping[str, Any] | None
    headers: Mapping[str, str]
    kind: Kind
    is_repeatable: bool


def by_status(name: str, answer: Answer, said: str = "", fields: Mapping[str, str] | None = None) -> VendorError:
    """The error that a status alone means; `said` is the vendor's own sentence."""
    status, cause = answer.status, f"{answer.status} {said or answer.text[:300]}"
    tail = f" {name} says: {said}" if said else ""
    if status == 401:
        return TokenExpired(f"{name} no longer accepts the sign-in.", status=status, cause=cause)
    if status == 403:
        return Forbidden(f"You may not do this in {name}.{tail}", status=status, cause=cause)
    if status in (404, 410):
        return NotFound(f"It is not in {name}, or you may not see it.{tail}", status=status, cause=cause)
    if status in (409, 412, 423):
        return Conflict(f"{name} cannot do this as things stand.{tail}", status=status, cause=cause)
    if status == 429:
        return RateLimited(f"{name} asks for fewer requests.", retry_after_s=retry_after(answer.headers))
    if status >= 500:
        return VendorUnavailable(f"{name} is having trouble.", status=status, cause=cause)
    return Rejected(f"{name} refused the values.{tail}", fields=fields, status=status, cause=cause)


def retry_after(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Seconds to wait by the `Retry-After` header, given in seconds or as a date; None without one."""
    value = headers.get("Retry-After") or headers.get("retry-after")
    if not value:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(value) - (now or datetime.now(UTC))).total_seconds())
    except ValueError:
        return None


def _backoff(attempt: int) -> float:
    return float(BACKOFF_S * 2 ** (attempt - 1) * random.uniform(0.5, 1.5))  # noqa: S311 - jitter, no secret


def _clean(values: Mapping[str, Any] | None) -> dict[str, Any]:
    return {name: value for name, value in (values or {}).items() if value is not None}
