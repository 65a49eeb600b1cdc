"""Changing people of audiences and campaigns: what undoes it, what proves it, and what happened to a lost answer."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any

from core.clock import utc_now
from core.errors import Conflict, VendorError
from core.principal import Principal
from core.records import Record, Ref
from core.tool import Call, Change
from tools.declare import tool
from tools.integrations.mailchimp.mapping import named, place, tagged, to_campaign, to_html, to_subscriber
from tools.integrations.mailchimp.search import Search
from tools.kit.paging import by_offset, listed
from tools.stream import Batch, by_time, since, stream

LOST = timedelta(minutes=5)


class Store(Search):
    """The writing half of the integration, under one person's connection."""

    who: Principal

    async def add(
        self, audience: str, email: str, fields: Mapping[str, str], status: str, tags: Sequence[str]
    ) -> Change:
        """Put a person on an audience; who is subscribed stays so, and nobody loses a tag."""
        before = await self.member(audience, email)
        if before is not None:
            kept = "subscribed" if before["status"] == "subscribed" else status
            return await self.change(place(audience, email), {"status": kept, "merge_fields": fields}, tags, [], before)
        tags = await self._known(audience, tags)
        body = {"email_address": email, "status": status, "merge_fields": fields, "tags": tags}
        made = await self.http.post(f"/lists/{audience}/members", body)
        undo = _back(place(audience, email), {"status": "archived"})
        expect = {"email": email, "status": status, "labels": tuple(tags)} | _title(fields, {})
        return Change(to_subscriber(made, self.http.connection.site), expect, undo=undo)

    async def change(
        self,
        subscriber: str,
        fields: Mapping[str, Any],
        add: Sequence[str],
        remove: Sequence[str],
        before: Mapping[str, Any] | None = None,
    ) -> Change:
        """Set fields and tags of a person of an audience, and keep what they were for the undo.

        Raises:
            Conflict: all is so already.
        """
        audience, path = subscriber.partition("/")[0], _path(subscriber)
        before = before or await self.http.get(path)
        had = {tag["name"].lower(): tag["name"] for tag in before.get("tags") or ()}
        new = [tag for tag in await self._known(audience, add) if tag.lower() not in had]
        gone = [had[tag.lower()] for tag in remove if tag.lower() in had]
        names, status = fields.get("merge_fields") or {}, fields.get("status") or before["status"]
        known = before.get("merge_fields") or {}
        same = status == before["status"] and all(known.get(name, "") == value for name, value in names.items())
        if same and not new and not gone:
            raise Conflict(
                f"Nothing to change: {before['email_address']} is {before['status']} with these tags already."
            )
        await self._write(path, before, fields, same)
        if new or gone:
            await self.http.send("POST", f"{path}/tags", json={"tags": tagged(new, gone)}, is_repeatable=True)
        former: dict[str, Any] = {"status": before["status"]} if "status" in fields else {}
        former |= {"merge_fields": {name: known.get(name, "") for name in names}} if names else {}
        labels = [name for name in had.values() if name not in gone]
        expect = {"status": status, "labels": (*labels, *new)} | (_title(names, known) if names else {})
        undo = _back(subscriber, former, add=gone, remove=new)
        return Change(to_subscriber(before, self.http.connection.site), expect, undo=undo)

    async def _write(self, path: str, before: Mapping[str, Any], fields: Mapping[str, Any], is_same: bool) -> None:
        if fields.get("status") == "archived":
            await self.http.send("DELETE", path, is_repeatable=True)
        elif before["status"] == "archived":
            body = {"email_address": before["email_address"], "status_if_new": fields["status"], **fields}
            await self.http.send("PUT", path, json=body, is_repeatable=True)
        elif not is_same:
            await self.http.send("PATCH", path, json=dict(fields), is_repeatable=True)

    async def fill(self, campaign: str, body: str) -> None:
        """Give a draft its text; where that fails, there is no draft either."""
        path = f"/campaigns/{campaign}"
        try:
            await self.http.send("PUT", f"{path}/content", json={"html": to_html(body)}, is_repeatable=True)
        except VendorError:
            await self.http.send("DELETE", path, is_repeatable=True)
            raise

    def midnight(self, day: date | None) -> str | None:
        """The beginning of a day where the person is."""
        return datetime.combine(day, time(), self.who.zone).isoformat() if day else None

    @tool("destructive", proof="read_campaign", irreversible="Mailchimp deletes a campaign for good", is_hidden=True)
    async def delete_campaign(self, campaign: Annotated[str, "id"]) -> Change:
        """Delete a campaign."""
        before = await self.campaign(campaign)
        await self.http.send("DELETE", f"/campaigns/{campaign}", is_repeatable=True)
        return Change(before, is_gone=True)

    @tool("write", proof="read_campaign", irreversible="schedule_campaign plans it again", is_hidden=True)
    async def unschedule_campaign(self, campaign: Annotated[str, "id"]) -> Change:
        """Make a planned campaign a draft again."""
        before = await self.campaign(campaign)
        await self.http.post(f"/campaigns/{campaign}/actions/unschedule")
        return Change(before, {"status": "save", "sends_at": None})

    @tool("write", proof="read_subscriber", irreversible="it is itself an undo", is_hidden=True)
    async def restore_subscriber(
        self,
        subscriber: Annotated[str, "audience and hash of the address"],
        fields: Annotated[dict[str, Any], "former values, in Mailchimp's own words"],
        add: Annotated[list[str] | None, "tags to give back"] = None,
        remove: Annotated[list[str] | None, "tags to take away"] = None,
    ) -> Change:
        """Set what is known of a person of an audience back; who was not there is archived."""
        return await self.change(subscriber, fields, add or [], remove or [])

    @stream("subscriber")
    async def stream_subscribers(self, cursor: str) -> Batch:
        """People of all audiences as they change, one audience after the other."""
        marks: dict[str, str] = json.loads(cursor) if cursor else {}
        found: list[Record] = []
        has_more = False
        for audience in await self.audiences():
            batch = await self._changed(audience, marks.get(audience["id"], ""))
            found, has_more = [*found, *batch.records], has_more or batch.has_more
            marks[audience["id"]] = batch.cursor
        return Batch(found, json.dumps(marks), has_more)

    async def _changed(self, audience: Mapping[str, Any], mark: str) -> Batch:
        begin = since(mark)
        rows = by_offset(
            self.http,
            f"/lists/{audience['id']}/members",
            "members",
            500,
            "offset",
            "count",
            last="",
            since_last_changed=(begin - timedelta(seconds=1)).isoformat() if begin else None,
            sort_field="last_changed",
            sort_dir="ASC",
        )

        def to(one: Mapping[str, Any]) -> Record:
            return to_subscriber(one, self.http.connection.site, audience["name"])

        return await by_time(rows, mark, lambda one: str(one["last_changed"]), to)

    async def read_subscriber(self, ref: Ref) -> Record:
        """Reads what the audience knows of the person again."""
        return to_subscriber(await self.http.get(_path(ref.id)), self.http.connection.site)

    async def read_campaign(self, ref: Ref) -> Record:
        """Reads the campaign again."""
        return await self.campaign(ref.id)

    async def recover_subscriber(
        self, email: str, audience: str, status: str, tags: Sequence[str] | None = None, **names: Any
    ) -> Change | None:
        """The person as they were to be added, if the audience has them so."""
        found = await self.member(audience, email)
        if found is None or found["status"] not in (status, "subscribed"):
            return None
        fields, known = named(names.get("first_name"), names.get("last_name")), found.get("merge_fields") or {}
        has = {tag["name"].lower() for tag in found.get("tags") or ()}
        if any(known.get(name) != value for name, value in fields.items()) or {t.lower() for t in tags or ()} - has:
            return None
        return Change(to_subscriber(found, self.http.connection.site), {"email": found["email_address"]})

    async def recover_campaign(self, audience: str, subject: str, body: str | None = None, **_: Any) -> Change | None:
        """The draft that was made with this subject within the last minutes, if there is one; it gets its text."""
        after = (utc_now() - LOST).isoformat()
        told = await self.http.get("/campaigns", list_id=audience, since_create_time=after, status="save", count=100)
        drafts = [to_campaign(one, self.http.connection.site) for one in listed(told, "campaigns")]
        found = next((one for one in drafts if one.subject == subject), None)
        if found is None:
            return None
        if body:
            await self.fill(found.ref.id, body)
        undo = Call(tool="mailchimp.delete_campaign", args={"campaign": found.ref.id})
        return Change(found, {"subject": subject, "status": "save"}, undo=undo)

    async def recover_schedule(self, campaign: str, at: datetime) -> Change | None:
        """The campaign, if it is planned for that moment."""
        found = await self.campaign(campaign)
        if found.status != "schedule" or found.sends_at != at:
            return None
        undo = Call(tool="mailchimp.unschedule_campaign", args={"campaign": campaign})
        return Change(found, {"status": "schedule", "sends_at": at}, undo=undo)

    async def recover_sent(self, campaign: str) -> Change | None:
        """The campaign, if it went out or is going out."""
        found = await self.campaign(campaign)
        return Change(found, {"is_sent": True}) if found.is_sent else None

    async def _known(self, audience: str, tags: Sequence[str]) -> list[str]:
        """The tags as the audience spells them, which does not tell capitals apart."""
        found = []
        for tag in tags:
            told = listed(await self.http.get(f"/lists/{audience}/tag-search", name=tag), "tags")
            found.append(next((str(one["name"]) for one in told if one["name"].lower() == tag.lower()), tag))
        return found


def _path(subscriber: str) -> str:
    audience, _, own = subscriber.partition("/")
    return f"/lists/{audience}/members/{own}"


def _back(subscriber: str, fields: Mapping[str, Any], **tags: list[str]) -> Call:
    args = {"subscriber": subscriber, "fields": dict(fields), **{name: some for name, some in tags.items() if some}}
    return Call(tool="mailchimp.restore_subscriber", args=args)


def _title(names: Mapping[str, str], known: Mapping[str, Any]) -> dict[str, str]:
    """What the person will be called, where a name was given."""
    every = {**known, **names}
    title = " ".join(str(every[name]) for name in ("FNAME", "LNAME") if every.get(name))
    return {"title": title} if title else {}
