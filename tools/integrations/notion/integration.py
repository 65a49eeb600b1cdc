"""Notion, API 2025-09-03: pages as Markdown, databases with their properties, comments."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Annotated, Any, Literal

from core.errors import Forbidden, RateLimited, Rejected, VendorError
from core.records import Document, Message, Ref
from core.tool import Call, Change
from tools.declare import Text, tool
from tools.integration import Account, Integration
from tools.integrations.notion import mapping
from tools.integrations.notion.condition import names_in, to_filter, to_sort
from tools.integrations.notion.lookup import MARKDOWN, MOST, DatabaseName, PageName
from tools.integrations.notion.mapping import Holding, rich, to_found, to_page
from tools.integrations.notion.property import former, shown
from tools.integrations.notion.undoing import Undoing
from tools.kit.auth import OAuth2
from tools.kit.http import Answer, by_status
from tools.kit.paging import take
from tools.kit.webhook import Delivery, Greeting, Signature, WebhookEvent, prefixed
from tools.stream import Batch, by_time, since, stream

READABLE = 60_000
TOKEN = "secret_"  # how Notion's verification tokens begin


class Notion(Undoing, Integration):
    """Notion under one person's connection."""

    key = "notion"
    name = "Notion"
    category = "files"
    aliases = ("notion", "notion wiki")
    base_url = "https://api.notion.com"
    headers = {"Notion-Version": "2025-09-03"}
    auth = OAuth2(
        authorize_url="https://api.notion.com/v1/oauth/authorize",
        token_url="https://api.notion.com/v1/oauth/token",  # noqa: S106 - an address
        revoke_url="https://api.notion.com/v1/oauth/revoke",
        scopes=(),
        extra={"owner": "user"},
        has_pkce=False,
        is_json=True,
        client_in_header=True,
    )
    calls_per_s = 3.0
    webhook = Signature(prefixed("X-Notion-Signature"))
    names = ("database",)

    @classmethod
    def error(cls, answer: Answer) -> VendorError | None:
        """Notion's `{object: error, status, code, message}`; what has no scopes has capabilities."""
        data = answer.data
        if not isinstance(data, Mapping) or data.get("object") != "error":
            return None
        code, said = str(data.get("code") or ""), str(data.get("message") or "")
        if code == "conflict_error":  # nothing was changed, and a second try is wanted
            return RateLimited("Notion was busy with the same page.", retry_after_s=1.0, status=answer.status)
        if code == "restricted_resource":
            return Forbidden(f"The app in Notion lacks a capability for this. Notion says: {said}", status=403)
        status = int(data.get("status") or answer.status)
        return by_status(cls.name, Answer(status, answer.headers, data, answer.text), said)

    @classmethod
    def events(cls, delivery: Delivery) -> list[WebhookEvent]:
        """One event a delivery, about a page, a database or a comment."""
        told = delivery.data
        entity = told.get("entity") or {}
        about = Ref(integration=cls.key, kind=str(entity.get("type") or ""), id=str(entity.get("id") or ""))
        at = mapping.moment(told.get("timestamp"))
        return [WebhookEvent(str(told["id"]), str(told["type"]), about if entity else None, at)]

    @classmethod
    def greet(cls, delivery: Delivery, secret: str) -> Greeting | None:
        """The token with which all later deliveries are signed comes once, unsigned; a second one is not believed."""
        told = delivery.data
        token = told.get("verification_token") if isinstance(told, Mapping) else None
        return Greeting(secret=str(token)) if token and not secret.startswith(TOKEN) else None

    @stream("page")
    async def stream_pages(self, cursor: str) -> Batch:
        """Every page that was shared with the app, then those that were edited, to the minute."""
        return await by_time(self._edited(cursor), cursor, lambda item: str(item["last_edited_time"]), to_page)

    async def identify(self) -> Account:
        """The person who connected the app."""
        me = await self.http.get("/v1/users/me")
        owner = ((me.get("bot") or {}).get("owner") or {}).get("user") or me
        return Account(str(owner["id"]), site="https://www.notion.so")

    async def list_names(self) -> Mapping[str, Sequence[str]]:
        """The databases by title."""
        return {"database": [mapping.title_of(one) for one in await take(self.searched("", "data_source"), 200)]}

    @tool("read")
    async def search(
        self,
        query: Annotated[str, "words in the title"],
        kind: Annotated[Literal["page", "data_source"] | None, "only pages, or only databases"] = None,
        limit: Annotated[int, "how many"] = 10,
    ) -> list[Document]:
        """Find pages and databases in Notion by their titles."""
        return [to_found(one) for one in await take(self.searched(query, kind or ""), limit)]

    @tool("read")
    async def read_page(self, page: Annotated[PageName, "the page, by title, path of titles, or link"]) -> Document:
        """Open one page and give all that it says."""
        return to_page(await self.page(page), (await self.markdown(page))[:READABLE])

    @tool("read")
    async def query_database(
        self,
        database: Annotated[DatabaseName, "the database, by title or link"],
        filter: Annotated[Text | None, "conditions in words, such as status is Doing and owner is empty"] = None,
        sort_by: Annotated[str | None, "the property to sort by, with descending after it if so"] = None,
        limit: Annotated[int, "how many"] = 20,
    ) -> list[Document]:
        """List the entries of a database, those that fit a condition, in the order of a property."""
        schema = await self.schema(database) if filter or sort_by else {}
        body: dict[str, Any] = {"page_size": max(1, min(limit, 100))}
        if filter:
            ids = {one: await self.only(one, self.find_people(one)) for one in names_in(filter, schema, "people")}
            ids |= {one: await self.only(one, self.find_page(one)) for one in names_in(filter, schema, "relation")}
            body["filter"] = to_filter(filter, schema, self.today, ids)
        if sort_by:
            body["sorts"] = [to_sort(sort_by, schema)]
        return [to_page(one) for one in await take(self.posted(f"/v1/data_sources/{database}/query", body), limit)]

    @tool("read")
    async def list_comments(
        self, page: Annotated[PageName, "the page, by title, path of titles, or link"]
    ) -> list[Message]:
        """Show the comments on a page that are still open."""
        found = await take(self.got("/v1/comments", block_id=page), MOST)
        names = {str(one["id"]): str(one.get("name") or "") for one in await self.users()} if found else {}
        return [mapping.to_comment(one, names) for one in found]

    @tool("write", proof="read_text_back", undo="trash_page", recover="recover_page")
    async def create_page(
        self,
        title: Annotated[str, "what the page is called"],
        parent: Annotated[PageName | None, "the page it goes under, one's private pages by default"] = None,
        content: Annotated[Text | None, "what it says, in Markdown"] = None,
    ) -> Change:
        """Make a new page, under another one or among one's own."""
        body = {
            "parent": {"type": "page_id", "page_id": parent} if parent else {"type": "workspace"},
            "properties": {"title": {"title": rich(title)}},
            **({"markdown": content} if content else {}),
        }
        return self.made(await self.http.post("/v1/pages", body), title, content)

    @tool("write", proof="read_text_back", undo="trash_page", recover="recover_entry")
    async def add_to_database(
        self,
        database: Annotated[DatabaseName, "the database, by title or link"],
        title: Annotated[str, "title of the entry"],
        properties: Annotated[Text | None, "other properties, as `name: value, name: value`"] = None,
        content: Annotated[Text | None, "what its page says, in Markdown"] = None,
    ) -> Change:
        """Add an entry to a database, with its properties."""
        schema = await self.schema(database)
        name = next((name for name, about in schema.items() if about["type"] == "title"), "Name")
        values = await self.values(properties, schema) if properties else {}
        body = {
            "parent": {"type": "data_source_id", "data_source_id": database},
            "properties": {**values, name: {"title": rich(title)}},
            **({"markdown": content} if content else {}),
        }
        item = await self.http.post("/v1/pages", body)
        change = self.made(item, title, content)
        told = {one: shown((item.get("properties") or {}).get(one) or {}) for one in values}
        return Change(change.record, {**change.expect, "properties": Holding(told)}, undo=change.undo)

    @tool("write", proof="read_page_back", undo="restore_properties")
    async def update_page(
        self,
        page: Annotated[PageName, "the page or entry, by title, path of titles, or link"],
        properties: Annotated[Text, "what to set, as `name: value, name: value`"],
    ) -> Change:
        """Set properties of a database entry, such as its status or owner, or a page's title."""
        before = await self.page(page)
        values = await self.values(properties, await self.schema_of(before))
        if not values:
            raise Rejected("There is nothing to set.", fields={"properties": "names no property"})
        old = {name: former(value) for name, value in before["properties"].items() if name in values}
        return await self.set_properties(
            page, values, Call(tool="notion.restore_properties", args={"page": page, "former": old})
        )

    @tool("write", proof="read_text_back", undo="remove_blocks")
    async def append_to_page(
        self,
        page: Annotated[PageName, "the page, by title, path of titles, or link"],
        content: Annotated[Text, "what to add at its end, in Markdown"],
    ) -> Change:
        """Write more at the end of a page."""
        before, there = await self.page(page), await self.blocks(page)
        body = {"type": "insert_content", "insert_content": {"content": content, "position": {"type": "end"}}}
        await self.http.send("PATCH", f"/v1/pages/{page}/markdown", json=body, headers=MARKDOWN)
        return self.appended(to_page(before), content, mapping.new_blocks(there, await self.blocks(page)))

    @tool(
        "write",
        proof="read_comment",
        irreversible="Notion lets no app delete a comment",
        recover="recover_comment",
    )
    async def comment_on_page(
        self,
        page: Annotated[PageName, "the page, by title, path of titles, or link"],
        text: Annotated[Text, "the comment"],
    ) -> Change:
        """Leave a comment on a page as a whole."""
        item = await self.http.post("/v1/comments", {"parent": {"page_id": page}, "rich_text": rich(text)})
        return Change(mapping.to_comment(item, {}), {"text": text})

    @tool("destructive", proof="read_page_back", undo="restore_page")
    async def trash_page(
        self, page: Annotated[PageName, "the page or entry, by title, path of titles, or link"]
    ) -> Change:
        """Put a page or entry into Notion's trash."""
        item = await self.patch(page, {"in_trash": True})
        return Change(to_page(item), is_gone=True, undo=Call(tool="notion.restore_page", args={"page": page}))

    async def _edited(self, cursor: str) -> AsyncIterator[Any]:
        """Pages by their last edit, oldest first. Notion can only be asked for all, so the new ones come last-first."""
        moment = since(cursor)
        sort = {"timestamp": "last_edited_time", "direction": "ascending" if moment is None else "descending"}
        found = []
        async for item in self.searched("", "page", sort=sort):
            changed = mapping.moment(item["last_edited_time"])
            if moment is None:
                yield item
            elif changed is not None and changed >= moment:
                found.append(item)
            else:
                break
        for item in reversed(found):
            yield item
