"""Looking things up in Drive: by name, path or link for a person's words, by id for the proofs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from core.clock import utc_now
from core.errors import Candidate, NotFound
from core.records import Document, Person, Record, Ref
from tools.directory import People
from tools.integrations.google_drive import mapping
from tools.integrations.google_drive.mapping import ACCESS, ANYONE, COMMENT, EXPORTS, FIELDS, KINDS, quoted
from tools.kit.http import Http
from tools.kit.paging import by_cursor, take

DRIVES: Mapping[str, Any] = {"supportsAllDrives": True}
TOP = "root"
JUST_NOW = timedelta(minutes=5)
FOUND = 20
MOST = 1_000
ALL = ("anyone", "everyone", "everybody", "anybody", "link", "anyone with the link")


class Lookup:
    """What the tools of Google Drive share."""

    http: Http
    people: People

    def files(self, *terms: str, order: str | None = None, size: int = 100) -> AsyncIterator[Any]:
        """Files that are not in the trash and fit every term, of My Drive and the shared drives."""
        q = " and ".join([*(one for one in terms if one), "trashed = false"])
        return by_cursor(
            self.http, "/files", "files", "nextPageToken", "pageToken", q=q, orderBy=order, pageSize=size,
            fields=f"nextPageToken,files({FIELDS})", includeItemsFromAllDrives=True, **DRIVES,
        )  # fmt: skip

    async def item(self, number: str, fields: str = FIELDS) -> Mapping[str, Any]:
        """A file or folder that is not in the trash."""
        found: Mapping[str, Any] = await self.http.get(f"/files/{number}", fields=fields, **DRIVES)
        if found.get("trashed"):
            raise NotFound("It lies in the trash.")
        return found

    async def access(self, file: str) -> list[Mapping[str, Any]]:
        """Everybody who may open a file."""
        rows = by_cursor(
            self.http, f"/files/{file}/permissions", "permissions", "nextPageToken", "pageToken", pageSize=100,
            fields=f"nextPageToken,permissions({ACCESS})", **DRIVES,
        )  # fmt: skip
        return [one for one in await take(rows, MOST) if not one.get("deleted")]

    async def exported(self, item: Mapping[str, Any], wanted: str = "text") -> bytes:
        """What Google makes of one of its own documents."""
        kind = EXPORTS[mapping.google_kind(str(item["mimeType"]))][wanted]
        answer = await self.http.send("GET", f"/files/{item['id']}/export", params={"mimeType": kind}, is_raw=True)
        return answer.content

    # proofs

    async def read_again(self, ref: Ref) -> Record:
        """Reads the file again; in the trash it is gone."""
        return mapping.to_document(await self.item(ref.id))

    async def read_made(self, ref: Ref) -> Record:
        """Reads the file again, with the text of a document."""
        item = await self.item(ref.id)
        text = ""
        if mapping.google_kind(str(item["mimeType"])) in mapping.GIVEN:
            text = mapping.plain(await self.exported(item))
        return mapping.to_document(item).model_copy(update={"text": text})

    async def read_sharing(self, ref: Ref) -> Record:
        """Reads again who may open the file."""
        return await self.shared(ref.id)

    async def read_access(self, ref: Ref) -> Record:
        """Reads again whether this person may open the file."""
        file, _, number = ref.id.partition("/")
        for one in await self.access(file):
            if one["id"] == number:
                return mapping.to_access(one, file)
        raise NotFound("Nobody like that may open it.")

    async def read_comment(self, ref: Ref) -> Record:
        """Reads the comment again."""
        file, _, number = ref.id.partition("/")
        return mapping.to_comment(await self.http.get(f"/files/{file}/comments/{number}", fields=COMMENT), file)

    async def shared(self, file: str) -> Document:
        """A file with everybody who may open it."""
        return mapping.to_document(await self.item(file), await self.access(file))

    # finders

    async def find_file(self, text: str) -> Sequence[Candidate]:
        """Files and folders by link, id, name or path."""
        return await self._find(text)

    async def find_folder(self, text: str) -> Sequence[Candidate]:
        """Folders by link, id, name or path; My Drive by that name."""
        if text.strip(" /").lower() in ("my drive", "root", "home", "top", "top level"):
            top = await self.item(TOP)
            return [Candidate(str(top["id"]), str(top["name"]), also=(text,))]
        return await self._find(text, KINDS["folder"])

    async def find_person(self, text: str) -> Sequence[Candidate]:
        """Addresses as they are, and colleagues of the other systems."""
        return [Candidate(text.strip().lower(), text.strip())] if "@" in text else await self.people.find(text)

    async def find_member(self, text: str, args: Mapping[str, Any]) -> Sequence[Candidate]:
        """People with access to the file, by name or address; everybody with the link, the company by its domain."""
        there = [mapping.to_access(one, "") for one in await self.access(str(args["file"]))] if args.get("file") else []
        wanted = text.strip().lower()
        if wanted in ALL:
            return [
                Candidate(ANYONE, one.title, also=(text,)) for one in there if one.ref.id.endswith("anyoneWithLink")
            ]
        fitting = [one for one in there if wanted in _who(one) or wanted in one.title.lower()]
        return [Candidate(_who(one), one.title, one.email) for one in fitting] or await self.find_person(text)

    async def _find(self, text: str, only: str = "") -> list[Candidate]:
        if number := mapping.linked(text):
            found = await self.item(number)
            return [Candidate(str(found["id"]), str(found["name"]), also=(text,))]
        steps = [one.strip() for one in text.strip().strip("/").split("/") if one.strip()]
        if not steps:
            return []
        whole = await self._named(text.strip(), [], only)  # a name may hold a slash
        if whole or len(steps) == 1:
            return self._candidates(whole, text)
        places: list[str] = []
        for step in steps[:-1]:
            if step.lower() == "my drive":
                continue
            folders = await self._named(step, places, KINDS["folder"])
            places = [str(one["id"]) for one in folders if str(one["name"]).lower() == step.lower()]
            if not places:
                return []
        return self._candidates(await self._named(steps[-1], places, only), text)

    async def _named(self, name: str, places: Sequence[str], only: str) -> list[Mapping[str, Any]]:
        below = " or ".join(f"{quoted(one)} in parents" for one in places)
        there = f"({below})" if below else ""
        found: list[Mapping[str, Any]] = await take(
            self.files(f"name contains {quoted(name)}", only, there, size=FOUND), FOUND
        )
        words = name.lower()
        exact = [
            one for one in found if words in (str(one["name"]).lower(), str(one["name"]).lower().rpartition(".")[0])
        ]
        return exact or found

    def _candidates(self, items: Sequence[Mapping[str, Any]], text: str) -> list[Candidate]:
        found = []
        for item in items:
            record = mapping.to_document(item)
            kind = mapping.google_kind(record.mime_type) or record.mime_type.rpartition("/")[2]
            whose = str(record.owner or "")
            also = (text,) if len(items) == 1 else (record.title.rpartition(".")[0],)
            found.append(Candidate(record.ref.id, record.title, f"{kind}, {whose}".strip(", "), also=also))
        return found

    async def just_made(self, name: str, folder: str | None = None) -> list[Mapping[str, Any]]:
        """One's own files of this name that are a few minutes old at most."""
        since = (utc_now() - JUST_NOW).strftime("%Y-%m-%dT%H:%M:%SZ")
        place = f"{quoted(folder)} in parents" if folder else ""
        terms = (f"name = {quoted(name)}", f"createdTime > {quoted(since)}", "'me' in owners", place)
        return await take(self.files(*terms, order="createdTime desc"), FOUND)


def _who(person: Person) -> str:
    return person.email or person.company or ANYONE
