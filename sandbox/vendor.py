"""What every simulated vendor shares: routes, who is calling, faults, records of the requests."""

from __future__ import annotations

import base64
import binascii
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.exchange import Answer, Call, Json, Refusal, parse_body, parse_form
from sandbox.fault import Fault, render
from sandbox.grant import ALPHABET, Grant, ident
from sandbox.hook import Hooks
from sandbox.oauth import OAuth
from sandbox.world import World

Handler = Callable[..., Any]
H = TypeVar("H", bound=Handler)


@dataclass(frozen=True)
class Endpoint:
    """A declared route: `scope` lists alternatives of which the token needs one."""

    methods: tuple[str, ...]
    path: str
    scope: tuple[str, ...]
    is_public: bool
    is_based: bool


def route(methods: str, path: str, *, scope: str = "", public: bool = False, based: bool = True) -> Callable[[H], H]:
    """Declare a handler `(self, call) -> Answer | dict | list | None`.

    `methods` is `"GET"` or `"GET POST"`; `scope` is `"a"` or `"a b"` for one of them; `public` asks for no
    token; a path that is not `based` does not stand under the vendor's `base`.
    """

    def declare(handler: H) -> H:
        endpoint = Endpoint(tuple(methods.split()), path, tuple(scope.split()), public, based)
        handler.__dict__.setdefault("endpoints", []).append(endpoint)
        return handler

    return declare


