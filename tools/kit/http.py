"""One request to a vendor: paced, timed, repeated only where that is safe, and its errors in our own words.

What may be repeated: reads, and writes that carry an idempotency key or say so. A write that was sent and not
answered raises `OutcomeUnknown`; whoever called reads back before deciding. A 401 is answered by one refresh.
"""

from __future__ import annotations

import asyncio
import json as jsonlib
import math
import random
import re
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, ClassVar, Literal, Protocol

import httpx

from core.errors import (
    AtomError,
    Conflict,
    Forbidden,
    InvalidArgument,
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
from tools.kit.auth import Auth, Key, fill
from tools.kit.connection import Connection
from tools.kit.pace import Breaker, Bucket, Kept, RetryBudget

ATTEMPTS = 3
PATIENCE_S = 8.0
BACKOFF_S = 0.25
CONNECT_S = 5.0
IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS"})
_NOT_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
)
_LEAVES_PATH = re.compile(r"(^|/)(\.|%2e){1,2}(/|$)|[#\\\x00-\x1f\x7f]", re.IGNORECASE)
_ELSEWHERE = (302, 303, 307)
_ERRORS = ("error", "errors", "errorMessages", "fault", "Fault")  # where vendors put them, should one come with a 200
_log = logger("tools.http")

Kind = Literal["read", "write"]
Refresh = Callable[[Connection], Awaitable[Connection]]
Lost = Callable[[Connection], Awaitable[None]]
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
    sites: ClassVar[Mapping[str, str]]

    @classmethod
    def error(cls, answer: Answer) -> VendorError | None:
        """The error that an answer means, or None."""


@dataclass(frozen=True)
class Answer:
    """A vendor's answer: status, headers, decoded JSON (None where the body is empty or raw), text (its beginning),
    bytes."""

    status: int
    headers: Mapping[str, str]
    data: Any
    text: str = ""
    content: bytes = b""


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
        rate, sleep = facts.calls_per_s, self.sleep
        kept = self.buckets.setdefault(facts.key, Kept(lambda: Bucket(rate, max(10.0, rate * 2), sleep=sleep)))
        return kept.of((tenant, account))


