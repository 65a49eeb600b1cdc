"""Who may see what in Box: links, and people who are let in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal, get_args

from pydantic import Field

from core.errors import NotFound
from core.tool import Call, Change
from tools.declare import Who, tool
from tools.integrations.box import mapping
from tools.integrations.box.lookup import SCOPES, UNDO, FileName, ItemName, Lookup
from tools.integrations.box.mapping import FIELDS, given, to_document

Collaborator = Annotated[str, Field(json_schema_extra={"format": "person", "x-find": "collaborator"})]
Role = Literal["viewer", "previewer", "uploader", "editor", "co-owner"]


class Sharing(Lookup):
    """The tools that open and close."""

    @tool("write", scopes=SCOPES, proof="read_item", undo="restore_link")
    async def share_link(
        self,
        file: Annotated[FileName, "the file, by name, path or link"],
        access: Annotated[Literal["open", "company", "collaborators"], "for whom the link works"] = "company",
        expires: Annotated[datetime | None, "when it stops working"] = None,
        password: Annotated[str | None, "a password that it asks for"] = None,
    ) -> Change:
        """Make a link to a file for others to open it, for anyone or for colleagues."""
        before = (await self.http.get(f"/files/{file}", fields=FIELDS)).get("shared_link")
        until = expires.isoformat() if expires else None
        item = await self._link(file, given(access=access, unshared_at=until, password=password))
        undo = Call(tool="box.restore_link", args={"file": file, "link": mapping.link_settings(before)})
        return Change(to_document(item), given(access=access, expires_at=expires), undo=undo)

    @tool("write", scopes=SCOPES, proof="read_access", undo="revoke_access", recover="recover_access")
    async def invite_collaborator(
        self,
        item: Annotated[ItemName, "the folder or file, by name, path or link"],
        person: Annotated[Who, "who gets in, by name or address"],
        role: Annotated[Role, "what they may do there"] = "viewer",
    ) -> Change:
        """Let a person into a folder or file."""
        kind, number = mapping.named(item)
        who = {"type": "user", "login": person}
        body = {"item": {"type": kind, "id": number}, "accessible_by": who, "role": role}
        return self.let_in(await self.http.post("/collaborations", body), item, person, role)

    @tool("destructive", scopes=SCOPES, proof="read_access", undo="invite_collaborator")
    async def revoke_access(
        self,
        item: Annotated[ItemName, "the folder or file, by name, path or link"],
        person: Annotated[Collaborator, "who is taken off"],
    ) -> Change:
        """Take a person off a folder or file that they were let into."""
        found = next((one for one in await self.collaborators(item) if one.email == person.lower()), None)
        if found is None:
            raise NotFound(f"{person} was not let into it itself.")
        await self.http.send("DELETE", f"/collaborations/{found.ref.id}", is_repeatable=True)
        again = {"item": item, "person": found.email, "role": found.role}
        undo = Call(tool="box.invite_collaborator", args=again) if found.role in get_args(Role) else None
        return Change(found, is_gone=True, undo=undo)

    @tool("write", scopes=SCOPES, proof="read_item", irreversible=UNDO, is_hidden=True)
    async def restore_link(
        self,
        file: Annotated[str, "id"],
        link: Annotated[dict[str, Any] | None, "former settings, none for no link"] = None,
    ) -> Change:
        """Set a file's link back to what it was."""
        return Change(to_document(await self._link(file, link)), {"access": (link or {}).get("access", "")})

    async def _link(self, file: str, link: Mapping[str, Any] | None) -> Any:
        path, body = f"/files/{file}", {"shared_link": link}
        return (await self.http.send("PUT", path, json=body, params={"fields": FIELDS}, is_repeatable=True)).data
