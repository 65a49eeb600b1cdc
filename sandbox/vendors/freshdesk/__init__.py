"""Freshdesk: tickets, conversations, contacts, agents, the search, and what an automation rule sends."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import urlencode

from sandbox.exchange import Answer, Call, Json, Refusal
from sandbox.grant import Grant
from sandbox.vendor import Vendor, route
from sandbox.vendors.freshdesk.seed import contact_row, seed_freshdesk, spoken_row, stamp, ticket_row, told

CODES: Mapping[int, tuple[str, str]] = {
    401: ("invalid_credentials", "You have to be logged in to perform this action."),
    403: ("access_denied", "You are not authorized to perform this action."),
    409: ("inconsistent_state", "The request conflicts with the state of the resource."),
    429: ("rate_limited", "You have exceeded the limit of requests per minute"),
    500: ("internal_error", "We hit a snag. Please try again."),
}
KINDS = {
    "unauthenticated": 401, "invalid_token": 401, "expired": 401, "revoked": 401, "missing_scope": 403,
    "rate_limited": 429, "server_error": 500, "no_route": 404, "not_found": 404, "missing": 400, "invalid": 400,
}  # fmt: skip
TERM = re.compile(r"(\w+):([<>]?)(?:'([^']*)'|(\S+))")
FIELDS = {"agent_id": "responder_id", "tag": "tags"}
Test = Callable[[Json], bool]


class Freshdesk(Vendor):
    """Fernwick's repair desk."""

    key = "freshdesk"
    hosts = ("https://fernwick.freshdesk.com",)
    slots = {"domain": "fernwick"}
    base = "/api/v2"

    def seed(self) -> Json:
        return seed_freshdesk(self.company, self.world.story)

    def secret(self, grant: Grant) -> Json:
        return {"api_key": grant.token, "domain": "fernwick"}

    def refuse(self, refusal: Refusal) -> Answer:
        status = KINDS.get(refusal.kind, refusal.status)
        if status == 404:  # without a word
            return Answer(404)
        if status in (400, 422):
            field = str(refusal.detail.get("name") or "base")
            error = {"field": field, "message": refusal.message, "code": refusal.detail.get("code", "invalid_value")}
            return Answer(400, {"description": "Validation failed", "errors": [error]})
        code, said = CODES.get(status, CODES[500])
        headers = {"retry-after": str(refusal.detail.get("retry_after", 1))} if status == 429 else {}
        return Answer(status, {"code": code, "message": said}, headers)

    def sign(self, secret: str, body: bytes, about: Mapping[str, Any]) -> dict[str, str]:
        return {"x-atom-secret": secret}

    @route("GET", "/agents/me")
    def show_me(self, call: Call) -> Json:
        return self._me(call)

    @route("GET", "/agents")
    def list_agents(self, call: Call) -> Answer:
        self._me(call)
        return self._page(call, [*self.state["agents"].values()])

    @route("GET", "/groups")
    def list_groups(self, call: Call) -> Answer:
        self._me(call)
        return self._page(call, [*self.state["groups"].values()])

    @route("GET", "/contacts/autocomplete")
    def complete_contacts(self, call: Call) -> list[Json]:
        self._me(call)
        words = str(call.need("term")).lower().split()
        rows = [row for row in self.state["contacts"].values() if all(word in row["name"].lower() for word in words)]
        return [{"id": row["id"], "name": row["name"]} for row in rows[:20]]

    @route("GET", "/contacts/{id}")
    def show_contact(self, call: Call) -> Json:
        self._me(call)
        return self._row("contacts", call.params["id"])

    @route("GET", "/companies/{id}")
    def show_company(self, call: Call) -> Json:
        self._me(call)
        return self._row("companies", call.params["id"])

    @route("GET", "/search/contacts")
    def search_contacts(self, call: Call) -> Json:
        return self._found(call, [*self.state["contacts"].values()])

    @route("GET", "/search/tickets")
    def search_tickets(self, call: Call) -> Json:
        rows = [row for row in self._tickets("created_at") if not row["deleted"] and not row["spam"]]
        return self._found(call, rows)

    @route("GET", "/tickets")
    def list_tickets(self, call: Call) -> Answer:
        me, order = self._me(call), call.get("order_by", "created_at")
        rows = self._tickets(order)
        if call.get("order_type", "desc") == "asc":
            rows = rows[::-1]
        ready = call.get("filter")
        rows = [row for row in rows if row["deleted"] == (ready == "deleted") and row["spam"] == (ready == "spam")]
        if ready == "new_and_my_open":
            rows = [row for row in rows if row["status"] == 2 and row["responder_id"] in (None, me["id"])]
        since = call.get("updated_since") or stamp(self.world.time() - timedelta(days=30))
        rows = [row for row in rows if row["updated_at"] >= since]
        for name, field in (("requester_id", "id"), ("email", "email")):
            if value := call.get(name):
                asks = next((row for row in self.state["contacts"].values() if str(row[field]) == value.lower()), None)
                if asks is None:
                    raise Refusal("invalid", f"There is no contact matching the given {name}", name=name)
                rows = [row for row in rows if row["requester_id"] == asks["id"]]
        return self._page(call, rows, lambda row: self._shown(row, call))

    @route("POST", "/tickets")
    def create_ticket(self, call: Call) -> Answer:
        self._me(call)
        for name in ("subject", "description", "status", "priority", "email"):
            if not call.get(name):
                raise Refusal("missing", "It should be a non-empty value", name=name, code="missing_field")
        at, email = stamp(self.world.time()), str(call.need("email")).lower()
        self._check(call.body)
        asks = next((row for row in self.state["contacts"].values() if row["email"] == email), None)
        if asks is None:
            asks = contact_row(self.count("contact", 43_090_001), email.partition("@")[0].title(), email, at)
            self.state["contacts"][str(asks["id"])] = asks
        html = str(call.need("description"))
        ticket = ticket_row(self.count("ticket", 950), str(call.need("subject")), html, _text(html), asks, at)
        self._set(ticket, call.body)
        ticket["due_by"] = stamp(self.world.time() + timedelta(days=3))
        self.state["tickets"][str(ticket["id"])], self.state["conversations"][str(ticket["id"])] = ticket, []
        self._tell(ticket, "ticket_created")
        return Answer(201, {name: value for name, value in ticket.items() if name != "deleted"})

    @route("GET", "/tickets/{id}")
    def show_ticket(self, call: Call) -> Json:
        self._me(call)
        return self._shown(self._row("tickets", call.params["id"]), call, is_whole=True)

    @route("PUT", "/tickets/{id}")
    def update_ticket(self, call: Call) -> Json:
        self._me(call)
        ticket = self._row("tickets", call.params["id"])
        if ticket["deleted"]:
            raise Refusal("not_found")
        self._check(call.body)
        self._set(ticket, call.body)
        self._touch(ticket, "ticket_updated")
        return self._shown(ticket, call, is_whole=True)

    @route("DELETE", "/tickets/{id}")
    def delete_ticket(self, call: Call) -> None:
        self._me(call)
        ticket = self._row("tickets", call.params["id"])
        if ticket["deleted"]:
            raise Refusal("not_found")
        ticket["deleted"] = True
        self._touch(ticket, "ticket_deleted")

    @route("PUT", "/tickets/{id}/restore")
    def restore_ticket(self, call: Call) -> None:
        self._me(call)
        ticket = self._row("tickets", call.params["id"])
        ticket["deleted"] = False
        self._touch(ticket, "ticket_updated")

    @route("GET", "/tickets/{id}/conversations")
    def list_conversations(self, call: Call) -> Answer:
        self._me(call)
        self._row("tickets", call.params["id"])
        return self._page(call, self.state["conversations"][call.params["id"]])

    @route("POST", "/tickets/{id}/reply")
    def reply(self, call: Call) -> Answer:
        to = self._row("contacts", str(self._row("tickets", call.params["id"])["requester_id"]))["email"]
        more = {"from_email": "repairs@fernwick.example", "to_emails": [to], "cc_emails": call.get("cc_emails", [])}
        return self._say(call, "reply_sent", more)

    @route("POST", "/tickets/{id}/notes")
    def add_note(self, call: Call) -> Answer:
        return self._say(call, "note_added", {"private": bool(call.get("private", True)), "source": 2})

    @route("DELETE", "/conversations/{id}")
    def delete_conversation(self, call: Call) -> None:
        self._me(call)
        for rows in self.state["conversations"].values():
            for row in rows:
                if str(row["id"]) == call.params["id"]:
                    rows.remove(row)
                    return
        raise Refusal("not_found")

    def _me(self, call: Call) -> Json:
        people: list[Json] = [*self.state["agents"].values()]
        me = next((row for row in people if row["contact"]["email"] == call.person.email), None)
        if me is None:
            raise Refusal("missing_scope", status=403)
        return me

    def _row(self, table: str, id: str) -> Json:
        row: Json | None = self.state[table].get(id)
        if row is None:
            raise Refusal("not_found")
        return row

    def _tickets(self, order: str) -> list[Json]:
        rows: list[Json] = [*self.state["tickets"].values()]
        return sorted(rows, key=lambda row: (row[order], row["id"]), reverse=True)

    def _shown(self, row: Json, call: Call, is_whole: bool = False) -> Json:
        wanted = str(call.get("include", "")).split(",")
        shown = dict(row)
        if not row["deleted"]:
            del shown["deleted"]
        if not is_whole and "description" not in wanted:
            del shown["description"], shown["description_text"]
        if "requester" in wanted:
            asks = self._row("contacts", str(row["requester_id"]))
            shown["requester"] = {name: asks[name] for name in ("id", "name", "email", "mobile", "phone")}
        if "company" in wanted:
            firm = self.state["companies"].get(str(row["company_id"]))
            shown["company"] = {"id": firm["id"], "name": firm["name"]} if firm else {}
        return shown

    def _check(self, asked: Json) -> None:
        numbers = {"status": [2, 3, 4, 5], "priority": [1, 2, 3, 4], "type": [None, *told()["types"]]}
        for name, allowed in numbers.items():
            if name in asked and asked[name] not in allowed:
                values = ",".join(str(one) for one in allowed if one)
                raise Refusal("invalid", f"It should be one of these values: '{values}'", name=name)
        for name, table in (("responder_id", "agents"), ("group_id", "groups")):
            if asked.get(name) and str(asked[name]) not in self.state[table]:
                raise Refusal("invalid", f"There is no {table[:-1]} matching the given {name}", name=name)

    def _set(self, ticket: Json, asked: Json) -> None:
        names = ("status", "priority", "type", "responder_id", "group_id", "tags", "subject")
        ticket |= {name: asked[name] for name in names if name in asked}

    def _touch(self, ticket: Json, kind: str) -> None:
        ticket["updated_at"] = stamp(self.world.time())
        self._tell(ticket, kind)

    def _tell(self, ticket: Json, kind: str) -> None:
        told_now = {"ticket_id": ticket["id"], "ticket_subject": ticket["subject"], "triggered_event": kind}
        self.emit({"freshdesk_webhook": told_now | {"ticket_modified_on": ticket["updated_at"]}})

    def _say(self, call: Call, kind: str, more: Json) -> Answer:
        me, ticket, html = self._me(call), self._row("tickets", call.params["id"]), str(call.need("body"))
        number = self.count("spoken", 43_200_001)
        row = spoken_row(number, ticket["id"], html, _text(html), stamp(self.world.time())) | {"user_id": me["id"]}
        self.state["conversations"][str(ticket["id"])].append(row | more)
        self._touch(ticket, kind)
        return Answer(201, row | more)

    def _page(self, call: Call, rows: list[Json], show: Callable[[Json], Json] = dict) -> Answer:
        size, number = max(1, call.whole("per_page", 30, top=100)), max(1, call.whole("page", 1))
        headers = {}
        if number * size < len(rows):
            asked = urlencode([*(pair for pair in call.pairs if pair[0] != "page"), ("page", number + 1)])
            headers["link"] = f'<http://{call.headers["host"]}/{self.key}{call.path}?{asked}>; rel="next"'
        return Answer(200, [show(row) for row in rows[(number - 1) * size : number * size]], headers)

    def _found(self, call: Call, rows: list[Json]) -> Json:
        self._me(call)
        text, number = str(call.need("query")), max(1, call.whole("page", 1))
        if not (len(text) > 2 and text[0] == text[-1] == '"') or len(text) > 512 or number > 10:
            raise Refusal("invalid", "The query is not well formed", name="query")
        either = [[_test(hit) for hit in TERM.finditer(part)] for part in re.split(r"\bOR\b", text[1:-1])]
        fits = [row for row in rows if any(tests and all(test(row) for test in tests) for tests in either)]
        return {"total": len(fits), "results": fits[(number - 1) * 30 : number * 30]}


def _test(hit: re.Match[str]) -> Test:
    name, sign, value = FIELDS.get(hit[1], hit[1]), hit[2], hit[3] if hit[3] is not None else hit[4]
    if sign:
        return lambda row: bool(row[name]) and (row[name][:10] >= value if sign == ">" else row[name][:10] <= value)
    if name == "tags":
        return lambda row: value in row["tags"]
    return lambda row: str(row.get(name)) == value if value != "null" else row.get(name) is None


def _text(html: str) -> str:
    return unescape(re.sub(r"<[^>]+>", "", html.replace("<br>", "\n"))).strip()
