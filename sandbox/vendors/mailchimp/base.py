"""What all of Mailchimp's resources share: problem details, the data centre, forms that tell of events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from sandbox.exchange import Answer, Call, Json, Refusal
from sandbox.grant import Grant, ident
from sandbox.oauth import OAuth
from sandbox.vendor import Endpoint, Handler, Vendor, route
from sandbox.vendors.mailchimp.seed import seed_mailchimp

DC = "us14"
DOCS = "https://mailchimp.com/developer/marketing/docs/errors/"
GATE = {
    "unauthenticated": (401, "API Key Missing", "Your request did not include an API key."),
    "invalid_token": (401, "API Key Invalid", "Your API key may be invalid, or you've attempted the wrong datacenter."),
    "expired": (401, "API Key Invalid", "Your API key may be invalid, or you've attempted the wrong datacenter."),
    "revoked": (401, "API Key Invalid", "Your API key may be invalid, or you've attempted the wrong datacenter."),
    "rate_limited": (429, "Too Many Requests", "You have exceeded the limit of 10 simultaneous connections."),
    "server_error": (500, "Internal Server Error", "An unexpected internal error has occurred."),
    "no_route": (404, "Resource Not Found", "The requested resource could not be found."),
    "invalid_body": (400, "JSON Parse Error", "We encountered an unspecified JSON parsing error."),
}
TITLES = {403: "User Not Permitted", 404: "Resource Not Found", 409: "Conflict", 422: "Invalid Resource"}


def refused(title: str, detail: str, **fields: str) -> Refusal:
    """A refusal with Mailchimp's title, and what is wrong with which field."""
    errors = [{"field": name, "message": why} for name, why in fields.items()]
    return Refusal("refused", detail, title=title, errors=errors)


class Base(Vendor):
    """One account."""

    hosts = (f"https://{DC}.api.mailchimp.com", "https://login.mailchimp.com")
    base = "/3.0"
    oauth = OAuth("/oauth2/authorize", "/oauth2/token", expires_in=None, refresh=False)

    def seed(self) -> Json:
        """Audiences and campaigns."""
        return seed_mailchimp(self.world.story)

    def refuse(self, refusal: Refusal) -> Answer:
        """Problem details."""
        status, title, detail = GATE.get(
            refusal.kind,
            (
                refusal.status,
                refusal.detail.get("title") or TITLES.get(refusal.status, "Invalid Resource"),
                refusal.message,
            ),
        )
        mark = ident(32, len(self.requests), alphabet="0123456789abcdef")
        body: Json = {"type": DOCS, "title": title, "status": status, "detail": detail, "instance": mark}
        if refusal.detail.get("errors"):
            body["errors"] = refusal.detail["errors"]
        return Answer(status, body, {"content-type": "application/problem+json; charset=utf-8"})

    def token_answer(self, grant: Grant) -> Json:
        """A token has no end."""
        return {"access_token": grant.token, "expires_in": 0, "scope": None}

    def answer(self, call: Call, endpoint: Endpoint, handler: Handler) -> Answer:
        """Pages hold a thousand at the most."""
        if not 0 <= int(call.get("count") or 10) <= 1000:
            raise refused("Invalid Resource", "The resource submitted could not be validated.", count="at most 1000")
        return super().answer(call, endpoint, handler)

    def page(self, call: Call, rows: Sequence[Any]) -> list[Any]:
        """The part of a list that `offset` and `count` ask for."""
        start, size = call.whole("offset", 0, 1_000_000), call.whole("count", 10, 1000)
        return list(rows[start : start + size])

    def tell(self, kind: str, **data: Any) -> None:
        """Emit a form."""
        fields = {"type": kind, "fired_at": f"{self.world.time():%Y-%m-%d %H:%M:%S}"}
        fields |= {f"data[{name}]": str(value) for name, value in data.items()}
        self.emit(urlencode(fields))

    def sign(self, secret: str, body: bytes, about: Any) -> dict[str, str]:
        """Nothing is signed: the secret lies in the address."""
        return {"content-type": "application/x-www-form-urlencoded"}

    @route("GET", "/oauth2/metadata", based=False)
    def metadata(self, call: Call) -> Json:
        """Who signed in, and the data centre of the account."""
        return {
            "dc": DC, "role": "owner", "accountname": "Fernwick", "user_id": 40417291,
            "login": {"email": call.person.email, "login_name": call.person.email},
            "login_url": "https://login.mailchimp.com", "api_endpoint": f"https://{DC}.api.mailchimp.com",
        }  # fmt: skip

    @route("GET", "/ping")
    def ping(self, call: Call) -> Json:
        """All is well."""
        return {"health_status": "Everything's Chimpy!"}
