"""Who may open a file, comments on it, and what comes back from the trash."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from core.clock import utc_now
from core.errors import Conflict, NotFound, Rejected
from core.principal import Principal
from core.records import Person
from core.tool import Call, Change
from tools.declare import Text, Who, finds, tool
from tools.integrations.google_drive import mapping
from tools.integrations.google_drive.lookup import DRIVES, JUST_NOW, MOST, Lookup
from tools.integrations.google_drive.mapping import ACCESS, ANYONE, COMMENT
from tools.kit.paging import by_cursor, take

SCOPES = ("https://www.googleapis.com/auth/drive",)
UNDO = "it is itself an undo"

FileName = Annotated[str, finds("file")]
Member = Annotated[str, Field(json_schema_extra={"format": "person", "x-find": "member"})]
Role = Literal["reader", "commenter", "writer"]


class Sharing(Lookup):
    """Access and comments."""

    who: Principal

    @tool("write", scopes=SCOPES, proof="read_sharing", undo="set_access", recover="recover_sharing")
    async def share_file(
        self,
        file: Annotated[FileName, "the file or folder, by name, path or link"],
        with_: Annotated[Who | None, "who is let in; not needed for the company or anyone"] = None,
        role: Annotated[Role, "may read, comment or edit"] = "reader",
        scope: Annotated[
            Literal["person", "domain", "anyone"], "one person, the whole company, or whoever has the link"
        ] = "person",
        message: Annotated[Text | None, "a note in the mail that tells of it"] = None,
    ) -> Change:
        """Let a person, the company or anybody with the link open a file."""
        target = self._target(with_, scope)
        before = await self.shared(file)
        mail = {"sendNotificationEmail": True, "emailMessage": message} if scope == "person" else {}
        await self._let_in(file, target, role, mail)
        return self._shared(before.shared_with, before.ref.id, target, role, before)

    @tool("read", scopes=SCOPES)
    async def list_access(self, file: Annotated[FileName, "the file or folder, by name, path or link"]) -> list[Person]:
        """Show who may open a file, and whether they may edit it."""
        return [mapping.to_access(one, file) for one in await self.access(file)]

    @tool("destructive", scopes=SCOPES, proof="read_access", undo="set_access")
    async def revoke_access(
        self,
        file: Annotated[FileName, "the file or folder, by name, path or link"],
        person: Annotated[Member, "who may no longer open it"],
    ) -> Change:
        """Stop sharing a file with somebody."""
        found = await self._permission(file, person)
        if found is None:
            raise NotFound(f"{person} was not let into it.")
        if found["role"] == "owner":
            raise Conflict("Its owner cannot lose access to it.")
        await self._shut_out(file, found)
        args = {"file": file, "who": person, "role": found["role"]}
        undo = Call(tool="google_drive.set_access", args=args)
        return Change(mapping.to_access(found, file), is_gone=True, undo=undo)

    @tool("write", scopes=SCOPES, proof="read_sharing", irreversible=UNDO, is_hidden=True)
    async def set_access(
        self,
        file: Annotated[str, "id"],
        who: Annotated[str, "address, domain or anyone"],
        role: Annotated[str, "the former role, nothing for none"] = "",
    ) -> Change:
        """Give somebody the access to a file that they had, without a mail."""
        before, found = await self.shared(file), await self._permission(file, who)
        if not role and found:
            await self._shut_out(file, found)
        elif role:
            await self._let_in(file, who, role, {"sendNotificationEmail": False} if "@" in who else {}, found)
        wanted = {name: one for name, one in before.shared_with.items() if name != who} | ({who: role} if role else {})
        return Change(before, {"shared_with": wanted})

    @tool("write", scopes=SCOPES, proof="read_comment", undo="delete_comment", recover="recover_comment")
    async def comment_on_file(
        self,
        file: Annotated[FileName, "the file, by name, path or link"],
        text: Annotated[Text, "the comment"],
    ) -> Change:
        """Leave a comment on a file, for those who can open it."""
        made = await self.http.post(f"/files/{file}/comments", {"content": text}, params={"fields": COMMENT})
        return self._said(made, file, text)

    @tool("write", scopes=SCOPES, proof="read_comment", irreversible=UNDO, is_hidden=True)
    async def delete_comment(self, file: Annotated[str, "id"], comment: Annotated[str, "id"]) -> Change:
        """Take back a comment of one's own."""
        path = f"/files/{file}/comments/{comment}"
        before = mapping.to_comment(await self.http.get(path, fields=COMMENT), file)
        await self.http.send("DELETE", path, is_repeatable=True)
        return Change(before, is_gone=True)

    async def recover_sharing(
        self, file: str, with_: str | None = None, role: str = "reader", scope: str = "person", **_: Any
    ) -> Change | None:
        """The access, if it is there."""
        target, now = self._target(with_, scope), await self.shared(file)
        if now.shared_with.get(target) != role:
            return None
        before = {name: one for name, one in now.shared_with.items() if name != target}
        return self._shared(before, file, target, role, now)

    async def recover_comment(self, file: str, text: str) -> Change | None:
        """One's own comment that says this, left just now."""
        rows = by_cursor(
            self.http, f"/files/{file}/comments", "comments", "nextPageToken", "pageToken", pageSize=100,
            fields=f"nextPageToken,comments({COMMENT})",
        )  # fmt: skip
        for one in await take(rows, MOST):
            made = mapping.moment(one.get("createdTime"))
            is_new = made is not None and utc_now() - made < JUST_NOW
            if one.get("content") == text and (one.get("author") or {}).get("me") and is_new:
                return self._said(one, file, text)
        return None

    def _target(self, person: str | None, scope: str) -> str:
        """Whom it is for: an address, a domain or anyone."""
        if scope == "person":
            if not person:
                raise Rejected("Say who is let in.", fields={"with": "missing"})
            return person.lower()
        return ANYONE if scope == "anyone" else self.who.email.partition("@")[2]

    def _shared(self, before: Mapping[str, str], file: str, target: str, role: str, record: Any) -> Change:
        args = {"file": file, "who": target, "role": before.get(target, "")}
        undo = Call(tool="google_drive.set_access", args=args)
        return Change(record, {"shared_with": {**before, target: role}}, undo=undo)

    def _said(self, item: Mapping[str, Any], file: str, text: str) -> Change:
        undo = Call(tool="google_drive.delete_comment", args={"file": file, "comment": str(item["id"])})
        return Change(mapping.to_comment(item, file), {"text": text}, undo=undo)

    async def _permission(self, file: str, who: str) -> Mapping[str, Any] | None:
        for one in await self.access(file):
            if who.lower() in (mapping.address(one), str(one.get("domain") or ""), one["type"]):
                return one
        return None

    async def _let_in(
        self, file: str, who: str, role: str, mail: Mapping[str, Any], there: Mapping[str, Any] | None = None
    ) -> None:
        """Let somebody in, or change what they may do if they are in."""
        found = there or await self._permission(file, who)
        if found:
            path = f"/files/{file}/permissions/{found['id']}"
            await self.http.send(
                "PATCH", path, json={"role": role}, params={"fields": ACCESS, **DRIVES}, is_repeatable=True
            )
            return
        whom = {"type": "user", "emailAddress": who} if "@" in who else {"type": "domain", "domain": who}
        body = {"role": role} | ({"type": ANYONE} if who == ANYONE else whom)
        params = {"fields": ACCESS, **mail, **DRIVES}
        await self.http.send("POST", f"/files/{file}/permissions", json=body, params=params)

    async def _shut_out(self, file: str, permission: Mapping[str, Any]) -> None:
        path = f"/files/{file}/permissions/{permission['id']}"
        await self.http.send("DELETE", path, params=DRIVES, is_repeatable=True)
