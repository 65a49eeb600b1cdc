"""Dropbox, API 2: files and folders by path, links, shared folders, requests for files. Every call is a POST."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, Literal

from core.clock import utc_now
from core.errors import Conflict, VendorError
from core.records import Document, Ref
from core.tool import Call, Change
from tools.declare import tool
from tools.integration import Account, Integration
from tools.integrations.dropbox import mapping
from tools.integrations.dropbox.fault import meaning
from tools.integrations.dropbox.lookup import (
    METADATA,
    READ,
    UNDO,
    WRITE,
    FilePath,
    FolderPath,
    ItemPath,
    NewPath,
    Place,
    Target,
    destination,
)
from tools.integrations.dropbox.mapping import ROOT, argument, to_document
from tools.integrations.dropbox.sharing import Sharing
from tools.kit.auth import OAuth2
from tools.kit.http import Answer
from tools.kit.office import plain_text
from tools.kit.paging import listed, take
from tools.kit.webhook import Delivery, Greeting, Signature, WebhookEvent, prefixed
from tools.stream import Batch, stream

Kind = Literal["image", "document", "pdf", "spreadsheet", "presentation", "audio", "video", "folder", "paper"]

READABLE = 60_000
MOST = 2_000
RESTORED = 100
SOON_S = 60
FILE = "application/octet-stream"


class Dropbox(Sharing, Integration):
    """Dropbox under one person's connection."""

    key = "dropbox"
    name = "Dropbox"
    category = "files"
    aliases = ("dropbox", "dbx")
    base_url = "https://api.dropboxapi.com/2"
    sites = {"content": "https://content.dropboxapi.com/2"}
    auth = OAuth2(
        authorize_url="https://www.dropbox.com/oauth2/authorize",
        token_url="https://api.dropboxapi.com/oauth2/token",  # noqa: S106 - an address
        revoke_url="https://api.dropboxapi.com/2/auth/token/revoke",
        is_revoked_by_header=True,
        scopes=(
            "account_info.read",
            "files.metadata.read",
            "files.content.read",
            "files.content.write",
            "sharing.read",
            "sharing.write",
            "file_requests.read",
            "file_requests.write",
        ),
        extra={"token_access_type": "offline"},
    )
    webhook = Signature(prefixed("X-Dropbox-Signature", ""))
    names = ("folder",)

    @classmethod
    def error(cls, answer: Answer) -> VendorError | None:
        """Dropbox's `{error_summary, error: {.tag}}`, also for a missing scope, which comes as a 401."""
        return meaning(answer)

    @classmethod
    def events(cls, delivery: Delivery) -> list[WebhookEvent]:
        """Accounts in which something changed.

        A delivery has no id, and says the same each time: those of a minute count as one.
        """
        now = utc_now()
        moment = int(now.timestamp() // SOON_S)
        accounts = ((delivery.data or {}).get("list_folder") or {}).get("accounts") or []
        return [
            WebhookEvent(
                f"{one}:{moment}", "list_folder.accounts", Ref(integration=cls.key, kind="account", id=one), now
            )
            for one in accounts
        ]

    @classmethod
    def greet(cls, delivery: Delivery, secret: str) -> Greeting | None:
        """A challenge in the query wants to be repeated."""
        if delivery.method != "GET" or "challenge" not in delivery.query:
            return None
        plain = {"Content-Type": "text/plain", "X-Content-Type-Options": "nosniff"}
        return Greeting(body=delivery.query["challenge"], headers=plain)

    @stream("file")
    async def stream_files(self, cursor: str) -> Batch:
        """Every file of the person's Dropbox, then what was added, changed, moved or deleted."""
        if cursor:
            data = await self.ask("/files/list_folder/continue", cursor=cursor)
        else:
            data = await self.ask("/files/list_folder", path="", recursive=True, limit=500)
        entries = listed(data, "entries")
        there = {str(one["path_lower"]): one for one in entries if one.get("path_lower")}  # the last word counts
        records = [to_document(one) for one in there.values() if one[".tag"] == "file"]
        gone = [mapping.ref(mapping.path_of(one), "file") for one in there.values() if one[".tag"] == "deleted"]
        return Batch(records, str(data["cursor"]), bool(data.get("has_more")), gone)

    async def identify(self) -> Account:
        """The account that is connected."""
        me = (await self.http.send("POST", "/users/get_current_account", is_read=True)).data
        return Account(str(me["account_id"]), site=mapping.SITE)

    async def list_names(self) -> Mapping[str, Sequence[str]]:
        """The folders at the top."""
        items = await take(self.inside(ROOT), MOST)
        return {"folder": [str(one["name"]) for one in items if one[".tag"] == "folder"]}

    @tool("read", scopes=METADATA)
    async def search_files(
        self,
        query: Annotated[str, "words in the name or the text"],
        path: Annotated[FolderPath | None, "only below this folder"] = None,
        kind: Annotated[Kind | None, "only this kind"] = None,
        limit: Annotated[int, "how many"] = 20,
    ) -> list[Document]:
        """Find files and folders anywhere in Dropbox by words."""
        below = {"path": mapping.api_path(path)} if path else {}
        only = {"file_categories": [{".tag": kind}]} if kind else {}
        found = self.search(query, max_results=min(limit, 1000), **below, **only)
        return [to_document(one) for one in await take(found, limit)]

    @tool("read", scopes=METADATA)
    async def list_folder(
        self,
        path: Annotated[FolderPath, "the folder, by path, name or link; / is the top"],
        recursive: Annotated[bool, "whether to look into its subfolders too"] = False,
    ) -> list[Document]:
        """Show what lies in one folder, or in everything below it."""
        found = [to_document(one) for one in await take(self.inside(path, is_recursive=recursive), MOST)]
        return sorted(found, key=lambda one: (one.ref.kind != "folder", one.ref.id))

    @tool("read", scopes=READ)
    async def read_file(self, path: Annotated[FilePath, "the file, by path, name or link"]) -> Document:
        """Open one file and give its text, or a link to it where it is a picture or the like."""
        item = await self.item(path)
        is_paper = item.get("is_downloadable") is False
        route, wanted = ("/files/export", {"export_format": "markdown"}) if is_paper else ("/files/download", {})
        headers = argument({"path": path, **wanted})
        answer = await self.http.send("POST", route, site="content", headers=headers, is_raw=True, is_read=True)
        text = plain_text(answer.content)
        if text is not None:
            return to_document(item).model_copy(update={"text": text[:READABLE]})
        link = await self.ask("/files/get_temporary_link", path=path)
        return to_document(item).model_copy(update={"link": link["link"]})

    @tool("write", scopes=(*WRITE, *METADATA), proof="read_item", undo="restore_files", recover="recover_upload")
    async def upload_file(
        self,
        file: Annotated[str, "the attached file, or the text of a new one"],
        path: Annotated[Place, "the folder or path to save it at"],
        overwrite: Annotated[bool, "whether it may replace a file that is there"] = False,
    ) -> Change:
        """Save an attached file, or a text as a file, in a folder or at a path."""
        target, content = destination(file, path)
        before = await self.there(target)
        if before and not overwrite:
            raise Conflict(f"{target} is already there; say so if it is to be replaced.")
        mode = "overwrite" if overwrite else "add"
        headers = argument({"path": target, "mode": {".tag": mode}}) | {"Content-Type": FILE}
        answer = await self.http.send("POST", "/files/upload", site="content", content=content, headers=headers)
        former = {"path": target, "rev": before.get("rev") if before else None}
        undo = Call(tool="dropbox.restore_files", args={"files": [former]})
        return self.saved(answer.data, len(content), undo)

    @tool("write", scopes=(*WRITE, *METADATA), proof="read_item", undo="delete_file", recover="recover_folder")
    async def create_folder(self, path: Annotated[NewPath, "the new folder's path"]) -> Change:
        """Make a new folder at a path, with the folders above it."""
        return self.made((await self.http.post("/files/create_folder_v2", {"path": path}))["metadata"])

    @tool("write", scopes=(*WRITE, *METADATA), proof="read_item", undo="move_file", recover="recover_move")
    async def move_file(
        self,
        from_: Annotated[ItemPath, "the file or folder, by path, name or link"],
        to: Annotated[Target, "the folder it goes to, its new path, or its new name"],
    ) -> Change:
        """Move a file or folder to another place, or give it another name."""
        source = mapping.path_of(await self.item(from_))
        answer = await self.http.post("/files/move_v2", {"from_path": from_, "to_path": to})
        return self.moved(answer["metadata"], source)

    @tool("destructive", scopes=(*WRITE, *METADATA), proof="read_item", undo="restore_files", recover="recover_delete")
    async def delete_file(self, path: Annotated[ItemPath, "the file or folder, by path, name or link"]) -> Change:
        """Delete a file, or a folder with all that is in it; Dropbox keeps it for some weeks."""
        item = await self.item(path)
        inside = [] if item[".tag"] == "file" else await take(self.inside(path, is_recursive=True), RESTORED + 1)
        files = [one for one in [item, *inside] if one.get(".tag") == "file"]
        await self.http.post("/files/delete_v2", {"path": path})
        kept = [{"path": mapping.path_of(one), "rev": one["rev"]} for one in files]
        can_return = 0 < len(kept) <= RESTORED and len(inside) <= RESTORED
        undo = Call(tool="dropbox.restore_files", args={"files": kept}) if can_return else None
        record = to_document(item)
        return Change(record, is_gone=True, undo=undo)

    @tool("write", scopes=(*WRITE, *METADATA), proof="read_item", irreversible=UNDO, is_hidden=True)
    async def restore_files(
        self, files: Annotated[list[dict[str, Any]], "paths with their former revisions, none where nothing was there"]
    ) -> Change:
        """Bring files back to former revisions, or take away what was not there."""
        last: Any = None
        for one in files:
            body = {"path": one["path"]}
            if one["rev"]:
                last = await self.http.post("/files/restore", body | {"rev": one["rev"]}, is_repeatable=True)
            else:
                last = (await self.http.post("/files/delete_v2", body))["metadata"]
        record = to_document({**last, ".tag": "file"})
        change = Change(record, {"title": record.title, "size": record.size})
        return change if files[-1]["rev"] else replace(change, expect={}, is_gone=True)
