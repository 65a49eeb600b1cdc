"""Looking things up in Box: by name for a person's words, by id for the proof, by both after a lost answer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Annotated, Any

from core.clock import utc_now
from core.errors import Candidate, Forbidden
from core.records import Document, Party, Person, Record, Ref
from core.tool import Call, Change
from tools.declare import finds
from tools.directory import People
from tools.integrations.box import mapping
from tools.integrations.box.mapping import FIELDS, TOP, to_document
from tools.kit.attachment import attachment
from tools.kit.http import Http
from tools.kit.paging import by_cursor, by_offset, take

FileName = Annotated[str, finds("file")]
FolderName = Annotated[str, finds("folder")]
ItemName = Annotated[str, finds("item")]

SCOPES = ("root_readwrite",)
UNDO = "it is itself an undo"
JUST_NOW = timedelta(minutes=5)
FOUND = 20
PLACED = 200
MOST = 10_000


class Lookup:
    """What the tools of Box share."""

    http: Http
    people: People

    async def find_file(self, text: str) -> Sequence[Candidate]:
        """Files by link, id, name or path."""
        return await self._find(text, "file")

    async def find_folder(self, text: str) -> Sequence[Candidate]:
        """Folders by link, id, name or path; the top by 0."""
        if mapping.is_top(text):
            return [Candidate(TOP, "All Files", also=(text,))]
        return await self._find(text, "folder")

    async def find_item(self, text: str) -> Sequence[Candidate]:
        """Files and folders; the id of one says which it is."""
        return await self._find(text)

    async def find_person(self, text: str) -> Sequence[Candidate]:
        """People of the enterprise, which only its administrators may look up, and of the other systems."""
        if "@" in text:
            return [Candidate(text.strip().lower(), text.strip())]
        with suppress(Forbidden):
            found = by_offset(self.http, "/users", "entries", 100, "offset", "limit", "", filter_term=text)
            if users := await take(found, FOUND):
                return [Candidate(one["login"].lower(), one["name"], one["login"]) for one in users]
        return await self.people.find(text)

    async def find_collaborator(self, text: str, args: Mapping[str, Any]) -> Sequence[Candidate]:
        """People with access to the item, by name or address."""
        people = await self.collaborators(str(args["item"])) if args.get("item") else []
        wanted = text.strip().lower()
        fitting = [one for one in people if wanted in one.email or wanted in one.title.lower()]
        return [Candidate(one.email, one.title, one.email) for one in fitting] or await self.find_person(text)

    def search(self, query: str, **filters: Any) -> AsyncIterator[Any]:
        """What Box's search finds, best first."""
        return by_offset(
            self.http, "/search", "entries", 100, "offset", "limit", "", query=query, fields=FIELDS, **filters
        )

    async def collaborators(self, item: str) -> list[Person]:
        """Everybody who was let into `files/1` or `folders/2` itself."""
        paged = {"limit": 1000} if item.startswith("files/") else {}
        found = by_cursor(self.http, f"/{item}/collaborations", "entries", "next_marker", "marker", **paged)
        return [mapping.to_access(one) for one in await take(found, MOST)]

    async def item(self, path: str) -> Document:
        """A file or folder that is not in the trash."""
        return to_document(await self.http.get(path, fields=FIELDS))

    async def read_item(self, ref: Ref) -> Record:
        """Reads the file or folder again."""
        return await self.item(mapping.path_of(ref))

    async def read_access(self, ref: Ref) -> Record:
        """Reads again who was let in."""
        return mapping.to_access(await self.http.get(f"/collaborations/{ref.id}"))

    async def read_comment(self, ref: Ref) -> Record:
        """Reads the comment again."""
        return mapping.to_comment(await self.http.get(f"/comments/{ref.id}"))

    async def read_task(self, ref: Ref) -> Record:
        """Reads the task again."""
        return mapping.to_task(await self.http.get(f"/tasks/{ref.id}"))

    def uploaded(self, item: Mapping[str, Any], name: str, folder: str, size: int) -> Change:
        """A file that was put there."""
        expect = {"title": name, "folder": Party(id=folder), "size": size}
        return Change(to_document(item), expect, undo=Call(tool="box.delete_file", args={"file": str(item["id"])}))

    def opened(self, item: Mapping[str, Any], name: str, parent: str) -> Change:
        """A folder that was made."""
        undo = Call(tool="box.delete_folder", args={"folder": str(item["id"])})
        return Change(to_document(item), {"title": name, "folder": Party(id=parent)}, undo=undo)

    def let_in(self, access: Mapping[str, Any], item: str, person: str, role: str) -> Change:
        """A person who was given access."""
        undo = Call(tool="box.revoke_access", args={"item": item, "person": person})
        return Change(mapping.to_access(access), {"email": person.lower(), "role": role}, undo=undo)

    def said(self, comment: Mapping[str, Any], text: str) -> Change:
        """A comment that was left."""
        undo = Call(tool="box.delete_comment", args={"comment": str(comment["id"])})
        return Change(mapping.to_comment(comment), {"text": text}, undo=undo)

    async def recover_upload(self, file: str, folder: str, name: str | None = None, **_: Any) -> Change | None:
        """The file of this name and size that lies in the folder since just now."""
        given = attachment(file, name or "")
        for item in await self._just_made(f"/folders/{folder}/items", given.name):
            if item["type"] == "file" and item.get("size") == len(given.content):
                return self.uploaded(item, given.name, folder, len(given.content))
        return None

    async def recover_folder(self, name: str, parent: str = TOP, **_: Any) -> Change | None:
        """The folder of this name that is there since just now."""
        made = await self._just_made(f"/folders/{parent}/items", name)
        return next((self.opened(item, name, parent) for item in made if item["type"] == "folder"), None)

    async def recover_access(self, item: str, person: str, role: str = "viewer", **_: Any) -> Change | None:
        """The person's access to the item, if they have it."""
        for one in await self.collaborators(item):
            if one.email == person.lower() and one.role == role:
                return self.let_in(await self.http.get(f"/collaborations/{one.ref.id}"), item, person, role)
        return None

    async def recover_comment(self, file: str, text: str) -> Change | None:
        """One's own comment with this text, left just now."""
        found = by_offset(self.http, f"/files/{file}/comments", "entries", 1000, "offset", "limit", "")
        me = self.http.connection.account
        for one in await take(found, MOST):
            is_mine = str((one.get("created_by") or {}).get("login") or "").lower() == me
            if is_mine and one.get("message") == text and _is_new(one):
                return self.said(one, text)
        return None

    async def _just_made(self, path: str, name: str) -> list[Any]:
        found = by_offset(self.http, path, "entries", 1000, "offset", "limit", "", fields=FIELDS)
        return [one for one in await take(found, MOST) if one.get("name") == name and _is_new(one)]

    async def _find(self, text: str, kind: str = "") -> list[Candidate]:
        told, number = mapping.own_link(text)
        if number:
            wanted = told or kind or "file"
            if kind and wanted != kind:
                return []
            found = await self.item(f"/{wanted}s/{number}")
            return [Candidate(f"{wanted}s/{number}" if not kind else number, found.title, also=(text,))]
        if text.partition("/")[0] in ("files", "folders") and text.partition("/")[2].isdigit():  # as we name an item
            found = await self.item(f"/{text}")
            return [Candidate(text, found.title)]
        names = mapping.steps(text)
        if not names:
            return []
        items = self.search(names[-1], content_types="name", type=kind or None)
        fitting = [one for one in await take(items, PLACED if len(names) > 1 else FOUND) if one["type"] != "web_link"]
        return mapping.candidates(fitting, text, with_kind=not kind)


def _is_new(item: Mapping[str, Any]) -> bool:
    made = mapping.moment(item.get("created_at"))
    return made is not None and utc_now() - made < JUST_NOW
