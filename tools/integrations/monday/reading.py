"""What is read at monday.com: names looked up, lists in pages, what changed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from core.clock import utc_now
from core.errors import Candidate, InvalidArgument, NotFound
from core.records import Message, Project, Ref, Task
from tools.integrations.monday import column, document, mapping
from tools.kit.graphql import ask
from tools.kit.http import Http
from tools.kit.paging import dig, take, walk
from tools.stream import Batch, by_time, since

SEARCH_MOST = 20
PAGE = 100
MANY = 10_000
LOG_LASTS = timedelta(days=6)  # the smallest plan keeps a board's log for a week
Json = dict[str, Any]


class Reading:
    """monday.com under one connection, as it is read."""

    def __init__(self, http: Http) -> None:
        self._http = http
        self.me = http.connection.account

    async def ask(self, text: str, **variables: Any) -> Json:
        """The data that a document gives."""
        return await ask(self._http, text, **variables)

    async def _list(self, text: str, name: str, most: int = MANY, **variables: Any) -> list[Json]:
        """A list in numbered pages; a short page is the last."""
        size = min(PAGE, most)

        async def fetch(page: Any) -> tuple[list[Any], Any]:
            found = (await self.ask(text, **variables, limit=size, page=page))[name] or []
            return found, page + 1 if len(found) == size else None

        return await take(walk(fetch, 1), most)

    def pages(self, text: str, path: str, size: int, **variables: Any) -> AsyncIterator[Any]:
        """Items in pages by cursor; the first page is asked for otherwise than those after it."""

        async def fetch(cursor: Any) -> tuple[list[Any], Any]:
            if cursor:
                page = (await self.ask(document.NEXT_ITEMS, cursor=cursor, limit=size))["next_items_page"]
            else:
                page = _first(await self.ask(text, **variables, limit=size), path)
            return page["items"], page["cursor"]

        return walk(fetch)

    async def item(self, item: str) -> Json:
        """An item.

        Raises:
            NotFound: there is none, or it lies in the bin.
        """
        found = (await self.ask(document.ITEMS, ids=[item]))["items"]
        if not found or not found[0] or found[0].get("state") == "deleted":
            raise NotFound(f"Item {item} is not in monday.com, or you may not see it.")
        return dict(found[0])

    async def layout(self, board: str) -> Json:
        """A board with its groups and columns."""
        found = (await self.ask(document.LAYOUT, ids=[board]))["boards"]
        if not found or not found[0]:
            raise NotFound(f"Board {board} is not in monday.com, or you may not see it.")
        return dict(found[0])

    async def people(self, text: str) -> list[Candidate]:
        """People by name, address or id."""
        word = text.strip()
        asked: Json = {"emails": [word]} if "@" in word else {"ids": [word]} if word.isdigit() else {"name": word}
        found = (await self.ask(document.USERS, **asked))["users"] or []
        return [Candidate(one["id"], one["name"], one["email"]) for one in found if one["status"] == "ACTIVE"]

    async def names(self) -> dict[str, list[str]]:
        """The boards and people that there are."""
        boards, people = await self.boards(None, 500), await self._list(document.USERS, "users", 2000)
        active = [one["name"] for one in people if one["status"] == "ACTIVE"]
        return {"board": [one.title for one in boards], "person": active}

    async def workspaces(self, text: str) -> list[Candidate]:
        """Workspaces by id or words of the name."""
        found = await self._list(document.WORKSPACES, "workspaces")
        return _fitting(text, [Candidate(one["id"], one["name"]) for one in found])

    async def board_candidates(self, text: str) -> list[Candidate]:
        """Boards by id, link or words of the name."""
        if id := mapping.id_of(text, "board"):
            found = (await self.ask(document.BOARDS, ids=[id]))["boards"] or []
            return [Candidate(one["id"], one["name"], also=(text,)) for one in found if one]
        hits = (await self.ask(document.FIND_BOARDS, query=text, limit=SEARCH_MOST))["search"]["boards"]["results"]
        return _fitting(text, [Candidate(one["id"], one["indexed_data"]["name"]) for one in hits])

    async def item_candidates(self, text: str, board: Any) -> list[Candidate]:
        """Items by id, link or words of the name, with where they stand."""
        if id := mapping.id_of(text, "item"):
            try:
                found = [await self.item(id)]
            except NotFound:
                return []
            return [_candidate(one, text) for one in found]
        rows = [_candidate(one) for one in await self._hits(text, board, SEARCH_MOST)]
        return _fitting(text, rows)

    async def group_candidates(self, text: str, board: Any, item: Any) -> list[Candidate]:
        """Groups of a board, or of an item's board."""
        if not board and not item:
            raise InvalidArgument("A group belongs to a board: say which one.", parameter="board")
        home = board or (await self.item(str(item)))["board"]["id"]
        groups = (await self.layout(str(home)))["groups"] or []
        rows = [Candidate(one["id"], one["title"]) for one in groups if not (one["archived"] or one["deleted"])]
        return _fitting(text, rows)

    async def _hits(self, query: str, board: Any, limit: int) -> list[Json]:
        asked = {"query": query, "limit": limit, "boards": [board] if board else None}
        found = (await self.ask(document.FIND_ITEMS, **asked))["search"]["items"]["results"]
        return [one["live_data"] for one in found if one.get("live_data")]

    async def search(self, query: str, board: str | None, limit: int) -> list[Task]:
        """Items by words."""
        found = await self._hits(query, board, min(limit, SEARCH_MOST))
        return [mapping.to_task(one) for one in found if one.get("state") != "deleted"]

    async def boards(self, workspace: str | None, limit: int) -> list[Project]:
        """Boards, the last used first."""
        told = [workspace] if workspace else None
        return [mapping.to_project(one) for one in await self._list(document.BOARDS, "boards", limit, workspaces=told)]

    async def items(
        self, board: str, group: str | None, status: str | None, person: str | None, limit: int
    ) -> list[Task]:
        """Items of a board or group, filtered by what their columns hold."""
        wanted: list[Json] = []
        if status or person:
            home = await self.layout(board)
            if status:
                place = column.need(home["columns"], "status", home["name"])
                wanted.append({"column_id": place["id"], "column_values": [column.label(place, status)]})
            if person:
                place = column.need(home["columns"], "people", home["name"])
                [who] = (await self.ask(document.USERS, ids=[person]))["users"]
                wanted.append({"column_id": place["id"], "column_values": [who["name"]]})
        size = PAGE if wanted and group else min(PAGE, limit)
        if wanted:
            pages = self.pages(
                document.ITEMS_BY_VALUE, "items_page_by_column_values", size, board=board, columns=wanted
            )
        elif group:
            path = "boards.groups.items_page"
            pages = self.pages(document.GROUP_ITEMS, path, size, board=[board], group=[group])
        else:
            pages = self.pages(document.BOARD_ITEMS, "boards.items_page", size, board=[board])
        found = await take(pages, MANY if wanted and group else limit)
        kept = [one for one in found if not group or (one.get("group") or {}).get("id") == group]
        return [mapping.to_task(one) for one in kept[:limit]]

    async def updates(self, item: str, limit: int) -> list[Message]:
        """The newest updates on an item, oldest first."""
        found = (await self.ask(document.ITEM_UPDATES, ids=[item], limit=limit))["items"]
        rows = (found[0] or {}).get("updates") or [] if found else []
        return [mapping.to_update(one) for one in reversed(rows)]

    async def changes(self, cursor: str) -> Batch:
        """Items that changed: by the boards' logs, which name them, while those reach back far enough; else all."""
        begin, gone, rows = since(cursor), set[str](), list[Any]()
        if begin is None or utc_now() - begin > LOG_LASTS:
            for board in await self._list(document.BOARDS, "boards"):
                rows += await take(
                    self.pages(document.BOARD_ITEMS, "boards.items_page", PAGE, board=[board["id"]]), MANY
                )
        else:
            named = set[str]()
            for board in await self._list(document.LOGS, "boards", begin=begin.isoformat()):
                for item, is_deleted in map(mapping.changed, board.get("activity_logs") or ()):
                    (gone if is_deleted else named).add(item)
            wanted = sorted(named - gone - {""})
            for place in range(0, len(wanted), PAGE):
                rows += (await self.ask(document.ITEMS, ids=wanted[place : place + PAGE]))["items"]
        kept = [one for one in rows if one and one["state"] != "deleted"]
        kept.sort(key=lambda one: datetime.fromisoformat(one["updated_at"]))
        batch = await by_time(_each(kept), cursor, at=lambda one: str(one["updated_at"]), to=mapping.to_task)
        return replace(batch, gone=[Ref(integration="monday", kind="item", id=one) for one in sorted(gone - {""})])


def _first(data: Json, path: str) -> Json:
    """The page at a path in which lists have one entry."""
    node: Any = data
    for step in path.split("."):
        node = dig(node, step)
        node = node[0] if isinstance(node, list) and node else node
    return node or {"items": [], "cursor": None}


async def _each(rows: Sequence[Any]) -> AsyncIterator[Any]:
    for row in rows:
        yield row


def _candidate(item: Mapping[str, Any], *also: str) -> Candidate:
    task = mapping.to_task(item)
    return Candidate(task.ref.id, task.title, ", ".join(filter(None, (task.project, task.section))), also)


def _fitting(text: str, rows: Sequence[Candidate]) -> list[Candidate]:
    wanted = text.strip().casefold()
    exact = [row for row in rows if text.strip() == row.id or wanted == row.label.casefold()]
    words = [row for row in rows if all(word in row.label.casefold() for word in wanted.split())]
    return exact or words
