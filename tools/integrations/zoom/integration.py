"""Zoom Meetings, API 2: one's own calls, who registered and who came, cloud recordings, AI summaries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Annotated, Literal

from core.clock import utc_now
from core.errors import Conflict, Rejected, VendorError
from core.records import Document, Meeting, Person, Report
from core.tool import Change
from tools.declare import Duration, Email, Id, Text, Who, finds, tool
from tools.integration import Account, Integration
from tools.integrations.zoom import hook, mapping
from tools.integrations.zoom.proof import (
    FILES,
    LIST,
    READ,
    RECOVER,
    REGISTRANTS,
    UNREGISTER,
    UPDATE,
    Proof,
    called_off,
    trashed,
)
from tools.integrations.zoom.recurrence import to_phrase, to_recurrence
from tools.integrations.zoom.search import placed
from tools.kit.auth import OAuth2
from tools.kit.http import Answer, by_status
from tools.kit.paging import by_cursor, take
from tools.kit.webhook import Delivery, Greeting, Signature, WebhookEvent, stamped
from tools.stream import Batch, stream

MeetingId = Annotated[Id, finds("meeting")]
PastId = Annotated[Id, finds("past_meeting")]
RecordingId = Annotated[Id, finds("recording")]

CREATE, DELETE, REGISTER = "meeting:write:meeting", "meeting:delete:meeting", "meeting:write:registrant"
PAST, CAME, SUMMARY = "meeting:read:past_meeting", "meeting:read:list_past_participants", "meeting:read:summary"
RECORDED, TRASH = "cloud_recording:read:list_user_recordings", "cloud_recording:delete:meeting_recording"


class Zoom(Proof, Integration):
    """Zoom under one person's connection."""

    key = "zoom"
    name = "Zoom"
    category = "communication"
    aliases = ("zoom", "zoom meetings")
    base_url = "https://api.zoom.us/v2"
    auth = OAuth2(
        authorize_url="https://zoom.us/oauth/authorize",
        token_url="https://zoom.us/oauth/token",  # noqa: S106 - an address
        revoke_url="https://zoom.us/oauth/revoke",
        scopes=(
            "user:read:user", LIST, READ, CREATE, UPDATE, DELETE, REGISTRANTS, REGISTER, UNREGISTER, PAST, CAME,
            SUMMARY, RECORDED, FILES, TRASH, RECOVER,
        ),
        client_in_header=True,
    )  # fmt: skip
    calls_per_s = 10.0  # a Pro account has 30 light and 20 medium ones a second, shared by everybody in it
    webhook = Signature(stamped("x-zm-signature", "x-zm-request-timestamp"))
    names = ("meeting",)

    @classmethod
    def error(cls, answer: Answer) -> VendorError | None:
        """Zoom's `{code, message, errors}`; the code tells more than the status."""
        if not isinstance(answer.data, Mapping) or not {"code", "message"} <= answer.data.keys():
            return None
        meant = mapping.STATUS.get(int(answer.data["code"]), 400)
        status = meant if answer.status < 400 or (answer.status == 400 and meant != 500) else answer.status
        wrong = answer.data.get("errors") or ()
        fields = {str(one.get("field")): str(one.get("message")) for one in wrong if isinstance(one, Mapping)}
        said = " ".join([str(answer.data["message"]), *fields.values()])
        return by_status(cls.name, replace(answer, status=status), said, fields)

    @classmethod
    def greet(cls, delivery: Delivery, secret: str) -> Greeting | None:
        """The challenge at set-up."""
        return hook.greeting(delivery, secret)

    @classmethod
    def events(cls, delivery: Delivery) -> list[WebhookEvent]:
        """One event a delivery."""
        return hook.events(delivery)

    async def identify(self) -> Account:
        """The user's id."""
        return Account(str((await self.http.get("/users/me"))["id"]))

    async def list_names(self) -> Mapping[str, Sequence[str]]:
        """Topics of what is ahead."""
        return {"meeting": [str(row["topic"]) for row in await self.ahead() if row.get("topic")]}

    @tool("write", scopes=(CREATE, READ, LIST), proof="read_meeting", undo="cancel_meeting",
          recover="recover_meeting")  # fmt: skip
    async def create_meeting(
        self,
        topic: Annotated[str, "what it is called"],
        start: Annotated[datetime | None, "when it begins; at once when left out"] = None,
        duration: Annotated[Duration, "how long"] = timedelta(minutes=60),
        timezone: Annotated[str | None, "the zone the start is meant in, if it is not one's own"] = None,
        invitees: Annotated[list[Who] | None, "who is asked to come"] = None,
        agenda: Annotated[Text | None, "what it is about"] = None,
        waiting_room: Annotated[bool | None, "whether people wait until they are let in"] = None,
        recurrence: Annotated[str | None, "how it repeats, such as “every Thursday until June”"] = None,
    ) -> Change:
        """Set up a Zoom call, for later, repeated or right now, and get its join link."""
        if recurrence and not start:
            raise Rejected("A series needs the moment of its first time.", fields={"start": "is missing"})
        begins = placed(start, timezone, self.who) if start else None
        zone = str(begins.tzinfo) if begins else self.who.timezone
        fields = mapping.written(topic, begins, duration, agenda, invitees, zone)
        expect = mapping.expected(fields, None if recurrence else begins)
        fields["type"] = 8 if recurrence else 2 if begins else 1
        if recurrence and begins:
            fields["recurrence"] = to_recurrence(recurrence, begins)
            expect["recurrence"] = to_phrase(fields["recurrence"])
        if waiting_room is not None:
            fields.setdefault("settings", {})["waiting_room"] = waiting_room
        made = await self.http.post("/users/me/meetings", fields)
        return self.scheduled(made, expect, waiting_room)

    @tool("read", scopes=(LIST,))
    async def list_meetings(
        self,
        kind: Annotated[
            Literal["upcoming", "scheduled", "live", "previous_meetings"], "which ones; previous ones are over"
        ] = "upcoming",
        from_: Annotated[date | None, "first day"] = None,
        to: Annotated[date | None, "last day"] = None,
    ) -> list[Meeting]:
        """Show the Zoom calls that the asker hosts: ahead, running or over."""
        rows = await take(self.meetings(kind, from_, to), 300)
        days = [(row, mapping.moment(row.get("start_time"))) for row in rows]
        zone = self.who.zone
        return [
            mapping.to_meeting(row)
            for row, at in days
            if not at or (from_ or date.min) <= at.astimezone(zone).date() <= (to or date.max)
        ]

    @tool("read", scopes=(READ, LIST))
    async def get_meeting(self, meeting: Annotated[MeetingId, "its number, link, topic or time"]) -> Meeting:
        """Show one Zoom call that is ahead: join link, passcode, who is invited, settings."""
        return await self.shown(meeting)

    @tool("write", scopes=(UPDATE, READ, LIST), proof="read_meeting", undo="restore_meeting", recover="recover_update")
    async def update_meeting(
        self,
        meeting: Annotated[MeetingId, "its number, link, topic or time"],
        start: Annotated[datetime | None, "when it should begin"] = None,
        duration: Annotated[Duration | None, "how long it should be"] = None,
        topic: Annotated[str | None, "what it should be called"] = None,
        agenda: Annotated[Text | None, "what it should be about"] = None,
        invitees: Annotated[list[Who] | None, "everybody who should be invited from now on"] = None,
    ) -> Change:
        """Move, shorten, lengthen or rename a Zoom call, or change its agenda or who is invited."""
        fields = mapping.written(topic, start and start.astimezone(self.who.zone), duration, agenda, invitees,
                                 self.who.timezone)  # fmt: skip
        if not fields:
            raise Rejected("There is nothing to change.")
        if start and start < utc_now():
            raise Rejected("Zoom moves a meeting only to a time ahead.", fields={"start": "is over"})
        return await self.update(meeting, fields)

    @tool("destructive", scopes=(DELETE, READ, LIST), proof="read_meeting", recover="recover_cancel",
          irreversible="Zoom's API brings no deleted meeting back")  # fmt: skip
    async def cancel_meeting(
        self,
        meeting: Annotated[MeetingId, "its number, link, topic or time"],
        occurrence: Annotated[Id | None, finds("occurrence"), "only this time of a series: its day or “next”"] = None,
        notify: Annotated[bool, "whether those who registered are told by mail"] = True,
    ) -> Change:
        """Call a Zoom meeting off, or one time of a series, and tell those who registered."""
        before = await self.shown(meeting)
        told = "true" if notify else "false"
        query = {"occurrence_id": occurrence, "schedule_for_reminder": told, "cancel_meeting_reminder": told}
        await self.http.send("DELETE", f"/meetings/{mapping.segment(meeting)}", params=query)
        return called_off(before, meeting, occurrence)

    @tool("read", scopes=(RECORDED,))
    async def list_recordings(
        self,
        from_: Annotated[date | None, "first day; a month before the last one when left out"] = None,
        to: Annotated[date | None, "last day; today when left out"] = None,
        query: Annotated[str | None, "words of the topic"] = None,
    ) -> list[Document]:
        """Find the asker's Zoom cloud recordings, with the links to play them."""
        return await self.recordings(from_, to, query)

    @tool("read", scopes=(SUMMARY, PAST, LIST))
    async def get_summary(self, meeting: Annotated[PastId, "its topic and day, number, link or UUID"]) -> Report:
        """Read what Zoom's AI noted of a call that is over: overview and next steps."""
        return mapping.to_summary(await self.http.get(f"/meetings/{mapping.segment(meeting)}/meeting_summary"))

    @tool("read", scopes=(CAME, PAST, LIST))
    async def list_participants(
        self, meeting: Annotated[PastId, "its topic and day, number, link or UUID"]
    ) -> list[Person]:
        """Show who came to a Zoom call that is over, from when to when."""
        path, mark = f"/past_meetings/{mapping.segment(meeting)}/participants", "next_page_token"
        pages = by_cursor(self.http, path, "participants", mark, mark, page_size=300)
        return [mapping.to_participant(row) async for row in pages]

    @tool("write", scopes=(REGISTER, REGISTRANTS, READ, LIST), proof="read_registrant",
          undo="remove_registrant", recover="recover_registrant")  # fmt: skip
    async def add_registrant(
        self,
        meeting: Annotated[MeetingId, "its number, link, topic or time"],
        email: Annotated[Email, "their address"],
        first_name: Annotated[str, "their first name"],
        last_name: Annotated[str | None, "their last name"] = None,
    ) -> Change:
        """Sign somebody up for a Zoom call that asks for registration."""
        if await self.registered(meeting, email):
            raise Conflict(f"{email} is registered already.")
        told = {"email": email, "first_name": first_name} | ({"last_name": last_name} if last_name else {})
        made = await self.http.post(f"/meetings/{mapping.segment(meeting)}/registrants", told)
        return self.signed_up(told | made, meeting, email, first_name, last_name)

    @tool("destructive", scopes=(TRASH, FILES, RECORDED), proof="read_recording", undo="restore_recording",
          recover="recover_deletion")  # fmt: skip
    async def delete_recording(
        self,
        meeting: Annotated[RecordingId, "the recorded meeting: its topic and day, number, link or UUID"],
        action: Annotated[Literal["trash", "delete"], "trash keeps it for 30 days; delete is for good"] = "trash",
    ) -> Change:
        """Put a meeting's Zoom recording into the trash, or delete it for good."""
        before = mapping.to_recording(await self.http.get(f"/meetings/{mapping.segment(meeting)}/recordings"))
        await self.http.send("DELETE", f"/meetings/{mapping.segment(meeting)}/recordings", params={"action": action})
        return trashed(before, action)

    @stream("meeting")
    async def stream_meetings(self, cursor: str) -> Batch:
        """One's own scheduled meetings as they change."""
        return await self.changed(cursor)
