"""OneDrive through Microsoft Graph 1.0: the person's own drive, and what others share with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Any

from core.clock import utc_now
from core.errors import NotFound, Rejected
from core.records import Document, Party, Ref
from core.tool import Call, Change
from tools.declare import Who, tool
from tools.integration import Account, Integration
from tools.integrations.onedrive import mapping
from tools.integrations.onedrive.lookup import DIRECTORY, FILES, UNDO, FileName, FolderName, ItemName
from tools.integrations.onedrive.mapping import ROOT, given, to_document
from tools.integrations.onedrive.sharing import Sharing
from tools.kit.attachment import attachment
from tools.kit.microsoft import (
    Graph,
    by_next,
    changes,
    microsoft_oauth,
)  # fmt: skip
from tools.kit.office import plain_text
from tools.kit.paging import take
from tools.kit.webhook import Delivery, WebhookEvent
from tools.stream import Batch, stream

READABLE = 60_000
MOST_BYTES = 250_000_000
PAGE = 200
CONFLICT = "@microsoft.graph.conflictBehavior"
BINNED = "only OneDrive's own recycle bin brings it back, which Graph does not reach"


class OneDrive(Sharing, Graph, Integration):
    """OneDrive under one person's connection."""

    key = "onedrive"
    name = "OneDrive"
    category = "files"
    aliases = ("onedrive", "one drive", "sharepoint files", "microsoft drive")
    auth = microsoft_oauth("User.Read", *DIRECTORY, *FILES)
    calls_per_s = 10.0
    names = ("folder", "person")

    @classmethod
    def events(cls, delivery: Delivery) -> list[WebhookEvent]:
        """The drives in which something changed; what did, the stream tells."""
        # such a notification has no id of its own, and the next one is just like it
        request = delivery.headers.get("client-request-id") or f"{utc_now():%Y-%m-%dT%H:%M}"
        found = []
        for row in (delivery.data or {}).get("value") or ():
            resource, number = str(row.get("resource") or ""), str(row.get("subscriptionId") or "")
            ref = Ref(integration=cls.key, kind="drive", id=resource) if resource else None
            found.append(WebhookEvent(f"{number}:{request}", f"drive.{row.get('changeType') or 'updated'}", ref))
        return found

    @stream("file")
    async def stream_files(self, cursor: str) -> Batch:
        """Every file of the person's own drive, then those that were changed, moved or deleted."""
        try:
            page = await changes(self.http, f"/{mapping.top(self.drive)}/microsoft.graph.delta()", cursor)
        except NotFound:  # a place that OneDrive keeps no longer: everything is given anew
            return Batch([], "", has_more=bool(cursor))
        files = [one for one in page.items if not mapping.is_folder(one) and "root" not in one]
        gone = [
            Ref(integration=self.key, kind="file", id=f"drives/{self.drive}/items/{one['id']}")
            for one in files
            if "deleted" in one
        ]
        last = {str(one["id"]): to_document(one) for one in files if "deleted" not in one}
        return Batch(list(last.values()), page.cursor, page.has_more, gone)

    async def identify(self) -> Account:
        """The person's own drive."""
        drive = await self.http.get("/me/drive")
        return Account(str(drive["id"]), site=str(drive.get("webUrl") or ""))

    async def list_names(self) -> Mapping[str, Sequence[str]]:
        """The folders at the top."""
        return {"folder": [one.title for one in await self.list_folder() if one.ref.kind == "folder"]}

    @tool("read", scopes=(*FILES, *DIRECTORY))
    async def search_files(
        self,
        query: Annotated[str, "words in the name or the content"],
        file_type: Annotated[str | None, "only this type, such as xlsx"] = None,
        owner: Annotated[Who | None, "whose files"] = None,
        modified_after: Annotated[date | None, "only what was changed on this day or since"] = None,
        limit: Annotated[int, "how many"] = 20,
    ) -> list[Document]:
        """Find files and folders by words, type, owner or date of change."""
        if not (file_type or owner or modified_after):
            return [to_document(one) for one in await take(self.search(query), limit) if one.get("id")]
        name = str((await self.http.get(f"/users/{owner}")).get("displayName") or owner) if owner else ""
        rules = [
            query.replace('"', " ").strip() if query.count('"') % 2 else query,
            f"filetype:{file_type.lower().lstrip('.')}" if file_type else "",
            f'author:"{name}"' if owner else "",
            f"lastmodifiedtime>={modified_after.isoformat()}" if modified_after else "",
        ]
        found = await take(self.everywhere(" ".join(one for one in rules if one)), limit)
        return [to_document(one) for one in found]

    @tool("read", scopes=FILES)
    async def list_folder(
        self,
        folder: Annotated[FolderName, "the folder, by path, name or link; root is the top"] = ROOT,
        limit: Annotated[int, "how many"] = 100,
    ) -> list[Document]:
        """Show what lies in one folder."""
        items = by_next(self.http, f"/{self.folder(folder)}/children", {"$top": min(max(limit, 1), PAGE)})
        return [to_document(one) for one in await take(items, limit)]

    @tool("read", scopes=FILES)
    async def read_file(self, file: Annotated[FileName, "the file, by name, path or link"]) -> Document:
        """Open one file and give its text."""
        document = to_document(await self.item(file))
        text = plain_text((await self.http.send("GET", f"/{file}/content", is_raw=True)).content)
        if text is None:
            raise Rejected(f"I cannot read the text of “{document.title}”.", fields={"file": "no text in it"})
        return document.model_copy(update={"text": text[:READABLE]})

    @tool("write", scopes=FILES, proof="read_item", undo="delete_file", recover="recover_upload")
    async def upload_file(
        self,
        file: Annotated[str, "the attached file"],
        folder: Annotated[FolderName, "the folder it goes to, by path or name"] = ROOT,
        name: Annotated[str | None, "what to call it, if not as it is called"] = None,
    ) -> Change:
        """Put an attached file into a folder; one of the same name there is replaced by a new version."""
        added = attachment(file, name or "")
        if not added.name or len(added.content) > MOST_BYTES:
            raise Rejected("The file needs a name and at most 250 MB.", fields={"file": "no name, or too large"})
        address = mapping.below(self.folder(folder), added.name)
        before = await self.there(address)
        if before is not None and mapping.is_folder(before):
            raise Rejected(f"“{added.name}” is a folder there.", fields={"name": "taken"})
        undo, target, options = None, f"/{address}:/content", {CONFLICT: "fail"}
        if before is not None:
            path = mapping.path_of(before)
            [version] = await take(by_next(self.http, f"/{path}/versions"), 1)
            undo = Call(tool="onedrive.restore_version", args={"item": path, "version": str(version["id"])})
            target, options = f"/{path}/content", {}
        answer = await self.http.send(
            "PUT", target, params=options, content=added.content, headers={"Content-Type": "application/octet-stream"}
        )
        undo = undo or Call(tool="onedrive.delete_file", args={"item": mapping.path_of(answer.data)})
        return self.saved(answer.data, added.name, len(added.content), undo)

    @tool("write", scopes=FILES, proof="read_item", undo="delete_file", recover="recover_folder")
    async def create_folder(
        self,
        name: Annotated[str, "what to call the folder, or a path of new folders"],
        parent: Annotated[FolderName, "the folder it goes into, by path or name; root is the top"] = ROOT,
    ) -> Change:
        """Make a new folder."""
        above, first, item = self.folder(parent), "", None
        names = mapping.steps(name)
        for number, step in enumerate(names):
            item = await self.there(mapping.below(above, step)) if number < len(names) - 1 else None
            if item is None:
                body: dict[str, Any] = {"name": step, "folder": {}, CONFLICT: "fail"}
                item = await self.http.post(f"/{above}/children", body)
                first = first or mapping.path_of(item)
            above = mapping.path_of(item)
        if item is None:
            raise Rejected("The folder needs a name.", fields={"name": "missing"})
        undo = Call(tool="onedrive.delete_file", args={"item": first})
        return Change(to_document(item), {"title": names[-1]}, undo=undo)

    @tool("write", scopes=FILES, proof="read_item", undo="move_file")
    async def move_file(
        self,
        item: Annotated[ItemName, "the file or folder, by name, path or link"],
        folder: Annotated[FolderName | None, "the folder it goes to"] = None,
        new_name: Annotated[str | None, "its new name"] = None,
    ) -> Change:
        """Move a file or folder elsewhere, rename it, or both."""
        if not (folder or new_name):
            raise Rejected("Say where it goes, or what it is to be called.")
        before = to_document(await self.item(item))
        target = to_document(await self.item(self.folder(folder))) if folder else None
        above = {"id": target.ref.id.rpartition("/")[2]} if target else None
        body = given(name=new_name, parentReference=above)
        await self.http.send("PATCH", f"/{item}", json=body, is_repeatable=True)
        expect = given(title=new_name, folder=Party(id=target.ref.id) if target else None)
        home = before.folder.id if before.folder and folder else None
        former = given(folder=home, new_name=before.title if new_name else None)
        return Change(before, expect, undo=Call(tool="onedrive.move_file", args={"item": item, **former}))

    @tool("destructive", scopes=FILES, proof="read_item", irreversible=BINNED, recover="recover_delete")
    async def delete_file(self, item: Annotated[ItemName, "the file or folder, by name, path or link"]) -> Change:
        """Put a file or folder into the recycle bin."""
        before = to_document(await self.item(item))
        await self.http.send("DELETE", f"/{item}", is_repeatable=True)
        return Change(before, is_gone=True)

    @tool("write", scopes=FILES, proof="read_item", irreversible=UNDO, is_hidden=True)
    async def restore_version(
        self, item: Annotated[str, "path"], version: Annotated[str, "id of the former version"]
    ) -> Change:
        """Make a former version of a file the current one."""
        await self.http.send("POST", f"/{item}/versions/{version}/microsoft.graph.restoreVersion", is_repeatable=True)
        return Change(to_document(await self.item(item)))

    async def recover_delete(self, item: str) -> Change | None:
        """Deleted if nothing is found by this id any more."""
        if await self.there(item) is not None:
            return None
        return Change(Document(ref=Ref(integration=self.key, kind="file", id=item)), is_gone=True)
