"""Reading back what was written, finding out after a lost answer, and the inverses that nobody asks for by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any

from core.clock import utc_now
from core.errors import NotFound
from core.records import Document, Meeting, Person, Record, Ref
from core.tool import Call, Change
from tools.declare import tool
from tools.integrations.zoom import mapping
from tools.integrations.zoom.search import Search
from tools.kit.paging import take

LIST, READ, UPDATE = "meeting:read:list_meetings", "meeting:read:meeting", "meeting:update:meeting"
REGISTRANTS, UNREGISTER = "meeting:read:list_registrants", "meeting:delete:registrant"
FILES, RECOVER = "cloud_recording:read:list_recording_files", "cloud_recording:update:recover_meeting_recordings"
UNDO = "it is itself an undo"
JUST_NOW = timedelta(minutes=5)


class Proof(Search):
    """The writing half of the integration but for the requests themselves."""

    @tool("write", scopes=(UPDATE, READ), proof="read_meeting", irreversible=UNDO, is_hidden=True)
    async def restore_meeting(
        self, meeting: Annotated[str, "number"], fields: Annotated[dict[str, Any], "former values, in Zoom's words"]
    ) -> Change:
        """Set fields of a meeting back to what they were."""
        return await self.update(meeting, fields)

    @tool("destructive", scopes=(UNREGISTER, REGISTRANTS), proof="read_registrant",
          irreversible=UNDO, is_hidden=True)  # fmt: skip
    async def remove_registrant(
        self, meeting: Annotated[str, "number"], registrant: Annotated[str, "id of the registration"]
    ) -> Change:
        """Take a registration back."""
        before = await self.read_registrant(Ref(integration="zoom", kind="registrant", id=f"{meeting}/{registrant}"))
        await self.http.send(
            "DELETE", f"/meetings/{mapping.segment(meeting)}/registrants/{mapping.segment(registrant)}"
        )
        return Change(before, is_gone=True)

    @tool("write", scopes=(RECOVER, FILES), proof="read_recording", irreversible=UNDO, is_hidden=True)
    async def restore_recording(self, meeting: Annotated[str, "UUID of the instance"]) -> Change:
        """Take a recording out of the trash."""
        path = f"/meetings/{mapping.segment(meeting)}/recordings/status"
        await self.http.send("PUT", path, json={"action": "recover"}, is_repeatable=True)
        return Change(Document(ref=Ref(integration="zoom", kind="recording", id=meeting)))

    async def read_meeting(self, ref: Ref) -> Record:
        """Reads the meeting again, or the one time of its series."""
        id, _, occurrence = ref.id.partition("/")
        item = await self.meeting(id)
        if occurrence and occurrence not in dict(mapping.times(item)):
            raise NotFound("This time of the series was called off.", status=404)
        return mapping.to_meeting(item)

    async def read_registrant(self, ref: Ref) -> Person:
        """Reads who registered again."""
        meeting, _, id = ref.id.partition("/")
        found = next((row for row in await self.registrations(meeting) if str(row.get("id")) == id), None)
        if found is None:
            raise NotFound("There is no such registration.", status=404)
        return mapping.to_registrant(found, meeting)

    async def read_recording(self, ref: Ref) -> Record:
        """Reads the recording again."""
        return mapping.to_recording(await self.http.get(f"/meetings/{mapping.segment(ref.id)}/recordings"))

    async def recover_meeting(self, topic: str, start: datetime | None, **_: Any) -> Change | None:
        """The meeting of this topic that was made in the last minutes, if there is one.

        Raises:
            LookupError: it was to begin at once, and Zoom lists no such meetings.
        """
        if start is None:
            raise LookupError(topic)
        for row in await take(self.meetings("scheduled"), 1000):
            made = mapping.moment(row.get("created_at"))
            if row.get("topic") == topic and made and made > utc_now() - JUST_NOW:
                return self.scheduled(await self.meeting(str(row["id"])), {"title": topic}, None)
        return None

    async def recover_update(
        self,
        meeting: str,
        start: datetime | None,
        duration: timedelta | None,
        topic: str | None,
        agenda: str | None,
        invitees: Sequence[str] | None,
    ) -> Change | None:
        """The change, if the meeting holds what was asked for; what it held before is no longer known."""
        fields = mapping.written(topic, start, duration, agenda, invitees, self.who.timezone)
        record = await self.shown(meeting)
        expect = mapping.expected(fields, start)
        holds = all(getattr(record, name) == value for name, value in expect.items())
        lasts = duration is None or (record.starts_at and record.ends_at == record.starts_at + duration)
        return Change(record, expect) if holds and lasts else None

    async def recover_cancel(self, meeting: str, occurrence: str | None, **_: Any) -> Change | None:
        """Whether the meeting, or the one time of it, is gone."""
        ref = mapping.meeting_ref(meeting, occurrence=occurrence or "")
        try:
            await self.read_meeting(ref)
        except NotFound:
            return Change(Meeting(ref=ref), is_gone=True)
        return None

    async def recover_registrant(
        self, meeting: str, email: str, first_name: str, last_name: str | None
    ) -> Change | None:
        """The registration, if it is there."""
        found = await self.registered(meeting, email)
        return self.signed_up(found, meeting, email, first_name, last_name) if found else None

    async def recover_deletion(self, meeting: str, action: str) -> Change | None:
        """Whether the recording is gone."""
        ref = Ref(integration="zoom", kind="recording", id=meeting)
        try:
            await self.read_recording(ref)
        except NotFound:
            return trashed(Document(ref=ref), action)
        return None

    async def shown(self, meeting: str) -> Meeting:
        """A scheduled meeting."""
        return mapping.to_meeting(await self.meeting(meeting))

    async def registered(self, meeting: str, email: str) -> Mapping[str, Any] | None:
        """Whoever registered with this address."""
        rows = await self.registrations(meeting)
        return next((row for row in rows if str(row.get("email")).lower() == email.lower()), None)

    async def update(self, meeting: str, fields: Mapping[str, Any]) -> Change:
        """Change fields of a meeting; of a series, all of it."""
        before = await self.meeting(meeting)
        told = dict(fields)
        if "start_time" in fields and before.get("recurrence"):
            told.setdefault("recurrence", before["recurrence"])
        await self.http.send("PATCH", f"/meetings/{mapping.segment(meeting)}", json=told, is_repeatable=True)
        begins = None if before.get("recurrence") else mapping.begins(fields)
        expect = mapping.expected(fields, begins)
        record = mapping.to_meeting(before)
        if "duration" in fields and (first := begins or record.starts_at) and not before.get("recurrence"):
            expect["ends_at"] = first + timedelta(minutes=fields["duration"])
        undo = {"meeting": meeting, "fields": mapping.former(before, fields)}
        return Change(record, expect, undo=Call(tool="zoom.restore_meeting", args=undo))

    def scheduled(self, made: Mapping[str, Any], expect: dict[str, Any], waiting_room: bool | None) -> Change:
        """What creating a meeting did."""
        record = mapping.to_meeting(made)
        if waiting_room is not None:
            others = [one for one in record.options if one != mapping.WAITING]
            expect["options"] = (*others, *((mapping.WAITING,) if waiting_room else ()))
        if "starts_at" in expect:
            expect["ends_at"] = record.ends_at
        undo = {"meeting": record.ref.id, "notify": False}
        return Change(record, expect, undo=Call(tool="zoom.cancel_meeting", args=undo))

    def signed_up(
        self, row: Mapping[str, Any], meeting: str, email: str, first_name: str, last_name: str | None
    ) -> Change:
        """What registering somebody did."""
        own = row.get("registrant_id") or row["id"]
        record = mapping.to_registrant({**row, "id": own}, meeting)
        expect = {"email": email, "title": f"{first_name} {last_name or ''}".strip()}
        undo = Call(tool="zoom.remove_registrant", args={"meeting": meeting, "registrant": own})
        return Change(record, expect, undo=undo)


def called_off(before: Meeting, meeting: str, occurrence: str | None) -> Change:
    """What calling a meeting off did."""
    ref = mapping.meeting_ref(meeting, before.ref.url, occurrence or "")
    return Change(before.model_copy(update={"ref": ref}), is_gone=True)


def trashed(before: Document, action: str) -> Change:
    """What deleting a recording did; only from the trash it comes back."""
    undo = Call(tool="zoom.restore_recording", args={"meeting": before.ref.id}) if action == "trash" else None
    return Change(before, is_gone=True, undo=undo)
