"""Campaigns: drafted, planned, sent, and how they did."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sandbox.exchange import Answer, Call, Json, Refusal
from sandbox.vendor import route
from sandbox.vendors.mailchimp.base import Base, refused
from sandbox.vendors.mailchimp.seed import make_id, stamp, web_id

INVALID = "The resource submitted could not be validated. For field-specific details, see the 'errors' array."


class Campaigns(Base):
    """The campaigns and reports APIs."""

    @route("GET", "/campaigns")
    def campaigns(self, call: Call) -> Json:
        """A page of them, by status, audience or time."""
        rows = list(self.state["campaigns"].values())
        for name, key in (("status", "status"), ("list_id", "list_id"), ("type", "type")):
            if wanted := call.get(name):
                rows = [row for row in rows if row[key] == wanted]
        for key in ("send_time", "create_time"):
            if after := call.get(f"since_{key}"):
                rows = [row for row in rows if row[key] and _at(row[key]) >= _at(after)]
            if before := call.get(f"before_{key}"):
                rows = [row for row in rows if row[key] and _at(row[key]) < _at(before)]
        field = call.get("sort_field") or "create_time"
        rows.sort(key=lambda row: row[field], reverse=call.get("sort_dir") == "DESC")
        return {"campaigns": [self.as_campaign(row) for row in self.page(call, rows)], "total_items": len(rows)}

    @route("GET", "/search-campaigns")
    def search_campaigns(self, call: Call) -> Json:
        """Those whose title, subject or content has the words."""
        parts = str(call.need("query")).casefold().split()
        found = []
        for row in self.state["campaigns"].values():
            text = f"{row['settings']['title']} {row['settings']['subject_line']} {self.state['content'][row['id']]}"
            if all(part in text.casefold() for part in parts):
                found.append({"campaign": self.as_campaign(row), "snippet": row["settings"]["subject_line"]})
        return {"results": found, "total_items": len(found)}

    @route("GET", "/campaigns/{own}")
    def one_campaign(self, call: Call) -> Json:
        """One."""
        return self.as_campaign(self._campaign(call))

    @route("POST", "/campaigns")
    def create_campaign(self, call: Call) -> Json:
        """A new draft."""
        if call.need("type") not in ("regular", "plaintext"):
            raise refused("Invalid Resource", INVALID, type="only regular ones are made here")
        to, settings = call.get("recipients") or {}, call.get("settings") or {}
        if to.get("list_id") not in self.state["lists"]:
            raise refused("Invalid Resource", INVALID, **{"recipients.list_id": "The list does not exist"})
        segment = (to.get("segment_opts") or {}).get("saved_segment_id")
        home = self.state["lists"][to["list_id"]]
        if segment and segment not in (*home["tags"].values(), *home["segments"].values()):
            raise refused("Invalid Resource", INVALID, **{"recipients.segment_opts": "The segment does not exist"})
        number = self.count("campaign")
        own = make_id("made", number)
        self.state["campaigns"][own] = row = {
            "id": own, "web_id": web_id("made", number), "type": call.get("type"), "status": "save",
            "create_time": stamp(self.world.time()), "send_time": "", "list_id": to["list_id"], "segment": segment,
            "settings": {"subject_line": "", "title": "", "from_name": "", "reply_to": "", **settings}, "sent": 0,
        }  # fmt: skip
        self.state["content"][own] = ""
        return self.as_campaign(row)

    @route("DELETE", "/campaigns/{own}")
    def delete_campaign(self, call: Call) -> None:
        """For good."""
        row = self._campaign(call)
        del self.state["campaigns"][row["id"]], self.state["content"][row["id"]]

    @route("PUT", "/campaigns/{own}/content")
    def put_content(self, call: Call) -> Json:
        """What the e-mail says."""
        row = self._draft(call)
        self.state["content"][row["id"]] = str(call.need("html"))
        return {"html": self.state["content"][row["id"]], "plain_text": ""}

    @route("GET", "/campaigns/{own}/content")
    def get_content(self, call: Call) -> Json:
        """What the e-mail says."""
        return {"html": self.state["content"][self._campaign(call)["id"]], "plain_text": ""}

    @route("GET", "/campaigns/{own}/send-checklist")
    def checklist(self, call: Call) -> Json:
        """Whether everything is there that sending needs."""
        row = self._campaign(call)
        wrong = self._wrong(row)
        items = [
            {"type": "error", "id": 500 + n, "heading": name, "details": why} for n, (name, why) in enumerate(wrong)
        ]
        good = {"type": "success", "id": 501, "heading": "Audience", "details": "The audience has people in it."}
        return {"is_ready": not wrong and row["status"] in ("save", "schedule"), "items": [good, *items]}

    @route("POST", "/campaigns/{own}/actions/schedule")
    def schedule(self, call: Call) -> Answer:
        """Plan it for a quarter of an hour to come."""
        row = self._ready(call)
        if row["status"] == "schedule":
            raise refused("Bad Request", "This campaign is already scheduled.")
        at = _at(call.need("schedule_time"))
        if at.minute % 15 or at.second or at <= self.world.time():
            said = "Campaigns may only be scheduled to send on the quarter-hour (:00, :15, :30, :45), in the future."
            raise refused("Invalid Resource", INVALID, schedule_time=said)
        row |= {"status": "schedule", "send_time": stamp(at)}
        return Answer(204)

    @route("POST", "/campaigns/{own}/actions/unschedule")
    def unschedule(self, call: Call) -> Answer:
        """Make it a draft again."""
        row = self._campaign(call)
        if row["status"] != "schedule":
            raise refused("Bad Request", "Cannot unschedule a campaign that is not scheduled.")
        row |= {"status": "save", "send_time": ""}
        return Answer(204)

    @route("POST", "/campaigns/{own}/actions/send")
    def send(self, call: Call) -> Answer:
        """To everybody, now."""
        row = self._ready(call)
        people = self.state["members"][row["list_id"]].values()
        row |= {"status": "sent", "send_time": stamp(self.world.time())}
        row["sent"] = sum(one["status"] == "subscribed" for one in people)
        self.tell(
            "campaign", id=row["id"], list_id=row["list_id"], status="sent", subject=row["settings"]["subject_line"]
        )
        return Answer(204)

    @route("GET", "/reports/{own}")
    def report(self, call: Call) -> Json:
        """How it did; only what was sent has one."""
        row = self._campaign(call)
        if row["status"] != "sent":
            raise Refusal("no_route", status=404)
        sent = row["sent"]
        opened, clicked = round(sent * 0.41), round(sent * 0.09)
        return {
            "id": row["id"], "campaign_title": row["settings"]["title"], "type": row["type"],
            "list_id": row["list_id"], "list_name": self.state["lists"][row["list_id"]]["name"],
            "subject_line": row["settings"]["subject_line"], "emails_sent": sent, "abuse_reports": 0,
            "unsubscribed": sent // 20, "send_time": row["send_time"],
            "bounces": {"hard_bounces": sent // 30, "soft_bounces": 1, "syntax_errors": 0},
            "opens": {"opens_total": opened * 2, "unique_opens": opened, "open_rate": opened / sent if sent else 0},
            "clicks": {"clicks_total": clicked + 2, "unique_clicks": clicked, "unique_subscriber_clicks": clicked,
                       "click_rate": clicked / sent if sent else 0},
        }  # fmt: skip

    def _campaign(self, call: Call) -> Json:
        row = self.state["campaigns"].get(call.params["own"])
        if row is None:
            raise Refusal("no_route", status=404)
        found: Json = row
        return found

    def _draft(self, call: Call) -> Json:
        row = self._campaign(call)
        if row["status"] != "save":
            raise refused("Bad Request", "You can't edit a campaign that is scheduled or sent.")
        return row

    def _wrong(self, row: Json) -> list[tuple[str, str]]:
        settings, content = row["settings"], self.state["content"][row["id"]]
        found = [] if content else [("Content", "The campaign has no content yet.")]
        found += [] if settings["subject_line"] else [("Subject Line", "You need a subject line.")]
        return found + ([] if settings["reply_to"] else [("From Info", "You need an address to reply to.")])

    def _ready(self, call: Call) -> Json:
        row = self._campaign(call)
        if row["status"] not in ("save", "schedule") or self._wrong(row):
            said = "Your Campaign is not ready to send. Please address the following issues in your campaign."
            raise refused("Bad Request", said)
        return row

    def as_campaign(self, row: Json) -> Json:
        """A campaign as it is shown."""
        people = self.state["members"][row["list_id"]].values()
        to: Json = {"list_id": row["list_id"], "list_is_active": True, "segment_text": "",
                    "list_name": self.state["lists"][row["list_id"]]["name"],
                    "recipient_count": sum(one["status"] == "subscribed" for one in people)}  # fmt: skip
        if row["segment"]:
            to["segment_opts"] = {"saved_segment_id": row["segment"], "match": "any", "conditions": []}
        kept = {name: row[name] for name in ("id", "web_id", "type", "status", "create_time", "settings")}
        sent = {"emails_sent": row["sent"], "content_type": "html", "recipients": to}
        times = {"send_time": row["send_time"]} if row["send_time"] else {}
        archive = f"https://mailchi.mp/fernwick/{row['id']}"
        return {**kept, **sent, **times, "archive_url": archive, "long_archive_url": archive}


def _at(text: Any) -> datetime:
    try:
        return datetime.fromisoformat(str(text))
    except ValueError:
        raise refused("Invalid Resource", INVALID, time="This is no date and time.") from None
