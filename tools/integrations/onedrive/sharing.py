"""Who may see what in OneDrive: people who are let in, and links."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from core.errors import Conflict, NotFound
from core.records import Person
from core.tool import Call, Change
from tools.declare import Text, Who, tool
from tools.integrations.onedrive import mapping
from tools.integrations.onedrive.lookup import DIRECTORY, FILES, UNDO, ItemName, Lookup
from tools.integrations.onedrive.mapping import given, to_document
from tools.kit.microsoft import in_utc

Reader = Annotated[str, Field(json_schema_extra={"format": "person", "x-find": "reader"})]


class Sharing(Lookup):
    """The tools that open and close."""

    @tool("write", scopes=(*FILES, *DIRECTORY), proof="read_shared", undo="restore_access", recover="recover_share")
    async def share_file(
        self,
        item: Annotated[ItemName, "the file or folder, by name, path or link"],
        people: Annotated[list[Who], "who is let in, by name or address"],
        role: Annotated[Literal["read", "write"], "whether they may only look or edit too"] = "read",
        message: Annotated[Text | None, "a note in the invitation"] = None,
    ) -> Change:
        """Let certain people into a file or folder, and send them an invitation."""
        wanted = list(dict.fromkeys(one.lower() for one in people))
        before = mapping.to_shared(await self.item(item), await self.permissions(item))
        if all(before.shared_with.get(one) == role for one in wanted):
            raise Conflict(f"They are let into “{before.title}” already.")
        await self._invite(item, wanted, role, **given(message=message), sendInvitation=True)
        former = {one: before.shared_with.get(one, "") for one in wanted}
        undo = Call(tool="onedrive.restore_access", args={"item": item, "access": former})
        return Change(before, {"shared_with": {**before.shared_with, **dict.fromkeys(wanted, role)}}, undo=undo)

    @tool("write", scopes=FILES, proof="read_link", undo="delete_link", recover="recover_link")
    async def create_link(
        self,
        item: Annotated[ItemName, "the file or folder, by name, path or link"],
        kind: Annotated[Literal["view", "edit", "embed"], "what it allows"] = "view",
        scope: Annotated[Literal["anonymous", "organization"], "anyone, or colleagues only"] = "organization",
        expires: Annotated[datetime | None, "when it stops working"] = None,
    ) -> Change:
        """Make a link to a file or folder that can be passed on."""
        end = expires if expires is None or expires.tzinfo else expires.replace(tzinfo=self.who.zone)
        body = {"type": kind, "scope": scope} | ({"expirationDateTime": in_utc(end)} if end else {})
        path = f"/{item}/microsoft.graph.createLink"
        # a link of this kind is there once: asking again gives it and makes no second
        answer = await self.http.send("POST", path, json=body, is_repeatable=True)
        record = mapping.to_link(answer.data, to_document(await self.item(item)))
        expect = {"access": f"{scope}, {kind}", "link": record.link} | ({"expires_at": end} if end else {})
        undo = Call(tool="onedrive.delete_link", args={"link": record.ref.id})
        return Change(record, expect, undo=undo if answer.status == 201 else None)

    @tool("read", scopes=FILES)
    async def list_access(self, item: Annotated[ItemName, "the file or folder, by name, path or link"]) -> list[Person]:
        """Show who can open a file or folder: people, and whoever has a link."""
        return [one for row in await self.permissions(item) for one in mapping.to_access(row, item)]

    @tool(
        "destructive", scopes=(*FILES, *DIRECTORY), proof="read_access", undo="restore_access", recover="recover_revoke"
    )
    async def revoke_access(
        self,
        item: Annotated[ItemName, "the file or folder, by name, path or link"],
        person: Annotated[Reader, "who loses it"],
    ) -> Change:
        """Take a person's access to a file or folder away."""
        row = await self._own(item, person)
        former = {person.lower(): mapping.role_of(row)}
        before = mapping.to_access(row, item)[0]
        await self.http.send("DELETE", f"/{before.ref.id}", is_repeatable=True)
        undo = Call(tool="onedrive.restore_access", args={"item": item, "access": former})
        return Change(before, is_gone=True, undo=undo)

    @tool("write", scopes=FILES, proof="read_shared", irreversible=UNDO, is_hidden=True)
    async def restore_access(
        self,
        item: Annotated[str, "path"],
        access: Annotated[dict[str, str], "former role by address, empty for none"],
    ) -> Change:
        """Let people into a file or folder as they were before."""
        for person, role in access.items():
            rows = [row for row in await self.permissions(item) if person in mapping.let_in(row)]
            for row in rows:
                if mapping.role_of(row) != role:
                    await self.http.send("DELETE", f"/{item}/permissions/{row['id']}", is_repeatable=True)
            if role and not any(mapping.role_of(row) == role for row in rows):
                await self._invite(item, [person], role, sendInvitation=False)
        now = mapping.to_shared(await self.item(item), await self.permissions(item))
        kept = {who: role for who, role in now.shared_with.items() if who not in access}
        return Change(now, {"shared_with": kept | {who: role for who, role in access.items() if role}})

    @tool("destructive", scopes=FILES, proof="read_link", irreversible=UNDO, is_hidden=True)
    async def delete_link(self, link: Annotated[str, "path of its permission"]) -> Change:
        """Take a link away."""
        path, _, number = link.partition("/permissions/")
        row = next((one for one in await self.permissions(path) if str(one["id"]) == number), None)
        if row is None:
            raise NotFound("There is no such link any more.")
        await self.http.send("DELETE", f"/{link}", is_repeatable=True)
        return Change(mapping.to_link(row, to_document(await self.item(path))), is_gone=True)

    async def recover_link(self, **args: Any) -> Change | None:
        """The link, asked for again: it is there once. Whether it was before is not known, so there is no undo."""
        change = await self.create_link(**args)
        return Change(change.record, change.expect)

    async def recover_revoke(self, item: str, person: str) -> Change | None:
        """Done if the person has no access of their own any more."""
        rows = await self.permissions(item)
        if any(person.lower() in mapping.let_in(row) for row in rows):
            return None
        document = to_document(await self.item(item))
        return Change(Person(ref=document.ref.model_copy(update={"id": f"{item}/permissions/none"})), is_gone=True)

    async def _own(self, item: str, person: str) -> Mapping[str, Any]:
        """The permission that lets just this person into the item itself.

        Raises:
            NotFound: there is none.
            Conflict: they get in another way.
        """
        rows = await self.permissions(item)
        found = [row for row in rows if any(one.email == person.lower() for one in mapping.to_access(row, item))]
        if not found:
            raise NotFound(f"{person} was not let into it.")
        own = next((row for row in found if person.lower() in mapping.let_in(row)), None)
        if own is None:
            source = str((found[0].get("inheritedFrom") or {}).get("name") or "")
            told = f"the folder “{source}”" if source else "a link that they share with others"
            raise Conflict(f"{person} gets in through {told}; take it away there.")
        if mapping.role_of(own) == "owner":
            raise Conflict("The owner cannot be taken off.")
        return own

    async def _invite(self, item: str, people: list[str], role: str, **more: Any) -> None:
        body = {"recipients": [{"email": one} for one in people], "roles": [role], "requireSignIn": True, **more}
        await self.http.send("POST", f"/{item}/microsoft.graph.invite", json=body)