class Http:
    """Requests under one connection. `call_id` names the tool call: the idempotency keys are derived from it.

    `slots` are the deployment's values of what the integration's `slots` name. `lost` hears of a connection whose
    sign-in the vendor no longer accepts, even after a refresh.
    """

    def __init__(
        self,
        facts: type[Facts],
        connection: Connection,
        shared: Shared,
        refresh: Refresh | None = None,
        call_id: str = "",
        timeout_s: float = 15.0,
        sites: Mapping[str, str] | None = None,
        lost: Lost | None = None,
    ) -> None:
        self.facts = facts
        self.connection = connection
        self._shared = shared
        self._refresh = refresh
        self._call_id = call_id or uuid.uuid4().hex
        self._timeout_s = timeout_s
        self._sites = dict(sites or facts.sites)
        self._lost = lost
        self._writes = 0
        self.slots: Mapping[str, str] = {}

    @property
    def call_id(self) -> str:
        """What the tool call is known by, the same when it is tried again: for vendors whose key is not a header."""
        return self._call_id

    @property
    def has_written(self) -> bool:
        """Whether a write was sent, or tried, through this."""
        return self._writes > 0

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
        content: bytes | None = None,
        files: Mapping[str, tuple[str, bytes, str]] | None = None,
        headers: Mapping[str, str] | None = None,
        site: str = "",
        is_raw: bool = False,
        is_read: bool | None = None,
        is_repeatable: bool = False,
        may_hold_errors: bool = False,
    ) -> Answer:
        """Send one request. `path` is relative to the base URL, or a whole address below it.

        `files` are `(name, content, type)` by form field. `site` names another address of the vendor (`sites`).
        `is_raw` takes an answer that is no JSON; `is_read` marks a POST that only reads (a search, a GraphQL query);
        `is_repeatable` a write whose second arrival changes nothing more. `may_hold_errors` leaves it to the caller to
        look for errors inside a success.

        Raises:
            VendorError: one of its leaves, as `core.errors` draws them.
            NotConnected: the token is gone for good.
            InvalidArgument: an argument would lead the address elsewhere.
        """
        reads = method in IDEMPOTENT if is_read is None else is_read
        address = self.address(path, site)
        extra = dict(headers or {})
        if not reads:
            self._writes += 1
            if self.facts.idempotency_header:
                seed = f"{self._call_id}:{self._writes}"
                extra[self.facts.idempotency_header] = str(uuid.uuid5(uuid.NAMESPACE_OID, seed))
                is_repeatable = True
        request = _Request(
            method,
            address,
            _clean(params),
            json,
            _Body(_clean(form), content, files),
            extra,
            "read" if reads else "write",
            reads or is_repeatable,
            bool(self.facts.idempotency_header) and not reads,
            is_raw,
            site,
            may_hold_errors,
        )
        return await self._attempt(request)

    def address(self, path: str, site: str = "") -> str:
        """The whole address of a path below the connection's base, or below another site of the vendor.

        Raises:
            VendorUnavailable: it is an address elsewhere.
            InvalidArgument: an argument in it would lead it elsewhere.
        """
        base = self._base(site)
        if "://" in path.partition("?")[0]:
            if not path.startswith((base.rstrip("/") + "/", base.rstrip("/") + "?")):
                raise VendorUnavailable(f"{self.facts.name} pointed to another site.", cause="foreign address")
            path = path[len(base.rstrip("/")) :]
        if _LEAVES_PATH.search(path.partition("?")[0]):
            raise InvalidArgument(f"{self.facts.name} has nothing by such a name.", cause="the path would change")
        if not path:
            return base
        # without its slash a path could go on with the host's name
        return base.rstrip("/") + (path if path.startswith(("/", "?")) else f"/{path}")

    def _base(self, site: str) -> str:
        return self._sites[site] if site else self.connection.base_url or self.facts.base_url

    def _sent_to(self, request: _Request) -> str:
        """The address with the token in it, for vendors that want it there; it is never logged."""
        auth, base = self.facts.auth, self._base(request.site).rstrip("/")
        prefix = auth.prefix(self.connection.secret) if isinstance(auth, Key) else ""
        return base + prefix + request.url[len(base) :] if prefix else request.url

    async def _attempt(self, request: _Request) -> Answer:
        """Once an attempt's outcome is unknown, only a success of a later one settles it.

        A conflict settles it for a caller who declared the write repeatable: it may have chosen the id itself.
        """
        unsettled: list[OutcomeUnknown] = []
        try:
            return await self._repeat(request, unsettled)
        except OutcomeUnknown:
            raise
        except AtomError as error:
            if not unsettled or (isinstance(error, Conflict) and not request.has_key):
                raise
            first = unsettled[0]
            cause = f"{first.cause}, then {type(error).__name__} {error.cause}"
            raise OutcomeUnknown(first.message, status=first.status, cause=cause) from error

    async def _repeat(self, request: _Request, unsettled: list[OutcomeUnknown]) -> Answer:
        key = (self.connection.tenant, self.facts.key)
        breaker = self._shared.breakers.of((*key, request.kind))
        budget = self._shared.budgets.of(key)
        bucket = self._shared.bucket(self.facts, self.connection.tenant, self.connection.account)
        budget.spend(is_retry=False)
        refreshed = False
        attempt = 1
        while True:
            try:
                answer = await self._guarded(request, breaker, bucket)
            except TokenExpired as error:
                await self._renew(error, is_again=refreshed)
                refreshed = True
                continue
            except RateLimited as error:
                wait = error.retry_after_s if error.retry_after_s is not None else _backoff(attempt + 1)
                bucket.hold(min(wait, PATIENCE_S))
                if wait > PATIENCE_S or attempt >= ATTEMPTS or not budget.spend(is_retry=True):
                    raise
            except (VendorUnavailable, OutcomeUnknown) as error:
                may_repeat = isinstance(error, VendorUnavailable) or request.is_repeatable
                may_repeat = may_repeat and not isinstance(error, _Resting)
                if not may_repeat or attempt >= ATTEMPTS or not budget.spend(is_retry=True):
                    raise
                if isinstance(error, OutcomeUnknown):
                    unsettled.append(error)
                wait = _backoff(attempt)
            else:
                return answer
            _log.info("retry", integration=self.facts.key, attempt=attempt, wait_s=round(wait, 2))
            attempt += 1
            await self._shared.sleep(wait)

    async def _guarded(self, request: _Request, breaker: Breaker, bucket: Bucket) -> Answer:
        """One attempt in its turn. However it ends, the breaker hears of it."""
        if not breaker.allows():
            raise _Resting(
                f"{self.facts.name} keeps failing, so I am giving it a rest.", next_step="Try again in a minute."
            )
        try:
            await bucket.take()
            answer = await self._once(request)
        except (VendorUnavailable, OutcomeUnknown):
            breaker.record(failed=True)
            raise
        except VendorError:
            breaker.record(failed=False)
            raise
        except BaseException:  # cancelled, or a fault of ours: it says nothing about the vendor
            breaker.release()
            raise
        breaker.record(failed=False)
        return answer

    async def _renew(self, error: TokenExpired, *, is_again: bool) -> None:
        """A fresh token, once; where none helps, the connection is at its end, and whoever keeps it hears of it."""
        if self._refresh is None or is_again:
            if self._lost is not None:
                await self._lost(self.connection)
            raise NotConnected(self.facts.key, self.facts.name, expired=True, cause=error.cause) from error
        self.connection = await self._refresh(self.connection)

    async def _once(self, request: _Request) -> Answer:
        headers = httpx.Headers({"Accept": "application/json"})  # names differ in case from one integration to another
        fixed = self.facts.headers.items()
        account = {"account": self.connection.account} if self.connection.account else {}
        known = {title: value for title, text in fixed if (value := fill(text, account)) is not None}
        for more in (known, request.headers, self.facts.auth.headers(self.connection.secret)):
            headers.update(more)
        name = self.facts.name
        connect_s = min(CONNECT_S, self._timeout_s)
        try:
            async with asyncio.timeout(self._timeout_s + connect_s):  # an answer that drips in has no other end
                response = await self._shared.client.request(
                    request.method,
                    self._sent_to(request),
                    params=request.params or None,
                    json=request.json,
                    data=request.body.form,
                    content=request.body.content,
                    files=request.body.files,
                    headers=headers,
                    timeout=httpx.Timeout(self._timeout_s, connect=connect_s),
                )
                if request.is_raw and request.kind == "read" and response.status_code in _ELSEWHERE:
                    # the address of a file is a key in itself: our own does not go along
                    response = await self._shared.client.get(self._elsewhere(response), timeout=self._timeout_s)
        # no text of these errors is kept: a refused header is quoted in it, and with it a token
        except _NOT_SENT as error:
            raise VendorUnavailable(f"I could not reach {name}.", cause=type(error).__name__) from None
        except httpx.InvalidURL:
            raise InvalidArgument(f"{name} has nothing by such a name.", cause="the address is malformed") from None
        except (httpx.TransportError, httpx.DecodingError, TimeoutError) as error:
            raise self._unsure(request, f"{name} did not answer in full.", type(error).__name__) from None
        return self._judge(request, response)

    def _elsewhere(self, response: httpx.Response) -> httpx.URL:
        """Where a vendor keeps a file: over TLS, or on the host that was asked."""
        target = response.url.join(response.headers.get("location", ""))
        if target.scheme != "https" and target.netloc != response.url.netloc:
            raise VendorUnavailable(f"{self.facts.name} pointed to another site.", cause="foreign address")
        return target

    def _judge(self, request: _Request, response: httpx.Response) -> Answer:
        name, status = self.facts.name, response.status_code
        is_raw = request.is_raw and status < 300
        try:
            data = response.json() if response.content.strip() and not is_raw else None
        except (jsonlib.JSONDecodeError, UnicodeDecodeError) as error:
            if status < 400:
                cause = type(error).__name__
                raise self._unsure(request, f"{name} answered something unreadable.", cause, status) from None
            data = None
        if 300 <= status < 400 and status != 304:
            raise self._unsure(request, f"{name} pointed elsewhere instead of answering.", "redirect", status)
        if data is None and status == 200 and request.kind == "read" and request.method != "HEAD" and not is_raw:
            raise self._unsure(request, f"{name} answered nothing.", "empty body", status)
        text = _text(response) if is_raw else response.text[:2000]
        answer = Answer(status, response.headers, data, text, response.content)
        error_of_vendor = self._error(answer, request.may_hold_errors)
        if error_of_vendor is None:
            return answer
        if status >= 500 or status in (408, 425) or isinstance(error_of_vendor, VendorUnavailable):
            raise self._unsure(request, f"{name} is having trouble.", error_of_vendor.cause, status)
        raise error_of_vendor

    def _error(self, answer: Answer, may_hold_errors: bool) -> VendorError | None:
        try:
            said = self.facts.error(answer)
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            _log.warning("error_unreadable", integration=self.facts.key, status=answer.status, exc_info=error)
            unreadable = VendorUnavailable("It answered something unreadable.", cause=type(error).__name__)
            said = unreadable if answer.status < 400 else None
        if said is None and answer.status < 400 and isinstance(answer.data, Mapping) and not may_hold_errors:
            inside = next((answer.data[name] for name in _ERRORS if answer.data.get(name)), None)
            said = VendorUnavailable("It answered with an error.", cause=str(inside)[:300]) if inside else None
        return said or (by_status(self.facts.name, answer) if answer.status >= 400 else None)

    def _unsure(self, request: _Request, message: str, cause: str, status: int = 0) -> VendorError:
        if request.kind == "read":
            return VendorUnavailable(message, status=status, cause=cause, next_step="Try again in a minute.")
        return OutcomeUnknown(message, status=status, cause=cause)


