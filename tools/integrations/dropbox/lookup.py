"""Looking things up in Dropbox: by path or name for a person's words, by path for the proof and after a lost answer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from typing import Annotated, Any

from core.errors import Candidate, NotFound, Rejected
from core.records import Document, Record, Ref
from core.tool import Call, Change
from tools.declare import finds
from tools.directory import People
from tools.integrations.dropbox import mapping
from tools.integrations.dropbox.mapping import ROOT, api_path, joined, parted, spelt, to_document
from tools.kit.attachment import attachment
from tools.kit.http import Http
from tools.kit.paging import listed, take, walk

ItemPath = Annotated[str, finds("item")]
FilePath = Annotated[str, finds("file")]
FolderPath = Annotated[str, finds("folder")]
Place = Annotated[str, finds("place")]
Target = Annotated[str, finds("target")]
NewPath = Annotated[str, finds("path")]

METADATA, READ, WRITE = ("files.metadata.read",), ("files.content.read",), ("files.content.write",)
UNDO = "it is itself an undo"
FOUND = 20


class Lookup:
    """What the tools of Dropbox share."""

    http: Http
    people: People

    async def ask(self, route: str, **values: Any) -> Any:
        """Call a route that only reads."""
        return await self.http.post(route, values, is_read=True)

    async def find_item(self, text: str) -> Sequence[Candidate]:
        """Files and folders by path, link or name."""
        return await self._find(text)

    async def find_file(self, text: str) -> Sequence[Candidate]:
        """Files by path, link or name."""
        return await self._find(text, "file")

    async def find_folder(self, text: str) -> Sequence[Candidate]:
        """Folders by path, link or name; / is the top."""
        if spelt(text) == ROOT:
            return [Candidate(ROOT, "Dropbox", also=(text,))]
        return await self._find(text, "folder")

    async def find_path(self, text: str) -> Sequence[Candidate]:
        """Where something new will lie."""
        return [Candidate(spelt(text), spelt(text))]

    async def find_place(self, text: str) -> Sequence[Candidate]:
        """A folder that is there, or else the path of a new file."""
        if text.strip().endswith("/"):
            return await self.find_path(text)
        if mapping.has_extension(text):
            above, name = parted(spelt(text))
            folders = await self._exactly(above) if "/" in text.strip("/") else []
            return [Candidate(joined(one.id, name), joined(one.id, name)) for one in folders] or await self.find_path(
                text
            )
        return await self._exactly(text) or await self.find_path(text)

    async def find_target(self, text: str, args: Mapping[str, Any]) -> Sequence[Candidate]:
        """Where something moves to: into a folder that is there, to a path, or to a new name in the same folder."""
        above, name = parted(str(args.get("from") or ROOT))
        if not mapping.has_extension(text) and (folders := await self._exactly(text)):
            return [Candidate(joined(one.id, name), joined(one.id, name), also=(text, one.id)) for one in folders]
        path = spelt(text) if "/" in text else joined(above, text.strip())
        return [Candidate(path, path)]

    async def find_person(self, text: str) -> Sequence[Candidate]:
        """An address, or a colleague by the other systems: Dropbox shows its members to administrators alone."""
        if "@" in text:
            return [Candidate(text.strip().lower(), text.strip())]
        return await self.people.find(text)

    def search(self, query: str, **options: Any) -> AsyncIterator[Any]:
        """What Dropbox's search finds, best first."""

        async def page(cursor: Any) -> tuple[list[Any], Any]:
            if cursor:
                data = await self.ask("/files/search/continue_v2", cursor=cursor)
            else:
                data = await self.ask("/files/search_v2", query=query, options=options)
            found = [((one.get("metadata") or {}).get("metadata") or {}) for one in listed(data, "matches")]
            return [one for one in found if one.get(".tag") in ("file", "folder")], _next(data)

        return walk(page)

    def inside(self, path: str, *, is_recursive: bool = False) -> AsyncIterator[Any]:
        """What lies in a folder."""

        async def page(cursor: Any) -> tuple[list[Any], Any]:
            if cursor:
                data = await self.ask("/files/list_folder/continue", cursor=cursor)
            else:
                data = await self.ask("/files/list_folder", path=api_path(path), recursive=is_recursive)
            own = api_path(path).lower()
            return [one for one in listed(data, "entries") if one.get("path_lower") != own], _next(data)

        return walk(page)

    async def item(self, path: str) -> Any:
        """What is known of a file or folder."""
        return await self.ask("/files/get_metadata", path=path)

    async def there(self, path: str) -> Any:
        """The same, None where nothing lies there."""
        with suppress(NotFound):
            return await self.item(path)
        return None

    async def link_of(self, path: str) -> Any:
        """One's own link to exactly this file or folder, None where there is none."""
        data = await self.ask("/sharing/list_shared_links", path=path, direct_only=True)
        return next(iter(listed(data, "links")), None)

    async def shared(self, path: str) -> Document:
        """A folder with its members."""
        item = await self.item(path)
        number = (item.get("sharing_info") or {}).get("shared_folder_id") or item.get("shared_folder_id")
        return mapping.to_shared(item, await self.members(str(number)) if number else {})

    async def members(self, shared_folder: str) -> dict[str, str]:
        """Who was let into a shared folder."""

        async def page(cursor: Any) -> tuple[list[Any], Any]:
            if cursor:
                data = await self.ask("/sharing/list_folder_members/continue", cursor=cursor)
            else:
                data = await self.ask("/sharing/list_folder_members", shared_folder_id=shared_folder)
            return [data], data.get("cursor")

        return {who: role for data in await take(walk(page), 100) for who, role in mapping.members(data).items()}

    async def read_item(self, ref: Ref) -> Record:
        """Reads the file or folder again."""
        return to_document(await self.item(ref.id))

    async def read_link(self, ref: Ref) -> Record:
        """Reads the link again."""
        link = await self.link_of(ref.id)
        if link is None:
            raise NotFound("There is no link to it.")
        return mapping.to_link(link, ref.id)

    async def read_shared(self, ref: Ref) -> Record:
        """Reads again who was let into the folder."""
        return await self.shared(ref.id)

    async def read_request(self, ref: Ref) -> Record:
        """Reads the file request again."""
        return mapping.to_request(await self.ask("/file_requests/get", id=ref.id))

    def saved(self, item: Any, size: int, undo: Call) -> Change:
        """A file that was written."""
        document = to_document({".tag": "file", **item})
        return Change(document, {"title": document.title, "folder": document.folder, "size": size}, undo=undo)

    def made(self, item: Any, *, has_undo: bool = True) -> Change:
        """A folder that was made."""
        document = to_document({".tag": "folder", **item})
        undo = Call(tool="dropbox.delete_file", args={"path": document.ref.key}) if has_undo else None
        return Change(document, {"title": document.title, "folder": document.folder}, undo=undo)

    def moved(self, item: Any, source: str) -> Change:
        """What lies elsewhere now."""
        document = to_document(item)
        undo = Call(tool="dropbox.move_file", args={"from": document.ref.key, "to": source})
        return Change(document, {"title": document.title, "folder": document.folder}, undo=undo)

    async def recover_upload(self, file: str, path: str, overwrite: bool = False) -> Change | None:
        """The file, if it lies there with this very content. What it may have replaced is not known any more."""
        target, content = destination(file, path)
        item = await self.there(target)
        if item is None or item.get("content_hash") != mapping.content_hash(content):
            return None
        change = self.saved(item, len(content), Call(tool="dropbox.delete_file", args={"path": target}))
        return Change(change.record, change.expect) if overwrite else change

    async def recover_folder(self, path: str) -> Change | None:
        """The folder, if it is there; whether it was before is not known, so there is no undo."""
        item = await self.there(path)
        return self.made(item, has_undo=False) if item and item.get(".tag") == "folder" else None

    async def recover_move(self, from_: str, to: str) -> Change | None:
        """Moved if nothing lies at the old place and something at the new one."""
        item = await self.there(to)
        return self.moved(item, from_) if item and await self.there(from_) is None else None

    async def recover_delete(self, path: str) -> Change | None:
        """Deleted if Dropbox only remembers it."""
        item = await self.ask("/files/get_metadata", path=path, include_deleted=True)
        return Change(to_document(item), is_gone=True) if item.get(".tag") == "deleted" else None

    async def _find(self, text: str, kind: str = "") -> list[Candidate]:
        path = spelt(text)
        if path == ROOT:
            return []
        if is_id := text.strip().startswith("id:"):
            path = text.strip()
        item = await self.there(path)
        if item and kind in ("", item.get(".tag")):
            return [mapping.candidate(item, (text,))]
        if is_id:
            return []
        name = parted(path)[1]
        options: dict[str, Any] = {"filename_only": True, "max_results": FOUND * 5}
        wanted = path.casefold()
        found = [one for one in await take(self.search(name, **options), FOUND * 5) if kind in ("", one[".tag"])]
        if "/" in path.strip("/"):
            fitting = [one for one in found if _ends(mapping.path_of(one), wanted)]
            return [mapping.candidate(one, (text,)) for one in fitting]
        return [mapping.candidate(one) for one in found[:FOUND]]

    async def _exactly(self, text: str) -> list[Candidate]:
        """Folders of exactly this path or name."""
        found = await self.find_folder(text)
        wanted = spelt(text).casefold()
        return [one for one in found if text in one.also or one.id.casefold().endswith(wanted)]


def destination(file: str, path: str) -> tuple[str, bytes]:
    """The path of a new file and its content; a path without an extension is the folder that an attachment goes to.

    Raises:
        Rejected: the file has no name.
    """
    is_folder = path.endswith("/") or not mapping.has_extension(path)
    given = attachment(file, "" if is_folder else parted(path)[1])
    if not given.name:
        raise Rejected("The file needs a name.", fields={"path": "names only a folder"})
    return joined(path, given.name) if is_folder else path, given.content


def _next(data: Mapping[str, Any]) -> Any:
    return data.get("cursor") if data.get("has_more") else None


def _ends(path: str, wanted: str) -> bool:
    folded = path.casefold()
    return folded.endswith(wanted) or folded.rpartition(".")[0].endswith(wanted)
