"""Looking things up in Notion: pages and databases by title or link, people, and what became of a lost write."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import Annotated, Any

from core.clock import utc_now
from core.errors import Ambiguous, Candidate, Forbidden, NotFound, Rejected, Unresolved
from core.principal import Principal
from core.records import Document, Record, Ref
from core.tool import Call, Change
from tools.declare import finds
from tools.integrations.notion import mapping
from tools.integrations.notion.mapping import Words, to_page
from tools.integrations.notion.property import Schema, of_kind, parted, written
from tools.kit.http import Http
from tools.kit.paging import by_cursor, listed, take, walk

PageName = Annotated[str, finds("page")]
DatabaseName = Annotated[str, finds("database")]

FOUND = 20
MOST = 5_000
PAGE = 100
JUST_NOW = timedelta(minutes=5)
MARKDOWN = {"Notion-Version": "2026-03-11"}  # reading and writing pages as Markdown came with this version
ME = {"me", "my", "i", "myself"}
SUBJECT, CONTENT = "title", "text"


class Lookup:
    """What the tools of Notion share."""

    http: Http
    who: Principal

    async def find_page(self, text: str) -> Sequence[Candidate]:
        """Pages and entries by link, id, title, or a path of titles."""
        if number := mapping.own_id(text):
            page = to_page(await self.http.get(f"/v1/pages/{number}"))
            return [Candidate(page.ref.id, page.title or number, also=(text,))]
        names = mapping.steps(text)
        if not names:
            return []
        found = await take(self.searched(names[-1], "page"), FOUND)
        if len(names) > 1 and len(found) > 1:
            above = {one["id"] for one in await take(self.searched(names[-2]), FOUND)}
            above |= {(one.get("parent") or {}).get("database_id") for one in found if one["id"] in above}
            inside = [one for one in found if above & {*(one.get("parent") or {}).values()}]
            found = inside or found
        return [self._candidate(one, (text,) if len(names) > 1 and len(found) == 1 else ()) for one in found]

    async def find_database(self, text: str) -> Sequence[Candidate]:
        """Databases by link, id or title."""
        if number := mapping.own_id(text):
            item = await self._source(number)
            return [Candidate(str(item["id"]), mapping.title_of(item), also=(text,))]
        found = await take(self.searched(text, "data_source"), FOUND)
        return [self._candidate(one) for one in found]

    async def find_people(self, text: str) -> Sequence[Candidate]:
        """People of the workspace, by name or address."""
        if text.strip().casefold() in ME:
            return [Candidate(self.http.connection.account, self.who.name)]
        wanted = text.strip().casefold()
        found = []
        for one in await self.users():
            email = str((one.get("person") or {}).get("email") or "")
            name = str(one.get("name") or "")
            if one.get("type") == "person" and (wanted in name.casefold() or wanted in email.casefold()):
                found.append(Candidate(str(one["id"]), name, email))
        exact = [one for one in found if wanted in (one.label.casefold(), one.detail.casefold())]
        return exact or found

    def searched(self, query: str, kind: str = "", **more: Any) -> AsyncIterator[Any]:
        """What Notion's search finds by title."""
        only = {"filter": {"property": "object", "value": kind}} if kind else {}
        return self.posted("/v1/search", {**({"query": query} if query else {}), **only, **more})

    def posted(self, path: str, body: Mapping[str, Any]) -> AsyncIterator[Any]:
        """A list that is asked for with a body."""

        async def page(cursor: Any) -> tuple[list[Any], Any]:
            whole = {"page_size": PAGE, **body, **({"start_cursor": cursor} if cursor else {})}
            data = await self.http.post(path, whole, is_read=True)
            return listed(data, "results"), data.get("next_cursor") if data.get("has_more") else None

        return walk(page)

    def got(self, path: str, **parameters: Any) -> AsyncIterator[Any]:
        """A list that is asked for in the address."""
        return by_cursor(self.http, path, "results", "next_cursor", "start_cursor", page_size=PAGE, **parameters)

    async def users(self) -> list[Any]:
        """Everybody of the workspace; nobody where the app may not see them."""
        with suppress(Forbidden):
            return await take(self.got("/v1/users"), MOST)
        return []

    async def page(self, number: str) -> Any:
        """A page that is not in the trash."""
        item = await self.http.get(f"/v1/pages/{number}")
        if item.get("in_trash") or item.get("archived"):
            raise NotFound("The page lies in Notion's trash.")
        return item

    async def markdown(self, number: str) -> str:
        """What a page says."""
        answer = await self.http.send("GET", f"/v1/pages/{number}/markdown", headers=MARKDOWN)
        return str(answer.data.get("markdown") or "")

    async def blocks(self, number: str) -> list[str]:
        """The ids of a page's own blocks, in order."""
        return [str(one["id"]) for one in await take(self.got(f"/v1/blocks/{number}/children"), MOST)]

    async def schema(self, database: str) -> Schema:
        """The properties of a database, by name."""
        item = await self.http.get(f"/v1/data_sources/{database}")
        return {str(name): about for name, about in (item.get("properties") or {}).items()}

    async def schema_of(self, page: Any) -> Schema:
        """The properties that a page may have; one that is in no database has but its title."""
        parent = page.get("parent") or {}
        if parent.get("data_source_id"):
            return await self.schema(str(parent["data_source_id"]))
        return {str(name): value for name, value in (page.get("properties") or {}).items()}

    async def values(self, text: str, schema: Schema) -> dict[str, Any]:
        """Properties in words, as Notion takes them."""
        parts = parted(text, schema)
        people = {one: await self.only(one, self.find_people(one)) for one in of_kind(parts, schema, "people")}
        pages = {one: await self.only(one, self.find_page(one)) for one in of_kind(parts, schema, "relation")}
        return {name: written(name, schema[name], words, self.today, people, pages) for name, words in parts.items()}

    async def only(self, text: str, search: Any) -> str:
        """The id of the one record that the words mean.

        Raises:
            Unresolved: there is none.
            Ambiguous: there are several.
        """
        found: Sequence[Candidate] = await search
        exact = [one for one in found if one.label.casefold() == text.casefold()]
        if len(exact or found) == 1:
            return (exact or found)[0].id
        if found:
            raise Ambiguous("properties", text, found)
        raise Unresolved("properties", text, "Notion")

    @property
    def today(self) -> date:
        """The day where the person is."""
        return utc_now().astimezone(self.who.zone).date()

    async def read_page_back(self, ref: Ref) -> Record:
        """Reads the page again."""
        return to_page(await self.page(ref.id))

    async def read_text_back(self, ref: Ref) -> Record:
        """Reads the page again, with what it says."""
        return to_page(await self.page(ref.id), await self.markdown(ref.id))

    async def read_comment(self, ref: Ref) -> Record:
        """Reads the page's comments again."""
        page, _, number = ref.id.partition("/")
        for one in await take(self.got("/v1/comments", block_id=page), MOST):
            if one["id"] == number:
                return mapping.to_comment(one, {})
        raise NotFound("The comment is not there.")

    def made(self, item: Any, title: str, content: str | None) -> Change:
        """A page that was made."""
        page = to_page(item)
        text = {CONTENT: Words(content)} if content else {}
        return Change(page, {SUBJECT: title, **text}, undo=Call(tool="notion.trash_page", args={"page": page.ref.id}))

    def appended(self, page: Document, content: str, blocks: Sequence[str]) -> Change:
        """A page with more in it."""
        undo = Call(tool="notion.remove_blocks", args={"page": page.ref.id, "blocks": list(blocks)})
        return Change(page, {CONTENT: Words(content)}, undo=undo)

    async def recover_page(self, title: str, parent: str | None = None, content: str | None = None) -> Change | None:
        """The page of this title that was made just now under its parent."""
        if parent is None:
            found = [one async for one in self.searched(title, "page")]
        else:
            blocks = await take(self.got(f"/v1/blocks/{parent}/children"), MOST)
            inside = [one for one in blocks if one.get("type") == "child_page" and _is_new(one)]
            found = [await self.page(one["id"]) for one in inside if one["child_page"].get("title") == title]
        fitting = [one for one in found if mapping.title_of(one) == title and _is_new(one)]
        return self.made(fitting[-1], title, content) if fitting else None

    async def recover_entry(
        self, database: str, title: str, properties: str | None = None, content: str | None = None
    ) -> Change | None:
        """The entry of this title that was made just now."""
        schema = await self.schema(database)
        name = next((name for name, about in schema.items() if about["type"] == "title"), "Name")
        body = {"filter": {"property": name, "title": {"equals": title}}}
        found = await take(self.posted(f"/v1/data_sources/{database}/query", body), MOST)
        fitting = [one for one in found if _is_new(one)]
        return self.made(fitting[-1], title, content) if fitting else None

    async def recover_comment(self, page: str, text: str) -> Change | None:
        """The comment of these words that was left just now."""
        found = await take(self.got("/v1/comments", block_id=page), MOST)
        for one in reversed(found):
            comment = mapping.to_comment(one, {})
            if comment.text == text and _is_new(one):
                return Change(comment, {CONTENT: text})
        return None

    async def _source(self, number: str) -> Any:
        """A data source by its own id, or the first of the database that a link names."""
        with suppress(NotFound):
            return await self.http.get(f"/v1/data_sources/{number}")
        inside = (await self.http.get(f"/v1/databases/{number}")).get("data_sources") or []
        if not inside:
            raise Rejected("This database holds nothing that can be asked for.")
        return await self.http.get(f"/v1/data_sources/{inside[0]['id']}")

    def _candidate(self, item: Any, also: tuple[str, ...] = ()) -> Candidate:
        changed = str(item.get("last_edited_time") or "")[:10]
        return Candidate(str(item["id"]), mapping.title_of(item), f"changed {changed}" if changed else "", also)


def _is_new(item: Mapping[str, Any]) -> bool:
    made: datetime | None = mapping.moment(item.get("created_time"))
    return made is not None and utc_now() - made < JUST_NOW
