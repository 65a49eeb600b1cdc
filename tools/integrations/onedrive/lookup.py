"""Looking things up in OneDrive: by path, link or name for a person's words, by id for the proof."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Annotated, Any
from urllib.parse import quote

from core.errors import Candidate, NotFound
from core.principal import Principal
from core.records import Person, Record, Ref
from core.tool import Call, Change
from tools.declare import finds
from tools.directory import People
from tools.integrations.onedrive import mapping
from tools.integrations.onedrive.mapping import to_document
from tools.kit.attachment import attachment
from tools.kit.http import Http
from tools.kit.microsoft import by_next, colleagues, quoted
from tools.kit.paging import take, walk

ItemName = Annotated[str, finds("item")]
FileName = Annotated[str, finds("file")]
FolderName = Annotated[str, finds("folder")]

FILES, DIRECTORY = ("Files.ReadWrite.All",), ("User.ReadBasic.All",)
UNDO = "it is itself an undo"
FOUND, PAGE, MOST = 20, 200, 1000


class Lookup:
    """What the tools of OneDrive share."""

    http: Http
    who: Principal
    people: People

    @property
    def drive(self) -> str:
        """The person's own drive."""
        return self.http.connection.account

    async def item(self, path: str) -> Mapping[str, Any]:
        """A file or folder."""
        found: Mapping[str, Any] = await self.http.get(f"/{path}")
        return found

    async def there(self, address: str) -> Mapping[str, Any] | None:
        """The same, None where nothing lies there."""
        with suppress(NotFound):
            return await self.item(address)
        return None

    async def permissions(self, path: str) -> list[Mapping[str, Any]]:
        """All permissions of a file or folder."""
        return await take(by_next(self.http, f"/{path}/permissions"), MOST)

    def search(self, words: str) -> AsyncIterator[Any]:
        """What the search of one's own drive finds, by name and content."""
        asked = quote(quoted(words)[1:-1], safe="")
        return by_next(self.http, f"/drives/{self.drive}/microsoft.graph.search(q='{asked}')", {"$top": PAGE})

    def everywhere(self, query: str) -> AsyncIterator[Any]:
        """What Microsoft's search finds in all drives that one may see."""

        async def fetch(begin: Any) -> tuple[list[Any], Any]:
            start = int(begin or 0)
            asked = {"entityTypes": ["driveItem"], "query": {"queryString": query}, "from": start, "size": 50}
            answer = await self.http.post("/search/microsoft.graph.query", {"requests": [asked]}, is_read=True)
            container = next(iter(answer["value"][0].get("hitsContainers") or ()), None) or {}
            hits = [one.get("resource") or {} for one in container.get("hits") or ()]
            return hits, start + len(hits) if container.get("moreResultsAvailable") and hits else None

        return walk(fetch)

    # finders

    async def find_item(self, text: str) -> Sequence[Candidate]:
        """Files and folders by path, link, name or id."""
        return await self._find(text)

    async def find_file(self, text: str) -> Sequence[Candidate]:
        """Files by path, link, name or id."""
        return await self._find(text, lambda item: not mapping.is_folder(item))

    async def find_folder(self, text: str) -> Sequence[Candidate]:
        """Folders by path, link, name or id; the top by root."""
        if mapping.is_top(text):
            return [Candidate(mapping.top(self.drive), "My files", also=(text,))]
        return await self._find(text, mapping.is_folder)

    async def find_person(self, text: str) -> Sequence[Candidate]:
        """An address, a colleague of the tenant's directory, or of the other systems."""
        if "@" in text:
            return [Candidate(text.strip().lower(), text.strip())]
        if text.strip().lower() in ("me", "myself", "i"):
            return [Candidate(self.who.email.lower(), self.who.name, self.who.email, (text,))]
        found = [one for one in await colleagues(self.http, text) if one.get("mail")]
        told = [(str(one["mail"]).lower(), str(one.get("displayName"))) for one in found]
        return [Candidate(mail, name, mail) for mail, name in told] or list(await self.people.find(text))

    async def find_reader(self, text: str, args: Mapping[str, Any]) -> Sequence[Candidate]:
        """People with access to the item, by name or address."""
        rows = await self.permissions(str(args["item"])) if args.get("item") else []
        people = [one for row in rows for one in mapping.to_access(row, str(args["item"])) if one.email]
        wanted = text.strip().lower()
        near = {one.email: one for one in people if wanted in one.email or wanted in one.title.lower()}
        found = [Candidate(one.email, one.title, one.email) for one in near.values()]
        return found or await self.find_person(text)

    async def _find(self, text: str, is_kind: Callable[[mapping.Item], bool] = lambda item: True) -> list[Candidate]:
        item = await self._named(text)
        if item is not None and is_kind(item):
            return [_candidate(item, text)]
        wanted = mapping.steps(text)
        if not wanted or text.strip().startswith("https://"):
            return []
        name = wanted[-1]
        for source in (self.search(name), self.everywhere(name)):
            found = [one for one in await take(source, PAGE) if one.get("id") and is_kind(one)]
            exact = [one for one in found if mapping.fits(one, wanted)]
            near = exact or [one for one in found if name.casefold() in str(one.get("name") or "").casefold()]
            if near:
                return [_candidate(one, *((text,) if len(near) == 1 else ())) for one in near[:FOUND]]
        return []

    async def _named(self, text: str) -> Mapping[str, Any] | None:
        """What a path, an id or a link names, if it is one."""
        if path := mapping.own_path(text, self.drive):
            return await self.item(path)
        if text.strip().startswith("https://"):
            return await self.there(mapping.share_of(text).lstrip("/"))
        names = mapping.steps(text)
        return await self.there(mapping.below(mapping.top(self.drive), *names)) if names else None

    # proofs

    async def read_item(self, ref: Ref) -> Record:
        """Reads the file or folder again."""
        return to_document(await self.item(ref.id))

    async def read_shared(self, ref: Ref) -> Record:
        """Reads again who was let in."""
        return mapping.to_shared(await self.item(ref.id), await self.permissions(ref.id))

    async def read_link(self, ref: Ref) -> Record:
        """Reads the link again."""
        path, _, number = ref.id.partition("/permissions/")
        for row in await self.permissions(path):
            if str(row["id"]) == number:
                return mapping.to_link(row, to_document(await self.item(path)))
        raise NotFound("There is no such link any more.")

    async def read_access(self, ref: Ref) -> Record:
        """Looks again whether this permission is there."""
        path, _, number = ref.id.partition("/permissions/")
        for row in await self.permissions(path):
            if str(row["id"]) == number:
                return next(iter(mapping.to_access(row, path)), Person(ref=ref))
        raise NotFound("There is no such permission any more.")

    # after a lost answer

    async def recover_upload(self, file: str, folder: str, name: str | None = None) -> Change | None:
        """The file, if it lies there with this very size and was written just now."""
        added = attachment(file, name or "")
        item = await self.there(mapping.below(self.folder(folder), added.name))
        if item is None or item.get("size") != len(added.content):
            return None
        return self.saved(item, added.name, len(added.content), None)

    async def recover_folder(self, name: str, parent: str) -> Change | None:
        """The folder, if it is there; whether it was before is not known, so there is no undo."""
        item = await self.there(mapping.below(self.folder(parent), *mapping.steps(name)))
        return Change(to_document(item), {"title": str(item["name"])}) if item and mapping.is_folder(item) else None

    async def recover_share(self, item: str, people: Sequence[str], role: str, **_: Any) -> Change | None:
        """The file or folder, if all of them are let in."""
        now = mapping.to_shared(await self.item(item), await self.permissions(item))
        is_done = all(now.shared_with.get(one.lower()) == role for one in people)
        return Change(now, {"shared_with": now.shared_with}) if is_done else None

    def folder(self, told: str) -> str:
        """The path of a folder; the word `root` is the top of one's own drive."""
        return mapping.top(self.drive) if told == mapping.ROOT else told

    def saved(self, item: Mapping[str, Any], name: str, size: int, undo: Call | None) -> Change:
        """A file that was written."""
        return Change(to_document(item), {"title": name, "size": size}, undo=undo)


def _candidate(item: Mapping[str, Any], *also: str) -> Candidate:
    document = to_document(item)
    name, above = document.title, mapping.place(item)
    stem = name.rpartition(".")[0] or name
    return Candidate(document.ref.id, name, above or "top", (*also, stem, f"{above}/{name}".strip("/")))
