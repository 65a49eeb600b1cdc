"""What all of the workspace's resources share: errors, teammates, search, signatures."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sandbox.company import Person
from sandbox.exchange import Answer, Call, Json, Refusal, page
from sandbox.grant import Grant, ident
from sandbox.oauth import OAuth
from sandbox.vendor import Vendor, route
from sandbox.vendors.intercom.seed import TAGS, TEAMS, is_admin, number, seconds, seed_intercom

APP = "fw7k2q9d"
GATE = {
    "unauthenticated": (401, "unauthorized", "Access Token Invalid"),
    "invalid_token": (401, "unauthorized", "Access Token Invalid"),
    "revoked": (401, "token_revoked", "Access Token Revoked"),
    "expired": (401, "token_expired", "Access Token Expired"),
    "server_error": (500, "server_error", "An unexpected error occurred."),
    "no_route": (404, "not_found", "The requested resource was not found."),
    "invalid_body": (400, "bad_request", "The request body could not be parsed."),
    "missing_scope": (403, "token_unauthorized", "Not authorized to access resource"),
}
CODES = {403: "action_forbidden", 404: "not_found", 409: "conflict", 422: "parameter_invalid"}


class Base(Vendor):
    """One workspace."""

    hosts = ("https://api.intercom.io", "https://app.intercom.com")
    oauth = OAuth("/oauth", "/auth/eagle/token", expires_in=None, refresh=False)

    def seed(self) -> Json:
        """Customers, conversations, tickets, articles."""
        return seed_intercom(self.world.story)

    def refuse(self, refusal: Refusal) -> Answer:
        """Intercom's list of errors."""
        usual = (refusal.status, refusal.detail.get("code") or CODES.get(refusal.status, "parameter_invalid"))
        status, code, message = GATE.get(refusal.kind, (*usual, refusal.message))
        headers: dict[str, str] = {}
        if refusal.kind == "rate_limited":
            status, code, message = 429, "rate_limit_exceeded", "Exceeded rate limit of 1667 in 10_seconds"
            ends = int(self.world.time().timestamp()) + int(refusal.detail.get("retry_after", 1))
            headers = {"x-ratelimit-limit": "1667", "x-ratelimit-remaining": "0", "x-ratelimit-reset": str(ends)}
        error: Json = {"code": code, "message": message}
        if name := refusal.detail.get("name"):
            error |= {"code": "parameter_not_found" if refusal.kind == "missing" else code, "field": name}
        mark = str(UUID(ident(32, len(self.requests), alphabet="0123456789abcdef")))
        return Answer(status, {"type": "error.list", "request_id": mark, "errors": [error]}, headers)

    def token_answer(self, grant: Grant) -> Json:
        """A token has no end."""
        return {"token_type": "Bearer", "token": grant.token, "access_token": grant.token}

    def sign(self, secret: str, body: bytes, about: Mapping[str, Any]) -> dict[str, str]:
        """The hex HMAC-SHA1 of the body."""
        return {"x-hub-signature": "sha1=" + hmac.new(secret.encode(), body, hashlib.sha1).hexdigest()}

    def tell(self, topic: str, item: Json) -> None:
        """Emit one notification."""
        mark = f"notif_{self.ident(24, self.count('notification'), alphabet='0123456789abcdef')}"
        self.emit(
            {
                "type": "notification_event", "app_id": APP, "id": mark, "topic": topic, "created_at": self.now(),
                "data": {"type": "notification_event_data", "item": item}, "delivery_attempts": 1,
            }
        )  # fmt: skip

    def now(self) -> int:
        """The present moment."""
        return seconds(self.world.time())

    # teammates, teams, tags

    @property
    def admins(self) -> dict[int, Person]:
        """Those with a seat, by id."""
        people = [person for person in self.company.people if is_admin(person, self.company.default)]
        return {number("admin", person.email): person for person in people}

    def as_admin(self, own: int) -> Json:
        """A teammate."""
        person = self.admins[own]
        return {
            "type": "admin", "id": str(own), "name": person.name, "email": person.email, "job_title": person.title,
            "away_mode_enabled": False, "away_mode_reassign": False, "has_inbox_seat": True,
            "team_ids": [number("team", team) for team, its in TEAMS.items() if its == person.team],
        }  # fmt: skip

    @route("GET", "/me")
    def me(self, call: Call) -> Json:
        """Who is signed in, and their workspace."""
        own = number("admin", call.person.email)
        if own not in self.admins:
            raise Refusal("missing_scope", status=403)
        app = {"type": "app", "id_code": APP, "name": "Fernwick", "region": "US", "timezone": "Europe/London"}
        return {**self.as_admin(own), "email_verified": True, "app": {**app, "created_at": seconds(self.world.now)}}

    @route("GET", "/admins")
    def list_admins(self, call: Call) -> Json:
        """All teammates."""
        return {"type": "admin.list", "admins": [self.as_admin(own) for own in self.admins]}

    @route("GET", "/teams")
    def list_teams(self, call: Call) -> Json:
        """All teams."""
        teams = [
            {"type": "team", "id": str(number("team", team)), "name": team,
             "admin_ids": [own for own, person in self.admins.items() if person.team == its]}
            for team, its in TEAMS.items()
        ]  # fmt: skip
        return {"type": "team.list", "teams": teams}

    @route("GET", "/tags")
    def list_tags(self, call: Call) -> Json:
        """All tags."""
        return {"type": "list", "data": [self.as_tag(tag) for tag in TAGS]}

    def as_tag(self, tag: str) -> Json:
        """A tag."""
        return {"type": "tag", "id": str(number("tag", tag)), "name": tag}

    # search

    def found(self, call: Call, rows: Sequence[Json], value: Callable[[Json, str], Any]) -> tuple[list[Json], Json]:
        """The page of the rows that fit the query, and where the next one is."""
        query, paging = call.need("query"), call.get("pagination") or {}
        fits = [row for row in rows if self._fits(row, query, value)]
        sort = call.get("sort") or {"field": "updated_at", "order": "descending"}
        fits.sort(key=lambda row: value(row, sort["field"]) or 0, reverse=sort.get("order") == "descending")
        size = paging.get("per_page", 20)
        if not isinstance(size, int) or not 0 < size <= 150:
            raise Refusal("invalid", "Per Page is too big", name="per_page")
        some, mark = page(fits, paging.get("starting_after"), size)
        pages = {"type": "pages", "page": 1, "per_page": size, "total_pages": -(-len(fits) // size)}
        return some, {
            "total_count": len(fits),
            "pages": pages | ({"next": {"per_page": size, "starting_after": mark}} if mark else {}),
        }

    def _fits(self, row: Json, query: Json, value: Callable[[Json, str], Any]) -> bool:
        operator, wanted = query.get("operator"), query.get("value")
        if operator in ("AND", "OR"):
            if not isinstance(wanted, list) or len(wanted) > 15:
                raise Refusal("invalid", "A query takes 15 conditions at the most", name="query")
            return (all if operator == "AND" else any)(self._fits(row, one, value) for one in wanted)
        has = value(row, str(query.get("field")))
        many = [str(one) for one in has] if isinstance(has, list) else [str(has if has is not None else "")]
        given = [str(one) for one in wanted] if isinstance(wanted, list) else [str(wanted)]
        if operator in ("=", "IN"):
            return any(_same(one, other) for one in many for other in given)
        if operator in ("!=", "NIN"):
            return not any(_same(one, other) for one in many for other in given)
        if operator in (">", "<"):
            return has is not None and (int(has) > int(given[0]) if operator == ">" else int(has) < int(given[0]))
        if operator == "~":
            text = " ".join(many).casefold()
            return all(part in text for part in given[0].casefold().split())
        raise Refusal("invalid", f"{operator} is no operator", name="operator")


def _same(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()
