"""Google Drive, API 3: files and folders of My Drive and the shared drives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from core.errors import Rejected, VendorError
from core.records import Document, Party
from core.tool import Call, Change
from tools.declare import Text, Who, finds, tool
from tools.integration import Account, Integration
from tools.integrations.google_drive import mapping
from tools.integrations.google_drive.feed import files
from tools.integrations.google_drive.lookup import DRIVES, TOP
from tools.integrations.google_drive.mapping import FIELDS, GOOGLE, KINDS, quoted, to_document
from tools.integrations.google_drive.sharing import SCOPES, UNDO, FileName, Sharing
from tools.kit.google import google_error, google_oauth
from tools.kit.http import Answer
from tools.kit.office import plain_text
from tools.kit.paging import take
from tools.kit.webhook import Delivery, WebhookEvent, repeated
from tools.stream import Batch, stream

READABLE = 60_000
GOOD = "a file that is deleted for good is gone, also from the trash"

FolderName = Annotated[str, finds("folder")]


class GoogleDrive(Sharing, Integration):
    """Google Drive under one person's connection."""

    key = "google_drive"
    name = "Google Drive"
    category = "files"
    aliases = ("google drive", "gdrive", "drive", "google docs")
    base_url = "https://www.googleapis.com/drive/v3"
    sites = {"upload": "https://www.googleapis.com/upload/drive/v3"}
    auth = google_oauth(*SCOPES)
    calls_per_s = 20.0  # 12,000 a minute for each person, writes rather three a second
    webhook = repeated("X-Goog-Channel-Token")
    names = ("folder",)

    @classmethod
    def error(cls, answer: Answer) -> VendorError | None:
        """Google's errors."""
        return google_error(cls.name, answer)

    @classmethod
    def events(cls, delivery: Delivery) -> list[WebhookEvent]:
        """A notification of a channel: all is in its headers; the first only says that the channel is open."""
        told = delivery.headers
        kind = told.get("x-goog-resource-state", "")
        if kind in ("", "sync"):
            return []
        _, _, file = urlsplit(told.get("x-goog-resource-uri", "")).path.partition("/files/")
        number = f"{told.get('x-goog-channel-id')}:{told.get('x-goog-message-number')}"
        return [WebhookEvent(number, kind, mapping.ref(file) if file else None)]

    @stream("file")
    async def stream_files(self, cursor: str) -> Batch:
        """Every file and folder that the person sees, then what was changed, trashed or removed."""
        return await files(self.http, cursor)

    async def identify(self) -> Account:
        """The person, by their address."""
        about = await self.http.get("/about", fields="user(emailAddress)")
        return Account(str(about["user"]["emailAddress"]).lower(), site="https://drive.google.com")

    async def list_names(self) -> Mapping[str, Sequence[str]]:
        """Folders, the last used first."""
        found = await take(self.files(KINDS["folder"], order="recency desc"), 100)
        return {"folder": [str(one["name"]) for one in found]}

    @tool("read", scopes=SCOPES)
    async def search_files(
        self,
        query: Annotated[str, "words in the name or the text"],
        kind: Annotated[
            Literal["any", "document", "spreadsheet", "presentation", "folder", "pdf", "image"], "only of this kind"
        ] = "any",
        owner: Annotated[Who | None, "whose files"] = None,
        modified_after: Annotated[date | None, "only what was changed on this day or since"] = None,
        folder: Annotated[FolderName | None, "only what lies right in this folder"] = None,
        limit: Annotated[int, "how many"] = 20,
    ) -> list[Document]:
        """Find files in Drive by words, kind, owner or date of change, best first."""
        since = datetime.combine(modified_after, time(), self.who.zone) if modified_after else None
        found = self.files(
            f"(name contains {quoted(query)} or fullText contains {quoted(query)})",
            KINDS.get(kind, ""),
            f"{quoted(owner)} in owners" if owner else "",
            f"modifiedTime >= {quoted(since.isoformat(timespec='seconds'))}" if since else "",
            f"{quoted(folder)} in parents" if folder else "",
            size=max(1, min(limit, 1000)),
        )
        return [to_document(item) for item in await take(found, limit)]

    @tool("read", scopes=SCOPES)
    async def list_folder(
        self,
        folder: Annotated[FolderName, "the folder, by name, path or link; My Drive is the top"] = TOP,
        limit: Annotated[int, "how many"] = 50,
    ) -> list[Document]:
        """Show what lies in one folder, its subfolders first."""
        found = self.files(f"{quoted(folder)} in parents", order="folder,name_natural")
        return [to_document(item) for item in await take(found, limit)]

    @tool("read", scopes=SCOPES)
    async def read_file(
        self,
        file: Annotated[FileName, "the file, by name, path or link"],
        format_: Annotated[Literal["text", "markdown", "csv", "pdf"], "in what form; a PDF comes as a link"] = "text",
    ) -> Document:
        """Open a document, sheet, deck or stored file and give what it says."""
        item = await self.item(file, f"{FIELDS},exportLinks,webContentLink")
        document, kind = to_document(item), mapping.google_kind(str(item["mimeType"]))
        if not kind:
            if format_ == "pdf" and document.mime_type == "application/pdf":
                return document.model_copy(update={"link": str(item.get("webContentLink") or document.ref.url)})
            params = {"alt": "media", **DRIVES}
            content = (await self.http.send("GET", f"/files/{file}", params=params, is_raw=True)).content
            text = plain_text(content)
            if text is None:
                raise Rejected(f"“{document.title}” has no text that I can read.", fields={"file": document.mime_type})
            return document.model_copy(update={"text": text[:READABLE]})
        if format_ not in mapping.EXPORTS.get(kind, {}):
            known = ", ".join(mapping.EXPORTS.get(kind, {})) or "none"
            raise Rejected(f"A {kind} cannot be read as {format_}.", fields={"format": f"one of {known}"})
        if format_ == "pdf":
            links = item.get("exportLinks") or {}
            return document.model_copy(update={"link": str(links.get("application/pdf") or document.ref.url)})
        return document.model_copy(update={"text": mapping.plain(await self.exported(item, format_))[:READABLE]})

    @tool("write", scopes=SCOPES, proof="read_made", undo="trash_file", recover="recover_file")
    async def create_file(
        self,
        name: Annotated[str, "what it is called"],
        kind: Annotated[Literal["document", "spreadsheet", "presentation", "folder"], "what it is"] = "document",
        folder: Annotated[FolderName | None, "where it goes; My Drive if left out"] = None,
        content: Annotated[Text | None, "first text of a document, or rows of a sheet with commas"] = None,
    ) -> Change:
        """Make a new Google document, sheet, deck or folder."""
        about = {"name": name, "mimeType": f"{GOOGLE}{kind}"} | ({"parents": [folder]} if folder else {})
        params = {"fields": FIELDS, **DRIVES}
        if not content:
            item = (await self.http.send("POST", "/files", json=about, params=params)).data
            return self._made(item, kind, folder, content)
        if kind not in mapping.GIVEN:
            raise Rejected(f"A {kind} begins empty.", fields={"content": "only for a document or spreadsheet"})
        body, head = mapping.related(about, content.encode(), mapping.GIVEN[kind])
        answer = await self.http.send(
            "POST", "/files", site="upload", params={"uploadType": "multipart", **params}, content=body,
            headers={"Content-Type": head},
        )  # fmt: skip
        return self._made(answer.data, kind, folder, content)

    @tool("write", scopes=SCOPES, proof="read_again", undo="move_file", one_of=("folder", "new_name"))
    async def move_file(
        self,
        file: Annotated[FileName, "the file or folder, by name, path or link"],
        folder: Annotated[FolderName | None, "the folder it goes to"] = None,
        new_name: Annotated[str | None, "its new name"] = None,
    ) -> Change:
        """Move a file or folder elsewhere, rename it, or both."""
        before = to_document(await self.item(file))
        home = before.folder.id if before.folder else ""
        params: dict[str, Any] = {"fields": FIELDS, **DRIVES}
        if folder and folder != home:
            params |= {"addParents": folder, "removeParents": home or None}
        body = {"name": new_name} if new_name else {}
        await self.http.send("PATCH", f"/files/{file}", json=body, params=params, is_repeatable=True)
        expect = {"folder": Party(id=folder)} if folder else {}
        former = {"folder": home} if folder and home else {}
        former |= {"new_name": before.title} if new_name else {}
        undo = Call(tool="google_drive.move_file", args={"file": file, **former}) if former else None
        return Change(before, {**expect, **({"title": new_name} if new_name else {})}, undo=undo)

    @tool("write", scopes=SCOPES, proof="read_again", undo="trash_file", recover="recover_copy")
    async def copy_file(
        self,
        file: Annotated[FileName, "the file or template, by name, path or link"],
        new_name: Annotated[str | None, "what the copy is called"] = None,
        folder: Annotated[FolderName | None, "where the copy goes"] = None,
    ) -> Change:
        """Make a copy of a file, as from a template."""
        name = new_name or f"Copy of {(await self.item(file))['name']}"
        body = {"name": name} | ({"parents": [folder]} if folder else {})
        params = {"fields": FIELDS, **DRIVES}
        copied = await self.http.send("POST", f"/files/{file}/copy", json=body, params=params)
        return self._put(copied.data, {"title": name} | ({"folder": Party(id=folder)} if folder else {}))

    @tool("destructive", scopes=SCOPES, proof="read_again", undo="restore_file")
    async def trash_file(self, file: Annotated[FileName, "the file or folder, by name, path or link"]) -> Change:
        """Put a file or folder in the trash, where it stays 30 days."""
        before = to_document(await self.item(file))
        await self._set(file, {"trashed": True})
        return Change(before, is_gone=True, undo=Call(tool="google_drive.restore_file", args={"file": file}))

    @tool("destructive", scopes=SCOPES, proof="read_again", irreversible=GOOD)
    async def delete_file(self, file: Annotated[FileName, "the file, by name, path or link"]) -> Change:
        """Delete a file of one's own permanently, past the trash."""
        before = to_document(await self.item(file))
        await self.http.send("DELETE", f"/files/{file}", params=DRIVES, is_repeatable=True)
        return Change(before, is_gone=True)

    @tool("write", scopes=SCOPES, proof="read_again", irreversible=UNDO, is_hidden=True)
    async def restore_file(self, file: Annotated[str, "id"]) -> Change:
        """Take a file out of the trash."""
        item = await self._set(file, {"trashed": False})
        return Change(to_document(item), {"title": str(item["name"])})

    async def recover_file(
        self, name: str, kind: str = "document", folder: str | None = None, content: str | None = None
    ) -> Change | None:
        """One's own file of this name and kind, made just now."""
        made = await self.just_made(name, folder)
        found = next((one for one in made if one["mimeType"] == f"{GOOGLE}{kind}"), None)
        return self._made(found, kind, folder, content) if found else None

    async def recover_copy(self, file: str, new_name: str | None = None, folder: str | None = None) -> Change | None:
        """One's own copy of this name, made just now."""
        name = new_name or f"Copy of {(await self.item(file))['name']}"
        made = await self.just_made(name, folder)
        return self._put(made[0], {"title": name}) if made else None

    async def _set(self, file: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        params = {"fields": FIELDS, **DRIVES}
        answer = await self.http.send("PATCH", f"/files/{file}", json=body, params=params, is_repeatable=True)
        item: Mapping[str, Any] = answer.data
        return item

    def _made(self, item: Mapping[str, Any], kind: str, folder: str | None, content: str | None) -> Change:
        expect = {"title": str(item["name"]), "mime_type": f"{GOOGLE}{kind}"}
        return self._put(
            item, expect | ({"folder": Party(id=folder)} if folder else {}) | ({"text": content} if content else {})
        )

    def _put(self, item: Mapping[str, Any], expect: Mapping[str, Any]) -> Change:
        undo = Call(tool="google_drive.trash_file", args={"file": str(item["id"])})
        return Change(to_document(item), expect, undo=undo)
