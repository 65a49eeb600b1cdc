"""Reading back what was written, finding out after a lost answer, and the inverses that nobody asks for by name."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from core.clock import utc_now
from core.errors import NotFound
from core.records import Channel, Document, Message, Record, Ref
from core.tool import Call, Change
from tools.declare import tool
from tools.integrations.whatsapp import mapping
from tools.integrations.whatsapp.number import Number

UNDO = "it is itself an undo"
MANAGE, SEND = ("whatsapp_business_management",), ("whatsapp_business_messaging",)
EVENTS = "id,message_id,events{delivery_status,timestamp,error_description}"
JUST_NOW = timedelta(minutes=5)


class Proof(Number):
    """The writing half of the integration but for the requests themselves."""

    @tool("destructive", scopes=MANAGE, proof="read_template", irreversible=UNDO, is_hidden=True)
    async def withdraw_template(
        self, name: Annotated[str, "name"], template: Annotated[str, "id of it in one language"]
    ) -> Change:
        """Take a template back in one language."""
        query = {"name": name, "hsm_id": template}
        await self.http.send("DELETE", f"/{self.account}/message_templates", params=query)
        return Change(Document(ref=Ref(integration="whatsapp", kind="template", id=template, key=name)), is_gone=True)

    @tool("write", scopes=MANAGE, proof="read_profile", irreversible=UNDO, is_hidden=True)
    async def restore_profile(self, fields: Annotated[dict[str, Any], "former values, in WhatsApp's words"]) -> Change:
        """Set the profile back to what it was."""
        return await self.update(fields)

    @tool("destructive", scopes=MANAGE, proof="read_new_group", irreversible=UNDO, is_hidden=True)
    async def delete_group(self, group: Annotated[str, "moment and subject of the group"]) -> Change:
        """Close a group that was just made."""
        found = await self._new_group(group)
        await self.http.send("DELETE", f"/{found['id']}")
        return Change(mapping.to_group(found).model_copy(update={"ref": _new(group)}), is_gone=True)

    @tool("write", scopes=SEND, proof="read_blocked", irreversible=UNDO, is_hidden=True)
    async def unblock_contact(self, who: Annotated[str, "digits of the phone number"]) -> Change:
        """Let somebody write to the business again."""
        body = {**mapping.PRODUCT, "block_users": [{"user": who}]}
        await self.http.send("DELETE", f"/{self.number}/block_users", json=body, is_repeatable=True)
        return Change(mapping.to_blocked(who), is_gone=True)

    async def read_message(self, ref: Ref) -> Record:
        """Reads what became of the message; what it says is shown to nobody."""
        found = await self.http.get(f"/{self.number}/message_history", message_id=ref.id, fields=EVENTS)
        row = next((one for one in found.get("data") or () if one.get("message_id") == ref.id), None)
        if row is None:
            raise NotFound("There is no such message.", status=404)
        events = (row.get("events") or {}).get("data") or ()
        states = [str(one.get("delivery_status")).lower() for one in events]
        if "failed" in states:
            raise NotFound("WhatsApp could not deliver it.", status=404, cause=str(events)[:300])
        return Message(ref=ref, labels=tuple(states[-1:]))

    async def read_template(self, ref: Ref) -> Record:
        """Reads the template again."""
        return mapping.to_template(await self.http.get(f"/{ref.id}"))

    async def read_profile(self, ref: Ref) -> Record:
        """Reads the profile again."""
        return mapping.to_profile(await self.profile(), self.number)

    async def read_new_group(self, ref: Ref) -> Record:
        """Looks for the group in the list, for the answer to its making does not say its id, and reads it."""
        return await self.group(str((await self._new_group(ref.id))["id"]))

    async def read_blocked(self, ref: Ref) -> Record:
        """Reads whom the number blocks again."""
        async for row in self.blocked():
            if row.get("wa_id") == ref.id:
                return mapping.to_blocked(ref.id)
        raise NotFound("This number is not blocked.", status=404)

    async def recover_template(self, name: str, category: str, language: str, body: str) -> Change | None:
        """The template, if it is there in this language and says this."""
        async for row in self.templates(mapping.template_name(name)):
            is_it = row["name"] == mapping.template_name(name) and row.get("language") == language
            if is_it and row.get("category") == category:
                return self.handed_in(mapping.to_template(row), body)
        return None

    async def recover_deletion(self, name: str) -> Change | None:
        """Whether no template of this name is left."""
        async for row in self.templates(name):
            if row["name"] == name:
                return None
        return Change(Document(ref=Ref(integration="whatsapp", kind="template", id="0", key=name)), is_gone=True)

    async def recover_group(self, subject: str, description: str | None) -> Change | None:
        """The group of this subject that was made in the last minutes, if there is one."""
        since = utc_now() - JUST_NOW
        try:
            await self._new_group(_mark(since, subject))
        except NotFound:
            return None
        return self.begun(since, subject, description)

    async def update(self, fields: Mapping[str, Any]) -> Change:
        """Write fields of the profile; the undo has what they held."""
        before = await self.profile()
        path = f"/{self.number}/whatsapp_business_profile"
        await self.http.post(path, {**mapping.PRODUCT, **fields}, is_repeatable=True)
        former = {name: before.get(name) or ([] if name == "websites" else "") for name in fields}
        undo = Call(tool="whatsapp.restore_profile", args={"fields": former})
        return Change(mapping.to_profile(before, self.number), mapping.expected(fields), undo=undo)

    def handed_in(self, record: Document, body: str) -> Change:
        """What handing a template in did."""
        expect: dict[str, Any] = {"title": record.title}
        if record.properties["category"] != "AUTHENTICATION":
            expect["text"] = body
        undo = {"name": record.title, "template": record.ref.id}
        return Change(record, expect, undo=Call(tool="whatsapp.withdraw_template", args=undo))

    def begun(self, since: datetime, subject: str, description: str | None) -> Change:
        """What making a group did."""
        mark = _mark(since, subject)
        expect = {"title": subject, "topic": description or ""}
        undo = Call(tool="whatsapp.delete_group", args={"group": mark})
        return Change(Channel(ref=_new(mark), title=subject), expect, undo=undo)

    async def _new_group(self, mark: str) -> Mapping[str, Any]:
        said, _, subject = mark.partition(" ")
        since = datetime.fromtimestamp(int(said), UTC)
        dated = [(mapping.made_at(row) or since, row) async for row in self.groups() if row.get("subject") == subject]
        fresh = [(made, row) for made, row in dated if made >= since]
        if not fresh:
            raise NotFound("There is no such group.", status=404)
        newest: Mapping[str, Any] = max(fresh, key=lambda pair: pair[0])[1]
        return newest


def _mark(since: datetime, subject: str) -> str:
    return f"{int(since.timestamp())} {subject}"


def _new(mark: str) -> Ref:
    return Ref(integration="whatsapp", kind="new_group", id=mark, key=mark.partition(" ")[2])