def _text(response: httpx.Response) -> str:
    """The whole text of a raw answer that is text."""
    return response.text if response.headers.get("content-type", "").startswith(("text/", "application/json")) else ""


class _Resting(VendorUnavailable):
    """The breaker is open: nothing was sent, and a retry would be turned away as well."""


@dataclass(frozen=True)
class _Body:
    form: Mapping[str, Any]
    content: bytes | None
    files: Mapping[str, tuple[str, bytes, str]] | None


@dataclass(frozen=True)
class _Request:
    method: str
    url: str
    params: Mapping[str, Any]
    json: Any
    body: _Body
    headers: Mapping[str, str]
    kind: Kind
    is_repeatable: bool
    has_key: bool
    is_raw: bool
    site: str
    may_hold_errors: bool


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
    value = httpx.Headers(dict(headers)).get("Retry-After")
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            date = parsedate_to_datetime(value)
        except ValueError:
            return None
        seconds = (date.replace(tzinfo=date.tzinfo or UTC) - (now or datetime.now(UTC))).total_seconds()
    return max(0.0, seconds) if math.isfinite(seconds) else None


def _backoff(attempt: int) -> float:
    return float(BACKOFF_S * 2 ** (attempt - 1) * random.uniform(0.5, 1.5))  # noqa: S311 - jitter, no secret


def _clean(values: Mapping[str, Any] | None) -> dict[str, Any]:
    return {name: value for name, value in (values or {}).items() if value is not None}
