"""Box, API 2.0: files and folders, who may see them, comments and tasks on them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time
from typing import Annotated

from core.errors import Forbidden, Rejected, VendorError
from core.records import Document, Party, Ref
from core.tool import Call, Change
from tools.declare import Who, tool
from tools.integration import Account, Integration
from tools.integrations.box import mapping
from tools.integrations.box.feed import files
from tools.integrations.box.lookup import SCOPES, UNDO, FileName, FolderName, ItemName
from tools.integrations.box.mapping import FIELDS, TOP, given, to_document
from tools.integrations.box.remark import Remarks
from tools.integrations.box.sharing import Sharing
from tools.kit.attachment import attachment
from tools.kit.auth import OAuth2
from tools.kit.http import Answer, by_status
from tools.kit.paging import by_offset, take
from tools.kit.webhook import Delivery, Signature, WebhookEvent, seconds
from tools.stream import Batch, stream

READABLE = 60_000
SEEN = 2_000


def _signed(delivery: Delivery) -> tuple[bytes, list[str], int | None]:
    """Box signs the body and the time with both keys of the app, so that one can be changed at a time."""
    stamp = delivery.headers.get("box-delivery-timestamp", "")
    given = [delivery.headers.get(f"box-signature-{name}", "") for name in ("primary", "secondary")]
    return delivery.body + stamp.encode(), given, seconds(stamp)


class Box(Sharing, Remarks, Integration):
    """Box under one person's connection."""

    key = "box"
    name = "Box"
    category = "files"
    aliases = ("box", "box.com")
    base_url = "https://api.box.com/2.0"
    sites = {"upload": "https://upload.box.com/api/2.0", "text": "https://dl.boxcloud.com"}
    auth = OAuth2(
        authorize_url="https://account.box.com/api/oauth2/authorize",
        token_url="https://api.box.com/oauth2/token",  # noqa: S106 - an address
        revoke_url="https://api.box.com/oauth2/revoke",
        scopes=("root_readwrite", "manage_webhook"),
    )
    calls_per_s = 16.0  # 1000 a minute for each user
    webhook = Signature(_signed)
    names = ("folder",)

    @classmethod
    def error(cls, answer: Answer) -> VendorError | None:
        """Box's `{type: error, status, code, message, context_info}`."""
        data = answer.data
        if not isinstance(data, Mapping) or data.get("type") != "error":
            return None
        said, fields = mapping.refusal(data)
        if data.get("code") == "insufficient_scope":
            return Forbidden(f"The app in Box lacks a scope for this ({', '.join(SCOPES)}).", status=answer.status)
        return by_status(cls.name, replace(answer, status=int(data.get("status") or answer.status)), said, fields)

    @classmethod
    def events(cls, delivery: Delivery) -> list[WebhookEvent]:
        """One event a delivery, about its source."""
        told, source = delivery.data, delivery.data.get("source") or {}
        kind, number = str(source.get("type") or ""), str(source.get("id") or "")
        there = (
            mapping.ref(kind, number) if kind in ("file", "folder") else Ref(integration="box", kind=kind, id=number)
        )
        at = mapping.moment(told.get("created_at"))
        return [WebhookEvent(str(told["id"]), str(told["trigger"]), there if number else None, at)]

    @stream("file")
    async def stream_files(self, cursor: str) -> Batch:
        """Every file that the person sees, then what was changed, moved or trashed."""
        return await files(self.http, cursor)

    async def identify(self) -> Account:
        """The user, by the address they sign in with."""
        me = await self.http.get("/users/me")
        return Account(str(me["login"]).lower(), site=mapping.SITE)

    async def list_names(self) -> Mapping[str, Sequence[str]]:
        """The folders at the top."""
        return {"folder": [one.title for one in await self.list_folder(TOP) if one.ref.kind == "folder"]}

    @tool("read", scopes=SCOPES)
    async def search_files(
        self,
        query: Annotated[str, "words in the name or the text"],
        extension: Annotated[str | None, "only this type, such as pdf or docx"] = None,
        owner: Annotated[Who | None, "whose files"] = None,
        updated_after: Annotated[date | None, "only what was changed on this day or since"] = None,
        folder: Annotated[FolderName | None, "only below this folder"] = None,
        limit: Annotated[int, "how many"] = 20,
    ) -> list[Document]:
        """Find files and folders anywhere in Box by words, type, owner or date of change."""
        since = datetime.combine(updated_after, time(), self.who.zone) if updated_after else None
        found = self.search(
            query,
            file_extensions=extension.lower().lstrip(".") if extension else None,
            updated_at_range=f"{since.isoformat()}," if since else None,
            ancestor_folder_ids=folder,
        )
        documents = [to_document(item) for item in await take(found, SEEN if owner else limit)]
        return [one for one in documents if not owner or (one.owner and one.owner.id == owner.lower())][:limit]

    @tool("read", scopes=SCOPES)
    async def list_folder(
        self,
        folder: Annotated[FolderName, "the folder, by name, path or link; 0 is the top"],
        limit: Annotated[int, "how many"] = 100,
    ) -> list[Document]:
        """Show what lies in one folder, its subfolders first."""
        path = f"/folders/{folder}/items"
        items = by_offset(self.http, path, "entries", min(limit, 1000), "offset", "limit", "", fields=FIELDS)
        return [to_document(item) for item in await take(items, limit) if item["type"] != "web_link"]

    @tool("read", scopes=SCOPES)
    async def read_file(self, file: Annotated[FileName, "the file, by name, path or link"]) -> Document:
        """Open one file and give its text."""
        hints = {"X-Rep-Hints": "[extracted_text]"}
        path = f"/files/{file}"
        found = await self.http.send("GET", path, params={"fields": f"{FIELDS},representations"}, headers=hints)
        document = to_document(found.data)
        if mapping.is_readable(document.title):
            content = (await self.http.send("GET", f"{path}/content", is_raw=True)).content
            return document.model_copy(update={"text": content.decode(errors="replace")[:READABLE]})
        texts = (found.data.get("representations") or {}).get("entries") or []
        ready = [one for one in texts if (one.get("status") or {}).get("state") in ("success", "viewable")]
        if not ready:
            raise Rejected(f"Box has no text of “{document.title}”, or not yet.")
        address = str(ready[0]["content"]["url_template"]).replace("{+asset_path}", "")
        text = (await self.http.send("GET", address, site="text", is_raw=True)).content.decode(errors="replace")
        return document.model_copy(update={"text": text[:READABLE]})

    @tool("write", scopes=SCOPES, proof="read_item", undo="delete_file", recover="recover_upload")
    async def upload_file(
        self,
        file: Annotated[str, "the attached file"],
        folder: Annotated[FolderName, "the folder it goes to, by name or path"],
        name: Annotated[str | None, "what to call it, if not as it is called"] = None,
    ) -> Change:
        """Put an attached file into a folder."""
        added = attachment(file, name or "")
        if not added.name:
            raise Rejected("The file needs a name.", fields={"name": "missing"})
        about = json.dumps({"name": added.name, "parent": {"id": folder}})
        part = {"file": (added.name, added.content, added.mime_type)}
        answer = await self.http.send(
            "POST", "/files/content", site="upload", params={"fields": FIELDS}, form={"attributes": about}, files=part
        )
        return self.uploaded(answer.data["entries"][0], added.name, folder, len(added.content))

    @tool("write", scopes=SCOPES, proof="read_item", undo="delete_folder", recover="recover_folder")
    async def create_folder(
        self,
        name: Annotated[str, "what to call the folder"],
        parent: Annotated[FolderName, "the folder it goes into, by name or path; 0 is the top"] = TOP,
    ) -> Change:
        """Make a new folder inside another."""
        item = await self.http.post("/folders", {"name": name, "parent": {"id": parent}}, params={"fields": FIELDS})
        return self.opened(item, name, parent)

    @tool("write", scopes=SCOPES, proof="read_item", undo="move_file")
    async def move_file(
        self,
        item: Annotated[ItemName, "the file or folder, by name, path or link"],
        folder: Annotated[FolderName | None, "the folder it goes to"] = None,
        new_name: Annotated[str | None, "its new name"] = None,
    ) -> Change:
        """Move a file or folder elsewhere, rename it, or both."""
        body = given(name=new_name, parent={"id": folder} if folder else None)
        if not body:
            raise Rejected("Say where it goes, or what it is to be called.")
        before = await self.item(f"/{item}")
        await self.http.send("PUT", f"/{item}", json=body, params={"fields": FIELDS}, is_repeatable=True)
        expect = given(title=new_name, folder=Party(id=folder) if folder else None)
        home = before.folder.id if before.folder else TOP
        former = given(folder=home if folder else None, new_name=before.title if new_name else None)
        return Change(before, expect, undo=Call(tool="box.move_file", args={"item": item, **former}))

    @tool("destructive", scopes=SCOPES, proof="read_item", undo="restore_file")
    async def delete_file(self, file: Annotated[FileName, "the file, by name, path or link"]) -> Change:
        """Put a file into the trash."""
        return await self._trashed(f"/files/{file}", Call(tool="box.restore_file", args={"file": file}))

    @tool("write", scopes=SCOPES, proof="read_item", irreversible=UNDO, is_hidden=True)
    async def restore_file(self, file: Annotated[str, "id"]) -> Change:
        """Take a file out of the trash."""
        item = await self.http.post(f"/files/{file}", {}, params={"fields": FIELDS}, is_repeatable=True)
        return Change(to_document(item), {"title": str(item["name"])})

    @tool("destructive", scopes=SCOPES, proof="read_item", irreversible=UNDO, is_hidden=True)
    async def delete_folder(self, folder: Annotated[str, "id"]) -> Change:
        """Put an empty folder into the trash."""
        return await self._trashed(f"/folders/{folder}", None)

    async def _trashed(self, path: str, undo: Call | None) -> Change:
        before = await self.item(path)
        await self.http.send("DELETE", path, is_repeatable=True)
        return Change(before, is_gone=True, undo=undo)
