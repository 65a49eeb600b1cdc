"""Zendesk Support: tickets, comments, users, views, the incremental export, signed events."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from sandbox.exchange import Answer, Call, Json, Refusal, page
from sandbox.oauth import OAuth
from sandbox.vendor import Vendor, route
from sandbox.vendors.zendesk.query import PRIORITY, STATUS, Query
from sandbox.vendors.zendesk.seed import comment_row, seed_zendesk, stamp, ticket_row

INVALID = {
    "error": "invalid_token",
    "error_description": "The access token provided is expired, revoked, malformed or invalid for other reasons.",
}
BODIES: Mapping[int, tuple[str, str]] = {
    400: ("BadRequest", "Bad request"),
    403: ("Forbidden", "You do not have access to this page"),
    404: ("RecordNotFound", "Not found"),
    409: ("UpdateConflict", "Safe Update prevented the update due to outdated ticket data"),
    422: ("RecordInvalid", "Record validation errors"),
    429: ("APIRateLimitExceeded", "Number of allowed API requests per minute exceeded"),
    500: ("InternalError", "We are sorry, something went wrong"),
}
KINDS = {
    "rate_limited": 429, "server_error": 500, "no_route": 404, "not_found": 404, "missing": 422, "invalid": 422,
    "forbidden": 403, "conflict": 409, "invalid_body": 422,
}  # fmt: skip


class Zendesk(Vendor):
    """Fernwick's help desk for its customers."""

    key = "zendesk"
    hosts = ("https://fernwick.zendesk.com",)
    slots = {"subdomain": "fernwick"}
    oauth = OAuth("/oauth/authorizations/new", "/oauth/tokens")

    def seed(self) -> Json:
        return seed_zendesk(self.company, self.world.story)

    def refuse(self, refusal: Refusal) -> Answer:
        if refusal.kind in ("invalid_token", "expired", "revoked"):
            return Answer(401, INVALID)
        if refusal.kind == "unauthenticated":
            return Answer(401, {"error": "Couldn't authenticate you"})
        if refusal.kind == "missing_scope":
            needed = refusal.detail.get("needed", "")
            said = f"You are missing the following required scopes: {needed}"
            return Answer(403, {"error": "Forbidden", "description": said})
        status = KINDS.get(refusal.kind, refusal.status)
        error, said = BODIES.get(status, BODIES[400])
        body: Json = {"error": error, "description": said}
        if status == 422:
            field = str(refusal.detail.get("name") or "base")
            body["details"] = {field: [{"description": refusal.message, "error": "BlankValue"}]}
        headers = {"retry-after": str(refusal.detail.get("retry_after", 1))} if status == 429 else {}
        return Answer(status, body, headers)

    def sign(self, secret: str, body: bytes, about: Mapping[str, Any]) -> dict[str, str]:
        at = stamp(self.world.time())
        digest = hmac.new(secret.encode(), at.encode() + body, hashlib.sha256).digest()
        return {
            "x-zendesk-webhook-signature": base64.b64encode(digest).decode(),
            "x-zendesk-webhook-signature-timestamp": at,
        }

    @route("GET", "/api/v2/users/me", scope="read")
    def show_me(self, call: Call) -> Json:
        return {"user": self._me(call)}

    @route("GET", "/api/v2/users/search", scope="read")
    def search_users(self, call: Call) -> Json:
        self._agent(call)
        query = Query(str(call.get("query", "")), self.state, 0)
        rows = sorted((row for row in self.state["users"].values() if query.fits(row)), key=lambda row: row["name"])
        return self._numbered(call, "users", rows, ("organizations",))

    @route("GET", "/api/v2/users/{id}", scope="read")
    def show_user(self, call: Call) -> Json:
        self._agent(call)
        user = self._row("users", call.params["id"])
        return {"user": user} | self._beside(call, [user])

    @route("GET", "/api/v2/groups", scope="read")
    def list_groups(self, call: Call) -> Json:
        self._agent(call)
        return self._cursored(call, "groups", [*self.state["groups"].values()])

    @route("GET", "/api/v2/views", scope="read")
    def list_views(self, call: Call) -> Json:
        self._agent(call)
        rows = [{k: v for k, v in row.items() if k != "terms"} for row in self.state["views"].values()]
        return self._cursored(call, "views", rows)

    @route("GET", "/api/v2/views/{id}/tickets", scope="read")
    def list_view(self, call: Call) -> Json:
        me = self._agent(call)
        query = Query(self._row("views", call.params["id"])["terms"], self.state, me["id"])
        return self._cursored(call, "tickets", [row for row in self._tickets() if query.fits(row)])

    @route("GET", "/api/v2/search", scope="read")
    def search(self, call: Call) -> Json:
        me = self._agent(call)
        query = Query(str(call.need("query")), self.state, me["id"])
        tables = {"ticket": "tickets", "user": "users", "organization": "organizations"}
        kinds = [query.kind] if query.kind in tables else [*tables]
        rows = [
            row | {"result_type": kind}
            for kind in kinds
            for row in self.state[tables[kind]].values()
            if query.fits(row)
        ]
        if call.get("sort_by") == "created_at":
            rows.sort(key=lambda row: (row["created_at"], row["id"]), reverse=call.get("sort_order") != "asc")
        return self._numbered(call, "results", rows[:1000])

    @route("GET", "/api/v2/tickets", scope="read")
    def list_tickets(self, call: Call) -> Json:
        self._agent(call)
        rows = self._tickets()
        return self._cursored(call, "tickets", rows[::-1] if call.get("sort") == "-id" else rows)

    @route("POST", "/api/v2/tickets", scope="write")
    def create_ticket(self, call: Call) -> Answer:
        me, asked, key = self._agent(call), self._asked(call), call.headers.get("idempotency-key", "")
        if key in self.state["keys"]:
            return Answer(201, self.state["keys"][key], {"x-idempotency-lookup": "hit"})
        text = (asked.get("comment") or {}).get("body") or ""
        if not text:
            raise Refusal("invalid", "Description: cannot be blank", name="base")
        person = self._requester(asked, me)
        at = stamp(self.world.time())
        ticket = ticket_row(self.count("ticket", 4830), str(asked.get("subject") or text[:80]), text, person, at)
        ticket |= {"submitter_id": me["id"], "group_id": min(int(id) for id in self.state["groups"])}
        self._set(ticket, asked, me)
        comment = comment_row(self.count("comment", 88_100_001), person["id"], text, True, at)
        self.state["tickets"][str(ticket["id"])] = ticket
        self.state["comments"][str(ticket["id"])] = [comment]
        answer = self._changed(ticket, me, comment, "ticket.created")
        if key:
            self.state["keys"][key] = answer
        return Answer(201, answer, {"x-idempotency-lookup": "miss"})

    @route("GET", "/api/v2/tickets/{id}", scope="read")
    def show_ticket(self, call: Call) -> Json:
        self._agent(call)
        ticket = self._row("tickets", call.params["id"])
        return {"ticket": ticket} | self._beside(call, [ticket])

    @route("PUT", "/api/v2/tickets/{id}", scope="write")
    def update_ticket(self, call: Call) -> Json:
        me, asked = self._agent(call), self._asked(call)
        ticket = self._row("tickets", call.params["id"])
        if ticket["status"] == "closed":
            raise Refusal("invalid", "Status: closed prevents ticket update", name="status")
        if asked.get("safe_update") and asked.get("updated_stamp") != ticket["updated_at"]:
            raise Refusal("conflict")
        before = dict(ticket)
        self._set(ticket, asked, me)
        comment, said = asked.get("comment"), None
        if comment:
            at = stamp(self.world.time())
            is_public = bool(comment.get("public", True))
            said = comment_row(self.count("comment", 88_100_001), me["id"], comment["body"], is_public, at)
            self.state["comments"][str(ticket["id"])].append(said)
        ticket["updated_at"] = stamp(self.world.time())
        names = {"status": "status_changed", "priority": "priority_changed", "assignee_id": "agent_assignment_changed",
                 "group_id": "group_assignment_changed", "tags": "tags_changed"}  # fmt: skip
        kinds = [f"ticket.{kind}" for name, kind in names.items() if before[name] != ticket[name]]
        return self._changed(ticket, me, said, *kinds, *(["ticket.comment_added"] if said else []))

    @route("DELETE", "/api/v2/tickets/{id}", scope="write")
    def delete_ticket(self, call: Call) -> None:
        me, ticket = self._agent(call), self._row("tickets", call.params["id"])
        self.state["deleted"][str(ticket["id"])] = self.state["tickets"].pop(str(ticket["id"]))
        self._changed(ticket, me, None, "ticket.soft_deleted")

    @route("PUT", "/api/v2/deleted_tickets/{id}/restore", scope="write")
    def restore_ticket(self, call: Call) -> Answer:
        me, ticket = self._agent(call), self._row("deleted", call.params["id"])
        del self.state["deleted"][str(ticket["id"])]
        self.state["tickets"][str(ticket["id"])] = ticket
        self._changed(ticket, me, None, "ticket.undeleted")
        return Answer(200)

    @route("GET", "/api/v2/tickets/{id}/comments", scope="read")
    def list_comments(self, call: Call) -> Json:
        self._agent(call)
        self._row("tickets", call.params["id"])
        return self._cursored(call, "comments", self.state["comments"][call.params["id"]])

    @route("POST", "/api/v2/tickets/{id}/merge", scope="write")
    def merge_tickets(self, call: Call) -> Json:
        me, target = self._agent(call), self._row("tickets", call.params["id"])
        sources = [self._row("tickets", str(id)) for id in call.need("ids")]
        if any(row["status"] == "closed" or row is target for row in sources):
            raise Refusal("invalid", "Source tickets: must be open and not the target", name="ids")
        for row in sources:
            row |= {"status": "closed", "tags": sorted({*row["tags"], "closed_by_merge"})}
            row["updated_at"] = stamp(self.world.time())
            self._changed(row, me, None, "ticket.merged")
        job = {
            "id": self.ident(32, "job", self.count("job")).lower(),
            "job_type": "Ticket Merge",
            "total": len(sources),
        }
        url = f"https://fernwick.zendesk.com/api/v2/job_statuses/{job['id']}.json"
        return {"job_status": job | {"url": url, "status": "queued", "progress": 0, "message": None, "results": None}}

    @route("GET", "/api/v2/job_statuses/{id}", scope="read")
    def show_job(self, call: Call) -> Json:
        return {"job_status": {"id": call.params["id"], "status": "completed", "message": "Completed", "results": []}}

    @route("GET", "/api/v2/incremental/tickets/cursor", scope="read")
    def export(self, call: Call) -> Json:
        if self._agent(call)["role"] != "admin":
            raise Refusal("forbidden")
        after = call.get("cursor")
        if after is None and not call.get("start_time"):
            raise Refusal("invalid", "start_time: is required", name="start_time")
        changes, size = self.state["changes"], call.whole("per_page", 1000) or 1000
        ids = sorted((id for id in changes if after is None or changes[id] > int(after)), key=lambda id: changes[id])
        every = self.state["tickets"] | {id: row | {"status": "deleted"} for id, row in self.state["deleted"].items()}
        rows = [every[id] for id in ids[:size]]
        mark = str(changes[ids[:size][-1]]) if rows else after
        done = {"after_cursor": mark, "end_of_stream": len(ids) <= size, "before_cursor": None, "after_url": None}
        return {"tickets": rows} | done | self._beside(call, rows)

    def _me(self, call: Call) -> Json:
        me: Json = next(row for row in self.state["users"].values() if row["email"] == call.person.email)
        return me

    def _agent(self, call: Call) -> Json:
        me = self._me(call)
        if me["role"] == "end-user":
            raise Refusal("forbidden")
        return me

    def _row(self, table: str, id: str) -> Json:
        row: Json | None = self.state[table].get(str(id).removesuffix(".json"))
        if row is None:
            raise Refusal("not_found")
        return row

    def _tickets(self) -> list[Json]:
        return sorted(self.state["tickets"].values(), key=lambda row: int(row["id"]))

    def _asked(self, call: Call) -> Json:
        asked = call.body.get("ticket") if isinstance(call.body, dict) else None
        if not isinstance(asked, dict):
            raise Refusal("missing", "ticket: is required", name="ticket")
        return asked

    def _requester(self, asked: Json, me: Json) -> Json:
        if "requester_id" in asked:
            return self._row("users", str(asked["requester_id"]))
        told = asked.get("requester")
        if not told:
            return me
        people: list[Json] = [*self.state["users"].values()]
        known = next((row for row in people if row["email"] == told["email"].lower()), None)
        if known:
            return known
        number = self.count("user", 36_900_001)
        made = {"id": number, "name": told.get("name") or told["email"], "email": told["email"].lower()}
        at = stamp(self.world.time())
        row = made | {"role": "end-user", "organization_id": None, "active": True, "created_at": at, "updated_at": at}
        self.state["users"][str(number)] = row
        return row

    def _set(self, ticket: Json, asked: Json, me: Json) -> None:
        for name, scale in (("status", STATUS), ("priority", PRIORITY)):
            if asked.get(name) and asked[name] not in scale:
                raise Refusal("invalid", f"{name.title()}: {asked[name]} is not valid", name=name)
        agent = asked.get("assignee_id")
        if agent and self.state["users"].get(str(agent), {}).get("role") in (None, "end-user"):
            raise Refusal("invalid", "Assignee: is invalid", name="assignee")
        if asked.get("group_id") and str(asked["group_id"]) not in self.state["groups"]:
            raise Refusal("invalid", "Group: is invalid", name="group")
        names = ("status", "priority", "type", "assignee_id", "group_id", "subject")
        ticket |= {name: asked[name] for name in names if name in asked}
        if "tags" in asked:
            ticket["tags"] = sorted({tag.lower() for tag in asked["tags"]})
        if ticket["status"] == "solved" and not ticket["assignee_id"]:
            ticket["assignee_id"] = me["id"]
        if ticket["status"] == "new" and ticket["assignee_id"]:
            ticket["status"] = "open"

    def _changed(self, ticket: Json, me: Json, comment: Json | None, *kinds: str) -> Json:
        at = stamp(self.world.time())
        self.state["changes"][str(ticket["id"])] = self.count("change", 1000)
        for kind in kinds:
            number = self.ident(26, "event", self.count("event"))
            self.emit({
                "account_id": 22129848, "id": number, "type": f"zen:event-type:{kind}", "time": at,
                "subject": f"zen:ticket:{ticket['id']}", "zendesk_event_version": "2022-11-06", "event": {},
                "detail": {"id": str(ticket["id"]), "subject": ticket["subject"], "status": ticket["status"].upper()},
            })  # fmt: skip
        told = {"id": comment["id"], "type": "Comment", "body": comment["body"]} if comment else None
        audit = {
            "id": self.count("audit", 77_000_001),
            "ticket_id": ticket["id"],
            "author_id": me["id"],
            "created_at": at,
        }
        return {"ticket": dict(ticket), "audit": audit | {"events": [told] if told else []}}

    def _beside(self, call: Call, rows: Sequence[Json], only: Sequence[str] = ()) -> Json:
        wanted = str(call.get("include", "")).replace("tickets(", "").rstrip(")").split(",")
        fields = {"users": ("requester_id", "assignee_id", "submitter_id", "author_id"), "groups": ("group_id",),
                  "organizations": ("organization_id",)}  # fmt: skip
        found: Json = {}
        for kind in (kind for kind in wanted if kind in fields and (not only or kind in only)):
            ids = dict.fromkeys(str(row[name]) for row in rows for name in fields[kind] if row.get(name))
            found[kind] = [self.state[kind][id] for id in ids if id in self.state[kind]]
        return found

    def _cursored(self, call: Call, name: str, rows: list[Json]) -> Json:
        asked = call.get("page") if isinstance(call.get("page"), dict) else {}
        part, after = page(rows, asked.get("after"), min(int(asked.get("size", 100)), 100))
        meta = {"has_more": after is not None, "after_cursor": after or "ZW5k", "before_cursor": None}
        return {name: part, "meta": meta, "links": {"next": None, "prev": None}} | self._beside(call, part)

    def _numbered(self, call: Call, name: str, rows: list[Json], only: Sequence[str] = ()) -> Json:
        size, number = max(1, call.whole("per_page", 100, top=100)), max(1, call.whole("page", 1))
        part, more = rows[(number - 1) * size : number * size], None
        if number * size < len(rows):
            asked = urlencode([*(pair for pair in call.pairs if pair[0] != "page"), ("page", number + 1)])
            more = f"https://fernwick.zendesk.com{call.path}?{asked}"
        answer = {name: part, "count": len(rows), "next_page": more, "previous_page": None}
        return answer | self._beside(call, part, only)
