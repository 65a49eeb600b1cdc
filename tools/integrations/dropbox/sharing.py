"""Who may see what in Dropbox: links, shared folders, and requests for files."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from core.errors import Conflict, OutcomeUnknown, Rejected
from core.tool import Call, Change
from tools.declare import Text, Who, tool
from tools.integrations.dropbox import mapping
from tools.integrations.dropbox.lookup import METADATA, UNDO, FolderPath, ItemPath, Lookup
from tools.integrations.dropbox.mapping import given, stamp, tag

LINK = ("sharing.write", "sharing.read")
REQUEST = ("file_requests.write", "file_requests.read")
POLLS = 20
POLL_S = 0.5


class Sharing(Lookup):
    """The tools that let others in."""

    @tool("write", scopes=LINK, proof="read_link", undo="restore_link", recover="recover_link")
    async def share_link(
        self,
        path: Annotated[ItemPath, "the file or folder, by path, name or link"],
        audience: Annotated[Literal["public", "team", "no_one"], "for whom the link works"] = "team",
        expires: Annotated[datetime | None, "when it stops working"] = None,
        password: Annotated[str | None, "a password that it asks for"] = None,
    ) -> Change:
        """Make a link by which others open a file or folder."""
        before = await self.link_of(path)
        settings = _settings(audience, expires, password)
        if before is None:
            body = {"path": path, "settings": settings | {"access": {".tag": "viewer"}}}
            link = await self.http.post("/sharing/create_shared_link_with_settings", body)
        else:
            link = await self._set(str(before["url"]), settings, is_endless=False)
        former = mapping.link_settings(before) if before else None
        undo = Call(tool="dropbox.restore_link", args={"path": path, "url": link["url"], "settings": former})
        return Change(mapping.to_link(link, path), given(access=audience, expires_at=expires), undo=undo)

    async def recover_link(
        self, path: str, audience: str = "team", expires: datetime | None = None, password: str | None = None
    ) -> Change | None:
        """The link, if it is there as it was wanted; whether it was before is not known, so there is no undo."""
        found = await self.link_of(path)
        link = mapping.to_link(found, path) if found else None
        needs = bool(((found or {}).get("link_permissions") or {}).get("require_password"))
        if link is None or link.access != audience or needs != bool(password):
            return None
        return Change(link, given(access=audience, expires_at=expires)) if link.expires_at == expires else None

    @tool("write", scopes=LINK, proof="read_link", irreversible=UNDO, is_hidden=True)
    async def restore_link(
        self,
        path: Annotated[str, "path"],
        url: Annotated[str, "link"],
        settings: Annotated[dict[str, Any] | None, "former settings, none where there was no link"] = None,
    ) -> Change:
        """Take a link away, or set it back to what it was."""
        if settings is not None:
            link = await self._set(url, settings, is_endless="expires" not in settings)
            record = mapping.to_link(link, path)
            return Change(record, {"access": record.access})
        before = mapping.to_link(await self.link_of(path) or {"url": url}, path)
        await self.http.post("/sharing/revoke_shared_link", {"url": url})
        return Change(before, is_gone=True)

    @tool("write", scopes=(*LINK, *METADATA), proof="read_shared", undo="uninvite", recover="recover_invitation")
    async def invite_to_folder(
        self,
        path: Annotated[FolderPath, "the folder, by path, name or link"],
        people: Annotated[list[Who], "who gets in, by name or address"],
        access: Annotated[Literal["viewer", "editor"], "whether they may change what is in it"] = "viewer",
        message: Annotated[Text | None, "a word that goes with the invitation"] = None,
    ) -> Change:
        """Share a folder with people by their names or addresses."""
        wanted: dict[str, str] = {who.lower(): access for who in people}
        before = await self.shared(path)
        if known := [who for who in wanted if who in before.shared_with]:
            raise Conflict(f"{', '.join(known)} already has access there.")
        number = await self._number(path)
        is_new = number is None
        if number is None:
            number = await self._share(path)
        added = [{"member": _by_email(who), "access_level": {".tag": role}} for who, role in wanted.items()]
        body = given(shared_folder_id=number, members=added, quiet=False, custom_message=message)
        await self.http.post("/sharing/add_folder_member", body)
        return _let_in(before, wanted, is_new)

    async def recover_invitation(
        self, path: str, people: Sequence[str], access: str = "viewer", message: str | None = None
    ) -> Change | None:
        """Done if all of them are members as was wanted."""
        now = await self.shared(path)
        wanted = {who.lower(): access for who in people}
        if not wanted.items() <= now.shared_with.items():
            return None
        kept = {who: role for who, role in now.shared_with.items() if who not in wanted}
        return _let_in(now.model_copy(update={"shared_with": kept}), wanted, is_new=False)

    @tool("destructive", scopes=(*LINK, *METADATA), proof="read_shared", irreversible=UNDO, is_hidden=True)
    async def uninvite(
        self,
        path: Annotated[str, "path"],
        people: Annotated[list[str], "addresses"],
        is_new: Annotated[bool, "whether the folder was not shared before"] = False,
    ) -> Change:
        """Take people off a shared folder again, and stop sharing it if it was not shared before."""
        before = await self.shared(path)
        number = await self._number(path)
        left = {who: role for who, role in before.shared_with.items() if who not in people}
        if is_new and not left:
            body = {"shared_folder_id": number, "leave_a_copy": False}
            await self._done(await self.http.post("/sharing/unshare_folder", body))
        else:
            for who in people:
                one = {"shared_folder_id": number, "member": _by_email(who), "leave_a_copy": False}
                await self._done(await self.http.post("/sharing/remove_folder_member", one))
        return Change(before, {"shared_with": left})

    @tool("write", scopes=REQUEST, proof="read_request", undo="delete_request", recover="recover_request")
    async def request_files(
        self,
        title: Annotated[str, "what the request is called"],
        folder: Annotated[FolderPath, "the folder that the files go to"],
        deadline: Annotated[datetime | None, "until when files are taken"] = None,
        description: Annotated[Text | None, "what those who upload should know"] = None,
    ) -> Change:
        """Open a page where others, also from outside, can upload files into a folder."""
        until = {"deadline": stamp(deadline)} if deadline else None
        body = given(title=title, destination=folder, deadline=until, description=description, open=True)
        made = await self.http.post("/file_requests/create", body)
        return _requested(made, title, folder, deadline, description)

    async def recover_request(
        self, title: str, folder: str, deadline: datetime | None = None, description: str | None = None
    ) -> Change | None:
        """The newest open request of this title for this folder."""
        data = await self.ask("/file_requests/list_v2", limit=1000)
        wanted = (title, folder.lower(), deadline)
        for item in sorted(data["file_requests"], key=lambda one: str(one["created"]), reverse=True):
            record = mapping.to_request(item)
            if item.get("is_open") and (record.title, record.project.lower(), record.due_at) == wanted:
                return _requested(item, title, folder, deadline, description)
        return None

    @tool("destructive", scopes=REQUEST, proof="read_request", irreversible=UNDO, is_hidden=True)
    async def delete_request(self, request: Annotated[str, "id"]) -> Change:
        """Close and delete a request; what was uploaded stays."""
        closed = await self.http.post("/file_requests/update", {"id": request, "open": False}, is_repeatable=True)
        await self.http.post("/file_requests/delete", {"ids": [request]})
        return Change(mapping.to_request(closed), is_gone=True)

    async def _set(self, url: str, settings: dict[str, Any], *, is_endless: bool) -> Any:
        body = {"url": url, "settings": settings, "remove_expiration": is_endless}
        return await self.http.post("/sharing/modify_shared_link_settings", body, is_repeatable=True)

    async def _number(self, path: str) -> str | None:
        item = await self.item(path)
        number = (item.get("sharing_info") or {}).get("shared_folder_id") or item.get("shared_folder_id")
        return str(number) if number else None

    async def _share(self, path: str) -> str:
        answer = await self.http.post("/sharing/share_folder", {"path": path})
        if answer.get("shared_folder_id"):
            return str(answer["shared_folder_id"])
        await self._done(answer, "/sharing/check_share_job_status")
        number = await self._number(path)
        if number is None:
            raise OutcomeUnknown("Dropbox says that the folder is shared, and does not show it.")
        return number

    async def _done(self, launched: Any, route: str = "/sharing/check_job_status") -> None:
        """Wait for what Dropbox does in the background."""
        job = launched.get("async_job_id") if isinstance(launched, dict) else None
        for _ in range(POLLS if job else 0):
            state = await self.ask(route, async_job_id=job)
            if tag(state) == "complete":
                return
            if tag(state) == "failed":
                raise Rejected(f"Dropbox could not do it ({tag((state or {}).get('failed')) or 'no reason given'}).")
            await asyncio.sleep(POLL_S)
        if job:
            raise OutcomeUnknown("Dropbox is still at it.")


def _settings(audience: str, expires: datetime | None, password: str | None) -> dict[str, Any]:
    secret = {"require_password": True, "link_password": password} if password else {}
    return given(audience={".tag": audience}, expires=stamp(expires) if expires else None) | secret


def _by_email(who: str) -> dict[str, str]:
    return {".tag": "email", "email": who}


def _let_in(before: Any, wanted: dict[str, str], is_new: bool) -> Change:
    args = {"path": before.ref.id, "people": sorted(wanted), "is_new": is_new}
    return Change(before, {"shared_with": before.shared_with | wanted}, undo=Call(tool="dropbox.uninvite", args=args))


def _requested(item: Any, title: str, folder: str, deadline: datetime | None, description: str | None) -> Change:
    expect = given(title=title, project=folder, due_at=deadline, description=description)
    undo = Call(tool="dropbox.delete_request", args={"request": str(item["id"])})
    return Change(mapping.to_request(item), expect, undo=undo)
