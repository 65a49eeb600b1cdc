"""Zoom Meetings: scheduled and recurring meetings, registrants, past instances, cloud recordings, summaries."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import unquote

from sandbox.exchange import Answer, Call, Json, Refusal, page
from sandbox.oauth import OAuth
from sandbox.vendor import Vendor, route
from sandbox.vendors.zoom.seed import SITE, meeting_row, number, registrant_row, seed_zoom, user_id
from sandbox.vendors.zoom.series import ends, occurrences, read, stamp

CODES: Mapping[str, tuple[int, int, str]] = {
    "unauthenticated": (401, 124, "Invalid access token."),
    "invalid_token": (401, 124, "Invalid access token."),
    "revoked": (401, 124, "Invalid access token."),
    "expired": (401, 124, "Access token is expired."),
    "rate_limited": (429, 429, "You have reached the maximum per-second rate limit for this API. Try again later."),
    "server_error": (500, 500, "Internal Server Error"),
    "no_route": (404, 404, "Could not find the resource."),
    "invalid_body": (400, 300, "Request Body should be a valid JSON object."),
}
BY_STATUS: Mapping[int, tuple[int, str]] = {
    403: (200, "No permission."), 404: (3001, "Meeting does not exist."), 409: (3000, "Meeting is in progress."),
    422: (300, "Validation Failed."),
}  # fmt: skip
CHANGEABLE = ("topic", "agenda", "duration", "timezone", "password")
LISTED = ("uuid", "id", "host_id", "topic", "type", "start_time", "duration", "timezone", "created_at", "join_url")
A_MONTH = timedelta(days=31)


class Zoom(Vendor):
    """Fernwick's Zoom account."""

    key = "zoom"
    hosts = ("https://api.zoom.us", "https://zoom.us")
    oauth = OAuth("/oauth/authorize", "/oauth/token", revoke="/oauth/revoke", is_rotating=True)

    def seed(self) -> Json:
        return seed_zoom(self.company, self.world.story)

    def refuse(self, refusal: Refusal) -> Answer:
        if refusal.kind == "missing_scope":
            said = f"Invalid access token, does not contain scopes:[{refusal.detail.get('needed', '')}]."
            return Answer(400, {"code": 4711, "message": said})
        if refusal.kind in ("missing", "invalid"):
            name = refusal.detail.get("name", "")
            wrong = [{"field": name, "message": refusal.message}]
            return Answer(400, {"code": 300, "message": "Validation Failed.", "errors": wrong})
        if refusal.kind == "coded":
            return Answer(refusal.status, {"code": refusal.detail["code"], "message": refusal.message})
        status, code, said = CODES.get(refusal.kind, (refusal.status, *BY_STATUS.get(refusal.status, (300, "Invalid"))))
        headers = {"retry-after": str(refusal.detail.get("retry_after", 1))} if status == 429 else {}
        return Answer(status, {"code": code, "message": said}, headers)

    def sign(self, secret: str, body: bytes, about: Mapping[str, Any]) -> dict[str, str]:
        at = str(int(self.world.time().timestamp()))
        digest = hmac.new(secret.encode(), f"v0:{at}:".encode() + body, hashlib.sha256).hexdigest()
        return {"x-zm-request-timestamp": at, "x-zm-signature": f"v0={digest}"}

    @route("GET", "/v2/users/me", scope="user:read:user")
    def show_me(self, call: Call) -> Json:
        me = call.person
        return {
            "id": user_id(me), "email": me.email, "first_name": me.first, "last_name": me.last, "type": 2,
            "display_name": me.name, "timezone": me.time_zone, "account_id": self.ident(22, "account"),
            "personal_meeting_url": f"{SITE}/j/{number(me.email)}", "status": "active",
        }  # fmt: skip

    @route("GET", "/v2/users/{user}/meetings", scope="meeting:read:list_meetings")
    def list_meetings(self, call: Call) -> Json:
        kind, now = call.get("type", "scheduled"), self.world.time()
        mine = self._mine(call)
        if kind == "previous_meetings":
            rows = [row for row in self.state["past"].values() if row["host_id"] == mine]
            rows.sort(key=lambda row: row["start_time"], reverse=True)
        else:
            rows = [row for row in self.state["meetings"].values() if row["host_id"] == mine and row["type"] != 1]
            rows = [one for row in rows for one in self._times(row)]
            if kind == "live":
                rows = [row for row in rows if row["status"] == "started"]
            elif kind != "scheduled":
                rows = [row for row in rows if read(row["start_time"], "UTC") + timedelta(hours=1) > now]
            rows.sort(key=lambda row: row["start_time"])
        begin, end = call.get("from"), call.get("to")
        rows = [row for row in rows if (begin or "") <= row["start_time"][:10] <= (end or "9")]
        shown = [{name: row[name] for name in (*LISTED, "agenda") if name in row} for row in rows]
        return self._paged(call, "meetings", shown)

    @route("POST", "/v2/users/{user}/meetings", scope="meeting:write:meeting")
    def create_meeting(self, call: Call) -> Answer:
        self._mine(call)
        me, now, asked = call.person, self.world.time(), call.body if isinstance(call.body, dict) else {}
        zone = str(asked.get("timezone") or me.time_zone)
        start = read(asked["start_time"], zone) if asked.get("start_time") else now
        id = number("made", self.count("meeting"))
        row = meeting_row(me, "", start, int(asked.get("duration", 60)), zone, now, id)
        row["type"] = asked.get("type", 2)
        self._set(row, asked)
        if row["type"] == 8:
            row["recurrence"] = asked.get("recurrence") or {}
            row["occurrences"] = occurrences(start, zone, row["recurrence"], row["duration"])
        if row["type"] == 1:
            row["status"] = "started"
            del row["start_time"]
        self.state["meetings"][str(id)] = row
        self._tell("meeting.created", row, me.email)
        return Answer(201, dict(row))

    @route("GET", "/v2/meetings/{id}", scope="meeting:read:meeting")
    def get_meeting(self, call: Call) -> Json:
        return dict(self._meeting(call))

    @route("PATCH", "/v2/meetings/{id}", scope="meeting:update:meeting")
    def update_meeting(self, call: Call) -> None:
        row, asked = self._meeting(call), call.body if isinstance(call.body, dict) else {}
        self._set(row, asked)
        start = read(asked["start_time"], row["timezone"]) if asked.get("start_time") else None
        if start and start < self.world.time():
            start = None  # Zoom silently ignores a time that is over
        if row["type"] == 8 and (start or "recurrence" in asked):
            row["recurrence"] = asked.get("recurrence") or row["recurrence"]
            begin = start or read(row["start_time"], "UTC")
            row["occurrences"] = occurrences(begin, row["timezone"], row["recurrence"], row["duration"])
        if start:
            row["start_time"] = stamp(start)
        for one in row.get("occurrences", []):
            one["duration"] = row["duration"]
        self._tell("meeting.updated", row, call.person.email)

    @route("DELETE", "/v2/meetings/{id}", scope="meeting:delete:meeting")
    def delete_meeting(self, call: Call) -> None:
        row, which = self._meeting(call), call.get("occurrence_id")
        if row["status"] == "started" and row["type"] != 1:
            raise Refusal("coded", "You cannot delete this meeting since it's in progress.", code=3002)
        if which:
            times = [one for one in row.get("occurrences", []) if one["occurrence_id"] == which]
            if not times or times[0]["status"] == "deleted":
                raise Refusal("coded", "Invalid parameter: occurrence_id.", code=300)
            times[0]["status"] = "deleted"
        else:
            del self.state["meetings"][str(row["id"])]
        self._tell("meeting.deleted", row, call.person.email, **({"occurrences": times} if which else {}))

    @route("GET", "/v2/meetings/{id}/registrants", scope="meeting:read:list_registrants")
    def list_registrants(self, call: Call) -> Json:
        row = self._meeting(call)
        wanted = call.get("status", "approved")
        rows = [*self.state["registrants"].get(str(row["id"]), {}).values()]
        return self._paged(call, "registrants", [one for one in rows if one["status"] == wanted])

    @route("POST", "/v2/meetings/{id}/registrants", scope="meeting:write:registrant")
    def add_registrant(self, call: Call) -> Answer:
        row = self._meeting(call)
        email, first = str(call.need("email")), str(call.need("first_name"))
        if "@" not in email:
            raise Refusal("invalid", "Invalid email.", name="email")
        if row["settings"]["approval_type"] == 2:
            raise Refusal("coded", f"Registration has not been enabled for this meeting: {row['id']}.", code=3000)
        if email == row["host_email"]:
            raise Refusal("coded", "Host can not register.", code=3027)
        there = self.state["registrants"].setdefault(str(row["id"]), {})
        made = registrant_row(row, email, first, str(call.get("last_name") or ""), stamp(self.world.time()))
        if row["settings"]["approval_type"] == 1:
            made["status"] = "pending"
        there.setdefault(made["id"], made)
        self._tell("meeting.registration_created", row, call.person.email, registrant=made)
        told = {"id": row["id"], "registrant_id": made["id"], "topic": row["topic"], "join_url": made["join_url"]}
        return Answer(201, told | {"start_time": row["start_time"]})

    @route("DELETE", "/v2/meetings/{id}/registrants/{registrant}", scope="meeting:delete:registrant")
    def delete_registrant(self, call: Call) -> None:
        there = self.state["registrants"].get(str(self._meeting(call)["id"]), {})
        if call.params["registrant"] not in there:
            raise Refusal("coded", "The registrant does not exist.", code=300, status=404)
        del there[call.params["registrant"]]

    @route("GET", "/v2/past_meetings/{id}", scope="meeting:read:past_meeting")
    def past_meeting(self, call: Call) -> Json:
        row = self._past(call)
        return {name: value for name, value in row.items() if name not in ("participants", "summary")}

    @route("GET", "/v2/past_meetings/{id}/participants", scope="meeting:read:list_past_participants")
    def participants(self, call: Call) -> Json:
        return self._paged(call, "participants", self._past(call)["participants"])

    @route("GET", "/v2/meetings/{id}/meeting_summary", scope="meeting:read:summary")
    def summary(self, call: Call) -> Json:
        found: Json | None = self._past(call)["summary"]
        if found is None:
            raise Refusal("coded", f"Meeting does not exist: {call.params['id']}.", code=3001, status=404)
        return found

    @route("GET", "/v2/users/{user}/recordings", scope="cloud_recording:read:list_user_recordings")
    def list_recordings(self, call: Call) -> Json:
        mine, today = self._mine(call), self.world.time().date().isoformat()
        begin, end = call.get("from", today), call.get("to", today)
        if date.fromisoformat(end) - date.fromisoformat(begin) > A_MONTH:
            raise Refusal("coded", "The next page token is invalid or expired, or the range exceeds a month.", code=300)
        rows = [row for row in self.state["recordings"].values() if row["host_id"] == mine]
        rows = [row for row in rows if begin <= row["start_time"][:10] <= end]
        rows = [row for row in rows if row["trashed"] == call.flag("trash")]
        rows.sort(key=lambda row: row["start_time"], reverse=True)
        return {"from": begin, "to": end} | self._paged(call, "meetings", [_shown(row) for row in rows])

    @route("GET", "/v2/meetings/{id}/recordings", scope="cloud_recording:read:list_recording_files")
    def get_recording(self, call: Call) -> Json:
        return _shown(self._recording(call))

    @route("DELETE", "/v2/meetings/{id}/recordings", scope="cloud_recording:delete:meeting_recording")
    def delete_recording(self, call: Call) -> Answer:
        row = self._recording(call)
        if call.get("action", "trash") == "delete":
            del self.state["recordings"][row["uuid"]]
            self._tell("recording.deleted", row, call.person.email)
        else:
            row["trashed"] = True
            self._tell("recording.trashed", row, call.person.email)
        return Answer(200)

    @route("PUT", "/v2/meetings/{id}/recordings/status", scope="cloud_recording:update:recover_meeting_recordings")
    def recover_recording(self, call: Call) -> None:
        row = self._recording(call, trashed=True)
        if call.need("action") != "recover":
            raise Refusal("invalid", "Invalid action.", name="action")
        row["trashed"] = False
        self._tell("recording.recovered", row, call.person.email)

    def _mine(self, call: Call) -> str:
        if call.params["user"] not in ("me", user_id(call.person), call.person.email):
            raise Refusal("coded", f"User does not exist: {call.params['user']}.", code=1001, status=404)
        return user_id(call.person)

    def _meeting(self, call: Call) -> Json:
        row: Json | None = self.state["meetings"].get(unquote(call.params["id"]))
        if row is None or row["host_id"] != user_id(call.person):
            raise Refusal("coded", f"Meeting does not exist: {call.params['id']}.", code=3001, status=404)
        return row

    def _past(self, call: Call) -> Json:
        """An instance by its UUID, or the latest one of a number."""
        id, mine = unquote(call.params["id"]), user_id(call.person)
        rows = [row for row in self.state["past"].values() if id in (row["uuid"], str(row["id"]))]
        rows = [row for row in rows if mine == row["host_id"] or mine in [one["id"] for one in row["participants"]]]
        if not rows:
            raise Refusal("coded", f"Meeting does not exist: {id}.", code=3001, status=404)
        return dict(max(rows, key=lambda row: row["start_time"]))

    def _recording(self, call: Call, trashed: bool = False) -> Json:
        id, mine = unquote(call.params["id"]), user_id(call.person)
        rows = [row for row in self.state["recordings"].values() if id in (row["uuid"], str(row["id"]))]
        rows = [row for row in rows if row["host_id"] == mine and row["trashed"] is trashed]
        if not rows:
            raise Refusal("coded", "There is no recording for this meeting.", code=3301, status=404)
        latest: Json = max(rows, key=lambda row: row["start_time"])
        return latest

    def _set(self, row: Json, asked: Json) -> None:
        if len(str(asked.get("topic", ""))) > 200:
            raise Refusal("invalid", "The topic is too long.", name="topic")
        if len(str(asked.get("agenda", ""))) > 2000:
            raise Refusal("invalid", "The agenda is too long.", name="agenda")
        row |= {name: asked[name] for name in CHANGEABLE if name in asked}
        told = dict(asked.get("settings") or {})
        if "meeting_invitees" in told:
            home = f"@{self.company.domain}"
            told["meeting_invitees"] = [
                {"email": one["email"], "internal_user": one["email"].endswith(home)}
                for one in told["meeting_invitees"]
            ]
        row["settings"] = row["settings"] | told

    def _times(self, row: Json) -> list[Json]:
        """A meeting as lists show it: a series once for each time that is ahead."""
        if row["type"] != 8:
            return [row]
        now = self.world.time()
        live = [one for one in row["occurrences"] if one["status"] == "available"]
        ahead = [one for one in live if read(one["start_time"], "UTC") + timedelta(hours=1) > now]
        return [row | {"start_time": one["start_time"]} for one in ahead[:10]] if ends(row) > now else []

    def _paged(self, call: Call, name: str, rows: list[Json]) -> Json:
        size = call.whole("page_size", 30, top=300) or 30
        part, more = page(rows, call.get("next_page_token") or None, size)
        told = {"page_size": size, "total_records": len(rows), "next_page_token": more or ""}
        return told | {"page_count": -(-len(rows) // size), name: part}

    def _tell(self, event: str, row: Json, operator: str, **more: Any) -> None:
        kept = (*LISTED, "recording_files")
        told = {name: row[name] for name in kept if name in row} | more
        payload = {"account_id": self.ident(22, "account"), "operator": operator, "object": told}
        at = int(datetime.now(UTC).timestamp() * 1000)
        self.emit({"event": event, "event_ts": at, "payload": payload | {"time_stamp": at}})


def _shown(row: Json) -> Json:
    return {name: value for name, value in row.items() if name != "trashed"}
