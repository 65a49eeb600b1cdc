"""Writing HubSpot's objects, and finding out after a lost answer whether one was written."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from core.clock import utc_now
from core.errors import NotFound, Rejected
from core.tool import Call, Change
from tools.integrations.hubspot.mapping import PLURAL, SINGULAR, Lens, tied, to_text, written
from tools.integrations.hubspot.search import OBJECTS, Search, made_since, test
from tools.stream import Batch, by_time, since, stream

LOST = timedelta(minutes=5)


class Store(Search):
    """The writing half of the integration, under one person's connection."""

    async def recover_contact(self, email: str, **_: Any) -> Change | None:
        """The contact with this address, if it was made within the last minutes; HubSpot has one an address."""
        try:
            made = await self.item("contact", email.lower(), idProperty="email")
        except NotFound:
            return None
        return await self._found("contact", made, {"email": email.lower()}) if made_since(made, _lost_ms()) else None

    async def recover_company(self, name: str, **_: Any) -> Change | None:
        """The company that was made with this name within the last minutes."""
        return await self._found("company", await self.latest("company", "name", name, _lost_ms()), {"title": name})

    async def recover_deal(self, name: str, **_: Any) -> Change | None:
        """The deal that was made with this name within the last minutes."""
        return await self._found("deal", await self.latest("deal", "dealname", name, _lost_ms()), {"title": name})

    async def recover_task(self, subject: str, **_: Any) -> Change | None:
        """The task that was made with this subject within the last minutes."""
        made = await self.latest("task", "hs_task_subject", subject, _lost_ms())
        return await self._found("task", made, {"title": subject})

    async def recover_note(self, record: str, body: str, **_: Any) -> Change | None:
        """The note with this text that was tied to the record within the last minutes, if there is one."""
        plural, own = record.split("/")
        for note in await self.near(SINGULAR[plural], own, "note", 10):
            item = await self.item("note", note.ref.id)
            if made_since(item, _lost_ms()) and to_text(item["properties"]["hs_note_body"]) == body.strip():
                return await self._found("note", item, {"text": body})
        return None

    async def create(
        self, kind: str, properties: dict[str, str], record: str | None = None, **ties: str | None
    ) -> Change:
        """Make an object, tied to others at once, so that there is never one without its ties."""
        plural, _, own = (record or "").partition("/")
        about = {SINGULAR[plural]: own} if own else {}
        company = ties.get("company") or ""
        named = str((await self.item("company", company))["properties"].get("name") or "") if company else ""
        lens = await self.lens(kind, [{"properties": properties}])
        associations = [tie for to, one in {**ties, **about}.items() for tie in tied(kind, to, one)]
        body = {"properties": properties, "associations": associations}
        made = await self.http.post(f"{OBJECTS}/{PLURAL[kind]}", body)
        expect = lens.expected(kind, properties)
        expect |= {"company": named} if named else {}
        expect |= {"parent" if kind == "task" else "channel": record} if record else {}
        return _made(lens, kind, made, expect)

    async def _found(self, kind: str, made: Mapping[str, Any], expect: Mapping[str, Any]) -> Change:
        return _made(await self.lens(kind, [made]), kind, made, expect)

    async def place(self, stage: str | None, pipeline: str | None) -> dict[str, str]:
        """Where a new deal begins: in the first stage of the first pipeline unless said otherwise.

        Raises:
            Rejected: the stage is not in that pipeline.
        """
        fits = [one for one in await self.pipelines() if pipeline in (None, one["id"])]
        fits = [one for one in fits if stage is None or any(stage == its["id"] for its in one["stages"])]
        if not fits:
            raise Rejected("This stage is not in that pipeline.", fields={"stage": "not there"})
        return written(pipeline=fits[0]["id"], stage=stage or fits[0]["stages"][0]["id"])

    async def home(self, stage: str | None) -> dict[str, str]:
        """The pipeline of a stage, which a deal that moves there must be in."""
        homes = {its["id"]: one["id"] for one in await self.pipelines() for its in one["stages"]} if stage else {}
        return written(pipeline=homes.get(stage or ""))

    async def update(self, kind: str, own: str, properties: dict[str, str]) -> Change:
        """Set properties, and keep what they were for the undo."""
        if not properties:
            raise Rejected("There is nothing to change.")
        path, wanted = f"{OBJECTS}/{PLURAL[kind]}/{own}", properties.get("lifecyclestage")
        before = await self.item(kind, own)
        lens = await self.lens(kind, [before, {"properties": properties}])
        names = {*properties, *(("closedate",) if "dealstage" in properties else ())}  # closing a deal dates it
        former = {name: before["properties"].get(name) or "" for name in sorted(names)}
        now = (await self.http.send("PATCH", path, json={"properties": properties}, is_repeatable=True)).data
        if wanted and now["properties"].get("lifecyclestage") != wanted:  # it goes back only from nothing
            for value in ("", wanted):
                back = {"properties": {"lifecyclestage": value}}
                await self.http.send("PATCH", path, json=back, is_repeatable=True)
        undo = Call(tool="hubspot.restore_record", args={"record": f"{PLURAL[kind]}/{own}", "properties": former})
        return Change(lens.record(kind, before), lens.expected(kind, properties), undo=undo)

    async def archive(self, kind: str, own: str) -> Change:
        """Put an object into the recycle bin."""
        before = await self.whole(kind, own)
        await self.http.send("DELETE", f"{OBJECTS}/{PLURAL[kind]}/{own}", is_repeatable=True)
        return Change(before, is_gone=True)

    @stream("contact")
    async def stream_contacts(self, cursor: str) -> Batch:
        """Contacts as they change."""
        return await self.changed("contact", "lastmodifieddate", cursor)

    @stream("deal")
    async def stream_deals(self, cursor: str) -> Batch:
        """Deals as they change."""
        return await self.changed("deal", "hs_lastmodifieddate", cursor)

    async def changed(self, kind: str, name: str, cursor: str) -> Batch:
        """What changed since the cursor."""
        moment, lens = since(cursor), await self.lens(kind)
        filters = [test(name, "GTE", int(moment.timestamp() * 1000))] if moment else []
        rows = self.rows(kind, filters, sort=name, is_rising=True)
        return await by_time(rows, cursor, lambda item: str(item["updatedAt"]), lambda item: lens.record(kind, item))


def _made(lens: Lens, kind: str, made: Mapping[str, Any], expect: Mapping[str, Any]) -> Change:
    undo = Call(tool="hubspot.archive_record", args={"record": f"{PLURAL[kind]}/{made['id']}"})
    if kind == "contact":
        undo = Call(tool="hubspot.delete_contact", args={"contact": made["id"]})
    return Change(lens.record(kind, made), expect, undo=undo)


def _lost_ms() -> int:
    return int((utc_now() - LOST).timestamp() * 1000)