class Vendor:
    """One vendor; a subclass sets the class attributes, `seed`, its routes, and `refuse`."""

    key: ClassVar[str]
    hosts: ClassVar[tuple[str, ...]]  # the real addresses, e.g. "https://api.stripe.com"; their paths are kept
    base: ClassVar[str] = ""  # a prefix that every route stands under, e.g. "/ex/jira/{cloud_id}"
    oauth: ClassVar[OAuth | None] = None
    slots: ClassVar[Mapping[str, str]] = {}  # what the real address has of the company's own, filled in in `hosts`
    limit: tuple[int, float] | None = None  # so many calls in so many seconds

    def __init__(self, world: World) -> None:
        self.world = world
        self.company = world.company
        self.faults: list[Fault] = []
        self.requests: deque[Json] = deque(maxlen=500)
        self.hooks = Hooks(self.sign)
        self._calls: deque[float] = deque()

    def seed(self) -> Json:
        """The vendor's whole state at the start, from `self.company` and `self.world.story`."""
        raise Refusal("server_error", f"{self.key} has no seed")

    def refuse(self, refusal: Refusal) -> Answer:
        """A refusal in the vendor's own words."""
        status = {
            "unauthenticated": 401,
            "invalid_token": 401,
            "expired": 401,
            "revoked": 401,
            "missing_scope": 403,
            "rate_limited": 429,
            "server_error": 500,
            "no_route": 404,
        }.get(refusal.kind, refusal.status)
        return Answer(status, {"error": refusal.kind, "message": refusal.message})

    def refuse_token(self, refusal: Refusal) -> Answer:
        """What the token endpoint answers to a wrong code or refresh token."""
        return Answer(400, {"error": refusal.kind, "error_description": refusal.message})

    def sign(self, secret: str, body: bytes, about: Mapping[str, Any]) -> dict[str, str]:
        """The headers that a webhook delivery carries."""
        return {}

    def new_token(self, grant: Grant, serial: int) -> str:
        """How an access token of this vendor looks."""
        return f"{self.key}_{ident(32, self.key, grant.email, grant.kind, serial)}"

    def token_answer(self, grant: Grant) -> Json:
        """What the token endpoint answers."""
        answer: Json = {
            "access_token": grant.token,
            "token_type": "Bearer",
            "scope": (self.oauth.separator if self.oauth else " ").join(grant.scopes or []),
        }
        if grant.expires_at is not None:
            answer["expires_in"] = max(0, round(grant.expires_at - self.world.time().timestamp()))
        if grant.refresh:
            answer["refresh_token"] = grant.refresh
        return answer

    def secret(self, grant: Grant) -> Json:
        """What a person is granted or would paste, by the names that a connector has for it."""
        return {"access_token": grant.token, "refresh_token": grant.refresh, "token": grant.token}

    def credential(self, call: Call) -> str | None:
        """The token that a request carries: a bearer, a `token`, or the name of basic auth."""
        scheme, _, value = call.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "basic":
            try:
                return base64.b64decode(value).decode().partition(":")[0]
            except (binascii.Error, ValueError):
                return None
        return value.strip() or None if scheme.lower() in ("bearer", "token") else None

    def answer(self, call: Call, endpoint: Endpoint, handler: Handler) -> Answer:
        """Carry one authorised request out; override to wrap every call (idempotency keys)."""
        result = handler(self, call)
        if isinstance(result, Answer):
            return result
        return Answer(204) if result is None else Answer(200, result)

    # for handlers

    @property
    def state(self) -> Json:
        """What the vendor holds; JSON-able, written to the state file, and made when it is first asked for."""
        self._begin()
        state: Json = self.world.sections[self.key]
        return state

    def _begin(self) -> None:
        if self.key not in self.world.sections:
            self.reset()

    def count(self, name: str, first: int = 1) -> int:
        """The next number of a series."""
        self._begin()
        return self.world.count(self.key, name, first)

    def ident(self, length: int, *parts: object, alphabet: str = ALPHABET) -> str:
        """A stable id that depends on the vendor and `parts`."""
        return ident(length, self.key, *parts, alphabet=alphabet)

    def emit(self, payload: Any, **about: Any) -> None:
        """Deliver a webhook event to whoever registered."""
        self.hooks.emit(payload, **about)

    # for the framework

    def reset(self) -> None:
        """Forget every change."""
        self.world.sections[self.key] = {}
        self.world.sections.setdefault("_counters", {}).pop(self.key, None)
        self.world.sections[self.key] = self.seed()

    def give_token(
        self,
        email: str,
        kind: str = "user",
        scopes: Sequence[str] | None = None,
        expires_in: float | None = None,
        refresh: bool = False,
    ) -> Grant:
        """Make a token for a person."""
        serial = self.world.grants.serial()
        now = self.world.time().timestamp()
        grant = Grant(
            "",
            self.key,
            email,
            kind,
            None if scopes is None else list(scopes),
            None if expires_in is None else now + expires_in,
        )
        grant.token = self.new_token(grant, serial)
        grant.refresh = f"{self.key}_refresh_{self.ident(40, email, serial)}" if refresh else None
        return self.world.grants.issue(grant)

    def routes(self) -> list[Route]:
        """The Starlette routes: literal segments before parameters, a refusal for what is unknown."""
        found = []
        for name in dir(type(self)):
            handler = getattr(type(self), name)
            for endpoint in getattr(handler, "endpoints", []):
                path = (self.base if endpoint.is_based else "") + endpoint.path
                found.append((path, endpoint, handler))
        found.sort(key=lambda row: [part.startswith("{") for part in row[0].split("/")])
        routes = [
            Route(path, self._serve(endpoint, handler), methods=list(endpoint.methods))
            for path, endpoint, handler in found
        ]
        if self.oauth:
            routes = self.oauth.routes(self) + routes
        everything = Endpoint((), "", (), True, False)
        methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]
        return [*routes, Route("/{rest:path}", self._serve(everything, _unknown), methods=methods)]

    def _serve(self, endpoint: Endpoint, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        async def view(request: Request) -> Response:
            return await self._respond(request, endpoint, handler)

        return view

    async def _respond(self, request: Request, endpoint: Endpoint, handler: Handler) -> Response:
        path = request.url.path.removeprefix(f"/{self.key}")
        call = Call(
            request.method,
            path,
            request.path_params,
            request.query_params.multi_items(),
            request.headers,
            await request.body(),
            await parse_form(request),
        )
        fault = self._take_fault(call)
        answer = Answer()
        if fault is None or fault.has_effect:
            answer = self._attempt(call, endpoint, handler)
        if fault:
            await fault.delay()
            if refusal := fault.refusal():
                answer = fault.worded(self.refuse(refusal))
        if call.method != "GET":
            self.world.save()
        self._record(call, answer, fault)
        return fault.spoil(answer) if fault else render(answer)

    def _attempt(self, call: Call, endpoint: Endpoint, handler: Handler) -> Answer:
        try:
            self._check_limit()
            if call.body is None:
                call.body = parse_body(call.raw, call.headers.get("content-type", ""))
            if not endpoint.is_public:
                self._authenticate(call, endpoint)
            return self.answer(call, endpoint, handler)
        except Refusal as refusal:
            return self.refuse(refusal)

    def _authenticate(self, call: Call, endpoint: Endpoint) -> None:
        token = self.credential(call)
        if not token:
            raise Refusal("unauthenticated", "no token", status=401)
        grant = self.world.grants.find(self.key, token)
        if grant is None:
            raise Refusal("invalid_token", "unknown token", status=401)
        if grant.revoked:
            raise Refusal("revoked", "the token was revoked", status=401)
        if grant.expires_at is not None and grant.expires_at <= self.world.time().timestamp():
            raise Refusal("expired", "the token has expired", status=401)
        if endpoint.scope and grant.scopes is not None and not set(endpoint.scope) & set(grant.scopes):
            provided = ",".join(grant.scopes)
            raise Refusal("missing_scope", status=403, needed=endpoint.scope[0], provided=provided)
        call.grant = grant
        call.caller = self.company.by_email[grant.email]

    def _check_limit(self) -> None:
        if self.limit is None:
            return
        calls, per_s = self.limit
        now = time.monotonic()
        while self._calls and self._calls[0] <= now - per_s:
            self._calls.popleft()
        if len(self._calls) >= calls:
            wait = self._calls[0] + per_s - now
            raise Refusal("rate_limited", status=429, retry_after=max(1, round(wait + 0.5)))
        self._calls.append(now)

    def _take_fault(self, call: Call) -> Fault | None:
        fault = next((fault for fault in self.faults if fault.fits(call.method, call.path)), None)
        if fault:
            fault.times -= 1
            self.faults = [fault for fault in self.faults if fault.times > 0]
        return fault

    def _record(self, call: Call, answer: Answer, fault: Fault | None) -> None:
        headers = {name: value for name, value in call.headers.items() if name != "cookie"}
        if "authorization" in headers:
            headers["authorization"] = headers["authorization"].split()[0] + " …"
        self.requests.append(
            {
                "method": call.method,
                "path": call.path,
                "query": call.pairs,
                "headers": headers,
                "body": call.raw.decode(errors="replace"),
                "status": answer.status,
                "answer": f"{len(answer.body)} bytes" if isinstance(answer.body, bytes) else answer.body,
                "fault": fault.kind if fault else None,
            }
        )


def _unknown(vendor: Vendor, call: Call) -> Answer:
    raise Refusal("no_route", f"there is no {call.method} {call.path}", status=404, path=call.path)
