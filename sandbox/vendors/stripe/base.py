"""What all of Stripe's endpoints share: errors, keys, idempotency, lists, search, expansion, events."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from sandbox.exchange import Answer, Call, Json, Refusal, page
from sandbox.grant import MIXED, Grant
from sandbox.vendor import Endpoint, Handler, Vendor
from sandbox.vendors.stripe.query import Query
from sandbox.vendors.stripe.seed import seed_stripe
from sandbox.vendors.stripe.shape import Shape

VERSION = "2023-08-16"
STATUS = {
    "unauthenticated": 401, "invalid_token": 401, "expired": 401, "revoked": 401, "missing_scope": 403,
    "resource_missing": 404, "no_route": 404, "rate_limited": 429, "server_error": 500, "key_in_use": 409,
}  # fmt: skip
CODES = {
    "expired": "api_key_expired", "rate_limited": "rate_limit", "missing": "parameter_missing",
    "invalid": "parameter_invalid_integer", "key_in_use": "idempotency_key_in_use",
}  # fmt: skip
CODELESS = ("unauthenticated", "invalid_token", "revoked", "missing_scope", "server_error", "no_route", "invalid_body")
KINDS = {
    "cus": "customers", "prod": "products", "price": "prices", "in": "invoices", "ii": "invoiceitems",
    "pi": "payment_intents", "ch": "charges", "re": "refunds", "sub": "subscriptions", "plink": "payment_links",
}  # fmt: skip


class Ledger(Vendor):
    """An account of Stripe: every object by its id, in the form in which it goes over the wire."""

    key = "stripe"
    hosts = ("https://api.stripe.com",)

    def seed(self) -> Json:
        """Customers, prices, invoices, payments and subscriptions of the story."""
        return seed_stripe(self.company, self.world.story, self.shape)

    @property
    def shape(self) -> Shape:
        """How things look on the wire."""
        return Shape(self.ident)

    @property
    def now(self) -> int:
        """The present moment in Unix seconds."""
        return int(self.world.time().timestamp())

    def refuse(self, refusal: Refusal) -> Answer:
        """`{error: {type, code, message, param}}`."""
        kind = refusal.kind
        status = STATUS.get(kind, refusal.status)
        error: Json = {"type": "api_error" if status >= 500 else "invalid_request_error", "message": refusal.message}
        error["type"] = refusal.detail.get("type", error["type"])
        if kind == "missing":
            error["message"] = f"Missing required param: {refusal.detail['name']}."
        if kind == "missing_scope":
            error["message"] = (
                f"The provided key does not have the required permission 'rak_{refusal.detail['needed']}'."
            )
        if kind not in CODELESS:
            error["code"] = CODES.get(kind, kind)
        param = refusal.detail.get("param") or refusal.detail.get("name")
        error |= {"param": param} if param else {}
        headers = {"stripe-should-retry": "true"} if status in (409, 429) else {}
        return Answer(status, {"error": error}, headers)

    def sign(self, secret: str, body: bytes, about: Mapping[str, Any]) -> dict[str, str]:
        """Time and HMAC in one header."""
        stamp = str(self.now)
        digest = hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
        return {"stripe-signature": f"t={stamp},v1={digest}"}

    def new_token(self, grant: Grant, serial: int) -> str:
        """`sk_test_`, or `rk_test_` for a key with permissions of its own."""
        kind = "sk" if grant.scopes is None else "rk"
        return f"{kind}_test_{self.ident(32, grant.email, serial, alphabet=MIXED)}"

    def answer(self, call: Call, endpoint: Endpoint, handler: Handler) -> Answer:
        """A request with a known idempotency key gets the first answer again."""
        key = call.headers.get("idempotency-key")
        if call.method == "GET" or not key:
            return super().answer(call, endpoint, handler)
        asked = hashlib.sha256(f"{call.method} {call.path} ".encode() + call.raw).hexdigest()
        known = self.state["idempotency"].get(key)
        if known and known["asked"] != asked:
            raise Refusal(
                "idempotency_key_reused",
                f"Keys for idempotent requests can only be used with the same parameters: {key}",
                type="idempotency_error",
            )  # fmt: skip
        if known:
            return Answer(known["status"], known["body"], {"idempotent-replayed": "true"})
        made = super().answer(call, endpoint, handler)
        self.state["idempotency"][key] = {"asked": asked, "status": made.status, "body": deepcopy(made.body)}
        return made

    def allow(self, call: Call, *names: str) -> None:
        """Refuse what is in the body and unknown to the endpoint."""
        given = call.body if isinstance(call.body, dict) else {}
        unknown = sorted(set(given) - set(names) - {"expand"})
        if unknown:
            raise Refusal("parameter_unknown", f"Received unknown parameter: {unknown[0]}", param=unknown[0])

    def thing(self, kind: str, number: Any, param: str) -> Json:
        """An object by id."""
        found: Json | None = self.state[kind].get(str(number))
        if found is None:
            name = kind.removesuffix("s")
            raise Refusal("resource_missing", f"No such {name}: '{number}'", param=param)
        return found

    def shown(self, call: Call, row: Json) -> Json:
        """A copy as it goes out, with what the caller wanted expanded."""
        copy = deepcopy(row)
        self._trim(copy)
        for path in self._expansions(call):
            self._expand(copy, path.split("."), path)
        return copy

    def listed(self, call: Call, rows: list[Json], url: str) -> Json:
        """One page of a list, newest first, after the object that `starting_after` names."""
        rows = sorted(rows, key=lambda row: (row["created"], row["id"]), reverse=True)
        limit = self._limit(call)
        if after := call.get("starting_after"):
            ids = [row["id"] for row in rows]
            if after not in ids:
                raise Refusal("resource_missing", f"No such object: '{after}'", param="starting_after")
            rows = rows[ids.index(after) + 1 :]
        part = {"object": "list", "data": rows[:limit], "has_more": len(rows) > limit, "url": url}
        return self.shown(call, part)

    def searched(self, call: Call, kind: str, url: str) -> Json:
        """One page of what fits a query."""
        query = Query.parse(str(call.need("query")), kind)
        rows = [row for row in self.state[kind].values() if query.fits(row)]
        rows.sort(key=lambda row: (row["created"], row["id"]), reverse=True)
        part, following = page(rows, call.get("page"), self._limit(call))
        found = {"object": "search_result", "data": part, "has_more": following is not None, "url": url}
        return self.shown(call, found | {"next_page": following})

    def within(self, call: Call, name: str, value: int | None) -> bool:
        """Whether a time lies in the range that the query asks for."""
        asked = call.get(name)
        if asked is None:
            return True
        if not isinstance(asked, dict):
            return value == int(asked)
        tests = {"gt": int.__gt__, "gte": int.__ge__, "lt": int.__lt__, "lte": int.__le__}
        return value is not None and all(tests[test](value, int(limit)) for test, limit in asked.items())

    def happened(self, kind: str, row: Json) -> None:
        """Tell the webhooks."""
        number = self.count("event")
        event = {
            "id": f"evt_{self.ident(24, 'event', number, alphabet=MIXED)}",
            "object": "event",
            "api_version": VERSION,
            "created": self.now,
            "data": {"object": deepcopy(row)},
            "livemode": False,
            "pending_webhooks": len(self.hooks.targets),
            "request": {"id": f"req_{self.ident(14, 'request', number, alphabet=MIXED)}", "idempotency_key": None},
            "type": kind,
        }
        self.state.setdefault("events", []).insert(0, event)
        self.emit(event, type=kind)

    def _limit(self, call: Call) -> int:
        limit = call.whole("limit", 10)
        if not 1 <= limit <= 100:
            raise Refusal("parameter_invalid_integer", "This value must be between 1 and 100.", param="limit")
        return limit

    def _expansions(self, call: Call) -> list[str]:
        asked = call.get("expand") or []
        return [str(path) for path in (asked if isinstance(asked, list) else [asked])]

    def _expand(self, node: Any, steps: list[str], whole: str) -> None:
        if len(whole.split(".")) > 4:
            raise Refusal(
                "invalid_expand", f"You cannot expand more than 4 levels of a property: {whole}", param="expand"
            )
        step, *rest = steps
        if isinstance(node, list):
            for item in node:
                self._expand(item, steps, whole)
            return
        if not isinstance(node, dict) or (step not in node and step != "line_items"):
            raise Refusal("invalid_expand", f"This property cannot be expanded ({whole}).", param="expand")
        if step == "line_items":
            rows = deepcopy(self.state["payment_links"][node["id"]]["line_items"])
            node[step] = {
                "object": "list",
                "data": rows,
                "has_more": False,
                "url": f"/v1/payment_links/{node['id']}/line_items",
            }
        if isinstance(node[step], str):
            node[step] = deepcopy(self.state[KINDS[node[step].partition("_")[0]]][node[step]])
        if rest and node[step] is not None:
            self._expand(node[step], rest, whole)

    def _trim(self, node: Any) -> None:
        """Line items of a payment link go out only when asked for, the time it was made never."""
        rows = node.get("data", []) if node.get("object") in ("list", "search_result") else [node]
        for row in rows:
            if row.get("object") == "payment_link":
                row.pop("line_items", None)
                row.pop("created", None)
