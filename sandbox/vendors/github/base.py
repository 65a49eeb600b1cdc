"""What GitHub's routes share: scopes, errors, pages, signatures, repositories."""

from __future__ import annotations

import hashlib
import hmac
import math
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from sandbox.exchange import Answer, Call, Json, Refusal
from sandbox.grant import MIXED, Grant
from sandbox.oauth import OAuth
from sandbox.vendor import Vendor
from sandbox.vendors.github.seed import seed_github
from sandbox.vendors.github.shape import Shape, stamp

DOCS = "https://docs.github.com/rest"
NOT_SIGNED_IN = ("unauthenticated", "invalid_token", "expired", "revoked")


def invalid(message: str, *errors: Json) -> Refusal:
    """A 422."""
    return Refusal("invalid", message, status=422, errors=list(errors))


class Organisation(Vendor):
    """What all routes share."""

    key = "github"
    hosts = ("https://api.github.com", "https://github.com")
    oauth = OAuth(authorize="/login/oauth/authorize", token="/login/oauth/access_token", expires_in=None, refresh=False)

    def seed(self) -> Json:
        """Repositories, issues, pull requests and runs of the story."""
        return seed_github(self.company, self.world.story)

    @property
    def shape(self) -> Shape:
        """How things look on the wire."""
        return Shape(self.company, self.state)

    def refuse(self, refusal: Refusal) -> Answer:
        """`{message, documentation_url, status}`; the primary rate limit is a 403."""
        if refusal.kind == "rate_limited":
            ends = math.ceil(self.world.time().timestamp() + float(refusal.detail.get("retry_after", 1)))
            headers = {"x-ratelimit-limit": "5000", "x-ratelimit-remaining": "0", "x-ratelimit-reset": str(ends)}
            return Answer(403, _body("API rate limit exceeded for user.", 403), headers)
        if refusal.kind in NOT_SIGNED_IN:
            return Answer(401, _body("Bad credentials", 401))
        if refusal.kind in ("no_route", "missing_scope"):
            return Answer(404, _body("Not Found", 404))
        if refusal.kind == "server_error":
            return Answer(500, _body("Server Error", 500))
        if refusal.kind == "missing":
            name = refusal.detail["name"]
            refusal = invalid("Validation Failed", {"resource": "Issue", "field": name, "code": "missing_field"})
        if refusal.kind == "invalid_body":
            return Answer(400, _body("Problems parsing JSON", 400))
        body = _body(refusal.message, refusal.status)
        if refusal.detail.get("errors"):
            body["errors"] = refusal.detail["errors"]
        return Answer(refusal.status, body)

    def refuse_token(self, refusal: Refusal) -> Answer:
        """An error with status 200."""
        kind = "bad_verification_code" if refusal.kind == "invalid_grant" else refusal.kind
        return Answer(200, {"error": kind, "error_description": refusal.message})

    def new_token(self, grant: Grant, serial: int) -> str:
        """`gho_` and 36 characters."""
        return f"gho_{self.ident(36, grant.email, serial, alphabet=MIXED)}"

    def token_answer(self, grant: Grant) -> Json:
        """Scopes parted by commas, no expiry."""
        return {"access_token": grant.token, "token_type": "bearer", "scope": ",".join(grant.scopes or [])}

    def sign(self, secret: str, body: bytes, about: Mapping[str, Any]) -> dict[str, str]:
        """The event, the delivery's id, and the HMAC of the body."""
        digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        return {
            "x-github-event": str(about.get("event", "")), "x-github-delivery": str(about.get("delivery", "")),
            "x-hub-signature-256": f"sha256={digest}",
        }  # fmt: skip

    def tell(self, call: Call, event: str, action: str, **what: Any) -> None:
        """Deliver a webhook."""
        payload = {"action": action, **what, "sender": self.shape.user(call.person.github)}
        payload["organization"] = {"login": self.company.slug}
        self.emit(payload, event=event, delivery=str(uuid.uuid5(uuid.NAMESPACE_URL, str(self.count("delivery")))))

    def now(self) -> str:
        """The present moment as GitHub writes it."""
        return stamp(self.world.time())

    def visible(self, call: Call) -> list[str]:
        """The repositories that the token shows: private ones need the scope `repo`."""
        scopes = call.grant.scopes if call.grant else []
        sees_all = scopes is None or "repo" in scopes
        return [name for name, row in self.state["repos"].items() if sees_all or not row["private"]]

    def repo_of(self, call: Call) -> str:
        """The repository of the path."""
        name = str(call.params["repo"])
        if call.params["owner"].lower() != self.company.slug or name not in self.visible(call):
            raise Refusal("no_route", status=404)
        return name

    def row(self, call: Call, table: str, number: str) -> Json:
        """The issue or pull request of the path."""
        found: Json | None = self.state[table].get(f"{self.repo_of(call)}#{call.params[number]}")
        if found is None:
            raise Refusal("no_route", status=404)
        return found

    def login(self, text: str) -> str:
        """The login of a member, however it is written."""
        found = next((login for login in self.shape.by_login if login.lower() == text.lower()), None)
        if found is None:
            raise invalid(
                "Validation Failed", {"resource": "Issue", "field": "assignees", "code": "invalid", "value": text}
            )
        return found

    def page(self, call: Call, rows: Sequence[Any], show: Callable[[Any], Any], wrap: str = "", **more: Any) -> Answer:
        """One page, with a Link header where there is another; `wrap` names the list in an object."""
        size, number = max(1, call.whole("per_page", 30, top=100)), max(1, call.whole("page", 1, top=10_000))
        part = [show(row) for row in rows[(number - 1) * size : number * size]]
        headers = {}
        if number * size < len(rows):
            pairs = [(name, value) for name, value in call.pairs if name != "page"]
            following = urlencode([*pairs, ("page", number + 1)])
            address = f"http://{call.headers['host']}/{self.key}{call.path}?{following}"
            headers["link"] = f'<{address}>; rel="next"'
        return Answer(200, {"total_count": len(rows), wrap: part, **more} if wrap else part, headers)


def _body(message: str, status: int) -> Json:
    return {"message": message, "documentation_url": DOCS, "status": str(status)}
